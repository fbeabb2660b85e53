using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>string.IndexOf(part, start, Ordinal) of .NET; a start beyond the end finds nothing.</summary>
internal readonly struct Utf16IndexOfFrom : ITernaryFunction<Bytes, Bytes, int, int>
{
    public int Invoke(Bytes a, Bytes b, int c, ColumnBuffer memory)
    {
        if (c < 0 || c > CodePoints.CountUtf16(a.Span))
        {
            return -1;
        }

        var start = Slices.OffsetOfUtf16(a.Span, c);
        var at = a.Span[start..].IndexOf(b.Span);
        return at < 0 ? -1 : CodePoints.CountUtf16(a.Span[..(start + at)]);
    }
}

/// <summary>string.LastIndexOf(part, Ordinal) of .NET: an empty part is found at the end.</summary>
internal readonly struct Utf16LastIndexOf : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var at = b.Length == 0 ? a.Length : a.Span.LastIndexOf(b.Span);
        return at < 0 ? -1 : CodePoints.CountUtf16(a.Span[..at]);
    }
}

/// <summary>Times and intervals are stored in this unit.</summary>
internal readonly struct Ticks : IUnaryFunction<long, long>
{
    public static bool IsTotal => true;

    public long Invoke(long a, ColumnBuffer memory) => a;
}

internal readonly struct GetByte : IBinaryFunction<Bytes, int, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, int b, ColumnBuffer memory)
        => (uint)b < (uint)a.Length ? a.Span[b] : throw Error.NoByteAt(b, a.Length);
}

/// <summary>The bit at a 0-based place, the lowest of a byte first.</summary>
internal readonly struct GetBit : IBinaryFunction<Bytes, long, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, long b, ColumnBuffer memory)
        => b >= 0 && b < a.Length * 8L ? (a.Span[(int)(b / 8)] >> (int)(b % 8)) & 1 : throw Error.NoByteAt((int)Math.Clamp(b >> 3, int.MinValue, int.MaxValue), a.Length);
}

internal readonly struct SetBit : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (bytes, place, bit) = (arguments[0].Get<Bytes>(row), arguments[1].Get<long>(row), arguments[2].Get<int>(row));
        if (place < 0 || place >= bytes.Length * 8L)
        {
            throw Error.NoByteAt((int)Math.Clamp(place >> 3, int.MinValue, int.MaxValue), bytes.Length);
        }

        if (bit is not (0 or 1))
        {
            throw Error.InvalidArgument("set_bit", "a bit is 0 or 1.");
        }

        var changed = bytes.Span.ToArray();
        var mask = (byte)(1 << (int)(place % 8));
        changed[place / 8] = (byte)(bit == 1 ? changed[place / 8] | mask : changed[place / 8] & ~mask);
        result = TextValue.Copy(changed, memory);
        return true;
    }
}

internal readonly struct SetByte : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (bytes, place, value) = (arguments[0].Get<Bytes>(row), arguments[1].Get<int>(row), arguments[2].Get<int>(row));
        var changed = bytes.Span.ToArray();
        changed[(uint)place < (uint)changed.Length ? place : throw Error.NoByteAt(place, changed.Length)] = unchecked((byte)value);
        result = TextValue.Copy(changed, memory);
        return true;
    }
}

/// <summary>Drops bytes of a set.</summary>
internal readonly struct TrimBytes<TEnds> : IBinaryFunction<Bytes, Bytes, Bytes>
    where TEnds : struct, ITrimEnds
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var kept = a.Span;
        kept = TEnds.AtStart ? kept.TrimStart(b.Span) : kept;
        return TextValue.Copy(TEnds.AtEnd ? kept.TrimEnd(b.Span) : kept, memory);
    }
}

/// <summary>position(part, bytes): from 1, 0 when it is not there.</summary>
internal readonly struct BytesPosition : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory) => b.Span.IndexOf(a.Span) + 1;
}

internal readonly struct ContainsByte : IBinaryFunction<Bytes, int, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, int b, ColumnBuffer memory) => b is >= 0 and <= byte.MaxValue && a.Span.Contains((byte)b) ? (byte)1 : (byte)0;
}
