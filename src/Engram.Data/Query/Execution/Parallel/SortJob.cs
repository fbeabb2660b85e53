using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>ORDER BY … LIMIT by morsels: of each the first rows, in order, which are merged in the order of the morsels.</summary>
/// <remarks>
/// What a morsel leaves out comes after as many of its own rows as are wanted, or after the bound: the last wanted row of all merged before. So the first rows of all are among those that
/// are left, and since rows with equal keys reach the target in the order of the table, ties are broken as one thread breaks them.
/// </remarks>
internal sealed class SortJob(SortPlan plan, SplitInput input, SortState target, StatementContext context) : MorselJob<SplitWorker, SortState>(input.Options)
{
    private readonly Lock gate = new();
    private readonly List<SortState> states = [];
    private readonly Stack<SortState> idle = new();

    // Under the gate: two words are not read as one.
    private ulong? bound;

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

    protected override SortState? Process(SplitWorker worker, int morsel)
    {
        var state = Take();
        worker.Begin(morsel);
        while (worker.Next() is { } batch)
        {
            state.Add(batch);
        }

        if (state.Count == 0)
        {
            Give(state);
            return null;
        }

        if (state.Count > state.RowCountMax)
        {
            state.Cut();
        }

        return state;
    }

    protected override void Merge(SortState part)
    {
        target.Add(part);
        if (target.Count > target.RowCountMax)
        {
            // Often, so that the bound is tight: there are few rows.
            target.Cut();
        }

        lock (gate)
        {
            bound = target.Bound;
        }

        Give(part);
    }

    private SortState Take()
    {
        SortState? state;
        ulong? known;
        lock (gate)
        {
            idle.TryPop(out state);
            known = bound;
        }

        if (state is null)
        {
            state = new SortState(plan, context.ForWorker()) { RowCountMax = target.RowCountMax };
            lock (gate)
            {
                states.Add(state);
            }
        }

        state.Bound = known;
        return state;
    }

    private void Give(SortState state)
    {
        state.Clear();
        lock (gate)
        {
            idle.Push(state);
        }
    }
}
