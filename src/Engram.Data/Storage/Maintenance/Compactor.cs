using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Writes segments anew: without deleted rows, with new values in their places, several small ones as one.</summary>
/// <remarks>
/// <para><b>The problem.</b> Segments are immutable. A deleted row goes on taking room, a patched value is looked up beside the file at each read, and each
/// checkpoint adds segments. Room and speed must come back while readers and writers go on, and a crash at any moment must find one state or the other.</para>
/// <para><b>The picture.</b> A compaction works as of the LSN M of the manifest that counts, and so changes nothing about where recovery begins:</para>
/// <code>
///   manifest g,   LSN M:  segments A, B with their overlays as of M   + log after M
///   manifest g+1, LSN M:  segment  C, the same rows as of M           + the same log
/// </code>
/// <list type="number">
/// <item><i>Write</i>, without any lock: the rows of the old segments as M shows them, a block at a time, into a new one. Row ids stay, so the log's records, the keys in the
/// deltas and the write sets of others are right for either. Synced, read back, verified.</item>
/// <item><i>Name</i>: the manifest with the same LSN, schema and counters, then CURRENT.</item>
/// <item><i>Publish</i>, under the write lock: ends and patches that were committed after M against the old segments are carried over by row id with their stamps, and
/// the root shows the new segment. Everybody who begins now sees M or later, so what happened up to M needs no versions. Snapshots from before
/// keep their root, and with it the old segments.</item>
/// <item><i>Delete</i> the old files. Who still reads them holds them open or mapped; the system frees their room when the last snapshot lets go.</item>
/// </list>
/// <para><b>Invariants.</b> Only one maintenance job runs, so the segments of the root are those of the manifest, and those that loads attached since. Segments are not merged across
/// one of these, nor across row ids that a load keeps (<see cref="Transactions.LoadRegistry"/>): segments hold disjoint ranges of row ids. Deltas are not touched. Key hints for values up
/// to M are the new segment's own keys; those for later values are in the deltas, where the updates put them, under row ids.
/// Columns that a commit after M computed for a segment (<see cref="Transactions.ColumnFill"/>) are in no manifest yet: such a segment is left alone until the next checkpoint, and a compaction in whose midst
/// that happens is given up. Between the last look and the publication none can happen.</para>
/// <para><b>Order.</b> Rows are written as they came, or as the table asks for (<see cref="ClusterOrder"/>): their ids tell them, not their places.</para>
/// <para><b>Memory</b> is that of a segment writer and one block, however large the segments; where rows are ordered, some bytes for each row more. <b>Room</b>: the new file stands beside the old ones for a while.</para>
/// <para><b>Crash</b> before CURRENT names generation g+1: g counts, the new file is an orphan. After: g+1 counts, and the same log is applied to it; the old files
/// are orphans. <b>Failure</b> (disk full, a damaged page) while writing: the new file is deleted and nothing has changed.</para>
/// </remarks>
internal sealed class Compactor(DirectoryStore store, WalWriter wal, PublishedFiles files)
{
    /// <summary>From so many rows on a segment is rewritten for its order alone, without being asked: fewer are merged with others before long.</summary>
    private const int OrderedRowCountMin = 32 * Batch.RowCountMax;

    /// <summary>Called before each block; returns when the work may go on.</summary>
    public Action<CancellationToken>? Pace { get; init; }

    /// <summary>What the rules say should be compacted next, and how much room deleted rows take. Looks at every version beside the segments.</summary>
    /// <param name="except">Tables that are left out.</param>
    public CompactionPlan Plan(IReadOnlySet<TableId> except)
    {
        CompactionGroup? next = null;
        var deletedSizeBytes = 0L;
        var segmentSizeBytes = 0L;
        foreach (var (table, shapes) in Shapes())
        {
            for (var i = 0; i < shapes.Length; i++)
            {
                var length = table.Segments[i].Info.Files.Sum(f => f.FileLength);
                segmentSizeBytes += length;
                deletedSizeBytes += (long)((double)length * shapes[i].DeletedCount / shapes[i].RowCount);
            }

            if (next is null && !except.Contains(table.Table) && CompactionRules.Next(shapes) is var (first, count))
            {
                next = GroupOf(table, shapes, first, count);
            }
        }

        return new CompactionPlan(files.Manifest.Generation, next, deletedSizeBytes, segmentSizeBytes);
    }

