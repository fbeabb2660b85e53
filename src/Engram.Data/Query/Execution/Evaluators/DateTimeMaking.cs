using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>make_date(year, month, day).</summary>
internal readonly struct MakeDate : ITernaryFunction<int, int, int, int>
{
    public int Invoke(int a, int b, int c, ColumnBuffer memory) => (int)(ClockParts.Date(a, b, c) / TimeSpan.TicksPerDay);
}

/// <summary>make_time(hour, minute, second).</summary>
internal readonly struct MakeTime : ITernaryFunction<int, int, double, long>
{
    public long Invoke(int a, int b, double c, ColumnBuffer memory) => ClockParts.Time(a, b, c);
}

/// <summary>make_timestamp(year, month, day, hour, minute, second).</summary>
internal readonly struct MakeTimestamp : IRowFunction<long>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out long result)
    {
        var date = ClockParts.Date(arguments[0].Get<int>(row), arguments[1].Get<int>(row), arguments[2].Get<int>(row));
        result = TickRange.Timestamp(date, ClockParts.Time(arguments[3].Get<int>(row), arguments[4].Get<int>(row), arguments[5].Get<double>(row)));
        return true;
    }
}

/// <summary>make_interval(years, months, weeks, days, hours, mins, secs): an interval has no months.</summary>
internal readonly struct MakeInterval : IRowFunction<long>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out long result)
    {
        long Value(int i) => i < arguments.Length ? arguments[i].Get<int>(row) : 0;
        if (Value(0) != 0 || Value(1) != 0)
        {
            throw Error.NotSupported("An interval of years or months (use add_months; an interval is a TimeSpan)");
        }

        var seconds = arguments.Length > 6 ? arguments[6].Get<double>(row) : 0;
        var whole = (Int128)((Value(2) * 7) + Value(3)) * TimeSpan.TicksPerDay + ((Int128)Value(4) * TimeSpan.TicksPerHour) + ((Int128)Value(5) * TimeSpan.TicksPerMinute);
        result = TickRange.Interval(whole + TickRange.Interval(seconds * TimeSpan.TicksPerSecond));
        return true;
    }
}

internal static class ClockParts
{
    public static long Date(int year, int month, int day)
        => year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            ? new DateTime(year, month, day).Ticks : throw Error.DateTimeOutOfRange("date");

    public static long Time(int hour, int minute, double second)
    {
        if (hour is < 0 or > 23 || minute is < 0 or > 59 || !(second is >= 0 and <= 60))
        {
            throw Error.DateTimeOutOfRange("time");
        }

        // To microseconds, as PostgreSQL keeps them: 59.9999999 would leave the minute otherwise.
        return (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute) + ((long)Math.Round(second * 1e6) * TimeSpan.TicksPerMicrosecond);
    }
}

/// <summary>date_bin(stride, source, origin): the start of the stride that the source lies in.</summary>
internal readonly struct DateBin : ITernaryFunction<long, long, long, long>
{
    public long Invoke(long a, long b, long c, ColumnBuffer memory)
    {
        if (a <= 0)
        {
            throw Error.DateBinStride();
        }

        var distance = b - c;
        var within = distance % a;
        return TickRange.Timestamp(b, -(within < 0 ? within + a : within));
    }
}

/// <summary>to_timestamp(seconds since 1970).</summary>
internal readonly struct FromEpoch : IUnaryFunction<double, long>
{
    public static bool IsTotal => false;

    public long Invoke(double a, ColumnBuffer memory)
    {
        // To microseconds, as PostgreSQL: float64 holds no more for instants of our time.
        var ticks = Math.Round(a * 1e6) * TimeSpan.TicksPerMicrosecond;
        return ticks is > -1e18 and < 1e18 ? TickRange.Timestamp(DateTime.UnixEpoch.Ticks, (long)ticks) : throw Error.DateTimeOutOfRange("timestamptz");
    }
}

/// <summary>Dates and times of .NET have no infinities.</summary>
internal readonly struct IsFinite<T> : IUnaryFunction<T, byte>
    where T : unmanaged
{
    public static bool IsTotal => true;

    public byte Invoke(T a, ColumnBuffer memory) => 1;
}

internal readonly struct TotalUnits(long ticksPerUnit) : IUnaryFunction<long, double>
{
    public static bool IsTotal => true;

    public double Invoke(long a, ColumnBuffer memory) => (double)a / ticksPerUnit;
}

/// <summary>The instant at which it is asked for, not that of the statement.</summary>
internal sealed class ClockEvaluator(TimeProvider clock) : ResultEvaluator(DataType.TimestampTz)
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        var result = Begin(batch.RowCount);
        for (var i = 0; i < result.Count; i++)
        {
            result.Column.Values<long>(result.Count)[i] = clock.GetUtcNow().UtcTicks;
        }

        unsafe
        {
            new Span<short>(result.Column.Offsets, result.Count).Clear();
        }

        return result.Column;
    }
}
