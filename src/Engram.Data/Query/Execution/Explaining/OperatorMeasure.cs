using System.Diagnostics;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Operators;

namespace Engram.Data.Query.Execution.Explaining;

/// <summary>What one node of a plan did while it ran under EXPLAIN ANALYZE. Times include the inputs'.</summary>
internal sealed class OperatorMeasure
{
    public long Rows { get; set; }

    public long Runs { get; set; }

    public TimeSpan Time { get; set; }

    /// <summary>For operators that read a table; null for others.</summary>
    public (long BlocksTotal, long BlocksSkipped, long BytesRead)? Scan { get; set; }

    /// <summary>For operators that may use an index; null for others.</summary>
    public (bool IsUsed, long EntriesRead, long RowsExamined)? Index { get; set; }

    /// <summary>For operators that search vectors; null for others.</summary>
    public (long CodesRead, long RowsScored)? Vector { get; set; }

    /// <summary>Threads that ran copies of it; 0 when it was not split.</summary>
    public int Workers { get; set; }

    /// <summary>The most queries that a search looked for in one pass.</summary>
    public int Queries { get; set; }

    /// <summary>Adds what one copy did. Times add up: together they may be more than the time that passed.</summary>
    public void AddWorker(OperatorMeasure copy)
    {
        Workers++;
        Rows += copy.Rows;
        Time += copy.Time;
        Runs = 1;
        if (copy.Scan is var (total, skipped, bytes))
        {
            var (totalBefore, skippedBefore, bytesBefore) = Scan ?? default;
            Scan = (totalBefore + total, skippedBefore + skipped, bytesBefore + bytes);
        }
    }

    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"rows={Rows} time={Time.TotalMilliseconds:0.000} ms");
        if (Workers > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" workers={Workers}");
        }

        if (Runs > 1)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" runs={Runs}");
        }

        if (Index is var (isUsed, entries, examined))
        {
            text += isUsed
                ? string.Create(CultureInfo.InvariantCulture, $" entries={entries} examined={examined}")
                : string.Create(CultureInfo.InvariantCulture, $" index not used, entries={entries}");
        }

        if (Queries > 1)
        {
            text += string.Create(CultureInfo.InvariantCulture, $" queries={Queries}");
        }

        if (Vector is var (codes, scored))
        {
            text += string.Create(CultureInfo.InvariantCulture, $" codes={codes} scored={scored}");
        }

        return Scan is var (total, skipped, bytes)
            ? text + string.Create(CultureInfo.InvariantCulture, $" blocks={total} skipped={skipped} bytes={bytes}")
            : text;
    }
}

/// <summary>Counts what another operator gives, and the time it takes.</summary>
internal sealed class MeasuredOperator(Operator inner, OperatorMeasure measure) : Operator
{
    private bool isRunning;

    public override Batch? Next()
    {
        if (!isRunning)
        {
            isRunning = true;
            measure.Runs++;
        }

        var started = Stopwatch.GetTimestamp();
        var batch = inner.Next();
        measure.Time += Stopwatch.GetElapsedTime(started);
        measure.Rows += batch?.SelectedCount ?? 0;
        return batch;
    }

    public override void Expect(long rowCount) => inner.Expect(rowCount);

    public override void Reset()
    {
        inner.Reset();
        isRunning = false;
    }

    public override void Dispose()
    {
        inner.Dispose();
        if (inner is IScanMeasure scan)
        {
            measure.Scan = (scan.BlocksTotal, scan.BlocksSkipped, scan.BytesRead);
        }

        if (inner is IVectorMeasure vector)
        {
            measure.Vector = (vector.CodesRead, vector.RowsScored);
            measure.Workers = vector.Workers;
            measure.Queries = vector.Queries;
        }

        if (inner is IIndexMeasure index)
        {
            measure.Index = (index.IsIndexUsed, index.EntriesRead, index.RowsExamined);
        }
    }
}
