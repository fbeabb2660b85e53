using System.Reflection;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>string.Join</c> and <c>string.Concat</c> over a group: <c>string_agg</c>, in the group's order if it has one.</summary>
internal sealed class StringAggregateTranslator(ISqlExpressionFactory sql) : IAggregateMethodCallTranslator
{
    public SqlExpression? Translate(
        MethodInfo method, EnumerableExpression source, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(string) || source.Selector is not SqlExpression text || text.Type != typeof(string))
        {
            return null;
        }

        var separator = (method.Name, arguments.Count) switch
        {
            (nameof(string.Join), 1) => sql.ApplyTypeMapping(arguments[0], text.TypeMapping),
            (nameof(string.Concat), 0) => sql.Constant("", text.TypeMapping),
            _ => null,
        };
        if (separator is null || (source.IsDistinct && source.Orderings.Count > 0))
        {
            return null;
        }

        // .NET joins null as nothing, and nothing as an empty string; the database passes over NULL, and gives it.
        text = sql.Coalesce(text, sql.Constant("", text.TypeMapping));
        if (source.Predicate is { } predicate)
        {
            text = sql.Case([new CaseWhenClause(predicate, text)], elseResult: null);
        }

        SqlExpression aggregate = source.Orderings.Count > 0
            ? new OrderedAggregateExpression("string_agg", [text, separator], source.Orderings, typeof(string), text.TypeMapping)
            : sql.Function(
                "string_agg", [source.IsDistinct ? new DistinctExpression(text) : text, separator], nullable: true, [false, false], typeof(string), text.TypeMapping);
        return sql.Coalesce(aggregate, sql.Constant("", text.TypeMapping));
    }
}
