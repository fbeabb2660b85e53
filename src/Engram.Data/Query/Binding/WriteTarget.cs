using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>What a statement writes to: a table, or a view whose rows are rows of one table.</summary>
/// <remarks>
/// <para><b>The problem.</b> <c>UPDATE v SET a = 1 WHERE b = 2</c> names columns of a view, and storage knows rows of tables.</para>
/// <para><b>The picture.</b> A view over one table, or over such a view, without grouping, DISTINCT, LIMIT and the like is a filter and a projection of the table. So the statement is bound over
/// the table: the view's conditions restrict the rows that it may change, its columns stand for what they are of the table's, and those that are a column of the table itself can be
/// given values. WITH CHECK OPTION makes the conditions checks of the rows that are written.</para>
/// <para><b>Invariants.</b> Which views these are is decided by the text of each, as in PostgreSQL, and not by what its plan happens to be; all others are 55000.</para>
/// </remarks>
internal sealed class WriteTarget
{
    // What the expressions of the view are over; empty for a table.
    private readonly ImmutableArray<LogicalColumn> over = [];

    public WriteTarget(TableDefinition table)
    {
        Table = table;
    }

    private WriteTarget(
        ViewDefinition view, TableDefinition table, ImmutableArray<LogicalColumn> over, ImmutableArray<BoundExpression> values, ImmutableArray<BoundExpression> conditions)
        : this(table)
    {
        (View, this.over, Values, Conditions) = (view, over, values, conditions);
    }

    public TableDefinition Table { get; }

    /// <summary>The view that was named; null for a table.</summary>
    public ViewDefinition? View { get; }

    /// <summary>What the columns of the view are.</summary>
    private ImmutableArray<BoundExpression> Values { get; } = [];

    /// <summary>Which of them are columns of the table that are computed when they are read: as expressions they may look like another column. Null for the others.</summary>
    private ImmutableArray<ColumnDefinition?> Virtuals { get; init; } = [];

    /// <summary>What holds for the rows of the view.</summary>
    private ImmutableArray<BoundExpression> Conditions { get; } = [];

    /// <summary>What rows must meet that are written, and the view that says so.</summary>
    private ImmutableArray<(ViewDefinition View, BoundExpression Condition)> Checks { get; init; } = [];

    /// <summary>What a name means.</summary>
    /// <exception cref="EngramException">42P01 nothing; 55000 a view that cannot be written to; 42809 anything else.</exception>
    public static WriteTarget Find(StatementScope statement, ObjectNameSyntax name)
    {
        if (NameMatch.TryFindTable(statement.Catalog, name) is null && NameMatch.FindObject<ViewDefinition>(statement.Catalog, name) is { } view)
        {
            return TryCreate(statement, view, out var reason) ?? throw Error.ViewNotUpdatable(view.ToString(), reason, name.Position);
        }

        return new WriteTarget(NameMatch.FindTable(statement.Catalog, name));
    }

    /// <summary>A view as a target; null when it is none.</summary>
    /// <param name="reason">Why it is none.</param>
    public static WriteTarget? TryCreate(StatementScope statement, ViewDefinition view, out string reason)
    {
        Recursion.Check();
        reason = WhyNot(Parser.ParseQuery(view.Sql));
        if (reason.Length > 0)
        {
            return null;
        }

        WriteTarget? inner = null;
        if (view.Sources is [{ View: { } id }, ..])
        {
            inner = TryCreate(statement, (ViewDefinition)statement.Catalog.Objects[id], out reason);
            if (inner is null)
            {
                return null;
            }
        }

        var query = statement.BindView(view);
        var conditions = ImmutableArray.CreateBuilder<BoundExpression>();
        var virtuals = new Dictionary<int, ColumnDefinition>();
        if (Peel(query.Plan, conditions, virtuals) is not var (scan, map))
        {
            reason = ReadsTable(query.Plan) ? "it computes rows of its own" : "it is not over one table";
            return null;
        }

        var made = new WriteTarget(
            view, scan.Table, scan.TableColumns,
            [.. query.Columns.Take(view.Columns.Length).Select(c => map.TryGetValue(c.Id, out var value) ? value : c.Reference)], conditions.ToImmutable());

        // Its own conditions stand behind those of the view below.
        var own = made.Conditions.Skip(view.CheckOption == ViewCheck.Local ? inner?.Conditions.Length ?? 0 : 0);
        var checks = ImmutableArray.CreateBuilder<(ViewDefinition, BoundExpression)>();
        if (view.CheckOption != ViewCheck.Cascaded && inner is not null)
        {
            checks.AddRange(inner.Checks.Select(c => (c.View, inner.On(c.Condition, made.over))));
        }

        if (view.CheckOption != ViewCheck.None)
        {
            checks.AddRange(own.Select(c => (view, c)));
        }

        return new WriteTarget(view, made.Table, made.over, made.Values, made.Conditions)
        {
            Checks = checks.ToImmutable(),
            Virtuals = [.. query.Columns.Take(view.Columns.Length).Select(c => virtuals.GetValueOrDefault(c.Id))],
        };
    }

