using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Further mathematics: degrees, divisors, digits, buckets, and making dates and times of numbers.</summary>
internal static class NumberFunctions
{
    private const TypeKind Int = TypeKind.Int32;
    private const TypeKind Any = TypeKind.Unknown;

    public static IEnumerable<FunctionOverload> All =>
    [
        Double<SquareRoot>("|/", "Square root."),
        Double<CubeRoot>("||/", "Cube root."),
        Double<Cotangent>("cot", "Cotangent."),
        Double<SineOfDegrees>("sind", "Sine of degrees."),
        Double<CosineOfDegrees>("cosd", "Cosine of degrees."),
        Double<TangentOfDegrees>("tand", "Tangent of degrees."),
        Double<CotangentOfDegrees>("cotd", "Cotangent of degrees."),
        Double<ArcSineInDegrees>("asind", "Inverse sine in degrees."),
        Double<ArcCosineInDegrees>("acosd", "Inverse cosine in degrees."),
        Double<ArcTangentInDegrees>("atand", "Inverse tangent in degrees."),
        Double<InverseHyperbolicSine>("asinh", "Inverse hyperbolic sine."),
        Double<InverseHyperbolicCosine>("acosh", "Inverse hyperbolic cosine."),
        Double<InverseHyperbolicTangent>("atanh", "Inverse hyperbolic tangent."),
        Scalar.Binary<double, double, double, ArcTangent2InDegrees>("atan2d", TypeKind.Double, TypeKind.Double, DataType.Double, "Inverse tangent of y / x in degrees."),
        Scalar.Binary<decimal, decimal, decimal, WholeQuotient>("div", TypeKind.Decimal, TypeKind.Decimal, DataType.Decimal, "Quotient without its fraction."),
        .. Divisors<int>(DataType.Int32),
        .. Divisors<long>(DataType.Int64),
        .. Divisors<decimal>(DataType.Decimal),
        Scalar.Unary<long, decimal, Factorial>("factorial", TypeKind.Int64, DataType.Decimal, "Factorial, up to that of 27."),
        Scalar.Row<int, WidthBucket<double>>("width_bucket", [TypeKind.Double, TypeKind.Double, TypeKind.Double, Int], DataType.Int32, "Which of n equal parts of a range a number lies in; 0 below, n + 1 above."),
        Scalar.Row<int, WidthBucket<decimal>>("width_bucket", [TypeKind.Decimal, TypeKind.Decimal, TypeKind.Decimal, Int], DataType.Int32, "Which of n equal parts of a range a number lies in; 0 below, n + 1 above."),
        Scalar.Unary<decimal, int, DigitsOf>("scale", TypeKind.Decimal, DataType.Int32, "Digits after the point."),
        Scalar.Unary<decimal, int, MinScale>("min_scale", TypeKind.Decimal, DataType.Int32, "Digits after the point that are needed."),
        Scalar.Unary<decimal, decimal, TrimScale>("trim_scale", TypeKind.Decimal, DataType.Decimal, "Without zeros at the end of the fraction."),
        Scalar.Unary<Bytes, long, CountBits>("bit_count", TypeKind.Bytea, DataType.Int64, "Number of bits that are set."),
        Scalar.Binary<long, long, long, RandomBetween>("random", TypeKind.Int64, TypeKind.Int64, DataType.Int64, "An integer of a range, both ends included.") with { Volatility = Volatility.Volatile },
        Counting("num_nulls", isNull: true, "Number of arguments that are NULL."),
        Counting("num_nonnulls", isNull: false, "Number of arguments that are not NULL."),
        Scalar.Ternary<int, int, int, int, MakeDate>("make_date", [Int, Int, Int], DataType.Date, "A date of year, month and day."),
        Scalar.Ternary<int, int, double, long, MakeTime>("make_time", [Int, Int, TypeKind.Double], DataType.Time, "A time of hour, minute and second."),
        Scalar.Row<long, MakeTimestamp>("make_timestamp", [Int, Int, Int, Int, Int, TypeKind.Double], DataType.Timestamp, "A timestamp of year, month, day, hour, minute and second."),
        Scalar.Row<long, MakeTimestamp>("make_timestamptz", [Int, Int, Int, Int, Int, TypeKind.Double], DataType.TimestampTz, "An instant of year, month, day, hour, minute and second in UTC."),
        .. Enumerable.Range(1, 6).Select(n => Scalar.Row<long, MakeInterval>("make_interval", [.. Enumerable.Repeat(Int, n)], DataType.Interval, "An interval of years and months (0), weeks, days, hours, minutes and seconds.")),
        Scalar.Row<long, MakeInterval>("make_interval", [Int, Int, Int, Int, Int, Int, TypeKind.Double], DataType.Interval, "An interval of years and months (0), weeks, days, hours, minutes and seconds."),
        Scalar.Ternary<long, long, long, long, DateBin>("date_bin", [TypeKind.Interval, TypeKind.Timestamp, TypeKind.Timestamp], DataType.Timestamp, "The start of the stride, counted from an origin, that a timestamp lies in."),
        Scalar.Ternary<long, long, long, long, DateBin>("date_bin", [TypeKind.Interval, TypeKind.TimestampTz, TypeKind.TimestampTz], DataType.TimestampTz, "The same of an instant, in UTC."),
        Scalar.Unary<double, long, FromEpoch>("to_timestamp", TypeKind.Double, DataType.TimestampTz, "The instant so many seconds after 1970, in UTC."),
        Finite<int>(TypeKind.Date),
        Finite<long>(TypeKind.Timestamp),
        Finite<long>(TypeKind.TimestampTz),
        Finite<long>(TypeKind.Interval),
        Total("total_days", TimeSpan.TicksPerDay, "days"),
        Total("total_hours", TimeSpan.TicksPerHour, "hours"),
        Total("total_minutes", TimeSpan.TicksPerMinute, "minutes"),
        Total("total_seconds", TimeSpan.TicksPerSecond, "seconds"),
        Total("total_milliseconds", TimeSpan.TicksPerMillisecond, "milliseconds"),
        Scalar.Of("clock_timestamp", [], DataType.TimestampTz, (_, _, context) => new ClockEvaluator(context.Clock), "The instant at which it is asked for, in UTC.") with { Volatility = Volatility.Volatile },
    ];

