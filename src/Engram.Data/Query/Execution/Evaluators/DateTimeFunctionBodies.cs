using System.Globalization;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>The fields of a date or time that date_part reads and date_trunc cuts to.</summary>
internal enum DateField
{
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Epoch,
    Julian,
    TimeZone,
}

/// <summary>The name of a field, taken apart again only when it changes.</summary>
internal struct DateFieldName
{
    private byte[]? name;
    private DateField field;

    public DateField Of(Bytes text)
    {
        if (name is null || !text.Span.SequenceEqual(name))
        {
            field = Parse(text.Text);
            name = text.Span.ToArray();
        }

        return field;
    }

    private static DateField Parse(string text) => text.ToLowerInvariant() switch
    {
        "millennium" or "millennia" => DateField.Millennium,
        "century" or "centuries" => DateField.Century,
        "decade" or "decades" => DateField.Decade,
        "year" or "years" => DateField.Year,
        "isoyear" => DateField.IsoYear,
        "quarter" => DateField.Quarter,
        "month" or "months" => DateField.Month,
        "week" or "weeks" => DateField.Week,
        "day" or "days" => DateField.Day,
        "dow" => DateField.DayOfWeek,
        "isodow" => DateField.IsoDayOfWeek,
        "doy" => DateField.DayOfYear,
        "hour" or "hours" => DateField.Hour,
        "minute" or "minutes" => DateField.Minute,
        "second" or "seconds" => DateField.Second,
        "millisecond" or "milliseconds" => DateField.Millisecond,
        "microsecond" or "microseconds" => DateField.Microsecond,
        "epoch" => DateField.Epoch,
        "julian" => DateField.Julian,
        "timezone" => DateField.TimeZone,
        _ => throw Error.InvalidArgument("date field", $"'{text}' is none of year, month, day, hour, minute, second, epoch and the others of docs/sql.md."),
    };
}

internal static class DateParts
{
    /// <summary>A field of a local clock.</summary>
    public static double OfTimestamp(DateField field, long ticks)
    {
        var value = new DateTime(ticks);
        return field switch
        {
            DateField.Millennium => (value.Year + 999) / 1000,
            DateField.Century => (value.Year + 99) / 100,
            DateField.Decade => value.Year / 10,
            DateField.Year => value.Year,
            DateField.IsoYear => ISOWeek.GetYear(value),
            DateField.Quarter => (value.Month + 2) / 3,
            DateField.Month => value.Month,
            DateField.Week => ISOWeek.GetWeekOfYear(value),
            DateField.Day => value.Day,
            DateField.DayOfWeek => (int)value.DayOfWeek,
            DateField.IsoDayOfWeek => value.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)value.DayOfWeek,
            DateField.DayOfYear => value.DayOfYear,
            DateField.Epoch => (ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond,
            DateField.Julian => (ticks / (double)TimeSpan.TicksPerDay) + 1721426,
            DateField.TimeZone => 0,
            _ => OfClock(field, ticks % TimeSpan.TicksPerDay),
        };
    }

    /// <summary>A field of an interval: days, and a clock within them.</summary>
    public static double OfInterval(DateField field, long ticks) => field switch
    {
        DateField.Day => ticks / TimeSpan.TicksPerDay,
        DateField.Epoch => ticks / (double)TimeSpan.TicksPerSecond,
        _ => OfClock(field, ticks % TimeSpan.TicksPerDay),
    };

    /// <summary>A field of a time of day; seconds, milliseconds and microseconds hold the fraction, as in PostgreSQL.</summary>
    public static double OfClock(DateField field, long ticks) => field switch
    {
        DateField.Hour => ticks / TimeSpan.TicksPerHour,
        DateField.Minute => ticks / TimeSpan.TicksPerMinute % 60,
        DateField.Second => ticks % TimeSpan.TicksPerMinute / (double)TimeSpan.TicksPerSecond,
        DateField.Millisecond => ticks % TimeSpan.TicksPerMinute / (double)TimeSpan.TicksPerMillisecond,
        DateField.Microsecond => ticks % TimeSpan.TicksPerMinute / (double)TimeSpan.TicksPerMicrosecond,
        DateField.Epoch => ticks / (double)TimeSpan.TicksPerSecond,
        _ => throw Error.InvalidArgument("date_part", $"a time of day or an interval has no {field.ToString().ToLowerInvariant()}."),
    };

    /// <summary>The start of the unit that the clock is in.</summary>
    public static long Truncate(DateField field, long ticks)
    {
        var value = new DateTime(ticks);
        return field switch
        {
            DateField.Millennium => new DateTime(((value.Year - 1) / 1000 * 1000) + 1, 1, 1).Ticks,
            DateField.Century => new DateTime(((value.Year - 1) / 100 * 100) + 1, 1, 1).Ticks,
            DateField.Decade => new DateTime(Math.Max(value.Year / 10 * 10, 1), 1, 1).Ticks,
            DateField.Year => new DateTime(value.Year, 1, 1).Ticks,
            DateField.Quarter => new DateTime(value.Year, ((value.Month - 1) / 3 * 3) + 1, 1).Ticks,
            DateField.Month => new DateTime(value.Year, value.Month, 1).Ticks,
            // 0001-01-01 was a Monday, so weeks are whole from there.
            DateField.Week => ticks - (ticks % (7 * TimeSpan.TicksPerDay)),
            DateField.Day => ticks - (ticks % TimeSpan.TicksPerDay),
            _ => TruncateClock(field, ticks),
        };
    }

