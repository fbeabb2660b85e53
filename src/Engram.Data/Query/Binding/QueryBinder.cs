using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>A bound query: its plan, and its output columns, which are those of the plan in their order.</summary>
internal sealed record BoundQuery(LogicalPlan Plan)
{
    public ImmutableArray<LogicalColumn> Columns => Plan.Columns;
}

/// <summary>Binds queries: what SELECT, VALUES and set operations mean, as logical plans.</summary>
internal sealed partial class QueryBinder(StatementScope statement)
{
    /// <summary>Binds a query.</summary>
    /// <param name="outer">The scope around it, for correlated subqueries; null at the top.</param>
    /// <param name="commonTables">Common tables in reach.</param>
    public BoundQuery Bind(QuerySyntax query, Scope? outer, CommonTableScope? commonTables)
    {
        commonTables = AddCommonTables(query.With, commonTables);
        // Left out silently, two transactions could change a row on what both had read before.
        if (query.LockingPosition is { } locking)
        {
            throw Error.NotSupported("FOR UPDATE or FOR SHARE (begin a transaction with IsolationLevel.Serializable: no other writes until it ends)", locking + 1);
        }

        if (query.WithTies)
        {
            throw Error.NotSupported("FETCH … WITH TIES", query.Position + 1);
        }

        var limit = BindCount(query.Limit, "LIMIT");
        var offset = BindCount(query.Offset, "OFFSET");
        BindCount(query.ApproximateBreadth, "WITH APPROXIMATE");
        if (query.Body is SelectSyntax select)
        {
            return BindSelect(select, query.OrderBy, limit, offset, new Scope(outer, commonTables));
        }

        var body = BindBody(query.Body, outer, commonTables);
        return new BoundQuery(OrderAndLimit(body.Plan, [.. query.OrderBy.Select(o => BindOutputKey(o, body.Columns))], limit, offset));
    }

    /// <summary>Makes the common tables of a WITH known.</summary>
    public static CommonTableScope? AddCommonTables(WithSyntax? with, CommonTableScope? outer)
    {
        if (with == null)
        {
            return outer;
        }

        if (with.IsRecursive)
        {
            throw Error.NotSupported("WITH RECURSIVE", with.Position + 1);
        }

        foreach (var table in with.Tables)
        {
            if (table.Statement is not SelectStatementSyntax)
            {
                throw Error.NotSupported("A common table that changes data (run it as a statement of its own)", table.Statement.Position + 1);
            }

            outer = new CommonTableScope(new CommonTable(NameMatch.Fold(table.Name), table, outer), outer);
        }

        return outer;
    }

    /// <summary>Binds an operand of a set operation. Literals without a type get theirs from the other side.</summary>
    private BoundQuery BindBody(QueryBodySyntax body, Scope? outer, CommonTableScope? commonTables) => body switch
    {
        SelectSyntax select => BindSelect(select, [], null, null, new Scope(outer, commonTables), settles: select.IsDistinct),
        ValuesSyntax values => BindValues(values, new Scope(outer, commonTables)),
        SetOperationSyntax set => BindSetOperation(set, outer, commonTables),
        NestedQuerySyntax nested => Bind(nested.Query, outer, commonTables),
        _ => throw Error.Internal($"no binding of {body.GetType().Name}"),
    };

    private BoundExpression? BindCount(ExpressionSyntax? syntax, string clause)
        => syntax == null ? null : new ExpressionBinder(statement, null, clause).BindAs(syntax, DataType.Int64, clause);

    private static LogicalPlan OrderAndLimit(LogicalPlan plan, ImmutableArray<SortKey> keys, BoundExpression? limit, BoundExpression? offset)
        => !keys.IsEmpty ? new LogicalSort(plan, keys, limit, offset)
            : limit != null || offset != null ? new LogicalLimit(plan, limit, offset)
            : plan;

    /// <summary>Binds rows of values; each column gets the type that all of its values turn into.</summary>
    private BoundQuery BindValues(ValuesSyntax values, Scope scope)
    {
        var binder = new ExpressionBinder(statement, scope, "VALUES");
        var width = values.Rows[0].Length;
        var columns = new ImmutableArray<BoundExpression>[width];
        for (var i = 0; i < width; i++)
        {
            var column = i;
            columns[i] = ExpressionBinder.Unify([.. values.Rows.Select(r => (binder.Bind(r[column]), r[column].Position))], "VALUES");
        }

        var rows = Enumerable.Range(0, values.Rows.Count).Select(r => columns.Select(c => c[r]).ToImmutableArray());
        return new BoundQuery(new LogicalValues([.. columns.Select((c, i) => statement.NewColumn($"column{i + 1}", c[0].Type))], [.. rows]));
    }

