using System.Text;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Dates and times in the other forms that PostgreSQL reads: <c>January 8, 1999</c>, <c>08-Jan-99</c>, <c>1/8/1999</c>, <c>19990108T040506</c>, <c>04:05 PM PST</c>.</summary>
/// <remarks>
/// <para>A text is a row of fields in any order: numbers, names and what stands between them. Each field says by its form what it is: a number with colons is a clock, one with two
/// dashes, slashes or points a date, eight digits <c>yyyymmdd</c>, six behind a date <c>hhmmss</c>; a name is a month, a day of the week, <c>AM</c> or <c>PM</c>, or a time zone. What is left are day and year beside the
/// name of a month. Of 1/2/1999 the month comes first, as by PostgreSQL's settings; a year of two digits is of 1970 to 2069.</para>
/// <para>This is where a text comes to that is not ISO 8601: slower, and never met by what programs write.</para>
/// </remarks>
internal ref struct DateTimeWords
{
    private const int LengthMax = 100;

    private readonly string text;
    private readonly List<(int Value, int Digits)> numbers = [];
    private int at;
    private int month;
    private long? date;
    private Int128? time;
    private int? offsetMinutes;
    private string? zone;
    private bool? isAfternoon;

    private DateTimeWords(string text) => this.text = text;

    /// <summary>Reads a date, with or without a clock.</summary>
    /// <param name="ticks">Local ticks, as written.</param>
    /// <param name="offsetMinutes">The zone as an offset; null when none was written.</param>
    public static bool TryParseTimestamp(ReadOnlySpan<byte> text, out long ticks, out int? offsetMinutes)
    {
        (ticks, offsetMinutes) = (0, null);
        if (Ascii.EqualsIgnoreCase(text, "epoch"u8))
        {
            (ticks, offsetMinutes) = (DateTime.UnixEpoch.Ticks, 0);
            return true;
        }

        if (!TryRead(text, out var read) || read.date is not { } day || !read.TryClock(out var clock) || clock > TimeSpan.TicksPerDay || day + clock > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        ticks = (long)(day + clock);
        offsetMinutes = read.zone is null ? read.offsetMinutes : TimeZones.Find(read.zone) is { } found ? (int)found.OffsetOf(ticks).TotalMinutes : null;
        return read.zone is null || offsetMinutes is not null;
    }

    /// <summary>Reads a time of day; a date or a zone beside it means nothing.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (Ascii.EqualsIgnoreCase(text, "allballs"u8))
        {
            return true;
        }

        if (!TryRead(text, out var read, isTime: true) || read.time is null || !read.TryClock(out var clock) || clock >= TimeSpan.TicksPerDay)
        {
            return false;
        }

        ticks = (long)clock;
        return read.zone is null || (read.date is not null && TimeZones.Find(read.zone) is not null);
    }

    private static bool TryRead(ReadOnlySpan<byte> text, out DateTimeWords words, bool isTime = false)
    {
        words = default;
        if (text.Length is 0 or > LengthMax || !Ascii.IsValid(text))
        {
            return false;
        }

        words = new DateTimeWords(Encoding.ASCII.GetString(text).Trim());
        return words.Read(isTime);
    }

    private bool Read(bool isTime)
    {
        while (at < text.Length)
        {
            var c = text[at];
            if (c is ' ' or ',' or '\t')
            {
                at++;
            }
            else if (char.IsAsciiDigit(c))
            {
                if (!ReadNumber(isTime))
                {
                    return false;
                }
            }
            else if (char.IsAsciiLetter(c))
            {
                if (!ReadWord())
                {
                    return false;
                }
            }
            else if (c is '+' or '-' && time is not null && offsetMinutes is null && zone is null)
            {
                if (!ReadOffset())
                {
                    return false;
                }
            }
            else if (c is '-' && month > 0 && date is null)
            {
                // Jan-08-1999.
                at++;
            }
            else
            {
                return false;
            }
        }

        return FinishDate();
    }

    private bool ReadNumber(bool isTime)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        var digits = at - start;
        var next = at < text.Length ? text[at] : ' ';
        if (next == ':')
        {
            at = start;
            return ReadClock();
        }

        if (next is '-' or '/' or '.' && date is null && month == 0 && !(isTime && digits == 6) && at + 1 < text.Length && char.IsAsciiLetterOrDigit(text[at + 1]))
        {
            at = start;
            return ReadDate(next);
        }

        var run = text.AsSpan(start, digits);
        if (date is null && month == 0 && !isTime && digits is 6 or 8)
        {
            // yymmdd and yyyymmdd, with hhmmss behind a T.
            var year = int.Parse(run[..^4], System.Globalization.CultureInfo.InvariantCulture);
            return SetDate(FullYear(year, digits - 4), int.Parse(run[^4..^2], System.Globalization.CultureInfo.InvariantCulture), int.Parse(run[^2..], System.Globalization.CultureInfo.InvariantCulture));
        }

        if (time is null && (date is not null || (isTime && month == 0 && numbers.Count == 0)) && digits is 4 or 6)
        {
            return SetTime(run, start);
        }

        if (digits > 5)
        {
            return false;
        }

        numbers.Add((int.Parse(run, System.Globalization.CultureInfo.InvariantCulture), digits));
        if (next == '-' && month == 0)
        {
            // 08-Jan-1999 is read by ReadDate; a number with a sign behind it is nothing else.
            return false;
        }

        return true;
    }

    /// <summary>hhmm and hhmmss.</summary>
    private bool SetTime(ReadOnlySpan<char> run, int start)
    {
        var clock = run.Length == 6 ? $"{run[..2]}:{run[2..4]}:{run[4..]}" : $"{run[..2]}:{run[2..]}";
        if (run.Length == 6 && at < text.Length && text[at] == '.')
        {
            at++;
            while (at < text.Length && char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            clock += text[(start + 6)..at];
        }

        return TakeClock(clock, out var length) && length == clock.Length;
    }

    private bool ReadClock()
    {
        var read = time is null && TakeClock(text[at..], out var length) ? length : 0;
        at += read;
        return read > 0;
    }

    private bool TakeClock(string clock, out int length)
    {
        ReadOnlySpan<byte> bytes = Encoding.ASCII.GetBytes(clock);
        var before = bytes.Length;
        var read = DateTimeText.TryParseClock(ref bytes, out var ticks);
        (time, length) = (ticks, before - bytes.Length);
        return read;
    }

    /// <summary>Three parts with the same sign between them, or two: a year and the number of its day.</summary>
    private bool ReadDate(char separator)
    {
        var parts = new List<string>();
        while (true)
        {
            var start = at;
            while (at < text.Length && char.IsAsciiLetterOrDigit(text[at]))
            {
                at++;
            }

            // 1999-01-08T04:05:06: the T belongs to what follows.
            var part = text[start..at];
            if (parts.Count == 2 && part.IndexOfAny(['T', 't']) is > 0 and var mark && char.IsAsciiDigit(part[0]))
            {
                at = start + mark;
                part = part[..mark];
            }

            parts.Add(part);
            if (parts.Count == 3 || at >= text.Length || text[at] != separator)
            {
                break;
            }

            at++;
        }

        if (parts is [{ Length: 4 } y, { Length: 3 } dayOfYear] && separator == '.' && int.TryParse(y, out var year) && int.TryParse(dayOfYear, out var day))
        {
            return year is >= 1 and <= 9999 && day >= 1 && day <= (DateTime.IsLeapYear(year) ? 366 : 365) && SetDate(new DateOnly(year, 1, 1).AddDays(day - 1));
        }

        if (parts.Count != 3)
        {
            return false;
        }

        foreach (var part in parts)
        {
            if (int.TryParse(part, System.Globalization.NumberStyles.None, null, out var value) && part.Length <= 4)
            {
                numbers.Add((value, part.Length));
            }
            else if (month == 0 && MonthOf(part) is > 0 and var named)
            {
                month = named;
            }
            else
            {
                return false;
            }
        }

        return FinishDate();
    }

    private bool ReadWord()
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetter(text[at]) || text[at] is '/' or '_' || (text[at] is '-' or '+' && text.AsSpan(start, at - start).Contains('/'))))
        {
            at++;
        }

        if (at < text.Length && text[at] == '.')
        {
            at++;
        }

        var word = text[start..at].TrimEnd('.');
        var upper = word.ToUpperInvariant();
        switch (upper)
        {
            case "T" when at < text.Length && char.IsAsciiDigit(text[at]):
                return date is not null || FinishDate();
            case "J" when at < text.Length && char.IsAsciiDigit(text[at]) && date is null:
                return ReadJulianDay();
            case "AM" or "PM":
                isAfternoon = upper == "PM";
                return time is not null;
            case "AD" or "AT" or "ON":
                return true;
        }

        if (month == 0 && date is null && MonthOf(upper) is > 0 and var named)
        {
            month = named;
            return true;
        }

        if (IsDayOfWeek(upper))
        {
            return true;
        }

        if (time is null || zone is not null || offsetMinutes is not null)
        {
            return false;
        }

        if (TimeZones.OffsetOf(upper) is { } minutes)
        {
            offsetMinutes = minutes;
            return true;
        }

        zone = word;
        return word.Contains('/');
    }

    private bool ReadJulianDay()
    {
        const int OfYearOne = 1721426;
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return int.TryParse(text.AsSpan(start, at - start), out var day) && day >= OfYearOne && day - OfYearOne <= DateOnly.MaxValue.DayNumber && SetDate(DateOnly.FromDayNumber(day - OfYearOne));
    }

    private bool ReadOffset()
    {
        var sign = text[at++] == '-' ? -1 : 1;
        var start = at;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == ':'))
        {
            at++;
        }

        // h, hh, hmm, hhmm, or hours and minutes with a colon between them.
        var (hours, rest) = (0, 0);
        var parts = text[start..at].Split(':');
        var isRead = parts switch
        {
            [{ Length: 1 or 2 } h] => int.TryParse(h, out hours),
            [{ Length: 3 or 4 } run] => int.TryParse(run[..^2], out hours) && int.TryParse(run[^2..], out rest),
            [{ Length: 1 or 2 } h, { Length: 1 or 2 } m] => int.TryParse(h, out hours) && int.TryParse(m, out rest),
            _ => false,
        };
        var minutes = (hours * 60) + rest;
        offsetMinutes = sign * minutes;
        return isRead && rest < 60 && minutes <= 14 * 60;
    }

    /// <summary>Day, month and year out of the numbers that are no clock.</summary>
    private bool FinishDate()
    {
        if (date is not null || (numbers.Count == 0 && month == 0))
        {
            return numbers.Count == 0;
        }

        if (month > 0)
        {
            if (numbers.Count != 2)
            {
                return false;
            }

            var (first, second) = (numbers[0], numbers[1]);
            var (day, year) = first.Digits > 2 ? (second, first) : (first, second);
            return SetDate(FullYear(year.Value, year.Digits), month, day.Value);
        }

        if (numbers is not [var a, var b, var c])
        {
            return false;
        }

        return a.Digits > 2 ? SetDate(a.Value, b.Value, c.Value) : SetDate(FullYear(c.Value, c.Digits), a.Value, b.Value);
    }

    private static int FullYear(int year, int digits) => digits > 2 ? year : year < 70 ? 2000 + year : 1900 + year;

    private bool SetDate(int year, int monthOfYear, int day)
        => year is >= 1 and <= 9999 && monthOfYear is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, monthOfYear) && SetDate(new DateOnly(year, monthOfYear, day));

    private bool SetDate(DateOnly day)
    {
        numbers.Clear();
        date = day.DayNumber * TimeSpan.TicksPerDay;
        return true;
    }

    /// <summary>The time of day, with what AM and PM say; midnight where none was written.</summary>
    private readonly bool TryClock(out Int128 ticks)
    {
        ticks = time ?? 0;
        if (isAfternoon is not { } isLate)
        {
            return true;
        }

        var hour = ticks / TimeSpan.TicksPerHour;
        ticks += isLate && hour < 12 ? 12 * TimeSpan.TicksPerHour : !isLate && hour == 12 ? -12 * TimeSpan.TicksPerHour : 0;
        return hour <= 12;
    }

    private static int MonthOf(string word)
    {
        string[] names = ["JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"];
        var upper = word.ToUpperInvariant();
        return Array.FindIndex(names, n => n == upper || (upper.Length == 3 && n.StartsWith(upper, StringComparison.Ordinal)) || (upper == "SEPT" && n[0] == 'S')) + 1;
    }

    private static bool IsDayOfWeek(string upper)
        => upper is "MON" or "MONDAY" or "TUE" or "TUES" or "TUESDAY" or "WED" or "WEDS" or "WEDNESDAY" or "THU" or "THUR" or "THURS" or "THURSDAY" or "FRI" or "FRIDAY" or "SAT" or "SATURDAY" or "SUN" or "SUNDAY";
}
