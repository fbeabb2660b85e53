using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>FROM: tables, derived tables, common tables and joins.</summary>
internal sealed partial class QueryBinder
{
    /// <summary>A part of a FROM clause: its plan, and the names that it brings into reach.</summary>
    private readonly record struct Source(LogicalPlan Plan, ImmutableArray<ScopeTable> Tables);

    /// <summary>Binds a FROM clause and brings its tables into the scope. Without one there is a single row of no columns.</summary>
    public LogicalPlan BindFrom(IReadOnlyList<TableSyntax> tables, Scope scope)
    {
        if (tables.Count == 0)
        {
            return new LogicalValues([], [[]]);
        }

        LogicalPlan? plan = null;
        foreach (var table in tables)
        {
            var source = BindTable(table, scope, [.. scope.Tables]);
            plan = plan == null ? source.Plan : new LogicalJoin(JoinKind.Inner, plan, source.Plan, []);
            foreach (var scopeTable in source.Tables)
            {
                scope.Add(scopeTable, table.Position);
            }
        }

        return plan!;
    }

    /// <summary>A table for INSERT, UPDATE and DELETE: all of its columns, with the row id first when asked for.</summary>
    public LogicalScan Scan(TableDefinition table, bool withRowId)
    {
        var columns = table.Columns.Select(c => statement.NewColumn(table, c));
        return new LogicalScan(table, withRowId
            ? [statement.NewColumn("rowid", DataType.Int64) with { Table = table, IsNullable = false }, .. columns]
            : [.. columns]);
    }

    /// <summary>A scan with what is computed of its rows when they are read, which stands beside the scan's own columns.</summary>
    /// <remarks>Computed here, and not wherever the column is named: an outer join fills it with NULL like any other.</remarks>
    /// <param name="scan">All columns of a table.</param>
    /// <param name="columns">The columns as they are named; those of the scan where none is computed when it is read.</param>
    /// <param name="rows">The scan with what is done to its rows first; null for the scan itself.</param>
    public LogicalPlan Read(LogicalScan scan, out ImmutableArray<LogicalColumn> columns, LogicalPlan? rows = null)
    {
        columns = scan.TableColumns;
        if (!scan.Table.Columns.Any(c => c.IsVirtual))
        {
            return rows ?? scan;
        }

        var expressions = new StoredExpressions(statement).Virtuals(scan.Table, scan.TableColumns);
        var made = scan.TableColumns.Where(c => expressions.ContainsKey(c.Id)).ToDictionary(c => c.Id, c => statement.NewColumn(c, c.Name));
        columns = [.. scan.TableColumns.Select(c => made.GetValueOrDefault(c.Id, c))];
        return new LogicalProject(
            rows ?? scan, [.. scan.TableColumns, .. made.Values], [.. scan.TableColumns.Select(c => c.Reference), .. made.Keys.Select(id => expressions[id])])
        {
            IsTableRead = true,
        };
    }

    /// <summary>What a scan is known by.</summary>
    public static ScopeTable ScopeTableOf(LogicalScan scan, ImmutableArray<LogicalColumn> columns, IdentifierSyntax? alias)
        => new(alias == null ? scan.Table.Name : NameMatch.Fold(alias), alias == null ? scan.Table.Schema : null,
            [.. columns.Where(c => c.Definition is { IsHidden: false }).Select(c => new ScopeColumn(c.Name, c))]);

    /// <param name="siblings">The tables to the left, which LATERAL may name.</param>
    private Source BindTable(TableSyntax syntax, Scope scope, ImmutableArray<ScopeTable> siblings)
    {
        switch (syntax)
        {
            case TableNameSyntax name:
                return BindTableName(name, scope);
            case DerivedTableSyntax derived:
                var outer = derived.IsLateral ? With(scope, siblings) : scope.Outer;
                var query = Bind(derived.Query, outer, scope.CommonTables);
                return new Source(query.Plan, [Named(derived.Alias == null ? null : NameMatch.Fold(derived.Alias.Name), query.Columns, derived.Alias?.Columns, derived.Position)]);
            case TableFunctionSyntax function:
                return BindTableFunction(function, With(scope, siblings));
            case JoinSyntax join:
                return BindJoin(join, scope, siblings);
            default:
                throw Error.Internal($"no binding of {syntax.GetType().Name}");
        }
    }

