using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Writes columns of a segment anew, each into a file of its own, when so many of their values were patched that they are better folded in.</summary>
/// <remarks>
/// <para><b>The problem.</b> Patches lie beside the segment, in memory and in overlays that each checkpoint writes whole, and each costs a look at every read. Folding them
/// by rewriting the segment would write 3 KiB of embedding for 4 bytes of confidence.</para>
/// <para><b>The picture.</b> A replacement is a file of the segment format with row ids and one column, for the same rows in the same blocks, deleted ones too. The
/// manifest names it with the segment; the column in the segment's own file is dead from then on. A later replacement of the same column takes its place.</para>
/// <para><b>Crash.</b> As for every file of a checkpoint: until CURRENT names the manifest that names it, it is an orphan; afterwards its patches are in no overlay.</para>
/// </remarks>
internal static class ReplacementFile
{
    /// <summary>Of a column's values that are patched, in percent, before it is written anew.</summary>
    private const int PatchedPercentMax = 5;

    /// <summary>The same for texts, vectors and everything else of variable length: one of them is as long as many numbers.</summary>
    private const int PatchedWidePercentMax = 50;

    /// <summary>Whether a column's patches are so large a part of its values that they are folded.</summary>
    public static bool IsWorthwhile(DataType type, int patchCount, int rowCount)
        => (long)patchCount * 100 > (long)rowCount * (type.IsByReference ? PatchedWidePercentMax : PatchedPercentMax);

    /// <summary>Writes, syncs and verifies a file for each column that is worth it.</summary>
    /// <param name="overlay">What happened to the segment's rows up to the horizon.</param>
    /// <param name="patchCountMin">Fewer patches are not worth a file.</param>
    /// <returns>One for each column that needs no patches any more.</returns>
    public static List<SegmentInfo> Write(
        DataDirectory directory, TableDefinition table, SegmentExtent extent, OverlayData overlay, ReadHorizon horizon, long generation, int patchCountMin,
        CancellationToken cancellationToken)
    {
        var written = new List<SegmentInfo>();
        foreach (var patch in overlay.Patches)
        {
            if (table.FindColumn(patch.Column) is { } column && patch.Positions.Length >= patchCountMin && IsWorthwhile(column.Type, patch.Positions.Length, overlay.RowCount))
            {
                written.Add(Write(directory, table, column, extent, horizon, generation, cancellationToken));
            }
        }

        return written;
    }

    private static SegmentInfo Write(
        DataDirectory directory, TableDefinition table, ColumnDefinition column, SegmentExtent extent, ReadHorizon horizon, long generation, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{extent.Segment.Info.Name}.{generation:D8}.{column.Id}.column");
        // As for segments: a checkpoint of this generation that failed earlier may have left one.
        directory.Delete(name);
        using var reader = new BlockReader(horizon, table, [ColumnId.RowId, column.Id]);
        using var writer = SegmentWriter.Create(directory, name, table.Id, [(column.Id, column.Type)], extent.Segment.OrderOfColumns);
        var rowIds = new long[Batch.RowCountMax];
        for (var block = 0; block < extent.Segment.BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            reader.Position(extent, block);
            var ids = reader.Load(0, null);
            for (var row = 0; row < reader.RowCount; row++)
            {
                rowIds[row] = ids.Get<long>(row);
            }

            var batch = new Batch(1) { RowCount = reader.RowCount };
            batch.Columns[0] = reader.Load(1, null);
            writer.Append(batch, rowIds.AsSpan(0, reader.RowCount));
        }

        return writer.Finish();
    }
}
