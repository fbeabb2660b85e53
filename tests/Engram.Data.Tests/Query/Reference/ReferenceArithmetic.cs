using System.Globalization;
using Engram.Data.Columns;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>Arithmetic and functions of numbers, dates and intervals.</summary>
internal static class ReferenceArithmetic
{
    public static object Call(string name, object?[] a, DataType type)
    {
        if (a.Length == 1)
        {
            return (name, a[0]) switch
            {
                ("+", var x) => x!,
                ("-", TimeSpan x) => -x,
                ("-", float x) => -x,
                ("-", double x) => -x,
                ("-", decimal x) => -x,
                ("-", _) => Integer(-Whole(a[0]!), type),
                ("~", _) => Integer(~(long)Whole(a[0]!), type),
                _ => throw new NotInReferenceException("operator " + name),
            };
        }

        return (a[0], a[1]) switch
        {
            (float x, float y) => name switch { "+" => x + y, "-" => x - y, "*" => x * y, "/" => x / y, "%" or "mod" => x % y, _ => throw new NotInReferenceException(name) },
            (double x, double y) => name switch { "+" => x + y, "-" => x - y, "*" => x * y, "/" => x / y, "%" or "mod" => x % y, _ => throw new NotInReferenceException(name) },
            (decimal x, decimal y) => name switch { "+" => x + y, "-" => x - y, "*" => x * y, "/" => x / NotZero(y), "%" or "mod" => x % NotZero(y), _ => throw new NotInReferenceException(name) },
            (short or int or long, short or int or long) when type.IsInteger => Integer(Whole(name, Whole(a[0]!), Whole(a[1]!)), type),
            _ => Time(name, a[0]!, a[1]!),
        };
    }

    public static object Function(string name, object?[] a, DataType type) => (name, a[0]) switch
    {
        ("abs" or "@", float x) => Math.Abs(x),
        ("abs" or "@", double x) => Math.Abs(x),
        ("abs" or "@", decimal x) => Math.Abs(x),
        ("abs" or "@", short or int or long) => Integer(decimal.Abs(Whole(a[0]!)), type),
        ("floor", double x) => Math.Floor(x),
        ("floor", decimal x) => Math.Floor(x),
        ("ceil" or "ceiling", double x) => Math.Ceiling(x),
        ("ceil" or "ceiling", decimal x) => Math.Ceiling(x),
        ("round", double x) => Math.Round(x, MidpointRounding.ToEven),
        ("round", decimal x) => Round(x, a.Length > 1 ? (int)a[1]! : 0),
        ("trunc", double x) => Math.Truncate(x),
        ("trunc", decimal x) => Cut(x, a.Length > 1 ? (int)a[1]! : 0),
        ("sign", double x) => (double)Math.Sign(x),
        ("sign", decimal x) => (decimal)Math.Sign(x),
        ("sqrt", double x) => Math.Sqrt(x),
        _ => throw new NotInReferenceException("function " + name),
    };

    public static object Truncate(string unit, object value)
    {
        var (time, offset) = value switch
        {
            DateTime t => (t, (TimeSpan?)null),
            DateTimeOffset t => (t.DateTime, t.Offset),
            _ => throw new NotInReferenceException("date_trunc"),
        };
        var date = time.Date;
        var start = unit switch
        {
            "year" => new DateTime(time.Year, 1, 1),
            "quarter" => new DateTime(time.Year, ((time.Month - 1) / 3 * 3) + 1, 1),
            "month" => new DateTime(time.Year, time.Month, 1),
            "week" => date.AddDays(-(((int)date.DayOfWeek + 6) % 7)),
            "day" => date,
            "hour" => date.AddHours(time.Hour),
            "minute" => date.AddHours(time.Hour).AddMinutes(time.Minute),
            "second" => date.AddHours(time.Hour).AddMinutes(time.Minute).AddSeconds(time.Second),
            _ => throw new NotInReferenceException("date_trunc " + unit),
        };
        return offset is { } o ? new DateTimeOffset(start, o) : (object)start;
    }

