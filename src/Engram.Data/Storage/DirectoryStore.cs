using System.Collections.Concurrent;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage;

/// <summary>The store over a database directory.</summary>
/// <remarks>
/// <para><b>Two horizons.</b> <see cref="Appended"/> is the newest commit in the log's queue: what the holder of the write lock reads and checks
/// against. The log's durable LSN is what new snapshots see; it follows after the sync, in commit order.</para>
/// <para><b>Who may do what.</b> Everything that changes the root, the counters, the deltas or <see cref="Appended"/> is done by the holder of the write
/// lock. Readers take a root and an LSN without a lock (see <see cref="StoreRoot"/>).</para>
/// </remarks>
internal sealed class DirectoryStore : Store
{
    /// <summary>Larger memory for redo records is not kept from one transaction to the next.</summary>
    private const int RedoKeptSizeBytes = 4 * 1024 * 1024;

    private readonly WriteLock writeLock = new();
    private readonly ConcurrentDictionary<TableId, TableCounters> counters;
    private readonly IDisposable? directoryLock;
    private readonly WalWriter? wal;
    private readonly MaintenanceJobs? maintenance;
    private readonly StateFile? state;
    private readonly PublishedManifest openedManifest;
    private StoreRoot root;
    private int isClosed;
    private ByteChunks? redo;

    public override MemoryBudget Memory { get; }

    /// <summary>The loads that run.</summary>
    public LoadRegistry Loads { get; }

    public DirectoryStore(OpenedStore opened)
    {
        Directory = opened.Directory;
        Options = opened.Options;
        Logger = opened.Logger;
        Recovery = opened.Recovery;
        directoryLock = opened.Lock;
        wal = opened.Wal;
        openedManifest = opened.Manifest;
        counters = new(opened.Counters);
        Loads = new LoadRegistry(opened.Attached);
        Memory = new MemoryBudget(Options.MemoryLimitBytes);
        root = opened.Root;
        root.ChargeTo(Memory);
        Appended = opened.Lsn;
        DurableWithoutLog = opened.Lsn;
        LatestCatalog = root.Catalogs[^1].Catalog;
        Sequences = wal is null ? null! : new SequenceCounters(LatestCatalog) { TryLog = TryLogSequences };
        Load = new ForegroundLoad(Directory.Clock);
        IndexFiles = opened.Indexes;
        IndexFiles.Memory = Memory;
        Watch = new SnapshotWatch(Directory.Clock);
        if (wal is not null && Directory.IsShared)
        {
            // Before anything is appended: until here STATE was another's, and readers knew by that that nothing was.
            state = StateFile.Begin(Directory, opened.Lsn, Logger);
            wal.DurableAdvanced = state.Write;
        }

        if (wal is not null)
        {
            wal.IsCommitExpected = () => writeLock.IsReleaseExpected;
            maintenance = new MaintenanceJobs(this, wal, opened.Manifest);
            IndexFiles.Made = maintenance.WriteDerived;
        }
    }

    public DataDirectory Directory { get; }

    public StoreOptions Options { get; }

    public ILogger Logger { get; }

    /// <summary>Where runs of indexes are kept.</summary>
    public IndexFiles IndexFiles { get; }

    public override RecoveryReport Recovery { get; }

    public override ForegroundLoad Load { get; }

    /// <summary>Roots that snapshots hold after others took their places.</summary>
    public SnapshotWatch Watch { get; }

    /// <summary>The newest commit in the log's queue. Set by the holder of the write lock.</summary>
    public Lsn Appended { get; set; }

    /// <summary>The schema at <see cref="Appended"/>.</summary>
    public DatabaseCatalog LatestCatalog { get; private set; }

    /// <summary>How far sequences are. Null of a store that is read-only.</summary>
    public SequenceCounters Sequences { get; }

    public StoreRoot Root => Volatile.Read(ref root);

    /// <summary>The LSN of a read-only store, which has no log to write.</summary>
    private Lsn DurableWithoutLog { get; }

    /// <summary>The log; null of a store that is read-only.</summary>
    public WalWriter? Log => wal;

    public Lsn Durable => wal?.Durable ?? DurableWithoutLog;