    private static Scope With(Scope scope, ImmutableArray<ScopeTable> tables)
    {
        var result = new Scope(scope.Outer, scope.CommonTables);
        result.Tables.AddRange(tables);
        return result;
    }

    /// <summary>TABLESAMPLE: a condition on row ids, which each row passes or not before any other is asked.</summary>
    private LogicalPlan Sampled(LogicalScan scan, SampleSyntax? sample)
    {
        if (sample is null)
        {
            return scan;
        }

        var binder = new ExpressionBinder(statement, null, "TABLESAMPLE");
        var seed = sample.Seed is null ? new BoundConstant(DataType.Double, double.NaN) : binder.BindAs(sample.Seed, DataType.Double, "The seed of REPEATABLE");
        return new LogicalFilter(scan, [new BoundCall(
            DataType.Boolean, FunctionRegistry.Find(sample.IsSystem ? "sample_system" : "sample_bernoulli", FunctionKind.Scalar)[0],
            [scan.TableColumns[0].Reference, binder.BindAs(sample.Percent, DataType.Double, "The part of TABLESAMPLE"), seed])]);
    }

    private Source BindTableName(TableNameSyntax syntax, Scope scope)
    {
        if (syntax.Sample is { } sample)
        {
            if (syntax.Name.Schema == null && CommonTableScope.Find(scope.CommonTables, syntax.Name.Name) is not null)
            {
                throw Error.NotATable(syntax.Name.ToString(), "table of the query", sample.Position);
            }

            // For its error: what is none has no rows of its own to choose among.
            _ = statement.FindSource(syntax.Name)?.Table is null ? NameMatch.FindTable(statement.Catalog, syntax.Name) : null;
        }

        if (syntax.Name.Schema == null && CommonTableScope.Find(scope.CommonTables, syntax.Name.Name) is { } common)
        {
            statement.CountCommonTableUse(syntax.Position);
            if (common.Working is { } working)
            {
                var seen = working with { Results = [.. working.Results.Select(c => statement.NewColumn(c, c.Name))] };
                return new Source(seen, [Named(syntax.Alias == null ? common.Name : NameMatch.Fold(syntax.Alias.Name), seen.Columns, syntax.Alias?.Columns, syntax.Position)]);
            }

            common.IsUsed = true;
            var (query, inner) = BindCommonTable(common);
            if (query.Columns.IsEmpty && common.Syntax.Statement is not SelectStatementSyntax)
            {
                throw Error.NotSupported($"Reading '{common.Name}', which changes data without RETURNING,", syntax.Position + 1);
            }

            var columns = inner.Columns.Select(c => c.Column with { Name = c.Name }).ToImmutableArray();
            var known = syntax.Alias == null ? common.Name : NameMatch.Fold(syntax.Alias.Name);
            return new Source(query.Plan, [Named(known, columns, syntax.Alias?.Columns, syntax.Position)]);
        }

        if (statement.FindSource(syntax.Name) is { } source)
        {
            return source.Table is { } id ? BindTableOfView(syntax, source, statement.Catalog.Get(id))
                : BindView(syntax, (ViewDefinition)statement.Catalog.Objects[source.View!.Value], source.Name);
        }

        if (NameMatch.TryFindTable(statement.Catalog, syntax.Name) is null && NameMatch.FindObject<ViewDefinition>(statement.Catalog, syntax.Name) is { } view)
        {
            statement.Sources?.Add(new ViewSource(FoldedSchema(syntax.Name), NameMatch.Fold(syntax.Name.Name), null, view.Id, []));
            return BindView(syntax, view, view.Name);
        }

        if (NameMatch.TryFindTable(statement.Catalog, syntax.Name) is null && SystemTable.Find(syntax.Name) is { } system)
        {
            var made = new LogicalSystemScan(system, [.. system.Columns.Select(c => statement.NewColumn(c.Name, c.Type))]);
            var shown = Named(syntax.Alias == null ? system.Name : NameMatch.Fold(syntax.Alias.Name), made.Columns, syntax.Alias?.Columns, syntax.Position);
            return new Source(made, [syntax.Alias == null ? shown with { Schema = system.Schema } : shown]);
        }

        var scan = Scan(NameMatch.FindTable(statement.Catalog, syntax.Name), withRowId: syntax.Sample is not null);
        statement.Sources?.Add(new ViewSource(
            FoldedSchema(syntax.Name), NameMatch.Fold(syntax.Name.Name), scan.Table.Id, null, [.. scan.Table.NamedColumns.Select(c => (c.Id, c.Name))]));
        var rows = Read(scan, out var read, Sampled(scan, syntax.Sample));
        var table = ScopeTableOf(scan, read, syntax.Alias?.Name);
        return new Source(rows, [syntax.Alias is { Columns.Count: > 0 } alias ? Named(table.Name, [.. table.Columns.Select(c => c.Column)], alias.Columns, alias.Position) : table]);
    }

