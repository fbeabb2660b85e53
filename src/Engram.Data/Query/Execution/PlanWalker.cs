using System.Collections.Immutable;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution;

/// <summary>What expressions and plans contain: their columns, their slots.</summary>
internal static class PlanWalker
{
    /// <summary>The ordinals of the input's columns that an expression reads, each once, ascending.</summary>
    public static ImmutableArray<int> ColumnsOf(BoundExpression expression)
    {
        var found = new SortedSet<int>();
        AddColumns(expression, found);
        return [.. found];
    }

    /// <summary>Slots that a plan reads and does not set itself: what it depends on from outside.</summary>
    public static ImmutableHashSet<int> FreeSlots(Plan plan)
    {
        var read = new HashSet<int>();
        var set = new HashSet<int>();
        AddSlots(plan, read, set);
        return [.. read.Except(set)];
    }

    public static IEnumerable<BoundExpression> Children(BoundExpression expression) => expression switch
    {
        BoundCall call => call.Arguments,
        BoundCast cast => [cast.Operand],
        BoundLogical logical => logical.Operands,
        BoundNot not => [not.Operand],
        BoundIsNull isNull => [isNull.Operand],
        BoundIsDistinct distinct => [distinct.Left, distinct.Right],
        BoundCase choice => choice.Branches.SelectMany(b => new[] { b.Condition, b.Result }).Append(choice.Otherwise),
        BoundCoalesce coalesce => coalesce.Operands,
        BoundInList list => list.Items.Prepend(list.Operand),
        BoundSubquery subquery => subquery.Outer.Select(o => o.Value).Concat(subquery.Left is null ? [] : [subquery.Left]),
        _ => [],
    };

    public static IEnumerable<Plan> Inputs(Plan plan) => plan switch
    {
        FilterPlan p => [p.Input],
        ProjectPlan p => [p.Input],
        AggregatePlan p => [p.Input],
        DistinctPlan p => [p.Input],
        SortPlan p => [p.Input],
        LimitPlan p => [p.Input],
        WindowPlan p => [p.Input],
        RecursivePlan p => [p.Anchor, p.Step],
        IndexScanPlan p => [p.Otherwise],
        KeyedScanPlan p => [p.Otherwise],
        JoinPlan p => [p.Left, p.Right],
        ApplyPlan p => [p.Left, p.Right],
        UnionAllPlan p => p.Inputs,
        InsertPlan p => [p.Source],
        UpdatePlan p => [p.Source],
        DeletePlan p => [p.Source],
        MergePlan p => [p.Source, .. p.Actions.OfType<Plan>()],
        ExplainPlan p => [p.Inner],
        ChangesPlan p => [.. p.Changes.Select(c => c.Change), p.Main],
        _ => [],
    };

    /// <summary>The expressions of one node, without those of its inputs.</summary>
    public static IEnumerable<BoundExpression> Expressions(Plan plan) => plan switch
    {
        ScanPlan p => p.Bounds.Select(b => b.Value).Concat(Optional(p.Filter)),
        IndexProbePlan p => p.Keys.SelectMany(k => k).Concat(Optional(p.Filter)),
        IndexScanPlan p => p.Equal.SelectMany(e => e.Values).Concat(Optional(p.From?.Value)).Concat(Optional(p.To?.Value)).Concat(Optional(p.Start?.Value))
            .Concat(Optional(p.Filter)).Concat(Optional(p.Order?.Limit)).Concat(Optional(p.Order?.Offset)),
        KeyedScanPlan p => Optional(p.Filter),
        VectorTopKPlan p => p.Bounds.Select(b => b.Value).Concat(Optional(p.Filter)).Append(p.Query).Append(p.Limit).Concat(Optional(p.Offset)).Concat(Optional(p.Graph?.Breadth))
            .Concat(p.Conditions.Select(c => c.Value)),
        FilterPlan p => [p.Predicate],
        ProjectPlan p => p.Expressions,
        AggregatePlan p => p.Keys.Concat(p.Aggregates.SelectMany(a => a.Arguments.Concat(Optional(a.Filter)).Concat(a.OrderBy.Select(k => k.Expression)))),
        SortPlan p => p.Keys.Select(k => k.Expression).Concat(Optional(p.Limit)).Concat(Optional(p.Offset)),
        LimitPlan p => Optional(p.Limit).Concat(Optional(p.Offset)),
        JoinPlan p => p.LeftKeys.Concat(p.RightKeys).Concat(Optional(p.Residual)),
        ApplyPlan p => p.Outer.Select(o => o.Value),
        ValuesPlan p => p.Rows.SelectMany(r => r),
        WindowPlan p => p.PartitionBy.Concat(p.OrderBy.Select(k => k.Expression)).Concat(p.Calls.SelectMany(LogicalTree.Expressions)),
        TableFunctionPlan p => p.Calls.SelectMany(c => c.Arguments),
        InsertPlan p => p.Columns.SelectMany(c => Optional(c.Expression)).Concat(p.Checks).Concat(p.Returning)
            .Concat(p.Conflict is { } c ? c.Set.Concat(c.Computed).Select(s => s.Value).Concat(Optional(c.Condition)) : []),
        UpdatePlan p => p.Set.Concat(p.Computed).Select(s => s.Value).Concat(p.Checks).Concat(p.Returning),
        DeletePlan p => p.Returning,
        MergePlan p => p.Returning.Add(p.Choice),
        _ => [],
    };

    private static IEnumerable<BoundExpression> Optional(BoundExpression? expression) => expression is null ? [] : [expression];

    private static void AddColumns(BoundExpression expression, SortedSet<int> found)
    {
        if (expression is BoundColumn column)
        {
            found.Add(column.Ordinal);
        }

        foreach (var child in Children(expression))
        {
            AddColumns(child, found);
        }
    }

    private static void AddSlots(Plan plan, HashSet<int> read, HashSet<int> set)
    {
        if (plan is ApplyPlan apply)
        {
            set.UnionWith(apply.Outer.Select(o => o.Slot));
        }

        // Working tables are numbered apart: what reads one from outside is no constant either.
        if (plan is RecursivePlan recursive)
        {
            set.Add(-1 - recursive.WorkingTable);
        }
        else if (plan is WorkingTablePlan table)
        {
            read.Add(-1 - table.Number);
        }

        foreach (var expression in Expressions(plan))
        {
            AddSlots(expression, read, set);
        }

        foreach (var input in Inputs(plan))
        {
            AddSlots(input, read, set);
        }
    }

    private static void AddSlots(BoundExpression expression, HashSet<int> read, HashSet<int> set)
    {
        switch (expression)
        {
            case BoundSlot slot:
                read.Add(slot.Slot);
                break;
            case BoundSubquery subquery:
                set.UnionWith(subquery.Outer.Select(o => o.Slot));
                AddSlots(subquery.Plan, read, set);
                break;
        }

        foreach (var child in Children(expression))
        {
            AddSlots(child, read, set);
        }
    }
}
