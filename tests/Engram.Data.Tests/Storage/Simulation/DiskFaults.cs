using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Which calls of a simulated disk fail, and in which ways it lies. Set before or between calls; <see cref="Heal"/> ends them.</summary>
internal sealed class DiskFaults
{
    public const int InputOutput = 5;
    public const int NoSpace = 28;

    private readonly Dictionary<FaultPoint, int> _counts = [];
    private readonly List<Failure> _failures = [];

    /// <summary>The disk's size. A write that would need more stores what fits and fails with ENOSPC, as do creations when nothing is left.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>File syncs report success and do nothing: an engine that acknowledges before it syncs.</summary>
    public bool SyncDoesNothing { get; set; }

    /// <summary>Directory syncs report success and do nothing: an engine that forgets them.</summary>
    public bool DirectorySyncDoesNothing { get; set; }

    /// <summary>A file sync that fails is called again at once, and that one's success is reported: an engine that retries.</summary>
    public bool RetriesFailedSync { get; set; }

    /// <summary>The n-th write to a file whose name contains <see cref="ErringFile"/> is lost though its sync succeeds; 0 for none.</summary>
    public int LostWrite { get; set; }

    /// <summary>The n-th write goes to another place in its file; 0 for none.</summary>
    public int MisdirectedWrite { get; set; }

    public string ErringFile { get; set; } = "";

    /// <summary>All random bits are the same: an engine whose salts do not tell files apart.</summary>
    public bool RandomIsConstant { get; set; }

    /// <summary>The <paramref name="nth"/> call from now on fails (1: the next), and with <paramref name="forever"/> all after it.</summary>
    public void Fail(FaultPoint point, int nth, int error, bool forever = false, string nameContains = "")
        => _failures.Add(new Failure(point, nameContains, error, forever) { Remaining = nth });

    public void Heal()
    {
        _failures.Clear();
        CapacityBytes = long.MaxValue;
        LostWrite = MisdirectedWrite = 0;
    }

    /// <summary>How often a kind of call was made, failed ones included.</summary>
    public int Count(FaultPoint point) => _counts.GetValueOrDefault(point);

    /// <summary>Counts a call; the system's error number when it is to fail, else 0.</summary>
    public int Strike(FaultPoint point, string name)
    {
        _counts[point] = Count(point) + 1;
        var error = 0;
        foreach (var failure in _failures)
        {
            if (failure.Point == point && name.Contains(failure.NameContains, StringComparison.Ordinal)
                && (--failure.Remaining == 0 || (failure.Forever && failure.Remaining < 0)))
            {
                error = failure.Error;
            }
        }

        return error;
    }

    /// <summary>Where a write ends up: in its place, or elsewhere, or with a negative result nowhere.</summary>
    public long StoredOffset(string name, long offset, int length, long fileLength)
    {
        if (!name.Contains(ErringFile, StringComparison.Ordinal))
        {
            return offset;
        }

        if (LostWrite > 0 && --LostWrite == 0)
        {
            return -1;
        }

        if (MisdirectedWrite > 0 && --MisdirectedWrite == 0)
        {
            // A page too early or too late, but within what is there.
            var other = offset >= PagedBytes.PageSize ? offset - PagedBytes.PageSize : offset + PagedBytes.PageSize;
            return other + length <= fileLength ? other : -1;
        }

        return offset;
    }

    private sealed class Failure(FaultPoint point, string nameContains, int error, bool forever)
    {
        public readonly FaultPoint Point = point;
        public readonly string NameContains = nameContains;
        public readonly int Error = error;
        public readonly bool Forever = forever;
        public int Remaining;
    }
}
