using System.Collections;
using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Makes SQL's NULL behave as C#'s null, once the values of the parameters are known.</summary>
internal sealed class NullabilityProcessor(RelationalParameterBasedSqlProcessorDependencies dependencies, RelationalParameterBasedSqlProcessorParameters parameters)
    : SqlNullabilityProcessor(dependencies, parameters)
{
    private readonly ISqlExpressionFactory sqlExpressionFactory = dependencies.SqlExpressionFactory;

    protected override SqlExpression VisitIn(InExpression inExpression, bool allowOptimizedExpansion, out bool nullable)
    {
        // EF.MultipleParameters and EF.Constant, or UseParameterizedCollectionMode(Constant), ask for one term a value. In a context of another mode than
        // the default, QueryTranslator marks as multiple what is asked for as one parameter.
        var isArray = inExpression.ValuesParameter is { TranslationMode: var mode } && CollectionParameterTranslationMode switch
        {
            ParameterTranslationMode.Constant => mode == ParameterTranslationMode.MultipleParameters,
            ParameterTranslationMode.Parameter => mode != ParameterTranslationMode.Constant,
            _ => mode is null,
        } && HasArrays(inExpression.Item.TypeMapping);
        return isArray
            ? VisitInArray(inExpression.Item, inExpression.ValuesParameter!, allowOptimizedExpansion, out nullable)
            : WithoutEmptyLists(base.VisitIn(inExpression, allowOptimizedExpansion, out nullable));
    }

    /// <summary>Whether the database has arrays of a type.</summary>
    private static bool HasArrays(RelationalTypeMapping? mapping) => mapping
        is not (EngramVectorTypeMapping or EngramHalfVectorTypeMapping or EngramSparseVectorTypeMapping or EngramBitArrayTypeMapping);

    /// <summary>Where each value of a list may be null, EF Core asks for each of them beside the list, and leaves the list empty.</summary>
    private SqlExpression WithoutEmptyLists(SqlExpression expression) => expression switch
    {
        InExpression { Values.Count: 0 } => sqlExpressionFactory.ApplyDefaultTypeMapping(sqlExpressionFactory.Constant(false)),
        SqlUnaryExpression { OperatorType: ExpressionType.Not, Operand: InExpression { Values.Count: 0 } } => sqlExpressionFactory.ApplyDefaultTypeMapping(sqlExpressionFactory.Constant(true)),
        SqlBinaryExpression { OperatorType: ExpressionType.OrElse } either => sqlExpressionFactory.OrElse(WithoutEmptyLists(either.Left), WithoutEmptyLists(either.Right)),
        SqlBinaryExpression { OperatorType: ExpressionType.AndAlso } both => sqlExpressionFactory.AndAlso(WithoutEmptyLists(both.Left), WithoutEmptyLists(both.Right)),
        _ => expression,
    };

    /// <summary><c>!(a &lt; b) ? x : y</c> is x where one of them is null, as it is in a filter; EF Core leaves NOT of NULL there, which is no match.</summary>
    protected override SqlExpression VisitCase(CaseExpression caseExpression, bool allowOptimizedExpansion, out bool nullable)
    {
        var visited = base.VisitCase(caseExpression, allowOptimizedExpansion, out nullable);
        return visited is CaseExpression { Operand: null } choice && !UseRelationalNulls && choice.WhenClauses.Any(w => NegatedComparison(w.Test) is not null)
            ? choice.Update(null, [.. choice.WhenClauses.Select(WithoutNull)], choice.ElseResult)
            : visited;

        CaseWhenClause WithoutNull(CaseWhenClause clause) => NegatedComparison(clause.Test) is { } comparison
            ? new CaseWhenClause(
                sqlExpressionFactory.Case(
                    [new CaseWhenClause(comparison, sqlExpressionFactory.Constant(false, comparison.TypeMapping))], sqlExpressionFactory.Constant(true, comparison.TypeMapping)), clause.Result)
            : clause;

        // What cannot be null has no NOT any more.
        static SqlBinaryExpression? NegatedComparison(SqlExpression test) => test is SqlUnaryExpression { OperatorType: ExpressionType.Not, Operand: SqlBinaryExpression comparison }
            && comparison.OperatorType is ExpressionType.LessThan or ExpressionType.LessThanOrEqual or ExpressionType.GreaterThan or ExpressionType.GreaterThanOrEqual
                ? comparison : null;
    }

    protected override SqlExpression VisitCustomSqlExpression(SqlExpression sqlExpression, bool allowOptimizedExpansion, out bool nullable)
    {
        switch (sqlExpression)
        {
            case VectorDistanceExpression distance:
                var left = Visit(distance.Left, allowOptimizedExpansion, out var isLeftNullable);
                var right = Visit(distance.Right, allowOptimizedExpansion, out var isRightNullable);
                nullable = isLeftNullable || isRightNullable;
                return distance.Update(left, right);
            case ArrayAnyExpression any:
                var item = Visit(any.Item, out var isItemNullable);
                var array = Visit(any.Array, out var isArrayNullable);
                nullable = isItemNullable || isArrayNullable || MayHoldNull(any.Array.Type);
                var result = any.Update(item, array);
                if (!nullable || allowOptimizedExpansion || UseRelationalNulls)
                {
                    return result;
                }

                // Not found is false, and not NULL for a null among the elements.
                nullable = isArrayNullable;
                var isFound = sqlExpressionFactory.Coalesce(result, sqlExpressionFactory.Constant(false));
                return isArrayNullable
                    ? sqlExpressionFactory.Case([new CaseWhenClause(sqlExpressionFactory.IsNotNull(array), isFound)], elseResult: null)
                    : isFound;
            case ApproximateLimitExpression limit:
                return limit.Update(Visit(limit.Limit, out nullable));
            case ArrayElementExpression element:
                nullable = true;
                return element.Update(Visit(element.Array, out _), Visit(element.Place, out _));
            case OperatorExpression binary:
                var operand = Visit(binary.Left, out var isOperandNullable);
                var other = Visit(binary.Right, out var isOtherNullable);
                nullable = isOperandNullable || isOtherNullable;
                return binary.Update(operand, other);
            case OrderedAggregateExpression aggregate:
                nullable = true;
                return aggregate.Update(
                    [.. aggregate.Arguments.Select(a => Visit(a, out _))], [.. aggregate.Orderings.Select(o => o.Update(Visit(o.Expression, out _)))]);
            default:
                return base.VisitCustomSqlExpression(sqlExpression, allowOptimizedExpansion, out nullable);
        }
    }

    /// <summary><c>item = ANY (@values)</c>, which is NULL where C# says false, and never true for a null in the list.</summary>
    private SqlExpression VisitInArray(SqlExpression item, SqlParameterExpression values, bool allowOptimizedExpansion, out bool nullable)
    {
        item = Visit(item, out var isItemNullable);
        SqlExpression result = new ArrayAnyExpression(item, values, sqlExpressionFactory.Constant(true).TypeMapping);
        if (UseRelationalNulls)
        {
            nullable = true;
            return result;
        }

        nullable = false;
        var mayHoldNull = MayHoldNull(values.Type);
        if (!allowOptimizedExpansion && (isItemNullable || mayHoldNull))
        {
            result = sqlExpressionFactory.Coalesce(result, sqlExpressionFactory.Constant(false));
        }

        // Whether a null is in the list decides on the text of the statement, so that this text holds for these values only.
        return isItemNullable && mayHoldNull && HoldsNull(values.Name)
            ? sqlExpressionFactory.OrElse(result, sqlExpressionFactory.IsNull(item))
            : result;
    }

    private static bool MayHoldNull(Type collectionType)
    {
        var elementType = collectionType.IsArray
            ? collectionType.GetElementType()
            : collectionType.GetInterfaces().Prepend(collectionType)
                .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
        return elementType is not { IsValueType: true } || Nullable.GetUnderlyingType(elementType) is not null;
    }

    private bool HoldsNull(string parameterName)
        => ParametersDecorator.GetAndDisableCaching()[parameterName] is IEnumerable values && values.Cast<object?>().Any(v => v is null);
}

/// <summary>Applies <see cref="NullabilityProcessor"/>.</summary>
internal sealed class ParameterProcessor(RelationalParameterBasedSqlProcessorDependencies dependencies, RelationalParameterBasedSqlProcessorParameters parameters)
    : RelationalParameterBasedSqlProcessor(dependencies, parameters)
{
    protected override System.Linq.Expressions.Expression ProcessSqlNullability(
        System.Linq.Expressions.Expression queryExpression, ParametersCacheDecorator parametersDecorator)
        => new NullabilityProcessor(Dependencies, Parameters).Process(queryExpression, parametersDecorator);
}

internal sealed class ParameterProcessorFactory(RelationalParameterBasedSqlProcessorDependencies dependencies) : IRelationalParameterBasedSqlProcessorFactory
{
    public RelationalParameterBasedSqlProcessor Create(RelationalParameterBasedSqlProcessorParameters parameters)
        => new ParameterProcessor(dependencies, parameters);
}
