using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Reads <c>101</c>, <c>b101</c> or <c>x1F</c>.</summary>
internal readonly unsafe struct ParseBits : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Span;
        var isHex = !text.IsEmpty && (text[0] | 0x20) == 'x';
        text = isHex || (!text.IsEmpty && (text[0] | 0x20) == 'b') ? text[1..] : text;
        var bitCount = (long)text.Length * (isHex ? 4 : 1);
        if (bitCount > BitString.LengthMax)
        {
            throw Error.BitsTooMany(bitCount, BitString.LengthMax);
        }

        var target = BitValues.Allocate((int)bitCount, memory, out var result);
        for (var i = 0; i < text.Length; i++)
        {
            var c = (char)text[i];
            if (isHex ? !char.IsAsciiHexDigit(c) : c is not ('0' or '1'))
            {
                throw TextValue.Invalid(DataType.VaryingBits(), a);
            }

            if (isHex)
            {
                target[i >> 1] |= (byte)(Convert.ToInt32(c.ToString(), 16) << ((i & 1) == 0 ? 4 : 0));
            }
            else if (c == '1')
            {
                BitString.Set(target, i);
            }

            if ((i & (BitPair.BitsPerLook - 1)) == 0)
            {
                memory.Work(BitPair.BitsPerLook);
            }
        }

        return result;
    }
}

internal readonly unsafe struct FormatBits : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        var pointer = memory.AllocateVariable(length);
        for (var i = 0; i < length; i++)
        {
            pointer[i] = BitString.Get(a.Span, i) ? (byte)'1' : (byte)'0';
            if ((i & (BitPair.BitsPerLook - 1)) == 0)
            {
                memory.Work(BitPair.BitsPerLook);
            }
        }

        return new Bytes(pointer, length);
    }
}

/// <summary>What is stored as bit(n) has n bits, and as bit varying(n) at most n: never cut or filled up.</summary>
internal readonly struct FitBits(DataType type, string? target) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        return (type.IsVarying ? length <= type.Size : length == type.Size) ? a : throw Error.BitLength(target, type.ToString(), type.Size, length, type.IsVarying);
    }
}

/// <summary>A written cast: the first n bits; to bit(n), zeros fill it up at the end.</summary>
internal readonly struct CutBits(DataType type) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        var wanted = type.IsVarying ? Math.Min(length, type.Size) : type.Size;
        if (length == wanted)
        {
            return a;
        }

        var target = BitValues.Allocate(wanted, memory, out var result);
        a.Span[..BitString.DataSizeOf(Math.Min(length, wanted))].CopyTo(target);
        BitString.Finish(target, wanted);
        return result;
    }
}

/// <summary>The lowest n bits of an integer; where it has fewer, its sign goes on to the left, as in PostgreSQL.</summary>
internal readonly struct IntegerToBits<T>(int bitCount) : IUnaryFunction<T, Bytes>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => false;

    public Bytes Invoke(T a, ColumnBuffer memory)
    {
        var value = Int128.CreateTruncating(a);
        var target = BitValues.Allocate(bitCount, memory, out var result);
        var sign = value < 0;
        for (var i = 0; i < bitCount; i++)
        {
            var place = bitCount - 1 - i;
            if (place >= 64 ? sign : ((value >> place) & 1) != 0)
            {
                BitString.Set(target, i);
            }
        }

        return result;
    }
}

/// <summary>A bit string as the integer whose lowest bits it is. One of as many bits as the integer has tells its sign.</summary>
internal readonly struct BitsToInteger<T> : IUnaryFunction<Bytes, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => false;

    public unsafe T Invoke(Bytes a, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        if (length > sizeof(T) * 8)
        {
            throw new OverflowException();
        }

        var value = 0UL;
        for (var i = 0; i < length; i++)
        {
            value = (value << 1) | (BitString.Get(a.Span, i) ? 1UL : 0UL);
        }

        return T.CreateTruncating(value);
    }
}

internal static unsafe class BitValues
{
    /// <summary>Room for a bit string, all bits 0. The last byte is written already.</summary>
    public static Span<byte> Allocate(int bitCount, ColumnBuffer memory, out Bytes value)
    {
        var size = BitString.SizeOf(bitCount);
        var pointer = memory.AllocateVariable(size);
        var span = new Span<byte>(pointer, size);
        span.Clear();
        BitString.Finish(span, bitCount);
        value = new Bytes(pointer, size);
        return span;
    }
}
