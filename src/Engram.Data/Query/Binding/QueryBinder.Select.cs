using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>SELECT: from the tables through filter, groups, order and limit to the select list.</summary>
internal sealed partial class QueryBinder
{
    /// <summary>An output column on its way: its expression over the rows before the projection.</summary>
    private readonly record struct OutputItem(BoundExpression Expression, string Name, int Position);

    /// <summary>Where the calls of a select list and of ORDER BY go that are computed apart; none by default.</summary>
    private readonly record struct Collectors(AggregateCollector? Aggregates, WindowCollector? Windows, TableFunctionCollector? Functions)
    {
        public ExpressionBinder Binder(StatementScope statement, Scope scope, string clause)
            => new(statement, scope, clause) { Aggregates = Aggregates, Windows = Windows, TableFunctions = Functions };
    }

    /// <param name="settles">Whether literals without a type become text in the output.</param>
    private BoundQuery BindSelect(
        SelectSyntax select, IReadOnlyList<OrderItemSyntax> orderBy, RowLimit count, Scope scope, bool settles = true)
    {
        if (select.Into is { } into)
        {
            throw Error.SyntaxRule("INTO stands in the outermost SELECT of a statement, in the first of a set operation, and nowhere else.", into.Position);
        }

        var plan = BindFrom(select.From, scope);
        if (select.Where != null)
        {
            var condition = new ExpressionBinder(statement, scope, "WHERE").BindCondition(select.Where, "the condition of WHERE");
            plan = new LogicalFilter(plan, ExpressionTree.Conjuncts(condition));
        }

        var sources = plan.Columns.ToDictionary(c => c.Id);
        var aggregates = new AggregateCollector(statement);
        var functions = new TableFunctionCollector(statement);
        var windows = new WindowCollector(statement, select.Windows);
        var collectors = new Collectors(aggregates, windows, functions);
        scope.Aggregates = aggregates;
        var items = BindItems(select.Items, scope, collectors, settles);
        var having = select.Having == null ? null
            : new ExpressionBinder(statement, scope, "HAVING") { Aggregates = aggregates }.BindCondition(select.Having, "the condition of HAVING");
        var keys = orderBy.Select(o => BindOrderKey(o, items, scope, collectors)).ToImmutableArray();
        var distinctOn = select.DistinctOn.Select(e => BindOrderKey(new OrderItemSyntax(e.Span, e, false, null), items, scope, collectors).Expression).ToImmutableArray();
        scope.Aggregates = null;
        Func<BoundExpression, BoundExpression> overRows = e => e;

        if (select.HasGroupBy || having != null || aggregates.IsNeeded)
        {
            var used = items.Select(i => i.Expression).Concat(keys.Select(k => k.Expression)).Concat(distinctOn).Concat(having == null ? [] : [having])
                .Concat(windows.Expressions).Concat(functions.Expressions).SelectMany(ExpressionTree.ColumnsOf).ToHashSet();
            var grouping = new Grouping(statement, plan, BindGroupingSets(select, items, scope), used);
            if (grouping.Keys.Any(functions.Reads))
            {
                throw Error.NotSupported("A function that returns rows in GROUP BY (put it into FROM)", select.GroupBy[0].Position + 1);
            }

            overRows = e => grouping.Over(e, select.Position);
            items = items.ConvertAll(i => i with { Expression = grouping.Over(i.Expression, i.Position) });
            keys = [.. keys.Zip(orderBy, (k, o) => k with { Expression = grouping.Over(k.Expression, o.Position) })];
            plan = grouping.Aggregate(plan, aggregates);
            if (having != null)
            {
                plan = new LogicalFilter(plan, ExpressionTree.Conjuncts(grouping.Over(having, select.Having!.Position)));
            }

            sources = plan.Columns.ToDictionary(c => c.Id);
        }

        if (!windows.IsEmpty)
        {
            plan = windows.Over(plan, overRows);
            sources = plan.Columns.ToDictionary(c => c.Id);
        }

        if (!functions.IsEmpty)
        {
            plan = functions.Over(plan, overRows);
            sources = plan.Columns.ToDictionary(c => c.Id);
        }

        if (!distinctOn.IsEmpty)
        {
            plan = FirstOfEach(plan, ImmutableArray.CreateRange(distinctOn, overRows), keys, select.Position);
        }

        var columns = NewColumns(items, sources);
        ImmutableArray<BoundExpression> expressions = [.. items.Select(i => i.Expression)];
        if (select.IsDistinct && distinctOn.IsEmpty)
        {
            plan = new LogicalDistinct(new LogicalProject(plan, columns, expressions));
            keys = [.. keys.Zip(orderBy, (k, o) => k with { Expression = SelectedAs(k.Expression, expressions, columns, o.Position) })];
            return new BoundQuery(OrderAndLimit(plan, keys, count));
        }

        if (keys.All(k => ExpressionTree.IsMovable(k.Expression)))
        {
            // Ordered first, so that after a LIMIT the select list is computed for the rows that are left.
            return new BoundQuery(new LogicalProject(OrderAndLimit(plan, keys, count), columns, expressions));
        }

        return new BoundQuery(OrderByComputed(plan, columns, expressions, keys, count));
    }

