using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions with the meaning that .NET gives to a method which PostgreSQL has not, or otherwise: what LINQ is translated to.</summary>
internal static class DotNetFunctions
{
    private const TypeKind Text = TypeKind.Text;
    private const TypeKind Int = TypeKind.Int32;
    private const TypeKind Bytea = TypeKind.Bytea;

    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Ternary<Bytes, Bytes, int, int, Utf16IndexOfFrom>("utf16_index_of", [Text, Text, Int], DataType.Int32, "The same from a 0-based place on."),
        Scalar.Binary<Bytes, Bytes, int, Utf16LastIndexOf>("utf16_last_index_of", Text, Text, DataType.Int32, "0-based last place of a part in UTF-16 code units, -1 when it is not there."),
        Scalar.Unary<long, long, Ticks>("ticks", TypeKind.Timestamp, DataType.Int64, "Units of 100 ns since 0001-01-01: DateTime.Ticks of .NET."),
        Scalar.Unary<long, long, Ticks>("ticks", TypeKind.Time, DataType.Int64, "Units of 100 ns since midnight."),
        Scalar.Unary<long, long, Ticks>("ticks", TypeKind.Interval, DataType.Int64, "Units of 100 ns: TimeSpan.Ticks of .NET."),
        Scalar.Unary<double, float, NarrowToSingle>("dotnet_single", TypeKind.Double, DataType.Single, "(float)x of .NET: infinite where a cast is out of range."),
        Scalar.Unary<float, Bytes, NumberToDotNetText<float>>("dotnet_text", TypeKind.Single, DataType.Text, "Single.ToString() of .NET."),
        Scalar.Unary<double, Bytes, NumberToDotNetText<double>>("dotnet_text", TypeKind.Double, DataType.Text, "Double.ToString() of .NET."),
        Scalar.Unary<int, Bytes, DateToDotNetText>("dotnet_text", TypeKind.Date, DataType.Text, "DateOnly.ToString() of .NET in the invariant culture: 05/04/1998."),
        Scalar.Unary<long, Bytes, TimeToDotNetText>("dotnet_text", TypeKind.Time, DataType.Text, "TimeOnly.ToString() of .NET in the invariant culture: 15:30."),
        Scalar.Unary<long, Bytes, TimestampToDotNetText>("dotnet_text", TypeKind.Timestamp, DataType.Text, "DateTime.ToString() of .NET in the invariant culture: 05/04/1998 15:30:10."),
        Scalar.Unary<long, Bytes, IntervalToDotNetText>("dotnet_text", TypeKind.Interval, DataType.Text, "TimeSpan.ToString() of .NET: 1.02:03:04.5000000."),
        Scalar.Of("dotnet_text", [TypeKind.TimestampTz], DataType.Text, (_, arguments, _) => new InstantToDotNetText(arguments[0]), "DateTimeOffset.ToString() of .NET in the invariant culture: 05/04/1998 15:30:10 +02:00."),
        Scalar.Of("to_offset", [TypeKind.TimestampTz, TypeKind.Interval], DataType.TimestampTz, (_, arguments, _)
            => new OffsetEvaluator(arguments[0], arguments[1], isClock: false), "The same instant on a clock of another offset: DateTimeOffset.ToOffset of .NET."),
        Scalar.Of("make_instant", [TypeKind.Timestamp, TypeKind.Interval], DataType.TimestampTz, (_, arguments, _)
            => new OffsetEvaluator(arguments[0], arguments[1], isClock: true), "The instant at which a clock of this offset shows a time: new DateTimeOffset of .NET."),
        Scalar.Binary<Bytes, int, int, GetByte>("get_byte", Bytea, Int, DataType.Int32, "The byte at a 0-based place."),
        Scalar.Row<Bytes, SetByte>("set_byte", [Bytea, Int, Int], DataType.Bytea, "With another byte at a 0-based place."),
        Scalar.Binary<Bytes, long, int, GetBit>("get_bit", Bytea, TypeKind.Int64, DataType.Int32, "The bit at a 0-based place, the lowest of a byte first."),
        Scalar.Row<Bytes, SetBit>("set_bit", [Bytea, TypeKind.Int64, Int], DataType.Bytea, "With another bit at a 0-based place."),
        Scalar.Binary<Bytes, int, byte, ContainsByte>("contains", Bytea, Int, DataType.Boolean, "Whether there is a byte of this value."),
        Scalar.Binary<Bytes, Bytes, int, BytesPosition>("position", Bytea, Bytea, DataType.Int32, "position(part, bytes): 1-based, 0 when it is not there."),
    ];
}