    public override (Lsn Durable, long SyncCount, long WrittenSizeBytes, long SizeBytes) LogFigures
        => wal is null ? (DurableWithoutLog, 0, 0, 0) : (wal.Durable, wal.SyncCount, wal.WrittenSizeBytes, wal.SizeBytes);

    public override bool IsPoisoned => wal is { IsPoisoned: true };

    /// <summary>The manifest that counts; for a read-only store the one that it was opened with.</summary>
    public PublishedManifest Published => maintenance?.Published ?? openedManifest;

    /// <summary>Whether this store writes nothing, and another process may.</summary>
    public bool IsFollowing => wal is null;

    public override async Task<VerificationResult> VerifyAsync(VerificationOptions options, CancellationToken cancellationToken)
    {
        CheckOpen();
        return await Task.Run(() => Verification.RunAsync(this, options, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public override (int FileCount, long SizeBytes, long AppendedLsn, long DurableLsn, long CheckpointLsn, long SyncCount, long WrittenSizeBytes) DescribeLog()
        => wal is null
            ? (0, 0, Durable.Value, Durable.Value, Published.Manifest.Lsn.Value, 0, 0)
            : (wal.Files.Count, wal.SizeBytes, wal.Appended.Value, wal.Durable.Value, Published.Manifest.Lsn.Value, wal.SyncCount, wal.WrittenSizeBytes);

    public override IReadOnlyList<(TimeSpan Age, long FileSizeBytes, long MemorySizeBytes)> DescribeSnapshots()
    {
        var newest = LeaseRoot();
        try
        {
            return Watch.Describe(newest);
        }
        finally
        {
            newest.Release();
        }
    }

    public override Snapshot OpenSnapshot()
    {
        while (true)
        {
            CheckOpen();
            var seen = Root;
            if (!seen.TryAddReference())
            {
                continue;
            }

            var lsn = Durable.Value;
            if (ReferenceEquals(seen, Root))
            {
                return new StoreSnapshot(seen, new ReadHorizon(lsn, 0), seen.CatalogAt(lsn)) { Memory = Memory, Sequences = Sequences };
            }

            seen.Release();
        }
    }

    /// <summary>The root that shows the newest state, leased. Takes no lock.</summary>
    /// <exception cref="EngramException">08003 when the store is closed.</exception>
    public StoreRoot LeaseRoot() => TryLeaseRoot() ?? throw Error.DatabaseClosed(Directory.Path);

    private StoreRoot? TryLeaseRoot()
    {
        while (true)
        {
            var seen = Root;
            if (seen.TryAddReference())
            {
                return seen;
            }

            // The newest root keeps its reference until the store is closed; then no other comes.
            if (Volatile.Read(ref isClosed) != 0)
            {
                return null;
            }
        }
    }

    public override async ValueTask<Transaction> BeginWriteAsync(TimeSpan timeout, Lsn? asOf, CancellationToken cancellationToken)
    {
        CheckWritable();
        if (WritePressure.IsHigh(Memory))
        {
            timeout = await new WritePressure(this, timeout, asOf, cancellationToken).WaitAsync().ConfigureAwait(false);
        }

        await writeLock.AcquireAsync(timeout, Directory.Clock, cancellationToken).ConfigureAwait(false);
        return Begin(asOf);
    }

    public override Transaction BeginWrite(TimeSpan timeout, Lsn? asOf, CancellationToken cancellationToken)
    {
        CheckWritable();
        if (WritePressure.IsHigh(Memory))
        {
            timeout = new WritePressure(this, timeout, asOf, cancellationToken).Wait();
        }

        writeLock.Acquire(timeout, Directory.Clock, cancellationToken);
        return Begin(asOf);
    }

    /// <summary>Whether neither a checkpoint nor a compaction runs.</summary>
    public bool IsMaintenanceIdle => maintenance?.IsIdle ?? true;

    public override BulkLoad BeginLoad(TableDefinition table)
    {
        CheckWritable();
        return counters.TryGetValue(table.Id, out var numbers) ? new BulkLoad(this, table, numbers) : throw Error.TableChangedSinceLoad(table.ToString());
    }

    public override EngramException WriteLockTimedOut(TimeSpan waited)
        => Memory.DeltaBytes >= Memory.LimitBytes ? Error.MemoryNotGivenBack(waited, Memory.DeltaBytes, Memory.LimitBytes) : writeLock.Timedout(waited);

    private void CheckWritable()
    {
        CheckOpen();
        if (wal is null)
        {
            throw Error.ReadOnlyDatabase(Directory.Path);
        }

        wal.ThrowIfPoisoned();
    }

    /// <summary>Refuses a transaction that reads a moment from before the last checkpoint: the rows as of then are in a root that takes no writes any more.</summary>
    public void CheckSnapshotIsWritable(Lsn? asOf)
    {
        if (asOf is { } lsn && lsn.Value < Root.Flushed)
        {
            throw Error.SnapshotTooOld();
        }
    }

    /// <summary>With the write lock held, which goes again when it fails.</summary>
    private WriteTransaction Begin(Lsn? asOf)
    {
        try
        {
            CheckWritable();
            CheckSnapshotIsWritable(asOf);
            if (asOf is { } seen && Root.Catalogs[^1].PermanentSince > seen.Value)
            {
                // Old rows cannot be read by a definition that came later: an altered column may be another column with values of its own.
                throw Error.SchemaChangedSinceSnapshot();
            }

            return new WriteTransaction(this, asOf);
        }
        catch
        {
            writeLock.Release();
            throw;
        }
    }

    public override ValueTask WaitDurableAsync(Lsn lsn) => wal?.WaitDurableAsync(lsn) ?? ValueTask.CompletedTask;

    public void WaitDurable(Lsn lsn) => wal?.WaitDurable(lsn);

    public override ValueTask CheckpointAsync(CancellationToken cancellationToken)
    {
        CheckWritable();
        return new ValueTask(Task.Factory.StartNew(
            () => maintenance!.Checkpoint(cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    public override void Checkpoint(CancellationToken cancellationToken)
    {
        CheckWritable();
        maintenance!.Checkpoint(cancellationToken);
    }

    public override ValueTask CompactAsync(IReadOnlySet<TableId>? tables, Action<CompactionState>? progress, CancellationToken cancellationToken)
    {
        CheckWritable();
        return new ValueTask(Task.Factory.StartNew(
            () => maintenance!.Compact(tables, progress, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));
    }

    public override void Compact(IReadOnlySet<TableId>? tables, Action<CompactionState>? progress, CancellationToken cancellationToken)
    {
        CheckWritable();
        maintenance!.Compact(tables, progress, cancellationToken);
    }

    public override Lsn Backup(string path, Action<BackupState>? report, CancellationToken cancellationToken)
    {
        CheckOpen();
        return BackupPlace.Run(this, path, report, cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        if (maintenance is { IsIdle: false })
        {
            return new ValueTask(Task.Factory.StartNew(Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }

        Dispose();
        return ValueTask.CompletedTask;
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref isClosed, 1) != 0)
        {
            return;
        }

        try
        {
            maintenance?.Stop();

            // Whoever holds the write lock finishes first; whoever waits for it finds the store closed.
            writeLock.Acquire(Timeout.InfiniteTimeSpan, Directory.Clock, CancellationToken.None);
            LogSequencesAtEnd();
            writeLock.Release();
            wal?.Dispose();
        }
        finally
        {
            state?.Dispose();
            Root.Release();
            directoryLock?.Dispose();
            Directory.Dispose();
        }
    }

    /// <summary>Makes a commit of how far sequences are, if nobody holds the write lock; else its holder's commit says so.</summary>
    private void TryLogSequences()
    {
        if (Volatile.Read(ref isClosed) != 0 || !writeLock.TryAcquireAtOnce())
        {
            return;
        }

        using var writer = Begin(null);
        if (writer.LogSequences(isClosing: false))
        {
            writer.Commit();
        }
    }

    /// <summary>Writes how far sequences really are, so that a clean end skips no numbers. Under the write lock, which is held afterwards too.</summary>
    private void LogSequencesAtEnd()
    {
        if (wal is null or { IsPoisoned: true })
        {
            return;
        }

        var redo = new ByteWriter();
        Sequences.WriteTo(redo, LatestCatalog, isClosing: true);
        if (redo.Length == 0)
        {
            return;
        }

        try
        {
            var lsn = Appended.Next;
            AppendToLog(lsn, redo.Written);
            Appended = lsn;
            wal.WaitDurable(lsn);
        }
        catch (EngramException e)
        {
            // The numbers that are skipped at the next opening are all that is lost.
            Logger.LogWarning(e, "How far sequences are could not be written while {Path} was closed; some of their numbers are skipped at the next opening.", Directory.Path);
        }
    }

    /// <summary>Lets go of a read-only store that nobody got, whose directory is opened again.</summary>
    public void ReleaseReadOnly()
    {
        isClosed = 1;
        Root.Release();
    }

    /// <summary>Asks for a checkpoint in the background when it would give memory back.</summary>
    public void RelieveMemory() => maintenance?.RelieveMemory();

    // What follows is for the holder of the write lock only.

    public void AcquireWriteLock(CancellationToken cancellationToken)
        => writeLock.Acquire(Timeout.InfiniteTimeSpan, Directory.Clock, cancellationToken);

    public void ReleaseWriteLock()
    {
        writeLock.Release();
        wal?.EndGathering();
        maintenance?.ConsiderStarting();
    }

    public Snapshot OpenOwnSnapshot(ReadHorizon horizon, DatabaseCatalog catalog)
    {
        var current = Root;
        current.AddReference();
        return new StoreSnapshot(current, horizon, catalog) { Memory = Memory, Sequences = Sequences };
    }

    /// <summary>Memory for the redo records of the one write transaction; given back when it ends.</summary>
    public ByteChunks TakeRedo() => Interlocked.Exchange(ref redo, null) ?? new ByteChunks(64 * 1024, sizeBytesMax: Options.CommitSizeBytesMax);

    public void GiveBackRedo(ByteChunks used)
    {
        if (used.IsHandedOver)
        {
            // The log's by now, and perhaps freed.
            return;
        }

        if (used.IsLarge || used.Length > RedoKeptSizeBytes)
        {
            used.Free();
            return;
        }

        used.Clear();
        redo = used;
    }

    public void AppendToLog(Lsn expected, ReadOnlySpan<byte> payload)
    {
        Check(expected, wal!.Append(payload));
    }

    /// <param name="payload">What is large of it belongs to the log from now on.</param>
    public void AppendToLog(Lsn expected, ByteChunks payload) => Check(expected, wal!.Append(payload));

    private static void Check(Lsn expected, Lsn lsn)
    {
        if (lsn != expected)
        {
            throw Error.Internal($"the log gave LSN {lsn} to the commit that was stamped {expected}");
        }
    }

    public TableVersion VersionOf(TableId table) => Root.Tables[table];

    public IReadOnlyDictionary<TableId, TableCounters> Counters => counters;

    public TableCounters CountersOf(TableId table) => counters[table];

    /// <summary>Shows segments of a load, which are stamped so that only the transaction itself sees their rows.</summary>
    public void AttachSegments(TableId table, IReadOnlyList<SegmentExtent> segments)
    {
        var version = Root.Tables[table];
        var next = version with { Segments = TableVersion.InOrder(version.Segments.Concat(segments)) };
        Publish(new StoreRoot(Root.Tables.SetItem(table, next), Root.Catalogs, Root.Flushed));
    }

    /// <summary>Shows other extents of a table's segments.</summary>
    public void ShowSegments(TableId table, ImmutableArray<SegmentExtent> segments)
        => Publish(new StoreRoot(Root.Tables.SetItem(table, Root.Tables[table] with { Segments = segments }), Root.Catalogs, Root.Flushed));

    /// <summary>Takes segments of a rolled-back load away. Their files are deleted by the load, or as orphans when it has ended before its transaction.</summary>
    public void DetachSegments(IReadOnlyList<SegmentExtent> segments)
    {
        var tables = Root.Tables;
        foreach (var (id, version) in tables.Where(t => t.Value.Segments.Any(segments.Contains)))
        {
            tables = tables.SetItem(id, version with { Segments = version.Segments.RemoveRange(segments) });
        }

        Publish(new StoreRoot(tables, Root.Catalogs, Root.Flushed));
        foreach (var segment in segments)
        {
            Loads.Leave(segment.Segment.Info.Name);
        }
    }

    /// <summary>Makes a place for the rows of a new table, unless there is one. Harmless while no catalog names it.</summary>
    public bool TryAddTable(TableId table)
    {
        if (Root.Tables.ContainsKey(table))
        {
            return false;
        }

        counters[table] = new TableCounters();
        var delta = new DeltaTable();
        Publish(new StoreRoot(Root.Tables.Add(table, new TableVersion([], [delta])), Root.Catalogs, Root.Flushed));
        delta.Release();
        return true;
    }

    /// <summary>Forgets tables that a rolled-back transaction had created: their ids will be given again.</summary>
    public void ForgetTables(IReadOnlyList<TableId> gone)
    {
        if (gone.Count == 0)
        {
            return;
        }

        foreach (var id in gone)
        {
            counters.TryRemove(id, out _);
        }

        Publish(new StoreRoot(Root.Tables.RemoveRange(gone), Root.Catalogs, Root.Flushed));
    }

    /// <summary>Makes a changed schema hold from a commit on; nothing when it did not change.</summary>
    public void PublishCatalog(DatabaseCatalog before, DatabaseCatalog after, Lsn lsn)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        var permanentSince = after.DiffersOnlyInTemporary(before) ? Root.Catalogs[^1].PermanentSince : lsn.Value;
        Publish(new StoreRoot(Root.Tables, NeededCatalogs().Add(new CatalogVersion(lsn.Value, after, permanentSince)), Root.Flushed));
        LatestCatalog = after;
        if (after.Tables.Any(t => HasGraphsToBuild(t.Value, before)))
        {
            maintenance?.WriteDerived();
        }
    }

    /// <summary>Whether a table has a vector index that it did not have before, and rows enough for a graph.</summary>
    private bool HasGraphsToBuild(TableDefinition table, DatabaseCatalog before)
        => !table.VectorIndexes.IsEmpty && before.Tables.TryGetValue(table.Id, out var old) && table.VectorIndexes.Any(i => old.VectorIndexes.All(o => o.Id != i.Id))
            && Root.Tables.TryGetValue(table.Id, out var version) && version.RowCount >= OpenSegment.GraphRowCountMin;

    public void WithdrawCatalog(Lsn lsn)
    {
        if (Root.Catalogs[^1].Since != lsn.Value)
        {
            return;
        }

        Publish(new StoreRoot(Root.Tables, Root.Catalogs.RemoveAt(Root.Catalogs.Length - 1), Root.Flushed));
        LatestCatalog = Root.Catalogs[^1].Catalog;
    }

    /// <summary>Tells the log about snapshots that are open for too long.</summary>
    public void WarnOfOldSnapshots()
    {
        // A clock's tick may come while the store is closed: then no root can be leased any more, and there is nothing to say.
        if (TryLeaseRoot() is not { } newest)
        {
            return;
        }

        try
        {
            Watch.Check(newest, Logger, Directory.Path);
        }
        finally
        {
            newest.Release();
        }
    }

    /// <summary>Replaces the root; snapshots keep the one that they lease.</summary>
    public void Publish(StoreRoot next)
    {
        var old = root;
        next.ChargeTo(Memory);
        Volatile.Write(ref root, next);
        old.Release();
        Watch.Add(old);
    }

    /// <summary>The catalogs that a snapshot taken from now on can need: the newest durable one and all later ones.</summary>
    public ImmutableArray<CatalogVersion> NeededCatalogs()
    {
        var durable = Durable.Value;
        var catalogs = Root.Catalogs;
        var first = 0;
        while (first + 1 < catalogs.Length && catalogs[first + 1].Since <= durable)
        {
            first++;
        }

        return catalogs.RemoveRange(0, first);
    }

    public void CheckOpen()
    {
        if (Volatile.Read(ref isClosed) != 0)
        {
            throw Error.DatabaseClosed(Directory.Path);
        }
    }
}
