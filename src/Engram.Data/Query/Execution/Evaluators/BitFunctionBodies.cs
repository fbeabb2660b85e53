using System.Numerics;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

internal interface IBitsOperation
{
    static abstract string Name { get; }

    static abstract byte Combine(byte a, byte b);
}

internal readonly struct BitsAnd : IBitsOperation
{
    public static string Name => "&";

    public static byte Combine(byte a, byte b) => (byte)(a & b);
}

internal readonly struct BitsOr : IBitsOperation
{
    public static string Name => "|";

    public static byte Combine(byte a, byte b) => (byte)(a | b);
}

internal readonly struct BitsXor : IBitsOperation
{
    public static string Name => "#";

    public static byte Combine(byte a, byte b) => (byte)(a ^ b);
}

/// <summary>Two bit strings of one length, bit by bit.</summary>
internal readonly struct BitsCombined<TOperation> : IBinaryFunction<Bytes, Bytes, Bytes>
    where TOperation : struct, IBitsOperation
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var length = BitPair.Length(TOperation.Name, a, b);
        var target = BitValues.Allocate(length, memory, out var result);
        for (var i = 0; i < target.Length - 1; i++)
        {
            target[i] = TOperation.Combine(a.Span[i], b.Span[i]);
        }

        return result;
    }
}

internal readonly struct BitsInverted : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        var target = BitValues.Allocate(length, memory, out var result);
        for (var i = 0; i < target.Length - 1; i++)
        {
            target[i] = (byte)~a.Span[i];
        }

        BitString.Finish(target, length);
        return result;
    }
}

/// <summary>bits &lt;&lt; n and &gt;&gt; n: of the same length; what is shifted out is lost, zeros come in.</summary>
internal readonly struct BitsShifted(bool isLeft) : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        var target = BitValues.Allocate(length, memory, out var result);
        var by = isLeft ? b : -(long)b;
        for (var i = (int)Math.Clamp(-by, 0, length); i < length && i + by < length; i++)
        {
            if (BitString.Get(a.Span, (int)(i + by)))
            {
                BitString.Set(target, i);
            }
        }

        return result;
    }
}

internal readonly struct BitsConcatenated : IBinaryFunction<Bytes, Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory) => BitPair.Join(a, 0, BitString.LengthOf(a.Span), b, default, 0, memory);
}

internal readonly struct BitsLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => BitString.LengthOf(a.Span);
}

internal readonly struct BitOctetLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => a.Length - 1;
}

internal readonly struct BitsSet : IUnaryFunction<Bytes, long>
{
    public static bool IsTotal => false;

    public long Invoke(Bytes a, ColumnBuffer memory) => BitPair.PopCount(BitString.DataOf(a.Span));
}

/// <summary>get_bit(bits, n): the first bit is 0.</summary>
internal readonly struct BitAt : IBinaryFunction<Bytes, int, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, int b, ColumnBuffer memory)
        => (uint)b < (uint)BitString.LengthOf(a.Span) ? (BitString.Get(a.Span, b) ? 1 : 0) : throw Error.NoBitAt(b, BitString.LengthOf(a.Span));
}

internal readonly struct BitReplaced : ITernaryFunction<Bytes, int, int, Bytes>
{
    public Bytes Invoke(Bytes a, int b, int c, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(a.Span);
        if ((uint)b >= (uint)length)
        {
            throw Error.NoBitAt(b, length);
        }

        if (c is not (0 or 1))
        {
            throw Error.InvalidArgument("set_bit", "a bit is 0 or 1.");
        }

        var target = BitValues.Allocate(length, memory, out var result);
        a.Span.CopyTo(target);
        target[b >> 3] = (byte)(c == 1 ? target[b >> 3] | (0x80 >> (b & 7)) : target[b >> 3] & ~(0x80 >> (b & 7)));
        return result;
    }
}

/// <summary>substring(bits, first): places count from 1.</summary>
internal readonly struct BitsFrom : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory) => BitPair.Slice(a, (long)b - 1, long.MaxValue, memory);
}

internal readonly struct BitsFor : ITernaryFunction<Bytes, int, int, Bytes>
{
    public Bytes Invoke(Bytes a, int b, int c, ColumnBuffer memory)
        => c < 0 ? throw Error.SubstringLength("substring", "the length is negative.") : BitPair.Slice(a, (long)b - 1, (long)b - 1 + c, memory);
}

/// <summary>overlay(bits, part, first [, length]).</summary>
internal readonly struct BitsOverlaid : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (bits, part, from) = (arguments[0].Get<Bytes>(row), arguments[1].Get<Bytes>(row), arguments[2].Get<int>(row));
        if (from < 1)
        {
            throw Error.SubstringLength("overlay", "the place to start at is less than 1.");
        }

        var length = BitString.LengthOf(bits.Span);
        var replaced = arguments.Length > 3 ? arguments[3].Get<int>(row) : BitString.LengthOf(part.Span);
        var start = (int)Math.Min(from - 1L, length);
        var end = (int)Math.Clamp(from - 1L + replaced, 0, length);
        result = BitPair.Join(bits, 0, start, part, bits, end, memory);
        return true;
    }
}

/// <summary>position(part, bits): from 1, 0 when it is not there.</summary>
internal readonly struct BitsPosition : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var (part, whole) = (BitString.LengthOf(a.Span), BitString.LengthOf(b.Span));
        if (part == 0)
        {
            return 1;
        }

        for (var at = 0; at + part <= whole; at++)
        {
            var i = 0;
            while (i < part && BitString.Get(a.Span, i) == BitString.Get(b.Span, at + i))
            {
                i++;
            }

            if (i == part)
            {
                return at + 1;
            }

            memory.Work(1 + (i >> 3));
        }

        return 0;
    }
}

