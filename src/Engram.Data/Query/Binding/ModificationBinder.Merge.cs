using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Binding;

/// <summary>A bound MERGE. The source produces the target's columns, row id first, and what the choice, the actions and RETURNING read besides.</summary>
/// <param name="Result">RETURNING: over the columns of a written or deleted row, then the others that it reads, then the word for what was done.</param>
internal sealed record BoundMerge(
    TableDefinition Table, LogicalScan Target, LogicalPlan Source, BoundExpression Choice, ImmutableArray<BoundMergeAction> Actions, TableResult Result, LogicalColumn ActionName);

/// <summary>One WHEN of a MERGE.</summary>
internal sealed record BoundMergeAction(MergeAction Kind)
{
    /// <summary>Of UPDATE.</summary>
    public ImmutableArray<(ColumnId Column, BoundExpression Value)> Set { get; init; } = [];

    /// <summary>Of INSERT: what <see cref="Columns"/> name by ordinal.</summary>
    public ImmutableArray<BoundExpression> Values { get; init; } = [];

    /// <summary>Of INSERT.</summary>
    public ImmutableArray<InsertColumn> Columns { get; init; } = [];

    public TableResult? Result { get; init; }
}

/// <summary>MERGE: each row of the source joined to the target, and the first WHEN that is for it.</summary>
internal sealed partial class ModificationBinder
{
    /// <param name="outer">Common tables in reach, where it is one itself.</param>
    public BoundMerge BindMerge(MergeSyntax syntax, CommonTableScope? outer = null)
    {
        var table = NameMatch.FindTable(statement.Catalog, syntax.Table);
        var scope = new Scope(null, QueryBinder.AddCommonTables(syntax.With, outer, null));
        var queries = new QueryBinder(statement);
        var source = queries.BindFrom([syntax.Source], scope);
        var alone = new Scope(null, scope.CommonTables);
        scope.Tables.ForEach(t => alone.Add(t, syntax.Source.Position));
        var target = queries.Scan(table, withRowId: true);
        var rows = queries.Read(target, out var read);
        scope.Add(QueryBinder.ScopeTableOf(target, read, syntax.Alias), syntax.Position);
        var on = BindWhere(syntax.On, scope);
        var targetAlone = new Scope(null, scope.CommonTables);
        targetAlone.Add(scope.Tables[^1], syntax.Position);

        // Where rows of the target without a partner matter, the source says by a column of its own whether it has one.
        LogicalColumn? isThere = null;
        if (syntax.Whens.Any(w => w.Match == MergeMatch.NotMatchedBySource))
        {
            isThere = statement.NewColumn("source", DataType.Boolean);
            source = new LogicalProject(source, source.Columns.Add(isThere), [.. source.Columns.Select(c => c.Reference), new BoundConstant(DataType.Boolean, true)]);
        }

        var rowId = target.TableColumns[0].Reference;
        var branches = ImmutableArray.CreateBuilder<(BoundExpression, BoundExpression)>(syntax.Whens.Count);
        var actions = ImmutableArray.CreateBuilder<BoundMergeAction>(syntax.Whens.Count);
        foreach (var when in syntax.Whens)
        {
            var seen = ScopeOf(when);
            var condition = ImmutableArray.Create<BoundExpression>(when.Match == MergeMatch.NotMatchedBySource
                ? new BoundIsNull(isThere!.Reference, false) : new BoundIsNull(rowId, when.Match == MergeMatch.Matched));
            if (when.Match == MergeMatch.Matched && isThere is not null)
            {
                condition = condition.Add(new BoundIsNull(isThere.Reference, true));
            }

            if (when.Condition is not null)
            {
                condition = condition.Add(new ExpressionBinder(statement, seen, "WHEN").BindCondition(when.Condition, "the condition of WHEN"));
            }

            branches.Add((ExpressionTree.And(condition)!, new BoundConstant(DataType.Int32, actions.Count)));
            actions.Add(when.Action switch
            {
                MergeAction.Update => BindMergeUpdate(table, when, seen),
                MergeAction.Delete => new BoundMergeAction(MergeAction.Delete),
                MergeAction.Insert => BindMergeInsert(table, when, alone),
                _ => new BoundMergeAction(MergeAction.DoNothing),
            });
        }

        queries.CheckUnused(syntax.With, scope.CommonTables);
        var keepsSource = syntax.Whens.Any(w => w.Match == MergeMatch.NotMatchedByTarget);
        var kind = isThere is null ? keepsSource ? JoinKind.Left : JoinKind.Inner : keepsSource ? JoinKind.Full : JoinKind.Right;
        var choice = new BoundCase(DataType.Int32, branches.MoveToImmutable(), new BoundConstant(DataType.Int32, -1));
        var result = BindMergeReturning(table, syntax, scope, out var actionName);
        return new BoundMerge(table, target, new LogicalJoin(kind, source, rows, on), choice, actions.MoveToImmutable(), result, actionName);

        Scope ScopeOf(MergeWhenSyntax when) => when.Match switch
        {
            MergeMatch.Matched => scope,
            MergeMatch.NotMatchedByTarget => alone,
            _ => targetAlone,
        };
    }

