using System.Collections;

namespace Engram.Data.Columns;

/// <summary>How a bit string lies in memory and in files.</summary>
/// <remarks>
/// Eight bits a byte, the first bit in the highest place of the first byte, zeros behind the last. One more byte at the end tells how many bits of the
/// last byte count, 1 to 8, and is 0 for the string without bits: so a value knows its length by itself, and equal strings are equal bytes. Order needs a
/// comparison of its own (<see cref="Compare"/>), for the last byte is no bits.
/// </remarks>
internal static class BitString
{
    /// <summary>PostgreSQL's limit.</summary>
    public const int LengthMax = 83_886_080;

    /// <summary>Bytes that a string of so many bits takes.</summary>
    public static int SizeOf(int bitCount) => DataSizeOf(bitCount) + 1;

    public static int DataSizeOf(int bitCount) => (bitCount + 7) >> 3;

    /// <summary>Number of bits.</summary>
    public static int LengthOf(ReadOnlySpan<byte> value) => value.Length <= 1 ? 0 : ((value.Length - 2) * 8) + value[^1];

    /// <summary>The bytes that hold bits.</summary>
    public static ReadOnlySpan<byte> DataOf(ReadOnlySpan<byte> value) => value.IsEmpty ? value : value[..^1];

    public static bool Get(ReadOnlySpan<byte> value, int index) => (value[index >> 3] & (0x80 >> (index & 7))) != 0;

    public static void Set(Span<byte> value, int index) => value[index >> 3] |= (byte)(0x80 >> (index & 7));

    /// <summary>Clears what lies behind the last bit and writes the last byte.</summary>
    public static void Finish(Span<byte> value, int bitCount)
    {
        var used = bitCount == 0 ? 0 : ((bitCount - 1) & 7) + 1;
        value[^1] = (byte)used;
        if (bitCount > 0)
        {
            value[^2] &= (byte)(0xFF << (8 - used));
        }
    }

    /// <summary>By the first bit that differs, then the shorter first.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var order = DataOf(a).SequenceCompareTo(DataOf(b));
        return order != 0 ? order : LengthOf(a).CompareTo(LengthOf(b));
    }

    /// <summary>What is wrong with bytes as a value of a type; null when nothing is.</summary>
    public static string? Fault(DataType type, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[^1] > 8 || (value[^1] == 0) != (value.Length == 1))
        {
            return $"a value of type {type} does not end in the number of its last bits";
        }

        if (value.Length > 1 && (value[^2] & ((1 << (8 - value[^1])) - 1)) != 0)
        {
            return $"a value of type {type} has bits behind its last";
        }

        var length = LengthOf(value);
        return type.Size != 0 && (type.IsVarying ? length > type.Size : length != type.Size) ? $"a value of type {type} has {length} bits" : null;
    }

    /// <summary>The first element of the array is the first bit.</summary>
    public static byte[] Of(BitArray bits)
    {
        var value = new byte[SizeOf(bits.Length)];
        for (var i = 0; i < bits.Length; i++)
        {
            if (bits[i])
            {
                Set(value, i);
            }
        }

        Finish(value, bits.Length);
        return value;
    }

    public static BitArray ToBitArray(ReadOnlySpan<byte> value)
    {
        var bits = new BitArray(LengthOf(value));
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = Get(value, i);
        }

        return bits;
    }
}
