using Engram.Data.Columns;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Reads rows by row id; rows of one block that are asked for one after another are loaded together.</summary>
internal sealed class StoreRowFetch : RowFetch
{
    private readonly TableVersion version;
    private readonly BlockReader reader;
    private readonly ColumnBuffer[] buffers;
    private readonly Batch batch;
    private readonly Selection needed = new();
    private readonly List<int> run = [];

    public StoreRowFetch(TableVersion version, BlockReader reader, int columnCount)
    {
        this.version = version;
        this.reader = reader;
        buffers = new ColumnBuffer[columnCount];
        batch = new Batch(columnCount);
        for (var i = 0; i < columnCount; i++)
        {
            buffers[i] = new ColumnBuffer(reader.TypeOf(i));
            batch.Columns[i] = buffers[i].Column;
        }
    }

    public override Batch Fetch(ReadOnlySpan<long> rowIds)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rowIds.Length, Batch.RowCountMax);
        foreach (var buffer in buffers)
        {
            buffer.Clear();
        }

        var rows = 0;
        object? current = null;
        foreach (var rowId in rowIds)
        {
            var (home, row) = Locate(rowId);
            if (home is null)
            {
                continue;
            }

            if (!home.Equals(current))
            {
                Flush();
                Position(home);
                current = home;
            }

            if (reader.IsVisible(row))
            {
                run.Add(row);
                rows++;
            }
        }

        Flush();
        batch.RowCount = rows;
        return batch;
    }

    public override void Dispose()
    {
        reader.Dispose();
        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }
    }

    private (object? Home, int Row) Locate(long rowId)
    {
        if (RowLocator.FindDelta(version, rowId, out var row) is { } chunk)
        {
            return (chunk, row);
        }

        if (RowLocator.FindSegment(version, rowId, out var position) is { } segment)
        {
            return ((segment, position / Batch.RowCountMax), position % Batch.RowCountMax);
        }

        return (null, -1);
    }

    private void Position(object home)
    {
        if (home is DeltaChunk chunk)
        {
            reader.Position(chunk);
        }
        else
        {
            var (segment, block) = ((SegmentExtent, int))home;
            reader.Position(segment, block);
        }
    }

    /// <summary>Copies the rows collected from the block that the reader stands on.</summary>
    private void Flush()
    {
        if (run.Count == 0)
        {
            return;
        }

        // A selection ascends without repeats; the run may be in any order.
        var sorted = run.Distinct().Order().ToArray();
        needed.Count = 0;
        foreach (var row in sorted)
        {
            needed.Add(row);
        }

        for (var c = 0; c < buffers.Length; c++)
        {
            var column = reader.Load(c, needed);
            foreach (var row in run)
            {
                buffers[c].AppendFrom(column, row);
            }
        }

        run.Clear();
    }
}
