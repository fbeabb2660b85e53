using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Methods and properties of <see cref="string"/>. Where .NET counts UTF-16 units, functions that count them too are called.</summary>
internal sealed class StringTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator, IMemberTranslator
{
    /// <summary>What <see cref="char.IsWhiteSpace(char)"/> holds for, as a constant with escapes.</summary>
    private const string WhiteSpace =
        @"E' \t\n\u000B\f\r\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000'";

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(string))
        {
            return null;
        }

        return instance is null ? TranslateStatic(method, arguments) : TranslateInstance(instance, method, arguments);
    }

    public SqlExpression? Translate(SqlExpression? instance, MemberInfo member, Type returnType, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
        => member.DeclaringType == typeof(string) && member.Name == nameof(string.Length) && instance is not null
            ? sql.Call("utf16_length", returnType, instance)
            : null;

    private SqlExpression? TranslateStatic(MethodInfo method, IReadOnlyList<SqlExpression> arguments)
        => method.Name == nameof(string.IsNullOrWhiteSpace)
            ? sql.OrElse(
                sql.IsNull(arguments[0]),
                sql.Equal(sql.Call("btrim", typeof(string), arguments[0].TypeMapping, arguments[0], sql.Fragment(WhiteSpace)), sql.Constant("")))
            : null;

    private SqlExpression? TranslateInstance(SqlExpression instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments)
    {
        switch (method.Name, arguments.Count)
        {
            case (nameof(string.ToUpper) or nameof(string.ToUpperInvariant), 0):
                return Text("upper", instance);
            case (nameof(string.ToLower) or nameof(string.ToLowerInvariant), 0):
                return Text("lower", instance);
            case (nameof(string.Trim), _):
                return Trim("btrim", instance, arguments);
            case (nameof(string.TrimStart), _):
                return Trim("ltrim", instance, arguments);
            case (nameof(string.TrimEnd), _):
                return Trim("rtrim", instance, arguments);
            case (nameof(string.Replace), 2):
                return Text("replace", instance, Typed(arguments[0], instance), Typed(arguments[1], instance));
            case (nameof(string.Substring), 1 or 2):
                return Text("utf16_substring", [instance, .. arguments]);
            case (nameof(string.IndexOf), 1):
                return sql.Call("utf16_index_of", typeof(int), instance, Typed(arguments[0], instance));
            default:
                return null;
        }
    }

    private SqlExpression? Trim(string function, SqlExpression instance, IReadOnlyList<SqlExpression> arguments)
        => arguments switch
        {
            [] => Text(function, instance, sql.Fragment(WhiteSpace)),
            [SqlConstantExpression { Value: char c }] => Text(function, instance, sql.Constant(c.ToString(), instance.TypeMapping)),
            [SqlConstantExpression { Value: char[] { Length: > 0 } characters }] =>
                Text(function, instance, sql.Constant(new string(characters), instance.TypeMapping)),
            _ => null,
        };

    private SqlExpression Text(string function, params SqlExpression[] arguments)
        => sql.Call(function, typeof(string), arguments[0].TypeMapping, arguments);

    /// <summary>A constant or parameter takes the type of the text beside it; a character keeps its own.</summary>
    private SqlExpression Typed(SqlExpression argument, SqlExpression instance)
        => argument.Type == typeof(string) && instance.TypeMapping is { } mapping
            ? sql.ApplyTypeMapping(argument, mapping)
            : sql.ApplyDefaultTypeMapping(argument);
}
