using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Where formatted values go, and how values that do not parse are reported.</summary>
internal static unsafe class TextValue
{
    public static Bytes Copy(ReadOnlySpan<byte> text, ColumnBuffer memory)
    {
        var pointer = memory.AllocateVariable(text.Length);
        text.CopyTo(new Span<byte>(pointer, text.Length));
        return new Bytes(pointer, text.Length);
    }

    public static EngramException Invalid(DataType type, Bytes text) => Error.InvalidText(type.ToString(), text.Text);
}

internal readonly struct FormatNumber<T> : IUnaryFunction<T, Bytes>
    where T : unmanaged, IUtf8SpanFormattable
{
    public static bool IsTotal => false;

    public Bytes Invoke(T a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[64];
        a.TryFormat(buffer, out var written, default, CultureInfo.InvariantCulture);
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            // 1E+20 is written 1e+20; the words Infinity and NaN hold no E.
            buffer[..written].Replace((byte)'E', (byte)'e');
            written = WithExponent(buffer, written, typeof(T) == typeof(float) ? 6 : 15);
        }

        return TextValue.Copy(buffer[..written], memory);
    }

    /// <summary>As PostgreSQL does, writes 1234567 as 1.234567e+06 when more digits than these stand before the point.</summary>
    private static int WithExponent(Span<byte> text, int length, int digitsMax)
    {
        var start = text[0] == '-' ? 1 : 0;
        var end = text[start..length].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        var exponent = (end < 0 ? length - start : end) - 1;
        if (exponent < digitsMax || (end >= 0 && text[start + end] != '.'))
        {
            return length;
        }

        if (end >= 0)
        {
            // Without its point, the text is all digits.
            text[(start + end + 1)..length].CopyTo(text[(start + end)..]);
            length--;
        }

        length = start + 1 + text[(start + 1)..length].TrimEnd((byte)'0').Length;
        if (length > start + 1)
        {
            text[(start + 1)..length].CopyTo(text[(start + 2)..]);
            text[start + 1] = (byte)'.';
            length++;
        }

        "e+"u8.CopyTo(text[length..]);
        exponent.TryFormat(text[(length + 2)..], out var written, "00", CultureInfo.InvariantCulture);
        return length + 2 + written;
    }
}

internal readonly struct FormatBoolean : IUnaryFunction<byte, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(byte a, ColumnBuffer memory) => TextValue.Copy(a != 0 ? "true"u8 : "false"u8, memory);
}

internal readonly struct FormatDate : IUnaryFunction<int, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(int a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax];
        return TextValue.Copy(buffer[..DateTimeText.FormatDate(a, buffer)], memory);
    }
}

internal readonly struct FormatTime : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax];
        return TextValue.Copy(buffer[..DateTimeText.FormatTime(a, buffer)], memory);
    }
}

internal readonly struct FormatTimestamp : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax];
        return TextValue.Copy(buffer[..DateTimeText.FormatTimestamp(a, buffer)], memory);
    }
}

internal readonly struct FormatInterval : IUnaryFunction<long, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(long a, ColumnBuffer memory)
    {
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax];
        return TextValue.Copy(buffer[..DateTimeText.FormatInterval(a, buffer)], memory);
    }
}

/// <summary><c>\x</c> and two digits a byte.</summary>
internal readonly unsafe struct FormatBytea : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        if (a.Length > (int.MaxValue / 2) - 2)
        {
            throw Error.InvalidArgument("bytea", "the value is too long to be written as text.");
        }

        var length = 2 + (a.Length * 2);
        var pointer = memory.AllocateVariable(length);
        var target = new Span<byte>(pointer, length);
        target[0] = (byte)'\\';
        target[1] = (byte)'x';
        Convert.TryToHexStringLower(a.Span, target[2..], out _);
        return new Bytes(pointer, length);
    }
}

internal readonly struct ParseNumber<T>(DataType type) : IUnaryFunction<Bytes, T>
    where T : unmanaged, INumber<T>
{
    private static bool IsFloat => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    private static NumberStyles Styles => IsFloat || typeof(T) == typeof(decimal) ? NumberStyles.Float : NumberStyles.Integer;

    public static bool IsTotal => false;

    public T Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Span.Trim(" \t\r\n\f\v"u8);
        if (T.TryParse(text, Styles, CultureInfo.InvariantCulture, out var result) && !(IsFloat && T.IsInfinity(result) && IsDigit(text)))
        {
            return result;
        }

        if (IsFloat && TryInfinity(text, out result))
        {
            return result;
        }

        // A number that is merely too great is told from what is no number.
        throw double.TryParse(text, Styles, CultureInfo.InvariantCulture, out _) ? Error.NumericOutOfRange(type.ToString()) : TextValue.Invalid(type, a);
    }

    private static bool IsDigit(ReadOnlySpan<byte> text) => text.IndexOfAnyInRange((byte)'0', (byte)'9') >= 0;

    private static bool TryInfinity(ReadOnlySpan<byte> text, out T result)
    {
        var isNegative = text.StartsWith("-"u8);
        var word = text.TrimStart("+-"u8);
        result = isNegative ? T.CreateTruncating(double.NegativeInfinity) : T.CreateTruncating(double.PositiveInfinity);
        return Ascii.EqualsIgnoreCase(word, "inf"u8) || Ascii.EqualsIgnoreCase(word, "infinity"u8);
    }
}

