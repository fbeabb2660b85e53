using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Storage.Faults;

/// <summary>The calls that a fault can strike.</summary>
internal enum FaultPoint
{
    Read,
    Write,
    Sync,
    SetLength,
    Create,
    Rename,
    Delete,
    DirectorySync,
}

/// <summary>Wraps any directory and lets chosen calls fail; everything else passes through.</summary>
/// <remarks>
/// <c>directory.FailNext(FaultPoint.Sync, "wal/", SqlStates.IoError)</c> fails the next sync of a file whose name contains "wal/". A write
/// that fails has written nothing unless <see cref="ShortWrites"/> is set, then the first half. Thread-safe.
/// </remarks>
internal sealed class FaultyDirectory(DataDirectory inner) : DataDirectory
{
    private readonly Lock _gate = new();
    private readonly List<Fault> _faults = [];
    private readonly Dictionary<FaultPoint, int> _counts = [];

    public override string Path => inner.Path;

    public override TimeProvider Clock => StopsClock ? StoppedClock.Instance : inner.Clock;

    public override bool CanMap => inner.CanMap;

    public override bool IsShared => inner.IsShared;

    public override bool IsLocked(string name) => inner.IsLocked(name);

    /// <summary>Whether time stands still, so that nothing happens by itself: no seal after a pause, no sync after an interval.</summary>
    public bool StopsClock { get; init; }

    /// <summary>Whether a failing write leaves its first half behind.</summary>
    public bool ShortWrites { get; set; }

    /// <summary>Called before each sync of a file, on the thread that syncs: a test may hold it there to let commits pile up.</summary>
    public Action<string>? BeforeSync { get; set; }

    /// <summary>Fails the <paramref name="nth"/> matching call from now on (1: the next), and with <paramref name="forever"/> all after it.</summary>
    public void FailNext(FaultPoint point, string nameContains, string sqlState, int nth = 1, bool forever = false)
    {
        lock (_gate)
        {
            _faults.Add(new Fault(point, nameContains, sqlState, nth, forever));
        }
    }

    /// <summary>From here on nothing fails.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _faults.Clear();
        }
    }

    /// <summary>How often a kind of call was made so far, failed ones included.</summary>
    public int Count(FaultPoint point)
    {
        lock (_gate)
        {
            return _counts.GetValueOrDefault(point);
        }
    }

    public override ulong NextRandom() => inner.NextRandom();

    public override bool Exists(string name) => inner.Exists(name);

    public override IReadOnlyList<string> List(string subdirectory) => inner.List(subdirectory);

    public override DataFile Create(string name)
    {
        Strike(FaultPoint.Create, name);
        return new FaultyFile(this, inner.Create(name));
    }

    public override DataFile Open(string name, bool writable) => new FaultyFile(this, inner.Open(name, writable));

    public override void Rename(string from, string to)
    {
        Strike(FaultPoint.Rename, from);
        inner.Rename(from, to);
    }

    public override void Delete(string name)
    {
        Strike(FaultPoint.Delete, name);
        inner.Delete(name);
    }

    public override void CreateSubdirectory(string name) => inner.CreateSubdirectory(name);

    public override void Sync(string subdirectory)
    {
        Strike(FaultPoint.DirectorySync, subdirectory);
        inner.Sync(subdirectory);
    }

    public override IDisposable? TryLock(string name, out int holder) => inner.TryLock(name, out holder);

    public override void Dispose() => inner.Dispose();

    private void Strike(FaultPoint point, string name)
    {
        if (Find(point, name) is { } sqlState)
        {
            throw new EngramException($"Injected fault: {point} of '{name}' failed.", sqlState);
        }
    }

    private string? Find(FaultPoint point, string name)
    {
        lock (_gate)
        {
            _counts[point] = _counts.GetValueOrDefault(point) + 1;
            string? sqlState = null;
            foreach (var fault in _faults)
            {
                if (fault.Point == point && name.Contains(fault.NameContains, StringComparison.Ordinal) && --fault.Remaining <= 0
                    && (fault.Remaining == 0 || fault.Forever))
                {
                    sqlState ??= fault.SqlState;
                }
            }

            return sqlState;
        }
    }

    private sealed class Fault(FaultPoint point, string nameContains, string sqlState, int nth, bool forever)
    {
        public readonly FaultPoint Point = point;
        public readonly string NameContains = nameContains;
        public readonly string SqlState = sqlState;
        public readonly bool Forever = forever;
        public int Remaining = nth;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public static readonly StoppedClock Instance = new();

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

        public override long GetTimestamp() => 0;
    }

    private sealed class FaultyFile(FaultyDirectory directory, DataFile inner) : DataFile
    {
        public override string Name => inner.Name;

        public override long Length => inner.Length;

        public override void Write(long offset, ReadOnlySpan<byte> data)
        {
            if (directory.Find(FaultPoint.Write, Name) is { } sqlState)
            {
                if (directory.ShortWrites)
                {
                    inner.Write(offset, data[..(data.Length / 2)]);
                }

                throw new EngramException($"Injected fault: write of '{Name}' at {offset} failed.", sqlState);
            }

            inner.Write(offset, data);
        }

        public override int Read(long offset, Span<byte> target)
        {
            directory.Strike(FaultPoint.Read, Name);
            return inner.Read(offset, target);
        }

        public override void Sync()
        {
            directory.BeforeSync?.Invoke(Name);
            directory.Strike(FaultPoint.Sync, Name);
            inner.Sync();
        }

        public override void SetLength(long length)
        {
            directory.Strike(FaultPoint.SetLength, Name);
            inner.SetLength(length);
        }

        public override MappedRange Map(long offset, long length) => inner.Map(offset, length);

        public override void Dispose() => inner.Dispose();
    }
}