    private BoundQuery BindSetOperation(SetOperationSyntax set, Scope? outer, CommonTableScope? commonTables)
    {
        Recursion.Check(set.Position);
        var (left, right) = (BindBody(set.Left, outer, commonTables), BindBody(set.Right, outer, commonTables));
        if (left.Columns.Length != right.Columns.Length)
        {
            throw Error.ColumnCount($"The right side of {set.Operator.ToString().ToUpperInvariant()}", left.Columns.Length, right.Columns.Length, set.Right.Position);
        }

        var results = ImmutableArray.CreateBuilder<LogicalColumn>(left.Columns.Length);
        for (var i = 0; i < left.Columns.Length; i++)
        {
            var isUntyped = left.Columns[i].Type.Kind == TypeKind.Unknown && right.Columns[i].Type.Kind == TypeKind.Unknown;
            var type = isUntyped ? DataType.Text : TypeConversions.Common(left.Columns[i].Type, right.Columns[i].Type);
            if (left.Columns[i].Type.Kind == TypeKind.Unknown || right.Columns[i].Type.Kind == TypeKind.Unknown)
            {
                type = TypeConversions.BesideLiterals(type);
            }

            results.Add(type.Kind != TypeKind.Unknown
                ? statement.NewColumn(left.Columns[i].Name, type)
                : throw Error.NoCommonType($"Column {i + 1} of {set.Operator.ToString().ToUpperInvariant()}", left.Columns[i].Type.ToString(), right.Columns[i].Type.ToString(), set.Position));
        }

        var types = results.Select(r => r.Type).ToArray();
        var (leftPlan, rightPlan) = (ConvertColumns(left.Plan, types), ConvertColumns(right.Plan, types));
        if (set.Operator != SetOperator.Union)
        {
            return new BoundQuery(IntersectOrExcept(set, leftPlan, rightPlan, results.MoveToImmutable()));
        }

        LogicalPlan union = new LogicalUnionAll(results.MoveToImmutable(), [leftPlan, rightPlan]);
        return new BoundQuery(set.IsAll ? union : new LogicalDistinct(union));
    }

    /// <summary>Groups the rows of both sides by all their columns, NULLs being equal, and keeps the groups by the sides they came from.</summary>
    private LogicalProject IntersectOrExcept(SetOperationSyntax set, LogicalPlan left, LogicalPlan right, ImmutableArray<LogicalColumn> results)
    {
        if (set.IsAll)
        {
            throw Error.NotSupported($"{set.Operator.ToString().ToUpperInvariant()} ALL", set.Position + 1);
        }

        var zero = new BoundConstant(DataType.Int32, 0);
        var one = new BoundConstant(DataType.Int32, 1);
        LogicalPlan Tag(LogicalPlan side, BoundExpression tag)
            => new LogicalProject(side, [.. side.Columns.Select(c => statement.NewColumn(c, c.Name)), statement.NewColumn("side", DataType.Int32)],
                [.. side.Columns.Select(c => c.Reference), tag]);
        var tagColumn = statement.NewColumn("side", DataType.Int32);
        var union = new LogicalUnionAll(results.Add(tagColumn), [Tag(left, zero), Tag(right, one)]);
        var collector = new AggregateCollector(statement);
        var binder = new ExpressionBinder(statement, null, "set operations") { Aggregates = collector };
        var (least, greatest) = (binder.Aggregate("min", tagColumn.Reference), binder.Aggregate("max", tagColumn.Reference));
        var grouped = new LogicalAggregate(union, results, [.. results.Select(r => r.Reference)], collector.Columns, collector.Aggregates);
        BoundExpression kept = set.Operator == SetOperator.Intersect ? ExpressionBinder.AreEqual(least, zero) : ExpressionBinder.AreEqual(greatest, zero);
        ImmutableArray<BoundExpression> conditions = set.Operator == SetOperator.Intersect ? [kept, ExpressionBinder.AreEqual(greatest, one)] : [kept];
        return new LogicalProject(new LogicalFilter(grouped, conditions), [.. results.Select(r => statement.NewColumn(r, r.Name))], [.. results.Select(r => r.Reference)]);
    }

    /// <summary>Gives the columns of a plan the types asked for, by a projection where they differ.</summary>
    private LogicalPlan ConvertColumns(LogicalPlan plan, DataType[] types)
    {
        var columns = plan.Columns;
        if (columns.Select(c => c.Type).SequenceEqual(types))
        {
            return plan;
        }

        if (plan is LogicalProject project && project.Expressions.Any(Coercion.IsUntyped))
        {
            plan = project with
            {
                Results = [.. columns.Select((c, i) => Coercion.IsUntyped(project.Expressions[i]) ? statement.NewColumn(c.Name, types[i]) : c)],
                Expressions = [.. project.Expressions.Select((e, i) => Coercion.IsUntyped(e) ? Coercion.Convert(e, types[i], false) : e)],
            };
            return ConvertColumns(plan, types);
        }

        return new LogicalProject(
            plan,
            [.. columns.Select((c, i) => c.Type == types[i] ? statement.NewColumn(c, c.Name) : statement.NewColumn(c.Name, types[i]))],
            [.. columns.Select((c, i) => Coercion.Convert(c.Reference, types[i], false))]);
    }

    /// <summary>A key of ORDER BY where only the output can be named: after a set operation.</summary>
    private SortKey BindOutputKey(OrderItemSyntax item, ImmutableArray<LogicalColumn> columns)
    {
        if (item.Expression is IntegerLiteralSyntax number)
        {
            return statement.SortKeyOf(columns[OutputIndex(number, columns.Length, "ORDER BY")].Reference, item);
        }

        if (item.Expression is ColumnReferenceSyntax { Table: null } reference && NameMatch.Find(reference.Column, columns, c => c.Name) is [var column])
        {
            return statement.SortKeyOf(column.Reference, item);
        }

        throw Error.OrderByNotSelected(item.Position);
    }

    private static int OutputIndex(IntegerLiteralSyntax number, int count, string clause)
        => number.Value >= 1 && number.Value <= count ? (int)number.Value - 1 : throw Error.InvalidPosition((int)Math.Min(number.Value, int.MaxValue), count, clause, number.Position);
}
