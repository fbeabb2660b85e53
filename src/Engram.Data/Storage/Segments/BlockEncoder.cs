using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Encodes one block of one column: chooses the encoding, computes the zone map. <see cref="SegmentFormat"/> has the layouts.</summary>
internal static unsafe partial class BlockEncoder
{
    /// <summary>Appends the first <paramref name="count"/> rows to the column's extent and describes them.</summary>
    /// <returns>The entry; its offset is relative to the extent.</returns>
    public static BlockEntry Encode(Column column, int count, NativeBuffer extent)
    {
        var entry = new BlockEntry { Offset = SegmentFormat.Align(extent.Length) };
        var valueCount = column.IsConstant ? 1 : count;
        var nullCount = column.Nulls == null ? 0 : valueCount - Aggregates.CountNonNull(column.Nulls, valueCount);
        if (nullCount == valueCount)
        {
            entry.NullCount = (ushort)count;
            entry.Encoding = BlockEncoding.Constant;
            return entry;
        }

        entry.NullCount = (ushort)nullCount;
        if (nullCount > 0)
        {
            entry.Flags |= BlockFlags.HasNullMask;
        }

        if (ZoneMap.TryCompute(column.Type, column.Data, nullCount == 0 ? null : column.Nulls, valueCount, out entry.Min, out entry.Max))
        {
            entry.Flags |= BlockFlags.HasMinMax;
        }

        if (nullCount == 0 && IsOneValue(column, valueCount))
        {
            EncodeConstant(column, extent, ref entry);
        }
        else if (column.Type.IsByReference)
        {
            EncodeBytes(column, count, extent, ref entry);
        }
        else if (nullCount == 0 && IsSequential(column, count, out entry.Base))
        {
            entry.Encoding = BlockEncoding.Sequential;
        }
        else if (!TryEncodePacked(column, count, extent, ref entry) && !TryEncodeFixedDictionary(column, count, extent, ref entry))
        {
            EncodePlain(column, count, extent, ref entry);
        }

        return entry;
    }

    /// <summary>Bit by bit: 1.0 and 1.00 are equal, but not one value.</summary>
    private static bool IsOneValue(Column column, int count)
    {
        if (column.IsConstant || count == 1)
        {
            return true;
        }

        if (column.Type.IsByReference)
        {
            var values = column.Values<Bytes>(count);
            for (var i = 1; i < count; i++)
            {
                if (!values[i].Equals(values[0]))
                {
                    return false;
                }
            }

            return true;
        }

        // Each value equals the next when the array equals itself moved by one.
        var size = column.Type.PhysicalSize;
        var bytes = new ReadOnlySpan<byte>(column.Data, count * size);
        return bytes[size..].SequenceEqual(bytes[..^size]) && (column.Offsets == null || HasOneOffset(column, count, out _));
    }