    /// <summary>The column of the table that a name means, which is to be given a value.</summary>
    /// <exception cref="EngramException">42703 there is no such column; 0A000 a column of a view that is none of its table.</exception>
    public ColumnDefinition FindColumn(IdentifierSyntax name)
        => FindOwnColumn(name) ?? throw Error.NotSupported($"Giving a value to column '{name.Text}' of view '{View}', which is no column of table '{Table}' itself,", name.Position + 1);

    /// <summary>The column of the table that a name means; null for one that a view computes.</summary>
    /// <exception cref="EngramException">42703 there is no such column.</exception>
    public ColumnDefinition? FindOwnColumn(IdentifierSyntax name)
    {
        if (View is null)
        {
            return NameMatch.FindColumn(Table, name);
        }

        var found = NameMatch.Find(name, Enumerable.Range(0, Values.Length), i => View.Columns[i].Name);
        return found.Count switch
        {
            1 => ColumnAt(found[0]),
            0 => throw Error.UndefinedColumn(name.Text, View.ToString(), NameMatch.Similar(name.Text, View.Columns.Select(c => c.Name)), name.Position),
            _ => throw Error.AmbiguousName("column", name.Text, name.Position),
        };
    }

    /// <summary>The columns that values without names are for, up to the first of a view that takes none.</summary>
    public List<ColumnDefinition> AllColumns()
        => View is null ? [.. Table.NamedColumns] : [.. Enumerable.Range(0, Values.Length).Select(ColumnAt).TakeWhile(c => c is not null).Select(c => c!)];

    /// <summary>The column of the table that one of the view is; null when it is computed.</summary>
    public ColumnDefinition? ColumnAt(int place)
        => Virtuals[place] is { } computed ? computed
            : Values[place] is BoundColumn column && over.FirstOrDefault(c => c.Id == column.Ordinal) is { Definition: { IsHidden: false } definition } ? definition : null;

    /// <summary>What names mean in the statement: of a table its columns, of a view its own.</summary>
    /// <param name="columns">The table's.</param>
    /// <param name="computed">Receives what is put in the place of columns that the table does not have.</param>
    public ScopeTable ScopeOf(StatementScope statement, ImmutableArray<LogicalColumn> columns, IdentifierSyntax? alias, Dictionary<int, BoundExpression> computed)
    {
        if (View is null)
        {
            return new ScopeTable(
                alias is null ? Table.Name : NameMatch.Fold(alias), alias is null ? Table.Schema : null,
                [.. columns.Where(c => c.Definition is { IsHidden: false }).Select(c => new ScopeColumn(c.Name, c))]);
        }

        var seen = ImmutableArray.CreateBuilder<ScopeColumn>(Values.Length);
        for (var i = 0; i < Values.Length; i++)
        {
            var name = View.Columns[i].Name;
            var value = On(Values[i], columns);
            if (value is BoundColumn reference && columns.FirstOrDefault(c => c.Id == reference.Ordinal) is { } known)
            {
                seen.Add(new ScopeColumn(name, known with { Name = name }));
                continue;
            }

            var made = statement.NewColumn(name, value);
            computed.Add(made.Id, value);
            seen.Add(new ScopeColumn(name, made));
        }

        return new ScopeTable(alias is null ? View.Name : NameMatch.Fold(alias), alias is null ? View.Schema : null, seen.MoveToImmutable());
    }

