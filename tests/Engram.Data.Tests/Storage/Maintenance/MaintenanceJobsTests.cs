using Engram.Data.Storage;
using Engram.Data.Storage.Versions;
using Engram.Data.Tests.Storage.Simulation;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Background work of an open store, by a clock that the test moves.</summary>
public sealed class MaintenanceJobsTests
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(120);
    private static readonly StoreOptions s_options = SimulatedRun.SmallFiles with { MaintenanceInterval = TimeSpan.FromSeconds(100) };

    [Fact]
    public async Task Segments_are_merged_when_the_interval_has_passed()
    {
        var directory = new SimulatedDirectory();
        await using var store = Store.Open(directory, s_options, NullLogger.Instance);
        using var model = new EpisodeModel(new Random(1));
        await FillAsync(store, model, 5);
        directory.ManualClock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(5, SegmentsOf(store).Length);
        directory.ManualClock.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync(() => SegmentsOf(store).Length == 1);
        model.Check(store);

        // The next one waits for its time again.
        await FillAsync(store, model, 4, create: false);
        directory.ManualClock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(5, SegmentsOf(store).Length);
        directory.ManualClock.Advance(TimeSpan.FromSeconds(20));
        await UntilAsync(() => SegmentsOf(store).Length == 2);
        model.Check(store);
    }

    [Fact]
    public async Task Nothing_is_merged_while_statements_run_and_it_is_made_up_for_afterwards()
    {
        var directory = new SimulatedDirectory();
        await using var store = Store.Open(directory, s_options, NullLogger.Instance);
        using var model = new EpisodeModel(new Random(1));
        await FillAsync(store, model, 5);
        var points = 0;
        using (store.Load.Enter())
        {
            for (var i = 0; i < 30; i++)
            {
                directory.ManualClock.Advance(TimeSpan.FromSeconds(10));
                await UntilAsync(() => ((DirectoryStore)store).IsMaintenanceIdle);
            }

            points = directory.Points;
            Assert.Equal(5, SegmentsOf(store).Length);
        }

        directory.ManualClock.Advance(TimeSpan.FromSeconds(25));
        await UntilAsync(() => SegmentsOf(store).Length == 1);
        Assert.True(directory.Points > points);
        model.Check(store);
    }

    [Fact]
    public async Task A_compaction_that_fails_is_tried_again_after_the_interval()
    {
        var directory = new SimulatedDirectory();
        await using var store = Store.Open(directory, s_options, NullLogger.Instance);
        using var model = new EpisodeModel(new Random(1));
        await FillAsync(store, model, 5);
        directory.Faults.CapacityBytes = directory.Freeze().SizeBytes;
        directory.ManualClock.Advance(TimeSpan.FromSeconds(100));
        await UntilAsync(() => ((DirectoryStore)store).IsMaintenanceIdle);
        Assert.Equal(5, SegmentsOf(store).Length);
        model.Check(store);
        directory.Faults.Heal();
        directory.ManualClock.Advance(TimeSpan.FromSeconds(100));
        await UntilAsync(() => SegmentsOf(store).Length == 1);
        model.Check(store);
    }

    [Fact]
    public async Task A_snapshot_that_is_open_for_ten_minutes_is_reported_once_with_what_it_holds()
    {
        var directory = new SimulatedDirectory();
        var log = new RecordingLogger();
        await using var store = Store.Open(directory, s_options, log);
        using var model = new EpisodeModel(new Random(1));
        await FillAsync(store, model, 2);
        await model.InsertAsync(store, 1000);
        using var snapshot = store.OpenSnapshot();
        directory.ManualClock.Advance(TimeSpan.FromMinutes(60));
        await UntilAsync(() => ((DirectoryStore)store).IsMaintenanceIdle);
        Assert.Empty(log.Warnings);

        // It holds nothing of its own until others take the place of what it reads.
        var files = SegmentsOf(store).Sum(s => s.Segment.Info.FileLength);
        await store.CompactAsync(null, null, default);
        using (var brief = store.OpenSnapshot())
        {
            directory.ManualClock.Advance(TimeSpan.FromSeconds(590));
            Assert.Empty(log.Warnings);
        }

        directory.ManualClock.Advance(TimeSpan.FromSeconds(30));
        var warning = Assert.Single(log.Warnings);
        Assert.Contains($"it holds {files} bytes of files", warning, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0 bytes of memory", warning, StringComparison.Ordinal);
        Assert.Contains("00:10:", warning, StringComparison.Ordinal);
        directory.ManualClock.Advance(TimeSpan.FromMinutes(60));
        Assert.Single(log.Warnings);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                lock (Warnings)
                {
                    Warnings.Add(formatter(state, exception));
                }
            }
        }
    }

    private static async Task FillAsync(Store store, EpisodeModel model, int segmentCount, bool create = true)
    {
        if (create)
        {
            await EpisodeTable.CreateAsync(store);
        }

        for (var i = 0; i < segmentCount; i++)
        {
            await model.InsertAsync(store, 100);
            await store.CheckpointAsync(default);
        }
    }

    private static SegmentExtent[] SegmentsOf(Store store) => [.. ((DirectoryStore)store).Root.Tables[EpisodeTable.Id].Segments];

    private static async Task UntilAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_wait, "It did not happen.");
            await Task.Yield();
        }
    }
}
