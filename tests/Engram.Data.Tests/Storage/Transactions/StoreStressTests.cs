using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>Writers, readers and checkpoints at once, closed and opened again and again. ENGRAM_STRESS_SECONDS makes it longer.</summary>
public sealed class StoreStressTests
{
    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(1);

    private static double Seconds
        => double.TryParse(Environment.GetEnvironmentVariable("ENGRAM_STRESS_SECONDS"), System.Globalization.CultureInfo.InvariantCulture, out var seconds) ? seconds : 2;

    [Fact]
    public async Task Every_snapshot_shows_whole_transactions_in_memory()
    {
        using var directory = new MemoryDirectory();
        await RunAsync(() => directory.Share(), new StoreOptions());
    }

    [Fact]
    public async Task Every_snapshot_shows_whole_transactions_on_disk()
    {
        using var directory = new TemporaryDirectory();
        await RunAsync(() => new DiskDirectory(directory.Path), new StoreOptions { Durability = DurabilityMode.Interval, CheckpointWalSizeBytes = 1024 * 1024 });
    }

    private static async Task RunAsync(Func<DataDirectory> open, StoreOptions options)
    {
        var shared = new PairWriter.Shared();
        var seed = Random.Shared.Next();
        var store = Store.Open(open(), options, NullLogger.Instance);
        try
        {
            await PairWriter.CreateAsync(store);
            var deadline = DateTime.UtcNow.AddSeconds(Seconds);
            for (var round = 0; DateTime.UtcNow < deadline; round++)
            {
                await RunRoundAsync(store, shared, seed + (round * 100));
                Check(store, shared);
                await store.DisposeAsync();
                store = Store.Open(open(), options, NullLogger.Instance);
                Check(store, shared);
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
        }
        finally
        {
            await store.DisposeAsync();
        }
    }

    private static async Task RunRoundAsync(Store store, PairWriter.Shared shared, int seed)
    {
        using var stop = new CancellationTokenSource(s_round);
        async Task RepeatAsync(Func<Task> action)
        {
            try
            {
                while (!stop.IsCancellationRequested)
                {
                    await action();
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }

        Task Start(int number, Func<Random, Func<Task>> action)
        {
            var random = new Random(seed + number);
            return Task.Run(() => RepeatAsync(action(random)));
        }

        await Task.WhenAll(
            Start(1, random => () => new PairWriter(random, shared).RunAsync(store)),
            Start(2, random => () => new PairWriter(random, shared).RunAsync(store)),
            Start(3, random => () => CheckTwice(store, random)),
            Start(4, random => () => CheckTwice(store, random)),
            Start(5, random => () => FollowCounter(store, random, shared)),
            Start(6, random => () => CheckpointAsync(store, random)));
    }

    private static async Task CheckpointAsync(Store store, Random random)
    {
        using var cancellation = new CancellationTokenSource();
        if (random.Next(4) == 0)
        {
            cancellation.CancelAfter(random.Next(20));
        }

        try
        {
            await store.CheckpointAsync(cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.True(cancellation.IsCancellationRequested);
        }

        await Task.Delay(random.Next(5), default(CancellationToken));
    }

    /// <summary>A snapshot shows the same however long it is held.</summary>
    private static async Task CheckTwice(Store store, Random random)
    {
        using var snapshot = store.OpenSnapshot();
        var rows = PairTable.Check(snapshot, random);
        if (random.Next(3) == 0)
        {
            await Task.Delay(random.Next(100));
            Assert.Equal(rows, PairTable.Check(snapshot, random));
        }
    }

    /// <summary>Whoever was acknowledged is seen, and nothing that was seen goes away.</summary>
    private static Task FollowCounter(Store store, Random random, PairWriter.Shared shared)
    {
        var last = 0L;
        for (var i = random.Next(1000); i >= 0; i--)
        {
            var acknowledged = Interlocked.Read(ref shared.Counted);
            using var snapshot = store.OpenSnapshot();
            var row = Assert.Single(PairTable.Find(snapshot, PairTable.PrimaryKey, 0));
            Assert.True(row.Version >= acknowledged && row.Version >= last, $"The counter shows {row.Version} after {acknowledged} acknowledged commits and {last} seen");
            last = row.Version;
        }

        return Task.CompletedTask;
    }

    private static void Check(Store store, PairWriter.Shared shared)
    {
        using var snapshot = store.OpenSnapshot();
        PairTable.Check(snapshot, new Random(1));
        Assert.Equal(shared.Counted, Assert.Single(PairTable.Find(snapshot, PairTable.PrimaryKey, 0)).Version);
    }
}
