using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Versions;

/// <summary>A segment's file and what is derived from it: shared by the extents that show it with different versions beside it.</summary>
internal sealed class OpenSegment(Segment segment) : Counted
{
    private readonly Lock building = new();
    private ImmutableDictionary<IndexId, SegmentKeyIndex> indexes = ImmutableDictionary<IndexId, SegmentKeyIndex>.Empty;

    public Segment Segment { get; } = segment;

    /// <summary>The keys of the rows as the segment stores them, built on first use and kept while the segment is open.</summary>
    public SegmentKeyIndex GetOrBuildIndex(IndexId id, ReadOnlySpan<ColumnId> columns)
    {
        if (Volatile.Read(ref indexes).TryGetValue(id, out var index) && index.IsOver(columns))
        {
            return index;
        }

        lock (building)
        {
            if (!indexes.TryGetValue(id, out index) || !index.IsOver(columns))
            {
                index = SegmentKeyIndex.Build(Segment, columns);
                Volatile.Write(ref indexes, indexes.SetItem(id, index));
            }

            return index;
        }
    }

    protected override void Free() => Segment.Dispose();
}
