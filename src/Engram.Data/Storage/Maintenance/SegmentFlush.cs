using System.Collections.Immutable;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Writes one table's frozen deltas as segments, and the versions beside its older segments as overlays, all as of one LSN.</summary>
/// <remarks>Takes no lock: what it reads is frozen, and later versions are told from earlier ones by their stamps.</remarks>
internal static class SegmentFlush
{
    public const string Subdirectory = "segments";

    /// <param name="directory">Where to.</param>
    /// <param name="table">As of the flush.</param>
    /// <param name="version">Of which all but the last delta are frozen.</param>
    /// <param name="lsn">The flush.</param>
    /// <param name="before">The manifest that counts: what it says of a segment that did not change since is said again.</param>
    /// <param name="loads">Where the ranges of row ids begin that loads keep: no segment is written across one, nor across a segment that is there.</param>
    /// <param name="patchCountMin">See <see cref="StoreOptions.FoldedPatchCountMin"/>.</param>
    /// <param name="cancellationToken">Looked at for each segment and chunk.</param>
    /// <param name="indexes">Where runs of the indexes go; null leaves them to whoever opens the segments.</param>
    public static FlushedTable Run(
        DataDirectory directory, TableDefinition table, TableVersion version, Lsn lsn, Manifest before, ImmutableArray<long> loads, int patchCountMin,
        CancellationToken cancellationToken, IndexFiles? indexes = null)
    {
        var horizon = new ReadHorizon(lsn.Value, 0);
        var generation = before.Generation + 1;
        var kept = ImmutableArray.CreateBuilder<FlushedSegment>();
        var added = ImmutableArray.CreateBuilder<FlushedSegment>();
        try
        {
            var earlier = before.Tables.FirstOrDefault(t => t.Table == table.Id)?.Segments.ToDictionary(s => s.Info.Name);
            foreach (var extent in version.Segments)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (earlier?.GetValueOrDefault(extent.Segment.Info.Name) is { } said && !OverlayCapture.HasChanged(extent, table, before.Lsn, lsn))
                {
                    // Columns may have been computed for it since.
                    kept.Add(new FlushedSegment(said with { Info = extent.Segment.Info }, extent, null));
                    WriteRuns(extent, table, isNew: false, cancellationToken);
                    continue;
                }

                using var overlay = OverlayCapture.Run(extent, table, horizon);
                if (overlay.DeletedPositions.Length == extent.Segment.Info.RowCount)
                {
                    // Nothing of it is left; no snapshot that will be opened can see a row of it.
                    continue;
                }

                var replaced = ReplacementFile.Write(directory, table, extent, overlay, horizon, generation, patchCountMin, cancellationToken);
                var folded = extent.StartAnew(directory, replaced);
                // Disposed with the overlay that it is a part of.
                var rest = overlay with { Patches = [.. overlay.Patches.Where(p => !replaced.Any(r => r.ReplacedColumn == p.Column))] };
                kept.Add(new FlushedSegment(new SegmentManifest(folded.Segment.Info, null, 0), folded, extent));
                kept[^1] = kept[^1] with { Manifest = WriteOverlay(directory, folded, rest, generation) };
                OverlayCapture.Fill(folded, rest, lsn);
                WriteRuns(folded, table, isNew: false, cancellationToken);
            }

            using var reader = new BlockReader(horizon, table, [ColumnId.RowId, .. table.Columns.Select(c => c.Id)]);
            using var rows = new SegmentRows(directory, table, generation, [.. loads.Concat(version.Segments.Select(s => s.Segment.Info.RowIdMin)).Order()], indexes);
            // The last delta is the active one: it takes what comes after the flush.
            for (var d = 0; d < version.Deltas.Length - 1; d++)
            {
                for (var i = 0; i < version.Deltas[d].ChunkCount; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    reader.Position(version.Deltas[d].Chunk(i));
                    rows.Add(reader);
                }
            }

            foreach (var info in rows.Finish())
            {
                added.Add(new FlushedSegment(new SegmentManifest(info, null, 0), new SegmentExtent(Segment.Open(directory, info), indexes), null));
                WriteRuns(added[^1].Extent, table, isNew: true, cancellationToken);
            }

            Prefetch(indexes, added.Select(f => f.Extent.Segment.Info), table);

            return new FlushedTable(kept.ToImmutable(), added.ToImmutable());
        }
        catch
        {
            new FlushedTable(kept.ToImmutable(), added.ToImmutable()).Release();
            throw;
        }
    }

    /// <summary>Writes those runs of the table's indexes, codes of its vectors and sketches of its columns that are not there yet. The next insert asks for them, under the write lock: better to make them here, where nobody waits.</summary>
    internal static void WriteRuns(SegmentExtent extent, TableDefinition table, bool isNew, CancellationToken cancellationToken)
    {
        foreach (var index in table.Indexes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            extent.WriteRun(index.Id, KeyShape.Of(table, index), isNew);
        }

        cancellationToken.ThrowIfCancellationRequested();
        WriteCodes(extent, table, isNew);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Has the system read new segments and their codes, which were written past its cache and hold rows that were in memory, or in the cache, until now: the first query
    /// would wait for the disk. Not what takes a large part of the machine's memory: most of that was not there before either.</summary>
    internal static void Prefetch(IndexFiles? indexes, IEnumerable<SegmentInfo> segments, TableDefinition table)
    {
        const int MemoryPart = 8;
        var rest = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryPart;
        foreach (var segment in segments)
        {
            rest -= segment.FileLength;
            if (rest < 0 || indexes is null)
            {
                return;
            }

            Prefetch(indexes, segment.Name);
            foreach (var column in table.Columns.Where(c => CodeFile.IsCoded(c.Type)))
            {
                Prefetch(indexes, CodeFile.NameOf(segment, column.Id));
            }
        }
    }

    private static void Prefetch(IndexFiles indexes, string name)
    {
        try
        {
            using var file = indexes.Directory.Open(name, writable: false);
            file.Prefetch(0, file.Length);
        }
        catch (EngramException e)
        {
            indexes.Logger.LogInformation(e, "{Name} was not read ahead", name);
        }
    }

    internal static void WriteCodes(SegmentExtent extent, TableDefinition table, bool isNew)
    {
        extent.WriteSketches(isNew);
        foreach (var column in table.Columns)
        {
            if (CodeFile.IsCoded(column.Type))
            {
                extent.WriteCodes(column.Id, column.Type.Size, isNew);
            }
        }

        foreach (var index in table.VectorIndexes)
        {
            if (GraphShapes.Of(table, index) is { } shape)
            {
                extent.WriteGraph(index.Id, shape, isNew);
            }
        }
    }

    private static SegmentManifest WriteOverlay(DataDirectory directory, SegmentExtent extent, OverlayData overlay, long generation)
    {
        var info = extent.Segment.Info;
        if (overlay.DeletedPositions.IsEmpty && overlay.Patches.IsEmpty)
        {
            return new SegmentManifest(info, null, 0);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{info.Name}.{generation:D8}.overlay");
        // As for segments: a checkpoint of this generation that failed earlier may have left one.
        directory.Delete(name);
        return new SegmentManifest(info, name, OverlayFile.Write(directory, name, overlay));
    }
}
