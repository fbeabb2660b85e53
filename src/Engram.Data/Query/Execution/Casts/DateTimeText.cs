using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Dates, times and intervals as text: ISO 8601 in, PostgreSQL's ISO style out. UTF-8, no allocation.</summary>
internal static class DateTimeText
{
    public const int LengthMax = 64;

    /// <summary>Reads <c>2026-01-31[( |T)time[zone]]</c>.</summary>
    /// <param name="ticks">Local ticks, as written.</param>
    /// <param name="offsetMinutes">The zone as an offset; null when none was written.</param>
    public static bool TryParseTimestamp(ReadOnlySpan<byte> text, out long ticks, out int? offsetMinutes)
    {
        text = text.Trim(" \t\r\n"u8);
        return TryParseIso(text, out ticks, out offsetMinutes) || DateTimeWords.TryParseTimestamp(text, out ticks, out offsetMinutes);
    }

    /// <summary>Reads <c>14:30[:59[.1234567]]</c>.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> text, out long ticks)
    {
        text = text.Trim(" \t\r\n"u8);
        var rest = text;
        if (TryParseClock(ref rest, out var time) && rest.IsEmpty && time < TimeSpan.TicksPerDay)
        {
            ticks = (long)time;
            return true;
        }

        return DateTimeWords.TryParseTime(text, out ticks);
    }

    public static int FormatDate(int day, Span<byte> target)
    {
        DateOnly.FromDayNumber(day).TryFormat(target, out var written, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        return written;
    }

    public static int FormatTime(long ticks, Span<byte> target)
    {
        new TimeOnly(ticks).TryFormat(target, out var written, "HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
        return written;
    }

    public static int FormatTimestamp(long ticks, Span<byte> target)
    {
        new DateTime(ticks).TryFormat(target, out var written, "yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);
        return written;
    }

    /// <summary>The local clock with its offset: <c>2026-01-31 14:30:00+05:30</c>.</summary>
    public static int FormatInstant(long utcTicks, short offsetMinutes, Span<byte> target)
    {
        var written = FormatTimestamp(utcTicks + (offsetMinutes * TimeSpan.TicksPerMinute), target);
        var minutes = Math.Abs((int)offsetMinutes);
        target[written++] = offsetMinutes < 0 ? (byte)'-' : (byte)'+';
        written += WriteTwo(minutes / 60, target[written..]);
        if (minutes % 60 != 0)
        {
            target[written++] = (byte)':';
            written += WriteTwo(minutes % 60, target[written..]);
        }

        return written;
    }

    /// <summary><c>1 day 02:03:04.5</c>; days and clock have each their sign.</summary>
    public static int FormatInterval(long ticks, Span<byte> target)
    {
        var (days, clock) = Math.DivRem(ticks, TimeSpan.TicksPerDay);
        var written = 0;
        if (days != 0)
        {
            Utf8Formatter.TryFormat(days, target, out written);
            var unit = days is 1 ? " day"u8 : " days"u8;
            unit.CopyTo(target[written..]);
            written += unit.Length;
            if (clock == 0)
            {
                return written;
            }

            target[written++] = (byte)' ';
        }

        if (clock < 0)
        {
            target[written++] = (byte)'-';
        }

        return written + FormatTime(Math.Abs(clock), target[written..]);
    }

    private static bool TryParseIso(ReadOnlySpan<byte> text, out long ticks, out int? offsetMinutes)
    {
        offsetMinutes = null;
        if (!TryParseDate(ref text, out ticks))
        {
            return false;
        }

        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] is not ((byte)' ' or (byte)'T' or (byte)'t'))
        {
            return false;
        }

        text = text[1..].TrimStart((byte)' ');
        if (!TryParseClock(ref text, out var time) || time > TimeSpan.TicksPerDay || ticks + time > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        // 24:00 is midnight at the end of the day.
        ticks += (long)time;
        text = text.TrimStart((byte)' ');
        return text.IsEmpty || TryParseZone(text, out offsetMinutes);
    }

    private static int WriteTwo(int value, Span<byte> target)
    {
        target[0] = (byte)('0' + (value / 10));
        target[1] = (byte)('0' + (value % 10));
        return 2;
    }

    private static bool TryParseDate(ref ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (!TryDigits(ref text, 4, 4, out var year) || !TrySkip(ref text, (byte)'-')
            || !TryDigits(ref text, 1, 2, out var month) || !TrySkip(ref text, (byte)'-') || !TryDigits(ref text, 1, 2, out var day)
            || year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        ticks = new DateOnly(year, month, day).DayNumber * TimeSpan.TicksPerDay;
        return true;
    }

    /// <summary>Hours may be 24 and more, for intervals; without their sign, the ticks of the longest negative one leave a long.</summary>
    internal static bool TryParseClock(ref ReadOnlySpan<byte> text, out Int128 ticks)
    {
        ticks = 0;
        var second = 0;
        var fraction = 0L;
        if (!TryDigits(ref text, 1, 9, out var hour) || !TrySkip(ref text, (byte)':') || !TryDigits(ref text, 1, 2, out var minute))
        {
            return false;
        }

        if (TrySkip(ref text, (byte)':') && (!TryDigits(ref text, 1, 2, out second) || (TrySkip(ref text, (byte)'.') && !TryFraction(ref text, out fraction))))
        {
            return false;
        }

        if (minute > 59 || second > 59)
        {
            return false;
        }

        ticks = ((Int128)hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute) + (second * TimeSpan.TicksPerSecond) + fraction;
        return true;
    }

    /// <summary>Digits after a point, as ticks of a second; the eighth and further are rounded.</summary>
    private static bool TryFraction(ref ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        var digits = 0;
        while (digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9')
        {
            if (digits < 7)
            {
                ticks = (ticks * 10) + text[digits] - '0';
            }
            else if (digits == 7 && text[digits] >= '5')
            {
                ticks++;
            }

            digits++;
        }

        for (var i = digits; i < 7; i++)
        {
            ticks *= 10;
        }

        text = text[digits..];
        return digits > 0;
    }

    private static bool TryParseZone(ReadOnlySpan<byte> text, out int? offsetMinutes)
    {
        offsetMinutes = null;
        if (text is [(byte)'Z' or (byte)'z'] || Ascii.EqualsIgnoreCase(text, "utc"u8))
        {
            offsetMinutes = 0;
            return true;
        }

        var sign = text[0] == '-' ? -1 : 1;
        if (text[0] is not ((byte)'+' or (byte)'-'))
        {
            return false;
        }

        text = text[1..];
        var minute = 0;
        if (!TryDigits(ref text, 1, 2, out var hour))
        {
            return false;
        }

        TrySkip(ref text, (byte)':');
        if ((!text.IsEmpty && !TryDigits(ref text, 2, 2, out minute)) || !text.IsEmpty || minute > 59 || (hour * 60) + minute > 14 * 60)
        {
            return false;
        }

        offsetMinutes = sign * ((hour * 60) + minute);
        return true;
    }

    private static bool TryDigits(ref ReadOnlySpan<byte> text, int countMin, int countMax, out int value)
    {
        value = 0;
        var count = 0;
        while (count < countMax && count < text.Length && text[count] is >= (byte)'0' and <= (byte)'9')
        {
            value = (value * 10) + text[count++] - '0';
        }

        text = text[count..];
        return count >= countMin;
    }

    private static bool TrySkip(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.IsEmpty || text[0] != expected)
        {
            return false;
        }

        text = text[1..];
        return true;
    }
}