    /// <summary>Everything that can be made smaller or faster.</summary>
    /// <param name="tables">Only these; null for all.</param>
    public List<CompactionGroup> FindAll(IReadOnlySet<TableId>? tables)
    {
        var groups = new List<CompactionGroup>();
        foreach (var (table, shapes) in Shapes())
        {
            for (var at = 0; tables?.Contains(table.Table) != false && CompactionRules.NextOfAll(shapes, at) is var (first, count); at = first + count)
            {
                groups.Add(GroupOf(table, shapes, first, count));
            }
        }

        return groups;
    }

    /// <summary>Whether the segments of a group are still there, and still neighbours.</summary>
    public bool IsThere(CompactionGroup group)
    {
        var segments = files.Manifest.Tables.FirstOrDefault(t => t.Table == group.Table)?.Segments ?? [];
        var first = 0;
        while (first < segments.Length && segments[first].Info.Name != group.Segments[0])
        {
            first++;
        }

        return store.LatestCatalog.Tables.ContainsKey(group.Table)
            && segments.Skip(first).Take(group.Segments.Length).Select(s => s.Info.Name).SequenceEqual(group.Segments);
    }

    /// <summary>Compacts a group that was just found. Called by one maintenance job at a time.</summary>
    /// <exception cref="EngramException">53100, 58030, XX001: nothing has changed. EG003: the log is poisoned.</exception>
    public void Run(CompactionGroup group, CancellationToken cancellationToken)
    {
        var root = store.LeaseRoot();
        try
        {
            var inputs = InputsOf(root, group);
            if (inputs.Any(i => IsHeld(i, files.Manifest)))
            {
                return;
            }

            var outputs = Write(group.Table, inputs, cancellationToken);
            try
            {
                wal.ThrowIfPoisoned();
                if (TryReserve(group.Table, inputs))
                {
                    try
                    {
                        files.Publish(Replace(group, outputs));
                    }
                    catch
                    {
                        GiveBack(inputs);
                        throw;
                    }

                    Publish(group.Table, inputs, outputs);
                }
            }
            finally
            {
                Release(outputs);
            }
        }
        finally
        {
            root.Release();
        }

        files.DeleteOrphans();
    }

    /// <summary>The shapes of each table's segments as of the manifest, for tables that are still there.</summary>
    private List<(TableManifest Table, SegmentShape[] Shapes)> Shapes()
    {
        var manifest = files.Manifest;
        var shapes = new List<(TableManifest, SegmentShape[])>();
        // The loads before the root: one that ends meanwhile is found there.
        var loads = manifest.Tables.ToDictionary(t => t.Table, t => store.Loads.RowIdsFirst(t.Table));
        var root = store.LeaseRoot();
        try
        {
            foreach (var table in manifest.Tables)
            {
                // One that was dropped since goes with the next checkpoint.
                if (store.LatestCatalog.Tables.ContainsKey(table.Table) && root.Tables.TryGetValue(table.Table, out var version))
                {
                    shapes.Add((table, ShapesOf(table, version, loads[table.Table], manifest)));
                }
            }
        }
        finally
        {
            root.Release();
        }

        return shapes;
    }

    /// <summary>The segments of the manifest, with where others stand between them or will: those that loads have attached since, or are writing.</summary>
    private static SegmentShape[] ShapesOf(TableManifest table, TableVersion version, ImmutableArray<long> loads, Manifest manifest)
    {
        var named = table.Segments.Select(s => s.Info.Name).ToHashSet(StringComparer.Ordinal);
        var others = loads.Concat(version.Segments.Select(s => s.Segment.Info).Where(i => !named.Contains(i.Name)).Select(i => i.RowIdMin)).ToList();
        var shapes = new List<SegmentShape>();
        var last = long.MinValue;
        foreach (var extent in version.Segments.Where(s => named.Contains(s.Segment.Info.Name)))
        {
            var info = extent.Segment.Info;
            shapes.Add(ShapeOf(extent, manifest.Catalog.Get(table.Table), manifest.Lsn.Value) with { IsBehindOther = others.Exists(o => o > last && o < info.RowIdMin), IsHeld = IsHeld(extent, manifest) });
            last = info.RowIdMax;
        }

        return [.. shapes];
    }

