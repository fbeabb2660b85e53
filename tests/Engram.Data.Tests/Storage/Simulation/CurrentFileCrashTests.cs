using Engram.Data.Storage.Catalog;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>CURRENT on the simulated disk: after any failures, kills and power cuts it names a manifest whose files are still there.</summary>
public sealed class CurrentFileCrashTests
{
    private const int RunCount = 150;

    [Fact]
    public void A_manifest_whose_files_were_deleted_never_counts_again()
    {
        for (var seed = 0; seed < RunCount; seed++)
        {
            new Run(seed).Go();
        }
    }

    /// <summary>The sync of the second slot fails, the next program sees it in the cache, and the power goes while it overwrites the first.</summary>
    [Fact]
    public void A_slot_that_only_the_cache_holds_is_not_relied_on()
    {
        var directory = Create();
        directory.Faults.Fail(FaultPoint.Sync, 2, DiskFaults.InputOutput);
        Assert.Throws<EngramException>(() => CurrentFile.Publish(directory, CurrentFile.Read(directory), 2, 2));

        directory = directory.Kill(1);
        var opened = CurrentFile.Open(directory);
        Assert.Equal(2, opened.Generation);
        // From here on the files of generation 1 are gone.
        directory.AtPoint = (point, disk) =>
        {
            for (var image = 0; image < 100; image++)
            {
                var after = new SimulatedDirectory(disk.Crash((SurvivalMode)(image % CrashSeed.ModeCount), image), 1);
                Assert.InRange(CurrentFile.Read(after).Generation, 2, 3);
            }
        };
        CurrentFile.Publish(directory, opened, 3, 3);
    }

    private static SimulatedDirectory Create()
    {
        var directory = new SimulatedDirectory();
        CurrentFile.BeginCreate(directory);
        CurrentFile.Create(directory, CurrentFile.NewDatabaseId(directory), 1, 1);
        return directory;
    }

    /// <summary>Publications and openings, any call of which may fail; at every I/O point the power is cut in every way.</summary>
    private sealed class Run(int seed)
    {
        private readonly Random _random = new(seed);
        private SimulatedDirectory _directory = Create();
        private long _oldestKept = 1;
        private long _newest = 1;

        public void Go()
        {
            Current? current = null;
            for (var step = 0; step < 12; step++)
            {
                _directory.AtPoint = (point, disk) => CheckCrashes(point, disk);
                if (_random.Next(2) == 0)
                {
                    _directory.Faults.Fail(_random.Next(3) == 0 ? FaultPoint.Write : FaultPoint.Sync, _random.Next(1, 3), DiskFaults.InputOutput);
                }

                try
                {
                    current = current is null ? CurrentFile.Open(_directory) : CurrentFile.Publish(_directory, current, ++_newest, (uint)_newest);
                    // Whoever gets an answer deletes the files of all other generations.
                    _oldestKept = current.Generation;
                }
                catch (EngramException e) when (e.SqlState == "58030")
                {
                    current = null;
                }

                _directory.Faults.Heal();
                if (current is null || _random.Next(3) == 0)
                {
                    current = null;
                    _directory = _random.Next(3) == 0 ? _directory.Reboot((SurvivalMode)_random.Next(CrashSeed.ModeCount), _random.Next()) : _directory.Kill(_random.Next());
                }
            }
        }

        private void CheckCrashes(IoPoint point, SimulatedDisk disk)
        {
            for (var image = 0; image < 2 * CrashSeed.ModeCount; image++)
            {
                var after = new SimulatedDirectory(disk.Crash((SurvivalMode)(image % CrashSeed.ModeCount), (seed * 1000) + image), 1);
                var generation = CurrentFile.Read(after).Generation;
                Assert.True(generation >= _oldestKept && generation <= _newest, $"Seed {seed}, point {point}: generation {generation}, not {_oldestKept} to {_newest}.");
            }
        }
    }
}
