using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query.Translators;

/// <summary>Members of <see cref="TimeSpan"/>, an interval. Its fields are computed from its ticks, which is how .NET does it, signs included.</summary>
internal sealed class TimeSpanTranslator(ISqlExpressionFactory sql, IRelationalTypeMappingSource typeMappingSource) : IMethodCallTranslator, IMemberTranslator
{
    /// <summary>Properties that give the whole of an interval in a unit.</summary>
    private static readonly Dictionary<string, double> Totals = new()
    {
        [nameof(TimeSpan.TotalDays)] = TimeSpan.TicksPerDay,
        [nameof(TimeSpan.TotalHours)] = TimeSpan.TicksPerHour,
        [nameof(TimeSpan.TotalMinutes)] = TimeSpan.TicksPerMinute,
        [nameof(TimeSpan.TotalSeconds)] = TimeSpan.TicksPerSecond,
        [nameof(TimeSpan.TotalMilliseconds)] = TimeSpan.TicksPerMillisecond,
        [nameof(TimeSpan.TotalMicroseconds)] = TimeSpan.TicksPerMicrosecond,
        [nameof(TimeSpan.TotalNanoseconds)] = 1.0 / TimeSpan.NanosecondsPerTick,
    };

    /// <summary>Properties that give one field: so many ticks, of which so many are the next greater field.</summary>
    private static readonly Dictionary<string, (long Ticks, long Whole)> Fields = new()
    {
        [nameof(TimeSpan.Days)] = (TimeSpan.TicksPerDay, 0),
        [nameof(TimeSpan.Hours)] = (TimeSpan.TicksPerHour, 24),
        [nameof(TimeSpan.Minutes)] = (TimeSpan.TicksPerMinute, 60),
        [nameof(TimeSpan.Seconds)] = (TimeSpan.TicksPerSecond, 60),
        [nameof(TimeSpan.Milliseconds)] = (TimeSpan.TicksPerMillisecond, 1000),
        [nameof(TimeSpan.Microseconds)] = (TimeSpan.TicksPerMicrosecond, 1000),
    };

    /// <summary>Methods that make one of a number of units.</summary>
    private static readonly Dictionary<string, TimeSpan> Units = new()
    {
        [nameof(TimeSpan.FromDays)] = TimeSpan.FromDays(1),
        [nameof(TimeSpan.FromHours)] = TimeSpan.FromHours(1),
        [nameof(TimeSpan.FromMinutes)] = TimeSpan.FromMinutes(1),
        [nameof(TimeSpan.FromSeconds)] = TimeSpan.FromSeconds(1),
        [nameof(TimeSpan.FromMilliseconds)] = TimeSpan.FromMilliseconds(1),
        [nameof(TimeSpan.FromMicroseconds)] = TimeSpan.FromMicroseconds(1),
        [nameof(TimeSpan.FromTicks)] = TimeSpan.FromTicks(1),
    };

    public SqlExpression? Translate(SqlExpression? instance, MemberInfo member, Type returnType, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (member.DeclaringType != typeof(TimeSpan) || instance is null)
        {
            return null;
        }

        if (Totals.TryGetValue(member.Name, out var unit))
        {
            return sql.Divide(sql.Convert(Ticks(instance), typeof(double)), sql.Constant(unit));
        }

        if (Fields.TryGetValue(member.Name, out var field))
        {
            var whole = sql.Divide(Ticks(instance), sql.Constant(field.Ticks));
            return sql.Convert(field.Whole == 0 ? whole : sql.Modulo(whole, sql.Constant(field.Whole)), returnType);
        }

        return member.Name switch
        {
            nameof(TimeSpan.Ticks) => Ticks(instance),
            nameof(TimeSpan.Nanoseconds) => sql.Convert(sql.Multiply(sql.Modulo(Ticks(instance), sql.Constant(10L)), sql.Constant(100L)), returnType),
            _ => null,
        };
    }

