using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>A leased root, a horizon and a catalog: all that a reader needs. See <see cref="StoreRoot"/> for how the three are taken together.</summary>
internal sealed partial class StoreSnapshot(StoreRoot root, ReadHorizon horizon, DatabaseCatalog catalog) : Snapshot
{
    // Probes have scratch of their own and are reused: a chain of those that nobody uses just now. Several threads of one statement may probe.
    private KeyProbe? idleProbes;
    private int disposed;

    public override DatabaseCatalog Catalog => catalog;

    public override Lsn Lsn => new(horizon.Lsn);

    public ReadHorizon Horizon => horizon;

    public StoreRoot Root => root;

    public override long EstimateRowCount(TableId table) => Version(table).RowCount;

    public override TableScan Scan(TableId table, ReadOnlySpan<ColumnId> columns, ReadOnlySpan<ZoneBound> bounds)
        => new StoreTableScan(Version(table), new BlockReader(horizon, catalog.Get(table), columns), bounds);

    public override long CountNulls(TableId table, ColumnId column)
    {
        var reader = new BlockReader(horizon, catalog.Get(table), [column]);
        using var scan = new StoreTableScan(Version(table), reader, []);
        long count = 0;
        while (scan.NextBlock())
        {
            count += reader.CountNulls(0);
        }

        return count;
    }

    public override RowFetch OpenFetch(TableId table, ReadOnlySpan<ColumnId> columns)
        => new StoreRowFetch(Version(table), new BlockReader(horizon, catalog.Get(table), columns), columns.Length);

    public override void Probe(TableId table, IndexId index, ReadOnlySpan<Column> key, int row, List<long> rowIds)
    {
        var probe = TakeProbe(index) ?? MakeProbe(table, index);
        probe.Find(key, row, rowIds);
        GiveProbes(probe);
    }

    public override KeyLookup OpenLookup(TableId table, IndexId index) => MakeProbe(table, index);

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

        DisposeProbes();
        root.Release();
    }

    private KeyProbe MakeProbe(TableId table, IndexId index)
    {
        var definition = catalog.Get(table);
        foreach (var candidate in definition.Indexes)
        {
            if (candidate.Id == index)
            {
                return new KeyProbe(horizon, Version(table), definition, candidate);
            }
        }

        throw Error.Internal($"table {definition} has no index {index}");
    }

    /// <summary>An idle probe of an index, which is the caller's until it is given back.</summary>
    private KeyProbe? TakeProbe(IndexId index)
    {
        var chain = Interlocked.Exchange(ref idleProbes, null);
        KeyProbe? before = null;
        var found = chain;
        while (found is not null && found.Index != index)
        {
            (before, found) = (found, found.NextIdle);
        }

        if (found is not null)
        {
            if (before is null)
            {
                chain = found.NextIdle;
            }
            else
            {
                before.NextIdle = found.NextIdle;
            }

            found.NextIdle = null;
        }

        if (chain is not null)
        {
            GiveProbes(chain);
        }

        return found;
    }

    /// <summary>Puts a chain of probes where others find it, with whatever they put there meanwhile.</summary>
    private void GiveProbes(KeyProbe chain)
    {
        while (Interlocked.CompareExchange(ref idleProbes, chain, null) is not null)
        {
            if (Interlocked.Exchange(ref idleProbes, null) is not { } others)
            {
                continue;
            }

            var last = others;
            while (last.NextIdle is { } next)
            {
                last = next;
            }

            last.NextIdle = chain;
            chain = others;
        }

        if (Volatile.Read(ref disposed) != 0)
        {
            DisposeProbes();
        }
    }

    private void DisposeProbes()
    {
        for (var probe = Interlocked.Exchange(ref idleProbes, null); probe is not null; probe = probe.NextIdle)
        {
            probe.Dispose();
        }
    }

    public TableVersion Version(TableId table)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        return root.Tables.TryGetValue(table, out var version) ? version : throw Error.Internal($"table {table} is in the catalog but has no rows");
    }
}
