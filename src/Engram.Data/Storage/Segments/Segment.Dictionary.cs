using System.Globalization;
using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Blocks with a dictionary as columns: every row shows its value in the dictionary.</summary>
internal sealed unsafe partial class Segment
{
    private void LoadDictionary(int ordinal, int block, in BlockEntry entry, int rows, Selection? needed, Column target, ColumnBuffer scratch)
    {
        scratch.Reserve(Batch.RowCountMax);
        target.Data = scratch.Column.Data;
        var size = BitPacking.SizeOf(rows, entry.BitWidth);
        var valuesAt = SegmentFormat.Align(size);
        if (needed is { Count: < FewRowsMax })
        {
            LoadSomeOfDictionary(ordinal, block, in entry, size, needed, target);
            return;
        }

        var data = Touch(ordinal, block, entry.Offset, entry.Length);
        target.Nulls = NullMask(data, in entry);
        var values = target.Pointer<Guid>();
        var codes = (uint*)scratch.AllocateVariable(rows * sizeof(uint));
        BitPacking.Unpack(new ReadOnlySpan<byte>(data, size), entry.BitWidth, 0U, new Span<uint>(codes, rows));
        var distinct = (Guid*)(data + valuesAt);
        if (target.Type.IsByReference)
        {
            distinct = (Guid*)scratch.AllocateVariable(entry.Detail * sizeof(Bytes));
            var bytes = data + valuesAt + SegmentFormat.Align((long)entry.Detail * sizeof(uint));
            ShowBytes((uint*)(data + valuesAt), bytes, entry.Detail, (Bytes*)distinct);
        }

        // References and values of fixed width alike: 16 bytes.
        for (var row = 0; row < rows; row++)
        {
            values[row] = distinct[codes[row]];
        }

        if (target.Type.IsByReference && target.Nulls != null)
        {
            ClearUnderNull(target.Nulls, target.Pointer<Bytes>(), rows);
        }

        target.SetDictionary(codes, distinct, entry.Detail);
    }

    private void LoadSomeOfDictionary(int ordinal, int block, in BlockEntry entry, int size, Selection needed, Column target)
    {
        var data = Touch(ordinal, block, entry.Offset, size);
        target.Nulls = TouchNullMask(ordinal, block, in entry);
        var valuesAt = entry.Offset + SegmentFormat.Align(size);
        if (!target.Type.IsByReference)
        {
            var distinct = (Guid*)Touch(ordinal, block, valuesAt, (long)entry.Detail * sizeof(Guid));
            foreach (var row in needed.Rows)
            {
                target.Pointer<Guid>()[row] = distinct[BitPacking.Get(data, size, entry.BitWidth, row)];
            }

            return;
        }

        var ends = (uint*)Touch(ordinal, block, valuesAt, (long)entry.Detail * sizeof(uint));
        var bytesAt = valuesAt + SegmentFormat.Align((long)entry.Detail * sizeof(uint));
        foreach (var row in needed.Rows)
        {
            var code = (int)BitPacking.Get(data, size, entry.BitWidth, row);
            var from = code == 0 ? 0 : ends[code - 1];
            var length = target.IsNull(row) ? 0 : ends[code] - from;
            target.Pointer<Bytes>()[row] = length == 0 ? default : new Bytes(Touch(ordinal, block, bytesAt + from, length), (int)length);
        }
    }

    /// <summary>NULL is the empty value, whoever forgets to look at the mask.</summary>
    private static void ClearUnderNull(ulong* nulls, Bytes* values, int rows)
    {
        for (var word = 0; word < Bits.WordCount(rows); word++)
        {
            for (var bits = nulls[word]; bits != 0; bits &= bits - 1)
            {
                values[(word * 64) + BitOperations.TrailingZeroCount(bits)] = default;
            }
        }
    }

    private string? CheckDictionary(int ordinal, int block, in BlockEntry entry, int rows)
    {
        var size = BitPacking.SizeOf(rows, entry.BitWidth);
        var data = Touch(ordinal, block, entry.Offset, entry.Length);
        for (var row = 0; row < rows; row++)
        {
            var code = BitPacking.Get(data, size, entry.BitWidth, row);
            if (code >= (ulong)entry.Detail)
            {
                return string.Create(CultureInfo.InvariantCulture, $"row {row} of the block has value {code} of a dictionary of {entry.Detail}");
            }
        }

        return types[ordinal].IsByReference
            ? CheckEnds<uint>((uint*)(data + SegmentFormat.Align(size)), entry.Detail, entry.Length - SegmentFormat.Align(size)) : null;
    }

    private static long DictionarySize(DataType type, in BlockEntry entry, int rows)
    {
        if (type.PhysicalSize != sizeof(Guid) || entry.BitWidth > 32 || entry.Detail is <= 0 or > Batch.RowCountMax)
        {
            return long.MaxValue;
        }

        var values = type.IsByReference ? sizeof(uint) : sizeof(Guid);
        return SegmentFormat.Align(BitPacking.SizeOf(rows, entry.BitWidth)) + ((long)entry.Detail * values);
    }
}
