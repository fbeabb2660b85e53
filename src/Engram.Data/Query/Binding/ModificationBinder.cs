using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>A bound INSERT: the source's columns are those that <see cref="Columns"/> names by ordinal.</summary>
internal sealed record BoundInsert(TableDefinition Table, LogicalPlan Source, ImmutableArray<InsertColumn> Columns, TableResult Result)
{
    public BoundConflict? Conflict { get; init; }

    /// <summary>The view that was named; null for a table.</summary>
    public ViewDefinition? View { get; init; }
}

/// <summary>A bound ON CONFLICT. The assignments, none for DO NOTHING, and the conditions read <see cref="Target"/>, row id first, and then <see cref="Excluded"/>.</summary>
internal sealed record BoundConflict(
    ImmutableArray<IndexDefinition> Indexes, ImmutableArray<LogicalColumn> Target, ImmutableArray<LogicalColumn> Excluded,
    ImmutableArray<(ColumnId Column, BoundExpression Value)> Set, ImmutableArray<BoundExpression> Conditions)
{
    /// <summary>The computed columns that change with the assignments, over the columns of the result of the INSERT.</summary>
    public ImmutableArray<(ColumnId Column, BoundExpression Value)> Computed { get; init; } = [];
}

/// <summary>A bound UPDATE or DELETE. The source produces <see cref="Target"/>'s columns, row id first, and what the assignments read besides.</summary>
internal sealed record BoundChange(TableDefinition Table, LogicalScan Target, LogicalPlan Source, ImmutableArray<(ColumnId Column, BoundExpression Value)> Set, TableResult Result);

/// <summary>What is computed from rows as they are written: over <see cref="Columns"/>, which are the table's in their order.</summary>
internal sealed record TableResult(
    ImmutableArray<LogicalColumn> Columns, ImmutableArray<BoundExpression> Checks, ImmutableArray<LogicalColumn> Returned, ImmutableArray<BoundExpression> Returning)
{
    /// <summary>The names of <see cref="Checks"/>.</summary>
    public ImmutableArray<string> CheckNames { get; init; } = [];

    /// <summary>What <see cref="Returning"/> reads besides: columns of the source, of the tables after FROM or USING.</summary>
    public ImmutableArray<LogicalColumn> Others { get; init; } = [];

    /// <summary>The computed columns that an UPDATE changes, in the order in which they are computed, after the assignments.</summary>
    public ImmutableArray<(ColumnId Column, BoundExpression Value)> Computed { get; init; } = [];
}

/// <summary>Binds INSERT, UPDATE and DELETE.</summary>
internal sealed partial class ModificationBinder(StatementScope statement)
{
    private readonly StoredExpressions stored = new(statement);

    /// <param name="outer">Common tables in reach, where it is one itself.</param>
    public BoundInsert BindInsert(InsertSyntax syntax, CommonTableScope? outer = null)
    {
        var written = WriteTarget.Find(statement, syntax.Table);
        var table = written.Table;
        var commonTables = QueryBinder.AddCommonTables(syntax.With, outer, null);
        var targets = FindTargets(written, syntax.Columns);
        LogicalPlan source;
        switch (syntax.Source)
        {
            case null:
                (source, targets) = (new LogicalValues([], [[]]), []);
                break;
            case { Body: ValuesSyntax values, IsBare: true }:
                (source, targets) = BindRows(written, targets, values, syntax, commonTables);
                break;
            default:
                (source, targets) = BindSource(written, targets, syntax.Source, syntax, commonTables);
                break;
        }

        var result = BindResult(written, syntax.Alias, syntax.Returning, null);
        var conflict = syntax.OnConflict == null ? null : BindConflict(written, syntax, syntax.OnConflict, commonTables, result.Columns);
        new QueryBinder(statement).CheckUnused(syntax.With, commonTables);
        return new BoundInsert(table, source, InsertColumns(table, targets, syntax, result), result)
        {
            Conflict = conflict,
            View = written.View,
        };
    }

    public BoundChange BindUpdate(UpdateSyntax syntax, CommonTableScope? outer = null)
    {
        var written = WriteTarget.Find(statement, syntax.Table);
        var table = written.Table;
        var scope = new Scope(null, QueryBinder.AddCommonTables(syntax.With, outer, null));
        var queries = new QueryBinder(statement);
        var target = queries.Scan(table, withRowId: true);
        var rows = ReadTarget(written, target, syntax.Alias, out var named);
        scope.Add(named, syntax.Position);
        var from = syntax.From.Count == 0 ? null : queries.BindFrom(syntax.From, scope);
        var where = BindWhere(syntax.Where, scope);
        var set = BindAssignments(written, syntax.Assignments, scope);
        queries.CheckUnused(syntax.With, scope.CommonTables);

        var needsFrom = set.Any(s => ReadsOther(s.Value, rows));
        var result = BindResult(written, syntax.Alias, syntax.Returning, set.Select(s => s.Column).ToHashSet(), scope);
        return new BoundChange(table, target, Restrict(rows, from, where, needsFrom || !result.Others.IsEmpty), set, result);
    }

