using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>Long random histories against a dictionary: whatever the store shows, to whichever snapshot, must be what the dictionary held then.</summary>
public sealed class StoreModelTests : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), $"engram-model-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (System.IO.Directory.Exists(path))
        {
            System.IO.Directory.Delete(path, recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Random_histories_agree_with_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var history = new History(random);
        var store = Open();
        try
        {
            await EpisodeTable.CreateAsync(store);
            for (var step = 0; step < 120; step++)
            {
                switch (random.Next(12))
                {
                    case 0:
                        await store.CheckpointAsync(default);
                        break;
                    case 1 when step % 3 == 0:
                        history.CloseSnapshots();
                        await store.DisposeAsync();
                        store = Open();
                        break;
                    case 2:
                        history.OpenSnapshot(store);
                        break;
                    case 3:
                        history.CheckSnapshots();
                        break;
                    default:
                        await history.RunTransactionAsync(store);
                        break;
                }

                history.Check(store);
            }

            history.CheckSnapshots();
            history.CloseSnapshots();
        }
        finally
        {
            await store.DisposeAsync();
        }
    }

    private Store Open() => Store.Open(new DiskDirectory(path), new StoreOptions(), NullLogger.Instance);

    /// <summary>The dictionary, and what every open snapshot must go on showing.</summary>
    private sealed class History(Random random)
    {
        private readonly List<(Snapshot Snapshot, Dictionary<long, EpisodeRow> Rows)> snapshots = [];
        private Dictionary<long, EpisodeRow> committed = [];
        private long idNext = 1;

        public void OpenSnapshot(Store store) => snapshots.Add((store.OpenSnapshot(), new Dictionary<long, EpisodeRow>(committed)));

        public void CheckSnapshots()
        {
            foreach (var (snapshot, rows) in snapshots)
            {
                AssertSame(rows, snapshot);
            }
        }

        public void CloseSnapshots()
        {
            snapshots.ForEach(s => s.Snapshot.Dispose());
            snapshots.Clear();
        }

        public void Check(Store store)
        {
            using var snapshot = store.OpenSnapshot();
            AssertSame(committed, snapshot);
        }

        public async Task RunTransactionAsync(Store store)
        {
            var rows = new Dictionary<long, EpisodeRow>(committed);
            using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
            var saved = new Stack<Dictionary<long, EpisodeRow>>();
            var statements = random.Next(1, 6);
            for (var i = 0; i < statements; i++)
            {
                if (random.Next(6) == 0)
                {
                    transaction.CreateSavepoint($"s{saved.Count}");
                    saved.Push(new Dictionary<long, EpisodeRow>(rows));
                }

                RunStatement(transaction, ref rows);
                if (saved.Count > 0 && random.Next(4) == 0)
                {
                    transaction.RollbackToSavepoint($"s{saved.Count - 1}");
                    rows = new Dictionary<long, EpisodeRow>(saved.Peek());
                }
            }

            using (var own = transaction.OpenSnapshot())
            {
                AssertSame(rows, own);
            }

            Check(store);
            if (random.Next(5) == 0)
            {
                transaction.Rollback();
                return;
            }

            await transaction.CommitAsync();
            committed = rows;
        }

        private void RunStatement(Transaction transaction, ref Dictionary<long, EpisodeRow> rows)
        {
            var before = new Dictionary<long, EpisodeRow>(rows);
            using var view = transaction.BeginStatement();
            switch (random.Next(5))
            {
                case 0 or 1:
                    var count = random.Next(25) == 0 ? random.Next(1, 2049) : random.Next(1, 20);
                    var added = Enumerable.Range(0, count).Select(_ => EpisodeRow.Random(random, idNext++)).ToArray();
                    EpisodeTable.Insert(transaction, added);
                    foreach (var row in added)
                    {
                        rows.Add(row.Id, row);
                    }

                    break;
                case 2:
                    foreach (var id in Some(rows, random.Next(1, 30)))
                    {
                        Assert.Equal(1, transaction.Delete(EpisodeTable.Id, [EpisodeTable.Find(view, id)!.Value.RowId]));
                        rows.Remove(id);
                    }

                    break;
                default:
                    foreach (var id in Some(rows, random.Next(1, 30)))
                    {
                        var column = random.Next(0, 5);
                        var changed = EpisodeRow.Random(random, column == 0 ? idNext++ : id);
                        var row = rows[id];
                        var rowId = EpisodeTable.Find(view, id)!.Value.RowId;
                        object? value = column switch { 0 => changed.Id, 1 => changed.Name, 2 => changed.Confidence, 3 => changed.Time, _ => changed.Embedding };
                        Assert.Equal(1, EpisodeTable.Update(transaction, rowId, column, value));
                        rows.Remove(id);
                        rows.Add(column == 0 ? changed.Id : id, column switch
                        {
                            0 => row with { Id = changed.Id },
                            1 => row with { Name = changed.Name },
                            2 => row with { Confidence = changed.Confidence },
                            3 => row with { Time = changed.Time },
                            _ => row with { Embedding = changed.Embedding },
                        });
                    }

                    break;
            }

            // The statement's own view does not see what it wrote.
            AssertSame(before, view);
            if (random.Next(6) == 0)
            {
                transaction.RollbackStatement();
                rows = before;
                return;
            }

            if (rows.Count > 0 && random.Next(8) == 0)
            {
                // A duplicate key takes the whole statement back.
                EpisodeTable.Insert(transaction, EpisodeRow.Random(random, idNext++), EpisodeRow.Random(random, Some(rows, 1).First()));
                var error = Assert.Throws<EngramException>(transaction.EndStatement);
                Assert.Equal("23505", error.SqlState);
                rows = before;
                return;
            }

            transaction.EndStatement();
        }

        private long[] Some(Dictionary<long, EpisodeRow> rows, int count)
        {
            var keys = rows.Keys.Order().ToArray();
            random.Shuffle(keys);
            return [.. keys.Take(count)];
        }

        private void AssertSame(Dictionary<long, EpisodeRow> expected, Snapshot snapshot)
        {
            var found = EpisodeTable.Read(snapshot);
            Assert.Equal(expected.Count, found.Count);
            foreach (var (_, row) in found)
            {
                Assert.Equal(expected[row.Id], row);
            }

            foreach (var id in Some(expected, 3))
            {
                Assert.Equal(expected[id], EpisodeTable.Find(snapshot, id)!.Value.Row);
            }

            Assert.Null(EpisodeTable.Find(snapshot, idNext + 1));
        }
    }
}