    /// <summary>A common table sees those before it, and the columns that the query sees in which it is written.</summary>
    private (BoundQuery Query, ScopeTable Table) BindCommonTable(CommonTable common)
    {
        if (common.Syntax.Statement is not SelectStatementSyntax)
        {
            return BindModification(common);
        }

        var body = ((SelectStatementSyntax)common.Syntax.Statement).Query;
        var recursive = common.IsRecursive ? BindRecursive(common, body) : null;
        if (recursive is null && (common.Syntax.Search ?? (SyntaxNode?)common.Syntax.Cycle) is { } clause)
        {
            throw Error.SyntaxRule($"SEARCH and CYCLE are for a query that names itself, with UNION; {common.Name} does not.", clause.Position);
        }

        var query = recursive ?? Bind(body, common.Around, common.Outer);
        return (query, Named(common.Name, query.Columns, common.Syntax.Columns, common.Syntax.Position));
    }

    /// <summary>The rows of RETURNING of a common table that changes data. It is carried out once, before the statement that it belongs to reads.</summary>
    private (BoundQuery Query, ScopeTable Table) BindModification(CommonTable common)
    {
        var known = statement.Modifications.Find(m => ReferenceEquals(m.Syntax, common.Syntax));
        if (known is null)
        {
            if (statement.TopWith?.Tables.Any(t => ReferenceEquals(t, common.Syntax)) != true)
            {
                throw Error.NotSupported("A common table that changes data below the outermost WITH of a statement", common.Syntax.Statement.Position + 1);
            }

            var binder = new ModificationBinder(statement);
            (object bound, TableResult result) = common.Syntax.Statement switch
            {
                InsertSyntax insert when binder.BindInsert(insert, common.Outer) is var b => ((object)b, b.Result),
                UpdateSyntax update when binder.BindUpdate(update, common.Outer) is var b => (b, b.Result),
                DeleteSyntax delete when binder.BindDelete(delete, common.Outer) is var b => (b, b.Result),
                MergeSyntax merge when binder.BindMerge(merge, common.Outer) is var b => (b, b.Result),
                _ => throw Error.Internal($"no binding of {common.Syntax.Statement.GetType().Name} in WITH"),
            };
            known = new BoundModification(common.Syntax, result.Returned.IsEmpty ? null : new LogicalWorkingTable(result.Returned, statement.NewWorkingTable()), bound);
            statement.Modifications.Add(known);
        }

        var rows = known.Rows is null ? new LogicalWorkingTable([], 0) : known.Rows with { Results = [.. known.Rows.Results.Select(c => statement.NewColumn(c, c.Name))] };
        return (new BoundQuery(rows), Named(common.Name, rows.Columns, common.Syntax.Columns, common.Syntax.Position));
    }

