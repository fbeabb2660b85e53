using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>The result of a statement that has run to its end: its count, and its rows if it returned any.</summary>
internal sealed class BufferedReader(ImmutableArray<PlanColumn> columns, bool hasResultSet, long affectedRows, RowBuffer? rows) : ResultReader
{
    private int next;

    public override bool HasResultSet => hasResultSet;

    public override ImmutableArray<PlanColumn> Columns => columns;

    public override long AffectedRows => affectedRows;

    public override Batch? NextBatch() => rows is not null && next < rows.Batches.Count ? rows.Batches[next++] : null;

    public override void Dispose() => rows?.Dispose();
}

/// <summary>Copies of rows that outlive the operator that made them. Owned by one thread.</summary>
internal sealed class RowBuffer(ImmutableArray<PlanColumn> columns, MemoryBudget? budget = null) : IDisposable
{
    private readonly List<ColumnBuffer> buffers = [];
    private readonly MemoryReservation memory = new(budget, "rows of a result");
    private long completeSizeBytes;

    public ImmutableArray<PlanColumn> Columns => columns;

    /// <summary>All rows so far, full batches but for the last.</summary>
    public List<Batch> Batches { get; } = [];

    public void Append(Batch source)
    {
        for (var taken = 0; taken < source.SelectedCount;)
        {
            if (Batches.Count == 0 || Batches[^1].RowCount == Batch.RowCountMax)
            {
                AddBatch();
            }

            var target = Batches[^1];
            var count = Math.Min(source.SelectedCount - taken, Batch.RowCountMax - target.RowCount);
            for (var c = 0; c < columns.Length; c++)
            {
                var buffer = buffers[buffers.Count - columns.Length + c];
                var column = source.Columns[c];
                for (var i = 0; i < count; i++)
                {
                    buffer.AppendFrom(column, source.RowAt(taken + i));
                }
            }

            target.RowCount += count;
            taken += count;
            memory.Hold(completeSizeBytes + LastSizeBytes);
        }
    }

    private long LastSizeBytes
    {
        get
        {
            var size = 0L;
            for (var i = Math.Max(buffers.Count - columns.Length, 0); i < buffers.Count; i++)
            {
                size += buffers[i].SizeBytes;
            }

            return size;
        }
    }

    /// <summary>One row of texts or other canonical values.</summary>
    public void AppendRow(params ReadOnlySpan<object?> values)
    {
        if (Batches.Count == 0 || Batches[^1].RowCount == Batch.RowCountMax)
        {
            AddBatch();
        }

        for (var c = 0; c < values.Length; c++)
        {
            ClrValue.Append(buffers[buffers.Count - columns.Length + c], values[c]);
        }

        Batches[^1].RowCount++;
    }

    /// <summary>Frees the memory of another buffer together with its own.</summary>
    public void Adopt(RowBuffer? other)
    {
        if (other is not null)
        {
            buffers.InsertRange(0, other.buffers);
            other.buffers.Clear();
        }
    }

    public void Dispose()
    {
        memory.Dispose();
        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }
    }

    private void AddBatch()
    {
        completeSizeBytes += LastSizeBytes;
        var batch = new Batch(columns.Length);
        for (var c = 0; c < columns.Length; c++)
        {
            var buffer = new ColumnBuffer(columns[c].Type);
            buffers.Add(buffer);
            batch.Columns[c] = buffer.Column;
        }

        Batches.Add(batch);
    }
}
