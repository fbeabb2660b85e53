using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Packed blocks as columns: all values through the kernels, a few by themselves.</summary>
internal sealed unsafe partial class Segment
{
    private void LoadPacked(int ordinal, int block, in BlockEntry entry, int rows, Selection? needed, Column target, ColumnBuffer scratch)
    {
        var data = Touch(ordinal, block, entry.Offset, entry.Length);
        var size = BitPacking.SizeOf(rows, entry.BitWidth);
        scratch.Reserve(Batch.RowCountMax);
        target.Data = scratch.Column.Data;
        target.Nulls = NullMask(data, in entry);
        if (target.Type.HasOffsets)
        {
            ShowOffsets(in entry, entry.Tag, (short*)(data + SegmentFormat.Align(size)), rows, target, scratch);
        }

        if (needed is { Count: < FewRowsMax })
        {
            UnpackSome(data, size, in entry, needed, target);
        }
        else
        {
            UnpackAll(new ReadOnlySpan<byte>(data, size), in entry, rows, target);
        }
    }

    private static void UnpackAll(ReadOnlySpan<byte> packed, in BlockEntry entry, int rows, Column target)
    {
        switch (target.Type.PhysicalSize)
        {
            case sizeof(byte):
                BitPacking.Unpack(packed, entry.BitWidth, unchecked((byte)entry.Base), target.Values<byte>(rows));
                break;
            case sizeof(ushort):
                BitPacking.Unpack(packed, entry.BitWidth, unchecked((ushort)entry.Base), target.Values<ushort>(rows));
                break;
            case sizeof(uint):
                BitPacking.Unpack(packed, entry.BitWidth, unchecked((uint)entry.Base), target.Values<uint>(rows));
                break;
            case sizeof(ulong):
                BitPacking.Unpack(packed, entry.BitWidth, unchecked((ulong)entry.Base), (uint)entry.Detail, target.Values<ulong>(rows));
                break;
            default:
                // The digits go to the second half of where the numbers will lie: each is read before a number covers it.
                var digits = target.Pointer<long>() + rows;
                BitPacking.Unpack(packed, entry.BitWidth, unchecked((ulong)entry.Base), (uint)entry.Detail, new Span<ulong>(digits, rows));
                var values = target.Pointer<DecimalParts>();
                for (var row = 0; row < rows; row++)
                {
                    values[row] = DecimalParts.Of(digits[row], entry.Tag);
                }

                break;
        }
    }

    private static void UnpackSome(byte* packed, int size, in BlockEntry entry, Selection needed, Column target)
    {
        var valueSize = target.Type.PhysicalSize;
        foreach (var row in needed.Rows)
        {
            var value = PackedValue(packed, size, in entry, row);
            switch (valueSize)
            {
                case sizeof(byte): target.Pointer<byte>()[row] = unchecked((byte)value); break;
                case sizeof(short): target.Pointer<short>()[row] = unchecked((short)value); break;
                case sizeof(int): target.Pointer<int>()[row] = unchecked((int)value); break;
                case sizeof(long): target.Pointer<long>()[row] = value; break;
                default: target.Pointer<DecimalParts>()[row] = DecimalParts.Of(value, entry.Tag); break;
            }
        }
    }

    private static long PackedValue(byte* packed, int size, in BlockEntry entry, int row)
        => unchecked(entry.Base + (long)(BitPacking.Get(packed, size, entry.BitWidth, row) * (uint)entry.Detail));

    /// <summary>One of the numbers of a block that holds them as they are or packed.</summary>
    private static long Int64In(byte* data, in BlockEntry entry, int rows, int row)
        => entry.Encoding == BlockEncoding.Packed ? PackedValue(data, BitPacking.SizeOf(rows, entry.BitWidth), in entry, row) : ((long*)data)[row];

    private static int Int32In(byte* data, in BlockEntry entry, int rows, int row)
        => entry.Encoding == BlockEncoding.Packed ? (int)PackedValue(data, BitPacking.SizeOf(rows, entry.BitWidth), in entry, row) : ((int*)data)[row];

    private static bool IsPackedSound(DataType type, in BlockEntry entry)
    {
        var (widthMax, takesFactor) = type.Physical switch
        {
            PhysicalType.Byte or PhysicalType.SByte => (8, false),
            PhysicalType.Int16 or PhysicalType.UInt16 => (16, false),
            PhysicalType.Int32 or PhysicalType.UInt32 => (32, false),
            PhysicalType.Int64 or PhysicalType.UInt64 or PhysicalType.Decimal => (64, true),
            _ => (-1, false),
        };
        return entry.BitWidth <= widthMax && (entry.Detail == 1 || (takesFactor && entry.Detail != 0 && entry.BitWidth <= 32));
    }

    private static long PackedSize(DataType type, in BlockEntry entry, int rows)
    {
        long size = BitPacking.SizeOf(rows, entry.BitWidth);
        return type.HasOffsets && (entry.Flags & BlockFlags.SameOffset) == 0 ? SegmentFormat.Align(size) + (rows * sizeof(short)) : size;
    }
}