    private static FunctionOverload Double<TFunction>(string name, string summary)
        where TFunction : struct, IDoubleFunction
        => Scalar.Unary<double, double, OfDouble<TFunction>>(name, TypeKind.Double, DataType.Double, summary);

    private static FunctionOverload[] Divisors<T>(DataType type)
        where T : unmanaged, System.Numerics.INumber<T>
        =>
        [
            Scalar.Binary<T, T, T, GreatestCommonDivisor<T>>("gcd", type.Kind, type.Kind, type, "Greatest common divisor."),
            Scalar.Binary<T, T, T, LeastCommonMultiple<T>>("lcm", type.Kind, type.Kind, type, "Least common multiple."),
        ];

    private static FunctionOverload Counting(string name, bool isNull, string summary)
        => Scalar.Of(name, [Any], DataType.Int32, (type, arguments, _) => new LooseRowEvaluator<int, CountNulls>(type, [.. arguments], new CountNulls(isNull)), summary)
            with { IsVariadic = true, IsStrict = false };

    private static FunctionOverload Finite<T>(TypeKind kind)
        where T : unmanaged
        => Scalar.Unary<T, byte, IsFinite<T>>("isfinite", kind, DataType.Boolean, "TRUE: dates, times and intervals have no infinities.");

    private static FunctionOverload Total(string name, long ticksPerUnit, string units)
        => Scalar.Of(name, [TypeKind.Interval], DataType.Double, (type, arguments, _)
            => new UnaryEvaluator<long, double, TotalUnits>(type, arguments[0], new TotalUnits(ticksPerUnit)), $"The whole interval in {units}, as TimeSpan of .NET has it.");
}
