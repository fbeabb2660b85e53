using Engram.Data.Columns;

namespace Engram.Data.Storage.Transactions;

/// <summary>Which keys of an index are wanted: equality on its first columns, and a range of the next one.</summary>
/// <param name="Equal">A column of one row for each of the index's first columns, of its type. NULL stands for itself: an equality that is true of NULLs alone.</param>
internal sealed record IndexBounds(Column[] Equal)
{
    /// <summary>The least value of the column after those, one row, not NULL; null when there is none.</summary>
    public Column? From { get; init; }

    public bool IncludesFrom { get; init; }

    public Column? To { get; init; }

    public bool IncludesTo { get; init; }

    /// <summary>Whether the column after those is not NULL; so also when it has a bound.</summary>
    public bool IsNotNull { get; init; }

    /// <summary>What the column after those begins with, as UTF-8; null when that is not asked. In the place of <see cref="From"/> and <see cref="To"/>.</summary>
    public byte[]? Start { get; init; }
}

/// <summary>Door 2: the entries of an index in a range, as of a snapshot. Used by one thread at a time.</summary>
internal abstract class IndexRange : IDisposable
{
    /// <summary>How many entries there are: known from a few comparisons. At least as many as rows.</summary>
    public abstract long EntryCount { get; }

    /// <summary>Entries looked at so far.</summary>
    public abstract long EntriesRead { get; protected set; }

    /// <summary>Appends the row id of every entry, in no order, some perhaps twice.</summary>
    /// <remarks>The cheap way: nothing is looked at but the entries. Rows among them may be invisible, or have another key by now, so the caller
    /// tests the condition again on what it fetches. No row that is in the range is missing.</remarks>
    public abstract void AddCandidates(List<long> rowIds);

    /// <summary>Begins to read rows in the order of their keys, those of one key by row id, or with the keys from the greatest to the least.</summary>
    public abstract void Start(bool descending);

    /// <summary>The next row ids: visible rows that have a key in the range. 0 at the end.</summary>
    public abstract int Read(Span<long> rowIds);

    /// <summary>As <see cref="Read"/>, but only rows whose key has the same first <paramref name="parts"/> parts as the row given last.</summary>
    public abstract int ReadTies(Span<long> rowIds, int parts);

    public abstract void Dispose();
}
