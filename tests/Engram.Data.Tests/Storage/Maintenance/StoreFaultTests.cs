using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Calls of the operating system that fail under an open store: what it says, what it goes on showing, what reopening finds.</summary>
public sealed class StoreFaultTests : IDisposable
{
    private const string IoError = SqlStates.IoError;
    private const string DiskFull = SqlStates.DiskFull;

    private readonly MemoryDirectory files = new();

    public void Dispose() => files.Dispose();

    [Fact]
    public async Task Opening_ends_before_the_next_commit_of_the_log_when_it_is_cancelled()
    {
        using var model = new EpisodeModel(new Random(1));
        var (store, _) = await CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            await model.InsertAsync(store, 20);
        }

        await store.DisposeAsync();

        // The log is synced before it is read.
        using var source = new CancellationTokenSource();
        var directory = new FaultyDirectory(files.Share()) { BeforeSync = name => { if (name.StartsWith("wal/", StringComparison.Ordinal)) { source.Cancel(); } } };
        Assert.Equal(source.Token, Assert.Throws<OperationCanceledException>(() => Store.Open(directory, new StoreOptions(), NullLogger.Instance, source.Token)).CancellationToken);

        await using var reopened = Store.Open(files.Share(), new StoreOptions(), NullLogger.Instance, CancellationToken.None);
        model.Check(reopened);
    }

    [Fact]
    public async Task A_failed_sync_leaves_its_commits_unknown_and_the_store_readable()
    {
        using var model = new EpisodeModel(new Random(1));
        var (store, directory) = await CreateAsync();
        await model.InsertAsync(store, 50);
        model.Hold(store);

        // While the first is being synced, the second is queued and the third holds the write lock.
        using var isSyncing = new ManualResetEventSlim();
        using var mayFail = new ManualResetEventSlim();
        directory.BeforeSync = name =>
        {
            directory.BeforeSync = null;
            isSyncing.Set();
            mayFail.Wait();
        };
        directory.FailNext(FaultPoint.Sync, "wal/", IoError);
        var first = Task.Run(() => model.ChangeAsync(store));
        isSyncing.Wait();
        var second = await BeginAsync(store);
        second.BeginStatement().Dispose();
        EpisodeTable.Insert(second, EpisodeRow.Random(new Random(2), 5000));
        second.EndStatement();
        var committing = second.CommitAsync().AsTask();
        var third = await BeginAsync(store);
        third.BeginStatement().Dispose();
        using (var appended = third.OpenSnapshot())
        {
            Assert.NotNull(EpisodeTable.Find(appended, 5000));
        }

        EpisodeTable.Insert(third, EpisodeRow.Random(new Random(2), 5001));
        third.EndStatement();
        var reading = store.WaitDurableAsync(((DirectoryStore)store).Appended).AsTask();
        mayFail.Set();

        Assert.Equal("08007", (await Assert.ThrowsAsync<EngramException>(() => first)).SqlState);
        Assert.Equal("08007", (await Assert.ThrowsAsync<EngramException>(() => committing)).SqlState);
        Assert.Equal("08007", (await Assert.ThrowsAsync<EngramException>(() => reading)).SqlState);
        Assert.Equal("EG003", (await Assert.ThrowsAsync<EngramException>(async () => await third.CommitAsync())).SqlState);
        Assert.Equal("EG003", (await Assert.ThrowsAsync<EngramException>(async () => await BeginAsync(store))).SqlState);
        Assert.Equal("EG003", (await Assert.ThrowsAsync<EngramException>(async () => await store.CheckpointAsync(default))).SqlState);
        model.Check(store);
        model.ReleaseSnapshots();
        await store.DisposeAsync();

        (store, _) = Open();
        using (var snapshot = store.OpenSnapshot())
        {
            // The failing sync lied to nobody: both commits or the first one or none, in that order, and never the third.
            var isSecondThere = EpisodeTable.Find(snapshot, 5000) is not null;
            Assert.Null(EpisodeTable.Find(snapshot, 5001));
            if (isSecondThere)
            {
                await using var transaction = await BeginAsync(store);
                transaction.BeginStatement().Dispose();
                transaction.Delete(EpisodeTable.Id, [EpisodeTable.Find(snapshot, 5000)!.Value.RowId]);
                transaction.EndStatement();
                await transaction.CommitAsync();
            }
        }

        model.Settle(store);
        model.Check(store);
        await model.ChangeAsync(store);
        model.Check(store);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_full_disk_fails_the_commit_that_needs_room_alone()
    {
        using var model = new EpisodeModel(new Random(1));
        var (store, directory) = await CreateAsync();
        await model.InsertAsync(store, 20);
        directory.FailNext(FaultPoint.Write, "wal/", DiskFull, forever: true);
        var failed = await Assert.ThrowsAsync<EngramException>(() => model.InsertAsync(store, 2000));
        Assert.Equal(DiskFull, failed.SqlState);
        directory.Heal();
        model.Check(store);

        // Schema and rows of a new table go the same way, and its id comes again.
        directory.FailNext(FaultPoint.Create, "wal/", DiskFull);
        var other = EpisodeTable.Definition with { Id = new TableId(2), Name = "Other", Indexes = [] };
        await Assert.ThrowsAsync<EngramException>(() => model.ChangeAsync(store, (transaction, _) =>
        {
            transaction.PutTable(other);
            EpisodeTable.Insert(transaction, [.. Enumerable.Range(0, 1000).Select(i => EpisodeRow.Random(new Random(i), 9000 + i))]);
        }));
        model.Check(store);
        using (var snapshot = store.OpenSnapshot())
        {
            Assert.Null(snapshot.Catalog.Find("public", "Other"));
        }

        await model.ChangeAsync(store, (transaction, _) => transaction.PutTable(
            other with { Name = "Another", Columns = [new ColumnDefinition(new ColumnId(1), "A", DataType.Int32)] }));
        await model.ChangeAsync(store);
        await store.CheckpointAsync(default);
        await model.ChangeAsync(store);
        await store.DisposeAsync();
        (store, _) = Open();
        model.Check(store);
        using (var snapshot = store.OpenSnapshot())
        {
            Assert.Single(snapshot.Catalog.Find("public", "Another")!.Columns);
        }

        await store.DisposeAsync();
    }

    [Theory]
    [InlineData("Read", false)]
    [InlineData("Write", false)]
    [InlineData("Write", true)]
    [InlineData("Sync", false)]
    [InlineData("SetLength", false)]
    [InlineData("Create", false)]
    [InlineData("Rename", false)]
    [InlineData("Delete", false)]
    [InlineData("DirectorySync", false)]
    public async Task A_failure_at_any_call_of_a_checkpoint_loses_nothing(string point, bool isShort)
    {
        for (var nth = 1; await FailAtAsync(Enum.Parse<FaultPoint>(point), nth, isShort); nth++)
        {
        }
    }

    /// <summary>False when the checkpoint makes fewer calls of this kind.</summary>
    private static async Task<bool> FailAtAsync(FaultPoint point, int nth, bool isShort)
    {
        using var model = new EpisodeModel(new Random(nth));
        var volume = new MemoryDirectory();
        var directory = new FaultyDirectory(volume.Share()) { StopsClock = true, ShortWrites = isShort };
        var store = Store.Open(directory, Options, NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        await model.InsertAsync(store, 60);
        await store.CheckpointAsync(default);
        await model.ChangeAsync(store);
        await model.InsertAsync(store, 40);
        await model.ChangeAsync(store);
        model.Hold(store);

        var before = directory.Count(point);
        directory.FailNext(point, "", point is FaultPoint.Write ? DiskFull : IoError, nth);
        var wasStruck = true;
        try
        {
            await store.CheckpointAsync(default);
            wasStruck = directory.Count(point) - before >= nth;
        }
        catch (EngramException e)
        {
            // The call that failed says why; what it left behind is checked below.
            Assert.Contains(e.SqlState, new[] { DiskFull, IoError, "EG003", "08007" });
        }

        directory.Heal();
        model.Check(store);
        try
        {
            await model.ChangeAsync(store);
            model.Check(store);
            await store.CheckpointAsync(default);
            model.Check(store);
            await model.ChangeAsync(store);
        }
        catch (EngramException e) when (e.SqlState is "EG003" or "08007")
        {
            // Poisoned: reading goes on.
            model.Check(store);
        }

        model.ReleaseSnapshots();
        await store.DisposeAsync();

        store = Store.Open(volume.Share(), Options, NullLogger.Instance);
        model.Settle(store);
        model.Check(store);
        await model.ChangeAsync(store);
        await store.CheckpointAsync(default);
        model.Check(store);
        await store.DisposeAsync();
        volume.Dispose();
        return wasStruck;
    }

    private static StoreOptions Options => new() { WalFileSizeBytesMin = 32 * 1024, WalFileSizeBytesMax = 32 * 1024 };

    private async Task<(Store Store, FaultyDirectory Directory)> CreateAsync()
    {
        var opened = Open();
        await EpisodeTable.CreateAsync(opened.Store);
        return opened;
    }

    private (Store Store, FaultyDirectory Directory) Open()
    {
        var directory = new FaultyDirectory(files.Share()) { StopsClock = true };
        return (Store.Open(directory, Options, NullLogger.Instance), directory);
    }

    private static ValueTask<Transaction> BeginAsync(Store store) => store.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
}
