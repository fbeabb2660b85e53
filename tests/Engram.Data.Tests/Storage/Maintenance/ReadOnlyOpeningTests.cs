using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>What a reader of another process finds; here it is another store over the same directory.</summary>
public sealed class ReadOnlyOpeningTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    // Its clock stands still, so that no seal vouches for anything.
    private readonly FaultyDirectory disk;

    public ReadOnlyOpeningTests() => disk = new FaultyDirectory(new DiskDirectory(directory.Path)) { StopsClock = true };

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_commit_shows_from_its_acknowledgement_on_and_not_before()
    {
        await using var writer = await CreateAsync(DurabilityMode.Full);
        await InsertAsync(writer, 1);
        Assert.Equal([1], Read());
        using var syncing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        disk.BeforeSync = _ =>
        {
            syncing.Set();
            goOn.Wait();
        };
        var inserting = Task.Run(() => InsertAsync(writer, 2));
        syncing.Wait();
        // It is in the log, whole, and a power cut could still take it away.
        Assert.Equal([1], Read());
        goOn.Set();
        await inserting;
        Assert.Equal([1, 2], Read());
        disk.BeforeSync = null;
    }

    [Fact]
    public async Task Without_syncs_a_commit_shows_when_it_is_written()
    {
        await using var writer = await CreateAsync(DurabilityMode.None);
        for (var id = 1L; id <= 20; id++)
        {
            await InsertAsync(writer, id);
            Assert.Equal(id, Read().Length);
        }
    }

    [Fact]
    public async Task What_a_failed_sync_left_in_the_log_does_not_show_while_its_writer_lives()
    {
        await using (var writer = await CreateAsync(DurabilityMode.Full))
        {
            await InsertAsync(writer, 1);
            disk.FailNext(FaultPoint.Sync, "wal/", "58030");
            Assert.Equal("08007", (await Assert.ThrowsAsync<EngramException>(() => InsertAsync(writer, 2))).SqlState);
            Assert.Equal([1], Read());
        }

        // Its outcome was unknown. Without a writer what is in the log counts, as for recovery.
        Assert.Equal([1, 2], Read());
    }

    [Fact]
    public async Task What_was_opened_is_read_though_it_was_deleted()
    {
        await using var writer = await CreateAsync(DurabilityMode.Full);
        await InsertAsync(writer, 1);
        await writer.CheckpointAsync(default);
        await using var reader = Open();
        var ids = await InsertAsync(writer, 2);
        await RunAsync(writer, t => t.Delete(EpisodeTable.Definition.Id, [ids.First - 1]));
        await writer.CheckpointAsync(default);
        foreach (var file in Directory.GetFiles(directory.Path, "*.*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        Assert.Equal([1], Read(reader));
    }

    [Fact]
    public async Task Damage_is_told_from_change()
    {
        await using (var writer = await CreateAsync(DurabilityMode.Full))
        {
            await InsertAsync(writer, 1);
            await writer.CheckpointAsync(default);
        }

        var segment = Directory.GetFiles(Path.Combine(directory.Path, "segments")).Single();
        await using (var writer = Store.Open(disk, new StoreOptions(), NullLogger.Instance))
        {
            File.Move(segment, segment + ".away");
            Assert.Equal("XX001", Assert.Throws<EngramException>(() => Read()).SqlState);
            File.Move(segment + ".away", segment);
        }

        Assert.Equal([1], Read());
    }

    [Fact]
    public async Task A_state_of_another_time_is_not_believed()
    {
        byte[] old;
        await using (var writer = await CreateAsync(DurabilityMode.Full))
        {
            await InsertAsync(writer, 1);
            old = File.ReadAllBytes(Path.Combine(directory.Path, StateFile.Name));
            await InsertAsync(writer, 2);
        }

        File.WriteAllBytes(Path.Combine(directory.Path, StateFile.Name), old);
        Assert.Equal([1, 2], Read());
        using (new DiskDirectory(directory.Path).TryLock("LOCK", out _))
        {
            // As beside a writer that is just recovering, after a power cut that took the newest state away.
            Assert.Equal([1, 2], Read());
        }
    }

    private async Task<Store> CreateAsync(DurabilityMode durability)
    {
        var writer = Store.Open(disk, new StoreOptions { Durability = durability }, NullLogger.Instance);
        await EpisodeTable.CreateAsync(writer);
        return writer;
    }

    private Store Open() => Store.Open(new DiskDirectory(directory.Path), new StoreOptions { IsReadOnly = true }, NullLogger.Instance);

    private long[] Read()
    {
        var reader = Open();
        try
        {
            return Read(reader);
        }
        finally
        {
            reader.DisposeAsync().AsTask().Wait();
        }
    }

    private static long[] Read(Store reader)
    {
        using var snapshot = reader.OpenSnapshot();
        return [.. EpisodeTable.Read(snapshot).Select(r => r.Row.Id)];
    }

    private static async Task<RowIdRange> InsertAsync(Store writer, long id)
    {
        RowIdRange ids = default;
        await RunAsync(writer, t => ids = EpisodeTable.Insert(t, new EpisodeRow(id, $"episode {id}", 0.5f, DateTimeOffset.UnixEpoch, null)));
        return ids;
    }

    private static async Task RunAsync(Store writer, Action<Transaction> work)
    {
        using var transaction = await writer.BeginWriteAsync(TimeSpan.FromSeconds(120), null, default);
        transaction.BeginStatement().Dispose();
        work(transaction);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }
}
