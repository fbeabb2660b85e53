using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Indexes;

/// <summary>Finds the rows of one table that have a given key in one index, as one reader sees them.</summary>
/// <remarks>
/// Candidates come from the hash tables of the deltas and from the sorted runs of the segments; each is looked at: is it visible,
/// and is its key, with patches, the one asked for? A row whose key was changed is found under its new key through the entry that the update added,
/// and not under the old one. One probe is reused for many keys; used by one thread at a time.
/// </remarks>
internal sealed class KeyProbe : KeyLookup
{
    private readonly TableDefinition table;
    private TableVersion version;
    private TableVersion? resting;
    private readonly IndexDefinition index;
    private readonly KeyShape shape;
    private readonly SegmentKeyReaders keys;
    private readonly KeyRange range = new();
    private readonly BlockReader reader;
    private readonly Selection one = new();
    private readonly List<long> candidates = [];

    public KeyProbe(ReadHorizon horizon, TableVersion version, TableDefinition table, IndexDefinition index)
    {
        this.version = version;
        this.table = table;
        this.index = index;
        shape = KeyShape.Of(table, index);
        keys = new SegmentKeyReaders(shape);
        reader = new BlockReader(horizon, table, shape.Columns);
    }

    public IndexId Index => index.Id;

    /// <summary>The next one in a chain of probes that nobody uses.</summary>
    public KeyProbe? NextIdle { get; set; }

    /// <summary>Appends the row ids with the key, ascending. A key with a NULL in it finds nothing.</summary>
    public override void Find(ReadOnlySpan<Column> key, int row, List<long> rowIds)
    {
        if (!KeyValue.TryHash(shape, key, row, out var hash))
        {
            return;
        }

        candidates.Clear();
        foreach (var delta in version.Deltas)
        {
            delta.FindIndex(index.Id)?.Hash.Find(hash, candidates);
        }

        // Rows that were found by position are checked here; those found by row id below, wherever they lie.
        var first = rowIds.Count;
        range.SetEqual(shape, key, row);
        foreach (var segment in version.Segments)
        {
            var run = segment.GetRun(index.Id, shape);
            var (entry, end) = run.Find(range, keys.Of(segment.Segment));
            for (; entry < end; entry++)
            {
                var position = run.PositionAt(entry);
                reader.Position(segment, position / Batch.RowCountMax);
                if (Matches(position % Batch.RowCountMax, key, row))
                {
                    rowIds.Add(segment.Segment.RowIdAt(position));
                }
            }
        }

        foreach (var rowId in candidates)
        {
            if (RowLocator.TryPosition(version, rowId, reader, out var at) && Matches(at, key, row))
            {
                rowIds.Add(rowId);
            }
        }

        SortDistinct(rowIds, first);
    }

    public override bool TryRebind(Snapshot snapshot)
    {
        if (snapshot is not StoreSnapshot store || !ReferenceEquals(store.Catalog.Get(table.Id), table))
        {
            return false;
        }

        version = store.Version(table.Id);
        if (resting is null || version.Segments != resting.Segments)
        {
            // They would keep readers of segments that are gone.
            keys.Clear();
        }

        resting = null;
        reader.Rebind(store.Horizon);
        return true;
    }

    public override void Rest()
    {
        (version, resting) = (null!, version);
        reader.Rebind(default);
    }

    public override void Dispose()
    {
        reader.Dispose();
        keys.Dispose();
    }

    private bool Matches(int at, ReadOnlySpan<Column> key, int keyRow)
    {
        if (!reader.IsVisible(at))
        {
            return false;
        }

        one.Count = 0;
        one.Add(at);
        for (var i = 0; i < key.Length; i++)
        {
            var stored = reader.Load(i, one);
            if (stored.IsNull(at) || !KeyValue.AreEqual(shape, i, stored, at, key[i], keyRow))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A row may have been entered twice under one hash: after an update there and back.</summary>
    private static void SortDistinct(List<long> rowIds, int first)
    {
        if (rowIds.Count - first < 2)
        {
            return;
        }

        rowIds.Sort(first, rowIds.Count - first, null);
        var kept = first + 1;
        for (var i = first + 1; i < rowIds.Count; i++)
        {
            if (rowIds[i] != rowIds[kept - 1])
            {
                rowIds[kept++] = rowIds[i];
            }
        }

        rowIds.RemoveRange(kept, rowIds.Count - kept);
    }
}
