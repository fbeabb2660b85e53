using Engram.Data.Storage.Versions;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Tells the log about snapshots that stay open so long that what they hold adds up: files that were replaced, and memory of deltas that are in segments by now.</summary>
/// <remarks>
/// Snapshots are not counted one by one, since opening one must cost next to nothing. But a snapshot holds nothing of its own while its root is the newest; so a root is
/// watched from the moment at which another takes its place, and who still leases it after a while is older than that while. Thread-safe; never on the way of readers.
/// </remarks>
internal sealed class SnapshotWatch(TimeProvider clock)
{
    /// <summary>How long a snapshot may be open without being spoken of.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly List<(StoreRoot Root, long Since, bool IsReported)> roots = [];

    /// <summary>Another root took the place of this one, whose owner has let go of it.</summary>
    public void Add(StoreRoot replaced)
    {
        if (!replaced.IsHeld)
        {
            return;
        }

        lock (gate)
        {
            roots.RemoveAll(r => !r.Root.IsHeld);
            roots.Add((replaced, clock.GetTimestamp(), false));
        }
    }

    /// <summary>Reports each root that has been held for too long, once.</summary>
    public void Check(StoreRoot newest, ILogger logger, string path)
    {
        lock (gate)
        {
            roots.RemoveAll(r => !r.Root.IsHeld);
            for (var i = 0; i < roots.Count; i++)
            {
                var (root, since, isReported) = roots[i];
                var age = clock.GetElapsedTime(since);
                if (isReported || age < AgeMax || !root.TryAddReference())
                {
                    continue;
                }

                var (fileSizeBytes, memorySizeBytes) = Measure(root, newest);
                root.Release();
                roots[i] = (root, since, true);
                logger.LogWarning(
                    "A snapshot of {Path} has been open for more than {Age}: it holds {FileSizeBytes} bytes of files that were replaced and {MemorySizeBytes} bytes of memory. Dispose readers and transactions that are done",
                    path, age, fileSizeBytes, memorySizeBytes);
            }
        }
    }

    /// <summary>Each root that snapshots hold though another took its place: since when it is watched, and what it keeps from being given back.</summary>
    public IReadOnlyList<(TimeSpan Age, long FileSizeBytes, long MemorySizeBytes)> Describe(StoreRoot newest)
    {
        lock (gate)
        {
            roots.RemoveAll(r => !r.Root.IsHeld);
            var described = new List<(TimeSpan, long, long)>(roots.Count);
            foreach (var (root, since, _) in roots)
            {
                if (root.TryAddReference())
                {
                    var (fileSizeBytes, memorySizeBytes) = Measure(root, newest);
                    root.Release();
                    described.Add((clock.GetElapsedTime(since), fileSizeBytes, memorySizeBytes));
                }
            }

            return described;
        }
    }

    /// <summary>What is in one root and not in another.</summary>
    private static (long FileSizeBytes, long MemorySizeBytes) Measure(StoreRoot root, StoreRoot newest)
    {
        var files = newest.Tables.Values.SelectMany(t => t.Segments).SelectMany(s => s.Segment.Info.Files).Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        HashSet<object> parts = [.. newest.Tables.Values.SelectMany(t => t.Segments), .. newest.Tables.Values.SelectMany(t => t.Deltas)];
        var fileSizeBytes = 0L;
        var memorySizeBytes = 0L;
        foreach (var table in root.Tables.Values)
        {
            fileSizeBytes += table.Segments.SelectMany(s => s.Segment.Info.Files).Where(f => !files.Contains(f.Name)).Sum(f => f.FileLength);
            memorySizeBytes += table.Segments.Where(s => !parts.Contains(s)).Sum(s => s.SizeBytes) + table.Deltas.Where(d => !parts.Contains(d)).Sum(d => d.SizeBytes);
        }

        return (fileSizeBytes, memorySizeBytes);
    }
}
