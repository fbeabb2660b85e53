using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Asks <c>"Open" = 'Y'</c> where a condition is a <see cref="bool"/> that a converter stores as something else.</summary>
/// <remarks>
/// EF Core does so for columns and members of documents that are a filter or a part of one, but not for what is computed of them, nor for members of the
/// documents of a list, which are casts here; and it negates what is stored, which is no condition either.
/// What stands in the place of an expression is stored as that expression's type says, so that all that is around, and columns over it, read it right.
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
            UpdateExpression update => update.Update(
                update.SelectExpression, [.. update.ColumnValueSetters.Select(s => new ColumnValueSetter(s.Column, As(s.Value, s.Column.TypeMapping)))]),
            InnerJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            LeftJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            RightJoinExpression join => join.Update(join.Table, AsCondition(join.JoinPredicate)),
            CaseExpression choice => choice.Update(
                choice.Operand,
                [.. choice.WhenClauses.Select(c => new CaseWhenClause(choice.Operand is null ? AsCondition(c.Test) : c.Test, As(c.Result, choice.TypeMapping)))],
                choice.ElseResult is { } other ? As(other, choice.TypeMapping) : null),
            SqlFunctionExpression { IsBuiltIn: true, Name: "COALESCE", Arguments: { } values } function => function.Update(null, [.. values.Select(v => As(v, function.TypeMapping))]),
            SqlUnaryExpression { OperatorType: ExpressionType.Not } not when IsStoredOtherwise(not.Operand) => Negated(not),
            SqlBinaryExpression { OperatorType: ExpressionType.AndAlso or ExpressionType.OrElse } both => both.Update(AsCondition(both.Left), AsCondition(both.Right)),
            SqlBinaryExpression { OperatorType: ExpressionType.Equal or ExpressionType.NotEqual } comparison when AreStoredApart(comparison.Left, comparison.Right)
                => comparison.Update(AsBoolean(comparison.Left), AsBoolean(comparison.Right)),
            SqlBinaryExpression { OperatorType: ExpressionType.ExclusiveOr } either when IsStoredOtherwise(either.Left) || IsStoredOtherwise(either.Right)
                => As(new SqlBinaryExpression(either.OperatorType, AsBoolean(either.Left), AsBoolean(either.Right), either.Type, Plain), either.TypeMapping),
            _ => visited,
        };
    }

    private RelationalTypeMapping Plain => sql.ApplyDefaultTypeMapping(sql.Constant(true)).TypeMapping!;

    /// <summary>A truth value as another mapping stores it. NULL stays NULL.</summary>
    public SqlExpression As(SqlExpression expression, RelationalTypeMapping? mapping)
        => !IsTruth(expression.TypeMapping) || !IsTruth(mapping) || Stored(expression.TypeMapping).Equals(Stored(mapping)) ? expression
            : expression is SqlConstantExpression constant ? sql.Constant(constant.Value, constant.Type, mapping)
            : Choice(expression, sql.Constant(true, mapping), sql.Constant(false, mapping));

    private static bool IsTruth([NotNullWhen(true)] RelationalTypeMapping? mapping) => mapping?.ClrType == typeof(bool);

    /// <summary>What false and true are in the database: two converters may well have the same.</summary>
    private static (object? False, object? True) Stored(RelationalTypeMapping mapping)
        => mapping.Converter is { } converter ? (converter.ConvertToProvider(false), converter.ConvertToProvider(true)) : (false, true);

    private static bool IsStoredOtherwise([NotNullWhen(true)] SqlExpression? expression)
        => IsTruth(expression?.TypeMapping) && !Stored(expression!.TypeMapping!).Equals((false, true));

    private static bool AreStoredApart(SqlExpression left, SqlExpression right)
        => IsTruth(left.TypeMapping) && IsTruth(right.TypeMapping) && !Stored(left.TypeMapping).Equals(Stored(right.TypeMapping));

    [return: NotNullIfNotNull(nameof(expression))]
    private SqlExpression? AsCondition(SqlExpression? expression) => IsStoredOtherwise(expression) ? Is(expression, true) : expression;

    private SqlExpression AsBoolean(SqlExpression expression) => As(expression, Plain);

    private SqlExpression Negated(SqlUnaryExpression not) => Choice(not.Operand, sql.Constant(false, not.TypeMapping), sql.Constant(true, not.TypeMapping));

    /// <summary>NULL stays NULL.</summary>
    private SqlExpression Choice(SqlExpression expression, SqlExpression whenTrue, SqlExpression whenFalse)
        => sql.Case([new CaseWhenClause(Is(expression, true), whenTrue), new CaseWhenClause(Is(expression, false), whenFalse)], elseResult: null);

    private SqlExpression Is(SqlExpression expression, bool value) => sql.Equal(expression, sql.Constant(value, expression.TypeMapping));
}
