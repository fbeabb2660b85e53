using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Asks <c>"Open" = 'Y'</c> where a condition is a <see cref="bool"/> that a converter stores as something else.</summary>
/// <remarks>
/// EF Core does so for columns and members of documents that are a filter or a part of one, but not for what is computed of them, nor for members of the
/// documents of a list, which are casts here; and it negates what is stored, which is no condition either.
/// </remarks>
internal sealed class ConvertedConditions(ISqlExpressionFactory sql) : ExpressionVisitor
{
    protected override Expression VisitExtension(Expression node)
    {
        if (node is ShapedQueryExpression query)
        {
            return query.Update(Visit(query.QueryExpression), Visit(query.ShaperExpression));
        }

        var visited = base.VisitExtension(node);
        return visited switch
        {
            SelectExpression select when IsStoredOtherwise(select.Predicate) || IsStoredOtherwise(select.Having) => select.Update(
                select.Tables, AsCondition(select.Predicate), select.GroupBy, AsCondition(select.Having), select.Projection, select.Orderings, select.Offset, select.Limit),
            InnerJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            LeftJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            RightJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            CaseExpression { Operand: null } choice => choice.Update(null, [.. choice.WhenClauses.Select(c => new CaseWhenClause(AsCondition(c.Test), c.Result))], choice.ElseResult),
            SqlUnaryExpression { OperatorType: ExpressionType.Not } not when IsStoredOtherwise(not.Operand) => Negated(not.Operand),
            SqlBinaryExpression { OperatorType: ExpressionType.AndAlso or ExpressionType.OrElse } both => both.Update(AsCondition(both.Left), AsCondition(both.Right)),
            SqlBinaryExpression { OperatorType: ExpressionType.Equal or ExpressionType.NotEqual } comparison => comparison.Update(
                IsBoolean(comparison.Right) ? AsBoolean(comparison.Left) : comparison.Left, IsBoolean(comparison.Left) ? AsBoolean(comparison.Right) : comparison.Right),
            _ => visited,
        };
    }

    private static bool IsStoredOtherwise([NotNullWhen(true)] SqlExpression? expression)
        => expression is { TypeMapping: { Converter: { } converter } type } && type.ClrType == typeof(bool) && converter.ProviderClrType != typeof(bool);

    private static bool IsBoolean(SqlExpression expression)
        => expression is { TypeMapping: { Converter: null } type } && type.ClrType == typeof(bool);

    [return: NotNullIfNotNull(nameof(expression))]
    private SqlExpression? AsCondition(SqlExpression? expression) => IsStoredOtherwise(expression) ? Is(expression, true) : expression;

    private SqlExpression AsBoolean(SqlExpression expression)
        => IsStoredOtherwise(expression) ? Choice(expression, sql.ApplyDefaultTypeMapping(sql.Constant(true)), sql.ApplyDefaultTypeMapping(sql.Constant(false))) : expression;

    /// <summary>Stored as the operand is, for whoever reads or writes it expects that.</summary>
    private SqlExpression Negated(SqlExpression operand)
        => Choice(operand, sql.Constant(false, operand.TypeMapping), sql.Constant(true, operand.TypeMapping));

    /// <summary>NULL stays NULL.</summary>
    private SqlExpression Choice(SqlExpression expression, SqlExpression whenTrue, SqlExpression whenFalse)
        => sql.Case([new CaseWhenClause(Is(expression, true), whenTrue), new CaseWhenClause(Is(expression, false), whenFalse)], elseResult: null);

    private SqlExpression Is(SqlExpression expression, bool value) => sql.Equal(expression, sql.Constant(value, expression.TypeMapping));
}
