using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Walks the blocks of a table version: segments first, then deltas. Rows come in the order of their row ids but for those of clustered segments.</summary>
internal sealed class StoreTableScan : TableScan
{
    private readonly TableVersion version;
    private readonly BlockReader reader;
    private readonly ZoneBound[] bounds;
    private int segment;
    private int delta;
    private int block;
    private int blocksLeft = int.MaxValue;

    // Chunks of each delta when the scan was first split: a delta that grows meanwhile must not move the numbers of blocks.
    private int[]? chunkCounts;
    private long blocksTotal;
    private long blocksSkipped;

    public StoreTableScan(TableVersion version, BlockReader reader, ReadOnlySpan<ZoneBound> bounds)
    {
        this.version = version;
        this.reader = reader;
        this.bounds = bounds.ToArray();
    }

    private StoreTableScan(StoreTableScan other)
    {
        version = other.version;
        reader = other.reader.Fork();
        bounds = other.bounds;
        chunkCounts = other.CountChunks();
    }

    public override int BlockCount
    {
        get
        {
            var count = CountChunks().Sum();
            foreach (var extent in version.Segments)
            {
                count += extent.Segment.BlockCount;
            }

            return count;
        }
    }

    public override int RowCount => reader.RowCount;

    public override Selection? Visible => reader.Visible;

    public override long BlocksTotal => blocksTotal;

    public override long BlocksSkipped => blocksSkipped;

    public override long BytesRead => reader.BytesRead;

    public override bool NextBlock()
    {
        while (PositionNext())
        {
            if (reader.VisibleCount == 0)
            {
                continue;
            }

            blocksTotal++;
            if (reader.CanMatch(bounds))
            {
                return true;
            }

            blocksSkipped++;
        }

        return false;
    }

    public override TableScan Fork() => new StoreTableScan(this);

    public override void Restrict(int firstBlock, int count)
    {
        var counts = CountChunks();
        (segment, delta, block, blocksLeft) = (0, 0, firstBlock, count);
        while (segment < version.Segments.Length && block >= version.Segments[segment].Segment.BlockCount)
        {
            block -= version.Segments[segment++].Segment.BlockCount;
        }

        while (segment == version.Segments.Length && delta < counts.Length && block >= counts[delta])
        {
            block -= counts[delta++];
        }
    }

    public override Column Load(int ordinal, Selection? needed) => reader.Load(ordinal, needed);

    public override bool TryLoadCodes(int ordinal, out CodeBlock codes, out PatchList? patched) => reader.TryLoadCodes(ordinal, out codes, out patched);

    public override IReadOnlyList<GraphPart> FindGraphs(IndexId index, GraphShape shape)
    {
        var parts = new List<GraphPart>();
        var first = 0;
        foreach (var extent in version.Segments)
        {
            var blocks = extent.Segment.BlockCount;
            if (extent.FindGraph(index, shape) is { } graph && extent.FindCodes(shape.Column, shape.Dimensions) is { } codes)
            {
                var isPlain = reader.HasBegun(extent);
                for (var i = 0; i < blocks && isPlain; i++)
                {
                    isPlain = extent.FindVersions(i) is null;
                }

                parts.Add(new GraphPart(first, blocks, checked((int)extent.Segment.RowCount), graph, codes, isPlain));
            }

            first += blocks;
        }

        return parts;
    }

    public override void Dispose() => reader.Dispose();

    private int[] CountChunks()
    {
        if (chunkCounts is null)
        {
            chunkCounts = new int[version.Deltas.Length];
            for (var i = 0; i < chunkCounts.Length; i++)
            {
                chunkCounts[i] = version.Deltas[i].ChunkCount;
            }
        }

        return chunkCounts;
    }

    private bool PositionNext()
    {
        if (blocksLeft-- == 0)
        {
            blocksLeft = 0;
            return false;
        }

        while (segment < version.Segments.Length)
        {
            var extent = version.Segments[segment];
            if (block < extent.Segment.BlockCount)
            {
                reader.Position(extent, block++);
                return true;
            }

            segment++;
            block = 0;
        }

        while (delta < version.Deltas.Length)
        {
            var rows = version.Deltas[delta];
            if (block < (chunkCounts is null ? rows.ChunkCount : chunkCounts[delta]))
            {
                reader.Position(rows.Chunk(block++));
                return true;
            }

            delta++;
            block = 0;
        }

        return false;
    }
}
