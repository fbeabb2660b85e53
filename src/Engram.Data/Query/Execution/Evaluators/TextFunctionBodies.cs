using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

// Text is UTF-8. A search for bytes is a search for text, since no character's bytes occur within another's; and a part of a text is a view
// of the same memory, never a copy.

internal readonly struct TextLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => CodePoints.Count(a.Span);
}

internal readonly struct Utf16Length : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => CodePoints.CountUtf16(a.Span);
}

internal readonly struct OctetLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => true;

    public int Invoke(Bytes a, ColumnBuffer memory) => a.Length;
}

internal interface ICaseMapping
{
    static abstract string Map(string text);

    static abstract void MapAscii(ReadOnlySpan<byte> source, Span<byte> target);
}

internal readonly struct UpperCase : ICaseMapping
{
    public static string Map(string text) => text.ToUpperInvariant();

    public static void MapAscii(ReadOnlySpan<byte> source, Span<byte> target) => Ascii.ToUpper(source, target, out _);
}

internal readonly struct LowerCase : ICaseMapping
{
    public static string Map(string text) => text.ToLowerInvariant();

    public static void MapAscii(ReadOnlySpan<byte> source, Span<byte> target) => Ascii.ToLower(source, target, out _);
}

/// <summary>upper and lower by the invariant culture; text outside ASCII takes the way through a string.</summary>
internal readonly unsafe struct MapCase<TCase> : IUnaryFunction<Bytes, Bytes>
    where TCase : struct, ICaseMapping
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        if (!Ascii.IsValid(a.Span))
        {
            return TextValue.Copy(Encoding.UTF8.GetBytes(TCase.Map(a.Text)), memory);
        }

        var pointer = memory.AllocateVariable(a.Length);
        TCase.MapAscii(a.Span, new Span<byte>(pointer, a.Length));
        return new Bytes(pointer, a.Length);
    }
}

/// <summary>Where trimming takes place.</summary>
internal interface ITrimEnds
{
    static abstract bool AtStart { get; }

    static abstract bool AtEnd { get; }
}

internal readonly struct TrimBoth : ITrimEnds
{
    public static bool AtStart => true;

    public static bool AtEnd => true;
}

internal readonly struct TrimStart : ITrimEnds
{
    public static bool AtStart => true;

    public static bool AtEnd => false;
}

internal readonly struct TrimEnd : ITrimEnds
{
    public static bool AtStart => false;

    public static bool AtEnd => true;
}

/// <summary>Drops spaces, as PostgreSQL does: no other white space.</summary>
internal readonly struct TrimSpaces<TEnds> : IUnaryFunction<Bytes, Bytes>
    where TEnds : struct, ITrimEnds
{
    public static bool IsTotal => false;

    public unsafe Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var (start, end) = (0, a.Length);
        while (TEnds.AtStart && start < end && a.Pointer[start] == ' ')
        {
            start++;
        }

        while (TEnds.AtEnd && end > start && a.Pointer[end - 1] == ' ')
        {
            end--;
        }

        return new Bytes(a.Pointer + start, end - start);
    }
}

/// <summary>Drops characters of a set.</summary>
internal readonly struct TrimCharacters<TEnds> : IBinaryFunction<Bytes, Bytes, Bytes>
    where TEnds : struct, ITrimEnds
{
    public static bool IsTotal => false;

    public unsafe Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var (start, end) = (0, a.Length);
        while (TEnds.AtStart && start < end)
        {
            var length = Slices.LengthAt(a.Span, start);
            if (b.Span.IndexOf(a.Span.Slice(start, length)) < 0)
            {
                break;
            }

            start += length;
        }

        while (TEnds.AtEnd && end > start)
        {
            var last = end - 1;
            while (last > start && (sbyte)a.Pointer[last] < -64)
            {
                last--;
            }

            if (b.Span.IndexOf(a.Span[last..end]) < 0)
            {
                break;
            }

            end = last;
        }

        return new Bytes(a.Pointer + start, end - start);
    }
}

internal static unsafe class Slices
{
    /// <summary>Bytes of the code point that begins there.</summary>
    public static int LengthAt(ReadOnlySpan<byte> text, int at)
    {
        var length = text[at] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
        return Math.Min(length, text.Length - at);
    }

    /// <summary>Code points first … last - 1, 0-based; places beyond the text are empty.</summary>
    public static Bytes OfCodePoints(Bytes text, long first, long last)
    {
        var start = CodePoints.Offset(text.Span, Math.Max(first, 0));
        var length = last <= Math.Max(first, 0) ? 0 : CodePoints.Offset(text.Span[start..], last - Math.Max(first, 0));
        return new Bytes(text.Pointer + start, length);
    }

