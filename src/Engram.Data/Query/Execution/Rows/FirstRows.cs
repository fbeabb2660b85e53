using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Tells rows that are the first of their key from those that repeat one: DISTINCT, of rows and of aggregates' arguments.</summary>
internal sealed class FirstRows(ReadOnlySpan<DataType> types, MemoryBudget? budget, string what) : IDisposable
{
    private readonly KeyTable seen = new(types, budget, what);
    private readonly Selection first = new();
    private readonly int[] numbers = new int[Batch.RowCountMax];
    private readonly bool[] isGiven = new bool[Batch.RowCountMax];

    /// <summary>The rows, of those selected, whose key has not been seen before. Valid until the next call.</summary>
    public Selection Of(ReadOnlySpan<Column> key, int rowCount, Selection? rows)
    {
        var known = seen.Count;
        seen.FindOrAdd(key, rowCount, rows, numbers);
        first.Count = 0;
        if (seen.Count == known)
        {
            return first;
        }

        isGiven.AsSpan().Clear();
        var count = rows?.Count ?? rowCount;
        for (var i = 0; i < count; i++)
        {
            if (numbers[i] >= known && !isGiven[numbers[i] - known])
            {
                isGiven[numbers[i] - known] = true;
                first.Add(rows?.Rows[i] ?? i);
            }
        }

        return first;
    }

    public void Clear() => seen.Clear();

    public void Dispose() => seen.Dispose();
}
