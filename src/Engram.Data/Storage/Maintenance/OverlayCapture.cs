using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>What happened to a segment's rows up to one LSN, on its way between memory and an overlay file.</summary>
/// <remarks>An overlay is cumulative: it replaces the segment's earlier ones. Of several patches of one value only the newest is kept.</remarks>
internal static class OverlayCapture
{
    /// <summary>Whether an overlay as of <paramref name="until"/> would say anything else than one as of <paramref name="since"/>.</summary>
    public static bool HasChanged(SegmentExtent extent, TableDefinition table, Lsn since, Lsn until)
    {
        for (var block = 0; block < extent.Segment.BlockCount; block++)
        {
            if (extent.FindVersions(block) is not { } versions)
            {
                continue;
            }

            if (versions.Ends is { } ends && HasStamp(ends, since, until))
            {
                return true;
            }

            foreach (var (column, _, list) in versions.Patches)
            {
                var entries = list.Current;
                if (table.FindColumn(column) is null || HasStamp(entries.Stamps.AsSpan(0, entries.Count), since, until))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public static OverlayData Run(SegmentExtent extent, TableDefinition table, ReadHorizon horizon)
    {
        var deleted = ImmutableArray.CreateBuilder<int>();
        using var widened = new WidenedPatches(table, horizon);
        var patches = new SortedDictionary<int, (ImmutableArray<int>.Builder Positions, ColumnBuffer Values)>();
        OverlayData? overlay = null;
        try
        {
            for (var block = 0; block < extent.Segment.BlockCount; block++)
            {
                if (extent.FindVersions(block) is not { } versions)
                {
                    continue;
                }

                var first = block * Batch.RowCountMax;
                for (var row = 0; row < extent.Segment.RowsInBlock(block); row++)
                {
                    if (versions.IsEnded(row, horizon))
                    {
                        deleted.Add(first + row);
                    }
                }

                foreach (var (id, type, list) in versions.Patches)
                {
                    // Columns that were dropped meanwhile need no patches; those that got another type have others.
                    if (table.FindColumn(id) is { Older: null })
                    {
                        var column = PatchesOf(patches, id, type);
                        CollectNewest(list, extent.Segment.RowsInBlock(block), first, horizon, column.Positions, column.Values);
                    }
                }

                foreach (var definition in widened.Columns)
                {
                    var column = PatchesOf(patches, definition.Id, definition.Type);
                    widened.Collect(definition, extent, block, versions, column.Positions, column.Values);
                }
            }

            return overlay = new OverlayData(extent.Segment.Info.RowCount, deleted.ToImmutable(), [
                .. patches.Where(p => p.Value.Values.Count > 0).Select(p => new OverlayPatch(new ColumnId(p.Key), p.Value.Positions.ToImmutable(), p.Value.Values))]);
        }
        finally
        {
            // Those that the overlay does not own.
            foreach (var (_, values) in patches.Values.Where(p => overlay is null || p.Values.Count == 0))
            {
                values.Dispose();
            }
        }
    }

    /// <summary>Puts what an overlay file says beside a segment just opened, stamped with the manifest's LSN.</summary>
    public static void Restore(DataDirectory directory, string name, uint checksum, SegmentExtent extent, TableDefinition table, Lsn lsn)
    {
        using var overlay = OverlayFile.Read(directory, name, checksum);
        if (overlay.RowCount != extent.Segment.Info.RowCount)
        {
            throw Error.FileDamaged(directory.Path, name, $"it is about {overlay.RowCount} rows, and its segment has {extent.Segment.Info.RowCount}");
        }

        foreach (var patches in overlay.Patches)
        {
            if (table.FindColumn(patches.Column) is not { } column || column.Type.Physical != patches.Values.Type.Physical)
            {
                throw Error.FileDamaged(directory.Path, name, $"it has values for column {patches.Column} of type {patches.Values.Type}, which '{table}' has not");
            }
        }

        Fill(extent, overlay, lsn);
    }

    /// <summary>Puts what an overlay says beside a segment that nobody reads yet.</summary>
    public static void Fill(SegmentExtent extent, OverlayData overlay, Lsn lsn)
    {
        var stamp = Math.Max(lsn.Value, 1);
        foreach (var position in overlay.DeletedPositions)
        {
            extent.GetOrAddVersions(position / Batch.RowCountMax).SetEnd(position % Batch.RowCountMax, stamp);
        }

        foreach (var patches in overlay.Patches)
        {
            for (var i = 0; i < patches.Positions.Length; i++)
            {
                var position = patches.Positions[i];
                extent.GetOrAddVersions(position / Batch.RowCountMax).GetOrAddPatches(patches.Column, patches.Values.Type)
                    .Append(position % Batch.RowCountMax, stamp, patches.Values.Column, i);
            }
        }
    }

    private static (ImmutableArray<int>.Builder Positions, ColumnBuffer Values) PatchesOf(
        SortedDictionary<int, (ImmutableArray<int>.Builder Positions, ColumnBuffer Values)> patches, ColumnId id, DataType type)
    {
        if (!patches.TryGetValue(id.Value, out var column))
        {
            patches.Add(id.Value, column = (ImmutableArray.CreateBuilder<int>(), new ColumnBuffer(type)));
        }

        return column;
    }

    private static void CollectNewest(
        PatchList list, int rowCount, int first, ReadHorizon horizon, ImmutableArray<int>.Builder positions, ColumnBuffer values)
    {
        var entries = list.Current;
        var view = new Column(values.Type);
        for (var row = 0; row < rowCount; row++)
        {
            var at = list.Find(row, horizon, ref entries);
            if (at >= 0)
            {
                positions.Add(first + row);
                entries.AppendTo(values, view, at);
            }
        }
    }

    private static bool HasStamp(ReadOnlySpan<long> stamps, Lsn since, Lsn until)
    {
        foreach (ref readonly var stamp in stamps)
        {
            var seen = Volatile.Read(in stamp);
            if (seen > since.Value && seen <= until.Value)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Patches of columns that got a wider type: some may be of the older forms. They go on as values of the column as it is now.</summary>
internal sealed class WidenedPatches(TableDefinition table, ReadHorizon horizon) : IDisposable
{
    private readonly Dictionary<ColumnId, BlockReader> readers = [];
    private readonly Selection rows = new();

    public ImmutableArray<ColumnDefinition> Columns { get; } = [.. table.Columns.Where(c => c.Older is not null)];

    /// <summary>Appends the newest value that the horizon sees of each row of a block to which an update gave one, in whatever form.</summary>
    public void Collect(
        ColumnDefinition column, SegmentExtent extent, int block, BlockVersions versions, ImmutableArray<int>.Builder positions, ColumnBuffer values)
    {
        var lists = new List<PatchList>();
        for (ColumnForm? form = column; form is not null; form = form.Older)
        {
            if (versions.FindPatches(form.Id) is { } list)
            {
                lists.Add(list);
            }
        }

        rows.Count = 0;
        for (var row = 0; lists.Count > 0 && row < extent.Segment.RowsInBlock(block); row++)
        {
            if (lists.Exists(l => Sees(l, row)))
            {
                rows.Add(row);
            }
        }

        if (rows.Count == 0)
        {
            return;
        }

        if (!readers.TryGetValue(column.Id, out var reader))
        {
            readers.Add(column.Id, reader = new BlockReader(horizon, table, [column.Id]));
        }

        reader.Position(extent, block);
        var found = reader.Load(0, rows);
        foreach (var row in rows.Rows)
        {
            positions.Add((block * Batch.RowCountMax) + row);
            values.AppendFrom(found, row);
        }
    }

    public void Dispose()
    {
        foreach (var reader in readers.Values)
        {
            reader.Dispose();
        }
    }

    private bool Sees(PatchList list, int row)
    {
        var entries = list.Current;
        return list.Find(row, horizon, ref entries) >= 0;
    }
}