/// <summary>strpos(bits, part), which POSITION(part IN bits) is read as.</summary>
internal readonly struct BitsPlace : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory) => default(BitsPosition).Invoke(b, a, memory);
}

/// <summary>Number of bits in which two strings of one length differ.</summary>
internal readonly struct HammingDistance : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        BitPair.Length("<~>", a, b);
        var x = BitString.DataOf(a.Span);
        var y = BitString.DataOf(b.Span);
        var count = 0L;
        for (; x.Length >= sizeof(ulong); x = x[sizeof(ulong)..], y = y[sizeof(ulong)..])
        {
            count += BitOperations.PopCount(MemoryMarshal.Read<ulong>(x) ^ MemoryMarshal.Read<ulong>(y));
        }

        for (var i = 0; i < x.Length; i++)
        {
            count += BitOperations.PopCount((uint)(x[i] ^ y[i]));
        }

        return count;
    }
}

/// <summary>1 minus the bits that both have over the bits that either has; 1 when no bit is in both, as pgvector has it.</summary>
internal readonly struct JaccardDistance : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        BitPair.Length("<%>", a, b);
        var x = BitString.DataOf(a.Span);
        var y = BitString.DataOf(b.Span);
        long both = 0, any = 0;
        for (; x.Length >= sizeof(ulong); x = x[sizeof(ulong)..], y = y[sizeof(ulong)..])
        {
            var (wordX, wordY) = (MemoryMarshal.Read<ulong>(x), MemoryMarshal.Read<ulong>(y));
            both += BitOperations.PopCount(wordX & wordY);
            any += BitOperations.PopCount(wordX | wordY);
        }

        for (var i = 0; i < x.Length; i++)
        {
            both += BitOperations.PopCount((uint)(x[i] & y[i]));
            any += BitOperations.PopCount((uint)(x[i] | y[i]));
        }

        return both == 0 ? 1 : 1 - (both / (double)any);
    }
}

/// <summary>binary_quantize(vector): a bit for each element, 1 where it is greater than 0.</summary>
internal readonly struct BinaryQuantize : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var elements = a.Floats;
        var target = BitValues.Allocate(elements.Length, memory, out var result);
        for (var i = 0; i < elements.Length; i++)
        {
            if (elements[i] > 0)
            {
                BitString.Set(target, i);
            }
        }

        return result;
    }
}

internal static class BitPair
{
    public const int BitsPerLook = 1 << 16;

    /// <summary>The length of both.</summary>
    /// <exception cref="EngramException">22026: they differ.</exception>
    public static int Length(string operation, Bytes a, Bytes b)
    {
        var (left, right) = (BitString.LengthOf(a.Span), BitString.LengthOf(b.Span));
        return left == right ? left : throw Error.BitLengthsDiffer(operation, left, right);
    }

    public static long PopCount(ReadOnlySpan<byte> data)
    {
        var count = 0L;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            count += BitOperations.PopCount(MemoryMarshal.Read<ulong>(data));
        }

        foreach (var value in data)
        {
            count += BitOperations.PopCount(value);
        }

        return count;
    }

    /// <summary>The bits from a 0-based place up to another, as far as there are any.</summary>
    public static Bytes Slice(Bytes bits, long start, long end, ColumnBuffer memory)
    {
        var length = BitString.LengthOf(bits.Span);
        var first = (int)Math.Clamp(start, 0, length);
        return Join(bits, first, (int)Math.Clamp(end, first, length), default, default, 0, memory);
    }

    /// <summary>A part of the first, all of the second, and the rest of the third from a place on. <c>default</c> stands for no bits.</summary>
    public static Bytes Join(Bytes first, int start, int end, Bytes second, Bytes third, int thirdStart, ColumnBuffer memory)
    {
        var (secondLength, thirdLength) = (BitString.LengthOf(second.Span), BitString.LengthOf(third.Span));
        var length = (long)(end - start) + secondLength + (thirdLength - thirdStart);
        if (length > BitString.LengthMax)
        {
            throw Error.BitsTooMany(length, BitString.LengthMax);
        }

        var target = BitValues.Allocate((int)length, memory, out var result);
        var at = 0;
        Copy(first.Span, start, end, target, ref at, memory);
        Copy(second.Span, 0, secondLength, target, ref at, memory);
        Copy(third.Span, thirdStart, thirdLength, target, ref at, memory);
        return result;
    }

    private static void Copy(ReadOnlySpan<byte> source, int start, int end, Span<byte> target, ref int at, ColumnBuffer memory)
    {
        if (((start | at) & 7) == 0 && end > start)
        {
            // Whole bytes; what lies behind the last bit is zero in the source, or cleared here.
            var size = BitString.DataSizeOf(end - start);
            source.Slice(start >> 3, size).CopyTo(target[(at >> 3)..]);
            at += end - start;
            if ((at & 7) != 0)
            {
                target[at >> 3] &= (byte)(0xFF << (8 - (at & 7)));
            }

            return;
        }

        for (var i = start; i < end; i++, at++)
        {
            if (BitString.Get(source, i))
            {
                BitString.Set(target, at);
            }

            if ((i & (BitsPerLook - 1)) == 0)
            {
                memory.Work(BitsPerLook);
            }
        }
    }
}
