using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>Puts many rows in order on several threads: each sorts a range of them, and the ranges are merged in the order of the rows.</summary>
/// <remarks>Sorting is stable and of equal rows the merge takes the earlier one, so the order is that of one thread. Merging compares 64 bits of the first key and whole values only where these are equal.</remarks>
internal sealed class ParallelSort : MorselJob<RowSorter, int[]>
{
    // More ranges mean more to merge, which one thread does.
    private const int RangeCountMax = 4;

    private readonly SortKey[] keys;
    private readonly StatementContext context;
    private readonly RowSorter merger;
    private readonly Column[] columns;
    private readonly int count;
    private readonly int rangeCount;
    private int[] order = [];

    private ParallelSort(SortKey[] keys, StatementContext context, RowSorter merger, Column[] columns, int count)
        : base(context.Parallelism)
    {
        (this.keys, this.context, this.merger, this.columns, this.count) = (keys, context, merger, columns, count);
        rangeCount = Math.Min(context.Parallelism.MaxThreadCount, RangeCountMax);
    }

    /// <summary>The order of the rows; null when they are few, or the statement runs on one thread.</summary>
    public static int[]? TryRun(SortKey[] keys, StatementContext context, RowSorter merger, Column[] columns, int count)
    {
        if (context.Parallelism.MaxThreadCount <= 1 || context.Transaction is not null || context.Split is not null || count < context.Parallelism.RowCountMin)
        {
            return null;
        }

        using var job = new ParallelSort(keys, context, merger, columns, count);
        job.Run(0, job.rangeCount);
        return job.order;
    }

    protected override RowSorter CreateWorker() => new(keys, context);

    protected override int[] Process(RowSorter worker, int morsel)
    {
        var first = (int)((long)count * morsel / rangeCount);
        return worker.SortRange(columns, first, (int)((long)count * (morsel + 1) / rangeCount) - first);
    }

    protected override void Merge(int[] part) => order = order.Length == 0 ? part : merger.Merge(columns, order, part);
}
