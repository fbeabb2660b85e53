using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Checks all segments and overlays of a manifest, and makes a manifest of what is left of them.</summary>
/// <remarks>
/// <para>A segment is lost when its file is missing, has another length, or its footer is damaged: without the footer nothing tells where a value lies. A
/// damaged page takes the rows of the blocks that have bytes on it, whatever the column: half a row is no row. The rest goes, with its deletes and updates
/// applied and under the same row ids, to a new segment. A damaged overlay leaves the segment as it was first written, which is reported; a replacement of a
/// column that is lost as a file leaves that column so.</para>
/// <para>Writes new segments, which no manifest names yet, and changes nothing else.</para>
/// </remarks>
internal sealed class SalvageSegments
{
    private readonly DataDirectory directory;
    private readonly Manifest manifest;
    private readonly long generation;
    private readonly List<SalvagedItem> items;
    private readonly List<(TableId Table, long First, long Last)> lost = [];
    private readonly Dictionary<string, SegmentInfo?> attached = new(StringComparer.Ordinal);
    private int written;

    private SalvageSegments(DataDirectory directory, Manifest manifest, long generation, List<SalvagedItem> items)
    {
        this.directory = directory;
        this.manifest = manifest;
        this.generation = generation;
        this.items = items;
    }

    /// <summary>The manifest without what is lost; the same when nothing is.</summary>
    public Manifest Left { get; private set; } = null!;

    /// <summary>Tables of which an overlay was lost, so that keys may not be unique any more.</summary>
    public HashSet<TableId> WithoutVersions { get; } = [];

    public static SalvageSegments Run(DataDirectory directory, Manifest manifest, long generation, List<SalvagedItem> items)
    {
        var salvage = new SalvageSegments(directory, manifest, generation, items);
        var tables = manifest.Tables.Select(t => t with { Segments = [.. t.Segments.Select(s => salvage.Save(manifest.Catalog.Get(t.Table), s)).OfType<SegmentManifest>()] });
        salvage.Left = manifest with { Tables = [.. tables] };
        return salvage;
    }

    /// <summary>Whether a row is known to be lost.</summary>
    public bool IsLost(TableId table, long rowId) => lost.Any(l => l.Table == table && rowId >= l.First && rowId <= l.Last);

    /// <summary>What is left of a segment that the log attached to a table; null when nothing is. Asked again, the answer is the same.</summary>
    public SegmentInfo? SaveAttached(TableDefinition table, SegmentInfo info)
    {
        if (!attached.TryGetValue(info.Name, out var left))
        {
            attached.Add(info.Name, left = Save(table, new SegmentManifest(info, null, 0))?.Info);
        }

        return left;
    }

    /// <summary>Whether a file that the log attached to a segment, with the values of one column, is whole. If not, these values are lost. Asked again, the answer is the same.</summary>
    public bool SaveColumn(TableDefinition table, SegmentInfo file)
    {
        if (attached.TryGetValue(file.Name, out var known))
        {
            return known is not null;
        }

        var damage = new Damage();
        var why = "";
        try
        {
            Check(file, damage, []);
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            damage.IsNone = false;
            why = Error.Finding(e);
        }

        attached.Add(file.Name, damage.IsNone ? file : null);
        if (!damage.IsNone && table.FindStored(file.ReplacedColumn) is { } column)
        {
            WithoutVersions.Add(table.Id);
            items.Add(new SalvagedItem(SalvageKind.LostVersions, file.Name, string.Create(CultureInfo.InvariantCulture,
                $"Values that column '{column.Name}' of table '{table}' was given by ALTER TABLE are lost for row ids {file.RowIdMin} to {file.RowIdMax}: they are NULL. {(why.Length > 0 ? why : "Pages do not match their checksums.")}"))
            {
                Table = table.ToString(),
                Columns = [column.Name],
                RowIdFirst = file.RowIdMin,
                RowIdLast = file.RowIdMax,
                RowCount = file.RowCount,
            });
        }

        return damage.IsNone;
    }

    /// <summary>Those that <see cref="SaveAttached"/> was asked for.</summary>
    public IReadOnlyCollection<string> AttachedNames => attached.Keys;

    /// <summary>What is left of one segment; null when nothing is.</summary>
    private SegmentManifest? Save(TableDefinition table, SegmentManifest segment)
    {
        // Pages are checked through calls before anything is mapped, each file by itself.
        // Replacements first: where one is lost, the column in the segment's own file counts again.
        var damaged = new Damage();
        foreach (var replacement in segment.Info.Replacements)
        {
            try
            {
                Check(replacement, damaged, []);
            }
            catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
            {
                segment = LoseReplacement(table, segment, replacement, Error.Finding(e));
            }
        }

        try
        {
            Check(segment.Info with { Replacements = [] }, damaged, [.. segment.Info.Replacements.Select(r => r.ReplacedColumn)]);
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            Lose(table, segment, Error.Finding(e));
            return null;
        }

        var extent = new SegmentExtent(Segment.Open(directory, segment.Info, ignoresHeader: true));
        try
        {
            var overlay = Restore(table, segment, extent);
            return damaged.IsNone ? overlay : Rewrite(table, overlay, extent, damaged);
        }
        finally
        {
            extent.Release();
        }
    }

