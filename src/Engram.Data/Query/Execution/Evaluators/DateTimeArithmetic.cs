using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

// Dates are day numbers from 0001-01-01; times, timestamps and intervals are ticks of 100 ns. An interval is a TimeSpan: it has no months, so
// arithmetic is exact.

/// <summary>timestamp or timestamptz (its instant) + interval.</summary>
internal readonly struct AddTicks : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Timestamp(a, b);
}

internal readonly struct SubtractTicks : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => b == long.MinValue ? throw Error.DateTimeOutOfRange("timestamp") : TickRange.Timestamp(a, -b);
}

/// <summary>interval + interval.</summary>
internal readonly struct AddIntervals : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Interval((Int128)a + b);
}

/// <summary>The interval between two intervals, instants, timestamps or times of day.</summary>
internal readonly struct SubtractToInterval : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Interval((Int128)a - b);
}

internal readonly struct NegateInterval : IUnaryFunction<long, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, ColumnBuffer memory) => TickRange.Interval(-(Int128)a);
}

internal readonly struct MultiplyInterval : IBinaryFunction<long, double, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, double b, ColumnBuffer memory) => TickRange.Interval(a * b);
}

internal readonly struct MultiplyByInterval : IBinaryFunction<double, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(double a, long b, ColumnBuffer memory) => TickRange.Interval(a * b);
}

internal readonly struct DivideInterval : IBinaryFunction<long, double, long>
{
    public static bool IsTotal => false;

    public long Invoke(long a, double b, ColumnBuffer memory) => b == 0 ? throw Error.DivisionByZero() : TickRange.Interval(a / b);
}

internal readonly struct AddDays : IBinaryFunction<int, int, int>
{
    public static bool IsTotal => false;

    public int Invoke(int a, int b, ColumnBuffer memory) => TickRange.Date((long)a + b);
}


internal readonly struct SubtractDays : IBinaryFunction<int, int, int>
{
    public static bool IsTotal => false;

    public int Invoke(int a, int b, ColumnBuffer memory) => TickRange.Date((long)a - b);
}

/// <summary>date − date: days.</summary>
internal readonly struct SubtractDates : IBinaryFunction<int, int, int>
{
    public static bool IsTotal => true;

    public int Invoke(int a, int b, ColumnBuffer memory) => a - b;
}

/// <summary>date + interval, and date + time: a timestamp.</summary>
internal readonly struct AddTicksToDate : IBinaryFunction<int, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(int a, long b, ColumnBuffer memory) => TickRange.Timestamp(a * TimeSpan.TicksPerDay, b);
}

internal readonly struct SubtractTicksFromDate : IBinaryFunction<int, long, long>
{
    public static bool IsTotal => false;

    public long Invoke(int a, long b, ColumnBuffer memory)
        => b == long.MinValue ? throw Error.DateTimeOutOfRange("timestamp") : TickRange.Timestamp(a * TimeSpan.TicksPerDay, -b);
}

/// <summary>time + interval goes round the clock.</summary>
internal readonly struct AddToTime : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => true;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Time(a + (b % TimeSpan.TicksPerDay));
}

internal readonly struct SubtractFromTime : IBinaryFunction<long, long, long>
{
    public static bool IsTotal => true;

    public long Invoke(long a, long b, ColumnBuffer memory) => TickRange.Time(a - (b % TimeSpan.TicksPerDay));
}

/// <summary>The ranges of .NET's types, checked.</summary>
internal static class TickRange
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Timestamp(long ticks, long offset)
    {
        // Both sum to less than 2^64, so a wrapped sum is seen as a negative or too great one.
        var sum = unchecked(ticks + offset);
        return (ulong)sum <= (ulong)DateTime.MaxValue.Ticks && (offset < 0 || sum >= ticks) ? sum : throw Error.DateTimeOutOfRange("timestamp");
    }

    public static long Interval(Int128 ticks)
        => ticks >= long.MinValue && ticks <= long.MaxValue ? (long)ticks : throw Error.DateTimeOutOfRange("interval");

    public static long Interval(double ticks)
    {
        // 2^63 itself is out of range, and NaN fails both comparisons.
        var rounded = Math.Round(ticks);
        return rounded is >= -9223372036854775808.0 and < 9223372036854775808.0 ? (long)rounded : throw Error.DateTimeOutOfRange("interval");
    }

    public static int Date(long day)
        => (ulong)day <= (ulong)DateOnly.MaxValue.DayNumber ? (int)day : throw Error.DateTimeOutOfRange("date");

    public static long Time(long ticks)
    {
        var within = ticks % TimeSpan.TicksPerDay;
        return within < 0 ? within + TimeSpan.TicksPerDay : within;
    }
}
