using System.Collections.Immutable;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Walking and rewriting logical plans.</summary>
internal static class LogicalTree
{
    public static IEnumerable<LogicalPlan> Inputs(LogicalPlan plan) => plan switch
    {
        LogicalFilter p => [p.Input],
        LogicalProject p => [p.Input],
        LogicalAggregate p => [p.Input],
        LogicalDistinct p => [p.Input],
        LogicalSort p => [p.Input],
        LogicalLimit p => [p.Input],
        LogicalWindow p => [p.Input],
        LogicalRecursive p => [p.Anchor, p.Step],
        LogicalJoin p => [p.Left, p.Right],
        LogicalUnionAll p => p.Inputs,
        _ => [],
    };

    /// <summary>The node over other inputs; itself when they are the same.</summary>
    public static LogicalPlan WithInputs(LogicalPlan plan, Func<LogicalPlan, LogicalPlan> apply)
    {
        bool Changes(LogicalPlan input, out LogicalPlan changed) => !ReferenceEquals(changed = apply(input), input);
        switch (plan)
        {
            case LogicalFilter p: return Changes(p.Input, out var input) ? p with { Input = input } : p;
            case LogicalProject p: return Changes(p.Input, out input) ? p with { Input = input } : p;
            case LogicalAggregate p: return Changes(p.Input, out input) ? p with { Input = input } : p;
            case LogicalDistinct p: return Changes(p.Input, out input) ? new LogicalDistinct(input) : p;
            case LogicalSort p: return Changes(p.Input, out input) ? p with { Input = input } : p;
            case LogicalLimit p: return Changes(p.Input, out input) ? p with { Input = input } : p;
            case LogicalWindow p: return Changes(p.Input, out input) ? p with { Input = input } : p;
            case LogicalRecursive p: return Changes(p.Anchor, out var anchor) | Changes(p.Step, out var step) ? p with { Anchor = anchor, Step = step } : p;
            case LogicalJoin p: return Changes(p.Left, out var left) | Changes(p.Right, out var right) ? p with { Left = left, Right = right } : p;
            case LogicalUnionAll p:
                var inputs = ImmutableArray.CreateRange(p.Inputs, apply);
                return inputs.Zip(p.Inputs).Any(i => !ReferenceEquals(i.First, i.Second)) ? p with { Inputs = inputs } : p;
            default: return plan;
        }
    }

    /// <summary>The expressions of the node itself.</summary>
    public static IEnumerable<BoundExpression> Expressions(LogicalPlan plan) => plan switch
    {
        LogicalScan p => p.Filters,
        LogicalValues p => p.Rows.SelectMany(r => r),
        LogicalFilter p => p.Conjuncts,
        LogicalProject p => p.Expressions,
        LogicalAggregate p => p.Keys.Concat(p.Aggregates.SelectMany(Expressions)),
        LogicalSort p => p.Keys.Select(k => k.Expression).Concat(Given(p.Limit, p.Offset)),
        LogicalLimit p => Given(p.Limit, p.Offset),
        LogicalJoin p => p.Conjuncts,
        LogicalTableFunction p => p.Calls.SelectMany(c => c.Arguments),
        LogicalWindow p => p.PartitionBy.Concat(p.OrderBy.Select(k => k.Expression)).Concat(p.Calls.SelectMany(Expressions)),
        _ => [],
    };

    public static IEnumerable<BoundExpression> Expressions(BoundAggregate aggregate)
        => aggregate.Arguments.Concat(Given(aggregate.Filter, null)).Concat(aggregate.OrderBy.Select(k => k.Expression));

    public static IEnumerable<BoundExpression> Expressions(BoundWindowCall call)
        => call.Arguments.Concat(Given(call.Filter, null)).Concat(Given(call.Frame.StartDistance, call.Frame.EndDistance));

    /// <summary>The ids that the plan reads and nothing in it produces: what makes a subquery correlated and a join lateral.</summary>
    public static HashSet<int> FreeColumns(LogicalPlan plan)
    {
        var read = new HashSet<int>();
        var produced = new HashSet<int>();
        Collect(plan, read, produced);
        read.ExceptWith(produced);
        return read;
    }

    public static HashSet<int> ColumnIds(LogicalPlan plan) => [.. plan.Columns.Select(c => c.Id)];

