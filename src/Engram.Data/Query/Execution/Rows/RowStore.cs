using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Rows that an operator keeps: one growing column for each, with everything that values point to.</summary>
internal sealed class RowStore : IDisposable
{
    // Row numbers are int; arrays over them must fit too.
    private const int CountMax = 1 << 30;

    private readonly ColumnBuffer[] columns;

    public RowStore(IEnumerable<DataType> types) => columns = [.. types.Select(t => new ColumnBuffer(t))];

    public int Count { get; private set; }

    public Column Column(int ordinal) => columns[ordinal].Column;

    /// <summary>Appends the selected rows of a batch; the store has as many columns as are given.</summary>
    public void Append(ReadOnlySpan<Column> source, Batch batch)
    {
        if (Count > CountMax - batch.SelectedCount)
        {
            throw Error.TooManyRows(CountMax);
        }

        for (var i = 0; i < columns.Length; i++)
        {
            RowCopy.Append(columns[i], source[i], batch);
        }

        Count += batch.SelectedCount;
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
        foreach (var column in columns)
        {
            column.Dispose();
        }
    }
}
