using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Wal;
using Engram.Data.Tests.Storage.Faults;
using static Engram.Data.Tests.Storage.Wal.WalTesting;

namespace Engram.Data.Tests.Storage.Wal;

/// <summary>Random work, random ends: the power goes at any call, during recovery too, or the process is killed, or a sync fails.</summary>
/// <remarks>Whatever happens: what comes back is a prefix of what was appended, holds all that was acknowledged, and never is the log called
/// damaged. What one recovery has shown, every later one shows.</remarks>
public sealed class WalPowerCutTests
{
    private const int SeedCount = 150;

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

    private sealed class Run(int seed, DurabilityMode durability)
    {
        private readonly Random _random = new(seed);
        private readonly StoreOptions _options = new() { Durability = durability, WalFileSizeBytesMin = 16 * 1024, WalFileSizeBytesMax = 32 * 1024, SyncInterval = TimeSpan.FromHours(1) };
        private readonly List<Commit> _appended = [];
        private PowerCutDirectory _directory = new(seed);
        private WalWriter? _writer;

        // What a crash of the process, and what a cut of the power, must leave.
        private long _acknowledged;
        private long _synced;
        private long _checkpoint;

        public void Execute()
        {
            for (var life = 0; life < 12; life++)
            {
                if (_random.Next(3) > 0)
                {
                    _directory.CutPowerAfter(_random.Next(_random.Next(2) == 0 ? 12 : 120));
                }

                try
                {
                    Open();
                    Work();
                }
                catch (EngramException e) when (_directory.IsDown || e.SqlState is "08007" or "EG003" || e.Message.StartsWith("Sync of", StringComparison.Ordinal))
                {
                    // The end of this life, not of the run; what it leaves is judged by the next opening.
                    Assert.NotEqual("XX001", e.SqlState);
                }

                End();
            }
        }

        private void Open()
        {
            // A few lives on, the writer may be gone while its file handles still are: nothing of it is used again.
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
                    case < 14:
                        // Noted before it is queued: a cut within Append must not make a written commit look like one that nobody made.
                        var length = _random.Next(8) == 0 ? _random.Next(30_000) : _random.Next(600);
                        _appended.Add(new Commit(_appended.Count + 1, length));
                        try
                        {
                            Append(writer, length);
                        }
                        catch (EngramException)
                        {
                            _appended.RemoveAt(_appended.Count - 1);
                            throw;
                        }

                        break;
                    case < 20:
                        writer.WaitDurable(writer.Appended);
                        _acknowledged = writer.Durable.Value;
                        _synced = durability == DurabilityMode.Full ? _acknowledged : _synced;
                        break;
                    case 20:
                        writer.Seal();
                        _acknowledged = _synced = writer.Appended.Value;
                        break;
                    case 21:
                        Checkpoint(writer);
                        break;
                    case 22:
                        writer.Sync();
                        _acknowledged = _synced = writer.Appended.Value;
                        break;
                    case 23 when _random.Next(3) == 0:
                        _directory.FailNextSync();
                        break;
                }
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
            var isClosed = _random.Next(3) == 0;
            if (isClosed)
            {
                _writer?.Dispose();
            }
            else
            {
                // Its thread must go, its files must not change: the power is off for it.
                _directory.CutPowerAfter(-1);
                _writer?.Dispose();
            }

            _writer = null;
            if (_random.Next(2) == 0)
            {
                _directory = _directory.Kill();
            }
            else
            {
                _directory = _directory.Restart();
                _acknowledged = _synced;
            }
        }
    }
}
