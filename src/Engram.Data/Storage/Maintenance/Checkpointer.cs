using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Moves the rows of the deltas into segments, writes down what happened to older segments, and shortens the log.</summary>
/// <remarks>
/// <para><b>The problem.</b> The log and the deltas grow with every write. A checkpoint at LSN F puts everything up to F into immutable files, so that
/// recovery starts at F. Meanwhile readers and writers go on.</para>
/// <para><b>Steps.</b></para>
/// <list type="number">
/// <item><i>Freeze</i>, under the write lock: F is the appended horizon; every table with rows in its active delta gets a new one; the log goes on in a new file.
/// A few pointers a table.</item>
/// <item><i>Wait</i> until F is durable. So nothing that is written below can be undone by a crash.</item>
/// <item><i>Write</i>, without any lock: one segment (or more) for the frozen rows of each table as of F, with their patches applied and their
/// deleted rows left out; one overlay for each older segment that has deletes or patches up to F. All synced, read back and verified.</item>
/// <item><i>Name</i>: the manifest, then CURRENT.</item>
/// <item><i>Publish</i>, under the write lock: what was committed after F against the frozen rows (ends, patches) is carried over to the new segments by
/// row id, with its stamps, and what was committed against older segments to their new extents, in which all patches up to F were folded into one for
/// each value; the root shows the segments in place of the frozen deltas. Snapshots taken before keep their root.</item>
/// <item><i>Delete</i> log files up to F and files that no manifest names.</item>
/// </list>
/// <para><b>Invariants.</b> A row is in exactly one of frozen delta and segment for every root. Nothing is deleted before CURRENT names what replaces it.</para>
/// <para><b>Crash</b> before step 4 is done: the old manifest counts, its log files are all there, new files are orphans and deleted at opening. After: the
/// new manifest counts; log files that survived are skipped by LSN. <b>Failure</b> (disk full) in step 3: the frozen deltas stay, readable and
/// writable, the files are deleted, and the next checkpoint takes the deltas along.</para>
/// </remarks>
internal sealed class Checkpointer(DirectoryStore store, WalWriter wal, PublishedFiles files)
{
    /// <summary>Makes a checkpoint. Called by one maintenance job at a time.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        if (Freeze(cancellationToken) is not { } frozen)
        {
            return;
        }

        try
        {
            wal.WaitDurable(frozen.Lsn);
            wal.Sync();
            using var written = Write(frozen, cancellationToken);
            wal.ThrowIfPoisoned();
            Name(frozen, written);
            Publish(frozen, written);
            store.Loads.LeaveLogged(frozen.Lsn);
        }
        finally
        {
            frozen.Root.Release();
        }

