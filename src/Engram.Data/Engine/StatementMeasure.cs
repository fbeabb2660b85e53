using System.Diagnostics;
using Engram.Data.Columns;

namespace Engram.Data.Engine;

/// <summary>One run of a statement, while statements are tracked: the time in which it worked, and its rows. Used by one thread at a time.</summary>
internal sealed class StatementMeasure(Statement statement)
{
    private long elapsed;
    private long rowCount;
    private bool isFinished;

    /// <summary>When a stretch of work began.</summary>
    public static long Begin() => Stopwatch.GetTimestamp();

    /// <summary>Adds a stretch of work, and the rows that came of it.</summary>
    public void Add(long since, long rows)
    {
        elapsed += Stopwatch.GetTimestamp() - since;
        rowCount += Math.Max(rows, 0);
    }

    public void Add(long since, Batch? batch) => Add(since, batch?.SelectedCount ?? 0);

    public void Finish()
    {
        if (!isFinished)
        {
            isFinished = true;
            statement.Record(Stopwatch.GetElapsedTime(0, elapsed), rowCount);
        }
    }
}
