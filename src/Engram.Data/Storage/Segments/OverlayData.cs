using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>What became of a segment's rows since it was written, as of a checkpoint. Owns the values.</summary>
/// <param name="RowCount">Rows of the segment.</param>
/// <param name="DeletedPositions">Rows that are gone: their positions in the segment, ascending.</param>
/// <param name="Patches">Columns with new values, each column once.</param>
internal sealed record OverlayData(int RowCount, ImmutableArray<int> DeletedPositions, ImmutableArray<OverlayPatch> Patches) : IDisposable
{
    public void Dispose()
    {
        foreach (var patch in Patches)
        {
            patch.Values.Dispose();
        }
    }
}

/// <summary>New values of one column of some rows.</summary>
/// <param name="Column">Need not be stored in the segment: it may have been added to the table later.</param>
/// <param name="Positions">Which rows of the segment, ascending.</param>
/// <param name="Values">One for each position.</param>
internal sealed record OverlayPatch(ColumnId Column, ImmutableArray<int> Positions, ColumnBuffer Values);