    /// <summary>The byte at a place counted in UTF-16 code units.</summary>
    public static int OffsetOfUtf16(ReadOnlySpan<byte> text, long place)
    {
        var at = 0;
        while (place > 0 && at < text.Length)
        {
            var length = LengthAt(text, at);
            place -= length == 4 ? 2 : 1;
            at += length;
        }

        return place >= 0 ? at : throw Error.HalfSurrogate();
    }
}

/// <summary>substring(text, from): places count from 1.</summary>
internal readonly struct SubstringFrom : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory) => Slices.OfCodePoints(a, (long)b - 1, long.MaxValue);
}

/// <summary>substring(text, from, for): a start before the text uses up part of the length, as in PostgreSQL.</summary>
internal readonly struct SubstringFor : ITernaryFunction<Bytes, int, int, Bytes>
{
    public Bytes Invoke(Bytes a, int b, int c, ColumnBuffer memory)
        => c < 0 ? throw Error.InvalidArgument("substring", "the length is negative. Pass 0 or more.") : Slices.OfCodePoints(a, (long)b - 1, (long)b - 1 + c);
}

internal readonly unsafe struct Utf16SubstringFrom : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory)
    {
        var start = Slices.OffsetOfUtf16(a.Span, b);
        return new Bytes(a.Pointer + start, a.Length - start);
    }
}

internal readonly unsafe struct Utf16SubstringFor : ITernaryFunction<Bytes, int, int, Bytes>
{
    public Bytes Invoke(Bytes a, int b, int c, ColumnBuffer memory)
    {
        var start = Slices.OffsetOfUtf16(a.Span, b);
        return new Bytes(a.Pointer + start, Slices.OffsetOfUtf16(a.Span[start..], c));
    }
}

/// <summary>left(text, n); a negative n drops that many from the end.</summary>
internal readonly struct Left : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory) => Slices.OfCodePoints(a, 0, b >= 0 ? b : CodePoints.Count(a.Span) + (long)b);
}

/// <summary>right(text, n); a negative n drops that many from the start.</summary>
internal readonly struct Right : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory) => Slices.OfCodePoints(a, b >= 0 ? CodePoints.Count(a.Span) - (long)b : -(long)b, long.MaxValue);
}

/// <summary>The text as it compares without regard to case.</summary>
internal readonly unsafe struct FoldCase : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => true;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var room = Kernels.TextCase.FoldedLengthMax(a.Length);
        var target = memory.AllocateVariable(room);
        return new Bytes(target, Kernels.TextCase.Fold(a.Span, new Span<byte>(target, room)));
    }
}

/// <summary>The character that escapes in a pattern of folded text: a letter would escape in its other case too.</summary>
internal readonly struct CaselessEscape : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
        => !a.Text.EnumerateRunes().Any(System.Text.Rune.IsLetter) ? a : throw Error.NotSupported("A letter that escapes in LIKE over texts that compare without regard to case (write another character behind ESCAPE)");
}

internal readonly struct StartsWith : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => a.Span.StartsWith(b.Span) ? (byte)1 : (byte)0;
}

internal readonly struct EndsWith : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => a.Span.EndsWith(b.Span) ? (byte)1 : (byte)0;
}

internal readonly struct Contains : IBinaryFunction<Bytes, Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, Bytes b, ColumnBuffer memory) => a.Span.IndexOf(b.Span) >= 0 ? (byte)1 : (byte)0;
}

/// <summary>strpos(text, part): from 1, 0 when it is not there.</summary>
internal readonly struct StringPosition : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var at = a.Span.IndexOf(b.Span);
        return at < 0 ? 0 : CodePoints.Count(a.Span[..at]) + 1;
    }
}

/// <summary>position(part, text).</summary>
internal readonly struct Position : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory) => default(StringPosition).Invoke(b, a, memory);
}

/// <summary>string.IndexOf(part, Ordinal) of .NET: from 0, −1 when it is not there.</summary>
internal readonly struct Utf16IndexOf : IBinaryFunction<Bytes, Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var at = a.Span.IndexOf(b.Span);
        return at < 0 ? -1 : CodePoints.CountUtf16(a.Span[..at]);
    }
}

internal readonly unsafe struct Concatenate : IBinaryFunction<Bytes, Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var target = TextSize.Allocate((long)a.Length + b.Length, memory, out var pointer);
        a.Span.CopyTo(target);
        b.Span.CopyTo(target[a.Length..]);
        return new Bytes(pointer, target.Length);
    }
}

