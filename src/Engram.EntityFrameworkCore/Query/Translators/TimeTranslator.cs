using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Members of <see cref="DateTime"/>, <see cref="DateTimeOffset"/>, <see cref="DateOnly"/>, <see cref="TimeOnly"/> and <see cref="TimeSpan"/>.</summary>
/// <remarks>Fields of a <see cref="DateTimeOffset"/> are those of its own clock, at its own offset, as in .NET.</remarks>
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

    /// <summary>Properties that give the whole of an interval in units of this many seconds.</summary>
    private static readonly Dictionary<string, double> Totals = new()
    {
        [nameof(TimeSpan.TotalDays)] = 86_400,
        [nameof(TimeSpan.TotalHours)] = 3_600,
        [nameof(TimeSpan.TotalMinutes)] = 60,
        [nameof(TimeSpan.TotalSeconds)] = 1,
    };

    public SqlExpression? Translate(SqlExpression? instance, MemberInfo member, Type returnType, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var type = member.DeclaringType;
        if (type == typeof(TimeSpan))
        {
            return instance is not null && Totals.TryGetValue(member.Name, out var seconds)
                ? sql.Divide(DatePart("epoch", instance), sql.Constant(seconds))
                : null;
        }

        if (type != typeof(DateTime) && type != typeof(DateTimeOffset) && type != typeof(DateOnly) && type != typeof(TimeOnly))
        {
            return null;
        }

        if (instance is null)
        {
            return TranslateNow(type, member.Name);
        }

        if (Fields.TryGetValue(member.Name, out var field))
        {
            return sql.Convert(DatePart(field, instance), returnType);
        }

        return member.Name switch
        {
            // The field has a fraction, .NET's property has none.
            nameof(DateTime.Second) => sql.Convert(sql.Call("floor", typeof(double), DatePart("second", instance)), returnType),
            nameof(DateTimeOffset.DateTime) => Clock(instance),
            nameof(DateTime.Date) => Truncate("day", Clock(instance)),
            nameof(DateTime.TimeOfDay) => sql.Convert(sql.Convert(instance, typeof(TimeOnly)), returnType),
            nameof(DateOnly.DayNumber) => new SqlBinaryExpression(
                ExpressionType.Subtract, instance, sql.Constant(DateOnly.MinValue, instance.TypeMapping), returnType, typeMappingSource.FindMapping(returnType)),
            _ => null,
        };
    }

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var type = method.DeclaringType;
        if (type == typeof(DateOnly) || type == typeof(TimeOnly))
        {
            return TranslateDateOrTime(instance, method, arguments);
        }

        if (instance is null || (type != typeof(DateTime) && type != typeof(DateTimeOffset)))
        {
            return null;
        }

        if (arguments.Count == 0)
        {
            return TranslateUnixTime(instance, method);
        }

        return method.Name switch
        {
            nameof(DateTime.AddMonths) => sql.Call("add_months", instance.Type, instance.TypeMapping, instance, arguments[0]),
            nameof(DateTime.AddYears) => sql.Call("add_months", instance.Type, instance.TypeMapping, instance, sql.Multiply(arguments[0], sql.Constant(12))),
            nameof(DateTime.Add) => Add(instance, sql.ApplyDefaultTypeMapping(arguments[0])),
            _ when Units.TryGetValue(method.Name, out var unit) => Add(instance, Length(arguments[0], unit)),
            _ => null,
        };
    }

    private SqlExpression? TranslateDateOrTime(SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments)
        => (method.Name, instance, arguments) switch
        {
            (nameof(DateOnly.FromDateTime) or nameof(TimeOnly.FromTimeSpan), null, [var source]) => sql.Convert(source, method.ReturnType),
            (nameof(TimeOnly.ToTimeSpan), { } time, []) => sql.Convert(time, method.ReturnType),
            (nameof(DateOnly.AddDays), { } date, [var days]) => Add(date, sql.ApplyDefaultTypeMapping(days)),
            (nameof(DateOnly.ToDateTime), { } date, [var time]) => new SqlBinaryExpression(
                ExpressionType.Add, sql.ApplyDefaultTypeMapping(date), sql.ApplyDefaultTypeMapping(time), method.ReturnType, typeMappingSource.FindMapping(method.ReturnType)),
            _ => null,
        };

    /// <summary>Cut to the unit first: the epoch is a float64, which would round what is less.</summary>
    private SqlExpression? TranslateUnixTime(SqlExpression instance, MethodInfo method) => method.Name switch
    {
        nameof(DateTimeOffset.ToUnixTimeSeconds) => sql.Convert(DatePart("epoch", Truncate("second", instance)), method.ReturnType),
        nameof(DateTimeOffset.ToUnixTimeMilliseconds) => sql.Convert(
            sql.Call("round", typeof(double), sql.Multiply(DatePart("epoch", Truncate("milliseconds", instance)), sql.Constant(1000.0))), method.ReturnType),
        _ => null,
    };

    /// <summary>The clock of the database is that of the process, in UTC. <see cref="DateTimeOffset.Now"/> is the same instant with another offset, which
    /// comparisons do not see; <see cref="DateTime.Now"/> is another value, which depends on where the query runs, and is left alone.</summary>
    private SqlExpression? TranslateNow(Type type, string member) => (type, member) switch
    {
        _ when type == typeof(DateTimeOffset) && member is nameof(DateTimeOffset.Now) or nameof(DateTimeOffset.UtcNow) => sql.Function("now", [], nullable: false, [], type),
        _ when type == typeof(DateTime) && member == nameof(DateTime.UtcNow) => sql.NiladicFunction("localtimestamp", nullable: false, type),
        _ => null,
    };

    private SqlExpression Length(SqlExpression number, TimeSpan unit)
    {
        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        return number is SqlConstantExpression { Value: double constant }
            ? sql.Constant(unit * constant, span)
            : new SqlBinaryExpression(ExpressionType.Multiply, sql.ApplyDefaultTypeMapping(number), sql.Constant(unit, span), typeof(TimeSpan), span);
    }

    /// <summary>The sum has the type of its left side, which the factory would give to the right side too.</summary>
    private SqlBinaryExpression Add(SqlExpression point, SqlExpression length)
    {
        point = sql.ApplyDefaultTypeMapping(point);
        return new SqlBinaryExpression(ExpressionType.Add, point, length, point.Type, point.TypeMapping);
    }

    /// <summary>What the clock showed where the time was given: <see cref="DateTimeOffset.DateTime"/>.</summary>
    private SqlExpression Clock(SqlExpression time) => time.Type == typeof(DateTimeOffset) ? sql.Convert(time, typeof(DateTime)) : time;

    private SqlExpression Truncate(string field, SqlExpression time)
        => sql.Call("date_trunc", time.Type, time.TypeMapping, sql.Constant(field), time);

    private SqlExpression DatePart(string field, SqlExpression instance)
        => sql.Call("date_part", typeof(double), sql.Constant(field), instance);
}