    public static long TruncateClock(DateField field, long ticks) => field switch
    {
        DateField.Day => ticks - (ticks % TimeSpan.TicksPerDay),
        DateField.Hour => ticks - (ticks % TimeSpan.TicksPerHour),
        DateField.Minute => ticks - (ticks % TimeSpan.TicksPerMinute),
        DateField.Second => ticks - (ticks % TimeSpan.TicksPerSecond),
        DateField.Millisecond => ticks - (ticks % TimeSpan.TicksPerMillisecond),
        DateField.Microsecond => ticks - (ticks % TimeSpan.TicksPerMicrosecond),
        _ => throw Error.InvalidArgument("date_trunc", $"nothing is cut to {field.ToString().ToLowerInvariant()}."),
    };
}

internal struct TimestampPart : IBinaryFunction<Bytes, long, double>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public double Invoke(Bytes a, long b, ColumnBuffer memory) => DateParts.OfTimestamp(name.Of(a), b);
}

internal struct DatePart : IBinaryFunction<Bytes, int, double>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public double Invoke(Bytes a, int b, ColumnBuffer memory) => DateParts.OfTimestamp(name.Of(a), b * TimeSpan.TicksPerDay);
}

internal struct IntervalPart : IBinaryFunction<Bytes, long, double>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public double Invoke(Bytes a, long b, ColumnBuffer memory) => DateParts.OfInterval(name.Of(a), b);
}

internal struct TimePart : IBinaryFunction<Bytes, long, double>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public double Invoke(Bytes a, long b, ColumnBuffer memory) => DateParts.OfClock(name.Of(a), b);
}

internal struct TimestampTruncate : IBinaryFunction<Bytes, long, long>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public long Invoke(Bytes a, long b, ColumnBuffer memory) => DateParts.Truncate(name.Of(a), b);
}

internal struct IntervalTruncate : IBinaryFunction<Bytes, long, long>
{
    private DateFieldName name;

    public static bool IsTotal => false;

    public long Invoke(Bytes a, long b, ColumnBuffer memory) => DateParts.TruncateClock(name.Of(a), b);
}

/// <summary>Calendar months later; the day is cut to the month's last, as DateTime.AddMonths of .NET does.</summary>
internal readonly struct AddMonths : IBinaryFunction<long, int, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, int b, ColumnBuffer memory)
    {
        var months = ((long)new DateTime(a).Year * 12) + new DateTime(a).Month - 1 + b;
        return months is >= 12 and < 120000 ? new DateTime(a).AddMonths(b).Ticks : throw Error.DateTimeOutOfRange("timestamp");
    }
}

/// <summary>date_part of an instant: fields are those of its own clock, epoch and timezone those of the instant.</summary>
internal sealed class InstantPartEvaluator(Evaluator field, Evaluator instant) : StrictEvaluator(DataType.Double, field, instant)
{
    private DateFieldName name;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<double>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (result.Column.IsNull(row))
            {
                continue;
            }

            var part = name.Of(columns[0].Get<Bytes>(row));
            var offset = columns[1].GetOffset(row);
            var ticks = columns[1].Get<long>(row);
            target[row] = part switch
            {
                DateField.TimeZone => offset * 60,
                DateField.Epoch => DateParts.OfTimestamp(part, ticks),
                _ => DateParts.OfTimestamp(part, ticks + (offset * TimeSpan.TicksPerMinute)),
            };
        }
    }
}

/// <summary>A function of an instant's own clock, the result of which is an instant with the same offset.</summary>
/// <param name="first">The other argument.</param>
internal sealed class InstantClockEvaluator<TOther, TFunction>(Evaluator instant, Evaluator first, TFunction function)
    : StrictEvaluator(DataType.TimestampTz, instant, first)
    where TOther : unmanaged
    where TFunction : struct, IInstantClockFunction<TOther>
{
    private TFunction function = function;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<long>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (!result.Column.IsNull(row))
            {
                var offset = columns[0].GetOffset(row) * TimeSpan.TicksPerMinute;
                target[row] = TickRange.Timestamp(function.Invoke(columns[0].Get<long>(row) + offset, columns[1].Get<TOther>(row)), -offset);
            }
        }
    }
}

internal interface IInstantClockFunction<TOther>
    where TOther : unmanaged
{
    long Invoke(long localTicks, TOther other);
}

internal struct InstantTruncate : IInstantClockFunction<Bytes>
{
    private DateFieldName name;

    public long Invoke(long localTicks, Bytes other) => DateParts.Truncate(name.Of(other), localTicks);
}

internal readonly struct InstantAddMonths : IInstantClockFunction<int>
{
    public long Invoke(long localTicks, int other) => default(AddMonths).Invoke(localTicks, other, null!);
}
