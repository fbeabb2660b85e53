using System.Numerics;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Segments;

/// <summary>Frame of reference: the distances from the block's least value, in as many bits as the greatest distance needs.</summary>
/// <remarks>
/// Instants and times are rarely given to 100 ns, and prices end in zeros: where all distances of 8-byte values have a common divisor, they
/// are divided by it first. A block of packed values is unpacked to be scanned, at about the speed at which memory could have delivered the plain
/// ones; so packing must save something, see <see cref="WidthMax"/>.
/// </remarks>
internal static unsafe partial class BlockEncoder
{
    /// <summary>Where a divisor leaves more, products do not fit the multiplication of 32 by 32 bits that processors have.</summary>
    private const int DividedWidthMax = 32;

    /// <summary>How many numbers are tried to split a divisor that is too large itself (a day has 864,000,000,000 ticks).</summary>
    private const int DivisorTriesMax = 1000;

    private static bool TryEncodePacked(Column column, int count, NativeBuffer extent, ref BlockEntry entry)
    {
        Span<ulong> codes = stackalloc ulong[Batch.RowCountMax];
        codes = codes[..count];
        short tag = 0;
        var isFound = column.Type.Physical switch
        {
            PhysicalType.Byte => TryFindCodes<byte>(column, codes, ref entry),
            PhysicalType.SByte => TryFindCodes<sbyte>(column, codes, ref entry),
            PhysicalType.Int16 => TryFindCodes<short>(column, codes, ref entry),
            PhysicalType.UInt16 => TryFindCodes<ushort>(column, codes, ref entry),
            PhysicalType.Int32 => TryFindCodes<int>(column, codes, ref entry),
            PhysicalType.UInt32 => TryFindCodes<uint>(column, codes, ref entry),
            PhysicalType.Int64 => TryFindCodes<long>(column, codes, ref entry),
            PhysicalType.UInt64 => TryFindCodes<ulong>(column, codes, ref entry),
            PhysicalType.Decimal => TryFindDecimalCodes(column, codes, ref entry, out tag),
            _ => false,
        };
        if (!isFound)
        {
            return false;
        }

        uint factor = 1;
        var width = BitPacking.WidthOf(Greatest(codes));
        if (column.Type.PhysicalSize >= sizeof(long) && FindDivisor(codes) is > 1 and var divisor)
        {
            var widthDivided = BitPacking.WidthOf(Greatest(codes) / divisor);
            if (widthDivided <= DividedWidthMax)
            {
                (width, factor) = (widthDivided, divisor);
            }
        }

        if (width > WidthMax(column.Type) || SegmentFormat.Align(BitPacking.SizeOf(count, width)) >= SegmentFormat.Align((long)count * column.Type.PhysicalSize))
        {
            return false;
        }

        if (factor > 1)
        {
            Divide(codes, factor);
        }

        WritePacked(column, codes, width, factor, tag, extent, ref entry);
        return true;
    }

    private static void WritePacked(
        Column column, ReadOnlySpan<ulong> codes, int width, uint factor, short tag, NativeBuffer extent, ref BlockEntry entry)
    {
        var count = codes.Length;
        var size = BitPacking.SizeOf(count, width);
        long end = size;
        var hasOffsets = column.Type.HasOffsets;
        if (hasOffsets && HasOneOffset(column, count, out var offset))
        {
            entry.Flags |= BlockFlags.SameOffset;
            tag = offset;
            hasOffsets = false;
        }
        else if (hasOffsets)
        {
            end = SegmentFormat.Align(size) + (count * sizeof(short));
        }

        entry.Encoding = BlockEncoding.Packed;
        entry.SetPacked(width, tag);
        entry.Detail = (int)factor;
        var target = Take(extent, end, ref entry);
        BitPacking.Pack(codes, width, new Span<byte>(target, size));
        if (hasOffsets)
        {
            var offsets = (short*)(target + SegmentFormat.Align(size));
            for (var row = 0; row < count; row++)
            {
                offsets[row] = column.IsNull(row) ? (short)0 : column.GetOffset(row);
            }
        }

        WriteNullMask(column, count, target, ref entry);
    }