        wal.DeleteFilesUpTo(frozen.Lsn);
        files.DeleteOrphans();
    }

    /// <summary>Step 1. Null when nothing was committed since the last checkpoint.</summary>
    private Frozen? Freeze(CancellationToken cancellationToken)
    {
        // Writing and syncing up to 64 MiB of zeros is nothing to do under the write lock.
        wal.PrepareNext();
        store.AcquireWriteLock(cancellationToken);
        try
        {
            wal.ThrowIfPoisoned();
            var lsn = store.Appended;
            if (lsn == files.Manifest.Lsn)
            {
                DropDeadRows();
                return null;
            }

            wal.Rotate();
            var tables = ImmutableDictionary.CreateBuilder<TableId, TableVersion>();
            var added = new List<DeltaTable>();
            var needed = store.NeededCatalogs();
            foreach (var (id, version) in store.Root.Tables)
            {
                // Tables that were dropped and that no snapshot can ask for any more go here.
                if (!needed.Any(c => c.Catalog.Tables.ContainsKey(id)))
                {
                    continue;
                }

                if (version.Active.IsEmpty)
                {
                    tables.Add(id, version);
                    continue;
                }

                var fresh = new DeltaTable();
                added.Add(fresh);
                tables.Add(id, version with { Deltas = version.Deltas.Add(fresh) });
            }

            store.Publish(new StoreRoot(tables.ToImmutable(), needed, store.Root.Flushed));
            added.ForEach(d => d.Release());
            var root = store.Root;
            root.AddReference();
            var counters = store.LatestCatalog.Tables.Keys.ToImmutableDictionary(
                id => id, id => (store.CountersOf(id).RowIdNext, store.CountersOf(id).Identities));
            // Asked for now: rows with ids beyond a range that is kept from here on are in the new deltas.
            var loads = store.LatestCatalog.Tables.Keys.ToImmutableDictionary(id => id, store.Loads.RowIdsFirst);
            // The log before this point goes, and with it what it says of sequences.
            var catalog = store.LatestCatalog.WithSequenceValues(store.Sequences.Logged(store.LatestCatalog));
            return new Frozen(lsn, root, catalog, counters, loads);
        }
        finally
        {
            store.ReleaseWriteLock();
        }
    }

    /// <summary>When nothing was committed since the manifest, what deltas hold was rolled back: a transaction too large for the memory, say. Under the write lock.</summary>
    private void DropDeadRows()
    {
        var tables = store.Root.Tables;
        var added = new List<DeltaTable>();
        foreach (var (id, version) in tables)
        {
            if (version.Deltas.All(d => d.ChunkCount == 0) || !store.LatestCatalog.Tables.TryGetValue(id, out var table))
            {
                continue;
            }

            var fresh = new DeltaTable();
            added.Add(fresh);
            var next = version with { Deltas = [fresh] };
            // Keys that updates gave to rows of segments are in the delta that goes.
            using var changes = new RowChanges(next, table, null, store.Options.IndexConditions);
            foreach (var index in table.Indexes)
            {
                changes.FillIndex(index, includeDeltas: false, new ReadHorizon(files.Manifest.Lsn.Value, 0));
            }

            tables = tables.SetItem(id, next);
        }

        if (added.Count > 0)
        {
            store.Publish(new StoreRoot(tables, store.Root.Catalogs, store.Root.Flushed));
            added.ForEach(d => d.Release());
        }
    }

    /// <summary>Step 3.</summary>
    private CheckpointFiles Write(Frozen frozen, CancellationToken cancellationToken)
    {
        var written = new CheckpointFiles();
        try
        {
            foreach (var table in frozen.Catalog.Tables.Values.OrderBy(t => t.Id.Value))
            {
                var version = frozen.Root.Tables[table.Id];
                written.Tables.Add(
                    table.Id,
                    SegmentFlush.Run(
                        store.Directory, table, version, frozen.Lsn, files.Manifest, frozen.Loads[table.Id], store.Options.FoldedPatchCountMin, cancellationToken,
                        store.IndexFiles));
            }

            store.Directory.Sync(SegmentFlush.Subdirectory);
            return written;
        }
        catch
        {
            written.Dispose();
            files.DeleteUnnamed();
            throw;
        }
    }

    /// <summary>Step 4.</summary>
    private void Name(Frozen frozen, CheckpointFiles written)
    {
        var tables = frozen.Catalog.Tables.Keys.OrderBy(id => id.Value).Select(id =>
        {
            var (rowIdNext, identities) = frozen.Counters[id];
            return new TableManifest(id, rowIdNext, identities, written.Tables[id].Segments);
        });
        files.Publish(new Manifest(files.Manifest.Generation + 1, frozen.Lsn, frozen.Catalog, [.. tables]));
    }

    /// <summary>Step 5.</summary>
    private void Publish(Frozen frozen, CheckpointFiles written)
    {
        // Not cancellable: CURRENT already names the new files, and the memory must follow.
        store.AcquireWriteLock(CancellationToken.None);
        var extended = new List<SegmentExtent>();
        try
        {
            var tables = store.Root.Tables;
            foreach (var (id, flushed) in written.Tables)
            {
                if (!tables.TryGetValue(id, out var now))
                {
                    continue;
                }

                var before = frozen.Root.Tables[id];
                var frozenDeltas = before.Deltas.RemoveAt(before.Deltas.Length - 1);
                foreach (var delta in frozenDeltas)
                {
                    CarryOver.Run(delta, flushed.Added, frozen.Lsn);
                }

                foreach (var folded in flushed.Kept.Where(k => k.Previous is not null))
                {
                    CarryOver.Run(folded.Previous!, folded.Extent, frozen.Lsn);
                }

                // Segments that loads attached meanwhile stay as they are; columns that were computed for others meanwhile go along.
                var known = before.Segments.Select(s => s.Segment.Info.Name).ToHashSet(StringComparer.Ordinal);
                var attached = now.Segments.Where(s => !known.Contains(s.Segment.Info.Name));
                var current = now.Segments.ToDictionary(s => s.Segment.Info.Name, StringComparer.Ordinal);
                var next = new TableVersion(
                    TableVersion.InOrder([.. flushed.Kept.Select(k => WithColumnsOf(current[k.Extent.Segment.Info.Name], k, extended)), .. flushed.Added.Select(a => a.Extent), .. attached]), now.Deltas.RemoveRange(frozenDeltas));
                if (!frozenDeltas.IsEmpty)
                {
                    RefillIndexes(id, next, frozen.Lsn);
                }

                tables = tables.SetItem(id, next);
            }

            store.Publish(new StoreRoot(tables, store.NeededCatalogs(), frozen.Lsn.Value));
        }
        catch (Exception e)
        {
            // CURRENT names files that the memory does not show: the next checkpoint would build on the wrong ones.
            wal.Poison(e);
            throw;
        }
        finally
        {
            store.ReleaseWriteLock();
            extended.ForEach(e => e.Release());
        }
    }

    /// <summary>A segment that stays, with the columns that it got while the checkpoint was written.</summary>
    /// <param name="now">As the root shows it.</param>
    /// <param name="kept">As the checkpoint wrote it.</param>
    /// <param name="extended">Takes what is made here.</param>
    private SegmentExtent WithColumnsOf(SegmentExtent now, FlushedSegment kept, List<SegmentExtent> extended)
    {
        if (kept.Previous is not { } previous)
        {
            // Nothing was folded: what the root shows is it, perhaps with more columns.
            return now;
        }

        var added = now.Segment.Info.Replacements.Where(r => !previous.Segment.Info.Replacements.Any(p => p.Name == r.Name)).ToList();
        if (added.Count == 0)
        {
            return kept.Extent;
        }

        extended.Add(kept.Extent.WithColumns(store.Directory, added));
        return extended[^1];
    }

    /// <summary>The frozen deltas' key tables are about to go; keys that updates gave to rows of older segments are in them.</summary>
    /// <remarks>Before the root is published, or a probe could miss such a row. As of the flush, because a snapshot of the new root may be as old
    /// as that; keys given later are in the delta that became the active one at the freeze.</remarks>
    private void RefillIndexes(TableId id, TableVersion next, Lsn flushed)
    {
        // Not of the newest schema alone: until the commit that changed it is durable, snapshots that begin use the indexes of the one before.
        var filled = new HashSet<IndexId>();
        foreach (var catalog in store.NeededCatalogs())
        {
            if (!catalog.Catalog.Tables.TryGetValue(id, out var table))
            {
                continue;
            }

            using var changes = new RowChanges(next, table, null, store.Options.IndexConditions);
            foreach (var index in table.Indexes.Where(i => filled.Add(i.Id)))
            {
                changes.FillIndex(index, includeDeltas: false, new ReadHorizon(flushed.Value, 0));
            }
        }
    }

    /// <param name="Root">Leased: its deltas but the last of each table are what is flushed.</param>
    /// <param name="Loads">For each table, where the ranges of row ids begin that loads keep.</param>
    private sealed record Frozen(
        Lsn Lsn, StoreRoot Root, DatabaseCatalog Catalog,
        ImmutableDictionary<TableId, (long RowIdNext, ImmutableArray<(ColumnId Column, long Next)> Identities)> Counters,
        ImmutableDictionary<TableId, ImmutableArray<long>> Loads);
}

