using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>What planners ask: from sketches, zone maps and some of the rows. Never more than a few blocks are read.</summary>
internal sealed partial class StoreSnapshot
{
    /// <summary>Blocks that are read of what has no sketch.</summary>
    private const int SampledBlockMax = 16;

    public override double? EstimateDistinct(TableId table, ColumnId column)
    {
        if (column == ColumnId.RowId || catalog.Get(table).FindColumn(column) is not { Type: { IsVector: false, Kind: not (TypeKind.Bit or TypeKind.SparseVector) } })
        {
            return null;
        }

        var version = Version(table);
        var known = new byte[DistinctSketch.RegisterCount];
        var rest = new List<(SegmentExtent? Segment, DeltaChunk? Chunk, int Block, int Rows)>();
        foreach (var extent in version.Segments)
        {
            if (extent.FindSketch(column) is { } sketch)
            {
                DistinctSketch.Merge(known, sketch);
                continue;
            }

            for (var block = 0; block < extent.Segment.BlockCount; block++)
            {
                rest.Add((extent, null, block, extent.Segment.RowsInBlock(block)));
            }
        }

        foreach (var delta in version.Deltas)
        {
            for (var i = 0; i < delta.ChunkCount; i++)
            {
                rest.Add((null, delta.Chunk(i), 0, delta.Chunk(i).Count));
            }
        }

        var distinct = DistinctSketch.Estimate(known);
        return rest.Count == 0 ? distinct : distinct + EstimateNew(table, column, known, distinct, rest);
    }

    public override double EstimateNullFraction(TableId table, ColumnId column)
    {
        var (rows, nulls) = (0L, 0L);
        foreach (var extent in Version(table).Segments)
        {
            if (!extent.Segment.TryFindColumn(column, out var ordinal))
            {
                continue;
            }

            for (var block = 0; block < extent.Segment.BlockCount; block++)
            {
                var zone = extent.Segment.GetZone(ordinal, block);
                (rows, nulls) = (rows + zone.RowCount, nulls + zone.NullCount);
            }
        }

        return rows == 0 ? 0 : (double)nulls / rows;
    }

    public override void MakeSketches(TableId table, CancellationToken cancellationToken)
    {
        foreach (var extent in Version(table).Segments)
        {
            foreach (var column in extent.Segment.Info.Columns)
            {
                cancellationToken.ThrowIfCancellationRequested();
                extent.FindSketch(column, makes: true);
            }
        }
    }

    /// <summary>How many values blocks without a sketch add to those that are known, from some of these blocks.</summary>
    private double EstimateNew(
        TableId table, ColumnId column, byte[] known, double knownDistinct, List<(SegmentExtent? Segment, DeltaChunk? Chunk, int Block, int Rows)> rest)
    {
        var sample = new byte[DistinctSketch.RegisterCount];
        using var reader = new BlockReader(horizon, catalog.Get(table), [column]);
        var (total, read) = (rest.Sum(r => (long)r.Rows), 0L);
        var count = Math.Min(rest.Count, SampledBlockMax);
        for (var i = 0; i < count; i++)
        {
            var (segment, chunk, block, _) = rest[(int)((long)i * rest.Count / count)];
            if (segment is not null)
            {
                reader.Position(segment, block);
            }
            else
            {
                reader.Position(chunk!);
            }

            if (reader.VisibleCount > 0)
            {
                OpenSegment.AddValues(sample, reader.Load(0, reader.Visible), reader.RowCount, reader.Visible);
                read += reader.VisibleCount;
            }
        }

        var found = DistinctSketch.Estimate(sample);
        if (found < 1)
        {
            return 0;
        }

        // The share of what was found that is new holds for what was not looked at, too.
        DistinctSketch.Merge(known, sample);
        var added = Math.Clamp((DistinctSketch.Estimate(known) - knownDistinct) / found, 0, 1);
        return added * Extrapolate(found, read, Math.Max(total, read));
    }

    /// <summary>How many different values are among all rows when so many were among some of them: as if all values were equally frequent.</summary>
    /// <remarks>Of D such values, n rows show D(1 − e^(−n/D)). Where nearly each row had a value of its own, all rows are taken to.</remarks>
    internal static double Extrapolate(double found, long read, long total)
    {
        if (read >= total || found >= 0.9 * read)
        {
            return read >= total ? Math.Min(found, total) : total * Math.Min(1, found / read);
        }

        var (low, high) = (found, (double)total);
        for (var i = 0; i < 50; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = middle * (1 - Math.Exp(-read / middle)) < found ? (middle, high) : (low, middle);
        }

        return low * (1 - Math.Exp(-total / low));
    }
}
