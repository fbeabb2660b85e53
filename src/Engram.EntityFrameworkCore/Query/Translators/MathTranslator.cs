using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Methods of <see cref="Math"/> and <see cref="MathF"/>.</summary>
internal sealed class MathTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    /// <summary>Functions that the database has for the type of their argument.</summary>
    private static readonly Dictionary<(string Name, int ArgumentCount), string> OfAnyNumber = new()
    {
        [(nameof(Math.Abs), 1)] = "abs",
        [(nameof(Math.Max), 2)] = "GREATEST",
        [(nameof(Math.Min), 2)] = "LEAST",
    };

    /// <summary>Functions that it has for float64, and the first of them for decimals.</summary>
    private static readonly Dictionary<(string Name, int ArgumentCount), string> OfDouble = new()
    {
        [(nameof(Math.Ceiling), 1)] = "ceil",
        [(nameof(Math.Floor), 1)] = "floor",
        [(nameof(Math.Truncate), 1)] = "trunc",
        [(nameof(Math.Round), 1)] = "round",
        [(nameof(Math.Round), 2)] = "round",
        [(nameof(Math.Pow), 2)] = "power",
        [(nameof(Math.Sqrt), 1)] = "sqrt",
        [(nameof(Math.Cbrt), 1)] = "cbrt",
        [(nameof(Math.Exp), 1)] = "exp",
        [(nameof(Math.Log), 1)] = "ln",
        [(nameof(Math.Log10), 1)] = "log10",
        [(nameof(Math.Log2), 1)] = "log2",
        [(nameof(Math.Sin), 1)] = "sin",
        [(nameof(Math.Cos), 1)] = "cos",
        [(nameof(Math.Tan), 1)] = "tan",
        [(nameof(Math.Asin), 1)] = "asin",
        [(nameof(Math.Acos), 1)] = "acos",
        [(nameof(Math.Atan), 1)] = "atan",
        [(nameof(Math.Atan2), 2)] = "atan2",
    };

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(Math) && method.DeclaringType != typeof(MathF))
        {
            return null;
        }

        if (OfAnyNumber.TryGetValue((method.Name, arguments.Count), out var function))
        {
            return TranslateAnyNumber(function, method.ReturnType, arguments);
        }

        return (method.Name, method.ReturnType == typeof(decimal)) switch
        {
            (nameof(Math.Sign), _) => sql.Convert(sql.Call("sign", arguments[0].Type, arguments[0].TypeMapping, arguments[0]), typeof(int)),
            (nameof(Math.Round), true) => TranslateRoundedDecimal(arguments),
            _ when OfDouble.TryGetValue((method.Name, arguments.Count), out function) && !IsRoundedBy(arguments) =>
                TranslateDouble(function, method.ReturnType, arguments),
            _ => null,
        };
    }

    /// <summary>Math.Round(x, MidpointRounding): only the default of .NET, ties to even, is the database's too.</summary>
    private static bool IsRoundedBy(IReadOnlyList<SqlExpression> arguments) => arguments.Count == 2 && arguments[1].Type == typeof(MidpointRounding);

    private SqlExpression TranslateAnyNumber(string function, Type type, IReadOnlyList<SqlExpression> arguments)
    {
        var mapping = ExpressionExtensions.InferTypeMapping(arguments);
        var typed = arguments.Select(a => sql.ApplyTypeMapping(a, mapping)).ToArray();

        // GREATEST and LEAST pass over NULL.
        return sql.Function(function, typed, nullable: true, typed.Select(_ => typed.Length == 1), type, mapping);
    }

    private SqlExpression? TranslateRoundedDecimal(IReadOnlyList<SqlExpression> arguments) => arguments switch
    {
        [var value] => sql.Call("round_even", typeof(decimal), value.TypeMapping, value, sql.Constant(0)),
        [var value, var digits] when digits.Type == typeof(int) => sql.Call("round_even", typeof(decimal), value.TypeMapping, value, digits),
        _ => null,
    };

    /// <summary>The result has the type of the database's function, float64, and is narrowed for <see cref="MathF"/>.</summary>
    private SqlExpression TranslateDouble(string function, Type type, IReadOnlyList<SqlExpression> arguments)
    {
        if (type == typeof(decimal))
        {
            return sql.Call(function, type, arguments[0].TypeMapping, [.. arguments]);
        }

        var call = sql.Call(function, typeof(double), [.. arguments]);
        return type == typeof(float) ? sql.Convert(call, type) : call;
    }
}
