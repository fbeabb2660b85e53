using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Engram.Data.Columns;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Versions;

/// <summary>A segment with the versions that lie beside it: what was deleted or changed in its rows since it was written.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Freed when the last reference is released.")]
internal sealed class SegmentExtent(Segment segment) : Counted
{
    private readonly Arena memory = new();
    private readonly BlockVersions?[] versions = new BlockVersions?[segment.BlockCount];
    private readonly Lock building = new();
    private ImmutableDictionary<IndexId, SegmentKeyIndex> indexes = ImmutableDictionary<IndexId, SegmentKeyIndex>.Empty;

    public Segment Segment { get; } = segment;

    /// <summary>Native memory of the versions, in bytes.</summary>
    public long SizeBytes => memory.SizeBytes;

    public BlockVersions? FindVersions(int block) => Volatile.Read(ref versions[block]);

    /// <summary>Called by the holder of the write lock only.</summary>
    public BlockVersions GetOrAddVersions(int block)
    {
        if (versions[block] is { } found)
        {
            return found;
        }

        found = new BlockVersions(memory, Batch.RowCountMax);
        Volatile.Write(ref versions[block], found);
        return found;
    }

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

    protected override void Free()
    {
        Segment.Dispose();
        memory.Dispose();
    }
}
