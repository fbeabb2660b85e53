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
                    // Columns that were dropped meanwhile need no patches.
                    if (table.FindColumn(id) is null)
                    {
                        continue;
                    }

                    if (!patches.TryGetValue(id.Value, out var column))
                    {
                        patches.Add(id.Value, column = (ImmutableArray.CreateBuilder<int>(), new ColumnBuffer(type)));
                    }

                    CollectNewest(list, extent.Segment.RowsInBlock(block), first, horizon, column.Positions, column.Values);
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
