using Engram.Data.Columns;

namespace Engram.Data.Query.Execution;

/// <summary>A compiled expression: computes one column from a batch, a whole batch at a time.</summary>
/// <remarks>One instance serves one running statement on one thread; it owns its scratch memory and reuses it for the next batch.</remarks>
internal abstract class Evaluator(DataType type) : IDisposable
{
    public DataType Type { get; } = type;

    /// <summary>Computes the expression.</summary>
    /// <param name="batch">The input; its own Selection is ignored in favour of <paramref name="rows"/>.</param>
    /// <param name="rows">The rows for which a value is wanted: only these may raise errors and hold meaningful results; null for all.</param>
    /// <returns>Valid until the next call. Row i of the result belongs to row i of the batch.</returns>
    public abstract Column Evaluate(Batch batch, Selection? rows);

    public virtual void Dispose()
    {
    }
}

/// <summary>The state of one aggregate over all groups: group ids are dense, from 0.</summary>
internal abstract class Aggregator : IDisposable
{
    /// <summary>Makes room for groups up to <paramref name="groupCount"/>, new ones in their empty state.</summary>
    public abstract void EnsureGroups(int groupCount);

    /// <summary>Adds the selected rows; <paramref name="groupIds"/> has one entry for each selected row, in order. Empty: all rows are of group 0.</summary>
    public abstract void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds);

    /// <summary>Appends the results of groups first … first + count - 1.</summary>
    public abstract void AppendResults(int first, int count, ColumnBuffer target);

    /// <summary>Memory of values that are kept for their groups, about; 0 where states are of one size, which groups count with.</summary>
    public virtual long SizeBytes => 0;

    public virtual void Dispose()
    {
    }
}

/// <summary>An aggregate whose state over all rows follows from the states over parts of them.</summary>
/// <remarks>Merging must give exactly what adding the rows one after the other would give, bit by bit, so that it does not matter where they are cut.</remarks>
internal abstract class MergeableAggregator : Aggregator
{
    /// <summary>Takes in groups first … first + groups.Length − 1 of another, which saw later rows: as groups <paramref name="groups"/> of this one.</summary>
    /// <param name="later">Of the same type.</param>
    public abstract void Merge(Aggregator later, int first, ReadOnlySpan<int> groups);

    /// <summary>Forgets all groups and keeps the memory.</summary>
    public abstract void Clear();
}
