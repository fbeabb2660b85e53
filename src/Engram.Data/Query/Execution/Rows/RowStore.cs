using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Rows that an operator keeps: one growing column for each, with everything that values point to.</summary>
internal sealed class RowStore : IDisposable
{
    // Row numbers are int; arrays over them must fit too.
    private const int CountMax = 1 << 30;

    private readonly ColumnBuffer[] columns;
    private readonly MemoryReservation memory;

    /// <param name="types">Of the columns.</param>
    /// <param name="budget">What the rows' memory is reserved from; null for rows that are few by nature.</param>
    /// <param name="what">What they are kept for, as a message says it.</param>
    public RowStore(IEnumerable<DataType> types, MemoryBudget? budget, string what)
    {
        columns = [.. types.Select(t => new ColumnBuffer(t))];
        memory = new MemoryReservation(budget, what);
    }

    public int Count { get; private set; }

    public Column Column(int ordinal) => columns[ordinal].Column;

    /// <summary>Appends the selected rows of a batch; the store has as many columns as are given.</summary>
    public void Append(ReadOnlySpan<Column> source, Batch batch)
    {
        if (Count > CountMax - batch.SelectedCount)
        {
            throw Error.TooManyRows(CountMax);
        }

        var size = 0L;
        for (var i = 0; i < columns.Length; i++)
        {
            RowCopy.Append(columns[i], source[i], batch);
            size += columns[i].SizeBytes;
        }

        Count += batch.SelectedCount;
        memory.Hold(size);
    }

    /// <summary>Fills buffers with the given rows; −1 gives NULL. They point into the store.</summary>
    public void Gather(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuffer> targets)
    {
        for (var i = 0; i < targets.Length; i++)
        {
            RowCopy.Gather(targets[i], columns[i].Column, rows);
        }
    }

    /// <summary>Keeps copies of the given rows of another store, in that order.</summary>
    public void CopyFrom(RowStore other, ReadOnlySpan<int> rows)
    {
        Clear();
        for (var i = 0; i < columns.Length; i++)
        {
            foreach (var row in rows)
            {
                columns[i].AppendFrom(other.columns[i].Column, row);
            }
        }

        Count = rows.Length;
    }

    public void Clear()
    {
        Count = 0;
        foreach (var column in columns)
        {
            column.Clear();
        }
    }

    public void Dispose()
    {
        memory.Dispose();
        foreach (var column in columns)
        {
            column.Dispose();
        }
    }
}
