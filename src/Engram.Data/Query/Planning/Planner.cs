using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>From syntax to a plan that is ready to run.</summary>
/// <remarks>
/// <code>
/// StatementSyntax --bind--> LogicalPlan --push down, unnest--> LogicalPlan --lower--> Plan
///                 names,                conditions move to the        columns by place, scans, probes,
///                 types,                scans, EXISTS and IN          fused top-k, hash joins, slots
///                 functions             become joins
/// </code>
/// <para>Rules decide by what the schema tells for certain: which columns an index has, what is unique, which conditions are equalities. Costs decide about the order of
/// inner joins (<see cref="JoinOrdering"/>) and which of several indexes is read, from sizes, sketches and samples of tables (<see cref="TableStatistics"/>); what depends on
/// the values of parameters (an index or a scan, a lookup or a hash table) is decided by the running operators.</para>
/// <para>Thread-safe: every call has a state of its own. The result is immutable and refers to nothing but the catalog's definitions.</para>
/// </remarks>
internal static class Planner
{
    /// <summary>Binds, optimises and lowers one statement.</summary>
    /// <param name="statement">As parsed.</param>
    /// <param name="text">The text of the script that it was parsed from.</param>
    /// <param name="catalog">The schema that names are looked up in.</param>
    /// <param name="parameterTypes">By name, the types that the caller's values have; Unknown for a bare null.</param>
    /// <param name="optimizes">False for the plain form of the same plan, for tests to compare with.</param>
    /// <param name="statistics">What is known of tables, for the order of joins and the choice among indexes; null for the order of the text.</param>
    /// <param name="estimates">Whether the plan is to say how many rows are expected where.</param>
    /// <exception cref="EngramException">The statement does not fit the schema, or asks for what is not supported; with a position where there is one.</exception>
    public static BoundStatement Plan(
        StatementSyntax statement, string text, DatabaseCatalog catalog, IReadOnlyDictionary<string, DataType> parameterTypes, bool optimizes = true,
        TableStatistics? statistics = null, bool estimates = false)
    {
        switch (statement)
        {
            case ExplainSyntax explain:
                var inner = Plan(explain.Statement, text, catalog, parameterTypes, optimizes, statistics, estimates: true);
                var line = new PlanColumn("QUERY PLAN", DataType.Text, IsNullable: false);
                var kind = explain.IsAnalyze ? inner.Kind : StatementKind.Query;
                return inner with { Kind = kind, Plan = new ExplainPlan([line], inner.Plan, explain.IsAnalyze) };
            case SelectStatementSyntax or InsertSyntax or UpdateSyntax or DeleteSyntax or MergeSyntax:
                var scope = new StatementScope(catalog, parameterTypes) { TopWith = WithOf(statement) };
                var lowering = new Lowering(scope, optimizes, statistics, estimates);
                var plan = PlanData(statement, scope, lowering);
                var isQuery = statement is SelectStatementSyntax && scope.Modifications.Count == 0;
                return new BoundStatement(isQuery ? StatementKind.Query : StatementKind.Dml, WithChanges(plan, scope, lowering), lowering.Parameters) { RowCounts = lowering.RowCounts, Probes = lowering.Probes };
            case BeginSyntax or CommitSyntax or RollbackSyntax or SavepointSyntax or RollbackToSavepointSyntax or ReleaseSavepointSyntax or SetTransactionSyntax
                or SetSyntax or ShowSyntax or CheckpointSyntax or VacuumSyntax or AnalyzeSyntax or DoSyntax or LockTableSyntax or PrepareSyntax or ExecuteSyntax or DeallocateSyntax:
                return new BoundStatement(StatementKind.Session, new SessionPlan(statement), []);
            default:
                return new BoundStatement(StatementKind.Ddl, new DdlPlan(statement, text), []);
        }
    }

    private static WithSyntax? WithOf(StatementSyntax statement) => statement switch
    {
        SelectStatementSyntax s => s.Query.With,
        InsertSyntax s => s.With,
        UpdateSyntax s => s.With,
        DeleteSyntax s => s.With,
        MergeSyntax s => s.With,
        _ => null,
    };

