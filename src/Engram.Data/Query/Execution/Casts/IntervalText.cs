using System.Buffers.Text;
using System.Text;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Reads intervals: <c>3 days 04:05:06</c>, <c>90 minutes</c>, <c>1.02:03:04</c> and <c>1:2:03:04</c> (.NET's, the latter in the JSON of EF Core) and <c>P1DT2H</c> (ISO 8601).</summary>
/// <remarks>An interval is a TimeSpan: a number of ticks. Months and years have no fixed length and are refused.</remarks>
internal static class IntervalText
{
    // What has no fixed length.
    private const long Months = -1;

    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks)
    {
        text = text.Trim(" \t\r\n"u8);
        ticks = 0;
        Int128 sum = 0;
        var parsed = text.Length > 1 && text[0] is (byte)'P' or (byte)'p' ? TryParseIso(text[1..], ref sum) : TryParseWords(text, ref sum);
        if (!parsed)
        {
            return false;
        }

        if (sum < long.MinValue || sum > long.MaxValue)
        {
            throw Error.DateTimeOutOfRange("interval");
        }

        ticks = (long)sum;
        return true;
    }

    /// <summary>Reads what stands in a literal with fields behind it: INTERVAL '10' SECOND, INTERVAL '1:30' MINUTE TO SECOND.</summary>
    /// <param name="text">A number without a unit is one of the last field; fields below it are cut off.</param>
    /// <param name="unit">Ticks of the last field.</param>
    /// <param name="isMinuteToSecond">Whether a clock of two numbers is minutes and seconds.</param>
    /// <param name="step">Ticks of the last digit of seconds, to which they are rounded.</param>
    public static bool TryParse(string text, long unit, bool isMinuteToSecond, long step, out long ticks)
    {
        var written = text.Trim();
        var start = written.LastIndexOfAny([' ', '-', '+']) + 1;
        var last = written[start..];
        if (written.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var days, var second] && int.TryParse(days, out _) && !char.IsAsciiLetter(second[0]))
        {
            // 1 2:03, and 1 2 where the last field is an hour: what comes first are days.
            if (unit != TimeSpan.TicksPerHour && !second.Contains(':'))
            {
                ticks = 0;
                return false;
            }

            written = $"{days} days {written[days.Length..].TrimStart()}";
            start = written.Length - last.Length;
        }

        var completed = last.Length > 0 && last.All(c => char.IsAsciiDigit(c) || c == '.') ? written + unit switch
        {
            TimeSpan.TicksPerDay => " days",
            TimeSpan.TicksPerHour => " hours",
            TimeSpan.TicksPerMinute => " minutes",
            _ => " seconds",
        }
        : isMinuteToSecond && last.Count(c => c == ':') == 1 ? $"{written[..start]}0:{last}"
        : written;
        var parsed = TryParse(Encoding.UTF8.GetBytes(completed), out ticks);
        ticks -= unit == TimeSpan.TicksPerSecond ? 0 : ticks % unit;
        if (step > 1)
        {
            var rest = ticks % step;
            var (below, away) = (ticks - rest, Math.Sign(rest) * step);
            ticks = Math.Abs(rest) * 2 < step ? below : away > 0 && below > long.MaxValue - away || away < 0 && below < long.MinValue - away ? throw Error.DateTimeOutOfRange("interval") : below + away;
        }

        return parsed;
    }

    private static bool TryParseWords(ReadOnlySpan<byte> text, ref Int128 sum)
    {
        // PostgreSQL's verbose form.
        text = text is [(byte)'@', ..] ? text[1..] : text;
        var isAgo = false;
        var found = false;
        while (true)
        {
            text = text.TrimStart((byte)' ');
            if (text.IsEmpty)
            {
                sum = isAgo ? -sum : sum;
                return found;
            }

            if (isAgo)
            {
                return false;
            }

            if (Ascii.EqualsIgnoreCase(text, "ago"u8))
            {
                isAgo = found;
                text = default;
                continue;
            }

            if (!TryTerm(ref text, ref sum))
            {
                return false;
            }

            found = true;
        }
    }

    /// <summary>One clock time with its sign, or one number with its unit.</summary>
    private static bool TryTerm(ref ReadOnlySpan<byte> text, ref Int128 sum)
    {
        var isNegative = text[0] == '-';
        var body = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        var clock = body;
        // A .NET TimeSpan: days, a point, a clock.
        var days = 0L;
        var point = body.IndexOf((byte)'.');
        var colon = body.IndexOf((byte)':');
        if (point > 0 && colon > point && Utf8Parser.TryParse(body[..point], out days, out var daysLength) && daysLength == point)
        {
            clock = body[(point + 1)..];
        }
        else if (colon > 0 && IsFourFields(body) && Utf8Parser.TryParse(body[..colon], out days, out daysLength) && daysLength == colon)
        {
            clock = body[(colon + 1)..];
        }
        else
        {
            days = 0;
        }

        if (DateTimeText.TryParseClock(ref clock, out var ticks) && (clock.IsEmpty || clock[0] == ' '))
        {
            var term = ((Int128)days * TimeSpan.TicksPerDay) + ticks;
            sum += isNegative ? -term : term;
            text = clock;
            return true;
        }

        if (!TryNumber(ref text, out var number))
        {
            return false;
        }

        text = text.TrimStart((byte)' ');
        var length = 0;
        while (length < text.Length && char.IsAsciiLetter((char)text[length]))
        {
            length++;
        }

        var unit = UnitTicks(text[..length]);
        text = text[length..];
        if (length == 0 && !text.IsEmpty)
        {
            // A number without a unit is seconds at the end, days before a clock (1 02:03:04), and nothing else: 2024-02-29 is no interval.
            var rest = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
            if (!DateTimeText.TryParseClock(ref rest, out _))
            {
                return false;
            }

            unit = TimeSpan.TicksPerDay;
        }

        return IsUnit(ref unit, number) && TryAdd(ref sum, number, unit);
    }

    /// <summary>No months at all are no time; others have no length.</summary>
    private static bool IsUnit(ref long unit, decimal number)
    {
        if (unit == Months)
        {
            unit = number == 0 ? 1 : throw NoMonths();
        }

        return unit > 0;
    }

    private static bool IsFourFields(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)' ');
        return (end < 0 ? text : text[..end]).Count((byte)':') == 3;
    }

    private static bool TryParseIso(ReadOnlySpan<byte> text, ref Int128 sum)
    {
        if (text.Count((byte)':') == 2 || (text.Length == 10 && text[4] == '-'))
        {
            return TryParseIsoDate(text, ref sum);
        }

        var isTime = false;
        var found = false;
        while (!text.IsEmpty)
        {
            if (text[0] is (byte)'T' or (byte)'t' && !isTime)
            {
                isTime = true;
                text = text[1..];
                continue;
            }

            if (!TryNumber(ref text, out var number) || text.IsEmpty)
            {
                return false;
            }

            var unit = (isTime, (char)(text[0] & ~0x20)) switch
            {
                (false, 'W') => 7 * TimeSpan.TicksPerDay,
                (false, 'D') => TimeSpan.TicksPerDay,
                (true, 'H') => TimeSpan.TicksPerHour,
                (true, 'M') => TimeSpan.TicksPerMinute,
                (true, 'S') => TimeSpan.TicksPerSecond,
                (false, 'M' or 'Y') => Months,
                _ => 0,
            };
            text = text[1..];
            found = true;
            if (!IsUnit(ref unit, number) || !TryAdd(ref sum, number, unit))
            {
                return false;
            }
        }

        return found;
    }

    /// <summary>The other form of ISO 8601, <c>P0000-00-03T04:05:06</c>.</summary>
    private static bool TryParseIsoDate(ReadOnlySpan<byte> text, ref Int128 sum)
    {
        var mark = text.IndexOfAny("Tt"u8);
        var date = mark < 0 ? text : text[..mark];
        if (!date.IsEmpty)
        {
            if (date.Length != 10 || date[4] != '-' || date[7] != '-' || !Utf8Parser.TryParse(date[..4], out int years, out _) || !Utf8Parser.TryParse(date[5..7], out int months, out _)
                || !Utf8Parser.TryParse(date[8..], out int days, out var length) || length != 2)
            {
                return false;
            }

            sum = years == 0 && months == 0 ? (Int128)days * TimeSpan.TicksPerDay : throw NoMonths();
        }

        var clock = mark < 0 ? default : text[(mark + 1)..];
        if (mark < 0 || !DateTimeText.TryParseClock(ref clock, out var ticks))
        {
            return mark < 0;
        }

        sum += ticks;
        return clock.IsEmpty;
    }

    private static long UnitTicks(ReadOnlySpan<byte> unit)
    {
        Span<char> lower = stackalloc char[16];
        if (unit.Length is 0 or > 16)
        {
            return unit.Length == 0 ? TimeSpan.TicksPerSecond : 0;
        }

        Ascii.ToLower(unit, lower, out var length);
        return lower[..length] switch
        {
            "w" or "week" or "weeks" => 7 * TimeSpan.TicksPerDay,
            "d" or "day" or "days" => TimeSpan.TicksPerDay,
            "h" or "hr" or "hrs" or "hour" or "hours" => TimeSpan.TicksPerHour,
            "m" or "min" or "mins" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
            "s" or "sec" or "secs" or "second" or "seconds" => TimeSpan.TicksPerSecond,
            "ms" or "msec" or "msecs" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
            "us" or "usec" or "usecs" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
            "mon" or "mons" or "month" or "months" or "y" or "yr" or "yrs" or "year" or "years"
                or "decade" or "decades" or "dec" or "decs" or "century" or "centuries" or "cent" or "c" or "millennium" or "millennia" or "mil" or "mils" => Months,
            _ => 0,
        };
    }

    private static EngramException NoMonths()
        => Error.InvalidArgument("interval", "months and years have no fixed length, and an interval is a .NET TimeSpan. Write days.");

    private static bool TryNumber(ref ReadOnlySpan<byte> text, out decimal number)
    {
        var signed = text.Length > 0 && text[0] == '+' ? text[1..] : text;
        if (!Utf8Parser.TryParse(signed, out number, out var length))
        {
            return false;
        }

        text = signed[length..];
        return true;
    }

    private static bool TryAdd(ref Int128 sum, decimal number, long unitTicks)
    {
        if (Math.Abs(number) > 1e15m)
        {
            throw Error.DateTimeOutOfRange("interval");
        }

        sum += (Int128)Math.Round(number * unitTicks, MidpointRounding.AwayFromZero);
        return true;
    }
}
