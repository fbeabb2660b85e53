using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Sums of whole numbers, as whole numbers of the same type.</summary>
/// <remarks>The database sums <c>bigint</c>, which counts are too, as <c>numeric</c>: divided by a whole number, such a sum would keep its fraction, and conditions would find other rows than in .NET.
/// A sum beyond its type is an error, as in .NET.</remarks>
internal sealed class SumTranslator(ISqlExpressionFactory sql) : IAggregateMethodCallTranslator
{
    public SqlExpression? Translate(
        MethodInfo method, EnumerableExpression source, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(Queryable) || method.Name != nameof(Queryable.Sum) || source.Selector is not SqlExpression value
            || (Nullable.GetUnderlyingType(value.Type) ?? value.Type) is var type && type != typeof(int) && type != typeof(long))
        {
            return null;
        }

        var summed = source.Predicate is { } predicate ? sql.Case([new CaseWhenClause(predicate, value)], elseResult: null) : value;
        var sum = sql.Function("SUM", [source.IsDistinct ? new DistinctExpression(summed) : summed], nullable: true, [false], typeof(decimal));
        return sql.Convert(sql.ApplyDefaultTypeMapping(sum), value.Type, value.TypeMapping);
    }
}
