namespace Engram.Data.Storage.Versions;

/// <summary>Finds where a row id lies. Segments and deltas hold ascending, disjoint ranges of row ids.</summary>
internal static class RowLocator
{
    /// <summary>Positions the reader on the row's block; false when no block holds the row id. Says nothing about visibility.</summary>
    public static bool TryPosition(TableVersion version, long rowId, BlockReader reader, out int row)
    {
        if (FindDelta(version, rowId, out row) is { } chunk)
        {
            reader.Position(chunk);
            return true;
        }

        if (FindSegment(version, rowId, out var position) is { } segment)
        {
            reader.Position(segment, position / Columns.Batch.RowCountMax);
            row = position % Columns.Batch.RowCountMax;
            return true;
        }

        return false;
    }

    public static DeltaChunk? FindDelta(TableVersion version, long rowId, out int row)
    {
        // Newest first: what was written last is read most.
        for (var i = version.Deltas.Length - 1; i >= 0; i--)
        {
            if (version.Deltas[i].Find(rowId, out row) is { } chunk)
            {
                return chunk;
            }
        }

        row = -1;
        return null;
    }

    public static SegmentExtent? FindSegment(TableVersion version, long rowId, out int position)
    {
        var low = 0;
        var high = version.Segments.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            var info = version.Segments[middle].Segment.Info;
            if (rowId < info.RowIdMin)
            {
                high = middle - 1;
            }
            else if (rowId > info.RowIdMax)
            {
                low = middle + 1;
            }
            else
            {
                position = version.Segments[middle].Segment.FindRowPosition(rowId);
                return position < 0 ? null : version.Segments[middle];
            }
        }

        position = -1;
        return null;
    }
}
