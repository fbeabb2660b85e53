using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Modifications;

/// <summary>The selected rows of a batch moved together, column by column as they are asked for; a batch without selection is shown as it is.</summary>
internal sealed class CompactRows(int columnCount) : IDisposable
{
    private readonly ColumnBuffer?[] buffers = new ColumnBuffer?[columnCount];
    private readonly Batch part = new(0);

    /// <param name="place">Which of the buffers to use.</param>
    /// <param name="values">A column of the batch, or computed from it.</param>
    public Column Take(int place, Column values, int rowCount, Selection? rows)
    {
        if (rows is null)
        {
            return values;
        }

        var buffer = buffers[place] ??= new ColumnBuffer(values.Type, rows.Count);
        buffer.Clear();
        part.RowCount = rowCount;
        part.Selection = rows;
        RowCopy.Append(buffer, values, part);
        return buffer.Column;
    }

    public void Dispose()
    {
        foreach (var buffer in buffers)
        {
            buffer?.Dispose();
        }
    }
}
