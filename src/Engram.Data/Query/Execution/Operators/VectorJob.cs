using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>A search by morsels: every thread keeps the nearest of the rows that it met, and all share the score beyond which nobody need look.</summary>
/// <remarks>
/// The k nearest of all rows are among the k nearest of each part, and a thread passes over a row only when k rows are known somewhere that are strictly nearer. So what
/// the threads have together, cut to k by score and row id, is what one thread would have found, however the blocks were dealt out. How many rows were scored is not: it
/// depends on how soon a thread learns of another's score.
/// </remarks>
internal sealed class VectorJob(VectorTopKPlan plan, TableScan scan, StatementContext context) : MorselJob<VectorWorker, object>(context.Parallelism)
{
    /// <summary>A block of embeddings takes some tens of microseconds: enough to take at a time.</summary>
    private const int MorselBlockCountMax = 2;

    /// <summary>As many elements of vectors cost what a row of a plain scan costs, which the threshold for several threads is about.</summary>
    private const int ElementsPerRow = 64;

    private readonly int morselBlockCount = Math.Min(context.Parallelism.MorselBlockCount, MorselBlockCountMax);
    private Action<VectorScan>? begin;
    private int run;

    /// <summary>Whether a search of a table is worth more than one thread, and gives the same on several.</summary>
    public static bool IsWorthwhile(VectorTopKPlan plan, StatementContext context)
    {
        var options = context.Parallelism;
        var elements = context.Snapshot.EstimateRowCount(plan.Table.Id) * Math.Max(plan.Table.FindColumn(plan.VectorColumn)!.Type.Size, 1);
        return options.MaxThreadCount > 1 && context.Transaction is null && elements / ElementsPerRow >= options.RowCountMin
            && (plan.Filter is null || SplitInput.IsRepeatable(plan.Filter)) && plan.Bounds.All(b => SplitInput.IsRepeatable(b.Value));
    }

    /// <summary>Searches all blocks.</summary>
    /// <param name="start">Begins each thread's searches before its first block.</param>
    /// <param name="target">Receives what all threads found.</param>
    /// <param name="k">As many of the nearest as are wanted.</param>
    public VectorTally Run(Action<VectorScan> start, VectorScan target, long k)
    {
        begin = start;
        run++;
        start(target);
        Run(0, (scan.BlockCount + morselBlockCount - 1) / morselBlockCount);
        var tally = default(VectorTally);
        foreach (var worker in Workers.Where(w => w.Run == run))
        {
            for (var i = 0; i < target.Searches.Length; i++)
            {
                target.Searches[i].Offer(worker.Own.Searches[i], k);
            }

            tally += worker.TakeTally();
            tally.Workers++;
        }

        return tally;
    }

    public override void Dispose()
    {
        base.Dispose();
        scan.Dispose();
    }

    protected override VectorWorker CreateWorker() => new(new VectorScan(plan, context.ForWorker()), scan.Fork());

    protected override object? Process(VectorWorker worker, int morsel)
    {
        if (worker.Run != run)
        {
            worker.Run = run;
            begin!(worker.Own);
        }

        worker.Scan.Restrict(morsel * morselBlockCount, morselBlockCount);
        while (worker.Scan.NextBlock())
        {
            worker.Own.Take(worker.Scan);
        }

        return null;
    }

    protected override void Merge(object part)
    {
    }
}

/// <summary>What a search read.</summary>
internal struct VectorTally
{
    public long BlocksTotal;
    public long BlocksSkipped;
    public long BytesRead;
    public long CodesRead;
    public long RowsScored;
    public int Workers;

    /// <summary>The most queries that were looked for in one pass.</summary>
    public int Queries;

    public static VectorTally operator +(VectorTally a, VectorTally b) => new()
    {
        BlocksTotal = a.BlocksTotal + b.BlocksTotal,
        BlocksSkipped = a.BlocksSkipped + b.BlocksSkipped,
        BytesRead = a.BytesRead + b.BytesRead,
        CodesRead = a.CodesRead + b.CodesRead,
        RowsScored = a.RowsScored + b.RowsScored,
        Workers = Math.Max(a.Workers, b.Workers),
        Queries = Math.Max(a.Queries, b.Queries),
    };

    public static VectorTally operator -(VectorTally a, VectorTally b) => new()
    {
        BlocksTotal = a.BlocksTotal - b.BlocksTotal,
        BlocksSkipped = a.BlocksSkipped - b.BlocksSkipped,
        BytesRead = a.BytesRead - b.BytesRead,
        CodesRead = a.CodesRead - b.CodesRead,
        RowsScored = a.RowsScored - b.RowsScored,
    };
}

/// <summary>One thread of a search. Used by one thread at a time.</summary>
internal sealed class VectorWorker(VectorScan own, TableScan scan) : IDisposable
{
    private VectorTally told;

    public VectorScan Own => own;

    public TableScan Scan => scan;

    /// <summary>The run that its search was begun for.</summary>
    public int Run { get; set; }

    /// <summary>What was read since the last call.</summary>
    public VectorTally TakeTally()
    {
        var now = own.Tally + new VectorTally { BlocksTotal = scan.BlocksTotal, BlocksSkipped = scan.BlocksSkipped, BytesRead = scan.BytesRead };
        var since = now - told;
        told = now;
        return since;
    }

    public void Dispose()
    {
        own.Dispose();
        scan.Dispose();
    }
}
