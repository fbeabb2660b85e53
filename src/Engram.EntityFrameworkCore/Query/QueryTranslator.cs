using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Translates LINQ operators (<c>Where</c>, <c>OrderBy</c> …) to parts of a SELECT.</summary>
internal sealed partial class QueryTranslator : RelationalQueryableMethodTranslatingExpressionVisitor
{
    private readonly RelationalQueryCompilationContext queryCompilationContext;
    private readonly ISqlExpressionFactory sql;
    private readonly IRelationalTypeMappingSource typeMappingSource;

    public QueryTranslator(
        QueryableMethodTranslatingExpressionVisitorDependencies dependencies,
        RelationalQueryableMethodTranslatingExpressionVisitorDependencies relationalDependencies,
        RelationalQueryCompilationContext queryCompilationContext)
        : base(dependencies, relationalDependencies, queryCompilationContext)
    {
        this.queryCompilationContext = queryCompilationContext;
        sql = relationalDependencies.SqlExpressionFactory;
        typeMappingSource = relationalDependencies.TypeMappingSource;
    }

    private QueryTranslator(QueryTranslator parentVisitor)
        : base(parentVisitor)
    {
        queryCompilationContext = parentVisitor.queryCompilationContext;
        sql = parentVisitor.sql;
        typeMappingSource = parentVisitor.typeMappingSource;
        isUpdate = parentVisitor.isUpdate;
    }

    private ParameterTranslationMode ContextMode => RelationalOptionsExtension.Extract(queryCompilationContext.ContextOptions).ParameterizedCollectionMode;

    /// <summary>
    /// A collection that is asked for as one parameter is one wherever <c>Contains</c> is asked of it (see <see cref="NullabilityProcessor"/>); for other
    /// operators the database would have to take it apart, so there it is a parameter for each value.
    /// </summary>
    protected override ShapedQueryExpression? TranslateParameterQueryRoot(ParameterQueryRootExpression parameterQueryRootExpression)
    {
        var parameter = parameterQueryRootExpression.QueryParameterExpression;
        if ((parameter.TranslationMode ?? ContextMode) != ParameterTranslationMode.Parameter)
        {
            return base.TranslateParameterQueryRoot(parameterQueryRootExpression);
        }

        ParameterTranslationMode? mode = ContextMode == ParameterTranslationMode.MultipleParameters ? null : ParameterTranslationMode.MultipleParameters;
        parameter = new QueryParameterExpression(parameter.Name, parameter.Type, mode, parameter.IsNonNullableReferenceType);
        return base.TranslateParameterQueryRoot(new ParameterQueryRootExpression(parameterQueryRootExpression.ElementType, parameter));
    }

    protected override QueryableMethodTranslatingExpressionVisitor CreateSubqueryVisitor() => new QueryTranslator(this);

    /// <summary>EF Core leaves the conditions of what is joined behind the join, where they drop the rows that a right join keeps without a partner.</summary>
    protected override ShapedQueryExpression? TranslateRightJoin(
        ShapedQueryExpression outer, ShapedQueryExpression inner, LambdaExpression outerKeySelector, LambdaExpression innerKeySelector, LambdaExpression resultSelector)
    {
        if (outer.QueryExpression is SelectExpression { Predicate: not null } select)
        {
            select.PushdownIntoSubquery();
        }

        return base.TranslateRightJoin(outer, inner, outerKeySelector, innerKeySelector, resultSelector);
    }

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
