using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Rows in the order that a table asks for: where they lie, how they are found, and what damage to that costs.</summary>
public sealed class ClusteringTests
{
    [Fact]
    public async Task Rows_lie_by_group_and_time_and_are_found_by_id_key_and_range()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store, 5, 4);
        var rows = await InsertAsync(store, 5000);
        await store.CompactAsync(null, null, default);
        var segment = SegmentOf(store).Segment;
        Assert.Equal(RowOrder.Clustered, segment.Order);
        Assert.Equal([new ColumnId(5), new ColumnId(4)], segment.ClusteredBy.ToArray());

        using var snapshot = store.OpenSnapshot();
        var found = EpisodeTable.Read(snapshot);
        Assert.Equal(rows.Count, found.Count);
        Assert.All(found, f => Assert.Equal(rows[f.Row.Id], f.Row));
        // Those without an embedding first; two groups of the others, each by time.
        Assert.Equal(rows.Values.Count(r => r.Embedding is null), found.TakeWhile(f => f.Row.Embedding is null).Count());
        var falls = found.Zip(found.Skip(1)).Count(p => p.First.Row.Time > p.Second.Row.Time);
        Assert.InRange(falls, 1, 2);
        Assert.NotEqual(found.Select(f => f.RowId).Order(), found.Select(f => f.RowId));
        foreach (var (position, (rowId, row)) in found.Index())
        {
            Assert.Equal(rowId, segment.RowIdAt(position));
            Assert.Equal(position, segment.FindRowPosition(rowId));
            Assert.Equal((rowId, row), EpisodeTable.Find(snapshot, row.Id));
        }

        // What finds rows is no column of the table, and nobody plans by it.
        Assert.Null(SegmentOf(store).FindSketch(ColumnId.OrderedRowId));
        Assert.Equal(-1, segment.FindRowPosition(segment.Info.RowIdMin - 1));
        Assert.Equal(-1, segment.FindRowPosition(segment.Info.RowIdMax + 1));
    }

    [Fact]
    public async Task Entries_of_one_key_come_by_row_id_and_once_although_the_rows_lie_in_another_order()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store, 3);
        await InsertAsync(store, 600);
        await store.CompactAsync(null, null, default);
        // There and back: such rows have an entry in the delta, too.
        var before = Read(store);
        await ChangeNamesAsync(store, before.Take(100), r => r.Name + "!");
        await ChangeNamesAsync(store, before.Take(100), r => r.Name);

        using var snapshot = store.OpenSnapshot();
        using var range = snapshot.OpenRange(EpisodeTable.Id, new IndexId(2), new IndexBounds([]));
        foreach (var isDescending in (bool[])[false, true])
        {
            var found = new List<long>();
            var buffer = new long[64];
            range.Start(isDescending);
            for (var count = range.Read(buffer); count > 0; count = range.Read(buffer))
            {
                found.AddRange(buffer.AsSpan(0, count));
            }

            var byName = before.OrderBy(r => r.Row.Name, StringComparer.Ordinal).ThenBy(r => r.RowId);
            var expected = isDescending ? before.GroupBy(r => r.Row.Name).OrderByDescending(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.OrderBy(r => r.RowId)) : byName;
            Assert.Equal(expected.Select(r => r.RowId), found);
        }
    }

    [Fact]
    public async Task Long_texts_order_by_what_they_begin_with_then_the_next_column_does()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store, 2, 4);
        var random = new Random(3);
        var rows = Enumerable.Range(1, 300).Select(id => EpisodeRow.Random(random, id) with
        {
            Name = new string(id % 2 == 0 ? 'a' : 'b', 500) + random.Next(1000).ToString(CultureInfo.InvariantCulture),
        }).ToDictionary(r => r.Id);
        await ChangeAsync(store, t => EpisodeTable.Insert(t, [.. rows.Values]));
        await store.CheckpointAsync(default);
        await store.CompactAsync(null, null, default);
        var found = Read(store).ConvertAll(r => r.Row);
        Assert.Equal(rows.Values.OrderBy(r => r.Name![0]).ThenBy(r => r.Time).Select(r => (r.Name![0], r.Time)), found.Select(r => (r.Name![0], r.Time)));
        Assert.All(found, r => Assert.Equal(rows[r.Id], r));
    }

    [Fact]
    public async Task Without_the_option_the_next_rewriting_puts_rows_back_and_nothing_is_rewritten_for_it()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store, 2);
        await InsertAsync(store, 300);
        await store.CompactAsync(null, null, default);
        var name = SegmentOf(store).Segment.Info.Name;
        await store.CompactAsync(null, null, default);
        Assert.Equal(name, SegmentOf(store).Segment.Info.Name);

        await ChangeAsync(store, t => t.PutTable(EpisodeTable.Definition));
        await store.CompactAsync(null, null, default);
        Assert.Equal(name, SegmentOf(store).Segment.Info.Name);
        await ChangeAsync(store, t => t.Delete(EpisodeTable.Id, [Read(store)[7].RowId]));
        await store.CompactAsync(null, null, default);
        var segment = SegmentOf(store).Segment;
        Assert.Equal(RowOrder.Ascending, segment.Order);
        Assert.Equal(Read(store).Select(r => r.RowId).Order(), Read(store).Select(r => r.RowId));
        Assert.Equal(299, segment.RowCount);
    }

    [Fact]
    public async Task Damage_to_what_finds_rows_by_id_is_reported_and_costs_no_row()
    {
        using var files = new MemoryDirectory();
        var rows = new Dictionary<long, EpisodeRow>();
        SegmentInfo info;
        long at;
        await using (var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance))
        {
            await EpisodeTable.CreateAsync(store, 2);
            rows = await InsertAsync(store, 36_000);
            await store.CompactAsync(null, null, default);
            info = SegmentOf(store).Segment.Info;
            at = PageOf(SegmentOf(store).Segment, EpisodeTable.Definition.Columns.Length + 2);
        }

        files.FlipBit(info.Name, at * 8);
        await using (var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance))
        {
            Assert.Equal(rows.Count, Read(store).Count);
            using var snapshot = store.OpenSnapshot();
            foreach (var row in rows.Values.Where(r => r.Id % 97 == 0))
            {
                Assert.Equal(row, EpisodeTable.Find(snapshot, row.Id)!.Value.Row);
            }

            var result = await store.VerifyAsync(new VerificationOptions(long.MaxValue, null), default);
            Assert.Contains(result.Problems, p => p.What.Contains("position", StringComparison.Ordinal));
        }

        await using (var store = Store.Open(files.Share(), new StoreOptions { Recovery = RecoveryMode.Salvage }, NullLogger.Instance))
        {
            Assert.All(store.Recovery.Salvaged, i => Assert.Contains("no row is lost", i.What, StringComparison.Ordinal));
            Assert.Equal(rows.Values.OrderBy(r => r.Id), Read(store).Select(r => r.Row).OrderBy(r => r.Id));
            Assert.Equal(RowOrder.Clustered, SegmentOf(store).Segment.Order);
            Assert.Empty((await store.VerifyAsync(new VerificationOptions(long.MaxValue, null), default)).Problems);
        }
    }

    private static long PageOf(Segment segment, int ordinal)
    {
        for (var page = 0; page < segment.PageCount; page++)
        {
            // A page that holds nothing else.
            if (segment.FindBlocksOn([page]).Values.All(o => o.SequenceEqual([ordinal])) && segment.FindBlocksOn([page]).Count > 0)
            {
                return (long)page * SegmentFormat.PageSize;
            }
        }

        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No page holds column {ordinal} alone."));
    }

    private static async Task<Dictionary<long, EpisodeRow>> InsertAsync(Store store, int count)
    {
        var random = new Random(count);
        var rows = Enumerable.Range(1, count).Select(id => EpisodeRow.Random(random, id)).ToDictionary(r => r.Id);
        await ChangeAsync(store, t =>
        {
            foreach (var part in rows.Values.Chunk(Batch.RowCountMax))
            {
                EpisodeTable.Insert(t, part);
            }
        });
        await store.CheckpointAsync(default);
        return rows;
    }

    private static Task ChangeNamesAsync(Store store, IEnumerable<(long RowId, EpisodeRow Row)> rows, Func<EpisodeRow, string?> name) => ChangeAsync(store, t =>
    {
        foreach (var (rowId, row) in rows)
        {
            EpisodeTable.Update(t, rowId, 1, name(row));
        }
    });

    private static async Task ChangeAsync(Store store, Action<Transaction> change)
    {
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(30), null, default);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private static List<(long RowId, EpisodeRow Row)> Read(Store store)
    {
        using var snapshot = store.OpenSnapshot();
        return EpisodeTable.Read(snapshot);
    }

    private static SegmentExtent SegmentOf(Store store) => Assert.Single(((DirectoryStore)store).Root.Tables[EpisodeTable.Id].Segments);
}
