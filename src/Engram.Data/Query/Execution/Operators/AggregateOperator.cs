using Engram.Data.Columns;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>GROUP BY by a hash table of keys. On several threads where the input is large and can be split, with the same result: see <see cref="AggregateJob"/>.</summary>
internal sealed class AggregateOperator : Operator
{
    private readonly AggregatePlan plan;
    private readonly StatementContext context;
    private readonly AggregateState state;
    private readonly bool isSplit;
    private Operator? input;
    private bool isRun;

    public AggregateOperator(AggregatePlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        state = new AggregateState(plan, context);
        isSplit = state.CanMerge && SplitInput.CanSplit(plan.Input, context) && PlanWalker.Expressions(plan).All(SplitInput.IsRepeatable);
        input = isSplit ? null : OperatorFactory.Create(plan.Input, context);
    }

    public override Batch? Next()
    {
        if (!isRun)
        {
            Run();
            isRun = true;
        }

        return state.Next();
    }

    public override void Reset()
    {
        isRun = false;
        state.Clear();
        input?.Reset();
    }

    public override void Dispose()
    {
        input?.Dispose();
        state.Dispose();
    }

    private void Run()
    {
        if (!isSplit || !TryRunSplit())
        {
            input ??= OperatorFactory.Create(plan.Input, context);
            while (input.Next() is { } source)
            {
                context.Cancellation.ThrowIfCancellationRequested();
                state.Add(source);
            }
        }

        state.Finish();
    }

    private bool TryRunSplit()
    {
        using var split = SplitInput.TryOpen(plan.Input, context);
        if (split is null)
        {
            return false;
        }

        using var job = new AggregateJob(plan, split, state, context);
        job.Run(0, split.MorselCount);
        return true;
    }
}
