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
    /// <param name="settles">Whether literals without a type are text; else they stay without, for who reads the columns.</param>
    public BoundQuery Bind(QuerySyntax query, Scope? outer, CommonTableScope? commonTables, bool settles = true)
    {
        commonTables = AddCommonTables(query.With, commonTables, outer);
        var bound = BindWithin(query, outer, commonTables, settles);
        CheckUnused(query.With, commonTables);
        return bound;
    }

    private BoundQuery BindWithin(QuerySyntax query, Scope? outer, CommonTableScope? commonTables, bool settles)
    {
        if (query.Locking is { } locking)
        {
            CheckLocking(query.Body, locking);
        }

        if (query is { WithTies: true, OrderBy.Count: 0 })
        {
            throw Error.SyntaxRule("WITH TIES needs an ORDER BY: ties are rows that are equal in it.", query.Position);
        }

        var limit = BindCount(query.Limit, "LIMIT", outer);
        var offset = BindCount(query.Offset, "OFFSET", outer);
        var breadth = !query.IsApproximate ? null
            : BindCount(query.ApproximateBreadth, "WITH APPROXIMATE", outer: null) ?? new BoundConstant(DataType.Int64, null);
        var count = new RowLimit(limit, offset, query.WithTies) { Breadth = breadth };
        if (query.Body is SelectSyntax select)
        {
            return BindSelect(select, query.OrderBy, count, new Scope(outer, commonTables), settles || select.IsDistinct || select.DistinctOn.Count > 0 || query.OrderBy.Count > 0);
        }

        var body = BindBody(query.Body, outer, commonTables);
        return new BoundQuery(OrderAndLimit(body.Plan, [.. query.OrderBy.Select(o => BindOutputKey(o, body.Columns))], count));
    }

    /// <summary>The lock itself is the session's to take, before the statement reads. Only what has rows of tables for its own can ask for it.</summary>
    private void CheckLocking(QueryBodySyntax body, LockingSyntax locking)
    {
        if (body is not SelectSyntax { IsDistinct: false, DistinctOn.Count: 0, HasGroupBy: false, Having: null } select)
        {
            throw Error.NotSupported("FOR UPDATE or FOR SHARE with DISTINCT, GROUP BY, HAVING, UNION, INTERSECT, EXCEPT or VALUES, whose rows are not those of a table,", locking.Position + 1);
        }

        if (statement.Sources is not null)
        {
            throw Error.NotSupported("FOR UPDATE or FOR SHARE in a view (write it where the view is read)", locking.Position + 1);
        }

        var names = new List<string>();
        select.From.ToList().ForEach(t => AddNames(t, names));
        foreach (var table in locking.Tables)
        {
            if (NameMatch.Find(table.Name, names, n => n).Count == 0)
            {
                throw Error.UndefinedQualifier(table.ToString(), table.Position);
            }
        }

        static void AddNames(TableSyntax table, List<string> names)
        {
            switch (table)
            {
                case TableNameSyntax name: names.Add(NameMatch.Fold(name.Alias?.Name ?? name.Name.Name)); break;
                case DerivedTableSyntax { Alias: { } alias }: names.Add(NameMatch.Fold(alias.Name)); break;
                case TableFunctionSyntax { Alias: { } alias }: names.Add(NameMatch.Fold(alias.Name)); break;
                case JoinSyntax join: AddNames(join.Left, names); AddNames(join.Right, names); break;
            }
        }
    }

    /// <summary>Makes the common tables of a WITH known.</summary>
    /// <param name="with">What was written; null for nothing.</param>
    /// <param name="outer">Those in reach already.</param>
    /// <param name="around">The columns of the queries around, which they may name.</param>
    public static CommonTableScope? AddCommonTables(WithSyntax? with, CommonTableScope? outer, Scope? around)
    {
        if (with == null)
        {
            return outer;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in with.Tables)
        {
            if (!names.Add(NameMatch.Fold(table.Name)))
            {
                throw Error.DuplicateCommonTable(table.Name.Text, table.Position);
            }

            outer = new CommonTableScope(new CommonTable(NameMatch.Fold(table.Name), table, outer) { IsRecursive = with.IsRecursive, Around = around }, outer);
        }

        return outer;
    }

    /// <summary>Binds an operand of a set operation. Literals without a type get theirs from the other side.</summary>
    private BoundQuery BindBody(QueryBodySyntax body, Scope? outer, CommonTableScope? commonTables) => body switch
    {
        SelectSyntax select => BindSelect(select, [], default, new Scope(outer, commonTables), settles: select.IsDistinct),
        ValuesSyntax values => BindValues(values, new Scope(outer, commonTables)),
        SetOperationSyntax set => BindSetOperation(set, outer, commonTables),
        NestedQuerySyntax nested => Bind(nested.Query, outer, commonTables),
        _ => throw Error.Internal($"no binding of {body.GetType().Name}"),
    };

    /// <summary>Columns of an outer query have one value for the whole of this one; its own columns have many.</summary>
    private BoundExpression? BindCount(ExpressionSyntax? syntax, string clause, Scope? outer)
        => syntax == null ? null : new ExpressionBinder(statement, outer == null ? null : new Scope(outer, null), clause).BindAs(syntax, DataType.Int64, clause);

    /// <summary>LIMIT, OFFSET and WITH TIES of a query.</summary>
    private readonly record struct RowLimit(BoundExpression? Limit, BoundExpression? Offset, bool WithTies)
    {
        public BoundExpression? Breadth { get; init; }
    }

    private LogicalPlan OrderAndLimit(LogicalPlan plan, ImmutableArray<SortKey> keys, RowLimit count)
        => count.WithTies ? new LogicalProject(new LogicalSort(WithTies(plan, keys, count), keys, null, null), plan.Columns, [.. plan.Columns.Select(c => c.Reference)])
            : !keys.IsEmpty ? new LogicalSort(plan, keys, count.Limit, count.Offset) { Breadth = count.Breadth }
            : count.Limit != null || count.Offset != null ? new LogicalLimit(plan, count.Limit, count.Offset)
            : plan;

    /// <summary>The rows whose rank is not beyond the last row's, without those that OFFSET skips.</summary>
    private LogicalFilter WithTies(LogicalPlan plan, ImmutableArray<SortKey> keys, RowLimit count)
    {
        var (window, columns) = Number(plan, [], keys, "rank", "row_number");
        var offset = count.Offset == null ? (BoundExpression)new BoundConstant(DataType.Int64, 0L) : new BoundCoalesce(DataType.Int64, [count.Offset, new BoundConstant(DataType.Int64, 0L)]);
        var last = ExpressionBinder.Operate("+", offset, count.Limit!);
        return new LogicalFilter(window, [ExpressionBinder.Operate("<=", columns[0].Reference, last), ExpressionBinder.Operate(">", columns[1].Reference, offset)]);
    }

    /// <summary>Numbers rows by window functions without arguments.</summary>
    private (LogicalWindow Plan, ImmutableArray<LogicalColumn> Columns) Number(
        LogicalPlan plan, ImmutableArray<BoundExpression> partitionBy, ImmutableArray<SortKey> orderBy, params string[] functions)
    {
        ImmutableArray<LogicalColumn> columns = [.. functions.Select(f => statement.NewColumn(f, DataType.Int64))];
        ImmutableArray<BoundWindowCall> calls = [.. functions.Select(f => new BoundWindowCall(
            DataType.Int64, FunctionRegistry.Find(f, FunctionKind.Window)[0], [], null,
            new WindowFrame(FrameUnit.Range, FrameBoundKind.UnboundedPreceding, null, FrameBoundKind.CurrentRow, null, FrameExclusion.NoOthers)))];
        return (new LogicalWindow(plan, partitionBy, orderBy, columns, calls), columns);
    }

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
            throw Error.ColumnCount($"The right side of {set.Operator.ToString().ToUpperInvariant()}", left.Columns.Length, right.Columns.Length, ItemPosition(set.Right, 0));
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
                : throw Error.NoCommonType($"Column {i + 1} of {set.Operator.ToString().ToUpperInvariant()}", left.Columns[i].Type.ToString(), right.Columns[i].Type.ToString(), ItemPosition(set.Right, i)));
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

    /// <summary>Where a column of a query is written; where the query begins when * stands for it.</summary>
    private static int ItemPosition(QueryBodySyntax body, int column) => body switch
    {
        SelectSyntax select when column < select.Items.Count && !select.Items.Take(column + 1).Any(i => i.Expression is StarSyntax) => select.Items[column].Position,
        ValuesSyntax values when column < values.Rows[0].Length => values.Rows[0][column].Position,
        SetOperationSyntax set => ItemPosition(set.Left, column),
        NestedQuerySyntax nested => ItemPosition(nested.Query.Body, column),
        _ => body.Position,
    };

    /// <summary>Groups the rows of both sides by all their columns, NULLs being equal, and keeps the groups by the sides they came from; with ALL each as often as it is left.</summary>
    private LogicalProject IntersectOrExcept(SetOperationSyntax set, LogicalPlan left, LogicalPlan right, ImmutableArray<LogicalColumn> results)
    {
        var zero = new BoundConstant(DataType.Int32, 0);
        var one = new BoundConstant(DataType.Int32, 1);
        LogicalPlan Tag(LogicalPlan side, BoundExpression tag)
            => new LogicalProject(side, [.. side.Columns.Select(c => statement.NewColumn(c, c.Name)), statement.NewColumn("side", DataType.Int32)],
                [.. side.Columns.Select(c => c.Reference), tag]);
        var tagColumn = statement.NewColumn("side", DataType.Int32);
        var union = new LogicalUnionAll(results.Add(tagColumn), [Tag(left, zero), Tag(right, one)]);
        var collector = new AggregateCollector(statement);
        var binder = new ExpressionBinder(statement, null, "set operations") { Aggregates = collector };
        ImmutableArray<BoundColumn> counted = set.IsAll
            ? [binder.Aggregate("count", tagColumn.Reference), binder.Aggregate("sum", tagColumn.Reference)]
            : [binder.Aggregate("min", tagColumn.Reference), binder.Aggregate("max", tagColumn.Reference)];
        LogicalPlan kept = new LogicalAggregate(union, results, [.. results.Select(r => r.Reference)], collector.Columns, collector.Aggregates);
        if (set.IsAll)
        {
            // Both are bigint: the number of rows, and that of the right side's.
            var fromLeft = ExpressionBinder.Operate("-", counted[0], counted[1]);
            BoundExpression times = set.Operator == SetOperator.Except ? ExpressionBinder.Operate("-", fromLeft, counted[1])
                : new BoundCase(DataType.Int64, [(ExpressionBinder.Operate("<", fromLeft, counted[1]), fromLeft)], counted[1]);
            kept = new LogicalJoin(JoinKind.Inner, kept, Times(times), []);
        }
        else if (set.Operator == SetOperator.Intersect)
        {
            kept = new LogicalFilter(kept, [ExpressionBinder.AreEqual(counted[0], zero), ExpressionBinder.AreEqual(counted[1], one)]);
        }
        else
        {
            kept = new LogicalFilter(kept, [ExpressionBinder.AreEqual(counted[1], zero)]);
        }

        return new LogicalProject(kept, [.. results.Select(r => statement.NewColumn(r, r.Name))], [.. results.Select(r => r.Reference)]);
    }

    /// <summary>So many rows.</summary>
    private LogicalTableFunction Times(BoundExpression count)
    {
        var series = FunctionRegistry.Find("generate_series", FunctionKind.Table).First(f => f.ParameterTypes is [TypeKind.Int64, TypeKind.Int64]);
        var call = new TableFunctionCall(series, [new BoundConstant(DataType.Int64, 1L), count], [new TableFunctionColumn("n", DataType.Int64)]);
        return new LogicalTableFunction([statement.NewColumn("n", DataType.Int64)], [call], false);
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