    /// <summary>RETURNING: the tables of the source first, as in PostgreSQL, then the target's row as it has become, or as it was when it was deleted.</summary>
    private TableResult BindMergeReturning(TableDefinition table, MergeSyntax syntax, Scope joined, out LogicalColumn actionName)
    {
        var queries = new QueryBinder(statement);
        var row = queries.Scan(table, withRowId: false);
        actionName = statement.NewColumn("merge_action", DataType.Text);
        if (syntax.Returning.Count == 0)
        {
            return new TableResult(row.TableColumns, [], [], []);
        }

        var scope = new Scope(null, null) { MergeAction = actionName };
        scope.Tables.AddRange(joined.Tables.SkipLast(1));
        scope.Tables.Add(QueryBinder.ScopeTableOf(row, row.TableColumns, syntax.Alias));
        var virtuals = stored.Virtuals(table, row.TableColumns);
        var (columns, expressions) = queries.BindReturning(syntax.Returning, scope, row.TableColumns);
        expressions = ImmutableArray.CreateRange(expressions, e => ExpressionTree.Substitute(e, virtuals));
        var read = new HashSet<int>();
        foreach (var expression in expressions)
        {
            ExpressionTree.CollectColumns(expression, read);
        }

        var others = scope.Tables.SkipLast(1).SelectMany(t => t.Columns).Select(c => c.Column).Where(c => read.Contains(c.Id)).DistinctBy(c => c.Id);
        return new TableResult(row.TableColumns, [], columns, expressions) { Others = [.. others] };
    }

    private BoundMergeAction BindMergeUpdate(TableDefinition table, MergeWhenSyntax when, Scope scope)
    {
        var set = BindAssignments(new WriteTarget(table), when.Assignments, scope);
        return new BoundMergeAction(MergeAction.Update) { Set = set, Result = BindResult(new WriteTarget(table), null, [], set.Select(s => s.Column).ToHashSet()) };
    }

    private BoundMergeAction BindMergeInsert(TableDefinition table, MergeWhenSyntax when, Scope scope)
    {
        // The rules of INSERT about its columns are these too.
        var like = new InsertSyntax(when.Span, null, new ObjectNameSyntax(when.Span, null, new IdentifierSyntax(when.Span, table.Name, true)), null)
        {
            Columns = when.Columns,
            OverridingSystemValue = when.OverridingSystemValue,
        };
        var targets = FindTargets(new WriteTarget(table), when.Columns);
        var given = new List<ColumnDefinition>();
        var values = ImmutableArray.CreateBuilder<BoundExpression>();
        if (when.Values is { } row)
        {
            CheckWidth(new WriteTarget(table), targets, row.Count, like, row[0].Position);
            var binder = new ExpressionBinder(statement, scope, "VALUES");
            for (var i = 0; i < row.Count; i++)
            {
                if (row[i] is not DefaultSyntax)
                {
                    CheckTakesValues(targets[i], like, row[i].Position);
                    values.Add(Assign(binder.Bind(row[i]), table, targets[i], row[i].Position));
                    given.Add(targets[i]);
                }
            }
        }

        var result = BindResult(new WriteTarget(table), null, [], null);
        return new BoundMergeAction(MergeAction.Insert) { Values = values.ToImmutable(), Columns = InsertColumns(table, given, like, result), Result = result };
    }

    /// <summary>Where the value of each column of a table comes from.</summary>
    /// <param name="given">The columns that the source gives, in its order.</param>
    private ImmutableArray<InsertColumn> InsertColumns(TableDefinition table, List<ColumnDefinition> given, InsertSyntax syntax, TableResult result)
    {
        var columns = ImmutableArray.CreateBuilder<InsertColumn>(table.Columns.Length);
        for (var i = 0; i < table.Columns.Length; i++)
        {
            var column = table.Columns[i];
            var ordinal = given.IndexOf(column);
            columns.Add(column.IsVirtual ? new InsertColumn(InsertValue.Expression, -1, new BoundConstant(column.Type, null))
                : stored.Computed(table, i, result.Columns) is { } computed ? new InsertColumn(InsertValue.Expression, -1, computed)
                : ordinal >= 0 && !IsPassedOver(column, syntax) ? new InsertColumn(InsertValue.Source, ordinal, null)
                : column.Identity != IdentityKind.None ? new InsertColumn(InsertValue.Identity, -1, null)
                : new InsertColumn(InsertValue.Expression, -1, stored.Default(table, column)));
        }

        return columns.MoveToImmutable();
    }
}