    /// <summary>Puts the changes of WITH before the statement, in the order in which they are written: each names earlier ones only.</summary>
    private static Plan WithChanges(Plan main, StatementScope scope, Lowering lowering)
        => scope.Modifications.Count == 0 ? main
            : new ChangesPlan(
                main.Output,
                [.. scope.Modifications.OrderBy(m => m.Syntax.Position).Select(m => (m.Bound is BoundInsert insert ? (Plan)PlanInsert(insert, lowering) : m.Bound is BoundMerge merge ? PlanMerge(merge, lowering)
                    : m.Syntax.Statement is DeleteSyntax ? PlanDelete((BoundChange)m.Bound, lowering) : PlanUpdate((BoundChange)m.Bound, lowering), m.Rows?.Number ?? -1))],
                main);

    private static Plan PlanData(StatementSyntax statement, StatementScope scope, Lowering lowering)
    {
        switch (statement)
        {
            case SelectStatementSyntax select:
                return lowering.LowerQuery(new QueryBinder(scope).Bind(select.Query, null, null).Plan);
            case InsertSyntax insert:
                return PlanInsert(new ModificationBinder(scope).BindInsert(insert), lowering);
            case UpdateSyntax update:
                return PlanUpdate(new ModificationBinder(scope).BindUpdate(update), lowering);
            case DeleteSyntax delete:
                return PlanDelete(new ModificationBinder(scope).BindDelete(delete), lowering);
            case MergeSyntax merge:
                return PlanMerge(new ModificationBinder(scope).BindMerge(merge), lowering);
            default:
                throw Error.Internal($"no plan for {statement.GetType().Name}");
        }
    }

    private static InsertPlan PlanInsert(BoundInsert insert, Lowering lowering)
    {
        var source = lowering.LowerQuery(insert.Source);
        var row = MapOf(insert.Result.Columns);
        var columns = ImmutableArray.CreateRange(insert.Columns, c => c.Expression == null ? c : c with { Expression = lowering.LowerExpression(c.Expression, row) });
        return new InsertPlan(
            OutputOf(insert.Result), insert.Table, source, columns, LowerAll(insert.Result.Checks, row, lowering), LowerAll(insert.Result.Returning, row, lowering))
        {
            CheckNames = insert.Result.CheckNames,
            IsThroughView = insert.View is not null,
            Conflict = insert.Conflict is { } conflict ? PlanConflict(conflict, row, lowering) : null,
        };
    }

    private static ConflictPlan PlanConflict(BoundConflict conflict, Dictionary<int, int> row, Lowering lowering)
    {
        var map = MapOf(conflict.Target.AddRange(conflict.Excluded));
        return new ConflictPlan(
            conflict.Indexes, ImmutableArray.CreateRange(conflict.Set, s => (s.Column, lowering.LowerExpression(s.Value, map))),
            ExpressionTree.And(LowerAll(conflict.Conditions, map, lowering)))
        {
            Computed = LowerComputed(conflict.Computed, row, lowering),
        };
    }

    private static UpdatePlan PlanUpdate(BoundChange change, Lowering lowering)
    {
        var read = new HashSet<int>();
        foreach (var (_, value) in change.Set)
        {
            ExpressionTree.CollectColumns(value, read);
        }

        read.UnionWith(change.Result.Others.Select(c => c.Id));
        var (source, map) = lowering.LowerSource(change.Source, change.Target.Columns, read);
        var set = ImmutableArray.CreateRange(change.Set, s => (s.Column, lowering.LowerExpression(s.Value, map)));
        var row = MapOf(change.Result.Columns.AddRange(change.Result.Others));
        return new UpdatePlan(
            OutputOf(change.Result), change.Table, source, set, LowerAll(change.Result.Checks, row, lowering), LowerAll(change.Result.Returning, row, lowering))
        {
            CheckNames = change.Result.CheckNames,
            Computed = LowerComputed(change.Result.Computed, row, lowering),
            ReturnedOthers = ImmutableArray.CreateRange(change.Result.Others, c => map[c.Id]),
        };
    }