    public SqlExpression? Translate(
        SqlExpression? instance, MethodInfo method, IReadOnlyList<SqlExpression> arguments, IDiagnosticsLogger<DbLoggerCategory.Query> logger)
    {
        if (method.DeclaringType != typeof(TimeSpan))
        {
            return null;
        }

        return (method.Name, instance, arguments) switch
        {
            (nameof(TimeSpan.Add), { } span, [var other]) => Binary(ExpressionType.Add, span, other),
            (nameof(TimeSpan.Subtract), { } span, [var other]) => Binary(ExpressionType.Subtract, span, other),
            (nameof(TimeSpan.Multiply), { } span, [var number]) => Scaled(ExpressionType.Multiply, span, number),
            (nameof(TimeSpan.Divide), { } span, [var number]) when number.Type == typeof(double) => Scaled(ExpressionType.Divide, span, number),
            (nameof(TimeSpan.Divide), { } span, [var other]) => Ratio(span, other),
            (nameof(TimeSpan.Negate), { } span, []) => sql.Negate(span),
            (nameof(TimeSpan.Duration), { } span, []) => sql.Case([new CaseWhenClause(sql.LessThan(span, sql.Constant(TimeSpan.Zero, span.TypeMapping)), sql.Negate(span))], span),
            (_, null, [var number]) when Units.TryGetValue(method.Name, out var unit) => OfUnits(number, unit),
            _ => null,
        };
    }

    /// <summary>A length times or divided by a number; the factory would give both sides one type.</summary>
    public SqlExpression Scaled(ExpressionType @operator, SqlExpression span, SqlExpression number)
    {
        span = sql.ApplyTypeMapping(span, typeMappingSource.FindMapping(typeof(TimeSpan)));
        return new SqlBinaryExpression(@operator, span, sql.ApplyDefaultTypeMapping(number), typeof(TimeSpan), span.TypeMapping);
    }

    /// <summary>So many units; .NET cuts off what is less than a tick.</summary>
    public SqlExpression OfUnits(SqlExpression number, TimeSpan unit)
    {
        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        switch (number)
        {
            case SqlUnaryExpression { OperatorType: ExpressionType.Convert, Operand: { } whole } when number.Type == typeof(double) && whole.Type == typeof(int):
                return Scaled(ExpressionType.Multiply, sql.Constant(unit), whole);
            case SqlConstantExpression { Value: double constant }:
                return sql.Constant(new TimeSpan((long)(constant * unit.Ticks)), span);
            case SqlConstantExpression { Value: int or long }:
                return sql.Constant(unit * Convert.ToDouble(((SqlConstantExpression)number).Value, System.Globalization.CultureInfo.InvariantCulture), span);
            case var _ when (Nullable.GetUnderlyingType(number.Type) ?? number.Type) == typeof(double):
                var ticks = sql.Call("trunc", typeof(double), sql.Multiply(sql.ApplyDefaultTypeMapping(number), sql.Constant((double)unit.Ticks)));
                return Scaled(ExpressionType.Multiply, sql.Constant(TimeSpan.FromTicks(1)), sql.Convert(ticks, typeof(long)));
            default:
                return Scaled(ExpressionType.Multiply, sql.Constant(unit), number);
        }
    }

    /// <summary>How often one length goes into another.</summary>
    public SqlExpression Ratio(SqlExpression span, SqlExpression other)
        => sql.Divide(sql.Convert(Ticks(span), typeof(double)), sql.Convert(Ticks(other), typeof(double)));

    private SqlBinaryExpression Binary(ExpressionType @operator, SqlExpression left, SqlExpression right)
    {
        var span = typeMappingSource.FindMapping(typeof(TimeSpan))!;
        return new SqlBinaryExpression(@operator, sql.ApplyTypeMapping(left, span), sql.ApplyTypeMapping(right, span), typeof(TimeSpan), span);
    }

    private SqlExpression Ticks(SqlExpression span)
        => sql.Call("ticks", typeof(long), sql.ApplyTypeMapping(span, typeMappingSource.FindMapping(typeof(TimeSpan))));
}
