using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>ToString()</c> and <see cref="Convert"/> where text and rounding are the same in the database as in .NET.</summary>
internal sealed class ConvertTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly HashSet<Type> Integers =
        [typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong)];

    private static readonly HashSet<Type> SameText = [.. Integers, typeof(decimal), typeof(Guid), typeof(string)];

    private static readonly HashSet<Type> Numbers = [.. Integers, typeof(float), typeof(double), typeof(decimal)];

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.Name == nameof(ToString) && instance is not null && arguments.Count == 0)
        {
            return ToText(instance);
        }

        if (method.DeclaringType != typeof(Convert) || arguments.Count != 1)
        {
            return null;
        }

        var argument = arguments[0];
        if (method.Name == nameof(Convert.ToString))
        {
            return ToText(argument);
        }

        if (!Numbers.Contains(method.ReturnType) || !IsPlain(argument, Numbers))
        {
            return null;
        }

        // Convert rounds to even, and so does CAST, but for decimals.
        var isRounded = argument.Type == typeof(decimal) && Integers.Contains(method.ReturnType);
        return sql.Convert(
            isRounded ? sql.Call("round_even", typeof(decimal), argument.TypeMapping, argument, sql.Constant(0)) : argument, method.ReturnType);
    }

    private SqlExpression? ToText(SqlExpression value)
        => value.Type == typeof(string) ? value : IsPlain(value, SameText) ? sql.Convert(value, typeof(string)) : null;

    /// <summary>Of one of the types, and stored as such: the text of an enum is its name, that of its column its number.</summary>
    private static bool IsPlain(SqlExpression value, HashSet<Type> types)
        => value.TypeMapping?.Converter is null && types.Contains(Nullable.GetUnderlyingType(value.Type) ?? value.Type);
}
