using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

// Functions with the meaning of .NET's string methods: places count UTF-16 code units from 0.

/// <summary>string.PadLeft and PadRight: to a length, never cut.</summary>
internal readonly unsafe struct Utf16Pad(bool isLeft) : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = arguments[0].Get<Bytes>(row);
        var width = arguments[1].Get<int>(row);
        if (width < 0)
        {
            throw Error.InvalidArgument("utf16_pad", "the length is negative.");
        }

        var fill = arguments.Length > 2 ? arguments[2].Get<Bytes>(row).Span : " "u8;
        if (CodePoints.CountUtf16(fill) != 1)
        {
            throw Error.InvalidArgument("utf16_pad", "what fills up is one character.");
        }

        var missing = width - CodePoints.CountUtf16(result.Span);
        if (missing <= 0)
        {
            return true;
        }

        var target = TextSize.Allocate(result.Length + ((long)missing * fill.Length), memory, out var pointer);
        var size = missing * fill.Length;
        result.Span.CopyTo(isLeft ? target[size..] : target);
        var filled = isLeft ? target[..size] : target[result.Length..];
        for (var i = 0; i < size; i += fill.Length)
        {
            fill.CopyTo(filled[i..]);
        }

        result = new Bytes(pointer, target.Length);
        return true;
    }
}

/// <summary>string.Insert(place, part).</summary>
internal readonly struct Utf16Insert : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (text, place, part) = (arguments[0].Get<Bytes>(row), arguments[1].Get<int>(row), arguments[2].Get<Bytes>(row));
        Utf16Places.Check("utf16_insert", text, place, 0);
        result = Utf16Places.Splice(text, place, 0, part.Span, memory);
        return true;
    }
}

/// <summary>string.Remove(place [, count]).</summary>
internal readonly struct Utf16Remove : IRowFunction<Bytes>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var (text, place) = (arguments[0].Get<Bytes>(row), arguments[1].Get<int>(row));
        var count = arguments.Length > 2 ? arguments[2].Get<int>(row) : Math.Max(0, CodePoints.CountUtf16(text.Span) - place);
        Utf16Places.Check("utf16_remove", text, place, count);
        result = Utf16Places.Splice(text, place, count, default, memory);
        return true;
    }
}

internal static class Utf16Places
{
    public static void Check(string function, Bytes text, int place, int count)
    {
        var length = CodePoints.CountUtf16(text.Span);
        if (place < 0 || count < 0 || (long)place + count > length)
        {
            throw Error.InvalidArgument(function, $"place {place} and length {count} do not lie within a text of {length}.");
        }
    }

    public static unsafe Bytes Splice(Bytes text, int place, int count, ReadOnlySpan<byte> part, ColumnBuffer memory)
    {
        var start = Slices.OffsetOfUtf16(text.Span, place);
        var end = start + Slices.OffsetOfUtf16(text.Span[start..], count);
        var target = TextSize.Allocate((long)text.Length - (end - start) + part.Length, memory, out var pointer);
        text.Span[..start].CopyTo(target);
        part.CopyTo(target[start..]);
        text.Span[end..].CopyTo(target[(start + part.Length)..]);
        return new Bytes(pointer, target.Length);
    }
}

/// <summary>string.Trim() of .NET: every kind of white space.</summary>
internal readonly struct TrimWhiteSpace<TEnds> : IUnaryFunction<Bytes, Bytes>
    where TEnds : struct, ITrimEnds
{
    public static bool IsTotal => false;

    public unsafe Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var (start, end) = (0, a.Length);
        while (TEnds.AtStart && start < end && System.Text.Rune.DecodeFromUtf8(a.Span[start..end], out var rune, out var length) == System.Buffers.OperationStatus.Done
            && System.Text.Rune.IsWhiteSpace(rune))
        {
            start += length;
        }

        while (TEnds.AtEnd && start < end && System.Text.Rune.DecodeLastFromUtf8(a.Span[start..end], out var rune, out var length) == System.Buffers.OperationStatus.Done
            && System.Text.Rune.IsWhiteSpace(rune))
        {
            end -= length;
        }

        return new Bytes(a.Pointer + start, end - start);
    }
}

internal readonly struct BitLength : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => checked(a.Length * 8);
}
