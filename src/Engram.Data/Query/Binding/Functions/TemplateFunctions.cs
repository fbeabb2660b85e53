using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Numbers, dates and times by templates, and clocks of time zones.</summary>
internal static class TemplateFunctions
{
    private const TypeKind Text = TypeKind.Text;

    public static IEnumerable<FunctionOverload> All =>
    [
        ToChar(TypeKind.Timestamp, isInterval: false, "A date or time by a template: YYYY, MM, DD, HH24, MI, SS, MS, US, Month, Day, Q, IW, RM, BC, OF, TZ …"),
        ToChar(TypeKind.TimestampTz, isInterval: false, "The same of an instant's own clock."),
        ToChar(TypeKind.Interval, isInterval: true, "An interval by a template: DD, HH24, MI, SS, MS, US."),
        Scalar.Row<Bytes, NumberToText>("to_char", [TypeKind.Decimal, Text], DataType.Text, "A number by a template: 9, 0, point, comma, FM, S, MI, PL, SG, PR, V, TH, EEEE, RN."),
        ToCharOfFloat<double>(TypeKind.Double, "The same of a number of 15 digits."),
        ToCharOfFloat<float>(TypeKind.Single, "The same of a number of 6 digits."),
        Scalar.Row<int, TextToDate>("to_date", [Text, Text], DataType.Date, "A date, read by a template."),
        Scalar.Row<long, TextToInstant>("to_timestamp", [Text, Text], DataType.TimestampTz, "An instant, read by a template, in UTC."),
        Scalar.Row<decimal, TextToNumber>("to_number", [Text, Text], DataType.Decimal, "A number, read by a template."),
        Scalar.Row<long, InstantToZone>("timezone", [Text, TypeKind.TimestampTz], DataType.Timestamp, "instant AT TIME ZONE zone: the clock of a zone; an IANA name, UTC, or an offset."),
        Scalar.Binary<long, long, long, InstantToOffset>("timezone", TypeKind.Interval, TypeKind.TimestampTz, DataType.Timestamp, "instant AT TIME ZONE interval: the clock so far east of UTC."),
        Scalar.Binary<long, long, long, OffsetToInstant>("timezone", TypeKind.Interval, TypeKind.Timestamp, DataType.TimestampTz, "timestamp AT TIME ZONE interval: the instant at which the clock so far east of UTC shows that time."),
        Scalar.Row<long, ClockToInstant>("timezone", [Text, TypeKind.Timestamp], DataType.TimestampTz, "timestamp AT TIME ZONE zone: the instant at which the clock of a zone shows that time, in UTC."),
    ];

    private static FunctionOverload ToCharOfFloat<T>(TypeKind kind, string summary)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
        => Scalar.Row<Bytes, FloatToText<T>>("to_char", [kind, Text], DataType.Text, summary);

    private static FunctionOverload ToChar(TypeKind kind, bool isInterval, string summary)
        => Scalar.Of("to_char", [kind, Text], DataType.Text, (type, arguments, _)
            => new RowEvaluator<Bytes, DateToText>(type, [.. arguments], new DateToText(isInterval)), summary);
}