    private static SegmentShape ShapeOf(SegmentExtent extent, TableDefinition table, long lsn)
    {
        var deleted = 0;
        for (var block = 0; block < extent.Segment.BlockCount; block++)
        {
            if (extent.FindVersions(block) is not { } versions)
            {
                continue;
            }

            for (var row = 0; versions.Ends is { } ends && row < extent.Segment.RowsInBlock(block); row++)
            {
                var stamp = Volatile.Read(ref ends[row]);
                deleted += stamp > 0 && stamp <= lsn ? 1 : 0;
            }
        }

        var shape = new SegmentShape(extent.Segment.RowCount, deleted, (int)(extent.Segment.ReplacedSizeBytes * 100 / extent.Segment.Info.FileLength));
        return IsMisordered(extent.Segment, table) ? shape with { IsMisordered = true, IsWorthOrdering = shape.LiveCount >= OrderedRowCountMin } : shape;
    }

    /// <summary>Whether the table asks for another order. That of one which asks for none any more harms nobody.</summary>
    private static bool IsMisordered(Segment segment, TableDefinition table)
        => !table.ClusteredBy.IsEmpty && !segment.ClusteredBy.Select(c => table.FindStored(c)?.Id ?? c).SequenceEqual(table.ClusteredBy);

    private static CompactionGroup GroupOf(TableManifest table, SegmentShape[] shapes, int first, int count)
        => new(table.Table, [.. table.Segments.Slice(first, count).Select(s => s.Info.Name)], shapes.AsSpan(first, count).ToArray().Sum(s => s.LiveCount));

    private static ImmutableArray<SegmentExtent> InputsOf(StoreRoot root, CompactionGroup group)
    {
        ImmutableArray<SegmentExtent> inputs = root.Tables.TryGetValue(group.Table, out var version)
            ? [.. version.Segments.Where(s => group.Segments.Contains(s.Segment.Info.Name))]
            : [];
        return inputs.Length == group.Segments.Length ? inputs : throw Error.Internal($"segments of table {group.Table} disappeared before they were compacted");
    }

    /// <summary>Whether a commit that the manifest does not cover has given columns to a segment: what is written as of the manifest would lack them.</summary>
    private static bool IsHeld(SegmentExtent extent, Manifest manifest)
    {
        var info = extent.Segment.Info;
        var said = manifest.Tables.FirstOrDefault(t => t.Table == info.Table)?.Segments.FirstOrDefault(s => s.Info.Name == info.Name);
        return said is not null && !info.Replacements.Select(r => r.Name).SequenceEqual(said.Info.Replacements.Select(r => r.Name));
    }

    /// <summary>From here on nobody gives columns to the segments; false when somebody did meanwhile, and then what was written is left to the deletion of orphans.</summary>
    private bool TryReserve(TableId id, ImmutableArray<SegmentExtent> inputs)
    {
        store.AcquireWriteLock(CancellationToken.None);
        try
        {
            // Of a table that was dropped it does not matter.
            if (store.Root.Tables.TryGetValue(id, out var now) && !inputs.All(now.Segments.Contains))
            {
                return false;
            }

            foreach (var input in inputs)
            {
                input.IsBeingReplaced = true;
            }

            return true;
        }
        finally
        {
            store.ReleaseWriteLock();
        }
    }

    private void GiveBack(ImmutableArray<SegmentExtent> inputs)
    {
        store.AcquireWriteLock(CancellationToken.None);
        foreach (var input in inputs)
        {
            input.IsBeingReplaced = false;
        }

        store.ReleaseWriteLock();
    }

    /// <summary>Step 1.</summary>
    private ImmutableArray<FlushedSegment> Write(TableId id, ImmutableArray<SegmentExtent> inputs, CancellationToken cancellationToken)
    {
        var manifest = files.Manifest;
        var table = manifest.Catalog.Get(id);
        var written = ImmutableArray.CreateBuilder<FlushedSegment>();
        try
        {
            foreach (var info in IsOrdered(table, inputs) ? WriteOrdered(table, inputs, cancellationToken) : WriteAsTheyCame(table, inputs, cancellationToken))
            {
                written.Add(new FlushedSegment(new SegmentManifest(info, null, 0), new SegmentExtent(Segment.Open(store.Directory, info), store.IndexFiles), null));
                SegmentFlush.WriteRuns(written[^1].Extent, table, isNew: true, cancellationToken);
            }

            SegmentFlush.Prefetch(store.IndexFiles, written.Select(w => w.Extent.Segment.Info), table);
            return written.ToImmutable();
        }
        catch
        {
            Release(written.ToImmutable());
            files.DeleteUnnamed();
            throw;
        }
    }

