using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Simulation;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Backups onto the simulated disk, of a database that changes at every call which the backup makes.</summary>
public sealed class BackupTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_is_one_state_whatever_happens_to_the_source_meanwhile(int seed)
    {
        await using var run = await StartAsync(seed);
        for (var i = 0; i < 4; i++)
        {
            var target = new SimulatedDirectory(seed);
            var left = 12;
            // Commits, checkpoints and compactions of the source, between any two calls of the backup.
            Disturb(target, () =>
            {
                if (left > 0 && run.Random.Next(4) == 0)
                {
                    left--;
                    ChangeAsync(run).GetAwaiter().GetResult();
                }
            });
            var before = run.History.Mark.States.Count - 1;
            var last = Backup.Run((DirectoryStore)run.Store, target, null, default);
            target.AtPoint = null;
            await ChangeAsync(run);

            var found = Open(target, out var report);
            var commit = run.History.Mark.States.FindLastIndex(s => s.Differs(found) is null);
            Assert.True(commit >= before, $"The backup shows {found}, which is commit {commit}; when it began, {before} was acknowledged.");
            Assert.Equal(0, report.TornBytes);
            Assert.Empty(report.QuarantinedFiles);
            Assert.True(last > Lsn.Zero);
            Assert.NotEqual(CurrentFile.Read(run.Directory).DatabaseId, CurrentFile.Read(target).DatabaseId);
            run.Observe();
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task A_crash_leaves_all_of_it_or_no_database(int seed)
    {
        await using var run = await StartAsync(seed);
        var target = new SimulatedDirectory(seed);
        var images = new List<(IoPoint Point, SimulatedDisk Disk)>();
        target.AtPoint = (point, disk) => images.Add((point, disk.Freeze()));
        Backup.Run((DirectoryStore)run.Store, target, null, default);
        var wholes = 0;
        foreach (var (point, disk) in images)
        {
            for (var mode = 0; mode < CrashSeed.ModeCount; mode++)
            {
                using var after = new SimulatedDirectory(disk.Crash((SurvivalMode)mode, point.Number), 1);
                if (!CurrentFile.Exists(after))
                {
                    continue;
                }

                wholes++;
                Assert.Null(run.History.Latest.Differs(Open(after, out _)));
            }
        }

        // At least after the renaming, and never long before it.
        Assert.InRange(wholes, 1, CrashSeed.ModeCount * 3);
        Assert.Null(run.History.Latest.Differs(Open(target, out _)));
    }

    [Fact]
    public async Task An_unfinished_one_is_begun_anew_in_its_place()
    {
        await using var run = await StartAsync(5);
        var target = new SimulatedDirectory(5);
        foreach (var point in new[] { FaultPoint.Write, FaultPoint.Sync, FaultPoint.Create, FaultPoint.Rename })
        {
            target.Faults.Fail(point, point == FaultPoint.Rename ? 1 : 4, DiskFaults.InputOutput);
            Assert.Equal("58030", Assert.ThrowsAny<EngramException>(() => Backup.Run((DirectoryStore)run.Store, target, null, default)).SqlState);
            target.Faults.Heal();
            Assert.False(CurrentFile.Exists(target));
        }

        Backup.Run((DirectoryStore)run.Store, target, null, default);
        Assert.Null(run.History.Latest.Differs(Open(target, out _)));
        run.Observe();
    }

    [Fact]
    public async Task A_full_disk_fails_it_and_not_the_source()
    {
        await using var run = await StartAsync(7);
        for (var capacity = 0L; ; capacity += 40_000)
        {
            var target = new SimulatedDirectory(7);
            target.Faults.CapacityBytes = capacity;
            try
            {
                Backup.Run((DirectoryStore)run.Store, target, null, default);
                Assert.True(capacity > 200_000);
                Assert.Null(run.History.Latest.Differs(Open(target, out _)));
                break;
            }
            catch (EngramException e)
            {
                Assert.Equal("53100", e.SqlState);
                Assert.False(CurrentFile.Exists(target));
            }
        }

        Assert.Null(await run.CommitAsync(w => w.Insert(1, 1)));
        run.Observe();
    }

    [Fact]
    public async Task A_backup_of_a_backup_is_equal_and_goes_on_alone()
    {
        await using var run = await StartAsync(9);
        var first = new SimulatedDirectory(9);
        Backup.Run((DirectoryStore)run.Store, first, null, default);
        using var store = (DirectoryStore)Store.Open(first, SimulatedRun.SmallFiles, NullLogger.Instance);
        store.Checkpoint(default);
        var second = new SimulatedDirectory(10);
        var last = Backup.Run(store, second, null, default);
        Assert.Equal(store.Durable, last);
        Assert.Null(run.History.Latest.Differs(Open(second, out _)));
        using var copy = (DirectoryStore)Store.Open(second, SimulatedRun.SmallFiles, NullLogger.Instance);
        Assert.Equal(store.Counters.ToDictionary(c => c.Key, c => c.Value.RowIdNext), copy.Counters.ToDictionary(c => c.Key, c => c.Value.RowIdNext));
        var verified = await copy.VerifyAsync(new VerificationOptions(long.MaxValue, null), default);
        Assert.Empty(verified.Problems);
    }

    [Fact]
    public async Task Progress_ends_where_it_said_it_would()
    {
        await using var run = await StartAsync(13);
        var seen = new List<BackupState>();
        Backup.Run((DirectoryStore)run.Store, new SimulatedDirectory(13), seen.Add, default);
        Assert.Equal((seen[^1].FilesTotal, seen[^1].BytesTotal), (seen[^1].FilesDone, seen[^1].BytesDone));
        Assert.All(seen, s => Assert.Equal(seen[0].BytesTotal, s.BytesTotal));
        for (var i = 1; i < seen.Count; i++)
        {
            Assert.True(seen[i].BytesDone >= seen[i - 1].BytesDone && seen[i].FilesDone >= seen[i - 1].FilesDone);
        }

        Assert.Throws<OperationCanceledException>(() => Backup.Run((DirectoryStore)run.Store, new SimulatedDirectory(14), null, new CancellationToken(true)));
    }

    /// <summary>A database with segments, overlays and a log.</summary>
    private static async Task<SimulatedRun> StartAsync(int seed)
    {
        var run = new SimulatedRun(seed);
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateTable(1);
            w.CreateTable(2);
            w.Insert(1, 60);
        });
        for (var i = 0; i < 2; i++)
        {
            await run.CommitAsync(w => w.Insert(2, 30));
            await run.CheckpointAsync();
            await run.CommitAsync(w =>
            {
                w.Update(1, 10);
                w.Delete(2, 3);
            });
        }

        await run.CheckpointAsync();
        await run.CommitAsync(w => w.Insert(1, 20));
        // A segment that only the log names.
        await run.LoadAsync(1, 15);
        await run.CommitAsync(w => w.AddColumn(2));
        await run.CommitAsync(w => w.Insert(2, 5));
        return run;
    }

    private static async Task ChangeAsync(SimulatedRun run)
    {
        switch (run.Random.Next(8))
        {
            case 0: await run.CheckpointAsync(); break;
            case 1: await run.CompactAsync(); break;
            case 2: await run.CommitAsync(w => w.Delete(1, 3)); break;
            case 3: await run.CommitAsync(w => w.Update(2, 5)); break;
            case 4: await run.LoadAsync(1, run.Random.Next(1, 40)); break;
            default: await run.CommitAsync(w => w.Insert(1 + run.Random.Next(2), run.Random.Next(1, 20))); break;
        }
    }

    /// <summary>Acts between the calls of the thread that backs up; the log of the copy has a thread of its own.</summary>
    private static void Disturb(SimulatedDirectory target, Action act)
    {
        var mine = Environment.CurrentManagedThreadId;
        target.AtPoint = (_, _) =>
        {
            if (Environment.CurrentManagedThreadId == mine)
            {
                act();
            }
        };
    }

    private static SnapshotSummary Open(SimulatedDirectory directory, out RecoveryReport report)
    {
        using var store = Store.Open(new SimulatedDirectory(directory.Freeze().Copy(), 1), SimulatedRun.SmallFiles, NullLogger.Instance);
        using var snapshot = store.OpenSnapshot();
        report = store.Recovery;
        return SnapshotSummary.Read(snapshot);
    }
}
