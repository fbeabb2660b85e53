using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>Turns logical plans into the plans of door 4: ids become ordinals, unread columns fall away, operators are chosen.</summary>
/// <remarks>
/// <para>Every step is asked for the ids that are read above it and answers with a plan that gives at least these, and where each lies. Ids that a
/// subquery, or the right side of a lateral join, reads from outside become slots: numbers that are unique in the statement, set before the inner
/// plan runs.</para>
/// <para>One instance lowers one statement and collects its parameters: a name gets one place for each type that it is used as.</para>
/// </remarks>
/// <param name="statement">The statement's columns and parameters.</param>
/// <param name="optimizes">False leaves conditions where they were written and takes no index, no hash key and no fused operator: the form that tests
/// compare results with.</param>
/// <param name="statistics">What is known of tables; null leaves joins in their order.</param>
/// <param name="estimates">Whether the plan is to say how many rows are expected where: for EXPLAIN.</param>
internal sealed partial class Lowering(StatementScope statement, bool optimizes = true, TableStatistics? statistics = null, bool estimates = false)
{
    private static readonly Dictionary<int, BoundExpression> NoSlots = [];

    private readonly Dictionary<(string Name, DataType Type), int> parameterIndexes = [];
    private readonly ImmutableArray<StatementParameter>.Builder parameters = ImmutableArray.CreateBuilder<StatementParameter>();
    private readonly Dictionary<LogicalSort, LogicalColumn> distanceOutputs = new(ReferenceEqualityComparer.Instance);
    private readonly Cardinality? cardinality = statistics is null ? null : new Cardinality(statistics);
    private SubqueryDecorrelation? decorrelation;
    private int slotNext;

    public ImmutableArray<StatementParameter> Parameters => parameters.ToImmutable();

    /// <summary>The sizes of tables that decided.</summary>
    public ImmutableArray<(TableId Table, long Rows)> RowCounts => cardinality is null ? [] : [.. cardinality.Asked.Select(a => (a.Key, a.Value))];

    /// <summary>The values of parameters that decided.</summary>
    public ImmutableArray<ValueProbe> Probes => cardinality is null ? [] : [.. cardinality.Probes];

    /// <summary>A plan with the ids that its output columns have, in their order.</summary>
    private readonly record struct Lowered(Plan Plan, ImmutableArray<int> Ids)
    {
        /// <summary>Where each id lies.</summary>
        public Dictionary<int, int> Map()
        {
            var map = new Dictionary<int, int>(Ids.Length);
            for (var i = 0; i < Ids.Length; i++)
            {
                map.TryAdd(Ids[i], i);
            }

            return map;
        }
    }

    /// <summary>Optimises and lowers a whole query: the output is exactly its columns.</summary>
    public Plan LowerQuery(LogicalPlan plan) => LowerExactly(Optimize(Fold(Bare(plan, plan.Columns))), plan.Columns, NoSlots);

    /// <summary>Optimises and lowers the source of an UPDATE or DELETE: the columns of the target first, then others that are read.</summary>
    /// <returns>The plan, and where each id lies in its output.</returns>
    public (Plan Plan, Dictionary<int, int> Map) LowerSource(LogicalPlan plan, ImmutableArray<LogicalColumn> target, HashSet<int> others)
    {
        var columns = target.AddRange(others.Except(target.Select(c => c.Id)).Select(statement.Column));
        var source = LowerExactly(Optimize(Fold(Bare(plan, columns))), columns, NoSlots);
        return (source, new Lowered(source, ImmutableArray.CreateRange(columns, c => c.Id)).Map());
    }

    /// <summary>Turns the ids of an expression into ordinals of the given map.</summary>
    public BoundExpression LowerExpression(BoundExpression expression, Dictionary<int, int> map) => LowerExpression(expression, map, NoSlots);

    /// <summary>Of the whole statement at once, its subqueries included.</summary>
    private LogicalPlan Fold(LogicalPlan plan) => optimizes ? ConstantFolding.Apply(plan) : plan;

    private LogicalPlan Bare(LogicalPlan plan, ImmutableArray<LogicalColumn> columns) => optimizes ? TableReads.Prune(plan, columns.Select(c => c.Id)) : plan;

    private LogicalPlan Optimize(LogicalPlan plan)
    {
        if (!optimizes)
        {
            return plan;
        }

        decorrelation ??= new SubqueryDecorrelation(statement, cardinality);
        return Order(LimitPushdown.Apply(EmptyInputs.Apply(IndexedExpressions.Apply(TableReads.Lift(PredicatePushdown.Apply(decorrelation.Apply(plan))), statement))));
    }