    public static object Part(string unit, object value)
    {
        var date = value switch
        {
            DateOnly d => d.ToDateTime(TimeOnly.MinValue),
            DateTime d => d,
            _ => throw new NotInReferenceException("extract"),
        };
        return unit switch
        {
            "year" => (double)date.Year,
            "month" => date.Month,
            "day" => date.Day,
            "dow" => (int)date.DayOfWeek,
            "doy" => date.DayOfYear,
            "quarter" => ((date.Month - 1) / 3) + 1,
            "week" => ISOWeek.GetWeekOfYear(date),
            _ => throw new NotInReferenceException("extract " + unit),
        };
    }

    private static decimal Whole(object value) => Convert.ToDecimal(value, CultureInfo.InvariantCulture);

    private static decimal NotZero(decimal value) => value == 0 ? throw new ReferenceErrorException("division by zero") : value;

    private static decimal Whole(string name, decimal x, decimal y) => name switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => decimal.Truncate(x / NotZero(y)),
        "%" or "mod" => x - (decimal.Truncate(x / NotZero(y)) * y),
        "&" => (long)x & (long)y,
        "|" => (long)x | (long)y,
        "#" => (long)x ^ (long)y,
        _ => throw new NotInReferenceException("operator " + name),
    };

    private static object Integer(decimal value, DataType type) => type.Kind switch
    {
        TypeKind.Int16 => (object)(short)value,
        TypeKind.Int32 => (int)value,
        TypeKind.Int64 => (long)value,
        _ => throw new NotInReferenceException("integer " + type.Kind),
    };

    private static object Time(string name, object left, object right)
    {
        var isMinus = name == "-";
        return (left, right) switch
        {
            (TimeSpan x, TimeSpan y) when name is "+" or "-" => isMinus ? x - y : x + y,
            (TimeSpan x, double y) when name == "*" => new TimeSpan((long)Math.Round(x.Ticks * y)),
            (double x, TimeSpan y) when name == "*" => new TimeSpan((long)Math.Round(y.Ticks * x)),
            (DateOnly x, DateOnly y) when isMinus => x.DayNumber - y.DayNumber,
            (DateOnly x, int or long) => x.AddDays((int)((isMinus ? -1 : 1) * Whole(right))),
            (int or long, DateOnly y) when name == "+" => y.AddDays((int)Whole(left)),
            (DateOnly x, TimeSpan y) => x.ToDateTime(TimeOnly.MinValue) + (isMinus ? -y : y),
            (DateTime x, DateTime y) when isMinus => x - y,
            (DateTime x, TimeSpan y) => x + (isMinus ? -y : y),
            (DateTimeOffset x, DateTimeOffset y) when isMinus => x - y,
            (DateTimeOffset x, TimeSpan y) => x + (isMinus ? -y : y),
            (TimeOnly x, TimeOnly y) when isMinus => new TimeSpan(x.Ticks - y.Ticks),
            (TimeOnly x, TimeSpan y) => x.Add(isMinus ? -y : y),
            _ => throw new NotInReferenceException($"{left.GetType().Name} {name} {right.GetType().Name}"),
        };
    }

    private static decimal Round(decimal value, int digits)
    {
        var factor = Power(digits);
        return digits >= 0 ? Math.Round(value, Math.Min(digits, 28), MidpointRounding.AwayFromZero) : Math.Round(value / factor, MidpointRounding.AwayFromZero) * factor;
    }

    private static decimal Cut(decimal value, int digits)
        => digits >= 0 ? Math.Round(value, Math.Min(digits, 28), MidpointRounding.ToZero) : decimal.Truncate(value / Power(digits)) * Power(digits);

    private static decimal Power(int digits) => Enumerable.Repeat(10m, Math.Abs(digits)).Aggregate(1m, (x, y) => x * y);
}
