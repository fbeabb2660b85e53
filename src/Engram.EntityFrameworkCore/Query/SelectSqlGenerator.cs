using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Query.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Query;

/// <summary>Writes queries, <c>ExecuteUpdate</c> and <c>ExecuteDelete</c> in the database's dialect, which is PostgreSQL's.</summary>
internal sealed partial class SelectSqlGenerator : QuerySqlGenerator
{
    private readonly ISqlGenerationHelper sqlGenerationHelper;

    public SelectSqlGenerator(QuerySqlGeneratorDependencies dependencies)
        : base(dependencies)
        => sqlGenerationHelper = dependencies.SqlGenerationHelper;

    protected override Expression VisitExtension(Expression extensionExpression)
        => extensionExpression switch
        {
            VectorDistanceExpression distance => VisitVectorDistance(distance),
            ArrayAnyExpression any => VisitArrayAny(any),
            ArrayElementExpression element => VisitArrayElement(element),
            RowsFunctionExpression rows => VisitRowsFunction(rows),
            OperatorExpression binary => VisitOperator(binary),
            OrderedAggregateExpression aggregate => VisitOrderedAggregate(aggregate),
            ApproximateLimitExpression limit => VisitApproximateLimit(limit),
            _ => base.VisitExtension(extensionExpression),
        };

    protected override void GenerateLimitOffset(SelectExpression selectExpression)
    {
        if (selectExpression.Limit is { } limit)
        {
            Sql.AppendLine().Append("LIMIT ");
            Visit(limit);
        }

        if (selectExpression.Offset is { } offset)
        {
            _ = selectExpression.Limit is null ? Sql.AppendLine() : Sql.Append(" ");
            Sql.Append("OFFSET ");
            Visit(offset);
        }
    }

    /// <summary>
    /// The first groups of no order are those with the smallest keys: the same ones each time, and those that databases give which group by sorting.
    /// The database has to make all groups anyway; the sorting comes on top.
    /// </summary>
    protected override void GenerateOrderings(SelectExpression selectExpression)
    {
        var takesSome = selectExpression is { Orderings.Count: 0, GroupBy.Count: > 0, IsDistinct: false } && (selectExpression.Limit ?? selectExpression.Offset) is not null;
        if (!takesSome || !selectExpression.GroupBy.All(IsSortable))
        {
            base.GenerateOrderings(selectExpression);
            return;
        }

        for (var i = 0; i < selectExpression.GroupBy.Count; i++)
        {
            _ = i == 0 ? Sql.AppendLine().Append("ORDER BY ") : Sql.Append(", ");
            Visit(selectExpression.GroupBy[i]);
        }
    }

    /// <summary>Not a constant, which would name a column by its number, nor a document, a collection or an embedding.</summary>
    private static bool IsSortable(SqlExpression key)
        => key is not (SqlConstantExpression or SqlParameterExpression)
            && key.TypeMapping is { StoreType: not ("json" or "jsonb") } mapping
            && typeof(IComparable).IsAssignableFrom(mapping.Converter?.ProviderClrType ?? mapping.ClrType);

    protected override void GenerateTop(SelectExpression selectExpression)
    {
        // LIMIT stands at the end.
    }

    /// <summary>A NULL with its type: two of them united would be text, and not unite with the numbers of a third query.</summary>
    protected override Expression VisitProjection(ProjectionExpression projectionExpression)
    {
        if (!IsNullOnly(projectionExpression.Expression) || projectionExpression.Expression.TypeMapping is not { StoreType: not ("json" or "jsonb") } mapping)
        {
            return base.VisitProjection(projectionExpression);
        }

        Sql.Append("CAST(");
        Visit(projectionExpression.Expression);
        Sql.Append($" AS {mapping.StoreType})");
        if (projectionExpression.Alias.Length > 0)
        {
            Sql.Append(AliasSeparator).Append(sqlGenerationHelper.DelimitIdentifier(projectionExpression.Alias));
        }

        return projectionExpression;
    }

    /// <summary>NULL, or a choice between NULLs.</summary>
    private static bool IsNullOnly(SqlExpression? expression) => expression switch
    {
        SqlConstantExpression constant => constant.Value is null,
        CaseExpression choice => choice.WhenClauses.All(w => IsNullOnly(w.Result)) && (choice.ElseResult is null || IsNullOnly(choice.ElseResult)),
        _ => false,
    };

