using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Versions;

/// <summary>Where the rows of one table lie: segments, then deltas, all in ascending ranges of row ids. The last delta takes new rows.</summary>
internal sealed record TableVersion(ImmutableArray<SegmentExtent> Segments, ImmutableArray<DeltaTable> Deltas)
{
    public DeltaTable Active => Deltas[^1];

    /// <summary>Segments in the order in which a table version has them.</summary>
    public static ImmutableArray<SegmentExtent> InOrder(IEnumerable<SegmentExtent> segments) => [.. segments.OrderBy(s => s.Segment.Info.RowIdMin)];

    public long RowCount
    {
        get
        {
            long rows = 0;
            foreach (var segment in Segments)
            {
                rows += segment.Segment.Info.RowCount;
            }

            foreach (var delta in Deltas)
            {
                rows += delta.RowCount;
            }

            return rows;
        }
    }
}

/// <summary>A catalog and the commit from which on it holds.</summary>
/// <param name="Since">The commit.</param>
/// <param name="Catalog">What holds.</param>
/// <param name="PermanentSince">The last commit that changed more than temporary tables, which are of no concern to other sessions.</param>
internal readonly record struct CatalogVersion(long Since, DatabaseCatalog Catalog, long PermanentSince);

/// <summary>Everything that a snapshot needs to find: tables and catalogs. Immutable; replaced when tables, segments or the schema change,
/// not when rows are written.</summary>
/// <remarks>
/// <para><b>A consistent pair.</b> A snapshot is a root and an LSN that belong together. Taking either first and the other later is wrong: a flush
/// may publish segments newer than an LSN read before it, and a chunk list read before an LSN may lack rows of it. So a reader reads the
/// root, then the durable LSN, then the root again, and starts over when it changed (<c>DirectoryStore.OpenSnapshot</c>).</para>
/// <para><b>Life.</b> A root is leased by snapshots (<see cref="Counted"/>); each root holds one reference on each of its parts, so a
/// segment's map and a delta's memory go when the last root that shows them is released.</para>
/// </remarks>
internal sealed class StoreRoot : Counted
{
    public StoreRoot(ImmutableDictionary<TableId, TableVersion> tables, ImmutableArray<CatalogVersion> catalogs, long flushed)
    {
        Flushed = flushed;
        Tables = tables;
        Catalogs = catalogs;
        foreach (var table in tables.Values)
        {
            foreach (var segment in table.Segments)
            {
                segment.AddReference();
            }

            foreach (var delta in table.Deltas)
            {
                delta.AddReference();
            }
        }
    }

    public ImmutableDictionary<TableId, TableVersion> Tables { get; }

    /// <summary>The LSN as of which the newest segments were written: this root cannot show an earlier moment.</summary>
    public long Flushed { get; }

    /// <summary>Ascending; the first one holds for every snapshot that can still be taken.</summary>
    public ImmutableArray<CatalogVersion> Catalogs { get; }

    /// <summary>Native memory of rows and versions that are in no segment, of the newest state alone.</summary>
    public long DeltaSizeBytes
    {
        get
        {
            long size = 0;
            foreach (var table in Tables.Values)
            {
                foreach (var delta in table.Deltas)
                {
                    size += delta.SizeBytes;
                }
            }

            return size;
        }
    }

    public void ChargeTo(MemoryBudget budget)
    {
        foreach (var table in Tables.Values)
        {
            foreach (var segment in table.Segments)
            {
                segment.ChargeTo(budget);
            }

            foreach (var delta in table.Deltas)
            {
                delta.ChargeTo(budget);
            }
        }
    }

    public DatabaseCatalog CatalogAt(long lsn)
    {
        for (var i = Catalogs.Length - 1; i > 0; i--)
        {
            if (Catalogs[i].Since <= lsn)
            {
                return Catalogs[i].Catalog;
            }
        }

        return Catalogs[0].Catalog;
    }

    protected override void Free()
    {
        foreach (var table in Tables.Values)
        {
            foreach (var segment in table.Segments)
            {
                segment.Release();
            }

            foreach (var delta in table.Deltas)
            {
                delta.Release();
            }
        }
    }
}
