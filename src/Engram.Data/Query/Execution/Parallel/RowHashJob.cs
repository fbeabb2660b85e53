using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>Fills the hash table of a join on several threads: first the hashes, a range of rows a morsel, then the parts, each a morsel. See <see cref="RowHash"/>.</summary>
internal sealed class RowHashJob : MorselJob<RowHash, int[]>
{
    private readonly RowHashTable table;
    private readonly CancellationToken cancellation;
    private readonly int rowCount;
    private readonly int morselSize;
    private readonly int[] counts;
    private bool isFilling;

    private RowHashJob(RowHashTable table, int rowCount, Parallelism options, CancellationToken cancellation)
        : base(options)
    {
        (this.table, this.rowCount, this.cancellation) = (table, rowCount, cancellation);
        morselSize = options.MorselBlockCount * Batch.RowCountMax;
        counts = new int[table.PartCount];
    }

    /// <summary>The table over rows that are all there.</summary>
    public static RowHashTable Fill(Column[] keys, DataType[] types, int rowCount, StatementContext context)
    {
        var options = context.Parallelism;
        var table = new RowHashTable(keys, types, rowCount, RowHash.PartCountFor(options.MaxThreadCount), context.Memory);
        try
        {
            using var job = new RowHashJob(table, rowCount, options, context.Cancellation);
            job.Run(0, (int)(((long)rowCount + job.morselSize - 1) / job.morselSize));
            table.MakeSlots(job.counts);
            job.isFilling = true;
            job.Run(0, table.PartCount);
            table.Finish();
            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    protected override RowHash CreateWorker() => new(table);

    protected override int[]? Process(RowHash worker, int morsel)
    {
        if (isFilling)
        {
            worker.FillPart(morsel, rowCount, cancellation);
            return null;
        }

        var first = morsel * morselSize;
        return worker.HashRange(first, Math.Min(morselSize, rowCount - first), cancellation);
    }

    protected override void Merge(int[] part)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] += part[i];
        }
    }
}
