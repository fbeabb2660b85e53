using Engram.Data.Columns;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Reads rows by row id; rows of one block that are asked for one after another are loaded together.</summary>
internal sealed class StoreRowFetch : RowFetch
{
    // More is not kept from one execution to the next.
    private const long KeptSizeBytesMax = 256 * 1024;

    private readonly BlockReader reader;
    private readonly ColumnBuffer[] buffers;
    private readonly Batch batch;
    private readonly Selection needed = new();
    private readonly List<ushort> run = [];
    private readonly List<ushort> sorted = [];
    private DeltaChunk? chunk;
    private SegmentExtent? segment;
    private int block;
    private TableVersion version;

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

        // Not empty when the last call failed: those rows were another's.
        run.Clear();
        var rows = 0;
        chunk = null;
        segment = null;
        foreach (var rowId in rowIds)
        {
            if (TryPosition(rowId, out var row) && reader.IsVisible(row))
            {
                run.Add((ushort)row);
                rows++;
            }
        }

        Flush();
        batch.RowCount = rows;
        return batch;
    }

    public override bool TryRebind(Snapshot snapshot)
    {
        if (snapshot is not StoreSnapshot store || reader.Table is not { } table || !ReferenceEquals(store.Catalog.Get(table.Id), table))
        {
            return false;
        }

        version = store.Version(table.Id);
        reader.Rebind(store.Horizon);
        return true;
    }

    public override bool TryRest()
    {
        (version, chunk, segment) = (null!, null, null);
        reader.Rebind(default);
        return Array.TrueForAll(buffers, b => b.SizeBytes <= KeptSizeBytesMax);
    }

    public override void Dispose()
    {
        reader.Dispose();
        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }
    }

    /// <summary>Puts the reader on the row's block, after the rows of another one were copied.</summary>
    private bool TryPosition(long rowId, out int row)
    {
        if (RowLocator.FindDelta(version, rowId, out row) is { } inChunk)
        {
            if (!ReferenceEquals(inChunk, chunk))
            {
                Flush();
                (chunk, segment) = (inChunk, null);
                reader.Position(inChunk);
            }

            return true;
        }

        if (RowLocator.FindSegment(version, rowId, out var position) is not { } inSegment)
        {
            return false;
        }

        var inBlock = position / Batch.RowCountMax;
        row = position % Batch.RowCountMax;
        if (!ReferenceEquals(inSegment, segment) || inBlock != block)
        {
            Flush();
            (chunk, segment, block) = (null, inSegment, inBlock);
            reader.Position(inSegment, inBlock);
        }

        return true;
    }

    /// <summary>Copies the rows collected from the block that the reader stands on.</summary>
    private void Flush()
    {
        if (run.Count == 0)
        {
            return;
        }

        // A selection ascends without repeats; the run may be in any order.
        sorted.Clear();
        sorted.AddRange(run);
        sorted.Sort();
        needed.Count = 0;
        foreach (var row in sorted)
        {
            if (needed.Count == 0 || needed.Rows[^1] != row)
            {
                needed.Add(row);
            }
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