    /// <summary>A NULL with its type, by which the database tells functions of one name apart.</summary>
    protected override Expression VisitSqlFunction(SqlFunctionExpression sqlFunctionExpression)
    {
        if (sqlFunctionExpression is { IsBuiltIn: true, Name: "jsonb_array_length", Arguments: [var document] })
        {
            Sql.Append("jsonb_array_length(");
            VisitDocument(document);
            Sql.Append(")");
            return sqlFunctionExpression;
        }

        if (sqlFunctionExpression is { IsBuiltIn: true, Name: "jsonb_set", Arguments: [_, _, not SqlFunctionExpression { Name: "COALESCE" }] } change && MayLackPart(change.Arguments[2]))
        {
            base.VisitSqlFunction(change.Update(change.Instance, [change.Arguments[0], change.Arguments[1], OrJsonNull(change.Arguments[2])]));
            return sqlFunctionExpression;
        }

        if (sqlFunctionExpression is not { IsBuiltIn: true, Arguments: { } arguments } || !arguments.Any(IsTypedNull))
        {
            return base.VisitSqlFunction(sqlFunctionExpression);
        }

        base.VisitSqlFunction(sqlFunctionExpression.Update(sqlFunctionExpression.Instance, arguments.Select(Typed).ToList()));
        return sqlFunctionExpression;
    }

    /// <summary>The same for operators: <c>NULL - NULL</c> could be a number or a length of time.</summary>
    protected override Expression VisitSqlBinary(SqlBinaryExpression sqlBinaryExpression)
    {
        if (!IsTypedNull(sqlBinaryExpression.Left) && !IsTypedNull(sqlBinaryExpression.Right))
        {
            return base.VisitSqlBinary(sqlBinaryExpression);
        }

        base.VisitSqlBinary(sqlBinaryExpression.Update(Typed(sqlBinaryExpression.Left), Typed(sqlBinaryExpression.Right)));
        return sqlBinaryExpression;
    }

    protected override void GenerateIn(InExpression inExpression, bool negated)
        => base.GenerateIn(inExpression.Update(Typed(inExpression.Item), inExpression.Subquery, inExpression.Values, inExpression.ValuesParameter), negated);

    /// <summary>A choice between NULLs is text: among the results of another one, which may be numbers, it gets its type.</summary>
    protected override Expression VisitCase(CaseExpression caseExpression)
    {
        base.VisitCase(caseExpression.Update(
            caseExpression.Operand, [.. caseExpression.WhenClauses.Select(w => new CaseWhenClause(w.Test, Result(w.Result)!))], Result(caseExpression.ElseResult)));
        return caseExpression;

        static SqlExpression? Result(SqlExpression? result) => result is CaseExpression ? Typed(result) : result;
    }

    private static SqlExpression Typed(SqlExpression operand)
        => IsTypedNull(operand) ? new SqlUnaryExpression(ExpressionType.Convert, operand, operand.Type, operand.TypeMapping) : operand;

    private static bool IsTypedNull(SqlExpression operand) => operand.TypeMapping is not null && IsNullOnly(operand);

    protected override string GetOperator(SqlBinaryExpression binaryExpression)
        => (binaryExpression.OperatorType, binaryExpression.Type == typeof(bool)) switch
        {
            // Text may be stored under a converter, so that the type of the expression alone does not tell.
            (ExpressionType.Add, _) when IsText(binaryExpression) => " || ",
            (ExpressionType.And, true) => " AND ",
            (ExpressionType.Or, true) => " OR ",
            (ExpressionType.ExclusiveOr, true) => " <> ",
            (ExpressionType.ExclusiveOr, false) => " # ",
            (ExpressionType.LeftShift, _) => " << ",
            (ExpressionType.RightShift, _) => " >> ",
            _ => base.GetOperator(binaryExpression),
        };

    /// <summary>With the name as it was given: it may be a word of SQL.</summary>
    protected override Expression VisitCollate(CollateExpression collateExpression)
    {
        VisitOperand(collateExpression.Operand);
        Sql.Append(" COLLATE ").Append(sqlGenerationHelper.DelimitIdentifier(collateExpression.Collation));
        return collateExpression;
    }

    protected override Expression VisitCrossApply(CrossApplyExpression crossApplyExpression)
    {
        GenerateLateral("JOIN LATERAL ", crossApplyExpression.Table);
        return crossApplyExpression;
    }

    protected override Expression VisitOuterApply(OuterApplyExpression outerApplyExpression)
    {
        GenerateLateral("LEFT JOIN LATERAL ", outerApplyExpression.Table);
        return outerApplyExpression;
    }

    /// <summary>Column names after the alias: <c>(VALUES (…), (…)) AS v("_ord", "Value")</c>.</summary>
    protected override Expression VisitValues(ValuesExpression valuesExpression)
    {
        base.VisitValues(valuesExpression);
        Sql.Append("(");
        for (var i = 0; i < valuesExpression.ColumnNames.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ").Append(sqlGenerationHelper.DelimitIdentifier(valuesExpression.ColumnNames[i]));
        }

        Sql.Append(")");
        return valuesExpression;
    }

    /// <summary>As a query of its own: within a union bare VALUES would not have the names of its columns.</summary>
    protected override bool TryGenerateWithoutWrappingSelect(SelectExpression selectExpression)
        => selectExpression.Tables is not [ValuesExpression] && base.TryGenerateWithoutWrappingSelect(selectExpression);

