using System.Collections.Immutable;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Explaining;
using Engram.Data.Query.Execution.Modifications;
using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution;

/// <summary>Makes the running operators of a plan.</summary>
internal static class OperatorFactory
{
    /// <summary>Makes an operator that may run parts of the plan on other threads.</summary>
    public static Operator Create(Plan plan, StatementContext context)
        => context.Split is null && GatherOperator.IsWanted(plan, context) ? new GatherOperator(plan, context) : CreateWhole(plan, context);

    /// <summary>Makes the operator of the plan's node itself.</summary>
    public static Operator CreateWhole(Plan plan, StatementContext context)
    {
        var bare = CreateBare(plan, context);
        if (context.Measures is not { } measures)
        {
            return bare;
        }

        // A plan that a subquery runs again and again is one node, with one measure.
        if (!measures.TryGetValue(plan, out var measure))
        {
            measures.Add(plan, measure = new OperatorMeasure());
        }

        return new MeasuredOperator(bare, measure);
    }

    private static Operator CreateBare(Plan plan, StatementContext context) => plan switch
    {
        ScanPlan p => new ScanOperator(p, context),
        IndexProbePlan p => new IndexProbeOperator(p, context),
        IndexScanPlan p => new IndexScanOperator(p, context),
        KeyedScanPlan p => new KeyedScanOperator(p, context),
        ValuesPlan p => new ValuesOperator(p, context),
        SystemScanPlan p => new SystemScanOperator(p, context),
        FilterPlan p => new FilterOperator(p, Create(p.Input, context), context),
        ProjectPlan p => new ProjectOperator(p, Create(p.Input, context), context),
        LimitPlan p => new LimitOperator(p, Create(p.Input, context), context),
        // Distinct rows are the groups by all columns, in the order of their first rows; those are made on several threads.
        DistinctPlan { IsStreamed: false } p when SplitInput.CanSplit(p.Input, context) => new AggregateOperator(GroupsOf(p), context),
        DistinctPlan p => new DistinctOperator(p, Create(p.Input, context), context),
        AggregatePlan p => new AggregateOperator(p, context),
        SortPlan p => new SortOperator(p, context),
        JoinPlan p when context.Split is { } split && split.Tables.TryGetValue(p, out var table) => new JoinOperator(p, Create(p.Left, context), table.Share(p, context), context),
        JoinPlan p => new JoinOperator(p, Create(p.Left, context), Create(p.Right, context), context),
        ApplyPlan p => new ApplyOperator(p, Create(p.Left, context), context),
        VectorTopKPlan p => new VectorTopKOperator(p, context),
        ExplainPlan p => new ExplainOperator(p, context),
        InsertPlan p => new InsertOperator(p, Create(p.Source, context), context),
        UpdatePlan p => new UpdateOperator(p, Create(p.Source, context), context),
        DeletePlan p => new DeleteOperator(p, Create(p.Source, context), context),
        MergePlan p => new MergeOperator(p, Create(p.Source, context), context),
        ChangesPlan p => new ChangesOperator(p, context),
        RecursivePlan p => new RecursiveOperator(p, context),
        WorkingTablePlan p => new WorkingTableOperator(p, context),
        WindowPlan p => new WindowOperator(p, Create(p.Input, context), context),
        TableFunctionPlan p => new TableFunctionOperator(p, context),
        UnionAllPlan p => new UnionAllOperator(Create(p.Inputs, context)),
        _ => throw Error.Internal($"no operator for {plan.GetType().Name}"),
    };

    private static AggregatePlan GroupsOf(DistinctPlan plan)
        => new(plan.Output, plan.Input, plan.Output.Select((c, i) => (BoundExpression)new BoundColumn(c.Type, i, c.Name)).ToImmutableArray(), []);

    private static Operator[] Create(ImmutableArray<Plan> plans, StatementContext context)
    {
        var operators = new Operator[plans.Length];
        for (var i = 0; i < operators.Length; i++)
        {
            operators[i] = Create(plans[i], context);
        }

        return operators;
    }
}
