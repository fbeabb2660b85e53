using Engram.Data.Columns;

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