    /// <summary>Rewrites every expression of the plan and of its inputs. Columns that the plan produces keep their ids.</summary>
    public static LogicalPlan RewriteExpressions(LogicalPlan plan, Func<BoundExpression, BoundExpression> rewrite)
    {
        ImmutableArray<BoundExpression> All(ImmutableArray<BoundExpression> list) => ExpressionTree.RewriteEach(list, rewrite);
        BoundExpression? Maybe(BoundExpression? e) => e == null ? null : rewrite(e);
        LogicalPlan Input(LogicalPlan p) => RewriteExpressions(p, rewrite);
        return plan switch
        {
            LogicalScan p => p with { Filters = All(p.Filters) },
            LogicalSystemScan => plan,
            LogicalValues p => p with { Rows = ImmutableArray.CreateRange(p.Rows, All) },
            LogicalFilter p => new LogicalFilter(Input(p.Input), All(p.Conjuncts)),
            LogicalProject p => p with { Input = Input(p.Input), Expressions = All(p.Expressions) },
            LogicalAggregate p => p with
            {
                Input = Input(p.Input),
                Keys = All(p.Keys),
                Aggregates = ImmutableArray.CreateRange(p.Aggregates, a => Rewrite(a, rewrite)),
            },
            LogicalDistinct p => new LogicalDistinct(Input(p.Input)),
            LogicalSort p => new LogicalSort(Input(p.Input), Rewrite(p.Keys, rewrite), Maybe(p.Limit), Maybe(p.Offset)) { Breadth = Maybe(p.Breadth) },
            LogicalLimit p => new LogicalLimit(Input(p.Input), Maybe(p.Limit), Maybe(p.Offset)),
            LogicalJoin p => p with { Left = Input(p.Left), Right = Input(p.Right), Conjuncts = All(p.Conjuncts) },
            LogicalUnionAll p => p with { Inputs = ImmutableArray.CreateRange(p.Inputs, Input) },
            LogicalRecursive p => p with { Anchor = Input(p.Anchor), Step = Input(p.Step) },
            LogicalWorkingTable => plan,
            LogicalWindow p => p with
            {
                Input = Input(p.Input),
                PartitionBy = All(p.PartitionBy),
                OrderBy = Rewrite(p.OrderBy, rewrite),
                Calls = ImmutableArray.CreateRange(p.Calls, c => Rewrite(c, rewrite)),
            },
            LogicalTableFunction p => p with { Calls = ImmutableArray.CreateRange(p.Calls, c => c with { Arguments = All(c.Arguments) }) },
            _ => throw Error.Internal($"no rewriting of {plan.GetType().Name}"),
        };
    }

    public static BoundAggregate Rewrite(BoundAggregate aggregate, Func<BoundExpression, BoundExpression> rewrite) => aggregate with
    {
        Arguments = ImmutableArray.CreateRange(aggregate.Arguments, rewrite),
        Filter = aggregate.Filter == null ? null : rewrite(aggregate.Filter),
        OrderBy = Rewrite(aggregate.OrderBy, rewrite),
    };

    public static BoundWindowCall Rewrite(BoundWindowCall call, Func<BoundExpression, BoundExpression> rewrite)
    {
        BoundExpression? Maybe(BoundExpression? e) => e == null ? null : rewrite(e);
        return call with
        {
            Arguments = ImmutableArray.CreateRange(call.Arguments, rewrite),
            Filter = Maybe(call.Filter),
            Frame = call.Frame with { StartDistance = Maybe(call.Frame.StartDistance), EndDistance = Maybe(call.Frame.EndDistance) },
        };
    }

    public static ImmutableArray<SortKey> Rewrite(ImmutableArray<SortKey> keys, Func<BoundExpression, BoundExpression> rewrite)
        => ImmutableArray.CreateRange(keys, k => k with { Expression = rewrite(k.Expression) });

    private static void Collect(LogicalPlan plan, HashSet<int> read, HashSet<int> produced)
    {
        foreach (var expression in Expressions(plan))
        {
            ExpressionTree.CollectColumns(expression, read);
        }

        foreach (var input in Inputs(plan))
        {
            Collect(input, read, produced);
        }

        switch (plan)
        {
            case LogicalScan or LogicalSystemScan or LogicalValues or LogicalProject or LogicalAggregate or LogicalUnionAll or LogicalTableFunction or LogicalWindow
                or LogicalRecursive or LogicalWorkingTable:
                produced.UnionWith(plan.Columns.Select(c => c.Id));
                break;
        }
    }

    private static IEnumerable<BoundExpression> Given(BoundExpression? a, BoundExpression? b)
    {
        if (a != null)
        {
            yield return a;
        }

        if (b != null)
        {
            yield return b;
        }
    }
}
