using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>Row ids by position: the other direction of <see cref="FindRowPosition"/>.</summary>
internal sealed unsafe partial class Segment
{
    /// <summary>The row id of the row at a position, counted from 0.</summary>
    public long RowIdAt(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)RowCount);
        var block = position / Batch.RowCountMax;
        ref readonly var entry = ref EntryOf(0, block);
        return entry.Encoding is BlockEncoding.Sequential or BlockEncoding.Constant
            ? entry.Min.As<long>() + (position % Batch.RowCountMax)
            : RowIdIn(Touch(0, block, entry.Offset, entry.Length), in entry, RowsInBlock(block), position % Batch.RowCountMax);
    }
}
