using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions of dates and times. The time zone is UTC; fields of a timestamptz are those of its own clock, by the offset that it carries.</summary>
internal static class DateTimeFunctions
{
    private const TypeKind Text = TypeKind.Text;

    public static IEnumerable<FunctionOverload> All =>
    [
        Now("now", DataType.TimestampTz, n => n, "The instant at which the statement began, in UTC."),
        Now("current_timestamp", DataType.TimestampTz, n => n, "The instant at which the statement began, in UTC."),
        Now("transaction_timestamp", DataType.TimestampTz, n => n, "The instant at which the statement began, in UTC."),
        Now("statement_timestamp", DataType.TimestampTz, n => n, "The instant at which the statement began, in UTC."),
        Now("localtimestamp", DataType.Timestamp, n => DateTime.SpecifyKind(n.DateTime, DateTimeKind.Unspecified), "The same without its offset."),
        Now("current_date", DataType.Date, n => DateOnly.FromDateTime(n.DateTime), "Today, in UTC."),
        Now("current_time", DataType.Time, n => TimeOnly.FromDateTime(n.DateTime), "The time of day, in UTC."),
        Now("localtime", DataType.Time, n => TimeOnly.FromDateTime(n.DateTime), "The time of day, in UTC."),
        .. Part("date_part"),
        Scalar.Binary<long, long, long, SubtractToInterval>("age", TypeKind.Timestamp, TypeKind.Timestamp, DataType.Interval, "The first less the second, in days and hours: an interval has no months."),
        Scalar.Binary<long, long, long, SubtractToInterval>("age", TypeKind.TimestampTz, TypeKind.TimestampTz, DataType.Interval, "The same of instants."),
        Justify("justify_hours"),
        Justify("justify_days"),
        Justify("justify_interval"),
        .. Part("extract"),
        Scalar.Binary<Bytes, long, long, TimestampTruncate>("date_trunc", Text, TypeKind.Timestamp, DataType.Timestamp, "The start of the year, month, week, day, hour … of a timestamp."),
        Scalar.Of("date_trunc", [Text, TypeKind.TimestampTz], DataType.TimestampTz, (_, arguments, _)
            => new InstantClockEvaluator<Bytes, InstantTruncate>(arguments[1], arguments[0], default) { KeepsOffsets = true }, "The start of a unit on the instant's own clock."),
        Scalar.Binary<Bytes, long, long, IntervalTruncate>("date_trunc", Text, TypeKind.Interval, DataType.Interval, "Cut to whole units."),
        Scalar.Binary<long, int, long, AddMonths>("add_months", TypeKind.Timestamp, TypeKind.Int32, DataType.Timestamp, "Calendar months later, the day cut to the month's last."),
        Scalar.Of("add_months", [TypeKind.TimestampTz, TypeKind.Int32], DataType.TimestampTz, (_, arguments, _)
            => new InstantClockEvaluator<int, InstantAddMonths>(arguments[0], arguments[1], default) { KeepsOffsets = true }, "Calendar months later on the instant's own clock."),
    ];

    private static FunctionOverload Justify(string name)
        => Scalar.Of(name, [TypeKind.Interval], DataType.Interval, (_, arguments, _) => arguments[0], "The interval itself: a day has 24 hours, and there are no months.");

    private static FunctionOverload[] Part(string name) =>
    [
        Scalar.Binary<Bytes, long, double, TimestampPart>(name, Text, TypeKind.Timestamp, DataType.Double, "A field: year, month, day, hour, minute, second, dow, doy, week, quarter, epoch …"),
        Scalar.Of(name, [Text, TypeKind.TimestampTz], DataType.Double, (_, arguments, _) => new InstantPartEvaluator(arguments[0], arguments[1]), "A field of the instant's own clock; also timezone, in seconds."),
        Scalar.Binary<Bytes, int, double, DatePart>(name, Text, TypeKind.Date, DataType.Double, "A field."),
        Scalar.Binary<Bytes, long, double, TimePart>(name, Text, TypeKind.Time, DataType.Double, "A field."),
        Scalar.Binary<Bytes, long, double, IntervalPart>(name, Text, TypeKind.Interval, DataType.Double, "A field: day, hour, minute, second, epoch."),
    ];

    private static FunctionOverload Now(string name, DataType type, Func<DateTimeOffset, object> value, string summary)
        => Scalar.Of(name, [], type, (resultType, _, context) => new ConstantEvaluator(resultType, value(context.Now)), summary) with { Volatility = Volatility.Stable };
}
