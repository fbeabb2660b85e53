using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Aggregates that .NET has not: deviations, variances, sums and averages of lengths of time.</summary>
internal sealed class StatisticsTranslator(ISqlExpressionFactory sql, IRelationalTypeMappingSource typeMappingSource) : IAggregateMethodCallTranslator
{
    private static readonly Dictionary<string, string> Functions = new()
    {
        [nameof(EngramDbFunctionsExtensions.StandardDeviationSample)] = "stddev_samp",
        [nameof(EngramDbFunctionsExtensions.StandardDeviationPopulation)] = "stddev_pop",
        [nameof(EngramDbFunctionsExtensions.VarianceSample)] = "var_samp",
        [nameof(EngramDbFunctionsExtensions.VariancePopulation)] = "var_pop",
        [nameof(EngramDbFunctionsExtensions.Sum)] = "sum",
        [nameof(EngramDbFunctionsExtensions.Average)] = "avg",
    };

    public SqlExpression? Translate(
        MethodInfo method, EnumerableExpression source, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(EngramDbFunctionsExtensions) || source.Selector is not SqlExpression value || !Functions.TryGetValue(method.Name, out var function))
        {
            return null;
        }

        var type = Nullable.GetUnderlyingType(method.ReturnType) ?? method.ReturnType;
        if (type == typeof(double) && value.Type != typeof(double))
        {
            value = sql.Convert(value, typeof(double));
        }

        if (source.Predicate is { } predicate)
        {
            value = sql.Case([new CaseWhenClause(predicate, value)], elseResult: null);
        }

        return sql.Function(
            function, [source.IsDistinct ? new DistinctExpression(value) : value], nullable: true, [false], method.ReturnType, typeMappingSource.FindMapping(type));
    }
}