    private LogicalPlan Order(LogicalPlan plan) => optimizes && cardinality is not null ? new JoinOrdering(cardinality).Apply(plan) : plan;

    private Plan LowerExactly(LogicalPlan plan, ImmutableArray<LogicalColumn> columns, Dictionary<int, BoundExpression> slots)
    {
        var ids = ImmutableArray.CreateRange(columns, c => c.Id);
        var lowered = Lower(plan, [.. ids], slots);
        var output = ImmutableArray.CreateRange(columns, c => c.ToPlanColumn());
        if (lowered.Ids.SequenceEqual(ids))
        {
            return lowered.Plan.Output.SequenceEqual(output) ? lowered.Plan : lowered.Plan with { Output = output };
        }

        var map = lowered.Map();
        return new ProjectPlan(output, lowered.Plan, ImmutableArray.CreateRange(columns, c => (BoundExpression)new BoundColumn(c.Type, map[c.Id], c.Name)));
    }

    /// <param name="plan">What to lower.</param>
    /// <param name="required">The ids that are read above; those that the plan does not produce are passed over.</param>
    /// <param name="slots">What stands for the ids that come from outside.</param>
    private Lowered Lower(LogicalPlan plan, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        Recursion.Check();
        var lowered = LowerBare(plan, required, slots);
        return estimates && cardinality is not null ? lowered with { Plan = lowered.Plan with { RowsExpected = cardinality.Rows(plan) } } : lowered;
    }

    private Lowered LowerBare(LogicalPlan plan, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        return plan switch
        {
            LogicalScan p => LowerScan(p, required, slots),
            LogicalSystemScan p => new Lowered(
                new SystemScanPlan(ImmutableArray.CreateRange(p.TableColumns, c => c.ToPlanColumn()), p.Table), ImmutableArray.CreateRange(p.TableColumns, c => c.Id)),
            LogicalValues p => LowerValues(p, required, slots),
            LogicalFilter p => LowerFilter(p, required, slots),
            LogicalProject p => LowerProject(p, required, slots),
            LogicalAggregate p => LowerAggregate(p, required, slots),
            LogicalDistinct p => LowerDistinct(p, slots),
            LogicalSort p => LowerSort(p, required, slots),
            LogicalLimit p => LowerLimit(p, required, slots),
            LogicalJoin p => LowerJoin(p, required, slots),
            LogicalUnionAll p => LowerUnion(p, required, slots),
            LogicalRecursive p => LowerRecursive(p, slots),
            LogicalWorkingTable p => new Lowered(
                new WorkingTablePlan(ImmutableArray.CreateRange(p.Results, c => c.ToPlanColumn()), p.Number), ImmutableArray.CreateRange(p.Results, c => c.Id)),
            LogicalWindow p => LowerWindow(p, required, slots),
            LogicalTableFunction p => LowerTableFunction(p, slots),
            _ => throw Error.Internal($"no lowering of {plan.GetType().Name}"),
        };
    }

    private BoundExpression LowerExpression(BoundExpression expression, Dictionary<int, int> map, Dictionary<int, BoundExpression> slots)
        => expression is BoundConstant { Type.Kind: not TypeKind.Unknown } ? expression : LowerOperands(expression, map, slots);

    private BoundExpression LowerOperands(BoundExpression expression, Dictionary<int, int> map, Dictionary<int, BoundExpression> slots)
        => ExpressionTree.Rewrite(expression, e => e switch
        {
            BoundColumn column => LowerColumn(column, map, slots),
            ParameterReference parameter => LowerParameter(parameter),
            BoundConstant { Type.Kind: TypeKind.Unknown } constant => new BoundConstant(DataType.Text, constant.Value),
            LogicalSubquery subquery => LowerSubquery(subquery, map, slots),
            _ => null,
        });

    private static BoundExpression LowerColumn(BoundColumn column, Dictionary<int, int> map, Dictionary<int, BoundExpression> slots)
        => map.TryGetValue(column.Ordinal, out var ordinal) ? column with { Ordinal = ordinal }
            : slots.TryGetValue(column.Ordinal, out var slot) ? slot
            : throw Error.Internal($"column {column.Name} is read where nothing produces it");

    private BoundParameter LowerParameter(ParameterReference parameter)
    {
        var type = parameter.Type.Kind == TypeKind.Unknown ? DataType.Text : parameter.Type;
        if (!parameterIndexes.TryGetValue((parameter.Name, type), out var index))
        {
            index = parameters.Count;
            parameterIndexes.Add((parameter.Name, type), index);
            parameters.Add(new StatementParameter(parameter.Name, type) { Position = statement.ParameterPositions.GetValueOrDefault(parameter.Name, -1) });
        }

        return new BoundParameter(type, index);
    }

