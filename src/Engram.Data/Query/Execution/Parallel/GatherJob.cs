using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>Copies the rows of morsels, and puts the copies into a queue in the order of the morsels.</summary>
internal sealed class GatherJob(SplitInput input, Plan plan, StatementContext context, Queue<RowStore> target) : MorselJob<SplitWorker, RowStore>(input.Options)
{
    private readonly Lock gate = new();
    private readonly List<RowStore> stores = [];
    private readonly Stack<RowStore> idle = new();

    /// <summary>A copy of the plan for the thread that calls, to be run beside the job, never at the same time.</summary>
    public SplitWorker TakeOwn()
    {
        var worker = CreateWorker();
        Workers.Add(worker);
        return worker;
    }

    /// <summary>Takes back a store whose rows are not needed any more.</summary>
    public void Give(RowStore store)
    {
        store.Clear();
        lock (gate)
        {
            idle.Push(store);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        input.AddMeasures(Workers);
        foreach (var store in stores)
        {
            store.Dispose();
        }
    }

    protected override SplitWorker CreateWorker() => input.CreateWorker();

    protected override RowStore? Process(SplitWorker worker, int morsel)
    {
        RowStore? store = null;
        worker.Begin(morsel);
        while (worker.Next() is { } batch)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            store ??= Take();
            store.Append(batch.Columns, batch);
        }

        return store;
    }

    protected override void Merge(RowStore part) => target.Enqueue(part);

    private RowStore Take()
    {
        lock (gate)
        {
            if (idle.TryPop(out var store))
            {
                return store;
            }
        }

        var made = new RowStore(plan.Output.Select(o => o.Type), context.Memory, "rows on their way from one thread to another");
        lock (gate)
        {
            stores.Add(made);
        }

        return made;
    }
}
