using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Gives new segments, and new extents of old ones, the ends and patches that were committed against the same rows meanwhile.</summary>
/// <remarks>
/// Run under the write lock, so every stamp is an LSN or <see cref="ReadHorizon.Aborted"/>. Versions up to the flush's LSN are already in the segment's
/// values; later ones are entered under the row's new position, in the order in which they were written, with their own stamps, so that
/// snapshots between the flush and now still read rightly. A row that had ended by the flush has no new position and needs nothing.
/// </remarks>
internal static class CarryOver
{
    public static void Run(DeltaTable from, ImmutableArray<FlushedSegment> to, Lsn flushed)
    {
        for (var i = 0; i < from.ChunkCount; i++)
        {
            var chunk = from.Chunk(i);
            CarryEnds(chunk, to, flushed.Value);
            foreach (var (column, type, list) in chunk.Versions.Patches)
            {
                CarryPatches(chunk.RowIdAt, column, type, list.Current, to, flushed.Value);
            }
        }
    }

    /// <summary>The same for a segment that stays: positions are what they were.</summary>
    public static void Run(SegmentExtent from, SegmentExtent to, Lsn flushed)
    {
        for (var block = 0; block < from.Segment.BlockCount; block++)
        {
            if (from.FindVersions(block) is not { } versions)
            {
                continue;
            }

            for (var row = 0; versions.Ends is { } ends && row < ends.Length; row++)
            {
                if (ends[row] > flushed.Value)
                {
                    to.GetOrAddVersions(block).SetEnd(row, ends[row]);
                }
            }

            foreach (var (column, type, list) in versions.Patches)
            {
                var entries = list.Current;
                for (var i = 0; i < entries.Count; i++)
                {
                    if (entries.Stamps[i] > flushed.Value && entries.Stamps[i] != ReadHorizon.Aborted)
                    {
                        to.GetOrAddVersions(block).GetOrAddPatches(column, type).AppendCopy(entries.Rows[i], entries.Stamps[i], entries, i);
                    }
                }
            }
        }
    }

    /// <summary>The same for a segment whose rows lie in other segments now.</summary>
    public static void Run(SegmentExtent from, ImmutableArray<FlushedSegment> to, Lsn flushed)
    {
        for (var block = 0; block < from.Segment.BlockCount; block++)
        {
            if (from.FindVersions(block) is not { } versions)
            {
                continue;
            }

            var first = block * Batch.RowCountMax;
            for (var row = 0; versions.Ends is { } ends && row < from.Segment.RowsInBlock(block); row++)
            {
                if (ends[row] > flushed.Value && Find(from.Segment.RowIdAt(first + row), to) is var (extent, position) && extent is not null)
                {
                    extent.GetOrAddVersions(position / Batch.RowCountMax).SetEnd(position % Batch.RowCountMax, ends[row]);
                }
            }

            foreach (var (column, type, list) in versions.Patches)
            {
                CarryPatches(row => from.Segment.RowIdAt(first + row), column, type, list.Current, to, flushed.Value);
            }
        }
    }

    private static void CarryEnds(DeltaChunk chunk, ImmutableArray<FlushedSegment> to, long flushed)
    {
        if (chunk.Versions.Ends is not { } ends)
        {
            return;
        }

        for (var row = 0; row < chunk.Count; row++)
        {
            if (ends[row] > flushed && Find(chunk.RowIdAt(row), to) is var (extent, position) && extent is not null)
            {
                extent.GetOrAddVersions(position / Batch.RowCountMax).SetEnd(position % Batch.RowCountMax, ends[row]);
            }
        }
    }

    private static void CarryPatches(
        Func<int, long> rowIdAt, ColumnId column, DataType type, PatchList.Entries entries, ImmutableArray<FlushedSegment> to, long flushed)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var stamp = entries.Stamps[i];
            if (stamp <= flushed || stamp == ReadHorizon.Aborted)
            {
                continue;
            }

            if (Find(rowIdAt(entries.Rows[i]), to) is var (extent, position) && extent is not null)
            {
                extent.GetOrAddVersions(position / Batch.RowCountMax).GetOrAddPatches(column, type)
                    .AppendCopy(position % Batch.RowCountMax, stamp, entries, i);
            }
        }
    }

    private static (SegmentExtent? Extent, int Position) Find(long rowId, ImmutableArray<FlushedSegment> segments)
    {
        foreach (var segment in segments)
        {
            var info = segment.Manifest.Info;
            if (rowId >= info.RowIdMin && rowId <= info.RowIdMax)
            {
                var position = segment.Extent.Segment.FindRowPosition(rowId);
                return position < 0 ? (null, -1) : (segment.Extent, position);
            }
        }

        return (null, -1);
    }
}