    private BoundSubquery LowerSubquery(LogicalSubquery subquery, Dictionary<int, int> map, Dictionary<int, BoundExpression> slots)
    {
        var optimized = Optimize(subquery.Plan);
        var (inner, outer) = OpenSlots(LogicalTree.FreeColumns(optimized), map, slots);
        // For EXISTS no column is read at all.
        var plan = subquery.Kind == SubqueryKind.Exists ? Lower(optimized, [], inner).Plan : LowerExactly(optimized, subquery.Plan.Columns, inner);
        var left = subquery.Left == null ? null : LowerExpression(subquery.Left, map, slots);
        return new BoundSubquery(subquery.Type, subquery.Kind, plan, left, subquery.IsNegated, outer);
    }

    /// <summary>Gives each id from outside a slot; its value is computed by the operator that runs the inner plan.</summary>
    private (Dictionary<int, BoundExpression> Inner, ImmutableArray<(BoundExpression Value, int Slot)> Outer) OpenSlots(
        IEnumerable<int> ids, Dictionary<int, int> map, Dictionary<int, BoundExpression> slots)
    {
        var inner = new Dictionary<int, BoundExpression>();
        var outer = ImmutableArray.CreateBuilder<(BoundExpression, int)>();
        foreach (var id in ids.Order())
        {
            var column = statement.Column(id);
            var slot = slotNext++;
            outer.Add((LowerColumn(column.Reference, map, slots), slot));
            inner.Add(id, new BoundSlot(column.Type, slot));
        }

        return (inner, outer.ToImmutable());
    }

    private static HashSet<int> Union(HashSet<int> required, IEnumerable<BoundExpression?> expressions)
    {
        var all = new HashSet<int>(required);
        foreach (var expression in expressions)
        {
            if (expression != null)
            {
                ExpressionTree.CollectColumns(expression, all);
            }
        }

        return all;
    }

    private Lowered LowerValues(LogicalValues values, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var kept = Enumerable.Range(0, values.RowColumns.Length).Where(i => required.Contains(values.RowColumns[i].Id)).ToArray();
        var none = new Dictionary<int, int>();
        var rows = ImmutableArray.CreateRange(values.Rows, row =>
        {
            var cells = ImmutableArray.CreateBuilder<BoundExpression>(kept.Length);
            foreach (var i in kept)
            {
                cells.Add(LowerExpression(row[i], none, slots));
            }

            return cells.MoveToImmutable();
        });
        var columns = kept.Select(i => values.RowColumns[i]).ToArray();
        return new Lowered(new ValuesPlan([.. columns.Select(c => c.ToPlanColumn())], rows), [.. columns.Select(c => c.Id)]);
    }

    private Lowered LowerFilter(LogicalFilter filter, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var input = Lower(filter.Input, Union(required, filter.Conjuncts), slots);
        var predicate = LowerExpression(ExpressionTree.And(filter.Conjuncts)!, input.Map(), slots);
        return input with { Plan = new FilterPlan(input.Plan, predicate) };
    }

    private Lowered LowerProject(LogicalProject project, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        project = ShareDistance(project);
        var kept = Enumerable.Range(0, project.Results.Length).Where(i => required.Contains(project.Results[i].Id)).ToArray();
        var expressions = kept.Select(i => project.Expressions[i]).ToArray();
        var input = Lower(project.Input, Union([], expressions), slots);
        if (kept.Length == 0)
        {
            // Only how many rows there are is asked.
            return input;
        }

        var map = input.Map();
        var columns = kept.Select(i => project.Results[i]).ToArray();
        ImmutableArray<int> ids = [.. columns.Select(c => c.Id)];
        ImmutableArray<PlanColumn> output = [.. columns.Select(c => c.ToPlanColumn())];
        ImmutableArray<BoundExpression> lowered = [.. expressions.Select(e => LowerExpression(e, map, slots))];

        // A projection that gives its input as it is only renames it.
        var isIdentity = lowered.Length == input.Ids.Length && lowered.Select((e, i) => e is BoundColumn c && c.Ordinal == i).All(x => x);
        return isIdentity ? new Lowered(input.Plan with { Output = output }, ids) : new Lowered(new ProjectPlan(output, input.Plan, lowered), ids);
    }

