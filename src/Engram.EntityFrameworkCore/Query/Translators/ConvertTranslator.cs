using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary><c>ToString()</c> of values whose text is the same in the database as in .NET.</summary>
internal sealed class ConvertTranslator(ISqlExpressionFactory sql) : IMethodCallTranslator
{
    private static readonly HashSet<Type> SameText =
    [
        typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong), typeof(decimal), typeof(Guid),
    ];

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.Name != nameof(ToString) || arguments.Count != 0 || instance is null)
        {
            return null;
        }

        if (instance.Type == typeof(string))
        {
            return instance;
        }

        var type = instance.TypeMapping?.Converter?.ProviderClrType ?? instance.Type;
        return instance.TypeMapping?.Converter is null && SameText.Contains(Nullable.GetUnderlyingType(type) ?? type)
            ? sql.Convert(instance, typeof(string))
            : null;
    }
}
