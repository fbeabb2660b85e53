using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Methods of <see cref="Math"/>, <see cref="MathF"/> and of the numeric types that mean the same.</summary>
internal sealed class MathTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly HashSet<Type> NumericTypes =
    [
        typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong), typeof(float), typeof(double), typeof(decimal),
    ];

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
        [(nameof(Math.Sinh), 1)] = "sinh",
        [(nameof(Math.Cosh), 1)] = "cosh",
        [(nameof(Math.Tanh), 1)] = "tanh",
        [(nameof(Math.Asinh), 1)] = "asinh",
        [(nameof(Math.Acosh), 1)] = "acosh",
        [(nameof(Math.Atanh), 1)] = "atanh",
        [(nameof(double.DegreesToRadians), 1)] = "radians",
        [(nameof(double.RadiansToDegrees), 1)] = "degrees",
    };

    /// <summary>Operators that <see cref="decimal"/> has as methods too.</summary>
    private static readonly Dictionary<string, ExpressionType> DecimalOperators = new()
    {
        [nameof(decimal.Add)] = ExpressionType.Add,
        [nameof(decimal.Subtract)] = ExpressionType.Subtract,
        [nameof(decimal.Multiply)] = ExpressionType.Multiply,
        [nameof(decimal.Divide)] = ExpressionType.Divide,
        [nameof(decimal.Remainder)] = ExpressionType.Modulo,
    };

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var isMath = method.DeclaringType == typeof(Math) || method.DeclaringType == typeof(MathF);
        if (!isMath && (method.DeclaringType is null || !NumericTypes.Contains(method.DeclaringType)) || instance is not null || arguments.Count == 0)
        {
            return null;
        }

        if (OfAnyNumber.TryGetValue((method.Name, arguments.Count), out var function))
        {
            return TranslateAnyNumber(function, method.ReturnType, arguments);
        }

        var isDecimal = method.ReturnType == typeof(decimal);
        switch (method.Name, arguments)
        {
            case (nameof(Math.Sign), [var number]):
                return sql.Convert(sql.Call("sign", number.Type, number.TypeMapping, number), typeof(int));
            case (nameof(Math.Clamp), [var number, var least, var greatest]):
                return TranslateAnyNumber("LEAST", method.ReturnType, [TranslateAnyNumber("GREATEST", method.ReturnType, [number, least]), greatest]);
            case (nameof(Math.Log), [var number, var newBase]):
                return Narrowed(sql.Divide(sql.Call("ln", typeof(double), number), sql.Call("ln", typeof(double), newBase)), method.ReturnType);
            case (nameof(Math.BigMul), [var left, var right]) when method.ReturnType == typeof(long):
                return sql.Multiply(sql.Convert(left, typeof(long)), sql.Convert(right, typeof(long)));
            case (nameof(decimal.Negate), [var number]) when isDecimal:
                return sql.Negate(number);
            case (var name, [var left, var right]) when isDecimal && DecimalOperators.TryGetValue(name, out var @operator):
                return sql.MakeBinary(@operator, left, right, ExpressionExtensions.InferTypeMapping(left, right));
            case (nameof(Math.Round), _):
                return TranslateRound(method.ReturnType, arguments);
            case (nameof(double.IsNaN), [var number]):
                return sql.Equal(number, sql.Constant(number.Type == typeof(float) ? float.NaN : (object)double.NaN, number.TypeMapping));
            default:
                return OfDouble.TryGetValue((method.Name, arguments.Count), out function) && arguments[^1].Type != typeof(MidpointRounding) && (!isDecimal || IsOfDecimals(function))
                    ? TranslateDouble(function, method.ReturnType, arguments)
                    : null;
        }
    }

    private static bool IsOfDecimals(string function) => function is "ceil" or "floor" or "trunc";

    private SqlExpression TranslateAnyNumber(string function, Type type, IReadOnlyList<SqlExpression> arguments)
    {
        var mapping = ExpressionExtensions.InferTypeMapping(arguments);
        var typed = arguments.Select(a => sql.ApplyTypeMapping(a, mapping)).ToArray();

        // GREATEST and LEAST pass over NULL.
        return sql.Function(function, typed, nullable: true, typed.Select(_ => typed.Length == 1), type, mapping);
    }

    /// <summary>Ties go to even in .NET, unless a mode says otherwise; so they do in the database's round of float64, but not in that of decimals.</summary>
    private SqlExpression? TranslateRound(Type type, IReadOnlyList<SqlExpression> arguments)
    {
        var mode = MidpointRounding.ToEven;
        if (arguments[^1].Type == typeof(MidpointRounding))
        {
            if (arguments[^1] is not SqlConstantExpression { Value: MidpointRounding given })
            {
                return null;
            }

            (mode, arguments) = (given, [.. arguments.SkipLast(1)]);
        }

        var (value, digits) = (arguments[0], arguments.Count == 2 ? arguments[1] : null);
        if (digits is null && mode is MidpointRounding.ToZero or MidpointRounding.ToNegativeInfinity or MidpointRounding.ToPositiveInfinity)
        {
            return TranslateDouble(mode switch { MidpointRounding.ToZero => "trunc", MidpointRounding.ToNegativeInfinity => "floor", _ => "ceil" }, type, arguments);
        }

        if (type == typeof(decimal))
        {
            return mode switch
            {
                MidpointRounding.ToEven => sql.Call("round_even", type, value.TypeMapping, value, digits ?? sql.Constant(0)),
                MidpointRounding.AwayFromZero => sql.Call("round", type, value.TypeMapping, digits is null ? [value] : [value, digits]),
                _ => null,
            };
        }

        // Half away from zero: the magnitude is cut, and one is added when what was cut is at least a half.
        return (mode, digits) switch
        {
            (MidpointRounding.ToEven, _) => TranslateDouble("round", type, arguments),
            (MidpointRounding.AwayFromZero, null) => Narrowed(
                sql.Add(
                    sql.Call("trunc", typeof(double), value),
                    sql.Call("trunc", typeof(double), sql.Multiply(sql.Subtract(sql.ApplyDefaultTypeMapping(value), sql.Call("trunc", typeof(double), value)), sql.Constant(2.0)))), type),
            _ => null,
        };
    }

    /// <summary>The result has the type of the database's function, float64, and is narrowed for <see cref="MathF"/>.</summary>
    private SqlExpression TranslateDouble(string function, Type type, IReadOnlyList<SqlExpression> arguments)
        => type == typeof(decimal)
            ? sql.Call(function, type, arguments[0].TypeMapping, [.. arguments])
            : Narrowed(sql.Call(function, typeof(double), [.. arguments]), type);

    private SqlExpression Narrowed(SqlExpression call, Type type) => type == typeof(float) ? sql.Call("dotnet_single", type, call) : call;
}