    /// <summary>What holds for the rows that the statement may change.</summary>
    public ImmutableArray<BoundExpression> ConditionsOn(ImmutableArray<LogicalColumn> columns) => [.. Conditions.Select(c => On(c, columns))];

    /// <summary>What rows that are written must meet: TRUE, not NULL; with the view that says so.</summary>
    public IEnumerable<(ViewDefinition View, BoundExpression Condition)> ChecksOn(ImmutableArray<LogicalColumn> columns)
        => Checks.Select(c => (c.View, (BoundExpression)new BoundCoalesce(DataType.Boolean, [On(c.Condition, columns), new BoundConstant(DataType.Boolean, false)])));

    /// <summary>An expression of the view over other columns of the same table.</summary>
    private BoundExpression On(BoundExpression expression, ImmutableArray<LogicalColumn> columns)
    {
        var byId = new Dictionary<int, BoundExpression>(over.Length);
        foreach (var column in over)
        {
            byId[column.Id] = columns.First(c => c.Definition?.Id == column.Definition!.Id).Reference;
        }

        return ExpressionTree.Substitute(expression, byId);
    }

    /// <summary>Why the rows of a query are not those of one table; empty when they are.</summary>
    private static string WhyNot(QuerySyntax query) => query switch
    {
        { With: not null } => "it has WITH",
        { Limit: not null } or { Offset: not null } => "it has LIMIT or OFFSET",
        { Body: not SelectSyntax } => "it is no single SELECT",
        { Body: SelectSyntax { IsDistinct: true } } => "it has DISTINCT",
        { Body: SelectSyntax { HasGroupBy: true } or SelectSyntax { Having: not null } } => "it has GROUP BY or HAVING",
        { Body: SelectSyntax { From: not [TableNameSyntax { Sample: null }] } } => "it is not over one table",
        _ => "",
    };

    private static bool ReadsTable(LogicalPlan plan) => plan is LogicalScan || LogicalTree.Inputs(plan).Any(ReadsTable);

    /// <summary>Takes projections and filters off a scan. What each column of the plan is of the scan's, and the conditions, the innermost first; null when anything else is there.</summary>
    /// <param name="virtuals">Receives which columns of the plan are such of the table that are computed when they are read.</param>
    private static (LogicalScan Scan, Dictionary<int, BoundExpression> Map)? Peel(
        LogicalPlan plan, ImmutableArray<BoundExpression>.Builder conditions, Dictionary<int, ColumnDefinition> virtuals)
    {
        switch (plan)
        {
            case LogicalScan scan:
                return (scan, []);
            case LogicalFilter filter when Peel(filter.Input, conditions, virtuals) is var (scan, map):
                conditions.AddRange(filter.Conjuncts.Select(c => ExpressionTree.Substitute(c, map)));
                return (scan, map);
            case LogicalSort { Limit: null, Offset: null } sort:
                return Peel(sort.Input, conditions, virtuals);
            case LogicalProject project when Peel(project.Input, conditions, virtuals) is var (scan, map):
                for (var i = 0; i < project.Results.Length; i++)
                {
                    var id = project.Results[i].Id;
                    if (project.IsTableRead && project.Results[i].Definition is { IsVirtual: true } made && i >= project.Input.Columns.Length)
                    {
                        virtuals[id] = made;
                    }
                    else if (project.Expressions[i] is BoundColumn read && virtuals.TryGetValue(read.Ordinal, out var computed))
                    {
                        virtuals[id] = computed;
                    }

                    var value = ExpressionTree.Substitute(project.Expressions[i], map);
                    if (value is not BoundColumn same || same.Ordinal != id)
                    {
                        map[id] = value;
                    }
                }

                return (scan, map);
            default:
                return null;
        }
    }
}