internal readonly unsafe struct Replace : ITernaryFunction<Bytes, Bytes, Bytes, Bytes>
{
    public Bytes Invoke(Bytes a, Bytes b, Bytes c, ColumnBuffer memory)
    {
        var count = b.Length == 0 ? 0 : a.Span.Count(b.Span);
        if (count == 0)
        {
            return a;
        }

        var target = TextSize.Allocate(a.Length + ((long)count * (c.Length - b.Length)), memory, out var pointer);
        var rest = a.Span;
        var written = 0;
        for (int at; (at = rest.IndexOf(b.Span)) >= 0; rest = rest[(at + b.Length)..])
        {
            rest[..at].CopyTo(target[written..]);
            c.Span.CopyTo(target[(written + at)..]);
            written += at + c.Length;
            memory.Work(at + c.Length);
        }

        rest.CopyTo(target[written..]);
        return new Bytes(pointer, target.Length);
    }
}

internal readonly unsafe struct Reverse : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var target = TextSize.Allocate(a.Length, memory, out var pointer);
        for (var at = 0; at < a.Length;)
        {
            var length = Slices.LengthAt(a.Span, at);
            a.Span.Slice(at, length).CopyTo(target[(a.Length - at - length)..]);
            at += length;
        }

        return new Bytes(pointer, a.Length);
    }
}

internal readonly unsafe struct Repeat : IBinaryFunction<Bytes, int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, int b, ColumnBuffer memory)
    {
        var count = Math.Max(b, 0);
        var target = TextSize.Allocate((long)a.Length * count, memory, out var pointer);
        // The part that is filled already doubles: one long text is a few long copies, not a copy for each repetition.
        var filled = Math.Min(a.Length, target.Length);
        a.Span[..filled].CopyTo(target);
        while (filled > 0 && filled < target.Length)
        {
            var more = Math.Min(TextSize.CopyLength(filled, a.Length), target.Length - filled);
            target[..more].CopyTo(target[filled..]);
            filled += more;
            memory.Work(more);
        }

        return new Bytes(pointer, target.Length);
    }
}

internal static unsafe class TextSize
{
    public const int LengthMax = 1 << 30;

    // What is copied between two looks at whether the statement is cancelled.
    private const int CopyLengthMax = 1 << 20;

    /// <summary>How much of a text that repeats a part is copied behind it at a time: whole parts, at least one.</summary>
    public static int CopyLength(int filled, int part) => filled <= CopyLengthMax ? filled : Math.Max(part, CopyLengthMax / part * part);

    public static Span<byte> Allocate(long length, ColumnBuffer memory, out byte* pointer)
    {
        if (length > LengthMax)
        {
            throw Error.ValueTooLarge(length, LengthMax);
        }

        pointer = memory.AllocateVariable((int)length);
        return new Span<byte>(pointer, (int)length);
    }
}

internal interface IPadSide
{
    static abstract bool IsLeft { get; }
}

internal readonly struct PadLeft : IPadSide
{
    public static bool IsLeft => true;
}

internal readonly struct PadRight : IPadSide
{
    public static bool IsLeft => false;
}

/// <summary>lpad and rpad: fills to a length with characters taken from a text in turn; a longer text is cut at its end.</summary>
internal readonly unsafe struct Pad<TSide> : ITernaryFunction<Bytes, int, Bytes, Bytes>
    where TSide : struct, IPadSide
{
    public Bytes Invoke(Bytes a, int b, Bytes c, ColumnBuffer memory)
    {
        var length = CodePoints.Count(a.Span);
        var missing = (long)Math.Max(b, 0) - length;
        if (missing <= 0 || c.Length == 0)
        {
            return missing < 0 ? Slices.OfCodePoints(a, 0, Math.Max(b, 0)) : a;
        }

        var (whole, part) = Math.DivRem(missing, CodePoints.Count(c.Span));
        var partLength = CodePoints.Offset(c.Span, part);
        var fill = (whole * c.Length) + partLength;
        var target = TextSize.Allocate(a.Length + fill, memory, out var pointer);
        var filled = TSide.IsLeft ? target[..(int)fill] : target[a.Length..];
        a.Span.CopyTo(TSide.IsLeft ? target[(int)fill..] : target);
        // What is filled already doubles, in whole characters of the filling.
        var done = Math.Min(c.Length, filled.Length);
        c.Span[..done].CopyTo(filled);
        while (done < filled.Length)
        {
            var more = Math.Min(TextSize.CopyLength(done, c.Length), filled.Length - done);
            filled[..more].CopyTo(filled[done..]);
            done += more;
            memory.Work(more);
        }

        return new Bytes(pointer, target.Length);
    }
}

internal readonly struct PadWithSpaces<TSide> : IBinaryFunction<Bytes, int, Bytes>
    where TSide : struct, IPadSide
{
    public static bool IsTotal => false;

    public unsafe Bytes Invoke(Bytes a, int b, ColumnBuffer memory)
    {
        var space = (byte)' ';
        return default(Pad<TSide>).Invoke(a, b, new Bytes(&space, 1), memory);
    }
}
