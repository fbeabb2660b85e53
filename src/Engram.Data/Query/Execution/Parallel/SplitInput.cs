using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Explaining;
using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>A part of a plan that may run in several copies, each over other blocks of one table: a scan with filters, projections and joins above it, of which it is the left side.</summary>
/// <remarks>
/// Row by row it computes what the operators of the plan compute, and the rows of all morsels, one after the other, are the rows of the plan in their order.
/// The right sides of joins are read into memory once, before, and looked up by all copies.
/// So nothing in it may depend on other rows or on how often it ran: no volatile function, no subquery (it would run once a thread), no slot of an outer query.
/// </remarks>
internal sealed class SplitInput : IDisposable
{
    private readonly StatementContext context;
    private readonly TableScan? scan;
    private readonly Dictionary<JoinPlan, JoinTable> tables = new(ReferenceEqualityComparer.Instance);

    private SplitInput(Plan plan, ScanPlan leaf, TableScan? scan, StatementContext context)
    {
        (Plan, Leaf, this.scan, this.context) = (plan, leaf, scan, context);
        BlockCount = scan?.BlockCount ?? 0;
        MorselCount = (BlockCount + Options.MorselBlockCount - 1) / Options.MorselBlockCount;
    }

    public Plan Plan { get; }

    public ScanPlan Leaf { get; }

    public Parallelism Options => context.Parallelism;

    public int BlockCount { get; }

    public int MorselCount { get; }

    /// <summary>Whether a plan over a table that is worth it can be split.</summary>
    public static bool CanSplit(Plan plan, StatementContext context)
    {
        var options = context.Parallelism;
        return options.MaxThreadCount > 1 && context.Transaction is null && FindLeaf(plan) is { } leaf
            && context.Snapshot.EstimateRowCount(leaf.Table.Id) >= options.RowCountMin && IsRepeatable(plan);
    }

    /// <summary>Whether an expression gives the same for a row whichever copy computes it.</summary>
    public static bool IsRepeatable(BoundExpression expression)
        => expression is not (BoundSubquery or BoundSlot or BoundCall { Function.Volatility: Volatility.Volatile })
            && PlanWalker.Children(expression).All(IsRepeatable);

    /// <summary>Opens the scan that all copies share; null when it turns out that it cannot be split.</summary>
    public static SplitInput? TryOpen(Plan plan, StatementContext context)
    {
        var leaf = FindLeaf(plan)!;
        var scan = ScanOperator.Open(leaf.Table, leaf.Columns, leaf.Bounds, context);
        if (scan is { BlockCount: < 0 })
        {
            scan.Dispose();
            return null;
        }

        var input = new SplitInput(plan, leaf, scan, context);
        try
        {
            if (input.MorselCount > 0)
            {
                input.BuildTables(plan);
            }

            return input;
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    public SplitWorker CreateWorker()
    {
        var own = context.ForWorker();
        own.Split = new SplitLeaf(Leaf, scan!.Fork(), tables);
        return new SplitWorker(OperatorFactory.CreateWhole(Plan, own), own, Options.MorselBlockCount);
    }

    /// <summary>Adds what the copies' operators measured to what the statement measures. After they have been disposed.</summary>
    public void AddMeasures(IReadOnlyList<SplitWorker> workers)
    {
        if (context.Measures is not { } target)
        {
            return;
        }

        foreach (var worker in workers)
        {
            foreach (var (plan, measure) in worker.Measures!)
            {
                if (!target.TryGetValue(plan, out var sum))
                {
                    target.Add(plan, sum = new OperatorMeasure());
                }

                sum.AddWorker(measure);
            }
        }
    }

    public void Dispose()
    {
        scan?.Dispose();
        foreach (var table in tables.Values)
        {
            table.Dispose();
        }
    }

    private static ScanPlan? FindLeaf(Plan plan) => plan switch
    {
        ScanPlan scan => scan,
        FilterPlan filter => FindLeaf(filter.Input),
        ProjectPlan project => FindLeaf(project.Input),
        // Right rows without a partner are known when all left rows have been seen, which no copy has.
        JoinPlan { Kind: JoinKind.Inner or JoinKind.Left or JoinKind.Semi or JoinKind.Anti } join => FindLeaf(join.Left),
        _ => null,
    };

    /// <summary>Of what the copies run: the right sides of joins are run once.</summary>
    private static bool IsRepeatable(Plan plan) => PlanWalker.Expressions(plan).All(IsRepeatable)
        && (plan is JoinPlan join ? IsRepeatable(join.Left) : PlanWalker.Inputs(plan).All(IsRepeatable));

    private void BuildTables(Plan plan)
    {
        if (plan is JoinPlan join)
        {
            var table = new JoinTable(join, OperatorFactory.Create(join.Right, context), context);
            tables.Add(join, table);
            table.Build(marks: false);
            BuildTables(join.Left);
            return;
        }

        foreach (var input in PlanWalker.Inputs(plan))
        {
            BuildTables(input);
        }
    }
}

/// <summary>The scan that one copy of a plan reads in the place of a plan's leaf.</summary>
/// <param name="Tables">The right sides of the joins above it, built.</param>
internal sealed record SplitLeaf(ScanPlan Plan, TableScan Scan, Dictionary<JoinPlan, JoinTable> Tables);

/// <summary>One running copy of a part of a plan. Used by one thread at a time.</summary>
internal sealed class SplitWorker(Operator root, StatementContext context, int morselBlockCount) : IDisposable
{
    /// <summary>What its operators did; null when nobody asked.</summary>
    public Dictionary<Plan, OperatorMeasure>? Measures => context.Measures;

    /// <summary>Turns to a morsel.</summary>
    public void Begin(int morsel)
    {
        root.Reset();
        context.Split!.Scan.Restrict(morsel * morselBlockCount, morselBlockCount);
    }

    /// <summary>The next batch of the morsel; null at its end.</summary>
    public Columns.Batch? Next() => root.Next();

    public void Dispose() => root.Dispose();
}
