using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Everything that opening a store put together.</summary>
internal sealed record OpenedStore(
    DataDirectory Directory, StoreOptions Options, ILogger Logger, IDisposable? Lock, PublishedManifest Manifest, WalWriter? Wal, StoreRoot Root,
    Dictionary<TableId, TableCounters> Counters, Lsn Lsn, RecoveryReport Recovery, IReadOnlyList<LoggedSegment> Attached, IndexFiles Indexes);

/// <summary>Opens or creates a database: lock, CURRENT, manifest, segments, log, new log file, orphans.</summary>
/// <remarks>
/// <para>Steps, and what a crash after each leaves behind:</para>
/// <list type="number">
/// <item>the writer's lock: goes with the process;</item>
/// <item>a salvage that had been interrupted is finished, and one that is asked for runs (<see cref="Salvage"/>);</item>
/// <item>CURRENT and the manifest that it names are read; a new database gets both (a creation that did not finish is begun anew);</item>
/// <item>each segment's footer is checked against the manifest, its overlay is read; columns stay unread until somebody asks;</item>
/// <item>the log is synced, read and checked, and commits after the manifest's LSN are applied to memory, a long log by several threads
/// (<see cref="ReplayWorkers"/>): nothing on disk has changed;</item>
/// <item>a new log file is started that continues where the old one ends: until it is complete, the next opening finds what this one found;</item>
/// <item>files that the manifest does not name are deleted.</item>
/// </list>
/// <para>So opening is idempotent: interrupted anywhere and repeated any number of times, it ends in the same state. Read-only opening takes no lock and
/// stops after the log is applied, without writing a byte.</para>
/// </remarks>
internal static class StoreOpening
{
    private const string LockName = "LOCK";

