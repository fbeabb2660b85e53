using System.Globalization;
using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>Compares blocks with what the footer says of them: for those who verify a database.</summary>
internal sealed unsafe partial class Segment
{
    /// <summary>What one block holds that its description denies, as a sentence; null when they agree. Reads values of fixed width, and of others what tells their lengths and NULLs.</summary>
    /// <param name="target">Scratch.</param>
    /// <param name="scratch">Scratch of the column's type.</param>
    /// <exception cref="EngramException">XX001: a page does not match its checksum.</exception>
    public string? CheckBlock(int ordinal, int block, Column target, ColumnBuffer scratch)
    {
        ref readonly var entry = ref EntryOf(ordinal, block);
        var type = types[ordinal];
        var rows = RowsInBlock(block);
        if (type.IsByReference)
        {
            return CheckNulls(TouchNullMask(ordinal, block, in entry), rows, in entry)
                ?? entry.Encoding switch
                {
                    BlockEncoding.PlainBytes => CheckEnds<uint>(ordinal, block, in entry, rows),
                    BlockEncoding.ShortBytes => CheckEnds<ushort>(ordinal, block, in entry, rows),
                    BlockEncoding.Dictionary => CheckDictionary(ordinal, block, in entry, rows),
                    _ => null,
                };
        }

        if (entry.Encoding == BlockEncoding.Dictionary && CheckDictionary(ordinal, block, in entry, rows) is { } foreign)
        {
            return foreign;
        }

        Load(ordinal, block, null, target, scratch);
        if (!target.IsConstant && CheckNulls(target.Nulls, rows, in entry) is { } wrong)
        {
            return wrong;
        }

        if (CheckOrder(ordinal, block, target, rows) is { } disorder)
        {
            return disorder;
        }

        var isFound = ZoneMap.TryCompute(type, target.Data, target.Nulls, target.IsConstant ? 1 : rows, out var min, out var max);
        var isSaid = (entry.Flags & BlockFlags.HasMinMax) != 0;
        return isFound != isSaid || (isSaid && !(AreEqual(type, min, entry.Min) && AreEqual(type, max, entry.Max)))
            ? "its least and greatest value are not those that its zone map says" : null;
    }

    private static string? CheckNulls(ulong* nulls, int rows, in BlockEntry entry)
    {
        if (nulls == null)
        {
            return entry.NullCount is not 0 && entry.NullCount != rows
                ? string.Create(CultureInfo.InvariantCulture, $"{entry.NullCount} of {rows} rows are said to be NULL, and nothing says which") : null;
        }

        var count = 0;
        for (var word = 0; word < (rows + 63) / 64; word++)
        {
            var left = rows - (word * 64);
            count += BitOperations.PopCount(left >= 64 ? nulls[word] : nulls[word] & ((1UL << left) - 1));
        }

        return count == entry.NullCount ? null : string.Create(CultureInfo.InvariantCulture, $"{count} rows are NULL, and {entry.NullCount} are said to be");
    }

    private string? CheckEnds<TEnd>(int ordinal, int block, in BlockEntry entry, int rows)
        where TEnd : unmanaged, IBinaryInteger<TEnd>
        => CheckEnds((TEnd*)Touch(ordinal, block, entry.Offset, rows * sizeof(TEnd)), rows, entry.Length);

    /// <param name="size">Bytes of the ends and what they are the ends of.</param>
    private static string? CheckEnds<TEnd>(TEnd* ends, int count, long size)
        where TEnd : unmanaged, IBinaryInteger<TEnd>
    {
        var limit = size - SegmentFormat.Align((long)count * sizeof(TEnd));
        uint last = 0;
        for (var i = 0; i < count; i++)
        {
            var end = uint.CreateTruncating(ends[i]);
            if (end < last || end > limit)
            {
                return string.Create(CultureInfo.InvariantCulture, $"value {i} of the block ends at byte {end}, after {last}, of {limit}");
            }

            last = end;
        }

        return null;
    }

    /// <summary>Row ids and what finds rows by them: do they say the same?</summary>
    private string? CheckOrder(int ordinal, int block, Column values, int rows)
    {
        var id = ColumnAt(ordinal);
        if (id == ColumnId.RowId)
        {
            // Of a constant block, which has one row, the one value stands for itself.
            return header.Order == RowOrder.Ascending ? CheckRowIds(ordinal, values.Values<long>(rows), block) : null;
        }

        if (id == ColumnId.OrderedRowId)
        {
            return CheckRowIds(ordinal, values.Values<long>(rows), block);
        }

        for (var row = 0; id == ColumnId.RowPosition && row < rows; row++)
        {
            var position = values.Get<int>(row);
            var rank = (block * Batch.RowCountMax) + row;
            if ((uint)position >= (uint)RowCount || Int64At(0, position) != Int64At(ordinal - 1, rank))
            {
                return string.Create(CultureInfo.InvariantCulture, $"row id {Int64At(ordinal - 1, rank)} is said to stand at position {position}, and stands elsewhere");
            }
        }

        return null;
    }

    private string? CheckRowIds(int ordinal, ReadOnlySpan<long> rowIds, int block)
    {
        for (var i = 1; i < rowIds.Length; i++)
        {
            if (rowIds[i] <= rowIds[i - 1])
            {
                return string.Create(CultureInfo.InvariantCulture, $"row id {rowIds[i]} follows {rowIds[i - 1]}");
            }
        }

        var isFirst = block > 0 || rowIds[0] == header.RowIdMin;
        var isLast = block < header.BlockCount - 1 || rowIds[^1] == header.RowIdMax;
        var follows = block == 0 || rowIds[0] > EntryOf(ordinal, block - 1).Max.As<long>();
        return isFirst && isLast && follows ? null : string.Create(CultureInfo.InvariantCulture,
            $"row ids {rowIds[0]} to {rowIds[^1]} do not fit a segment with {header.RowIdMin} to {header.RowIdMax}");
    }

    private static bool AreEqual(DataType type, RawValue a, RawValue b) => type.Physical switch
    {
        // -0 and +0 are one value, and either may be the least.
        PhysicalType.Single => a.As<float>().Equals(b.As<float>()) || a.As<float>() == b.As<float>(),
        PhysicalType.Double => a.As<double>().Equals(b.As<double>()) || a.As<double>() == b.As<double>(),
        PhysicalType.Decimal => a.As<decimal>() == b.As<decimal>(),
        _ => ((ReadOnlySpan<byte>)a).SequenceEqual(b),
    };
}
