using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>EF.Functions.Like</c> without an escape character: the dialect's LIKE would take a backslash for one.</summary>
internal sealed class LikeTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly MethodInfo Like = typeof(DbFunctionsExtensions).GetMethod(
        nameof(DbFunctionsExtensions.Like), [typeof(DbFunctions), typeof(string), typeof(string)])!;

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method != Like)
        {
            return null;
        }

        var isPlain = arguments[2] is SqlConstantExpression { Value: string pattern } && !pattern.Contains('\\', StringComparison.Ordinal);
        return sql.Like(arguments[1], arguments[2], isPlain ? null : sql.Constant(""));
    }
}