    /// <summary>Whether all instants that are not NULL have one UTC offset.</summary>
    private static bool HasOneOffset(Column column, int count, out short offset)
    {
        var first = 0;
        while (first < count && column.IsNull(first))
        {
            first++;
        }

        offset = column.GetOffset(first);
        for (var row = first + 1; row < count; row++)
        {
            if (column.GetOffset(row) != offset && !column.IsNull(row))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSequential(Column column, int count, out long first)
    {
        first = 0;
        switch (column.Type.Physical)
        {
            case PhysicalType.Int64 when !column.Type.HasOffsets:
                var longs = column.Values<long>(count);
                for (var i = 1; i < count; i++)
                {
                    if (longs[i] != unchecked(longs[0] + i))
                    {
                        return false;
                    }
                }

                first = longs[0];
                return true;
            case PhysicalType.Int32:
                var ints = column.Values<int>(count);
                for (var i = 1; i < count; i++)
                {
                    if (ints[i] != unchecked(ints[0] + i))
                    {
                        return false;
                    }
                }

                first = ints[0];
                return true;
            default:
                return false;
        }
    }

    private static void EncodeConstant(Column column, NativeBuffer extent, ref BlockEntry entry)
    {
        entry.Encoding = BlockEncoding.Constant;
        if (column.Type.IsByReference)
        {
            var value = column.Get<Bytes>(0).Span;
            entry.Length = (uint)value.Length;
            value.CopyTo(new Span<byte>(extent.Take(value.Length), value.Length));
            return;
        }

        var size = column.Type.PhysicalSize;
        entry.Length = (uint)(size + (column.Type.HasOffsets ? sizeof(short) : 0));
        var target = extent.Take(entry.Length);
        new ReadOnlySpan<byte>(column.Data, size).CopyTo(new Span<byte>(target, size));
        if (column.Type.HasOffsets)
        {
            *(short*)(target + size) = column.GetOffset(0);
        }
    }

    private static void EncodePlain(Column column, int count, NativeBuffer extent, ref BlockEntry entry)
    {
        entry.Encoding = BlockEncoding.Plain;
        var size = column.Type.PhysicalSize;
        var hasOffsets = column.Type.HasOffsets;
        if (hasOffsets && HasOneOffset(column, count, out var offset))
        {
            entry.Flags |= BlockFlags.SameOffset;
            entry.Base = offset;
            hasOffsets = false;
        }

        var offsetsAt = (long)count * size;
        var endAt = offsetsAt;
        if (hasOffsets)
        {
            offsetsAt = SegmentFormat.Align(offsetsAt);
            endAt = offsetsAt + (count * sizeof(short));
        }

        var target = Take(extent, endAt, ref entry);
        Buffer.MemoryCopy(column.Data, target, (long)count * size, (long)count * size);
        if (hasOffsets)
        {
            Buffer.MemoryCopy(column.Offsets, target + offsetsAt, count * sizeof(short), count * sizeof(short));
        }

        if (entry.NullCount > 0)
        {
            // Whatever lay under a NULL in memory stays there.
            for (var row = 0; row < count; row++)
            {
                if (column.IsNull(row))
                {
                    NativeMemory.Clear(target + ((long)row * size), (nuint)size);
                    if (hasOffsets)
                    {
                        ((short*)(target + offsetsAt))[row] = 0;
                    }
                }
            }
        }

        WriteNullMask(column, count, target, ref entry);
    }

    private static void EncodeBytes(Column column, int count, NativeBuffer extent, ref BlockEntry entry)
    {
        var values = column.Pointer<Bytes>();
        var length = -1;
        var isSame = true;
        long total = 0;
        for (var row = 0; row < count; row++)
        {
            if (!column.IsNull(row))
            {
                isSame &= length < 0 || length == values[row].Length;
                length = values[row].Length;
                total += length;
            }
        }

        // NULLs take the place of a value in Stride: worth it where values must lie at regular places, which is vectors.
        var isStride = isSame && length > 0 && (entry.NullCount == 0 || column.Type.IsVector);
        var endSize = total <= ushort.MaxValue ? sizeof(ushort) : sizeof(uint);
        var bytesAt = SegmentFormat.Align((long)count * endSize);
        if (!column.Type.IsVector && TryEncodeDictionary(column, count, (isStride ? (long)count * length : bytesAt + total) - 1, extent, ref entry))
        {
            return;
        }

        if (isStride)
        {
            entry.Encoding = BlockEncoding.Stride;
            entry.Stride = length;
            var rows = Take(extent, (long)count * length, ref entry);
            for (var row = 0; row < count; row++)
            {
                if (!column.IsNull(row))
                {
                    values[row].Span.CopyTo(new Span<byte>(rows + ((long)row * length), length));
                }
            }

            WriteNullMask(column, count, rows, ref entry);
            return;
        }

        entry.Encoding = endSize == sizeof(ushort) ? BlockEncoding.ShortBytes : BlockEncoding.PlainBytes;
        var target = Take(extent, bytesAt + total, ref entry);
        var end = 0L;
        for (var row = 0; row < count; row++)
        {
            if (!column.IsNull(row))
            {
                values[row].Span.CopyTo(new Span<byte>(target + bytesAt + end, values[row].Length));
                end += values[row].Length;
            }

            if (endSize == sizeof(ushort))
            {
                ((ushort*)target)[row] = (ushort)end;
            }
            else
            {
                ((uint*)target)[row] = (uint)end;
            }
        }

        WriteNullMask(column, count, target, ref entry);
    }

    /// <summary>Room for the parts of <paramref name="size"/> bytes and the null mask behind them, and the block's length.</summary>
    private static byte* Take(NativeBuffer extent, long size, ref BlockEntry entry)
    {
        var length = (entry.Flags & BlockFlags.HasNullMask) == 0 ? size : SegmentFormat.Align(size) + SegmentFormat.NullMaskSize;
        if (length > uint.MaxValue)
        {
            throw Error.BlockTooLong(length, uint.MaxValue);
        }

        entry.Length = (uint)length;
        return extent.Take(length);
    }

    private static void WriteNullMask(Column column, int count, byte* target, ref BlockEntry entry)
    {
        if ((entry.Flags & BlockFlags.HasNullMask) == 0)
        {
            return;
        }

        var mask = new Span<ulong>(target + entry.Length - SegmentFormat.NullMaskSize, Batch.NullWordCount);
        new ReadOnlySpan<ulong>(column.Nulls, Bits.WordCount(count)).CopyTo(mask);
        if ((count & 63) != 0)
        {
            mask[count >> 6] &= (1UL << count) - 1;
        }
    }
}
