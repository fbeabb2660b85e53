using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Members of <see cref="DateTime"/>, <see cref="DateTimeOffset"/>, <see cref="DateOnly"/> and <see cref="TimeOnly"/>.</summary>
/// <remarks>The clock itself (<c>Now</c>, <c>Today</c>) is read in <see cref="ExpressionTranslator"/>. Fields of a <see cref="DateTimeOffset"/> are those of its own clock, at its own offset, as in .NET.</remarks>
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
        [nameof(DateTime.AddMicroseconds)] = TimeSpan.FromMicroseconds(1),
        [nameof(DateTime.AddTicks)] = TimeSpan.FromTicks(1),
    };

    /// <summary>Fields below the second: so many ticks, of which so many are a whole.</summary>
    private static readonly Dictionary<string, (long Ticks, long Whole)> Fractions = new()
    {
        [nameof(DateTime.Millisecond)] = (TimeSpan.TicksPerMillisecond, 1000),
        [nameof(DateTime.Microsecond)] = (TimeSpan.TicksPerMicrosecond, 1000),
    };

    public SqlExpression? Translate(SqlExpression? instance, MemberInfo member, Type returnType, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        var type = member.DeclaringType;
        if (instance is null || (type != typeof(DateTime) && type != typeof(DateTimeOffset) && type != typeof(DateOnly) && type != typeof(TimeOnly)))
        {
            return null;
        }

        if (Fields.TryGetValue(member.Name, out var field))
        {
            return sql.Convert(DatePart(field, instance), returnType);
        }

        if (Fractions.TryGetValue(member.Name, out var fraction))
        {
            return sql.Convert(sql.Modulo(sql.Divide(Ticks(Clock(instance)), sql.Constant(fraction.Ticks)), sql.Constant(fraction.Whole)), returnType);
        }

        return member.Name switch
        {
            nameof(DateTime.Nanosecond) => sql.Convert(sql.Multiply(sql.Modulo(Ticks(Clock(instance)), sql.Constant(10L)), sql.Constant(100L)), returnType),
            nameof(DateTime.Ticks) => Ticks(Clock(instance)),
            nameof(DateTimeOffset.UtcTicks) => Ticks(Utc(instance)),
            nameof(DateTimeOffset.UtcDateTime) => Utc(instance),
            nameof(DateTimeOffset.TotalOffsetMinutes) => sql.Convert(sql.Divide(DatePart("timezone", instance), sql.Constant(60.0)), returnType),
            nameof(DateTimeOffset.Offset) => Length(DatePart("timezone", instance), TimeSpan.FromSeconds(1)),

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

        if (instance is null)
        {
            return TranslateStatic(method, arguments);
        }

        if (type != typeof(DateTime) && type != typeof(DateTimeOffset))
        {
            return null;
        }

        if (arguments.Count == 0)
        {
            return TranslateUnixTime(instance, method);
        }

        return method.Name switch
        {
            nameof(DateTime.AddMonths) => AddMonths(instance, arguments[0]),
            nameof(DateTime.AddYears) => AddMonths(instance, Years(arguments[0])),
            nameof(DateTime.Add) => Add(instance, sql.ApplyDefaultTypeMapping(arguments[0])),
            nameof(DateTime.Subtract) => Subtract(instance, arguments[0]),
            nameof(DateTimeOffset.ToOffset) => ToOffset(instance, arguments[0]),
            _ when Units.TryGetValue(method.Name, out var unit) => Add(instance, Length(arguments[0], unit)),
            _ => null,
        };
    }

    private SqlBinaryExpression? TranslateStatic(MethodInfo method, IReadOnlyList<SqlExpression> arguments)
        => (method.DeclaringType == typeof(DateTimeOffset), method.DeclaringType == typeof(DateTime), method.Name, arguments) switch
        {
            (true, _, nameof(DateTimeOffset.FromUnixTimeSeconds), [var number]) => Add(sql.Constant(DateTimeOffset.UnixEpoch), Length(number, TimeSpan.FromSeconds(1))),
            (true, _, nameof(DateTimeOffset.FromUnixTimeMilliseconds), [var number]) => Add(sql.Constant(DateTimeOffset.UnixEpoch), Length(number, TimeSpan.FromMilliseconds(1))),

            _ => null,
        };

    private SqlExpression? TranslateDateOrTime(SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments)
        => (method.Name, instance, arguments) switch
        {
            (nameof(DateOnly.FromDateTime) or nameof(TimeOnly.FromTimeSpan), null, [var source]) => sql.Convert(source, method.ReturnType),
            (nameof(DateOnly.FromDayNumber), null, [var days]) => Add(sql.Constant(DateOnly.MinValue), sql.ApplyDefaultTypeMapping(days)),
            (nameof(TimeOnly.ToTimeSpan), { } time, []) => sql.Convert(time, method.ReturnType),
            (nameof(DateOnly.AddDays), { } date, [var days]) when date.Type == typeof(DateOnly) => Add(date, sql.ApplyDefaultTypeMapping(days)),
            (nameof(DateOnly.AddMonths), { } date, [var months]) => sql.Convert(AddMonths(sql.Convert(date, typeof(DateTime)), months), typeof(DateOnly)),
            (nameof(DateOnly.AddYears), { } date, [var years]) => sql.Convert(AddMonths(sql.Convert(date, typeof(DateTime)), Years(years)), typeof(DateOnly)),
            (nameof(DateOnly.ToDateTime), { } date, [var time]) => new SqlBinaryExpression(
                ExpressionType.Add, sql.ApplyDefaultTypeMapping(date), sql.ApplyDefaultTypeMapping(time), method.ReturnType, typeMappingSource.FindMapping(method.ReturnType)),
            (nameof(TimeOnly.Add), { } time, [var span]) => Add(time, sql.ApplyDefaultTypeMapping(span)),
            (nameof(TimeOnly.AddHours) or nameof(TimeOnly.AddMinutes), { } time, [var number]) => Add(time, Length(number, Units[method.Name])),
            (nameof(TimeOnly.IsBetween), { } time, [var start, var end]) => IsBetween(time, start, end),
            _ => null,
        };

    /// <summary>Round the clock: between 22:00 and 02:00 lies midnight. The end is not between.</summary>
    private SqlExpression IsBetween(SqlExpression time, SqlExpression start, SqlExpression end)
    {
        (start, end) = (sql.ApplyTypeMapping(start, time.TypeMapping), sql.ApplyTypeMapping(end, time.TypeMapping));
        var (after, before) = (sql.GreaterThanOrEqual(time, start), sql.LessThan(time, end));
        return sql.OrElse(
            sql.AndAlso(sql.LessThanOrEqual(start, end), sql.AndAlso(after, before)), sql.AndAlso(sql.GreaterThan(start, end), sql.OrElse(after, before)));
    }

    /// <summary>Cut to the unit first: the epoch is a float64, which would round what is less.</summary>
    private SqlExpression? TranslateUnixTime(SqlExpression instance, MethodInfo method) => method.Name switch
    {
        nameof(DateTimeOffset.ToUniversalTime) when instance.Type == typeof(DateTimeOffset) => ToOffset(instance, sql.Constant(TimeSpan.Zero)),
        nameof(DateTimeOffset.ToUnixTimeSeconds) => sql.Convert(DatePart("epoch", Truncate("second", instance)), method.ReturnType),
        nameof(DateTimeOffset.ToUnixTimeMilliseconds) => sql.Convert(
            sql.Call("round", typeof(double), sql.Multiply(DatePart("epoch", Truncate("milliseconds", instance)), sql.Constant(1000.0))), method.ReturnType),
        _ => null,
    };

    private SqlExpression Length(SqlExpression number, TimeSpan unit) => new TimeSpanTranslator(sql, typeMappingSource).OfUnits(number, unit);

    /// <summary>The sum has the type of its left side, which the factory would give to the right side too.</summary>
    private SqlBinaryExpression Add(SqlExpression point, SqlExpression length)
    {
        point = sql.ApplyDefaultTypeMapping(point);
        return new SqlBinaryExpression(ExpressionType.Add, point, length, point.Type, point.TypeMapping);
    }

    private SqlExpression AddMonths(SqlExpression point, SqlExpression months) => sql.Call("add_months", point.Type, point.TypeMapping, point, months);

    private SqlExpression Years(SqlExpression years)
        => years is SqlConstantExpression { Value: int constant } ? sql.Constant(constant * 12) : sql.Multiply(years, sql.Constant(12));

    /// <summary>A length from a point gives a point; a point from a point gives a length.</summary>
    private SqlBinaryExpression Subtract(SqlExpression point, SqlExpression other)
    {
        point = sql.ApplyDefaultTypeMapping(point);
        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        return other.Type == typeof(TimeSpan)
            ? new SqlBinaryExpression(ExpressionType.Subtract, point, sql.ApplyTypeMapping(other, span), point.Type, point.TypeMapping)
            : new SqlBinaryExpression(ExpressionType.Subtract, point, sql.ApplyTypeMapping(other, point.TypeMapping), typeof(TimeSpan), span);
    }

    private SqlExpression ToOffset(SqlExpression instant, SqlExpression offset)
        => sql.Call("to_offset", typeof(DateTimeOffset), instant.TypeMapping, instant, sql.ApplyTypeMapping(offset, typeMappingSource.FindMapping(typeof(TimeSpan))));

    private SqlExpression Ticks(SqlExpression time) => sql.Call("ticks", typeof(long), sql.ApplyDefaultTypeMapping(time));

    /// <summary>The instant on the clock of UTC: so much later than an instant of which that clock is known.</summary>
    private SqlBinaryExpression Utc(SqlExpression instant)
    {
        var epoch = DateTimeOffset.UnixEpoch;
        return Add(sql.Constant(epoch.UtcDateTime, typeMappingSource.FindMapping(typeof(DateTime))), Subtract(instant, sql.Constant(epoch)));
    }

    /// <summary>What the clock showed where the time was given: <see cref="DateTimeOffset.DateTime"/>.</summary>
    private SqlExpression Clock(SqlExpression time) => time.Type == typeof(DateTimeOffset) ? sql.Convert(time, typeof(DateTime)) : time;

    private SqlExpression Truncate(string field, SqlExpression time)
        => sql.Call("date_trunc", time.Type, time.TypeMapping, sql.Constant(field), time);

    private SqlExpression DatePart(string field, SqlExpression instance)
        => sql.Call("date_part", typeof(double), sql.Constant(field), instance);
}
