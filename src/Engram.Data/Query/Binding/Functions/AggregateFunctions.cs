using System.Collections.Immutable;
using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Aggregators;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Aggregates. NULLs do not count, but in count(*) and array_agg; over no rows all but count give NULL.</summary>
internal static class AggregateFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        Of("count", [], _ => DataType.Int64, (_, _) => new CountAggregator(), "count(*): number of rows."),
        .. Kinds.Select(k => Of("count", [k], _ => DataType.Int64, (_, _) => new CountAggregator(), "Number of values that are not NULL.")),
        .. SumAndAverage<sbyte, ToInt64>(TypeKind.Int8, DataType.Int64),
        .. SumAndAverage<short, ToInt64>(TypeKind.Int16, DataType.Int64),
        .. SumAndAverage<int, ToInt64>(TypeKind.Int32, DataType.Int64),
        .. SumAndAverage<long, ToDecimal>(TypeKind.Int64, DataType.Decimal),
        .. SumAndAverage<byte, ToInt64>(TypeKind.UInt8, DataType.Int64),
        .. SumAndAverage<ushort, ToInt64>(TypeKind.UInt16, DataType.Int64),
        .. SumAndAverage<uint, ToInt64>(TypeKind.UInt32, DataType.Int64),
        .. SumAndAverage<ulong, ToDecimal>(TypeKind.UInt64, DataType.Decimal),
        Sum<float, ExactFloatSum, FloatSum<float, ToSingle>>(TypeKind.Single, DataType.Single),
        Average<float, ExactFloatSum, FloatSum<float, FloatAverage>>(TypeKind.Single, DataType.Double),
        Sum<double, ExactFloatSum, FloatSum<double, ToDouble>>(TypeKind.Double, DataType.Double),
        Average<double, ExactFloatSum, FloatSum<double, FloatAverage>>(TypeKind.Double, DataType.Double),
        Sum<decimal, ExactDecimalSum, DecimalSum<DecimalTotal>>(TypeKind.Decimal, DataType.Decimal),
        Average<decimal, ExactDecimalSum, DecimalSum<DecimalAverage>>(TypeKind.Decimal, DataType.Decimal),
        Sum<long, Sum<Int128>, IntegerSum<long, ToInterval>>(TypeKind.Interval, DataType.Interval),
        Average<long, Sum<Int128>, IntegerSum<long, IntervalAverage>>(TypeKind.Interval, DataType.Interval),
        .. Ordered<byte, NumberOrder<byte>>(TypeKind.Boolean),
        .. Ordered<sbyte, NumberOrder<sbyte>>(TypeKind.Int8),
        .. Ordered<short, NumberOrder<short>>(TypeKind.Int16),
        .. Ordered<int, NumberOrder<int>>(TypeKind.Int32),
        .. Ordered<long, NumberOrder<long>>(TypeKind.Int64),
        .. Ordered<byte, NumberOrder<byte>>(TypeKind.UInt8),
        .. Ordered<ushort, NumberOrder<ushort>>(TypeKind.UInt16),
        .. Ordered<uint, NumberOrder<uint>>(TypeKind.UInt32),
        .. Ordered<ulong, NumberOrder<ulong>>(TypeKind.UInt64),
        .. Ordered<float, NumberOrder<float>>(TypeKind.Single),
        .. Ordered<double, NumberOrder<double>>(TypeKind.Double),
        .. Ordered<decimal, NumberOrder<decimal>>(TypeKind.Decimal),
        .. Ordered<Guid, GuidOrder>(TypeKind.Uuid),
        .. Ordered<int, NumberOrder<int>>(TypeKind.Date),
        .. Ordered<long, NumberOrder<long>>(TypeKind.Time),
        .. Ordered<long, NumberOrder<long>>(TypeKind.Timestamp),
        .. Ordered<long, NumberOrder<long>>(TypeKind.Interval),
        .. Kept(TypeKind.Text),
        .. Kept(TypeKind.Bytea),
        .. Kept(TypeKind.TimestampTz),
        Boolean<Least>("bool_and", "TRUE when all values are."),
        Boolean<Least>("every", "TRUE when all values are."),
        Boolean<Greatest>("bool_or", "TRUE when any value is."),
        Of("string_agg", [TypeKind.Text, TypeKind.Text], _ => DataType.Text, (_, _) => new StringAggregator(), "Texts joined, each but the first after its separator."),
        .. Kinds.Where(k => k <= TypeKind.Json).Select(k => Of(
            "array_agg", [k], types => DataType.ArrayOf(types[0].Kind), (_, types) => new ArrayAggregator(new DataType(types[0].Kind)), "All values as an array, NULLs too.")),
    ];

    private static IEnumerable<TypeKind> Kinds => Enum.GetValues<TypeKind>().Where(k => k is (>= TypeKind.Boolean and <= TypeKind.Vector) or TypeKind.Bit or TypeKind.SparseVector);

    private static FunctionOverload Of(
        string name, TypeKind[] parameters, Func<ImmutableArray<DataType>, DataType> result,
        Func<DataType, ImmutableArray<DataType>, Aggregator> create, string summary)
        => new(name, FunctionKind.Aggregate, [.. parameters], result) { CreateAggregator = create, Summary = summary };

    private static FunctionOverload[] SumAndAverage<T, TEnd>(TypeKind type, DataType sum)
        where T : unmanaged, IBinaryInteger<T>
        where TEnd : struct, ISumEnd<Int128>
        =>
        [
            Sum<T, Sum<Int128>, IntegerSum<T, TEnd>>(type, sum),
            Average<T, Sum<Int128>, IntegerSum<T, IntegerAverage>>(type, DataType.Decimal),
        ];

    private static FunctionOverload Sum<T, TState, TFold>(TypeKind type, DataType result)
        where T : unmanaged
        where TState : struct
        where TFold : struct, IFold<T, TState>
        => Of("sum", [type], _ => result, (_, _) => new FoldAggregator<T, TState, TFold>(), "Sum.");

    private static FunctionOverload Average<T, TState, TFold>(TypeKind type, DataType result)
        where T : unmanaged
        where TState : struct
        where TFold : struct, IFold<T, TState>
        => Of("avg", [type], _ => result, (_, _) => new FoldAggregator<T, TState, TFold>(), "Mean; of integers and decimals as numeric.");

    private static FunctionOverload[] Ordered<T, TOrder>(TypeKind type)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        =>
        [
            Of("min", [type], types => types[0], (_, _) => new FoldAggregator<T, Best<T>, Extreme<T, TOrder, Least>>(), "Least value."),
            Of("max", [type], types => types[0], (_, _) => new FoldAggregator<T, Best<T>, Extreme<T, TOrder, Greatest>>(), "Greatest value."),
        ];

    private static FunctionOverload[] Kept(TypeKind type) =>
    [
        Of("min", [type], types => types[0], (_, types) => new ExtremeAggregator(types[0], isGreatest: false), "Least value."),
        Of("max", [type], types => types[0], (_, types) => new ExtremeAggregator(types[0], isGreatest: true), "Greatest value."),
    ];

    private static FunctionOverload Boolean<TDirection>(string name, string summary)
        where TDirection : struct, IDirection
        => Of(name, [TypeKind.Boolean], _ => DataType.Boolean, (_, _) => new FoldAggregator<byte, Best<byte>, Extreme<byte, NumberOrder<byte>, TDirection>>(), summary);
}
