using System.Globalization;
using System.Text;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>PostgreSQL's templates of dates and times, for to_char, to_date and to_timestamp: 'YYYY-MM-DD HH24:MI:SS'.</summary>
/// <remarks>
/// A template is cut into patterns, longest first, and texts between them; what stands in double quotes is text. FM drops fill; TH and th write ordinals. Names are
/// English, with TM too, which drops their fill. All years are AD; a zone is known by its offset, and called UTC where that is none. SP and FX are refused with 0A000, never written as they stand.
/// </remarks>
internal sealed class DateTemplate
{
    private static readonly string[] Patterns =
    [
        "HH24", "HH12", "HH", "MI", "MS", "US", "SSSSS", "SSSS", "SS", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6", "AM", "am", "PM", "pm", "A.M.", "a.m.", "P.M.", "p.m.",
        "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I", "MONTH", "Month", "month", "MON", "Mon", "mon", "MM", "DAY", "Day", "day", "DY", "Dy", "dy",
        "DDD", "DD", "D", "IDDD", "ID", "WW", "IW", "W", "CC", "J", "Q",
        "RM", "rm", "BC", "bc", "B.C.", "b.c.", "AD", "ad", "A.D.", "a.d.", "TZH", "TZM", "TZ", "tz", "OF",
    ];

