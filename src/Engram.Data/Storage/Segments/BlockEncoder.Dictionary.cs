using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Dictionaries: each distinct value of the block once, and for each row its number in few bits.</summary>
/// <remarks>
/// A dictionary belongs to one block: blocks stay independent of one another, are dropped and rewritten alone, and 2,048 rows of a column with few distinct
/// values repeat each often enough. Values are distinct bit by bit: 1.0 and 1.00 are two.
/// </remarks>
internal static unsafe partial class BlockEncoder
{
    /// <summary>A column with more distinct values in a block repeats itself too little.</summary>
    private const int DistinctMax = 512;

    private const int SlotCount = 4 * DistinctMax;

    /// <summary>For values of 16 bytes. Plain ones are shown where they lie; a copy of each row's must save half.</summary>
    private static bool TryEncodeFixedDictionary(Column column, int count, NativeBuffer extent, ref BlockEntry entry)
        => column.Type.Physical is PhysicalType.Decimal or PhysicalType.Guid
            && TryEncodeDictionary(column, count, (long)count * column.Type.PhysicalSize / 2, extent, ref entry);

    /// <param name="sizeMax">What the block must at most take, without its null mask, for a dictionary to be worth it.</param>
    private static bool TryEncodeDictionary(Column column, int count, long sizeMax, NativeBuffer extent, ref BlockEntry entry)
    {
        Span<ulong> codes = stackalloc ulong[Batch.RowCountMax];
        Span<ushort> firstRows = stackalloc ushort[DistinctMax];
        codes = codes[..count];
        var distinct = FindDistinct(column, codes, firstRows);
        if (distinct < 0)
        {
            return false;
        }

        firstRows = firstRows[..distinct];
        var width = BitPacking.WidthOf((ulong)Math.Max(distinct - 1, 0));
        var valuesAt = SegmentFormat.Align(BitPacking.SizeOf(count, width));
        var size = valuesAt + (column.Type.IsByReference ? SizeOfValues(column, firstRows) : (long)distinct * column.Type.PhysicalSize);
        if (size > sizeMax)
        {
            return false;
        }

        entry.Encoding = BlockEncoding.Dictionary;
        entry.SetPacked(width, 0);
        entry.Detail = distinct;
        var target = Take(extent, size, ref entry);
        BitPacking.Pack(codes, width, new Span<byte>(target, BitPacking.SizeOf(count, width)));
        WriteDistinct(column, firstRows, target + valuesAt);
        WriteNullMask(column, count, target, ref entry);
        return true;
    }

    /// <summary>Numbers distinct values in the order of their first rows; -1 when there are too many.</summary>
    private static int FindDistinct(Column column, Span<ulong> codes, Span<ushort> firstRows)
    {
        // Slots hold a value's number plus one.
        Span<ushort> slots = stackalloc ushort[SlotCount];
        Span<ulong> hashes = stackalloc ulong[DistinctMax];
        slots.Clear();
        var distinct = 0;
        for (var row = 0; row < codes.Length; row++)
        {
            codes[row] = 0;
            if (column.IsNull(row))
            {
                continue;
            }

            var hash = column.Type.IsByReference ? Hashing.Hash(column.Get<Bytes>(row).Span) : Hashing.HashValue(column.Get<Guid>(row));
            var slot = (int)hash & (SlotCount - 1);
            while (slots[slot] != 0 && !(hashes[slots[slot] - 1] == hash && AreSame(column, firstRows[slots[slot] - 1], row)))
            {
                slot = (slot + 1) & (SlotCount - 1);
            }

            if (slots[slot] == 0)
            {
                if (distinct == DistinctMax)
                {
                    return -1;
                }

                hashes[distinct] = hash;
                firstRows[distinct++] = (ushort)row;
                slots[slot] = (ushort)distinct;
            }

            codes[row] = slots[slot] - 1UL;
        }

        return distinct;
    }

    private static bool AreSame(Column column, int a, int b)
        => column.Type.IsByReference ? column.Get<Bytes>(a).Equals(column.Get<Bytes>(b)) : column.Get<Guid>(a) == column.Get<Guid>(b);

    private static long SizeOfValues(Column column, ReadOnlySpan<ushort> rows)
    {
        var size = SegmentFormat.Align((long)rows.Length * sizeof(uint));
        foreach (var row in rows)
        {
            size += column.Get<Bytes>(row).Length;
        }

        return size;
    }

    private static void WriteDistinct(Column column, ReadOnlySpan<ushort> rows, byte* target)
    {
        if (!column.Type.IsByReference)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                ((Guid*)target)[i] = column.Get<Guid>(rows[i]);
            }

            return;
        }

        var bytesAt = SegmentFormat.Align((long)rows.Length * sizeof(uint));
        uint end = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            var value = column.Get<Bytes>(rows[i]);
            value.Span.CopyTo(new Span<byte>(target + bytesAt + end, value.Length));
            end += (uint)value.Length;
            ((uint*)target)[i] = end;
        }
    }
}