internal readonly struct ParseBoolean : IUnaryFunction<Bytes, byte>
{
    public static bool IsTotal => false;

    public byte Invoke(Bytes a, ColumnBuffer memory)
    {
        Span<char> lower = stackalloc char[8];
        var text = a.Span.Trim(" \t\r\n"u8);
        if (text.Length is > 0 and <= 8 && Ascii.ToLower(text, lower, out var length) == System.Buffers.OperationStatus.Done)
        {
            switch (lower[..length])
            {
                case "t" or "tr" or "tru" or "true" or "y" or "ye" or "yes" or "on" or "1": return 1;
                case "f" or "fa" or "fal" or "fals" or "false" or "n" or "no" or "of" or "off" or "0": return 0;
            }
        }

        throw TextValue.Invalid(DataType.Boolean, a);
    }
}

internal readonly struct ParseDate : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory)
        => DateTimeText.TryParseTimestamp(a.Span, out var ticks, out _) ? (int)(ticks / TimeSpan.TicksPerDay) : throw TextValue.Invalid(DataType.Date, a);
}

internal readonly struct ParseTime : IUnaryFunction<Bytes, long>
{
    public static bool IsTotal => false;

    public long Invoke(Bytes a, ColumnBuffer memory)
        => DateTimeText.TryParseTime(a.Span, out var ticks) ? ticks : throw TextValue.Invalid(DataType.Time, a);
}

internal readonly struct ParseTimestamp : IUnaryFunction<Bytes, long>
{
    public static bool IsTotal => false;

    public long Invoke(Bytes a, ColumnBuffer memory)
        => DateTimeText.TryParseTimestamp(a.Span, out var ticks, out _) ? TickRange.Timestamp(ticks, 0) : throw TextValue.Invalid(DataType.Timestamp, a);
}

internal readonly struct ParseInterval : IUnaryFunction<Bytes, long>
{
    public static bool IsTotal => false;

    public long Invoke(Bytes a, ColumnBuffer memory)
        => IntervalText.TryParse(a.Span, out var ticks) ? ticks : throw TextValue.Invalid(DataType.Interval, a);
}

internal readonly struct ParseUuid : IUnaryFunction<Bytes, Guid>
{
    public static bool IsTotal => false;

    /// <summary>32 digits, a dash or none behind each four of them, in braces or not.</summary>
    public Guid Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Span is [(byte)'{', .. var inner, (byte)'}'] ? inner : a.Span;
        Span<byte> bytes = stackalloc byte[16];
        var at = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            at += i > 0 && i % 2 == 0 && at < text.Length && text[at] == '-' ? 1 : 0;
            if (at + 2 > text.Length || !char.IsAsciiHexDigit((char)text[at]) || !char.IsAsciiHexDigit((char)text[at + 1]))
            {
                throw TextValue.Invalid(DataType.Uuid, a);
            }

            bytes[i] = (byte)((HexValue(text[at]) << 4) | HexValue(text[at + 1]));
            at += 2;
        }

        return at == text.Length ? new Guid(bytes, bigEndian: true) : throw TextValue.Invalid(DataType.Uuid, a);
    }

    private static int HexValue(byte digit) => char.IsAsciiDigit((char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/// <summary><c>\x</c> and hexadecimal digits; else the text's own bytes, with <c>\\</c> for a backslash and <c>\ooo</c> for any byte.</summary>
internal readonly unsafe struct ParseBytea : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var text = a.Span;
        var target = new Span<byte>(memory.AllocateVariable(text.Length), text.Length);
        var written = 0;
        if (text.StartsWith("\\x"u8))
        {
            var status = Convert.FromHexString(text[2..], target, out _, out written);
            return status == System.Buffers.OperationStatus.Done ? At(target, written) : throw TextValue.Invalid(DataType.Bytea, a);
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                target[written++] = text[i];
            }
            else if (i + 1 < text.Length && text[i + 1] == '\\')
            {
                target[written++] = (byte)'\\';
                i++;
            }
            else if (i + 3 < text.Length && text[i + 1] is >= (byte)'0' and <= (byte)'3' && IsOctal(text[i + 2]) && IsOctal(text[i + 3]))
            {
                target[written++] = (byte)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
                i += 3;
            }
            else
            {
                throw TextValue.Invalid(DataType.Bytea, a);
            }
        }

        return At(target, written);
    }

    private static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';

    private static Bytes At(Span<byte> target, int length)
    {
        // The span lies in native memory of the result: nothing moves it.
        fixed (byte* pointer = target)
        {
            return new Bytes(pointer, length);
        }
    }
}

/// <summary>Checks that the text is JSON, and gives it the form in which the database keeps it.</summary>
internal readonly struct ParseJson : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var written = JsonText.Normalize(a.Span);
        return written.SequenceEqual(a.Span) ? a : TextValue.Copy(written, memory);
    }
}

/// <summary>What is stored as varchar(n): a text that is longer is an error, never cut.</summary>
internal readonly struct FitText(int lengthMax, string? target) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        // A code point takes one byte at least.
        if (a.Length > lengthMax)
        {
            var length = CodePoints.Count(a.Span);
            if (length > lengthMax)
            {
                throw Error.TextTooLong(target, lengthMax, length);
            }
        }

        return a;
    }
}

/// <summary>A written cast to varchar(n): the first n code points, as SQL has it.</summary>
internal readonly unsafe struct CutText(int lengthMax) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
        => a.Length <= lengthMax ? a : new Bytes(a.Pointer, CodePoints.Offset(a.Span, lengthMax));
}