    private static DeletePlan PlanDelete(BoundChange change, Lowering lowering)
    {
        var others = change.Result.Others;
        var (source, map) = lowering.LowerSource(change.Source, change.Target.Columns, [.. others.Select(c => c.Id)]);
        return new DeletePlan(OutputOf(change.Result), change.Table, source, LowerAll(change.Result.Returning, MapOf(change.Result.Columns.AddRange(others)), lowering))
        {
            ReturnedOthers = ImmutableArray.CreateRange(others, c => map[c.Id]),
        };
    }

    private static MergePlan PlanMerge(BoundMerge merge, Lowering lowering)
    {
        var read = new HashSet<int>();
        ExpressionTree.CollectColumns(merge.Choice, read);
        read.UnionWith(merge.Result.Others.Select(c => c.Id));
        foreach (var expression in merge.Actions.SelectMany(a => a.Values.Concat(a.Set.Select(s => s.Value))))
        {
            ExpressionTree.CollectColumns(expression, read);
        }

        var (source, map) = lowering.LowerSource(merge.Source, merge.Target.Columns, read);
        var rows = new PushedPlan(source.Output);
        var actions = ImmutableArray.CreateBuilder<Plan?>(merge.Actions.Length);
        foreach (var action in merge.Actions)
        {
            var row = MapOf(action.Result?.Columns ?? []);
            var checks = action.Result is null ? [] : LowerAll(action.Result.Checks, row, lowering);
            var names = action.Result?.CheckNames ?? [];
            actions.Add(action.Kind switch
            {
                MergeAction.Update => new UpdatePlan([], merge.Table, rows, ImmutableArray.CreateRange(action.Set, s => (s.Column, lowering.LowerExpression(s.Value, map))), checks, [])
                {
                    CheckNames = names,
                    Computed = LowerComputed(action.Result!.Computed, row, lowering),
                },
                MergeAction.Delete => new DeletePlan([], merge.Table, rows, []),
                MergeAction.Insert => new InsertPlan(
                    [], merge.Table,
                    new ProjectPlan(ImmutableArray.CreateRange(action.Values, v => new PlanColumn("value", v.Type)), rows, LowerAll(action.Values, map, lowering)),
                    ImmutableArray.CreateRange(action.Columns, c => c.Expression is null ? c : c with { Expression = lowering.LowerExpression(c.Expression, row) }), checks, [])
                {
                    CheckNames = names,
                },
                _ => null,
            });
        }

        var returned = MapOf(merge.Result.Columns.AddRange(merge.Result.Others).Add(merge.ActionName));
        return new MergePlan(
            OutputOf(merge.Result), merge.Table, source, lowering.LowerExpression(merge.Choice, map), actions.MoveToImmutable(), LowerAll(merge.Result.Returning, returned, lowering))
        {
            ReturnedOthers = ImmutableArray.CreateRange(merge.Result.Others, c => map[c.Id]),
        };
    }

    private static ImmutableArray<(ColumnId Column, BoundExpression Value)> LowerComputed(
        ImmutableArray<(ColumnId Column, BoundExpression Value)> computed, Dictionary<int, int> row, Lowering lowering)
        => ImmutableArray.CreateRange(computed, c => (c.Column, lowering.LowerExpression(c.Value, row)));

    private static ImmutableArray<PlanColumn> OutputOf(TableResult result) => ImmutableArray.CreateRange(result.Returned, c => c.ToPlanColumn());

    private static Dictionary<int, int> MapOf(ImmutableArray<LogicalColumn> columns)
        => columns.Select((c, i) => (c.Id, Ordinal: i)).ToDictionary(c => c.Id, c => c.Ordinal);

    private static ImmutableArray<BoundExpression> LowerAll(ImmutableArray<BoundExpression> expressions, Dictionary<int, int> map, Lowering lowering)
        => ImmutableArray.CreateRange(expressions, e => lowering.LowerExpression(e, map));
}