    /// <summary>Binds the common tables of a WITH that nothing named, for the errors in them.</summary>
    /// <param name="reach">The innermost of them, as <see cref="AddCommonTables"/> gave it.</param>
    public void CheckUnused(WithSyntax? with, CommonTableScope? reach)
    {
        // From the last on: an earlier one may be named by a later one alone.
        for (var left = with?.Tables.Count ?? 0; left > 0; left--, reach = reach.Next)
        {
            if (!reach!.Table.IsUsed)
            {
                statement.CountCommonTableUse(reach.Table.Syntax.Position);
                BindCommonTable(reach.Table);
            }
        }
    }

    private Source BindView(TableNameSyntax syntax, ViewDefinition view, string name)
    {
        statement.CountCommonTableUse(syntax.Position);
        var query = statement.BindView(view);
        var columns = query.Columns.Take(view.Columns.Length).Select((c, i) => c with { Name = view.Columns[i].Name }).ToImmutableArray();
        return new Source(query.Plan, [Named(syntax.Alias == null ? name : NameMatch.Fold(syntax.Alias.Name), columns, syntax.Alias?.Columns, syntax.Position)]);
    }

    /// <summary>A table inside a view, by the names that it and its columns had when the view was created.</summary>
    private Source BindTableOfView(TableNameSyntax syntax, ViewSource source, TableDefinition table)
    {
        var scan = Scan(table, withRowId: syntax.Sample is not null);
        var rows = Read(scan, out var read, Sampled(scan, syntax.Sample));
        var columns = from known in source.Columns
                      from column in read
                      where column.Definition?.Id == known.Column
                      select column with { Name = known.Name };
        var named = Named(syntax.Alias == null ? source.Name : NameMatch.Fold(syntax.Alias.Name), [.. columns], syntax.Alias?.Columns, syntax.Position);
        return new Source(rows, [named with { Schema = syntax.Alias == null ? source.Schema ?? DatabaseCatalog.DefaultSchema : null }]);
    }

    private static string? FoldedSchema(ObjectNameSyntax name) => name.Schema is null ? null : NameMatch.Fold(name.Schema);

    private static ScopeTable Named(string? name, ImmutableArray<LogicalColumn> columns, IReadOnlyList<IdentifierSyntax>? aliases, int position)
    {
        aliases ??= [];
        if (aliases.Count > columns.Length)
        {
            throw Error.ColumnCount($"The list of columns of {name}", columns.Length, aliases.Count, position);
        }

        // A derived table may go without a name; then its columns are found by theirs alone.
        return new ScopeTable(name ?? $"?{position}", null, [.. columns.Select((c, i) => Seen(i < aliases.Count ? c with { Name = NameMatch.Fold(aliases[i]) } : c))]);

        // The name goes with the column into the output of a query: SELECT x FROM t a (x) has a column x.
        static ScopeColumn Seen(LogicalColumn column) => new(column.Name, column);
    }

