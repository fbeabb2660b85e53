using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Translators;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Dates, times and lengths of time that are made of numbers: <c>new DateTime(e.Year, 1, 1)</c>.</summary>
internal sealed partial class ExpressionTranslator
{
    private RelationalTypeMapping Span => typeMappingSource.FindMapping(typeof(TimeSpan))!;

    protected override Expression VisitNew(NewExpression newExpression)
    {
        var parameters = newExpression.Constructor?.GetParameters();
        if (parameters is not { Length: > 0 } || Type.GetTypeCode(newExpression.Type) != TypeCode.DateTime && newExpression.Type.Namespace != nameof(System))
        {
            return base.VisitNew(newExpression);
        }

        var arguments = new List<SqlExpression>();
        foreach (var argument in newExpression.Arguments)
        {
            if (Visit(argument) is not SqlExpression translated)
            {
                return base.VisitNew(newExpression);
            }

            arguments.Add(sql.ApplyDefaultTypeMapping(translated));
        }

        // Of constants EF Core makes a constant.
        if (arguments.TrueForAll(a => a is SqlConstantExpression))
        {
            return base.VisitNew(newExpression);
        }

        var isNumbers = parameters.All(p => p.ParameterType == typeof(int));
        var isTicks = parameters is [{ ParameterType: var only }] && only == typeof(long);
        var type = newExpression.Type;
        SqlExpression? made = null;
        if (type == typeof(DateTime))
        {
            made = isNumbers ? DateTimeOf(arguments)
                : isTicks ? Later(sql.Constant(default(DateTime)), Units(arguments[0], 1))
                : parameters[0].ParameterType == typeof(DateOnly) && arguments.Count == 2
                    ? new SqlBinaryExpression(ExpressionType.Add, arguments[0], arguments[1], type, typeMappingSource.FindMapping(type))
                    : null;
        }
        else if (type == typeof(DateTimeOffset))
        {
            made = parameters switch
            {
                [{ ParameterType: var clock }, { ParameterType: var offset }] when clock == typeof(DateTime) && offset == typeof(TimeSpan) => Instant(arguments[0], arguments[1]),
                { Length: 7 or 8 } when parameters[^1].ParameterType == typeof(TimeSpan) => Instant(DateTimeOf(arguments[..^1]), arguments[^1]),
                _ => null,
            };
        }
        else if (type == typeof(DateOnly) && isNumbers && arguments.Count == 3)
        {
            made = sql.Call("make_date", type, [.. arguments]);
        }
        else if (type == typeof(TimeOnly))
        {
            made = isNumbers && arguments.Count < 5 ? Later(sql.Constant(TimeOnly.MinValue), Length(0, arguments))
                : isTicks ? Later(sql.Constant(TimeOnly.MinValue), Units(arguments[0], 1))
                : null;
        }
        else if (type == typeof(TimeSpan))
        {
            made = isTicks ? Units(arguments[0], 1) : !isNumbers ? null : arguments.Count == 3 ? Length(0, arguments) : Length(TimeSpan.TicksPerDay, arguments);
        }

        return made ?? base.VisitNew(newExpression);
    }

    private SqlExpression Instant(SqlExpression clock, SqlExpression offset)
        => sql.Call("make_instant", typeof(DateTimeOffset), sql.ApplyDefaultTypeMapping(clock), sql.ApplyTypeMapping(offset, Span));

    /// <summary>Of year, month, day, hour, minute, second, milliseconds and microseconds, or as many of them as there are.</summary>
    private SqlExpression DateTimeOf(List<SqlExpression> fields)
    {
        var zero = sql.Constant(0);
        var seconds = fields.Count > 5 ? sql.Convert(fields[5], typeof(double)) : sql.Constant(0.0);
        SqlExpression whole = sql.Call(
            "make_timestamp", typeof(DateTime), fields[0], fields[1], fields[2], fields.Count > 3 ? fields[3] : zero, fields.Count > 4 ? fields[4] : zero, seconds);
        whole = fields.Count > 6 ? Later(whole, Units(fields[6], TimeSpan.TicksPerMillisecond)) : whole;
        return fields.Count > 7 ? Later(whole, Units(fields[7], TimeSpan.TicksPerMicrosecond)) : whole;
    }

    private SqlBinaryExpression Later(SqlExpression point, SqlExpression length)
    {
        point = sql.ApplyDefaultTypeMapping(point);
        return new SqlBinaryExpression(ExpressionType.Add, point, length, point.Type, point.TypeMapping);
    }

    /// <summary>The sum of so many of each unit, from days or hours on downwards.</summary>
    private SqlExpression Length(long greatest, List<SqlExpression> numbers)
    {
        long[] units = [TimeSpan.TicksPerHour, TimeSpan.TicksPerMinute, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMillisecond, TimeSpan.TicksPerMicrosecond];
        return numbers.Zip(greatest == 0 ? units : [greatest, .. units], Units).Aggregate((a, b) => new SqlBinaryExpression(ExpressionType.Add, a, b, typeof(TimeSpan), Span));
    }

    private SqlExpression Units(SqlExpression number, long ticks) => lengths.OfUnits(number, new TimeSpan(ticks));
}
