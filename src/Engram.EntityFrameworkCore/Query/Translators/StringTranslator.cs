using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Methods and properties of <see cref="string"/>, and the case of a <see cref="char"/>. Where .NET counts UTF-16 units, functions that count them too are called.</summary>
internal sealed class StringTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator, IMemberTranslator
{
    /// <summary>What <see cref="char.IsWhiteSpace(char)"/> holds for, as a constant with escapes.</summary>
    private const string WhiteSpace =
        @"E' \t\n\u000B\f\r\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000'";

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType == typeof(Enumerable) && method.IsGenericMethod && method.GetGenericArguments() is [var element] && element == typeof(char))
        {
            return TranslateCharacters(method, arguments);
        }

        if (method.DeclaringType == typeof(char) && arguments is [{ } letter])
        {
            return method.Name switch
            {
                nameof(char.ToUpper) or nameof(char.ToUpperInvariant) => sql.Call("upper", typeof(char), letter.TypeMapping, letter),
                nameof(char.ToLower) or nameof(char.ToLowerInvariant) => sql.Call("lower", typeof(char), letter.TypeMapping, letter),
                _ => null,
            };
        }

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
        => (method.Name, arguments) switch
        {
            (nameof(string.IsNullOrWhiteSpace), [var text]) => sql.OrElse(
                sql.IsNull(text), sql.Equal(sql.Call("btrim", typeof(string), text.TypeMapping, text, sql.Fragment(WhiteSpace)), sql.Constant(""))),
            (nameof(string.Equals), [var left, var right, SqlConstantExpression { Value: StringComparison comparison }]) =>
                Compared([left, right], comparison) is [var a, var b] ? sql.Equal(a, b) : null,
            (nameof(string.Compare), [var left, var right, SqlConstantExpression { Value: StringComparison comparison }]) =>
                Compared([left, right], comparison) is [var a, var b] ? Compare(a, b) : null,
            (nameof(string.Compare), [var left, var right, SqlConstantExpression { Value: bool ignoresCase }]) =>
                Compared([left, right], ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal) is [var a, var b] ? Compare(a, b) : null,
            (nameof(string.CompareOrdinal), [var left, var right]) => Compare(left, right),
            _ => null,
        };

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
            case (nameof(string.Replace), 2 or 3):
                return arguments.Count == 3 && arguments[2] is not SqlConstantExpression { Value: StringComparison.Ordinal }
                    ? null
                    : Text("replace", instance, Typed(arguments[0], instance), Replacement(arguments[1], instance));
            case (nameof(string.Substring), 1 or 2):
                return Text("utf16_substring", [instance, .. arguments]);
            case ("get_Chars", 1):
                return CharacterAt(instance, arguments[0]);
            case (nameof(string.IndexOf) or nameof(string.LastIndexOf), _):
                return IndexOf(method.Name == nameof(string.IndexOf) ? "utf16_index_of" : "utf16_last_index_of", instance, arguments);
            case (nameof(string.Insert), 2):
                return Join(
                    Text("utf16_substring", instance, sql.Constant(0), arguments[0]), Typed(arguments[1], instance), Text("utf16_substring", instance, arguments[0]));
            case (nameof(string.Remove), 1):
                return Text("utf16_substring", instance, sql.Constant(0), arguments[0]);
            case (nameof(string.Remove), 2):
                return Join(Text("utf16_substring", instance, sql.Constant(0), arguments[0]), Text("utf16_substring", instance, sql.Add(arguments[0], arguments[1])));
            case (nameof(string.PadLeft), _):
                return Join(Padding(instance, arguments), instance);
            case (nameof(string.PadRight), _):
                return Join(instance, Padding(instance, arguments));
            case (nameof(string.Equals), 2) when arguments[1] is SqlConstantExpression { Value: StringComparison comparison }:
                return Compared([instance, arguments[0]], comparison) is [var a, var b] ? sql.Equal(a, b) : null;
            default:
                return null;
        }
    }

    /// <summary>A string is a sequence of characters to LINQ.</summary>
    private SqlExpression? TranslateCharacters(MethodInfo method, IReadOnlyList<SqlExpression> arguments)
        => (method.Name, arguments) switch
        {
            _ when arguments[0].Type != typeof(string) => null,
            (nameof(Enumerable.FirstOrDefault) or nameof(Enumerable.First), [var text]) => CharacterAt(text, sql.Constant(0)),
            (nameof(Enumerable.LastOrDefault) or nameof(Enumerable.Last), [var text]) => CharacterAt(
                text, sql.Function("GREATEST", [sql.Subtract(sql.Call("utf16_length", typeof(int), text), sql.Constant(1)), sql.Constant(0)], nullable: true, [true, false], typeof(int))),
            (nameof(Enumerable.ElementAt) or nameof(Enumerable.ElementAtOrDefault), [var text, var place]) => CharacterAt(text, place),
            (nameof(Enumerable.Count), [var text]) => sql.Call("utf16_length", typeof(int), text),
            (nameof(Enumerable.Any), [var text]) => sql.NotEqual(text, sql.Constant("", text.TypeMapping)),
            _ => null,
        };

    private SqlExpression CharacterAt(SqlExpression text, SqlExpression place)
        => sql.Call("utf16_substring", typeof(char), text, place, sql.Constant(1));

    /// <summary>Both sides as they are compared; null for an order that depends on a culture.</summary>
    private SqlExpression[]? Compared(SqlExpression[] sides, StringComparison comparison)
    {
        var mapping = ExpressionExtensions.InferTypeMapping(sides);
        var typed = sides.Select(s => sql.ApplyTypeMapping(s, mapping)).ToArray();
        return comparison switch
        {
            StringComparison.Ordinal => typed,
            StringComparison.OrdinalIgnoreCase => [.. typed.Select(s => Text("upper", s))],
            _ => null,
        };
    }

    private SqlExpression Compare(SqlExpression left, SqlExpression right)
        => sql.Case(
            [
                new CaseWhenClause(sql.Equal(left, right), sql.Constant(0)),
                new CaseWhenClause(sql.GreaterThan(left, right), sql.Constant(1)),
                new CaseWhenClause(sql.LessThan(left, right), sql.Constant(-1)),
            ],
            elseResult: null);

    /// <summary>A place to start from may stand between the part and how it is compared.</summary>
    private SqlExpression? IndexOf(string function, SqlExpression instance, IReadOnlyList<SqlExpression> arguments)
    {
        if (arguments[^1] is SqlConstantExpression { Value: StringComparison comparison })
        {
            if (Compared([instance, Typed(arguments[0], instance)], comparison) is not [var text, var part])
            {
                return null;
            }

            return IndexOf(function, text, [part, .. arguments.Skip(1).SkipLast(1)]);
        }

        return arguments.Count switch
        {
            1 => sql.Call(function, typeof(int), instance, Typed(arguments[0], instance)),
            2 when function == "utf16_index_of" => sql.Call(function, typeof(int), instance, Typed(arguments[0], instance), arguments[1]),
            _ => null,
        };
    }

    /// <summary>As many of a character as are missing, none when the text is long enough; <c>lpad</c> would cut it.</summary>
    private SqlExpression Padding(SqlExpression instance, IReadOnlyList<SqlExpression> arguments)
    {
        var character = arguments.Count == 1 ? sql.Constant(" ") : arguments[1] is SqlConstantExpression { Value: char c } ? sql.Constant(c.ToString()) : sql.ApplyDefaultTypeMapping(arguments[1]);
        return sql.Call("repeat", typeof(string), instance.TypeMapping, character, sql.Subtract(arguments[0], sql.Call("utf16_length", typeof(int), instance)));
    }

    private SqlExpression Join(params SqlExpression[] parts) => parts.Aggregate((a, b) => sql.Add(a, b));

    private SqlExpression? Trim(string function, SqlExpression instance, IReadOnlyList<SqlExpression> arguments)
        => arguments switch
        {
            [] or [SqlConstantExpression { Value: null or char[] { Length: 0 } }] => Text(function, instance, sql.Fragment(WhiteSpace)),
            [SqlConstantExpression { Value: char c }] => Text(function, instance, sql.Constant(c.ToString(), instance.TypeMapping)),
            [SqlConstantExpression { Value: char[] characters }] => Text(function, instance, sql.Constant(new string(characters), instance.TypeMapping)),
            [{ } character] when character.Type == typeof(char) => Text(function, instance, sql.ApplyDefaultTypeMapping(character)),
            _ => null,
        };

    private SqlExpression Text(string function, params SqlExpression[] arguments)
        => sql.Call(function, typeof(string), arguments[0].TypeMapping, arguments);

    /// <summary>In .NET, replacing with null removes.</summary>
    private SqlExpression Replacement(SqlExpression argument, SqlExpression instance)
        => argument is SqlConstantExpression { Value: null } ? sql.Constant("", instance.TypeMapping) : Typed(argument, instance);

    /// <summary>A constant or parameter takes the type of the text beside it; a character keeps its own.</summary>
    private SqlExpression Typed(SqlExpression argument, SqlExpression instance)
        => argument.Type == typeof(string) && instance.TypeMapping is { } mapping
            ? sql.ApplyTypeMapping(argument, mapping)
            : sql.ApplyDefaultTypeMapping(argument);
}