    private Source BindJoin(JoinSyntax join, Scope scope, ImmutableArray<ScopeTable> siblings)
    {
        var left = BindTable(join.Left, scope, siblings);
        var right = BindTable(join.Right, scope, siblings.AddRange(left.Tables));
        var kind = join.Kind switch
        {
            JoinSyntaxKind.Left => JoinKind.Left,
            JoinSyntaxKind.Right => JoinKind.Right,
            JoinSyntaxKind.Full => JoinKind.Full,
            _ => JoinKind.Inner,
        };
        if (kind is JoinKind.Right or JoinKind.Full && LogicalTree.FreeColumns(right.Plan).Overlaps(LogicalTree.ColumnIds(left.Plan)))
        {
            throw Error.InvalidReference("LATERAL cannot stand on the right of RIGHT JOIN or FULL JOIN: its rows come from the left.", join.Right.Position);
        }

        if (join.Using.Count > 0 || join.IsNatural)
        {
            return BindUsing(join, kind, left, right);
        }

        ImmutableArray<BoundExpression> conjuncts = [];
        if (join.On != null)
        {
            var inner = new Scope(scope.Outer, scope.CommonTables);
            foreach (var table in left.Tables.Concat(right.Tables))
            {
                inner.Add(table, join.Position);
            }

            conjuncts = ExpressionTree.Conjuncts(new ExpressionBinder(statement, inner, "the condition of a join").BindCondition(join.On, "the condition of a join"));
        }

        return new Source(new LogicalJoin(kind, left.Plan, right.Plan, conjuncts), left.Tables.AddRange(right.Tables));
    }

    /// <summary>USING and NATURAL: equal columns, which are seen as one afterwards.</summary>
    private Source BindUsing(JoinSyntax join, JoinKind kind, Source left, Source right)
    {
        var names = join.IsNatural
            ? [.. Visible(left).Select(c => c.Name).Where(n => Visible(right).Any(c => c.Name == n)).Distinct().Select(n => new IdentifierSyntax(join.Span, n, true))]
            : join.Using;
        var conjuncts = new List<BoundExpression>();
        var merged = new List<ScopeColumn>();
        var hidden = new HashSet<int>();
        var computed = new List<(LogicalColumn Column, BoundExpression Expression)>();
        foreach (var name in names)
        {
            // A list of aliases gives a table's columns other names than their own.
            var (seenAs, a) = FindOne(left, name);
            var (_, b) = FindOne(right, name);
            conjuncts.Add(ExpressionBinder.AreEqual(a.Reference, b.Reference, name.Position));
            hidden.Add(a.Id);
            hidden.Add(b.Id);
            var column = kind == JoinKind.Right ? b : a;
            if (kind == JoinKind.Full)
            {
                var operands = ExpressionBinder.Unify([(a.Reference, name.Position), (b.Reference, name.Position)], "USING");
                column = statement.NewColumn(seenAs, operands[0].Type);
                computed.Add((column, new BoundCoalesce(column.Type, operands)));
            }

            merged.Add(new ScopeColumn(seenAs, column));
        }

        LogicalPlan plan = new LogicalJoin(kind, left.Plan, right.Plan, [.. conjuncts]);
        if (computed.Count > 0)
        {
            var kept = plan.Columns;
            // The columns pass under their own ids: the projection adds, it renames nothing.
            plan = new LogicalProject(plan, [.. kept, .. computed.Select(c => c.Column)], [.. kept.Select(c => c.Reference), .. computed.Select(c => c.Expression)]);
        }

        var tables = left.Tables.AddRange(right.Tables)
            .Select(t => t with { Columns = [.. t.Columns.Select(c => hidden.Contains(c.Column.Id) ? c with { IsMerged = true } : c)] });
        return new Source(plan, [new ScopeTable(null, null, merged), .. tables]);
    }

    private static IEnumerable<ScopeColumn> Visible(Source source) => source.Tables.SelectMany(t => t.Columns).Where(c => !c.IsMerged);

    private static (string Name, LogicalColumn Column) FindOne(Source source, IdentifierSyntax name)
    {
        var found = NameMatch.Find(name, Visible(source), c => c.Name);
        return found.Count switch
        {
            1 => (found[0].Name, found[0].Column),
            0 => throw Error.UndefinedColumn(name.Text, "one side of the join", NameMatch.Similar(name.Text, Visible(source).Select(c => c.Name)), name.Position),
            _ => throw Error.AmbiguousName("column", name.Text, name.Position),
        };
    }
}