    /// <summary>DISTINCT ON: of rows that are equal in some expressions the first by ORDER BY.</summary>
    private LogicalFilter FirstOfEach(LogicalPlan plan, ImmutableArray<BoundExpression> on, ImmutableArray<SortKey> keys, int position)
    {
        var distinct = on.Distinct(ExpressionTree.SameComparer.Instance).ToImmutableArray();
        if (keys.Take(distinct.Length).Any(k => !distinct.Contains(k.Expression, ExpressionTree.SameComparer.Instance)))
        {
            throw Error.DistinctOnOrder(position);
        }

        var (window, columns) = Number(plan, distinct, keys, "row_number");
        return new LogicalFilter(window, [ExpressionBinder.AreEqual(columns[0].Reference, new BoundConstant(DataType.Int64, 1L))]);
    }

    /// <summary>Binds RETURNING: a select list over the columns of one table.</summary>
    public (ImmutableArray<LogicalColumn> Columns, ImmutableArray<BoundExpression> Expressions) BindReturning(
        IReadOnlyList<SelectItemSyntax> syntax, Scope scope, ImmutableArray<LogicalColumn> row)
    {
        var items = BindItems(syntax, scope, default);
        return (NewColumns(items, row.ToDictionary(c => c.Id)), [.. items.Select(i => i.Expression)]);
    }

    private ImmutableArray<LogicalColumn> NewColumns(List<OutputItem> items, Dictionary<int, LogicalColumn> sources)
        => [.. items.Select(i => i.Expression is BoundColumn c && sources.TryGetValue(c.Ordinal, out var source)
            ? statement.NewColumn(source, i.Name)
            : statement.NewColumn(i.Name, i.Expression))];

    /// <summary>Computes what is ordered by once, beside the select list, when it is a subquery or changes from call to call.</summary>
    private LogicalProject OrderByComputed(
        LogicalPlan plan, ImmutableArray<LogicalColumn> columns, ImmutableArray<BoundExpression> expressions, ImmutableArray<SortKey> keys,
        RowLimit count)
    {
        var allColumns = columns.ToBuilder();
        var allExpressions = expressions.ToBuilder();
        var newKeys = new List<SortKey>();
        foreach (var key in keys)
        {
            var index = expressions.IndexOf(key.Expression, 0, expressions.Length, ExpressionTree.SameComparer.Instance);
            if (index < 0)
            {
                index = allColumns.Count;
                allColumns.Add(statement.NewColumn("order", key.Expression));
                allExpressions.Add(key.Expression);
            }

            newKeys.Add(key with { Expression = allColumns[index].Reference });
        }

        var project = new LogicalProject(plan, allColumns.ToImmutable(), allExpressions.ToImmutable());
        return new LogicalProject(
            OrderAndLimit(project, [.. newKeys], count), [.. columns.Select(c => statement.NewColumn(c, c.Name))], [.. columns.Select(c => c.Reference)]);
    }

    private static BoundColumn SelectedAs(BoundExpression key, ImmutableArray<BoundExpression> expressions, ImmutableArray<LogicalColumn> columns, int position)
    {
        var index = expressions.IndexOf(key, 0, expressions.Length, ExpressionTree.SameComparer.Instance);
        return index >= 0 ? columns[index].Reference : throw Error.OrderByNotSelected(position);
    }