/// <summary>What step 3 of a checkpoint wrote.</summary>
internal sealed class CheckpointFiles : IDisposable
{
    public Dictionary<TableId, FlushedTable> Tables { get; } = [];

    /// <summary>Lets go of the extents: by now a root holds them, or nobody does.</summary>
    public void Dispose()
    {
        foreach (var table in Tables.Values)
        {
            table.Release();
        }
    }
}

/// <summary>One table's segments after a flush: those kept, with their overlays, and those added.</summary>
internal sealed record FlushedTable(ImmutableArray<FlushedSegment> Kept, ImmutableArray<FlushedSegment> Added)
{
    /// <summary>All of them as the manifest has them, in the order of their row ids.</summary>
    public ImmutableArray<SegmentManifest> Segments => [.. Kept.Concat(Added).Select(s => s.Manifest).OrderBy(s => s.Info.RowIdMin)];

    /// <summary>Lets go of the extents that were made by the flush.</summary>
    public void Release()
    {
        foreach (var made in Kept.Where(k => k.Previous is not null).Concat(Added))
        {
            made.Extent.Release();
        }
    }
}

/// <param name="Manifest">What the manifest says of it.</param>
/// <param name="Extent">What the root will show.</param>
/// <param name="Previous">The extent in whose place it comes, with everything up to the flush folded; null when there is none, or when it stays.</param>
internal sealed record FlushedSegment(SegmentManifest Manifest, SegmentExtent Extent, SegmentExtent? Previous);
