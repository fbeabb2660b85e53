using Engram.Data.Storage;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>Random transactions over <see cref="PairTable"/>, each of which keeps what the table promises.</summary>
/// <remarks>What several writers share is touched under the write lock only.</remarks>
internal sealed class PairWriter(Random random, PairWriter.Shared shared)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    internal sealed class Shared
    {
        public long IdNext = 1;
        public long PairNext = 1;

        /// <summary>Commits that were acknowledged and raised the counter.</summary>
        public long Counted;

        public int RowCountMax = 4000;
    }

    public static async Task CreateAsync(Store store)
    {
        using var transaction = await store.BeginWriteAsync(s_patience, null, default);
        transaction.BeginStatement().Dispose();
        transaction.PutTable(PairTable.Definition);
        PairTable.Insert(transaction, new PairRow(0, 0, 0, 0, 0, null));
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    /// <summary>One transaction, committed or not. False when it met a row that was changed since its snapshot.</summary>
    public async Task<bool> RunAsync(Store store)
    {
        using var before = random.Next(4) == 0 ? store.OpenSnapshot() : null;
        Transaction transaction;
        try
        {
            transaction = await store.BeginWriteAsync(s_patience, before?.Lsn, default);
        }
        catch (EngramException e) when (e.SqlState == "40001")
        {
            return false;
        }

        using (transaction)
        {
            try
            {
                return await RunAsync(transaction, isCounting: before is null);
            }
            catch (EngramException e) when (e.SqlState == "40001" && before is not null)
            {
                return false;
            }
        }
    }

    private async Task<bool> RunAsync(Transaction transaction, bool isCounting)
    {
        if (isCounting)
        {
            Statement(transaction, view =>
            {
                var counter = Assert.Single(PairTable.Find(view, PairTable.PrimaryKey, 0));
                Assert.Equal(1, PairTable.Update(transaction, counter.RowId, PairTable.VersionColumn, counter.Version + 1));
            });
        }

        var savepoints = 0;
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            if (random.Next(4) == 0)
            {
                transaction.CreateSavepoint($"s{savepoints++}");
            }

            Act(transaction);
            if (savepoints > 0 && random.Next(4) == 0)
            {
                transaction.RollbackToSavepoint($"s{random.Next(savepoints)}");
                savepoints = 0;
            }
        }

        if (random.Next(20) == 0)
        {
            using var own = transaction.OpenSnapshot();
            PairTable.Check(own, random);
        }

        if (random.Next(4) == 0)
        {
            transaction.Rollback();
            return true;
        }

        var committing = transaction.CommitAsync();
        await committing;
        if (isCounting)
        {
            Interlocked.Increment(ref shared.Counted);
        }

        return true;
    }

    private void Act(Transaction transaction)
    {
        switch (random.Next(7))
        {
            case 0 or 1:
                Insert(transaction);
                break;
            case 2:
                Delete(transaction);
                break;
            case 3 or 4:
                Transfer(transaction);
                break;
            case 5:
                Touch(transaction);
                break;
            default:
                Rekey(transaction);
                break;
        }
    }

    /// <summary>The first rows in one statement, their partners in another: what is rolled back or committed between them would show.</summary>
    private void Insert(Transaction transaction)
    {
        using (var view = transaction.OpenSnapshot())
        {
            if (view.EstimateRowCount(PairTable.Id) > shared.RowCountMax)
            {
                for (var i = 0; i < 50; i++)
                {
                    Delete(transaction);
                }

                return;
            }
        }

        var count = random.Next(30) == 0 ? random.Next(1, 2049) : random.Next(1, 12);
        var rows = Enumerable.Range(0, count).Select(i => new PairRow(
            0, shared.IdNext++, shared.PairNext++, random.Next(100), random.Next(), random.Next(3) == 0 ? null : new string('x', random.Next(30)))).ToArray();
        Statement(transaction, _ => PairTable.Insert(transaction, rows));
        Statement(transaction, _ => PairTable.Insert(transaction, [.. rows.Select(r => r with { Id = shared.IdNext++, Balance = -r.Balance })]));
    }

    private void Delete(Transaction transaction)
    {
        Statement(transaction, view =>
        {
            if (FindPair(view) is not [var first, var second] || FindPair(view) is not [var heir, _] || heir.Pair == first.Pair)
            {
                return;
            }

            Assert.Equal(1, PairTable.Update(transaction, heir.RowId, PairTable.BalanceColumn, heir.Balance + first.Balance + second.Balance));
            Assert.Equal(2, transaction.Delete(PairTable.Id, [first.RowId, second.RowId]));
        });
    }

    private void Transfer(Transaction transaction)
    {
        Statement(transaction, view =>
        {
            if (FindPair(view) is not [var first, _] || FindPair(view) is not [_, var second] || second.Pair == first.Pair)
            {
                return;
            }

            Assert.Equal(1, PairTable.Update(transaction, first.RowId, PairTable.BalanceColumn, first.Balance - 7));
            Assert.Equal(1, PairTable.Update(transaction, second.RowId, PairTable.BalanceColumn, second.Balance + 7));
        });
    }

    private void Touch(Transaction transaction)
    {
        Statement(transaction, view =>
        {
            var version = (long)random.Next();
            var text = random.Next(3) == 0 ? null : new string('y', random.Next(30));
            foreach (var row in FindPair(view))
            {
                Assert.Equal(1, PairTable.Update(transaction, row.RowId, PairTable.VersionColumn, version));
                Assert.Equal(1, PairTable.Update(transaction, row.RowId, PairTable.TextColumn, text));
            }
        });
    }

    /// <summary>New keys in both indexes; sometimes the two rows exchange theirs.</summary>
    private void Rekey(Transaction transaction)
    {
        Statement(transaction, view =>
        {
            if (FindPair(view) is not [var first, var second])
            {
                return;
            }

            var isExchange = random.Next(2) == 0;
            var pair = shared.PairNext++;
            PairTable.Update(transaction, first.RowId, PairTable.IdColumn, isExchange ? second.Id : shared.IdNext++);
            PairTable.Update(transaction, second.RowId, PairTable.IdColumn, isExchange ? first.Id : shared.IdNext++);
            PairTable.Update(transaction, first.RowId, PairTable.PairColumn, pair);
            PairTable.Update(transaction, second.RowId, PairTable.PairColumn, pair);
        });
    }

    private void Statement(Transaction transaction, Action<Snapshot> action)
    {
        using (var view = transaction.BeginStatement())
        {
            action(view);
        }

        if (random.Next(10) == 0)
        {
            // As if it had failed: but never one half of an insert without the other, so both are tried again.
            transaction.RollbackStatement();
            using var view = transaction.BeginStatement();
            action(view);
        }

        transaction.EndStatement();
    }

    private List<PairRow> FindPair(Snapshot view)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var found = PairTable.Find(view, PairTable.PairIndex, random.NextInt64(Math.Max(1, shared.PairNext - shared.RowCountMax), shared.PairNext + 1));
            if (found.Count > 0)
            {
                Assert.Equal(2, found.Count);
                return found;
            }
        }

        return [];
    }
}
