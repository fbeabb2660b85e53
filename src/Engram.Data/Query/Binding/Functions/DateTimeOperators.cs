using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Arithmetic of dates, times and intervals.</summary>
internal static class DateTimeOperators
{
    private const TypeKind Date = TypeKind.Date;
    private const TypeKind Time = TypeKind.Time;
    private const TypeKind Timestamp = TypeKind.Timestamp;
    private const TypeKind TimestampTz = TypeKind.TimestampTz;
    private const TypeKind Interval = TypeKind.Interval;

    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Binary<long, long, long, AddTicks>("+", Timestamp, Interval, DataType.Timestamp, "A later timestamp."),
        Swapped("+", Interval, Timestamp, DataType.Timestamp),
        Scalar.Binary<long, long, long, SubtractTicks>("-", Timestamp, Interval, DataType.Timestamp, "An earlier timestamp."),
        Scalar.Binary<long, long, long, SubtractToInterval>("-", Timestamp, Timestamp, DataType.Interval, "The interval between."),
        Scalar.Of("+", [TimestampTz, Interval], DataType.TimestampTz, (type, arguments, _)
            => new BinaryEvaluator<long, long, long, AddTicks>(type, arguments[0], arguments[1]) { KeepsOffsets = true }, "A later instant, with the same offset."),
        Scalar.Of("+", [Interval, TimestampTz], DataType.TimestampTz, (type, arguments, _)
            => new BinaryEvaluator<long, long, long, AddTicks>(type, arguments[1], arguments[0]) { KeepsOffsets = true }, "A later instant, with the same offset."),
        Scalar.Of("-", [TimestampTz, Interval], DataType.TimestampTz, (type, arguments, _)
            => new BinaryEvaluator<long, long, long, SubtractTicks>(type, arguments[0], arguments[1]) { KeepsOffsets = true }, "An earlier instant, with the same offset."),
        Scalar.Binary<long, long, long, SubtractToInterval>("-", TimestampTz, TimestampTz, DataType.Interval, "The interval between two instants."),
        Scalar.Binary<int, int, int, AddDays>("+", Date, TypeKind.Int32, DataType.Date, "Days later."),
        Scalar.Binary<int, int, int, AddDays>("+", TypeKind.Int32, Date, DataType.Date, "Days later."),
        Scalar.Binary<int, int, int, SubtractDays>("-", Date, TypeKind.Int32, DataType.Date, "Days earlier."),
        Scalar.Binary<int, int, int, SubtractDates>("-", Date, Date, DataType.Int32, "Days between."),
        Scalar.Binary<int, long, long, AddTicksToDate>("+", Date, Interval, DataType.Timestamp, "A later timestamp, from midnight of the date."),
        Scalar.Binary<int, long, long, AddTicksToDate>("+", Date, Time, DataType.Timestamp, "The time of that date."),
        Scalar.Binary<int, long, long, SubtractTicksFromDate>("-", Date, Interval, DataType.Timestamp, "An earlier timestamp, from midnight of the date."),
        Scalar.Binary<long, long, long, AddToTime>("+", Time, Interval, DataType.Time, "A later time of day, round the clock."),
        Scalar.Binary<long, long, long, SubtractFromTime>("-", Time, Interval, DataType.Time, "An earlier time of day, round the clock."),
        Scalar.Binary<long, long, long, SubtractToInterval>("-", Time, Time, DataType.Interval, "The interval between two times of day."),
        Scalar.Binary<long, long, long, AddIntervals>("+", Interval, Interval, DataType.Interval, "Sum."),
        Scalar.Binary<long, long, long, SubtractToInterval>("-", Interval, Interval, DataType.Interval, "Difference."),
        Scalar.Unary<long, long, NegateInterval>("-", Interval, DataType.Interval, "Negation."),
        Scalar.Binary<long, double, long, MultiplyInterval>("*", Interval, TypeKind.Double, DataType.Interval, "A multiple, rounded to 100 ns."),
        Scalar.Binary<double, long, long, MultiplyByInterval>("*", TypeKind.Double, Interval, DataType.Interval, "A multiple, rounded to 100 ns."),
        Scalar.Binary<long, double, long, DivideInterval>("/", Interval, TypeKind.Double, DataType.Interval, "A fraction, rounded to 100 ns."),
    ];

    private static FunctionOverload Swapped(string name, TypeKind a, TypeKind b, DataType result)
        => Scalar.Of(name, [a, b], result, (type, arguments, _) => new BinaryEvaluator<long, long, long, AddTicks>(type, arguments[1], arguments[0]), "A later timestamp.");
}
