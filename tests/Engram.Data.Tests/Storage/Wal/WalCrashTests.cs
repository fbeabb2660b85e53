using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Simulation;
using static Engram.Data.Tests.Storage.Wal.WalTesting;

namespace Engram.Data.Tests.Storage.Wal;

/// <summary>Random work over the simulated disk, in lives that end in random ways: the power goes at any call, during recovery too, the process is
/// killed, a call fails, or the log is closed.</summary>
/// <remarks>Whatever happens: what comes back is a prefix of what was appended, holds all that was acknowledged, and never is the log called
/// damaged. What one recovery has shown, every later one shows.</remarks>
public sealed class WalCrashTests
{
    private const int SeedCount = 120;

    [Theory]
    [InlineData(DurabilityMode.Full)]
    [InlineData(DurabilityMode.Interval)]
    [InlineData(DurabilityMode.None)]
    internal void Acknowledged_commits_survive(DurabilityMode durability)
    {
        for (var seed = 0; seed < SeedCount; seed++)
        {
            try
            {
                new Run(seed, durability).Execute();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} in mode {durability}: {e.Message}", e);
            }
        }
    }

    /// <summary>The same runs notice an engine that does not sync, so they would notice ours.</summary>
    [Theory]
    [InlineData(nameof(DiskFaults.SyncDoesNothing))]
    [InlineData(nameof(DiskFaults.DirectorySyncDoesNothing))]
    public void The_runs_notice_what_they_are_made_for(string fault)
    {
        for (var seed = 0; seed < SeedCount; seed++)
        {
            var run = new Run(seed, DurabilityMode.Full)
            {
                Sabotage = faults =>
                {
                    faults.SyncDoesNothing = fault == nameof(DiskFaults.SyncDoesNothing);
                    faults.DirectorySyncDoesNothing = fault == nameof(DiskFaults.DirectorySyncDoesNothing);
                },
            };
            if (Record.Exception(run.Execute) is not null)
            {
                return;
            }
        }

        Assert.Fail($"No run of {SeedCount} noticed {fault}.");
    }

    private sealed class Run(int seed, DurabilityMode durability)
    {
        private const int Lives = 12;

        private readonly Random _random = new(seed);
        private readonly StoreOptions _options = new() { Durability = durability, WalFileSizeBytesMin = 16 * 1024, WalFileSizeBytesMax = 32 * 1024, SyncInterval = TimeSpan.FromHours(1) };
        private readonly List<Commit> _appended = [];
        private SimulatedDirectory _directory = new(seed);
        private SimulatedDisk? _diskAtCut;
        private WalWriter? _writer;

        // What a kill of the process, and what a cut of the power, must leave.
        private long _acknowledged;
        private long _synced;
        private long _checkpoint;

        public Action<DiskFaults>? Sabotage { get; init; }

        public void Execute()
        {
            for (var life = 0; life < Lives; life++)
            {
                PlanTheEnd();
                try
                {
                    Open();
                    Work();
                }
                catch (EngramException e)
                {
                    // The end of this life, not of the run; what it leaves is judged by the next opening.
                    Assert.NotEqual("XX001", e.SqlState);
                    Assert.NotEqual("XX000", e.SqlState);
                }

                End();
            }

            PlanNothing();
            Open();
            _writer!.Dispose();
        }

        private void PlanNothing()
        {
            _diskAtCut = null;
            _directory.AtPoint = null;
            _directory.Faults.Heal();
            Sabotage?.Invoke(_directory.Faults);
        }

        /// <summary>In two lives of three the power goes, or the process dies, at some call; in one of three a call fails.</summary>
        private void PlanTheEnd()
        {
            PlanNothing();
            if (_random.Next(3) > 0)
            {
                var last = _directory.Points + 1 + _random.Next(_random.Next(2) == 0 ? 14 : 120);
                _directory.AtPoint = (point, disk) =>
                {
                    if (point.Number >= last)
                    {
                        _diskAtCut ??= disk.Freeze();
                        throw new EngramException("The power is off.", SqlStates.IoError);
                    }
                };
            }

            if (_random.Next(3) == 0)
            {
                // Not the sync that makes the sub-directory itself durable: should that fail, everything later in it hangs by a name that may be lost.
                FaultPoint[] points = [FaultPoint.Sync, FaultPoint.Sync, FaultPoint.Write, FaultPoint.Create, FaultPoint.Rename, FaultPoint.Delete, FaultPoint.DirectorySync];
                _directory.Faults.Fail(points[_random.Next(points.Length)], 1 + _random.Next(12), _random.Next(2) == 0 ? DiskFaults.InputOutput : DiskFaults.NoSpace, nameContains: "wal");
            }
        }

        private void Open()
        {
            var commits = Read(_directory, _checkpoint, out var result);
            var last = result.LastLsn.Value;
            Assert.True(last >= _acknowledged, $"{_acknowledged} was acknowledged, the log ends at {last}");
            Assert.True(last <= _appended.Count, $"only {_appended.Count} were appended, the log ends at {last}");
            Assert.Equal(_appended.Skip((int)_checkpoint).Take(commits.Count), commits);
            _writer = Create(_directory, result.Position, _options);
            _appended.RemoveRange((int)last, _appended.Count - (int)last);
            _acknowledged = _synced = last;
        }

        private void Work()
        {
            var writer = _writer!;
            for (var step = _random.Next(60); step > 0; step--)
            {
                switch (_random.Next(24))
                {
                    case < 15:
                        AppendOne(writer);
                        break;
                    case < 21:
                        writer.WaitDurable(writer.Appended);
                        _acknowledged = writer.Durable.Value;
                        _synced = durability == DurabilityMode.Full ? _acknowledged : _synced;
                        break;
                    case 21:
                        writer.Seal();
                        _acknowledged = _synced = writer.Appended.Value;
                        break;
                    case 22:
                        Checkpoint(writer);
                        break;
                    case 23:
                        writer.Sync();
                        _acknowledged = _synced = writer.Appended.Value;
                        break;
                }
            }
        }

        private void AppendOne(WalWriter writer)
        {
            var length = _random.Next(8) == 0 ? _random.Next(30_000) : _random.Next(600);
            try
            {
                _appended.Add(Append(writer, length));
            }
            catch (EngramException) when (!writer.IsPoisoned)
            {
                // No room was made; nothing was queued, and the log goes on.
                Assert.Equal(_appended.Count, writer.Appended.Value);
            }
        }

        private void Checkpoint(WalWriter writer)
        {
            writer.Rotate();
            writer.Sync();
            _acknowledged = _synced = writer.Appended.Value;
            _checkpoint = _acknowledged - (_random.Next(3) == 0 ? _random.Next((int)(_acknowledged - _checkpoint) + 1) : 0);
            writer.DeleteFilesUpTo(new Lsn(_checkpoint));
        }

        private void End()
        {
            var isClosed = _diskAtCut is null && _random.Next(2) == 0;
            if (isClosed)
            {
                _writer?.Dispose();
            }

            // What its thread and its closing do from here on, the disk of the next life does not see.
            var disk = _diskAtCut ?? _directory.Freeze();
            _directory.AtPoint = (_, _) => throw new EngramException("The process is gone.", SqlStates.IoError);
            _writer?.Dispose();
            _writer = null;
            if (_random.Next(2) == 0)
            {
                _directory = new SimulatedDirectory(disk, _random.Next());
            }
            else
            {
                _directory = new SimulatedDirectory(disk.Crash((SurvivalMode)_random.Next((int)SurvivalMode.Mixed + 1), _random.Next()), _random.Next());
                _acknowledged = _synced;
            }
        }
    }
}
