using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Writes the rows of a compaction's inputs into one segment in the order that <see cref="ClusterOrder"/> found.</summary>
/// <remarks>A block of the new segment gathers rows from blocks all over the inputs: these are visited in the order in which they lie, each once for a block, and the rows are
/// put in their order when they are encoded. So memory is that of one block of decoded rows and of a segment writer.</remarks>
internal sealed class ClusteredRows : IDisposable
{
    private readonly ClusterOrder order;
    private readonly ImmutableArray<SegmentExtent> inputs;
    private readonly BlockReader reader;
    private readonly ColumnBuffer[] values;
    private readonly Batch batch;
    private readonly Selection needed = new();
    private readonly int[] byPlace = new int[Batch.RowCountMax];
    private readonly int[] places = new int[Batch.RowCountMax];
    private readonly int[] rowOf = new int[Batch.RowCountMax];
    private readonly long[] rowIds = new long[Batch.RowCountMax];

    private ClusteredRows(ClusterOrder order, ImmutableArray<SegmentExtent> inputs, TableDefinition table, ReadHorizon horizon)
    {
        this.order = order;
        this.inputs = inputs;
        reader = new BlockReader(horizon, table, [.. table.Columns.Select(c => c.Id)]);
        values = [.. table.Columns.Select(c => new ColumnBuffer(c.Type, Batch.RowCountMax))];
        batch = new Batch(values.Length);
        for (var c = 0; c < values.Length; c++)
        {
            batch.Columns[c] = values[c].Column;
        }
    }

    /// <summary>Writes, syncs and checks the segment; null when no row is left.</summary>
    /// <param name="inputs">No more rows are visible in them than a segment can have.</param>
    /// <param name="generation">Of the manifest that will name the file; part of its name.</param>
    public static SegmentInfo? Write(
        DataDirectory directory, IndexFiles indexes, TableDefinition table, ImmutableArray<SegmentExtent> inputs, ReadHorizon horizon, long generation, Action pace)
    {
        var order = ClusterOrder.Make(inputs, table, horizon, pace);
        if (order.Rows == 0)
        {
            return null;
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{SegmentFlush.Subdirectory}/{table.Id}-{generation:D8}-{0:D4}.seg");
        // A checkpoint or compaction of this generation that failed earlier may have left one.
        directory.Delete(name);
        using var rows = new ClusteredRows(order, inputs, table, horizon);
        using var writer = SegmentWriter.Create(
            directory, name, table.Id, [.. table.Columns.Select(c => (c.Id, c.Type))], table.ClusteredBy.IsEmpty ? RowOrder.Ascending : RowOrder.Clustered, table.ClusteredBy,
            CodeTap.Create(indexes, name, table));
        for (var first = 0; first < order.Rows; first += Batch.RowCountMax)
        {
            pace();
            rows.WriteBlock(writer, order.Order.AsSpan(first, Math.Min(Batch.RowCountMax, order.Rows - first)));
        }

        return writer.Finish();
    }

    public void Dispose()
    {
        reader.Dispose();
        foreach (var buffer in values)
        {
            buffer.Dispose();
        }
    }

    private void WriteBlock(SegmentWriter writer, ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            byPlace[i] = order.PlaceOf(rows[i]);
            rowOf[i] = i;
            rowIds[i] = order.RowIdOf(rows[i]);
        }

        Array.Sort(byPlace, rowOf, 0, rows.Length);
        foreach (var buffer in values)
        {
            buffer.Clear();
        }

        for (var i = 0; i < rows.Length;)
        {
            i = GatherFromBlock(i, rows.Length);
        }

        batch.RowCount = rows.Length;
        // Gathered by place: the row that comes i-th in the segment was gathered as the places[i]-th.
        for (var i = 0; i < rows.Length; i++)
        {
            places[rowOf[i]] = i;
        }

        writer.Append(batch, places.AsSpan(0, rows.Length), rowIds.AsSpan(0, rows.Length));
    }

    /// <returns>The first row that lies in another block.</returns>
    private int GatherFromBlock(int first, int count)
    {
        var (input, position) = order.Locate(byPlace[first]);
        var block = position / Batch.RowCountMax;
        var blockPlace = byPlace[first] - (position % Batch.RowCountMax);
        var end = blockPlace + inputs[input].Segment.RowsInBlock(block);
        needed.Count = 0;
        var next = first;
        for (; next < count && byPlace[next] < end; next++)
        {
            needed.Add(byPlace[next] - blockPlace);
        }

        reader.Position(inputs[input], block);
        for (var c = 0; c < values.Length; c++)
        {
            var column = reader.Load(c, needed);
            foreach (var row in needed.Rows)
            {
                values[c].AppendFrom(column, row);
            }
        }

        return next;
    }
}