    private Lowered LowerAggregate(LogicalAggregate aggregate, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var kept = Enumerable.Range(0, aggregate.Aggregates.Length).Where(i => required.Contains(aggregate.AggregateColumns[i].Id)).ToArray();
        var aggregates = kept.Select(i => aggregate.Aggregates[i]).ToArray();
        aggregate = WithFirst(WithDistinctRows(aggregate, ref aggregates), aggregates);
        var input = Lower(aggregate.Input, Union([], aggregate.Keys.Concat(aggregates.SelectMany(LogicalTree.Expressions))), slots);
        var map = input.Map();
        BoundExpression Rewrite(BoundExpression e) => LowerExpression(e, map, slots);
        LogicalColumn[] columns = [.. aggregate.KeyColumns, .. kept.Select(i => aggregate.AggregateColumns[i])];
        var plan = new AggregatePlan(
            [.. columns.Select(c => c.ToPlanColumn())], input.Plan, ImmutableArray.CreateRange(aggregate.Keys, Rewrite),
            [.. aggregates.Select(a => LogicalTree.Rewrite(a, Rewrite))]);
        return new Lowered(plan, [.. columns.Select(c => c.Id)]);
    }

    /// <summary>
    /// Aggregates of the distinct values of one expression are plain ones of the groups by it: count(DISTINCT x) … GROUP BY k is count(x) … GROUP BY k over the groups by k and x, which several
    /// threads can make. Groups come in the order of their first rows either way.
    /// </summary>
    private LogicalAggregate WithDistinctRows(LogicalAggregate aggregate, ref BoundAggregate[] kept)
    {
        if (!optimizes || kept.Length == 0 || kept[0].Arguments is not [var value] || !ExpressionTree.IsMovable(value) || !aggregate.Keys.All(ExpressionTree.IsMovable)
            || !kept.All(a => a is { IsDistinct: true, Filter: null, OrderBy.IsEmpty: true, Function.Name: "count" or "sum" or "avg" or "min" or "max" }
                && a.Arguments is [var other] && ExpressionTree.AreSame(value, other)))
        {
            return aggregate;
        }

        var column = statement.NewColumn("value", value);
        var groups = new LogicalAggregate(aggregate.Input, aggregate.KeyColumns.Add(column), aggregate.Keys.Add(value), [], []);
        kept = [.. kept.Select(a => a with { IsDistinct = false, Arguments = [column.Reference] })];
        return aggregate with { Input = groups, Keys = ImmutableArray.CreateRange(aggregate.KeyColumns, c => (BoundExpression)c.Reference) };
    }

    /// <summary>Rows are distinct in all columns, read or not.</summary>
    private Lowered LowerDistinct(LogicalDistinct distinct, Dictionary<int, BoundExpression> slots)
    {
        var plan = LowerExactly(distinct.Input, distinct.Columns, slots);
        return new Lowered(new DistinctPlan(plan), ImmutableArray.CreateRange(distinct.Columns, c => c.Id));
    }

    private Lowered LowerLimit(LogicalLimit limit, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var input = Lower(limit.Input, required, slots);
        return input with { Plan = new LimitPlan(Streamed(input.Plan), LowerCount(limit.Limit, slots), LowerCount(limit.Offset, slots)) };
    }

    private static Plan Streamed(Plan plan) => plan switch
    {
        DistinctPlan p => p with { IsStreamed = true },
        ProjectPlan p => p with { Input = Streamed(p.Input) },
        FilterPlan p => p with { Input = Streamed(p.Input) },
        _ => plan,
    };

    private BoundExpression? LowerCount(BoundExpression? count, Dictionary<int, BoundExpression> slots)
        => count == null ? null : LowerExpression(count, [], slots);

    private Lowered LowerUnion(LogicalUnionAll union, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var kept = Enumerable.Range(0, union.Results.Length).Where(i => required.Contains(union.Results[i].Id)).ToArray();
        var inputs = union.Inputs.Select(input => LowerExactly(input, [.. kept.Select(i => input.Columns[i])], slots));
        var columns = kept.Select(i => union.Results[i]).ToArray();
        return new Lowered(new UnionAllPlan([.. columns.Select(c => c.ToPlanColumn())], [.. inputs]), [.. columns.Select(c => c.Id)]);
    }

    private Lowered LowerTableFunction(LogicalTableFunction function, Dictionary<int, BoundExpression> slots)
    {
        var none = new Dictionary<int, int>();
        var calls = ImmutableArray.CreateRange(function.Calls, c => c with { Arguments = ImmutableArray.CreateRange(c.Arguments, a => LowerExpression(a, none, slots)) });
        return new Lowered(
            new TableFunctionPlan(ImmutableArray.CreateRange(function.Results, c => c.ToPlanColumn()), calls, function.WithOrdinality),
            ImmutableArray.CreateRange(function.Results, c => c.Id));
    }
}
