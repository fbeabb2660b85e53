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
    public static OverlayData Run(SegmentExtent extent, TableDefinition table, ReadHorizon horizon)
    {
        var deleted = ImmutableArray.CreateBuilder<int>();
        var patched = new SortedDictionary<int, SortedDictionary<int, (PatchList.Entries Entries, int At)>>();
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

            foreach (var (column, _, list) in versions.Patches)
            {
                // Columns that were dropped meanwhile need no patches.
                if (table.FindColumn(column) is not null)
                {
                    CollectNewest(patched, column, first, list.Current, horizon);
                }
            }
        }

        var patches = ImmutableArray.CreateBuilder<OverlayPatch>();
        foreach (var (column, entries) in patched)
        {
            var buffer = new ColumnBuffer(table.FindColumn(new ColumnId(column))!.Type, Math.Max(entries.Count, 1));
            foreach (var (list, at) in entries.Values)
            {
                list.AppendTo(buffer, at);
            }

            patches.Add(new OverlayPatch(new ColumnId(column), [.. entries.Keys], buffer));
        }

        return new OverlayData(extent.Segment.Info.RowCount, deleted.ToImmutable(), patches.ToImmutable());
    }

    /// <summary>Puts what an overlay file says beside a segment just opened, stamped with the manifest's LSN.</summary>
    public static void Restore(DataDirectory directory, string name, uint checksum, SegmentExtent extent, TableDefinition table, Lsn lsn)
    {
        using var overlay = OverlayFile.Read(directory, name, checksum);
        if (overlay.RowCount != extent.Segment.Info.RowCount)
        {
            throw Error.FileDamaged(directory.Path, name, $"it is about {overlay.RowCount} rows, and its segment has {extent.Segment.Info.RowCount}");
        }

        var stamp = Math.Max(lsn.Value, 1);
        foreach (var position in overlay.DeletedPositions)
        {
            extent.GetOrAddVersions(position / Batch.RowCountMax).SetEnd(position % Batch.RowCountMax, stamp);
        }

        foreach (var patches in overlay.Patches)
        {
            if (table.FindColumn(patches.Column) is not { } column || column.Type.Physical != patches.Values.Type.Physical)
            {
                throw Error.FileDamaged(directory.Path, name, $"it has values for column {patches.Column} of type {patches.Values.Type}, which '{table}' has not");
            }

            for (var i = 0; i < patches.Positions.Length; i++)
            {
                var position = patches.Positions[i];
                extent.GetOrAddVersions(position / Batch.RowCountMax).GetOrAddPatches(patches.Column, patches.Values.Type)
                    .Append(position % Batch.RowCountMax, stamp, patches.Values.Column, i);
            }
        }
    }

    private static void CollectNewest(
        SortedDictionary<int, SortedDictionary<int, (PatchList.Entries Entries, int At)>> patched, ColumnId column, int first, PatchList.Entries entries,
        ReadHorizon horizon)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (!horizon.Sees(Volatile.Read(ref entries.Stamps[i])))
            {
                continue;
            }

            if (!patched.TryGetValue(column.Value, out var newest))
            {
                patched.Add(column.Value, newest = []);
            }

            newest[first + entries.Rows[i]] = (entries, i);
        }
    }
}
