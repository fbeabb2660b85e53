using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>A leased root, a horizon and a catalog: all that a reader needs. See <see cref="StoreRoot"/> for how the three are taken together.</summary>
internal sealed class StoreSnapshot(StoreRoot root, ReadHorizon horizon, DatabaseCatalog catalog) : Snapshot
{
    private readonly Dictionary<IndexId, KeyProbe> probes = [];
    private int disposed;

    public override DatabaseCatalog Catalog => catalog;

    public override Lsn Lsn => new(horizon.Lsn);

    public ReadHorizon Horizon => horizon;

    public StoreRoot Root => root;

    public override long EstimateRowCount(TableId table) => Version(table).RowCount;

    public override TableScan Scan(TableId table, ReadOnlySpan<ColumnId> columns, ReadOnlySpan<ZoneBound> bounds)
        => new StoreTableScan(Version(table), new BlockReader(horizon, catalog.Get(table), columns), bounds);

    public override RowFetch OpenFetch(TableId table, ReadOnlySpan<ColumnId> columns)
        => new StoreRowFetch(Version(table), new BlockReader(horizon, catalog.Get(table), columns), columns.Length);

    public override void Probe(TableId table, IndexId index, ReadOnlySpan<Column> key, int row, List<long> rowIds)
    {
        // Probes share scratch; several threads of one statement may probe, each must not see the other's.
        KeyProbe probe;
        lock (probes)
        {
            if (!probes.Remove(index, out probe!))
            {
                var definition = catalog.Get(table);
                probe = new KeyProbe(horizon, Version(table), definition, definition.Indexes.First(i => i.Id == index));
            }
        }

        probe.Find(key, row, rowIds);
        lock (probes)
        {
            if (disposed != 0 || !probes.TryAdd(index, probe))
            {
                probe.Dispose();
            }
        }
    }

    public override IndexRange OpenRange(TableId table, IndexId index, IndexBounds bounds)
    {
        var definition = catalog.Get(table);
        var wanted = definition.Indexes.First(i => i.Id == index);
        var shape = KeyShape.Of(definition, wanted);
        var range = new KeyRange();
        range.Set(shape, bounds);
        return new IndexCursor(horizon, Version(table), definition, wanted, shape, range);
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        lock (probes)
        {
            foreach (var probe in probes.Values)
            {
                probe.Dispose();
            }

            probes.Clear();
        }

        root.Release();
    }

    private TableVersion Version(TableId table)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return root.Tables.TryGetValue(table, out var version) ? version : throw Error.Internal($"table {table} is in the catalog but has no rows");
    }
}
