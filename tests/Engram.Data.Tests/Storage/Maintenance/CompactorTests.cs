using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Compaction: what it leaves, what goes on beside it, what it gives back.</summary>
public sealed class CompactorTests
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(120);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3, 5, 4)]
    [InlineData(4, 2)]
    [InlineData(5, 4, 5)]
    public async Task What_is_committed_during_a_compaction_is_kept_whatever_it_touches(int seed, params int[] clusteredBy)
    {
        using var files = new MemoryDirectory();
        var random = new Random(seed);
        using var model = new EpisodeModel(random);
        var directory = new FaultyDirectory(files.Share());
        var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        try
        {
            await EpisodeTable.CreateAsync(store, clusteredBy);
            var isWithin = false;
            var changes = 0;
            Action<string> work = name =>
            {
                // Segments, overlays, the manifest and CURRENT: each is a moment at which others go on working.
                if (isWithin || name.StartsWith("wal/", StringComparison.Ordinal) || random.Next(2) == 0)
                {
                    return;
                }

                isWithin = true;
                model.Hold(store);
                model.ChangeAsync(store).GetAwaiter().GetResult();
                model.ChangeAsync(store).GetAwaiter().GetResult();
                model.Hold(store);
                model.Check(store);
                isWithin = false;
                changes++;
            };
            for (var round = 0; round < 4; round++)
            {
                for (var i = 0; i < 4; i++)
                {
                    directory.BeforeSync = null;
                    await model.InsertAsync(store, i == 1 && round == 1 ? 3000 : random.Next(1, 200));
                    await model.ChangeAsync(store);
                    await store.CheckpointAsync(default);
                    await model.ChangeAsync(store);
                }

                model.Hold(store);
                directory.BeforeSync = work;
                await store.CompactAsync(null, null, default);
                model.Check(store);
                Assert.True(SegmentsOf(store).Length <= 2);
                await model.ChangeAsync(store);
                model.Check(store);
                if (random.Next(2) == 0)
                {
                    await store.CheckpointAsync(default);
                    model.Check(store);
                }

                model.ReleaseSnapshots();
                if (round != 1)
                {
                    await store.DisposeAsync();
                    directory = new FaultyDirectory(files.Share());
                    store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
                    model.Check(store);
                }
            }

            Assert.True(changes >= 5);
        }
        finally
        {
            model.ReleaseSnapshots();
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Rows_keep_their_ids_and_deleted_rows_and_patches_are_gone_from_the_files()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        for (var i = 0; i < 5; i++)
        {
            await model.InsertAsync(store, 500);
            await store.CheckpointAsync(default);
        }

        for (var i = 0; i < 5; i++)
        {
            await model.ChangeAsync(store);
        }

        var before = Rows(store);
        var reports = new List<Engram.Data.Storage.Maintenance.CompactionState>();
        await store.CompactAsync(null, reports.Add, default);
        Assert.Equal(before, Rows(store));
        model.Check(store);
        var segment = Assert.Single(SegmentsOf(store));
        Assert.Equal(before.Count, segment.Segment.RowCount);
        Assert.All(Enumerable.Range(0, segment.Segment.BlockCount), block => Assert.Null(segment.FindVersions(block)));
        Assert.DoesNotContain(files.List("segments"), name => name.EndsWith(".overlay", StringComparison.Ordinal));
        Assert.Single(files.List("segments"));
        Assert.Equal(new(0, before.Count), reports[0]);
        Assert.Equal(new(before.Count, before.Count), reports[^1]);

        // Nothing is left to do.
        var name = files.List("segments")[0];
        await store.CompactAsync(null, null, default);
        Assert.Equal(name, Assert.Single(files.List("segments")));
    }

    [Fact]
    public async Task The_room_of_deleted_rows_comes_back()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        await model.InsertAsync(store, 20_000);
        await store.CheckpointAsync(default);
        var full = SizeBytes(files);
        await model.ChangeAsync(store, (transaction, next) =>
        {
            using var view = transaction.OpenSnapshot();
            foreach (var (rowId, row) in EpisodeTable.Read(view).Where(r => r.RowId % 10 != 0))
            {
                transaction.Delete(EpisodeTable.Id, [rowId]);
                next.Remove(row.Id);
            }
        });

        // A snapshot holds the file, not its name.
        using (var held = store.OpenSnapshot())
        {
            await store.CompactAsync(null, null, default);
            Assert.Equal(model.Count, EpisodeTable.Read(held).Count);
        }

        Assert.True(SizeBytes(files) < full * 0.15, $"{SizeBytes(files)} bytes are left of {full}");
        model.Check(store);

        await model.ChangeAsync(store, (transaction, next) =>
        {
            using var view = transaction.OpenSnapshot();
            transaction.Delete(EpisodeTable.Id, [.. EpisodeTable.Read(view).Select(r => r.RowId)]);
            next.Clear();
        });
        await store.CompactAsync(null, null, default);
        Assert.Empty(files.List("segments"));
        Assert.Empty(SegmentsOf(store));
        model.Check(store);
    }

    [Fact]
    public async Task A_snapshot_transaction_that_began_before_goes_on_after_a_compaction()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        await model.InsertAsync(store, 100);
        await store.CheckpointAsync(default);
        await model.InsertAsync(store, 100);
        await store.CheckpointAsync(default);

        // What it reads is younger than the checkpoint that the compaction works with.
        using var snapshot = store.OpenSnapshot();
        var directoryStore = (DirectoryStore)store;
        Assert.Equal(directoryStore.Root.Flushed, snapshot.Lsn.Value);
        await store.CompactAsync(null, null, default);
        await UpdateAsync(store, 5, 0.25f);

        using var transaction = await store.BeginWriteAsync(s_wait, snapshot.Lsn, default);
        transaction.BeginStatement().Dispose();
        Assert.Equal(1, EpisodeTable.Update(transaction, 6, 2, 0.5f));
        Assert.Equal("40001", Assert.Throws<EngramException>(() => EpisodeTable.Update(transaction, 5, 2, 0.5f)).SqlState);
        transaction.Rollback();
    }

    [Fact]
    public async Task Without_room_nothing_changes_and_the_next_compaction_succeeds()
    {
        using var files = new MemoryDirectory();
        var directory = new FaultyDirectory(files.Share());
        await using var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(3));
        for (var i = 0; i < 3; i++)
        {
            await model.InsertAsync(store, 300);
            await model.ChangeAsync(store);
            await store.CheckpointAsync(default);
        }

        foreach (var (point, name) in new[] { (FaultPoint.Write, "segments/"), (FaultPoint.Create, "segments/"), (FaultPoint.Write, "MANIFEST"), (FaultPoint.Create, "MANIFEST") })
        {
            var before = files.List("segments");
            directory.FailNext(point, name, SqlStates.DiskFull);
            Assert.Equal(SqlStates.DiskFull, (await Assert.ThrowsAsync<EngramException>(async () => await store.CompactAsync(null, null, default))).SqlState);
            Assert.Equal(before, files.List("segments"));
            model.Check(store);
            await model.ChangeAsync(store);
            await store.CheckpointAsync(default);
        }

        await store.CompactAsync(null, null, default);
        Assert.Single(SegmentsOf(store));
        model.Check(store);
    }

    [Fact]
    public async Task A_current_of_unknown_content_stops_writing_until_recovery_has_looked()
    {
        using var files = new MemoryDirectory();
        using var model = new EpisodeModel(new Random(3));
        var directory = new FaultyDirectory(files.Share());
        await using (var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance))
        {
            await EpisodeTable.CreateAsync(store);
            for (var i = 0; i < 3; i++)
            {
                await model.InsertAsync(store, 300);
                await store.CheckpointAsync(default);
            }

            await model.ChangeAsync(store);
            await store.CheckpointAsync(default);
            directory.FailNext(FaultPoint.Sync, "CURRENT", SqlStates.IoError);
            await Assert.ThrowsAsync<EngramException>(async () => await store.CompactAsync(null, null, default));
            model.Check(store);
            Assert.True(store.IsPoisoned);
        }

        directory = new FaultyDirectory(files.Share());
        await using var again = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        model.Check(again);
        await model.ChangeAsync(again);
        await again.CompactAsync(null, null, default);
        model.Check(again);
    }

    [Fact]
    public async Task Columns_that_came_and_went_since_the_segments_were_written_are_compacted_too()
    {
        using var files = new MemoryDirectory();
        using var model = new EpisodeModel(new Random(3));
        await using var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        for (var i = 0; i < 3; i++)
        {
            await model.InsertAsync(store, 300);
            await store.CheckpointAsync(default);
        }

        var added = new ColumnId(6);
        await PutAsync(EpisodeTable.Definition with
        {
            Columns = [.. EpisodeTable.Definition.Columns.Where(c => c.Name != "Time"), new(added, "Added", DataType.Int64)],
            ColumnIdNext = 7,
        });
        using (var transaction = await store.BeginWriteAsync(s_wait, null, default))
        {
            transaction.BeginStatement().Dispose();
            using var value = ClrValue.Constant(DataType.Int64, 77L);
            transaction.Update(EpisodeTable.Id, [5L], [added], new Batch(1) { RowCount = 1, Columns = { [0] = value.Column } });
            transaction.EndStatement();
            await transaction.CommitAsync();
        }

        await store.CompactAsync(null, null, default);
        Assert.Single(SegmentsOf(store));
        using var snapshot = store.OpenSnapshot();
        using var scan = snapshot.Scan(EpisodeTable.Id, [ColumnId.RowId, added], []);
        var rows = 0;
        while (scan.NextBlock())
        {
            Assert.Null(scan.Visible);
            var (ids, values) = (scan.Load(0, null), scan.Load(1, null));
            for (var i = 0; i < scan.RowCount; i++, rows++)
            {
                Assert.Equal(ids.Get<long>(i) == 5, !values.IsNull(i) && values.Get<long>(i) == 77);
            }
        }

        Assert.Equal(900, rows);

        async Task PutAsync(Engram.Data.Storage.Catalog.TableDefinition table)
        {
            using var transaction = await store.BeginWriteAsync(s_wait, null, default);
            transaction.BeginStatement().Dispose();
            transaction.PutTable(table);
            transaction.EndStatement();
            await transaction.CommitAsync();
        }
    }

    [Fact]
    public async Task A_compaction_that_is_cancelled_leaves_everything_as_it_was()
    {
        using var files = new MemoryDirectory();
        var directory = new FaultyDirectory(files.Share());
        using var model = new EpisodeModel(new Random(3));
        await using var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        for (var i = 0; i < 3; i++)
        {
            await model.InsertAsync(store, 5000);
            await store.CheckpointAsync(default);
        }

        var before = files.List("segments");
        using var cancelling = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.CompactAsync(null, _ => cancelling.Cancel(), cancelling.Token));
        Assert.Equal(before, files.List("segments"));
        model.Check(store);
    }

    private static SegmentExtent[] SegmentsOf(Store store) => [.. ((DirectoryStore)store).Root.Tables[EpisodeTable.Id].Segments];

    private static List<(long RowId, EpisodeRow Row)> Rows(Store store)
    {
        using var snapshot = store.OpenSnapshot();
        return EpisodeTable.Read(snapshot);
    }

    private static long SizeBytes(MemoryDirectory files)
    {
        long size = 0;
        foreach (var name in files.List("segments"))
        {
            using var file = files.Open($"segments/{name}", writable: false);
            size += file.Length;
        }

        return size;
    }

    private static async Task UpdateAsync(Store store, long rowId, float confidence)
    {
        using var transaction = await store.BeginWriteAsync(s_wait, null, default);
        transaction.BeginStatement().Dispose();
        Assert.Equal(1, EpisodeTable.Update(transaction, rowId, 2, confidence));
        transaction.EndStatement();
        await transaction.CommitAsync();
    }
}