    private static readonly string[] Roman = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];


    private static readonly string[] Refused = ["SP", "FX"];

    private readonly List<Part> parts = [];

    public DateTemplate(string template)
    {
        for (var i = 0; i < template.Length;)
        {
            if (template[i] == '"')
            {
                var end = template.IndexOf('"', i + 1);
                end = end < 0 ? template.Length : end;
                parts.Add(new Part(template[(i + 1)..end], IsText: true));
                i = Math.Min(end + 1, template.Length);
                continue;
            }

            i = AddPattern(template, i);
        }
    }

    /// <param name="ticks">Of the local clock, or of an interval.</param>
    /// <param name="isInterval">Whether days count on, and hours do not end at 24.</param>
    /// <param name="offset">Of the local clock from UTC, in minutes; null when none is known.</param>
    public string Format(long ticks, bool isInterval, int? offset = null)
    {
        var target = new StringBuilder();
        foreach (var part in parts)
        {
            if (part.IsText)
            {
                target.Append(part.Text);
                continue;
            }

            var shown = isInterval ? OfInterval(part, ticks) : OfZone(part, offset) ?? OfTime(part, new DateTime(ticks));
            if (part.Ordinal != 0)
            {
                shown += Suffix(shown, part.Ordinal == 'T');
            }

            target.Append(shown);
        }

        return target.ToString();
    }

    /// <summary>Reads a text by the template; what it does not say is that of 0001-01-01 00:00.</summary>
    public DateTime Parse(string text)
    {
        var fields = new Fields();
        var at = 0;
        foreach (var part in parts)
        {
            if (part.IsText)
            {
                // A separator stands for any separators, as in PostgreSQL.
                foreach (var c in part.Text)
                {
                    if (char.IsLetterOrDigit(c))
                    {
                        at += at < text.Length ? 1 : 0;
                    }
                    else if (at < text.Length && !char.IsLetterOrDigit(text[at]))
                    {
                        at++;
                    }
                }

                continue;
            }

            while (at < text.Length && (char.IsWhiteSpace(text[at]) || (!char.IsLetterOrDigit(text[at]) && text[at] is not ('-' or '+'))))
            {
                at++;
            }

            Read(part, text, ref at, ref fields);
        }

        return fields.ToDateTime();
    }

    private int AddPattern(string template, int start)
    {
        var at = start;
        var fills = true;
        if (string.CompareOrdinal(template, at, "FM", 0, 2) == 0 || string.CompareOrdinal(template, at, "fm", 0, 2) == 0)
        {
            fills = false;
            at += 2;
        }

        if (string.CompareOrdinal(template, at, "TM", 0, 2) == 0)
        {
            fills = false;
            at += 2;
        }

        if (Refused.FirstOrDefault(r => string.CompareOrdinal(template, at, r, 0, r.Length) == 0) is { } refused)
        {
            throw Error.NotSupported($"{refused} in a template of dates");
        }

        var found = Patterns.Where(p => Fits(template, at, p)).MaxBy(p => p.Length);
        if (found == null)
        {
            parts.Add(new Part(template[at..Math.Min(at + 1, template.Length)], IsText: true));
            return at + 1;
        }

        at += found.Length;
        var ordinal = '\0';
        if (at + 1 < template.Length && template.AsSpan(at, 2) is "TH" or "th")
        {
            ordinal = template[at];
            at += 2;
        }

        parts.Add(new Part(found, IsText: false) { Fills = fills, Ordinal = ordinal });
        return at;
    }

    /// <summary>Patterns of digits may be in small letters; those of words say by their letters how the words are written.</summary>
    private static bool Fits(string template, int at, string pattern)
    {
        var isWord = pattern is "AM" or "am" or "PM" or "pm" or "A.M." or "a.m." or "P.M." or "p.m." || pattern[0] is 'M' or 'm' && pattern.Length >= 3 && pattern[1] is 'O' or 'o'
            || pattern is "RM" or "rm" or "BC" or "bc" or "B.C." or "b.c." or "AD" or "ad" or "A.D." or "a.d." or "TZH" or "TZM" or "TZ" or "tz" or "OF" or "DAY" or "Day" or "day" or "DY" or "Dy" or "dy";
        return string.Compare(template, at, pattern, 0, pattern.Length, isWord ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase) == 0;
    }

    private static string? OfZone(Part part, int? offset)
    {
        var (sign, minutes) = (offset < 0 ? '-' : '+', Math.Abs(offset ?? 0));
        var hours = string.Create(CultureInfo.InvariantCulture, $"{sign}{minutes / 60:00}");
        var whole = minutes % 60 == 0 ? hours : string.Create(CultureInfo.InvariantCulture, $"{hours}:{minutes % 60:00}");
        return part.Text switch
        {
            "OF" => whole,
            "TZH" => hours,
            "TZM" => string.Create(CultureInfo.InvariantCulture, $"{minutes % 60:00}"),
            "TZ" => offset is null ? "" : minutes == 0 ? "UTC" : whole,
            "tz" => offset is null ? "" : minutes == 0 ? "utc" : whole,
            _ => null,
        };
    }

    private static string OfTime(Part part, DateTime t)
    {
        var isoDay = t.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)t.DayOfWeek;
        return part.Text switch
        {
            "Y,YYY" => string.Create(CultureInfo.InvariantCulture, $"{t.Year / 1000},{t.Year % 1000:000}"),
            "YYYY" => Digits(part, t.Year, 4),
            "YYY" => Digits(part, t.Year % 1000, 3),
            "YY" => Digits(part, t.Year % 100, 2),
            "Y" => Digits(part, t.Year % 10, 1),
            "IYYY" => Digits(part, ISOWeek.GetYear(t), 4),
            "IYY" => Digits(part, ISOWeek.GetYear(t) % 1000, 3),
            "IY" => Digits(part, ISOWeek.GetYear(t) % 100, 2),
            "I" => Digits(part, ISOWeek.GetYear(t) % 10, 1),
            "CC" => Digits(part, (t.Year + 99) / 100, 2),
            "Q" => Digits(part, (t.Month + 2) / 3, 1),
            "MM" => Digits(part, t.Month, 2),
            "RM" => Roman[t.Month - 1].PadRight(part.Fills ? 4 : 0),
            "rm" => Roman[t.Month - 1].ToLowerInvariant().PadRight(part.Fills ? 4 : 0),
            "BC" or "AD" => "AD",
            "bc" or "ad" => "ad",
            "B.C." or "A.D." => "A.D.",
            "b.c." or "a.d." => "a.d.",
            "MONTH" or "Month" or "month" => Word(part, CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(t.Month), 9),
            "MON" or "Mon" or "mon" => Word(part, CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(t.Month), 3),
            "DAY" or "Day" or "day" => Word(part, CultureInfo.InvariantCulture.DateTimeFormat.GetDayName(t.DayOfWeek), 9),
            "DY" or "Dy" or "dy" => Word(part, CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedDayName(t.DayOfWeek), 3),
            "DDD" => Digits(part, t.DayOfYear, 3),
            "DD" => Digits(part, t.Day, 2),
            "D" => Digits(part, (int)t.DayOfWeek + 1, 1),
            "ID" => Digits(part, isoDay, 1),
            "IDDD" => Digits(part, ((ISOWeek.GetWeekOfYear(t) - 1) * 7) + isoDay, 3),
            "WW" => Digits(part, ((t.DayOfYear - 1) / 7) + 1, 2),
            "IW" => Digits(part, ISOWeek.GetWeekOfYear(t), 2),
            "W" => Digits(part, ((t.Day - 1) / 7) + 1, 1),
            "J" => ((t.Ticks / TimeSpan.TicksPerDay) + 1721426).ToString(CultureInfo.InvariantCulture),
            _ => OfClock(part, t.TimeOfDay.Ticks, t.Hour),
        };
    }

    private static string OfInterval(Part part, long ticks) => part.Text switch
    {
        "DD" => Digits(part, ticks / TimeSpan.TicksPerDay, 2),
        "DDD" => Digits(part, ticks / TimeSpan.TicksPerDay, 3),
        "YYYY" or "MM" => Digits(part, 0, part.Text.Length),
        _ when part.Text[0] is 'H' or 'M' or 'S' or 'F' or 'U' && part.Text is not ("MONTH" or "Month" or "MON" or "Mon") => OfClock(part, ticks % TimeSpan.TicksPerDay, ticks % TimeSpan.TicksPerDay / TimeSpan.TicksPerHour),
        _ => throw Error.NotSupported($"{part.Text} in a template of an interval"),
    };

    private static string OfClock(Part part, long ticks, long hour)
    {
        var second = ticks % TimeSpan.TicksPerMinute / TimeSpan.TicksPerSecond;
        var fraction = ticks % TimeSpan.TicksPerSecond;
        return part.Text switch
        {
            "HH24" => Digits(part, hour, 2),
            "HH" or "HH12" => Digits(part, hour % 12 == 0 ? 12 : hour % 12, 2),
            "MI" => Digits(part, ticks / TimeSpan.TicksPerMinute % 60, 2),
            "SS" => Digits(part, second, 2),
            "SSSS" or "SSSSS" => (ticks / TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture),
            "MS" => Digits(part, fraction / TimeSpan.TicksPerMillisecond, 3),
            "US" => Digits(part, fraction / TimeSpan.TicksPerMicrosecond, 6),
            ['F', 'F', var n] => fraction.ToString("0000000", CultureInfo.InvariantCulture)[..(n - '0')],
            "AM" or "PM" => hour < 12 ? "AM" : "PM",
            "am" or "pm" => hour < 12 ? "am" : "pm",
            "A.M." or "P.M." => hour < 12 ? "A.M." : "P.M.",
            "a.m." or "p.m." => hour < 12 ? "a.m." : "p.m.",
            _ => throw Error.Internal($"template {part.Text}"),
        };
    }

    private static string Digits(Part part, long value, int width)
        => value.ToString(part.Fills ? new string('0', width) : "0", CultureInfo.InvariantCulture);

    /// <summary>A word as the template writes it, filled with blanks.</summary>
    private static string Word(Part part, string word, int width)
    {
        word = char.IsLower(part.Text[0]) ? word.ToLowerInvariant() : char.IsUpper(part.Text[1]) ? word.ToUpperInvariant() : word;
        return part.Fills ? word.PadRight(width) : word;
    }

    private static string Suffix(string digits, bool isUpper)
    {
        var isTeen = digits.Length > 1 && digits[^2] == '1';
        var suffix = (isTeen ? '0' : digits[^1]) switch { '1' => "st", '2' => "nd", '3' => "rd", _ => "th" };
        return isUpper ? suffix.ToUpperInvariant() : suffix;
    }

    private static void Read(Part part, string text, ref int at, ref Fields fields)
    {
        switch (part.Text)
        {
            case "YYYY" or "IYYY": fields.Year = Number(text, ref at, part, 4, isOpen: true); break;
            case "YYY" or "YY" or "Y":
                var year = Number(text, ref at, part, part.Text.Length);
                fields.Year = year < 70 ? year + 2000 : year < 100 ? year + 1900 : year < 520 ? year + 2000 : year < 1000 ? year + 1000 : year;
                break;
            case "MM": fields.Month = Number(text, ref at, part, 2); break;
            case "MONTH" or "Month" or "month": fields.Month = Name(text, ref at, part, CultureInfo.InvariantCulture.DateTimeFormat.MonthNames); break;
            case "MON" or "Mon" or "mon": fields.Month = Name(text, ref at, part, CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames); break;
            case "DAY" or "Day" or "day": Name(text, ref at, part, CultureInfo.InvariantCulture.DateTimeFormat.DayNames); break;
            case "DY" or "Dy" or "dy": Name(text, ref at, part, CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedDayNames); break;
            case "DD": fields.Day = Number(text, ref at, part, 2); break;
            case "DDD": fields.DayOfYear = Number(text, ref at, part, 3); break;
            case "HH24": fields.Hour = Number(text, ref at, part, 2); break;
            case "HH" or "HH12": fields.HourOf12 = Number(text, ref at, part, 2); break;
            case "MI": fields.Minute = Number(text, ref at, part, 2); break;
            case "SS": fields.Second = Number(text, ref at, part, 2); break;
            case "MS": fields.Fraction = FractionOf(text, ref at, 3); break;
            case "US": fields.Fraction = FractionOf(text, ref at, 6); break;
            case ['F', 'F', var n]: fields.Fraction = FractionOf(text, ref at, n - '0'); break;
            case "AM" or "PM" or "am" or "pm": fields.IsAfternoon = Name(text, ref at, part, ["am", "pm"]) == 2; break;
            case "RM" or "rm":
                var word = text[at..].TakeWhile(c => c is 'I' or 'V' or 'X' or 'i' or 'v' or 'x').Count();
                var roman = Array.IndexOf(Roman, text.Substring(at, word).ToUpperInvariant()) + 1;
                at += word;
                fields.Month = roman > 0 ? roman : throw Error.TemplateMismatch(part.Text, text);
                break;
            case "AD" or "ad" or "BC" or "bc": RequireAfterChrist(Name(text, ref at, part, ["ad", "bc"]) == 1); break;
            case "A.D." or "a.d." or "B.C." or "b.c.": RequireAfterChrist(Name(text, ref at, part, ["a.d.", "b.c."]) == 1); break;
            case "A.M." or "P.M." or "a.m." or "p.m.": fields.IsAfternoon = Name(text, ref at, part, ["a.m.", "p.m."]) == 2; break;
            default: throw Error.NotSupported($"{part.Text} in a template by which a date is read");
        }
    }

    private static void RequireAfterChrist(bool isAfter)
    {
        if (!isAfter)
        {
            throw Error.DateTimeOutOfRange("timestamp");
        }
    }

    private static int Number(string text, ref int at, Part part, int width, bool isOpen = false)
    {
        // A year at the end of the digits may have more of them; a run of digits that the next pattern shares is cut by width.
        var start = at;
        var limit = part.Fills ? width : isOpen ? 9 : width;
        while (at < text.Length && at - start < limit && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at > start ? int.Parse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture) : throw Error.TemplateMismatch(part.Text, text);
    }

    private static long FractionOf(string text, ref int at, int digitsMax)
    {
        var start = at;
        while (at < text.Length && at - start < digitsMax && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at > start ? long.Parse(text[start..at].PadRight(7, '0'), CultureInfo.InvariantCulture) : throw Error.TemplateMismatch("a fraction", text);
    }

    /// <returns>1-based.</returns>
    private static int Name(string text, ref int at, Part part, string[] names)
    {
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i].Length > 0 && string.Compare(text, at, names[i], 0, names[i].Length, StringComparison.OrdinalIgnoreCase) == 0)
            {
                at += names[i].Length;
                return i + 1;
            }
        }

        throw Error.TemplateMismatch(part.Text, text);
    }

    private readonly record struct Part(string Text, bool IsText)
    {
        public bool Fills { get; init; } = true;

        /// <summary>'T' or 't' for an ordinal.</summary>
        public char Ordinal { get; init; }
    }

    private struct Fields
    {
        public int? Year, Month, Day, DayOfYear, Hour, HourOf12, Minute, Second;
        public bool? IsAfternoon;
        public long Fraction;

        public readonly DateTime ToDateTime()
        {
            var hour = Hour ?? 0;
            if (HourOf12 is { } of12)
            {
                hour = of12 is >= 1 and <= 12 ? (of12 % 12) + (IsAfternoon == true ? 12 : 0) : throw Error.DateTimeOutOfRange("timestamp");
            }

            var date = ClockParts.Date(Year ?? 1, Month ?? 1, Day ?? 1);
            if (DayOfYear is { } day)
            {
                date = day >= 1 && day <= (DateTime.IsLeapYear(Year ?? 1) ? 366 : 365) ? new DateTime(Year ?? 1, 1, 1).AddDays(day - 1).Ticks : throw Error.DateTimeOutOfRange("date");
            }

            if (hour > 23 || Minute > 59 || Second > 59)
            {
                throw Error.DateTimeOutOfRange("timestamp");
            }

            return new DateTime(date + (hour * TimeSpan.TicksPerHour) + ((Minute ?? 0) * TimeSpan.TicksPerMinute) + ((Second ?? 0) * TimeSpan.TicksPerSecond) + Fraction);
        }
    }
}
