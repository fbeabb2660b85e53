using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>Walks the blocks of a table version: segments first, then deltas, so rows come in the order of their row ids.</summary>
internal sealed class StoreTableScan : TableScan
{
    private readonly TableVersion version;
    private readonly BlockReader reader;
    private readonly ZoneBound[] bounds;
    private int segment;
    private int delta;
    private int block;
    private long blocksTotal;
    private long blocksSkipped;

    public StoreTableScan(TableVersion version, BlockReader reader, ReadOnlySpan<ZoneBound> bounds)
    {
        this.version = version;
        this.reader = reader;
        this.bounds = bounds.ToArray();
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

    public override Column Load(int ordinal, Selection? needed) => reader.Load(ordinal, needed);

    public override bool TryLoadCodes(int ordinal, out CodeBlock codes, out PatchList? patched) => reader.TryLoadCodes(ordinal, out codes, out patched);

    public override void Dispose() => reader.Dispose();

    private bool PositionNext()
    {
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
            if (block < rows.ChunkCount)
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
