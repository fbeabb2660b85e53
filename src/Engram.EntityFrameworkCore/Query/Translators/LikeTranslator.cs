using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>
/// <c>EF.Functions.Like</c> without an escape character: the dialect's LIKE would take a backslash for one. And <c>EF.Functions.ILike</c>.
/// </summary>
internal sealed class LikeTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly MethodInfo Like = typeof(DbFunctionsExtensions).GetMethod(
        nameof(DbFunctionsExtensions.Like), [typeof(DbFunctions), typeof(string), typeof(string)])!;

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType == typeof(EngramDbFunctionsExtensions) && method.Name == nameof(EngramDbFunctionsExtensions.ILike))
        {
            var mapping = ExpressionExtensions.InferTypeMapping(arguments[1], arguments[2]);
            var escape = arguments.Count == 4 ? arguments[3] : sql.Constant("");
            return sql.Call(
                "ilike", typeof(bool), sql.ApplyTypeMapping(arguments[1], mapping), sql.ApplyTypeMapping(arguments[2], mapping), sql.ApplyDefaultTypeMapping(escape));
        }

        if (method != Like)
        {
            return null;
        }

        var isPlain = arguments[2] is SqlConstantExpression { Value: string pattern } && !pattern.Contains('\\', StringComparison.Ordinal);
        return sql.Like(arguments[1], arguments[2], isPlain ? null : sql.Constant(""));
    }
}
