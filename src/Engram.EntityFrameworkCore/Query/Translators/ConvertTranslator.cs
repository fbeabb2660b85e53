using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>ToString()</c>, <c>Parse</c> and <see cref="Convert"/> where text and rounding are the same in the database as in .NET.</summary>
internal sealed class ConvertTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly HashSet<Type> Integers =
        [typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];

    private static readonly HashSet<Type> SameText = [.. Integers, typeof(decimal), typeof(Guid), typeof(string), typeof(char)];

    /// <summary>Types that SQL writes otherwise than .NET does.</summary>
    private static readonly HashSet<Type> OtherText =
        [typeof(float), typeof(double), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan)];

    private static readonly HashSet<Type> Numbers = [.. Integers, typeof(float), typeof(double), typeof(decimal)];

    private static readonly HashSet<Type> Parsed = [.. Numbers, typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(bool)];

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.Name == nameof(ToString) && instance is not null && arguments.Count == 0)
        {
            return ToText(instance);
        }

        if (method.Name == nameof(Nullable<int>.GetValueOrDefault) && instance is not null && method.DeclaringType is { IsGenericType: true } nullable && nullable.GetGenericTypeDefinition() == typeof(Nullable<>))
        {
            return arguments.Count == 1 ? sql.Coalesce(instance, arguments[0])
                : instance.TypeMapping is { } mapping ? sql.Coalesce(instance, sql.Constant(Activator.CreateInstance(method.ReturnType), method.ReturnType, mapping)) : null;
        }

        if (arguments.Count != 1)
        {
            return null;
        }

        // A value is boxed for the overloads that take an object.
        var argument = arguments[0] is SqlUnaryExpression { OperatorType: ExpressionType.Convert, Operand: var boxed } && arguments[0].Type == typeof(object) ? boxed : arguments[0];
        if (method.Name == nameof(int.Parse) && method.DeclaringType == method.ReturnType && Parsed.Contains(method.ReturnType) && argument.Type == typeof(string))
        {
            return sql.Convert(sql.ApplyDefaultTypeMapping(argument), method.ReturnType);
        }

        if (method.DeclaringType == typeof(Convert) && argument.Type == typeof(byte[]))
        {
            return method.Name switch
            {
                nameof(Convert.ToHexString) => sql.Call("upper", typeof(string), Encoded("hex")),
                nameof(Convert.ToHexStringLower) => Encoded("hex"),
                // The database breaks lines, as PostgreSQL does; .NET does not.
                nameof(Convert.ToBase64String) => sql.Call("replace", typeof(string), Encoded("base64"), sql.Constant("\n"), sql.Constant("")),
                _ => null,
            };
        }

        return method.DeclaringType != typeof(Convert) ? null : method.Name == nameof(Convert.ToString) ? ToText(argument) : TranslateConvert(method.ReturnType, argument);

        SqlExpression Encoded(string form) => sql.Call("encode", typeof(string), sql.ApplyDefaultTypeMapping(argument), sql.Constant(form));
    }

    private SqlExpression? TranslateConvert(Type type, SqlExpression argument)
    {
        var source = Nullable.GetUnderlyingType(argument.Type) ?? argument.Type;
        if (source == type)
        {
            return argument;
        }

        if (!Parsed.Contains(type) || argument.TypeMapping?.Converter is not null)
        {
            return null;
        }

        if (source == typeof(string))
        {
            return sql.Convert(sql.ApplyDefaultTypeMapping(argument), type);
        }

        if (type == typeof(bool) && Numbers.Contains(source))
        {
            var number = sql.ApplyDefaultTypeMapping(argument);
            return sql.NotEqual(number, sql.Constant(Convert.ChangeType(0, source, System.Globalization.CultureInfo.InvariantCulture), number.TypeMapping));
        }

        if (source == typeof(bool) && Numbers.Contains(type))
        {
            return sql.Convert(sql.Convert(argument, typeof(int)), type);
        }

        if (!Numbers.Contains(type) || !Numbers.Contains(source))
        {
            return null;
        }

        // Convert rounds to even, and so does CAST, but for decimals.
        var isRounded = source == typeof(decimal) && Integers.Contains(type);
        return sql.Convert(isRounded ? sql.Call("round_even", typeof(decimal), argument.TypeMapping, argument, sql.Constant(0)) : argument, type);
    }

    private SqlExpression? ToText(SqlExpression value)
    {
        var type = Nullable.GetUnderlyingType(value.Type) ?? value.Type;
        if (value.Type == typeof(string))
        {
            return value;
        }

        // The text of an enum is its name, that of its column its number.
        if (value.TypeMapping?.Converter is not null && type != typeof(char))
        {
            return null;
        }

        if (type == typeof(bool))
        {
            return sql.Case(
                [new CaseWhenClause(value, sql.Constant("True")), new CaseWhenClause(sql.Not(value), sql.Constant("False"))], elseResult: null);
        }

        return SameText.Contains(type) ? sql.Convert(value, typeof(string))
            : OtherText.Contains(type) ? sql.Call("dotnet_text", typeof(string), sql.ApplyDefaultTypeMapping(value)) : null;
    }
}
