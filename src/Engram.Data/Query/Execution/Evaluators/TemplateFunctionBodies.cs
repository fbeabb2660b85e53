using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>The template of an argument, taken apart again only when it changes.</summary>
internal struct DateTemplateArgument
{
    private byte[]? text;
    private DateTemplate? template;

    public DateTemplate Of(Bytes argument)
    {
        if (template is null || !argument.Span.SequenceEqual(text))
        {
            template = new DateTemplate(argument.Text);
            text = argument.Span.ToArray();
        }

        return template;
    }
}

/// <summary>to_char(timestamp | timestamptz | interval, template).</summary>
internal struct DateToText(bool isInterval) : IRowFunction<Bytes>
{
    private DateTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        // A timestamptz is shown on its own clock.
        var ticks = arguments[0].Get<long>(row) + (arguments[0].GetOffset(row) * TimeSpan.TicksPerMinute);
        int? offset = arguments[0].Type.Kind == TypeKind.TimestampTz ? arguments[0].GetOffset(row) : null;
        result = RegexMatches.Copy(template.Of(arguments[1].Get<Bytes>(row)).Format(ticks, isInterval, offset), memory);
        return true;
    }
}

/// <summary>to_timestamp(text, template): in UTC.</summary>
internal struct TextToInstant : IRowFunction<long>
{
    private DateTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out long result)
    {
        result = template.Of(arguments[1].Get<Bytes>(row)).Parse(arguments[0].Get<Bytes>(row).Text).Ticks;
        return true;
    }
}

/// <summary>to_date(text, template).</summary>
internal struct TextToDate : IRowFunction<int>
{
    private DateTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out int result)
    {
        result = (int)(template.Of(arguments[1].Get<Bytes>(row)).Parse(arguments[0].Get<Bytes>(row).Text).Ticks / TimeSpan.TicksPerDay);
        return true;
    }
}

internal struct NumberTemplateArgument
{
    private byte[]? text;
    private NumberTemplate? template;

    public NumberTemplate Of(Bytes argument)
    {
        if (template is null || !argument.Span.SequenceEqual(text))
        {
            template = new NumberTemplate(argument.Text);
            text = argument.Span.ToArray();
        }

        return template;
    }
}

/// <summary>to_char(number, template).</summary>
internal struct NumberToText : IRowFunction<Bytes>
{
    private NumberTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        result = RegexMatches.Copy(template.Of(arguments[1].Get<Bytes>(row)).Format(arguments[0].Get<decimal>(row)), memory);
        return true;
    }
}

/// <summary>to_char(float, template): by as many digits as the type holds for certain. What numeric cannot hold is shown as too long for any template.</summary>
internal struct FloatToText<T> : IRowFunction<Bytes>
    where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
{
    private NumberTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var value = double.CreateChecked(arguments[0].Get<T>(row));
        var shape = template.Of(arguments[1].Get<Bytes>(row));
        if (shape.IsScientific)
        {
            result = RegexMatches.Copy(shape.FormatScientific(value), memory);
            return true;
        }

        var digits = value.ToString(typeof(T) == typeof(float) ? "E5" : "E14", CultureInfo.InvariantCulture);
        var isHeld = double.IsFinite(value) && Math.Abs(value) < 7.9e28;
        var number = isHeld ? decimal.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture) : value < 0 ? decimal.MinValue : decimal.MaxValue;
        result = RegexMatches.Copy(shape.Format(number, MidpointRounding.ToEven), memory);
        return true;
    }
}

/// <summary>to_number(text, template).</summary>
internal struct TextToNumber : IRowFunction<decimal>
{
    private NumberTemplateArgument template;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out decimal result)
    {
        // The template is checked; digits, point and sign are found without it.
        template.Of(arguments[1].Get<Bytes>(row));
        result = NumberTemplate.Parse(arguments[0].Get<Bytes>(row).Text);
        return true;
    }
}

/// <summary>A time zone by its name, looked up again only when it changes: an IANA name, UTC, or an offset.</summary>
internal struct TimeZoneArgument
{
    private byte[]? name;
    private TimeZoneInfo? zone;

    public TimeZoneInfo Of(Bytes argument)
    {
        if (zone is null || !argument.Span.SequenceEqual(name))
        {
            zone = Find(argument.Text);
            name = argument.Span.ToArray();
        }

        return zone;
    }

    private static TimeZoneInfo Find(string name)
    {
        if (name.Length > 1 && name[0] is '+' or '-' && TimeSpan.TryParseExact(name[1..], ["hh", "h", "hh\\:mm", "h\\:mm", "hhmm"], CultureInfo.InvariantCulture, out var offset)
            && offset <= TimeSpan.FromHours(14))
        {
            // By POSIX, and so in PostgreSQL, a sign before an offset says how far west of UTC a place is.
            offset = name[0] == '+' ? -offset : offset;
            return TimeZoneInfo.CreateCustomTimeZone(name, offset, name, name);
        }

        return TimeZones.Find(name) ?? throw Error.UnknownTimeZone(name);
    }
}

/// <summary>timezone(zone, timestamptz): the clock of a zone at an instant.</summary>
internal struct InstantToZone : IRowFunction<long>
{
    private TimeZoneArgument zone;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out long result)
    {
        var utc = new DateTime(arguments[1].Get<long>(row), DateTimeKind.Utc);
        result = TickRange.Timestamp(utc.Ticks, zone.Of(arguments[0].Get<Bytes>(row)).GetUtcOffset(utc).Ticks);
        return true;
    }
}

/// <summary>timezone(zone, timestamp): the instant at which the clock of a zone shows a time; in UTC.</summary>
/// <remarks>A time that the clock skips is taken by the offset before the change, one that it shows twice is the later one, standard time, as in PostgreSQL.</remarks>
internal struct ClockToInstant : IRowFunction<long>
{
    private TimeZoneArgument zone;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out long result)
    {
        var local = arguments[1].Get<long>(row);
        result = TickRange.Timestamp(local, -zone.Of(arguments[0].Get<Bytes>(row)).OffsetOf(local).Ticks);
        return true;
    }
}

/// <summary>timezone(interval, timestamptz).</summary>
internal readonly struct InstantToOffset : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Timestamp(b, a);
}

/// <summary>timezone(interval, timestamp).</summary>
internal readonly struct OffsetToInstant : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Timestamp(b, -a);
}
