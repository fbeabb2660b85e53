using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Translates LINQ operators (<c>Where</c>, <c>OrderBy</c> …) to parts of a SELECT.</summary>
internal sealed class QueryTranslator : RelationalQueryableMethodTranslatingExpressionVisitor
{
    public QueryTranslator(
        QueryableMethodTranslatingExpressionVisitorDependencies dependencies,
        RelationalQueryableMethodTranslatingExpressionVisitorDependencies relationalDependencies,
        RelationalQueryCompilationContext queryCompilationContext)
        : base(dependencies, relationalDependencies, queryCompilationContext)
    {
    }

    private QueryTranslator(QueryTranslator parentVisitor)
        : base(parentVisitor)
    {
    }

    protected override QueryableMethodTranslatingExpressionVisitor CreateSubqueryVisitor() => new QueryTranslator(this);

    protected override ShapedQueryExpression? TranslateOrderBy(ShapedQueryExpression source, LambdaExpression keySelector, bool ascending)
    {
        if (TranslateLambdaExpression(source, keySelector) is not { } key)
        {
            return null;
        }

        ((SelectExpression)source.QueryExpression).ApplyOrdering(CreateOrdering(key, ascending));
        return source;
    }

    protected override ShapedQueryExpression? TranslateThenBy(ShapedQueryExpression source, LambdaExpression keySelector, bool ascending)
    {
        if (TranslateLambdaExpression(source, keySelector) is not { } key)
        {
            return null;
        }

        ((SelectExpression)source.QueryExpression).AppendOrdering(CreateOrdering(key, ascending));
        return source;
    }

    /// <summary>
    /// Orders by a similarity as by its distance, the other way round: it is the distance that the database's top-k scan understands, and pgvector's
    /// indexes too. A row without an embedding comes last in any of these orders.
    /// </summary>
    private static OrderingExpression CreateOrdering(SqlExpression key, bool isAscending)
        => key switch
        {
            SqlBinaryExpression { OperatorType: ExpressionType.Subtract, Left: SqlConstantExpression, Right: VectorDistanceExpression distance } =>
                new OrderingExpression(distance, !isAscending),
            SqlUnaryExpression { OperatorType: ExpressionType.Negate, Operand: VectorDistanceExpression distance } =>
                new OrderingExpression(distance, !isAscending),
            _ => new OrderingExpression(key, isAscending),
        };
}

internal sealed class QueryTranslatorFactory(
    QueryableMethodTranslatingExpressionVisitorDependencies dependencies,
    RelationalQueryableMethodTranslatingExpressionVisitorDependencies relationalDependencies)
    : IQueryableMethodTranslatingExpressionVisitorFactory
{
    public QueryableMethodTranslatingExpressionVisitor Create(QueryCompilationContext queryCompilationContext)
        => new QueryTranslator(dependencies, relationalDependencies, (RelationalQueryCompilationContext)queryCompilationContext);
}
