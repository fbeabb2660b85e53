using System.Diagnostics;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Indexes;

/// <summary>Readers use indexes while rows are written, keys change, checkpoints run and indexes come and go: each snapshot's index agrees with its own scan.</summary>
public sealed class IndexConcurrencyTests
{
    private static readonly IndexDefinition s_byBalance = new(new IndexId(3), "Pair_Balance", [new IndexColumn(new ColumnId(3), true), new IndexColumn(new ColumnId(1))]);

    [Fact]
    public async Task Readers_see_in_an_index_what_they_see_in_the_table()
    {
        using var directory = new TemporaryDirectory();
        await using var store = Store.Open(new DiskDirectory(directory.Path), new StoreOptions { Durability = DurabilityMode.None }, NullLogger.Instance);
        Write(store, t => t.PutTable(PairTable.Definition));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(1, 3).Select(seed => Task.Factory.StartNew(() => ReadUntil(store, seed, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        var checks = 0;
        try
        {
            var random = new Random(12);
            var watch = Stopwatch.StartNew();
            var idNext = 0;
            for (var round = 0; round < 60 && watch.Elapsed < TimeSpan.FromSeconds(20); round++)
            {
                WriteRound(store, random, round, ref idNext);
            }
        }
        finally
        {
            await stop.CancelAsync();
            checks = (await Task.WhenAll(readers)).Sum();
        }

        Assert.True(checks > 0);
    }

    private static void WriteRound(Store store, Random random, int round, ref int idNext)
    {
        if (round % 20 == 9)
        {
            store.Checkpoint(CancellationToken.None);
        }

        if (round % 7 == 3)
        {
            Write(store, t =>
            {
                var table = t.Catalog.Get(PairTable.Id);
                t.PutTable(table.Indexes.Length == 2 ? table with { Indexes = table.Indexes.Add(s_byBalance) } : table with { Indexes = table.Indexes.RemoveAt(2) });
            });
        }

        var first = idNext;
        idNext += random.Next(1, 400);
        var last = idNext;
        Write(store, t => PairTable.Insert(t, [.. Enumerable.Range(first, last - first).Select(i => new PairRow(0, i, random.Next(100), random.Next(50), 1, null))]));
        Write(store, t =>
        {
            for (var i = 0; i < 40; i++)
            {
                PairTable.Update(t, random.Next(1, last + 1), random.Next(1, 3), (long)random.Next(100));
            }

            t.Delete(PairTable.Id, [.. Enumerable.Range(0, 10).Select(_ => (long)random.Next(1, last + 1))]);
        });
    }

    private static int ReadUntil(Store store, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        var checks = 0;
        // Once at least: on a busy machine the writers may be done before a reader begins.
        do
        {
            using var snapshot = store.OpenSnapshot();
            var rows = PairTable.Scan(snapshot);
            foreach (var index in snapshot.Catalog.Get(PairTable.Id).Indexes)
            {
                var isDescending = random.Next(2) == 0;
                var from = ClrValue.Constant(DataType.Int64, (long)random.Next(60));
                using var range = snapshot.OpenRange(PairTable.Id, index.Id, new IndexBounds([]) { From = from.Column, IncludesFrom = true });
                var inside = rows.Where(r => KeyOf(r, index) >= from.Column.Get<long>(0)).ToArray();
                Assert.True(range.EntryCount >= inside.Length);
                Assert.Equal(inside.Select(r => r.RowId).Order(), ReadAll(range, isDescending).Order());
                var keys = rows.ToDictionary(r => r.RowId, r => KeyOf(r, index));
                var inOrder = ReadAll(range, isDescending).ConvertAll(id => keys[id]);
                var descends = index.Columns[0].IsDescending != isDescending;
                Assert.Equal(descends ? inOrder.OrderDescending() : inOrder.Order(), inOrder);
                checks++;
            }
        }
        while (!stop.IsCancellationRequested);

        return checks;
    }

    private static long KeyOf(PairRow row, IndexDefinition index) => index.Id.Value switch { 1 => row.Id, 2 => row.Pair, _ => row.Balance };

    private static List<long> ReadAll(IndexRange range, bool isDescending)
    {
        var found = new List<long>();
        var room = new long[100];
        range.Start(isDescending);
        for (var count = range.Read(room); count > 0; count = range.Read(room))
        {
            found.AddRange(room[..count]);
        }

        return found;
    }

    private static void Write(Store store, Action<Transaction> change)
    {
        using var transaction = store.BeginWrite(TimeSpan.FromSeconds(60), null, CancellationToken.None);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        transaction.Commit();
    }
}
