using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Transactions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>What an episode table must hold, changed by random transactions beside the store, and what snapshots must go on showing.</summary>
internal sealed class EpisodeModel(Random random) : IDisposable
{
    private readonly List<(Snapshot Snapshot, Dictionary<long, EpisodeRow> Rows)> held = [];
    private readonly HashSet<long> idsUsed = [];
    private Dictionary<long, EpisodeRow> rows = [];
    private Dictionary<long, EpisodeRow>? inDoubt;
    private long idNext = 1;

    public int Count => rows.Count;

    /// <summary>Opens a snapshot, which must show until the end what is there now.</summary>
    public void Hold(Store store) => held.Add((store.OpenSnapshot(), new Dictionary<long, EpisodeRow>(rows)));

    public async Task InsertAsync(Store store, int count)
    {
        await ChangeAsync(store, (transaction, next) =>
        {
            for (var left = count; left > 0; left -= Batch.RowCountMax)
            {
                var added = Enumerable.Range(0, Math.Min(left, Batch.RowCountMax)).Select(_ => EpisodeRow.Random(random, NewId())).ToArray();
                EpisodeTable.Insert(transaction, added);
                Array.ForEach(added, row => next.Add(row.Id, row));
            }
        });
    }

    /// <summary>One committed transaction that deletes, updates (keys too) and inserts a few rows, old and new ones alike.</summary>
    public Task ChangeAsync(Store store) => ChangeAsync(store, (transaction, next) =>
    {
        using var view = transaction.OpenSnapshot();
        var keys = next.Keys.Order().ToArray();
        random.Shuffle(keys);
        foreach (var (i, id) in keys.Take(30).Index())
        {
            var rowId = EpisodeTable.Find(view, id)!.Value.RowId;
            if (i % 5 == 0)
            {
                Assert.Equal(1, transaction.Delete(EpisodeTable.Id, [rowId]));
                next.Remove(id);
                continue;
            }

            var column = i % 5 == 1 ? 0 : random.Next(1, 5);
            var changed = EpisodeRow.Random(random, column == 0 ? NewId() : id);
            var row = next[id];
            object? value = column switch { 0 => changed.Id, 1 => changed.Name, 2 => changed.Confidence, 3 => changed.Time, _ => changed.Embedding };
            Assert.Equal(1, EpisodeTable.Update(transaction, rowId, column, value));
            next.Remove(id);
            next.Add(changed.Id, column switch
            {
                0 => row with { Id = changed.Id },
                1 => row with { Name = changed.Name },
                2 => row with { Confidence = changed.Confidence },
                3 => row with { Time = changed.Time },
                _ => row with { Embedding = changed.Embedding },
            });
        }

        var added = EpisodeRow.Random(random, NewId());
        EpisodeTable.Insert(transaction, added);
        next.Add(added.Id, added);
    });

    /// <summary>Runs one transaction. When its outcome is unknown, so is the model until <see cref="Settle"/>.</summary>
    public async Task ChangeAsync(Store store, Action<Transaction, Dictionary<long, EpisodeRow>> change)
    {
        var next = new Dictionary<long, EpisodeRow>(rows);
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        change(transaction, next);
        transaction.EndStatement();
        try
        {
            await transaction.CommitAsync();
        }
        catch (EngramException e) when (e.SqlState == "08007")
        {
            inDoubt = next;
            throw;
        }

        rows = next;
    }

    /// <summary>After reopening: a commit whose outcome was unknown was kept as a whole or not at all.</summary>
    public void Settle(Store store)
    {
        using var snapshot = store.OpenSnapshot();
        if (inDoubt is not null && EpisodeTable.Read(snapshot).Select(r => r.Row.Id).ToHashSet().SetEquals(inDoubt.Keys))
        {
            rows = inDoubt;
        }

        inDoubt = null;
    }

    /// <summary>Compares the newest state and all snapshots held with what they must show, by scan and by key.</summary>
    public void Check(Store store)
    {
        using var snapshot = store.OpenSnapshot();
        Check(snapshot, rows);
        foreach (var (older, then) in held)
        {
            Check(older, then);
        }
    }

    public void ReleaseSnapshots()
    {
        held.ForEach(h => h.Snapshot.Dispose());
        held.Clear();
    }

    public void Dispose() => ReleaseSnapshots();

    private void Check(Snapshot snapshot, Dictionary<long, EpisodeRow> expected)
    {
        var found = EpisodeTable.Read(snapshot);
        Assert.Equal(expected.Count, found.Count);
        foreach (var (_, row) in found)
        {
            Assert.Equal(expected[row.Id], row);
        }

        foreach (var (rowId, row) in Some(found))
        {
            Assert.Equal((rowId, row), EpisodeTable.Find(snapshot, row.Id));
        }

        foreach (var id in Some(idsUsed.Where(id => !expected.ContainsKey(id))))
        {
            Assert.Null(EpisodeTable.Find(snapshot, id));
        }

        foreach (var named in Some(found.Where(f => f.Row.Name is not null).GroupBy(f => f.Row.Name)))
        {
            using var key = ClrValue.Constant(DataType.Text, named.Key!);
            var rowIds = new List<long>();
            snapshot.Probe(EpisodeTable.Id, new IndexId(2), [key.Column], 0, rowIds);
            Assert.Equal(named.Select(f => f.RowId).Order(), rowIds);
        }
    }

    /// <summary>All, or when there are many, some hundred of them and those that came last.</summary>
    private List<T> Some<T>(IEnumerable<T> all)
    {
        var list = all.ToList();
        return list.Count < 200 ? list : [.. list.Where(_ => random.Next(list.Count) < 100), .. list.TakeLast(50)];
    }

    private long NewId()
    {
        idsUsed.Add(idNext);
        return idNext++;
    }
}