    protected override void GenerateValues(ValuesExpression valuesExpression)
    {
        if (valuesExpression.RowValues is not { Count: > 0 } rows)
        {
            throw new InvalidOperationException("A collection without elements cannot be queried inline. Query the table without it instead.");
        }

        Sql.Append("VALUES ");
        for (var i = 0; i < rows.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ");
            Visit(rows[i]);
        }
    }

    protected override bool RequiresParentheses(SqlExpression outerExpression, SqlExpression innerExpression)
        => innerExpression is VectorDistanceExpression or ArrayAnyExpression or OperatorExpression
            || (IsNegation(innerExpression) && !IsLogical(outerExpression))
            || IsComplement(innerExpression)
            || base.RequiresParentheses(outerExpression, innerExpression);

    /// <summary>NOT binds weaker than comparisons and IS NULL: <c>NOT a IS NULL</c> is <c>NOT (a IS NULL)</c>.</summary>
    private static bool IsNegation(SqlExpression expression)
        => expression is SqlUnaryExpression { OperatorType: ExpressionType.Not } && expression.Type == typeof(bool);

    /// <summary>As in PostgreSQL, <c>~</c> binds weaker than arithmetic: <c>~a - b</c> is <c>~(a - b)</c>.</summary>
    private static bool IsComplement(SqlExpression expression)
        => expression is SqlUnaryExpression { OperatorType: ExpressionType.Not or ExpressionType.OnesComplement } && expression.Type != typeof(bool) && expression.Type != typeof(bool?);

    private static bool IsLogical(SqlExpression expression)
        => expression is SqlBinaryExpression { OperatorType: ExpressionType.AndAlso or ExpressionType.OrElse } || IsNegation(expression);

    private static bool IsText(SqlBinaryExpression expression)
        => expression.Type == typeof(string)
            || expression.Left.TypeMapping?.ClrType == typeof(string)
            || expression.Right.TypeMapping?.ClrType == typeof(string);

    private void GenerateLateral(string join, TableExpressionBase table)
    {
        Sql.Append(join);
        if (table is TableExpression tableExpression)
        {
            // LATERAL stands before a query or a function, never before a table's name.
            Sql.Append("(SELECT * FROM ")
                .Append(sqlGenerationHelper.DelimitIdentifier(tableExpression.Name, tableExpression.Schema))
                .Append(")").Append(AliasSeparator)
                .Append(sqlGenerationHelper.DelimitIdentifier(tableExpression.Alias));
        }
        else
        {
            Visit(table);
        }

        Sql.Append(" ON TRUE");
    }

    private ApproximateLimitExpression VisitApproximateLimit(ApproximateLimitExpression limit)
    {
        Visit(limit.Limit);
        Sql.Append(string.Create(System.Globalization.CultureInfo.InvariantCulture, $" WITH APPROXIMATE ({limit.Breadth})"));
        return limit;
    }

    private VectorDistanceExpression VisitVectorDistance(VectorDistanceExpression distance)
    {
        VisitOperand(distance.Left);
        Sql.Append($" {distance.Symbol} ");
        VisitOperand(distance.Right);
        return distance;
    }

    private ArrayAnyExpression VisitArrayAny(ArrayAnyExpression any)
    {
        VisitOperand(Typed(any.Item));
        Sql.Append(" = ANY (");
        Visit(any.Array);
        Sql.Append(")");
        return any;
    }

    private ArrayElementExpression VisitArrayElement(ArrayElementExpression element)
    {
        VisitOperand(element.Array);
        Sql.Append("[");
        Visit(element.Place);
        Sql.Append("]");
        return element;
    }

    private OperatorExpression VisitOperator(OperatorExpression binary)
    {
        VisitOperand(binary.Left);
        Sql.Append($" {binary.Symbol} ");
        VisitOperand(binary.Right);
        return binary;
    }

    private OrderedAggregateExpression VisitOrderedAggregate(OrderedAggregateExpression aggregate)
    {
        Sql.Append(aggregate.Function).Append("(");
        for (var i = 0; i < aggregate.Arguments.Count; i++)
        {
            Sql.Append(i == 0 ? "" : ", ");
            Visit(aggregate.Arguments[i]);
        }

        for (var i = 0; i < aggregate.Orderings.Count; i++)
        {
            Sql.Append(i == 0 ? " ORDER BY " : ", ");
            Visit(aggregate.Orderings[i]);
        }

        Sql.Append(")");
        return aggregate;
    }

    private void VisitOperand(SqlExpression operand)
    {
        var isSimple = operand is ColumnExpression or SqlParameterExpression or SqlConstantExpression or SqlFunctionExpression or ScalarSubqueryExpression;
        Sql.Append(isSimple ? "" : "(");
        Visit(operand);
        Sql.Append(isSimple ? "" : ")");
    }
}

internal sealed class SelectSqlGeneratorFactory(QuerySqlGeneratorDependencies dependencies) : IQuerySqlGeneratorFactory
{
    public QuerySqlGenerator Create() => new SelectSqlGenerator(dependencies);
}