    private List<OutputItem> BindItems(
        IReadOnlyList<SelectItemSyntax> syntax, Scope scope, Collectors collectors, bool settles = true)
    {
        var binder = collectors.Binder(statement, scope, "the select list");
        var items = new List<OutputItem>();
        foreach (var item in syntax)
        {
            if (item.Expression is StarSyntax star)
            {
                items.AddRange(Expand(star, scope));
            }
            else
            {
                var expression = settles ? binder.BindValue(item.Expression) : binder.Bind(item.Expression);
                items.Add(new OutputItem(expression, item.Alias == null ? NameOf(item.Expression, expression) : NameMatch.Fold(item.Alias), item.Position));
            }
        }

        return items;
    }

    private static IEnumerable<OutputItem> Expand(StarSyntax star, Scope scope)
    {
        var tables = scope.Tables;
        if (star.Table != null)
        {
            tables = scope.FindTables(star.Table);
            if (tables.Count == 0)
            {
                throw Error.UndefinedQualifier(star.Table.ToString(), star.Position);
            }
        }
        else if (tables.Count == 0)
        {
            throw Error.SyntaxRule("SELECT * needs a FROM clause.", star.Position);
        }

        // What USING merged appears once, before the other columns.
        return from table in tables.OrderBy(t => t.Name == null ? 0 : 1)
               from column in table.Columns
               where star.Table != null || !column.IsMerged
               select new OutputItem(column.Column.Reference, column.Name, star.Position);
    }

    /// <summary>The name of an output column without an alias, by PostgreSQL's rule.</summary>
    private static string NameOf(ExpressionSyntax syntax, BoundExpression bound) => syntax switch
    {
        ColumnReferenceSyntax reference => NameOfColumn(reference, bound),
        FunctionCallSyntax call => NameMatch.Fold(call.Name.Name),
        CastSyntax { Operand: ColumnReferenceSyntax or FunctionCallSyntax or CastSyntax } cast => NameOf(cast.Operand, bound),
        CastSyntax cast => cast.Type.Name,
        TypedLiteralSyntax literal => literal.Type.Name,
        CaseSyntax => "case",
        ExistsSyntax => "exists",
        ArraySyntax or ArraySubquerySyntax => "array",
        CollateSyntax collate => NameOf(collate.Operand, bound),
        ScalarSubquerySyntax when bound is LogicalSubquery subquery => subquery.Plan.Columns[0].Name,
        _ => "?column?",
    };

    /// <summary>The column's own name, whatever casts and collations stand around it.</summary>
    private static string NameOfColumn(ColumnReferenceSyntax reference, BoundExpression bound)
    {
        while (true)
        {
            switch (bound)
            {
                case BoundColumn column:
                    return column.Name;
                case BoundCast cast:
                    bound = cast.Operand;
                    break;
                case BoundCall { Arguments: [var first, ..] }:
                    bound = first;
                    break;
                default:
                    return NameMatch.Fold(reference.Column);
            }
        }
    }

    /// <summary>A key of ORDER BY: an output column by its name or position, else any expression over the tables.</summary>
    private SortKey BindOrderKey(OrderItemSyntax item, List<OutputItem> items, Scope scope, Collectors collectors)
    {
        BoundExpression expression;
        if (item.Expression is IntegerLiteralSyntax number)
        {
            expression = items[OutputIndex(number, items.Count, "ORDER BY")].Expression;
        }
        else if (item.Expression is ColumnReferenceSyntax { Table: null } reference && FindOutput(reference, items) is { } output)
        {
            expression = output;
        }
        else
        {
            expression = collectors.Binder(statement, scope, "ORDER BY").BindValue(item.Expression);
        }

        return statement.SortKeyOf(expression, item);
    }

    private static BoundExpression? FindOutput(ColumnReferenceSyntax reference, List<OutputItem> items)
    {
        var found = NameMatch.Find(reference.Column, items, i => i.Name);
        return found.Count == 0 ? null
            : found.TrueForAll(f => ExpressionTree.AreSame(f.Expression, found[0].Expression)) ? found[0].Expression
            : throw Error.AmbiguousName("output column", reference.Column.Text, reference.Position);
    }
}
