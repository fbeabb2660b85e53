using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Aggregators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Aggregates of statistics, bits and vectors. Statistics are computed in, and given as, double precision.</summary>
internal static class StatisticsFunctions
{
    private const TypeKind Double = TypeKind.Double;

    public static IEnumerable<FunctionOverload> All =>
    [
        One("var_pop", Statistic.VariancePopulation, "Variance of the values themselves."),
        One("var_samp", Statistic.VarianceSample, "Variance estimated from a sample."),
        One("variance", Statistic.VarianceSample, "Variance estimated from a sample."),
        One("stddev_pop", Statistic.DeviationPopulation, "Standard deviation of the values themselves."),
        One("stddev_samp", Statistic.DeviationSample, "Standard deviation estimated from a sample."),
        One("stddev", Statistic.DeviationSample, "Standard deviation estimated from a sample."),
        Two("covar_pop", Statistic.CovariancePopulation, "Covariance of the values themselves."),
        Two("covar_samp", Statistic.CovarianceSample, "Covariance estimated from a sample."),
        Two("corr", Statistic.Correlation, "Correlation."),
        Two("regr_avgx", Statistic.AverageX, "Mean of the second argument, x."),
        Two("regr_avgy", Statistic.AverageY, "Mean of the first argument, y."),
        Two("regr_sxx", Statistic.SquaresX, "Sum of squared distances of x from its mean."),
        Two("regr_syy", Statistic.SquaresY, "Sum of squared distances of y from its mean."),
        Two("regr_sxy", Statistic.Products, "Sum of the products of both distances."),
        Two("regr_slope", Statistic.Slope, "Slope of the line through (x, y) with the least squares."),
        Two("regr_intercept", Statistic.Intercept, "Where that line meets the y axis."),
        Two("regr_r2", Statistic.Determination, "Square of the correlation."),
        Of("regr_count", [Double, Double], DataType.Int64, () => new StatisticsAggregator(Statistic.Count), "Number of rows in which neither argument is NULL."),
        .. Bits<sbyte>(DataType.Int8),
        .. Bits<short>(DataType.Int16),
        .. Bits<int>(DataType.Int32),
        .. Bits<long>(DataType.Int64),
        .. Bits<byte>(DataType.UInt8),
        .. Bits<ushort>(DataType.UInt16),
        .. Bits<uint>(DataType.UInt32),
        .. Bits<ulong>(DataType.UInt64),
        new FunctionOverload("any_value", FunctionKind.Aggregate, [TypeKind.Unknown], types => types[0])
            { CreateAggregator = (type, _) => new FirstValueAggregator(type), Summary = "A value that is not NULL: the first." },
        new FunctionOverload("min", FunctionKind.Aggregate, [TypeKind.Array], types => types[0])
            { CreateAggregator = (type, _) => new ExtremeAggregator(type, isGreatest: false), Summary = "Least value." },
        new FunctionOverload("max", FunctionKind.Aggregate, [TypeKind.Array], types => types[0])
            { CreateAggregator = (type, _) => new ExtremeAggregator(type, isGreatest: true), Summary = "Greatest value." },
        new FunctionOverload("sum", FunctionKind.Aggregate, [TypeKind.Vector], types => types[0])
            { CreateAggregator = (_, _) => new VectorAggregator(isAverage: false), Summary = "Sum, element by element." },
        new FunctionOverload("avg", FunctionKind.Aggregate, [TypeKind.Vector], types => types[0])
            { CreateAggregator = (_, _) => new VectorAggregator(isAverage: true), Summary = "Mean, element by element." },
        Of("percentile_cont", [Double, Double], DataType.Double, () => new PercentileAggregator(DataType.Double, isContinuous: true),
            "Written percentile_cont(fraction) WITHIN GROUP (ORDER BY value): the value at a fraction of the order, between two where none is there."),
        Of("percentile_cont", [TypeKind.Interval, Double], DataType.Interval, () => new PercentileAggregator(DataType.Interval, isContinuous: true),
            "The same of intervals."),
        new FunctionOverload("percentile_disc", FunctionKind.Aggregate, [TypeKind.Unknown, Double], types => types[0])
            { CreateAggregator = (type, _) => new PercentileAggregator(type, isContinuous: false), Summary = "Written percentile_disc(fraction) WITHIN GROUP (ORDER BY value): the first value at or behind a fraction of the order." },
        new FunctionOverload("mode", FunctionKind.Aggregate, [TypeKind.Unknown], types => types[0])
            { CreateAggregator = (type, _) => new ModeAggregator(type), Summary = "Written mode() WITHIN GROUP (ORDER BY value): the most frequent value, of several the first in the order." },
        Of("string_agg", [TypeKind.Bytea, TypeKind.Bytea], DataType.Bytea, () => new StringAggregator(), "Bytes joined, each but the first after its separator."),
    ];

    private static FunctionOverload One(string name, Statistic statistic, string summary)
        => Of(name, [Double], DataType.Double, () => new StatisticsAggregator(statistic), summary);

    private static FunctionOverload Two(string name, Statistic statistic, string summary)
        => Of(name, [Double, Double], DataType.Double, () => new StatisticsAggregator(statistic), summary);

    private static FunctionOverload Of(string name, TypeKind[] parameters, DataType result, Func<Execution.Aggregator> create, string summary)
        => new(name, FunctionKind.Aggregate, [.. parameters], _ => result) { CreateAggregator = (_, _) => create(), Summary = summary };

    private static FunctionOverload[] Bits<T>(DataType type)
        where T : unmanaged, IBinaryInteger<T>
        =>
        [
            Of("bit_and", [type.Kind], type, () => new FoldAggregator<T, Best<T>, BitFold<T, AndBits>>(), "Bitwise and of all values."),
            Of("bit_or", [type.Kind], type, () => new FoldAggregator<T, Best<T>, BitFold<T, OrBits>>(), "Bitwise or of all values."),
            Of("bit_xor", [type.Kind], type, () => new FoldAggregator<T, Best<T>, BitFold<T, XorBits>>(), "Bitwise exclusive or of all values."),
        ];
}