    public BoundChange BindDelete(DeleteSyntax syntax, CommonTableScope? outer = null)
    {
        var written = WriteTarget.Find(statement, syntax.Table);
        var table = written.Table;
        var scope = new Scope(null, QueryBinder.AddCommonTables(syntax.With, outer, null));
        var queries = new QueryBinder(statement);
        var target = queries.Scan(table, withRowId: true);
        var rows = ReadTarget(written, target, syntax.Alias, out var named);
        scope.Add(named, syntax.Position);
        var from = syntax.Using.Count == 0 ? null : queries.BindFrom(syntax.Using, scope);
        var where = BindWhere(syntax.Where, scope);
        queries.CheckUnused(syntax.With, scope.CommonTables);
        var result = BindResult(written, syntax.Alias, syntax.Returning, [], scope);
        return new BoundChange(table, target, Restrict(rows, from, where, needsFrom: !result.Others.IsEmpty), [], result);
    }

    private ImmutableArray<BoundExpression> BindWhere(ExpressionSyntax? where, Scope scope)
        => where == null ? [] : ExpressionTree.Conjuncts(new ExpressionBinder(statement, scope, "WHERE").BindCondition(where, "the condition of WHERE"));

    /// <summary>
    /// The rows to change. Other tables restrict them by a semi-join, which gives each row once; only when the new values come from those tables
    /// is it a join, and then a row with several partners is changed by one of them. Queries of FROM that read the row itself are computed for each row,
    /// which is a join as well.
    /// </summary>
    private static LogicalPlan Restrict(LogicalPlan target, LogicalPlan? from, ImmutableArray<BoundExpression> where, bool needsFrom)
    {
        if (from == null)
        {
            return where.IsEmpty ? target : new LogicalFilter(target, where);
        }

        var isLateral = LogicalTree.FreeColumns(from).Overlaps(LogicalTree.ColumnIds(target));
        if (!needsFrom && !isLateral)
        {
            return new LogicalJoin(JoinKind.Semi, target, from, where);
        }

        var join = new LogicalJoin(JoinKind.Inner, target, from, []);
        return where.IsEmpty ? join : new LogicalFilter(join, where);
    }

    private static bool ReadsOther(BoundExpression value, LogicalPlan target)
    {
        var ids = ExpressionTree.ColumnsOf(value);
        ids.ExceptWith(LogicalTree.ColumnIds(target));
        return ids.Count > 0;
    }

    /// <summary>The rows that the statement reads of what it writes to, and the names by which its conditions and values know them.</summary>
    private LogicalPlan ReadTarget(WriteTarget written, LogicalScan scan, IdentifierSyntax? alias, out ScopeTable named)
    {
        if (written.View is null)
        {
            var rows = new QueryBinder(statement).Read(scan, out var read);
            named = QueryBinder.ScopeTableOf(scan, read, alias);
            return rows;
        }

        var conditions = written.ConditionsOn(scan.TableColumns);
        LogicalPlan restricted = conditions.IsEmpty ? scan : new LogicalFilter(scan, conditions);
        var computed = new Dictionary<int, BoundExpression>();
        named = written.ScopeOf(statement, scan.TableColumns, alias, computed);
        return computed.Count == 0 ? restricted
            : new LogicalProject(
                restricted, [.. scan.TableColumns, .. computed.Keys.Select(statement.Column)], [.. scan.TableColumns.Select(c => c.Reference), .. computed.Values]);
    }

    private static List<ColumnDefinition> FindTargets(WriteTarget written, IReadOnlyList<IdentifierSyntax> names)
    {
        if (names.Count == 0)
        {
            return written.AllColumns();
        }

        var targets = new List<ColumnDefinition>(names.Count);
        foreach (var name in names)
        {
            var column = written.FindColumn(name);
            if (targets.Contains(column))
            {
                throw Error.DuplicateColumn(column.Name, name.Position);
            }

            targets.Add(column);
        }

        return targets;
    }