    /// <summary>The widest codes that are worth unpacking, by what was measured: three quarters of the plain value.</summary>
    private static int WidthMax(DataType type) => type.PhysicalSize switch
    {
        1 => 4,
        2 => 12,
        4 => 24,
        _ => 48,
    };

    private static bool TryFindCodes<T>(Column column, Span<ulong> codes, ref BlockEntry entry)
        where T : unmanaged, INumber<T>
    {
        // Sign or zero extended, differences modulo 2^64 are the true distances of every integer type.
        var least = long.CreateTruncating(entry.Min.As<T>());
        var values = column.Pointer<T>();
        for (var row = 0; row < codes.Length; row++)
        {
            codes[row] = column.IsNull(row) ? 0 : unchecked((ulong)(long.CreateTruncating(values[row]) - least));
        }

        entry.Base = least;
        return true;
    }

    /// <summary>Numbers of one scale whose digits fit an Int64. Minus zero is a value of its own, bit by bit, and stays plain.</summary>
    private static bool TryFindDecimalCodes(Column column, Span<ulong> codes, ref BlockEntry entry, out short scale)
    {
        scale = -1;
        var least = long.MaxValue;
        var values = column.Pointer<DecimalParts>();
        for (var row = 0; row < codes.Length; row++)
        {
            if (column.IsNull(row))
            {
                continue;
            }

            ref readonly var parts = ref values[row];
            var isFirst = scale < 0;
            scale = isFirst ? parts.Scale : scale;
            if (parts.Scale != scale || !parts.TryGetDigits(out var digits))
            {
                return false;
            }

            codes[row] = (ulong)digits;
            least = Math.Min(least, digits);
        }

        for (var row = 0; row < codes.Length; row++)
        {
            codes[row] = column.IsNull(row) ? 0 : unchecked(codes[row] - (ulong)least);
        }

        entry.Base = least;
        return true;
    }

    private static ulong Greatest(ReadOnlySpan<ulong> codes)
    {
        ulong greatest = 0;
        foreach (var code in codes)
        {
            greatest = Math.Max(greatest, code);
        }

        return greatest;
    }

    /// <summary>The greatest common divisor of all codes, or a divisor of it that fits 32 bits.</summary>
    private static uint FindDivisor(ReadOnlySpan<ulong> codes)
    {
        ulong divisor = 0;
        foreach (var code in codes)
        {
            if (divisor == 0)
            {
                divisor = code;
            }
            else if (code % divisor != 0)
            {
                divisor = GreatestCommonDivisor(divisor, code);
                if (divisor == 1)
                {
                    return 1;
                }
            }
        }

        if (divisor <= uint.MaxValue)
        {
            return divisor == 0 ? 1 : (uint)divisor;
        }

        var first = (divisor / uint.MaxValue) + 1;
        for (var part = first; part < first + DivisorTriesMax; part++)
        {
            if (divisor % part == 0)
            {
                return (uint)(divisor / part);
            }
        }

        return 1;
    }

    private static ulong GreatestCommonDivisor(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }

    private static void Divide(Span<ulong> codes, uint divisor)
    {
        foreach (ref var code in codes)
        {
            code /= divisor;
        }
    }
}

/// <summary>A <see cref="decimal"/> as it lies in memory and in plain blocks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecimalParts
{
    private const int SignBit = int.MinValue;

    private int flags;
    private uint high;
    private ulong low;

    public readonly short Scale => (short)(flags >> 16 & 0xFF);

    /// <summary>The number without its point, when it fits.</summary>
    public readonly bool TryGetDigits(out long digits)
    {
        var isNegative = (flags & SignBit) != 0;
        digits = isNegative ? -(long)low : (long)low;
        return high == 0 && low <= long.MaxValue && !(isNegative && low == 0);
    }

    public static DecimalParts Of(long digits, short scale) => new()
    {
        flags = (scale << 16) | (digits < 0 ? SignBit : 0),
        low = digits < 0 ? unchecked((ulong)-digits) : (ulong)digits,
    };
}
