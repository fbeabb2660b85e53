using Engram.Data.Columns;

namespace Engram.Data.Query.Execution;

/// <summary>What computes the rows of one call of a function that returns rows: <c>unnest</c>, <c>generate_series</c>.</summary>
/// <remarks>
/// <code>
/// Begin(arguments) → Append, Append, … until it appends less than it was asked for → Begin(other arguments) → …
/// </code>
/// One instance serves one running statement on one thread. A strict function is not begun when an argument is NULL: it has no rows then.
/// </remarks>
internal abstract class TableFunction : IDisposable
{
    /// <summary>Starts over with other arguments: row 0 of each column, valid until the next call of this method.</summary>
    public abstract void Begin(ReadOnlySpan<Column> arguments);

    /// <summary>Appends the next rows to the columns, one buffer for each column of the function.</summary>
    /// <param name="targets">Cleared by the caller.</param>
    /// <param name="countMax">How many rows are asked for, at least 1.</param>
    /// <returns>How many were appended; fewer than asked for means that there are no more.</returns>
    public abstract int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax);

    public virtual void Dispose()
    {
    }
}
