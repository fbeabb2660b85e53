using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Transactions that commit while a checkpoint writes: against rows of the frozen delta, of older segments, and new ones.</summary>
public sealed class CarryOverTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task What_is_committed_during_a_checkpoint_is_kept_whatever_it_touches(int seed)
    {
        using var files = new MemoryDirectory();
        var random = new Random(seed);
        using var model = new EpisodeModel(random);
        var directory = new FaultyDirectory(files.Share());
        var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        try
        {
            await EpisodeTable.CreateAsync(store);
            var isWithin = false;
            var changes = 0;
            directory.BeforeSync = name =>
            {
                if (isWithin || !name.StartsWith("segments/", StringComparison.Ordinal))
                {
                    return;
                }

                // Segments, overlays: each is a moment at which others go on working.
                isWithin = true;
                model.Hold(store);
                model.ChangeAsync(store).GetAwaiter().GetResult();
                model.ChangeAsync(store).GetAwaiter().GetResult();
                model.Hold(store);
                model.Check(store);
                isWithin = false;
                changes++;
            };

            for (var round = 0; round < 3; round++)
            {
                await model.InsertAsync(store, random.Next(1, 400));
                await model.InsertAsync(store, round == 1 ? 3000 : 20);
                await model.ChangeAsync(store);
                model.Hold(store);
                await store.CheckpointAsync(default);
                model.Check(store);
                await model.ChangeAsync(store);
                model.Check(store);
                model.ReleaseSnapshots();
                if (round != 1)
                {
                    await store.DisposeAsync();
                    var before = directory.BeforeSync;
                    directory = new FaultyDirectory(files.Share());
                    store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
                    directory.BeforeSync = before;
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
    public async Task A_key_that_is_changed_before_and_after_the_freeze_is_found_as_of_both()
    {
        using var files = new MemoryDirectory();
        var directory = new FaultyDirectory(files.Share());
        await using var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        await model.InsertAsync(store, 100);
        await store.CheckpointAsync(default);

        // Row 1 lies in a segment under key 1; its key becomes 1001 before the freeze and 2001 while the checkpoint writes.
        await RekeyAsync(store, 1, 1001);
        await model.InsertAsync(store, 1);
        directory.BeforeSync = name =>
        {
            if (name.StartsWith("segments/", StringComparison.Ordinal))
            {
                directory.BeforeSync = null;
                RekeyAsync(store, 1, 2001).GetAwaiter().GetResult();
            }
        };
        using var before = store.OpenSnapshot();
        await store.CheckpointAsync(default);
        Assert.Null(directory.BeforeSync);

        using var after = store.OpenSnapshot();
        Assert.Equal(1, EpisodeTable.Find(before, 1001)?.RowId);
        Assert.Null(EpisodeTable.Find(before, 2001));
        Assert.Equal(1, EpisodeTable.Find(after, 2001)?.RowId);
        Assert.Null(EpisodeTable.Find(after, 1001));
        Assert.Null(EpisodeTable.Find(after, 1));
    }

    [Fact]
    public Task A_snapshot_taken_right_after_a_checkpoint_finds_keys_that_a_commit_not_yet_durable_changes()
        => CheckUnsyncedAsync(store => RekeyAsync(store, 1, 2001), last => Assert.Equal(1, EpisodeTable.Find(last, 2001)?.RowId));

    [Fact]
    public Task A_snapshot_taken_right_after_a_checkpoint_finds_keys_of_an_index_that_a_commit_not_yet_durable_replaces()
        => CheckUnsyncedAsync(async store =>
        {
            using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
            transaction.BeginStatement().Dispose();
            var table = EpisodeTable.Definition;
            transaction.PutTable(table with { Indexes = [table.Indexes[0] with { Id = new IndexId(3) }, table.Indexes[1]] });
            transaction.EndStatement();
            await transaction.CommitAsync();
        }, last => Assert.Equal(100, EpisodeTable.Read(last).Count));

    private static async Task CheckUnsyncedAsync(Func<Store, Task> change, Action<Snapshot> checkLast)
    {
        using var files = new MemoryDirectory();
        var directory = new FaultyDirectory(files.Share()) { StopsClock = true };
        await using var store = Store.Open(directory, new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        await model.InsertAsync(store, 100);
        await store.CheckpointAsync(default);
        await RekeyAsync(store, 1, 1001);

        // What is committed after the freeze stays unsynced until the checkpoint is done with its root.
        using var isPublished = new ManualResetEventSlim();
        Task? rekeying = null;
        directory.BeforeSync = name =>
        {
            if (rekeying is null && name.StartsWith("segments/", StringComparison.Ordinal))
            {
                using var hasBegun = new ManualResetEventSlim();
                directory.BeforeSync = other =>
                {
                    if (other.StartsWith("wal/", StringComparison.Ordinal) && !hasBegun.IsSet)
                    {
                        hasBegun.Set();
                        isPublished.Wait();
                    }
                };
                rekeying = Task.Run(() => change(store));
                hasBegun.Wait();
                directory.BeforeSync = null;
            }
        };
        var flushed = ((DirectoryStore)store).Root.Flushed;
        var checkpoint = Task.Run(() => store.CheckpointAsync(default).AsTask());
        try
        {
            // The end of the checkpoint, deleting log files, waits for the leader, who waits for us.
            while (!checkpoint.IsCompleted && ((DirectoryStore)store).Root.Flushed == flushed)
            {
                await Task.Yield();
            }

            using var snapshot = store.OpenSnapshot();
            Assert.Equal(1, EpisodeTable.Find(snapshot, 1001)?.RowId);
            Assert.Null(EpisodeTable.Find(snapshot, 2001));
        }
        finally
        {
            isPublished.Set();
        }

        await checkpoint;
        await rekeying!;
        using var last = store.OpenSnapshot();
        checkLast(last);
    }

    [Fact]
    public async Task A_checkpoint_folds_patches_and_says_again_what_did_not_change()
    {
        using var files = new MemoryDirectory();
        var store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(7));
        await model.InsertAsync(store, 50);
        await store.CheckpointAsync(default);
        await model.InsertAsync(store, 50);
        await store.CheckpointAsync(default);

        // The first segment gets patches once, the second one again and again.
        await UpdateAsync(store, 1, 0.5f);
        for (var i = 0; i <= 300; i++)
        {
            await UpdateAsync(store, 60, i);
        }

        using var before = store.OpenSnapshot();
        Assert.Equal(301, PatchesOf(1));
        await store.CheckpointAsync(default);
        Assert.Equal(1, PatchesOf(1));
        Assert.Equal(1, PatchesOf(0));
        var overlays = Overlays();
        Assert.Equal(2, overlays.Length);
        await UpdateAsync(store, 60, 400);
        await store.CheckpointAsync(default);
        Assert.Equal(overlays[0], Overlays()[0]);
        Assert.NotEqual(overlays[1], Overlays()[1]);

        Assert.Equal(300, EpisodeTable.Read(before).Single(r => r.RowId == 60).Row.Confidence);
        await store.DisposeAsync();
        store = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance);
        using (var after = store.OpenSnapshot())
        {
            var rows = EpisodeTable.Read(after);
            Assert.Equal(100, rows.Count);
            Assert.Equal(0.5f, rows[0].Row.Confidence);
            Assert.Equal(400, rows.Single(r => r.RowId == 60).Row.Confidence);
        }

        await store.DisposeAsync();

        string[] Overlays() => [.. files.List("segments").Where(n => n.EndsWith(".overlay", StringComparison.Ordinal))];
        int PatchesOf(int segment) => ((DirectoryStore)store).Root.Tables[EpisodeTable.Id].Segments[segment].FindVersions(0)!.FindPatches(new ColumnId(3))!.Current.Count;
    }

    private static async Task UpdateAsync(Store store, long rowId, float confidence)
    {
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        Assert.Equal(1, EpisodeTable.Update(transaction, rowId, 2, confidence));
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private static async Task RekeyAsync(Store store, long rowId, long key)
    {
        using var transaction = await store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        Assert.Equal(1, EpisodeTable.Update(transaction, rowId, 0, key));
        transaction.EndStatement();
        await transaction.CommitAsync();
    }
}
