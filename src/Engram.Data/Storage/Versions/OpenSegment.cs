using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Versions;

/// <summary>A segment's file and what is derived from it: shared by the extents that show it with different versions beside it.</summary>
internal sealed class OpenSegment(Segment segment) : Counted
{
    private readonly Lock building = new();
    private ImmutableDictionary<IndexId, SegmentRun> runs = ImmutableDictionary<IndexId, SegmentRun>.Empty;

    public Segment Segment { get; } = segment;

    /// <summary>The index's entries for the rows as the segment stores them, made on first use and kept while the segment is open.</summary>
    public SegmentRun GetRun(IndexId id, KeyShape shape)
    {
        if (Volatile.Read(ref runs).TryGetValue(id, out var run) && run.IsOf(shape))
        {
            return run;
        }

        lock (building)
        {
            if (!runs.TryGetValue(id, out run) || !run.IsOf(shape))
            {
                run = SegmentRun.Build(Segment, shape);
                Volatile.Write(ref runs, runs.SetItem(id, run));
            }

            return run;
        }
    }

    protected override void Free() => Segment.Dispose();
}