    /// <summary>Reads all pages of one file, and adds the blocks that lie on damaged ones.</summary>
    /// <param name="dead">Columns whose values in this file are nobody's.</param>
    private void Check(SegmentInfo info, Damage damaged, ImmutableArray<ColumnId> dead)
    {
        using var file = Segment.Open(directory, info, ignoresHeader: true);
        var pages = new List<int>();
        var buffer = new byte[SegmentFormat.PieceSize];
        for (var piece = 0; piece < file.PieceCount; piece++)
        {
            file.CheckPiece(piece, buffer, pages);
        }

        damaged.IsNone &= pages.Count == 0;
        foreach (var (block, ordinals) in file.FindBlocksOn(pages))
        {
            foreach (var column in ordinals.Select(file.ColumnAt).Where(c => !dead.Contains(c)))
            {
                damaged.Add(block, column);
            }
        }
    }

    /// <summary>The newest values of a column are gone with the file; older ones, if the segment has any, are better than no rows.</summary>
    private SegmentManifest LoseReplacement(TableDefinition table, SegmentManifest segment, SegmentInfo replacement, string why)
    {
        var info = segment.Info;
        if (table.FindStored(replacement.ReplacedColumn) is { } column)
        {
            WithoutVersions.Add(info.Table);
            items.Add(new SalvagedItem(SalvageKind.LostVersions, replacement.Name, string.Create(CultureInfo.InvariantCulture,
                $"Updates of column '{column.Name}' since the segment '{info.Name}' was written are lost for row ids {info.RowIdMin} to {info.RowIdMax} of table '{table}': its values are as they were first written. {why}"))
            {
                Table = table.ToString(),
                Columns = [column.Name],
                RowIdFirst = info.RowIdMin,
                RowIdLast = info.RowIdMax,
                RowCount = info.RowCount,
            });
        }

        return segment with { Info = info with { Replacements = info.Replacements.Remove(replacement) } };
    }

    private void Lose(TableDefinition table, SegmentManifest segment, string why)
    {
        var info = segment.Info;
        lost.Add((info.Table, info.RowIdMin, info.RowIdMax));
        items.Add(new SalvagedItem(SalvageKind.LostSegment, info.Name, string.Create(CultureInfo.InvariantCulture,
            $"All {info.RowCount} rows of a segment of table '{table}', with row ids {info.RowIdMin} to {info.RowIdMax}, are lost: {why}"))
        {
            Table = table.ToString(),
            RowIdFirst = info.RowIdMin,
            RowIdLast = info.RowIdMax,
            RowCount = info.RowCount,
        });
    }

    /// <summary>Puts the overlay beside the segment. The result names none when it is lost.</summary>
    private SegmentManifest Restore(TableDefinition table, SegmentManifest segment, SegmentExtent extent)
    {
        if (segment.OverlayName is not { } name)
        {
            return segment;
        }

        try
        {
            OverlayCapture.Restore(directory, name, segment.OverlayChecksum, extent, table, manifest.Lsn);
            return segment;
        }
        catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
        {
            var info = segment.Info;
            WithoutVersions.Add(info.Table);
            items.Add(new SalvagedItem(SalvageKind.LostVersions, name, string.Create(CultureInfo.InvariantCulture,
                $"Deletes and updates since the segment '{info.Name}' was written are lost for row ids {info.RowIdMin} to {info.RowIdMax} of table '{table}': these rows are as they were first written, and deleted ones are back. {Error.Finding(e)}"))
            {
                Table = table.ToString(),
                RowIdFirst = info.RowIdMin,
                RowIdLast = info.RowIdMax,
                RowCount = info.RowCount,
            });
            return segment with { OverlayName = null, OverlayChecksum = 0 };
        }
    }