    /// <summary>Binds VALUES straight into the types of the columns. A column that is DEFAULT in every row is left to the insert itself.</summary>
    private (LogicalValues Source, List<ColumnDefinition> Targets) BindRows(
        WriteTarget written, List<ColumnDefinition> targets, ValuesSyntax values, InsertSyntax syntax, CommonTableScope? commonTables)
    {
        var table = written.Table;
        var width = values.Rows[0].Length;
        CheckWidth(written, targets, width, syntax, width > targets.Count ? values.Rows[0][targets.Count].Position : values.Position);
        var given = Enumerable.Range(0, width).Where(i => values.Rows.Any(r => r[i] is not DefaultSyntax)).ToArray();
        foreach (var i in given)
        {
            CheckTakesValues(targets[i], syntax, values.Rows.First(r => r[i] is not DefaultSyntax)[i].Position);
        }

        CheckOnce(given.Select(i => targets[i]), values.Position);

        var binder = new ExpressionBinder(statement, new Scope(null, commonTables), "VALUES");
        var defaults = given.ToDictionary(i => i, i => new Lazy<BoundExpression>(() => stored.Default(table, targets[i])));
        var names = targets.ConvertAll(t => StoredExpressions.TargetOf(table, t));
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<BoundExpression>>(values.Rows.Count);
        foreach (var row in values.Rows)
        {
            var cells = new BoundExpression[given.Length];
            for (var c = 0; c < cells.Length; c++)
            {
                var i = given[c];
                cells[c] = row[i] is DefaultSyntax ? defaults[i].Value : Assign(binder.Bind(row[i]), targets[i], names[i], row[i].Position);
            }

            rows.Add(ImmutableCollectionsMarshal.AsImmutableArray(cells));
        }

        var columns = given.Select(i => statement.NewColumn(targets[i].Name, targets[i].Type)).ToImmutableArray();
        return (new LogicalValues(columns, rows.MoveToImmutable()), [.. given.Select(i => targets[i])]);
    }

    private (LogicalPlan Source, List<ColumnDefinition> Targets) BindSource(
        WriteTarget written, List<ColumnDefinition> targets, QuerySyntax source, InsertSyntax syntax, CommonTableScope? commonTables)
    {
        var table = written.Table;
        var query = new QueryBinder(statement).Bind(source, null, commonTables, settles: false);
        var columns = query.Columns;
        CheckWidth(written, targets, columns.Length, syntax, source.Position);
        targets = targets.GetRange(0, columns.Length);
        targets.ForEach(t => CheckTakesValues(t, syntax, source.Position));
        CheckOnce(targets, source.Position);
        // A literal without a type takes that of its column, as in VALUES: it is assigned where it stands.
        var literals = (query.Plan is LogicalLimit limit ? limit.Input : query.Plan) as LogicalProject;
        BoundExpression Given(LogicalColumn column, int i) => literals is not null && Coercion.IsUntyped(literals.Expressions[i]) ? literals.Expressions[i] : column.Reference;
        var expressions = columns.Select((c, i) => Assign(Given(c, i), table, targets[i], source.Position)).ToImmutableArray();
        var results = columns.Select((c, i) => statement.NewColumn(c.Name, targets[i].Type)).ToImmutableArray();
        return (new LogicalProject(query.Plan, results, expressions), targets);
    }

    private static void CheckWidth(WriteTarget written, List<ColumnDefinition> targets, int found, InsertSyntax syntax, int position)
    {
        // Without a list of columns, the last ones may be left out and get their defaults.
        if (found > targets.Count || (found < targets.Count && syntax.Columns.Count > 0))
        {
            position = found < targets.Count ? syntax.Columns[found].Position : position;
            throw Error.ColumnCount(syntax.Columns.Count > 0 ? "Each row for the list of columns" : $"A row of {written.View?.ToString() ?? written.Table.ToString()}", targets.Count, found, position);
        }
    }

    /// <summary>A view may have a column of its table twice; a row gives it one value.</summary>
    private static void CheckOnce(IEnumerable<ColumnDefinition> given, int position)
    {
        var seen = new HashSet<ColumnId>();
        foreach (var column in given)
        {
            if (!seen.Add(column.Id))
            {
                throw Error.DuplicateColumn(column.Name, position);
            }
        }
    }

    /// <summary>OVERRIDING USER VALUE: identities count on, whatever is given.</summary>
    private static bool IsPassedOver(ColumnDefinition column, InsertSyntax syntax) => syntax.OverridingSystemValue == false && column.Identity != IdentityKind.None;

    private static void CheckTakesValues(ColumnDefinition column, InsertSyntax syntax, int position)
    {
        if (column.ComputedSql != null)
        {
            throw Error.GeneratedColumn(column.Name, "Leave it out, or write DEFAULT.", position);
        }

        if (column.Identity == IdentityKind.Always && syntax.OverridingSystemValue is null)
        {
            throw Error.GeneratedColumn(column.Name, "Leave it out, or write OVERRIDING SYSTEM VALUE.", position);
        }
    }

    /// <summary>Converts a value to a column's type, as an assignment may.</summary>
    private static BoundExpression Assign(BoundExpression value, TableDefinition table, ColumnDefinition column, int position)
        => Assign(value, column, StoredExpressions.TargetOf(table, column), position);

    private static BoundExpression Assign(BoundExpression value, ColumnDefinition column, string target, int position)
    {
        var isPossible = StoredExpressions.CanAssign(value, column.Type);
        return isPossible
            ? StoredExpressions.Into(value, column, target)
            : throw Error.CannotAssign(column.Name, column.Type.ToString(), value.Type.ToString(), position);
    }
}