    public static Store Open(DataDirectory directory, StoreOptions options, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            return options.IsReadOnly
                ? ReadOnlyOpening.Open(directory, logger, (held, upTo) => OpenOnce(held, options, logger, upTo, cancellation))
                : OpenOnce(directory, options, logger, null, cancellation);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <param name="upTo">The newest commit that is read; null for all.</param>
    /// <param name="cancellation">Looked at before each segment and each commit of the log: up to there opening can be interrupted anywhere.</param>
    private static DirectoryStore OpenOnce(DataDirectory directory, StoreOptions options, ILogger logger, Lsn? upTo, CancellationToken cancellation)
    {
        IDisposable? heldLock = null;
        WalWriter? wal = null;
        var tables = new Dictionary<TableId, TableVersion>();
        try
        {
            var clock = directory.Clock;
            var started = clock.GetTimestamp();
            if (!directory.Exists(CurrentFile.Name))
            {
                if (!options.IsReadOnly && options.MayCreate)
                {
                    directory.CreateSubdirectory("");
                }
                else if (directory.List("").Count == 0)
                {
                    // Before the lock, which would create a file.
                    throw Error.DatabaseNotFound(directory.Path);
                }
            }

            if (!options.IsReadOnly && (heldLock = directory.TryLock(LockName, out var holder)) is null)
            {
                throw Error.DatabaseLocked(directory.Path, holder);
            }

            var salvaged = options.IsReadOnly ? null : Repair(directory, options, logger);
            var wasCreated = !CurrentFile.Exists(directory);
            if (wasCreated && (options.IsReadOnly || !options.MayCreate))
            {
                throw Error.DatabaseNotFound(directory.Path);
            }

            var manifest = wasCreated ? Create(directory) : Read(directory, options.IsReadOnly);
            var found = clock.GetTimestamp();
            var indexes = new IndexFiles(directory, logger, options.IndexConditions);
            var counters = Load(directory, manifest.Manifest, tables, indexes, cancellation);
            var loaded = clock.GetTimestamp();
            using var workers = new ReplayWorkers(options.Replay);
            using var applier = new RedoApplier(tables, counters, manifest.Manifest.Catalog, directory.Path, workers) { Directory = directory, Indexes = indexes };
            void Apply(Lsn lsn, Bytes payload)
            {
                cancellation.ThrowIfCancellationRequested();
                applier.Apply(lsn, payload.Span);
            }

            var log = WalReader.ReplayWith(workers, directory, manifest.Manifest.Lsn, Apply, options.IsReadOnly, upTo);
            workers.Finish();
            var applied = clock.GetTimestamp();
            // The writer deletes what recovery no longer needs only when its own file is durable.
            wal = options.IsReadOnly ? null : WalWriter.Create(directory, options, log.Position, logger);
            var writable = clock.GetTimestamp();
            if (!options.IsReadOnly)
            {
                OrphanFiles.Delete(
                    directory, manifest.Manifest, () => applier.Attached.Select(a => a.Info.Name).ToHashSet(StringComparer.Ordinal));
            }

            var root = MakeRoot(tables, applier.Catalog, manifest.Manifest.Lsn);
            var report = new RecoveryReport
            {
                WasCreated = wasCreated,
                Phases = new RecoveryPhases(
                    Manifest: clock.GetElapsedTime(started, found),
                    Segments: clock.GetElapsedTime(found, loaded),
                    LogSync: log.SyncDuration,
                    LogRead: log.ReadDuration,
                    Apply: clock.GetElapsedTime(loaded, applied) - log.SyncDuration - log.ReadDuration,
                    LogStart: clock.GetElapsedTime(applied, writable),
                    Cleanup: clock.GetElapsedTime(writable)),
                Duration = clock.GetElapsedTime(started),
                Groups = log.Groups,
                Transactions = log.Transactions + (salvaged?.Log.Transactions ?? 0),
                Rows = applier.Rows + (salvaged?.Rows ?? 0),
                Bytes = log.Bytes + (salvaged?.Log.Bytes ?? 0),
                TornBytes = log.TornBytes + (salvaged?.Log.TornBytes ?? 0),
                Salvaged = salvaged?.Items ?? [],
                QuarantinedFiles = [.. salvaged?.QuarantinedFiles ?? [], .. log.QuarantineNames],
            };
            Report(logger, directory.Path, report);
            var lsn = log.LastLsn > manifest.Manifest.Lsn ? log.LastLsn : manifest.Manifest.Lsn;
            return new DirectoryStore(new OpenedStore(directory, options, logger, heldLock, manifest, wal, root, counters, lsn, report, applier.Attached, indexes));
        }
        catch
        {
            Release(tables);
            // Before the lock goes: it may still write.
            wal?.Dispose();
            heldLock?.Dispose();
            throw;
        }
    }

    /// <summary>What an interrupted salvage left to do, and a salvage when one is asked for. Null when nothing was damaged.</summary>
    private static SalvageResult? Repair(DataDirectory directory, StoreOptions options, ILogger logger)
    {
        SalvagePending.FinishIfAny(directory, options, logger);
        return options.Recovery == RecoveryMode.Salvage ? Salvage.Run(directory, options, logger) : null;
    }

    private static PublishedManifest Create(DataDirectory directory)
    {
        CurrentFile.BeginCreate(directory, SegmentFlush.Subdirectory, WalFormat.Directory, WalFormat.Quarantine);
        var manifest = new Manifest(1, Lsn.Zero, DatabaseCatalog.Empty, []);
        var checksum = ManifestFile.Write(directory, manifest);
        directory.Sync("");
        return new PublishedManifest(manifest, CurrentFile.Create(directory, CurrentFile.NewDatabaseId(directory), manifest.Generation, checksum));
    }

    private static PublishedManifest Read(DataDirectory directory, bool isReadOnly)
    {
        var current = isReadOnly ? CurrentFile.Read(directory) : CurrentFile.Open(directory);
        return new PublishedManifest(ManifestFile.Read(directory, current.Generation, current.ManifestChecksum), current);
    }

    internal static Dictionary<TableId, TableCounters> Load(
        DataDirectory directory, Manifest manifest, Dictionary<TableId, TableVersion> tables, IndexFiles? indexes = null, CancellationToken cancellation = default)
    {
        var counters = new Dictionary<TableId, TableCounters>();
        foreach (var id in manifest.Catalog.Tables.Keys)
        {
            counters.Add(id, new TableCounters());
            tables.Add(id, new TableVersion([], [new DeltaTable()]));
        }

        foreach (var entry in manifest.Tables)
        {
            var table = manifest.Catalog.Get(entry.Table);
            counters[entry.Table].RowIdNext = entry.RowIdNext;
            foreach (var (column, next) in entry.IdentityNext)
            {
                counters[entry.Table].RestoreIdentity(column, next);
            }

            foreach (var segment in entry.Segments)
            {
                cancellation.ThrowIfCancellationRequested();
                var extent = new SegmentExtent(Segment.Open(directory, segment.Info), indexes);
                // In the dictionary at once, so that a later failure lets go of it.
                tables[entry.Table] = tables[entry.Table] with { Segments = tables[entry.Table].Segments.Add(extent) };
                if (segment.OverlayName is { } overlay)
                {
                    OverlayCapture.Restore(directory, overlay, segment.OverlayChecksum, extent, table, manifest.Lsn);
                }
            }

            using var changes = new RowChanges(tables[entry.Table], table, null, indexes?.Conditions);
            foreach (var index in table.Indexes)
            {
                changes.FillIndex(index, includeDeltas: false, RowChanges.Latest);
            }
        }

        return counters;
    }

    private static StoreRoot MakeRoot(Dictionary<TableId, TableVersion> tables, DatabaseCatalog catalog, Lsn flushed)
    {
        var root = new StoreRoot(tables.ToImmutableDictionary(), [new CatalogVersion(0, catalog, 0)], flushed.Value);
        Release(tables);
        return root;
    }

    /// <summary>Lets go of what was built: the root holds it now, or nobody does.</summary>
    internal static void Release(Dictionary<TableId, TableVersion> tables)
    {
        foreach (var version in tables.Values)
        {
            foreach (var segment in version.Segments)
            {
                segment.Release();
            }

            foreach (var delta in version.Deltas)
            {
                delta.Release();
            }
        }

        tables.Clear();
    }

    private static void Report(ILogger logger, string path, RecoveryReport report)
    {
        if (report.TornBytes > 0)
        {
            logger.LogWarning(
                "Opened {Path}: {TornBytes} bytes at the end of the log were never acknowledged; they were cut and kept in quarantine/", path, report.TornBytes);
        }

        logger.LogInformation(
            "Opened {Path} in {Duration}: {Transactions} transactions with {Rows} rows and {Bytes} bytes applied from the log; {Phases}",
            path, report.Duration, report.Transactions, report.Rows, report.Bytes, report.Phases);
    }
}