    /// <summary>Copies the rows of undamaged blocks to a new segment.</summary>
    private SegmentManifest? Rewrite(TableDefinition table, SegmentManifest segment, SegmentExtent extent, Damage damage)
    {
        var opened = extent.Segment;
        // A column that was dropped is nobody's loss.
        var damaged = damage.Blocks
            .Select(b => (Block: b.Key, Columns: b.Value.Where(c => c == ColumnId.RowId || table.FindStored(c) is not null).ToArray()))
            .Where(b => b.Columns.Length > 0).ToDictionary(b => b.Block, b => b.Columns);
        ReportBlocks(table, opened, damaged, extent);

        using var reader = new BlockReader(RowChanges.Latest, table, [ColumnId.RowId, .. table.Columns.Select(c => c.Id)]);
        SegmentWriter? writer = null;
        try
        {
            for (var block = 0; block < opened.BlockCount; block++)
            {
                if (damaged.ContainsKey(block))
                {
                    continue;
                }

                reader.Position(extent, block);
                if (reader.VisibleCount > 0)
                {
                    writer ??= Start(table, opened);
                    Append(writer, reader, table.Columns.Length);
                }
            }

            return writer is null ? null : new SegmentManifest(writer.Finish(), null, 0);
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static void Append(SegmentWriter writer, BlockReader reader, int columnCount)
    {
        var visible = reader.Visible;
        var batch = new Batch(columnCount) { RowCount = reader.RowCount, Selection = visible };
        for (var c = 0; c < columnCount; c++)
        {
            batch.Columns[c] = reader.Load(c + 1, visible);
        }

        var ids = reader.Load(0, visible);
        var rowIds = new List<long>(reader.VisibleCount);
        for (var i = 0; i < reader.VisibleCount; i++)
        {
            rowIds.Add(ids.Get<long>(batch.RowAt(i)));
        }

        writer.Append(batch, CollectionsMarshal.AsSpan(rowIds));
    }

    private SegmentWriter Start(TableDefinition table, Segment source)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{SegmentFlush.Subdirectory}/{table.Id}-{generation:D8}-s{written++:D4}.seg");
        // A salvage that did not finish may have left one.
        directory.Delete(name);
        return SegmentWriter.Create(directory, name, table.Id, [.. table.Columns.Select(c => (c.Id, c.Type))], source.Order, source.ClusteredBy);
    }

    /// <summary>One item for each run of blocks that lost the same columns.</summary>
    private void ReportBlocks(TableDefinition table, Segment segment, Dictionary<int, ColumnId[]> damaged, SegmentExtent extent)
    {
        if (damaged.Count == 0)
        {
            items.Add(new SalvagedItem(SalvageKind.LostRows, segment.Info.Name, "Pages are damaged on which no value of the table lies; no row is lost.") { Table = table.ToString() });
            return;
        }

        var blocks = damaged.Keys.Order().ToList();
        for (var i = 0; i < blocks.Count;)
        {
            var first = blocks[i];
            var columns = damaged[first];
            var rows = 0;
            var last = first;
            for (; i < blocks.Count && blocks[i] <= last + 1 && damaged[blocks[i]].SequenceEqual(columns); i++)
            {
                last = blocks[i];
                rows += CountAlive(extent, last);
            }

            // Of a clustered segment others may have ids between these.
            var zones = Enumerable.Range(first, last - first + 1).Select(b => segment.GetZone(0, b)).ToList();
            var (rowIdFirst, rowIdLast) = (zones.Min(z => z.Min<long>()), zones.Max(z => z.Max<long>()));
            lost.Add((segment.Info.Table, rowIdFirst, rowIdLast));
            var names = columns.Select(c => c == ColumnId.RowId ? "row id" : table.FindStored(c)!.Name).ToList();
            items.Add(new SalvagedItem(SalvageKind.LostRows, segment.Info.Name, string.Create(CultureInfo.InvariantCulture,
                $"{rows} rows of table '{table}' with row ids {rowIdFirst} to {rowIdLast} are lost: pages with values of {string.Join(", ", names.Select(n => $"'{n}'"))} do not match their checksums. Values of their other columns are whole in the file that is kept in quarantine."))
            {
                Table = table.ToString(),
                Columns = names,
                RowIdFirst = rowIdFirst,
                RowIdLast = rowIdLast,
                RowCount = rows,
            });
        }
    }

    private static int CountAlive(SegmentExtent extent, int block)
    {
        var rows = extent.Segment.RowsInBlock(block);
        if (extent.FindVersions(block) is not { } versions)
        {
            return rows;
        }

        var alive = 0;
        for (var row = 0; row < rows; row++)
        {
            alive += versions.IsEnded(row, RowChanges.Latest) ? 0 : 1;
        }

        return alive;
    }

    /// <summary>Which blocks of a segment cannot be read, and because of which columns.</summary>
    private sealed class Damage
    {
        public SortedDictionary<int, List<ColumnId>> Blocks { get; } = [];

        public bool IsNone { get; set; } = true;

        public void Add(int block, ColumnId column)
        {
            if (!Blocks.TryGetValue(block, out var columns))
            {
                Blocks.Add(block, columns = []);
            }

            if (!columns.Contains(column))
            {
                columns.Add(column);
            }
        }
    }
}
