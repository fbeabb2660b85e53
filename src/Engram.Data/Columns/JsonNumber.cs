using System.Globalization;

namespace Engram.Data.Columns;

/// <summary>Numbers of json: decimal digits of any length, never rounded.</summary>
internal static class JsonNumber
{
    /// <summary>As many digits as PostgreSQL's numeric holds before and after the point.</summary>
    private const int IntegerDigitsMax = 131072;
    private const int FractionDigitsMax = 16383;

    /// <summary>Takes a number apart: its value is the digits without their point, times ten to the power of −scale.</summary>
    /// <param name="digits">The digits with the point that they had among them.</param>
    public static void Split(ReadOnlySpan<byte> number, out bool isNegative, out ReadOnlySpan<byte> digits, out int scale)
    {
        isNegative = number[0] == '-';
        digits = isNegative ? number[1..] : number;
        var exponent = 0L;
        var at = digits.IndexOfAny((byte)'e', (byte)'E');
        if (at >= 0)
        {
            var text = digits[(at + 1)..];
            digits = digits[..at];
            // Beyond any limit below, whatever its sign.
            exponent = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < int.MaxValue
                ? value : text[0] == '-' ? -int.MaxValue : int.MaxValue;
        }

        var point = digits.IndexOf((byte)'.');
        var fraction = point < 0 ? 0 : digits.Length - point - 1;
        var isZero = digits.IndexOfAnyInRange((byte)'1', (byte)'9') < 0;
        var places = fraction - exponent;
        if (places > FractionDigitsMax || (!isZero && digits.Length - places > IntegerDigitsMax))
        {
            throw Error.NumericOutOfRange("json");
        }

        scale = isZero && places < 0 ? 0 : (int)places;
        if (isZero)
        {
            isNegative = false;
            digits = "0"u8;
        }
    }

    /// <summary>Writes what <see cref="Split"/> found without an exponent.</summary>
    /// <param name="target">Room for all digits, as many zeros as the scale says, a sign, a point and a zero before it.</param>
    public static int Write(bool isNegative, ReadOnlySpan<byte> digits, int scale, Span<byte> target)
    {
        var written = 0;
        if (isNegative)
        {
            target[written++] = (byte)'-';
        }

        var point = digits.IndexOf((byte)'.');
        var count = digits.Length - (point < 0 ? 0 : 1);
        var before = count - scale;
        var isBegun = false;
        for (var i = Math.Min(0, before - 1); i < Math.Max(count, before); i++)
        {
            if (i == before)
            {
                target[written++] = (byte)'.';
            }

            var digit = i < 0 || i >= count ? (byte)'0' : digits[point >= 0 && i >= point ? i + 1 : i];
            // Zeros before the first digit are left out, but for the one before the point.
            isBegun |= digit != '0' || i >= before - 1;
            if (isBegun)
            {
                target[written++] = digit;
            }
        }

        return written;
    }

    /// <summary>Orders two numbers in the database's form by their exact values.</summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var isNegative = a[0] == '-';
        if (isNegative != (b[0] == '-'))
        {
            return isNegative ? -1 : 1;
        }

        var order = isNegative ? CompareMagnitudes(b[1..], a[1..]) : CompareMagnitudes(a, b);
        return order;
    }

    /// <summary>A number's bytes as all numbers that are equal to it share them: without zeros at the end of its fraction.</summary>
    public static ReadOnlySpan<byte> Shortest(ReadOnlySpan<byte> number)
        => number.IndexOf((byte)'.') < 0 ? number : number.TrimEnd((byte)'0').TrimEnd((byte)'.');

    private static int CompareMagnitudes(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var (pointA, pointB) = (a.IndexOf((byte)'.'), b.IndexOf((byte)'.'));
        var wholeA = pointA < 0 ? a : a[..pointA];
        var wholeB = pointB < 0 ? b : b[..pointB];
        if (wholeA.Length != wholeB.Length)
        {
            return wholeA.Length - wholeB.Length;
        }

        var order = wholeA.SequenceCompareTo(wholeB);
        if (order != 0)
        {
            return order;
        }

        var fractionA = pointA < 0 ? default : a[(pointA + 1)..].TrimEnd((byte)'0');
        var fractionB = pointB < 0 ? default : b[(pointB + 1)..].TrimEnd((byte)'0');
        return fractionA.SequenceCompareTo(fractionB);
    }
}
