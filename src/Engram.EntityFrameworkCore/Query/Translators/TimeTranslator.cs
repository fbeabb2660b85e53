using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Members of <see cref="DateTime"/>, <see cref="DateTimeOffset"/>, <see cref="DateOnly"/>, <see cref="TimeOnly"/> and <see cref="TimeSpan"/>.</summary>
/// <remarks>Fields of a <see cref="DateTimeOffset"/> are those of its own offset, as in .NET.</remarks>
internal sealed class TimeTranslator(ISqlExpressionFactory sql, IRelationalTypeMappingSource typeMappingSource) : IMethodCallTranslator, IMemberTranslator
{
    private static readonly Dictionary<string, string> Fields = new()
    {
        [nameof(DateTime.Year)] = "year",
        [nameof(DateTime.Month)] = "month",
        [nameof(DateTime.Day)] = "day",
        [nameof(DateTime.Hour)] = "hour",
        [nameof(DateTime.Minute)] = "minute",
        [nameof(DateTime.DayOfYear)] = "doy",
        [nameof(DateTime.DayOfWeek)] = "dow",
    };

    /// <summary>Methods that add a number of units, each of a fixed length.</summary>
    private static readonly Dictionary<string, TimeSpan> Units = new()
    {
        [nameof(DateTime.AddDays)] = TimeSpan.FromDays(1),
        [nameof(DateTime.AddHours)] = TimeSpan.FromHours(1),
        [nameof(DateTime.AddMinutes)] = TimeSpan.FromMinutes(1),
        [nameof(DateTime.AddSeconds)] = TimeSpan.FromSeconds(1),
        [nameof(DateTime.AddMilliseconds)] = TimeSpan.FromMilliseconds(1),
    };

    public SqlExpression? Translate(SqlExpression? instance, MemberInfo member, Type returnType, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var type = member.DeclaringType;
        if (instance is null)
        {
            return TranslateNow(type, member.Name);
        }

        if (type != typeof(DateTime) && type != typeof(DateTimeOffset) && type != typeof(DateOnly) && type != typeof(TimeOnly))
        {
            return null;
        }

        if (Fields.TryGetValue(member.Name, out var field))
        {
            return DatePart(field, instance, returnType);
        }

        return member.Name switch
        {
            // The field has a fraction, .NET's property has none.
            nameof(DateTime.Second) => sql.Convert(sql.Call("floor", typeof(double), DatePart("second", instance)), returnType),
            nameof(DateTime.Date) when type == typeof(DateTime) => sql.Call("date_trunc", returnType, instance.TypeMapping, sql.Constant("day"), instance),
            _ => null,
        };
    }

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var type = method.DeclaringType;
        if (instance is null || arguments.Count != 1 || (type != typeof(DateTime) && type != typeof(DateTimeOffset)) || !Units.TryGetValue(method.Name, out var unit))
        {
            return null;
        }

        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        SqlExpression length = arguments[0] is SqlConstantExpression { Value: double constant }
            ? sql.Constant(unit * constant, span)
            : new SqlBinaryExpression(
                ExpressionType.Multiply, sql.ApplyDefaultTypeMapping(arguments[0]), sql.Constant(unit, span), typeof(TimeSpan), span);
        instance = sql.ApplyDefaultTypeMapping(instance);
        return new SqlBinaryExpression(ExpressionType.Add, instance, length, instance.Type, instance.TypeMapping);
    }

    private SqlExpression? TranslateNow(Type? type, string member)
        => (type == typeof(DateTimeOffset), member) switch
        {
            (true, nameof(DateTimeOffset.UtcNow)) => sql.Function("now", [], nullable: false, [], typeof(DateTimeOffset)),
            _ => null,
        };

    private SqlExpression DatePart(string field, SqlExpression instance)
        => sql.Call("date_part", typeof(double), sql.Constant(field), instance);

    private SqlExpression DatePart(string field, SqlExpression instance, Type returnType)
        => sql.Convert(DatePart(field, instance), returnType);
}
