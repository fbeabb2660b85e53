using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>An aggregation by morsels: each has groups of its own, which are merged in the order of the morsels.</summary>
/// <remarks>
/// Groups come out in the order in which their first rows stand in the table, with the key as that row has it, since a morsel numbers its groups by first
/// appearance and morsels are merged in order. Sums do not depend on where they are cut (<see cref="Aggregators.ExactFloatSum"/>), counts, least and greatest values
/// neither. So one thread and many give the same rows, bit by bit. Where nearly every row is a group of its own, merging costs as much as aggregating: then the
/// caller goes on alone.
/// </remarks>
internal sealed class AggregateJob(AggregatePlan plan, SplitInput input, AggregateState target, StatementContext context)
    : MorselJob<SplitWorker, AggregateState>(input.Options)
{
    // Fewer rows than this for each group of a morsel, in a morsel that has more groups than a table in the cache.
    private const int RowsPerGroupMin = 4;
    private const int ManyGroups = 8 * 1024;

    private readonly Lock gate = new();
    private readonly List<AggregateState> states = [];
    private readonly Stack<AggregateState> idle = new();

    public override void Dispose()
    {
        base.Dispose();
        input.AddMeasures(Workers);
        foreach (var state in states)
        {
            state.Dispose();
        }
    }

    protected override SplitWorker CreateWorker() => input.CreateWorker();

    protected override AggregateState? Process(SplitWorker worker, int morsel)
    {
        var state = Take();
        worker.Begin(morsel);
        while (worker.Next() is { } batch)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            state.Add(batch);
        }

        if (state.RowCount > 0)
        {
            return state;
        }

        Give(state);
        return null;
    }

    protected override void Merge(AggregateState part)
    {
        target.Merge(part);
        if (part.GroupCount > ManyGroups && part.RowCount < RowsPerGroupMin * (long)part.GroupCount)
        {
            GoOnAlone();
        }

        Give(part);
    }

    protected override void ProcessAlone(SplitWorker worker, int morsel)
    {
        worker.Begin(morsel);
        while (worker.Next() is { } batch)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            target.Add(batch);
        }
    }

    private AggregateState Take()
    {
        lock (gate)
        {
            if (idle.TryPop(out var state))
            {
                return state;
            }
        }

        var made = new AggregateState(plan, context.ForWorker());
        lock (gate)
        {
            states.Add(made);
        }

        return made;
    }

    private void Give(AggregateState state)
    {
        state.Clear();
        lock (gate)
        {
            idle.Push(state);
        }
    }
}