    /// <summary>Whether rows change their order, or are in one already that has to be undone.</summary>
    private static bool IsOrdered(TableDefinition table, ImmutableArray<SegmentExtent> inputs)
        => !table.ClusteredBy.IsEmpty || inputs.Any(i => i.Segment.Order != RowOrder.Ascending);

    private List<SegmentInfo> WriteAsTheyCame(TableDefinition table, ImmutableArray<SegmentExtent> inputs, CancellationToken cancellationToken)
    {
        using var reader = new BlockReader(new ReadHorizon(files.Manifest.Lsn.Value, 0), table, [ColumnId.RowId, .. table.Columns.Select(c => c.Id)]);
        using var rows = new SegmentRows(store.Directory, table, files.Manifest.Generation + 1, [], store.IndexFiles);
        foreach (var input in inputs)
        {
            for (var block = 0; block < input.Segment.BlockCount; block++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Pace?.Invoke(cancellationToken);
                reader.Position(input, block);
                rows.Add(reader);
            }
        }

        return rows.Finish();
    }

    private List<SegmentInfo> WriteOrdered(TableDefinition table, ImmutableArray<SegmentExtent> inputs, CancellationToken cancellationToken)
    {
        var info = ClusteredRows.Write(store.Directory, store.IndexFiles, table, inputs, new ReadHorizon(files.Manifest.Lsn.Value, 0), files.Manifest.Generation + 1, () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Pace?.Invoke(cancellationToken);
        });
        return info is null ? [] : [info];
    }

    /// <summary>Step 2: the manifest that counts, with other files for the same rows.</summary>
    private Manifest Replace(CompactionGroup group, ImmutableArray<FlushedSegment> outputs)
    {
        var before = files.Manifest;
        var tables = before.Tables.Select(table =>
        {
            if (table.Table != group.Table)
            {
                return table;
            }

            var first = table.Segments.IndexOf(table.Segments.First(s => s.Info.Name == group.Segments[0]));
            return table with { Segments = table.Segments.RemoveRange(first, group.Segments.Length).InsertRange(first, outputs.Select(o => o.Manifest)) };
        });
        return before with { Generation = before.Generation + 1, Tables = [.. tables] };
    }

    /// <summary>Step 3. Not cancellable: CURRENT already names the new files, and the memory must follow.</summary>
    private void Publish(TableId id, ImmutableArray<SegmentExtent> inputs, ImmutableArray<FlushedSegment> outputs)
    {
        store.AcquireWriteLock(CancellationToken.None);
        try
        {
            // A table that was dropped meanwhile, and that no snapshot can ask for, may be gone.
            if (store.Root.Tables.TryGetValue(id, out var now))
            {
                foreach (var input in inputs)
                {
                    CarryOver.Run(input, outputs, files.Manifest.Lsn);
                }

                var first = now.Segments.IndexOf(inputs[0]);
                var next = now with { Segments = now.Segments.RemoveRange(first, inputs.Length).InsertRange(first, outputs.Select(o => o.Extent)) };
                store.Publish(new StoreRoot(store.Root.Tables.SetItem(id, next), store.NeededCatalogs(), store.Root.Flushed));
            }
        }
        catch (Exception e)
        {
            // CURRENT names files that the memory does not show: the next job would build on the wrong ones.
            wal.Poison(e);
            throw;
        }
        finally
        {
            store.ReleaseWriteLock();
        }
    }

    /// <summary>Lets go of the new extents: by now a root holds them, or nobody does.</summary>
    private static void Release(ImmutableArray<FlushedSegment> outputs)
    {
        foreach (var output in outputs)
        {
            output.Extent.Release();
        }
    }
}

/// <param name="Generation">Of the manifest that was looked at.</param>
/// <param name="Group">What comes next; null when nothing should be compacted.</param>
/// <param name="DeletedSizeBytes">Bytes of the segments' files that hold deleted rows, in proportion.</param>
/// <param name="SegmentSizeBytes">Bytes of the segments' files.</param>
internal sealed record CompactionPlan(long Generation, CompactionGroup? Group, long DeletedSizeBytes, long SegmentSizeBytes);
