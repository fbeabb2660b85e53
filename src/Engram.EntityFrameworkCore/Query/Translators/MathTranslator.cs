using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Methods of <see cref="Math"/> and <see cref="MathF"/>.</summary>
internal sealed class MathTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly Dictionary<(string Name, int ArgumentCount), string> Functions = new()
    {
        [(nameof(Math.Abs), 1)] = "abs",
        [(nameof(Math.Ceiling), 1)] = "ceil",
        [(nameof(Math.Floor), 1)] = "floor",
        [(nameof(Math.Truncate), 1)] = "trunc",
        [(nameof(Math.Pow), 2)] = "power",
        [(nameof(Math.Sqrt), 1)] = "sqrt",
        [(nameof(Math.Exp), 1)] = "exp",
        [(nameof(Math.Log), 1)] = "ln",
        [(nameof(Math.Log10), 1)] = "log10",
        [(nameof(Math.Sin), 1)] = "sin",
        [(nameof(Math.Cos), 1)] = "cos",
        [(nameof(Math.Tan), 1)] = "tan",
        [(nameof(Math.Asin), 1)] = "asin",
        [(nameof(Math.Acos), 1)] = "acos",
        [(nameof(Math.Atan), 1)] = "atan",
        [(nameof(Math.Atan2), 2)] = "atan2",
        [(nameof(Math.Max), 2)] = "GREATEST",
        [(nameof(Math.Min), 2)] = "LEAST",
    };

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(Math) && method.DeclaringType != typeof(MathF))
        {
            return null;
        }

        if (method.Name == nameof(Math.Sign))
        {
            return sql.Convert(sql.Call("sign", arguments[0].Type, arguments[0]), typeof(int));
        }

        if (!Functions.TryGetValue((method.Name, arguments.Count), out var function))
        {
            return null;
        }

        var mapping = arguments.Count == 1 ? arguments[0].TypeMapping : ExpressionExtensions.InferTypeMapping(arguments[0], arguments[1]);
        var typed = arguments.Select(a => sql.ApplyTypeMapping(a, mapping)).ToArray();
        var call = sql.Call(function, method.ReturnType, mapping, typed);

        // The database computes roots, powers and angles of float64 only.
        return method.DeclaringType == typeof(MathF) && function is not ("abs" or "ceil" or "floor" or "trunc" or "GREATEST" or "LEAST")
            ? sql.Convert(call, typeof(float))
            : call;
    }
}
