using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage;

/// <summary>One open database: its files, its log, its rows. What <c>Engine.Database</c> opens and closes.</summary>
internal abstract class Store : IAsyncDisposable, IDisposable
{
    /// <summary>Opens or creates the database in a directory; runs recovery. Takes ownership of the directory.</summary>
    /// <param name="cancellation">Ends it before the next segment, or the next commit of the log; the next opening finds what this one found.</param>
    /// <exception cref="EngramException">EG001 not a database, EG002 other format, EG004 absent and read-only, 55P03 locked by another process, XX001 damaged.</exception>
    public static Store Open(DataDirectory directory, StoreOptions options, ILogger logger, CancellationToken cancellation = default)
        => StoreOpening.Open(directory, options, logger, cancellation);

    /// <summary>What this opening found and did.</summary>
    public abstract RecoveryReport Recovery { get; }

    /// <summary>Where statements say that they run, so that background work can yield.</summary>
    public abstract ForegroundLoad Load { get; }

    /// <summary>Whether a write or sync has failed: nothing more is written until the database is closed and opened again.</summary>
    public abstract bool IsPoisoned { get; }

    /// <summary>The memory that rows which are in no segment and statements take.</summary>
    public abstract MemoryBudget Memory { get; }

    /// <summary>How far the store is durable, how often the log was synced and how many bytes were written to it since the opening, and how many bytes of it a recovery would read.</summary>
    public abstract (Lsn Durable, long SyncCount, long WrittenSizeBytes, long SizeBytes) LogFigures { get; }

    /// <summary>The log at this moment, for engram_log: zeros of a store that is read-only.</summary>
    public abstract (int FileCount, long SizeBytes, long AppendedLsn, long DurableLsn, long CheckpointLsn, long SyncCount, long WrittenSizeBytes) DescribeLog();

    /// <summary>States that snapshots hold and that are not the newest, for engram_snapshots.</summary>
    public abstract IReadOnlyList<(TimeSpan Age, long FileSizeBytes, long MemorySizeBytes)> DescribeSnapshots();

    /// <summary>A view at the durable horizon. Takes no lock.</summary>
    public abstract Snapshot OpenSnapshot();

    /// <summary>Waits, in order of arrival, for the write lock and begins a write transaction.</summary>
    /// <param name="asOf">For snapshot isolation: the LSN of the snapshot that the transaction reads. Its statements go on reading as of it, and
    /// deleting or updating a row that another transaction changed since is 40001. Null for read committed and serializable: the transaction reads the
    /// appended horizon.</param>
    /// <exception cref="EngramException">55P03 (transient) when the lock is not free within <paramref name="timeout"/>; EG003 when poisoned; 25006 when read-only.</exception>
    public abstract ValueTask<Transaction> BeginWriteAsync(TimeSpan timeout, Lsn? asOf, CancellationToken cancellationToken);

    /// <summary>As <see cref="BeginWriteAsync"/>, blocking the calling thread; no other thread is needed for it to go on.</summary>
    public abstract Transaction BeginWrite(TimeSpan timeout, Lsn? asOf, CancellationToken cancellationToken);

    /// <summary>Begins a load of rows in any number, which <see cref="Transaction.Attach"/> makes part of the table. Takes no lock.</summary>
    /// <param name="table">As a snapshot or transaction shows it.</param>
    /// <exception cref="EngramException">EG003 when poisoned; 25006 when read-only.</exception>
    public abstract BulkLoad BeginLoad(TableDefinition table);

    /// <summary>The 55P03 of one who waited for the write lock in vain by a clock of his own.</summary>
    public abstract EngramException WriteLockTimedOut(TimeSpan waited);

    /// <summary>Completes when everything up to <paramref name="lsn"/> is durable (or its sync failed: 08007).</summary>
    public abstract ValueTask WaitDurableAsync(Lsn lsn);

    /// <summary>Moves the rows of the delta into segments and shortens the log that recovery reads.</summary>
    /// <remarks>Works on a thread of its own.</remarks>
    public abstract ValueTask CheckpointAsync(CancellationToken cancellationToken);

    /// <summary>As <see cref="CheckpointAsync"/>, on the calling thread.</summary>
    public abstract void Checkpoint(CancellationToken cancellationToken);

    /// <summary>Reads everything and compares it with its checksums and with itself; see <see cref="Verification"/>.</summary>
    public abstract Task<VerificationResult> VerifyAsync(VerificationOptions options, CancellationToken cancellationToken);

    /// <summary>Makes a checkpoint, then writes segments anew without deleted rows and with new values in their places, and merges small ones. Gives room back.</summary>
    /// <param name="tables">Only these; null for all.</param>
    /// <param name="progress">Called now and then, from the thread that works.</param>
    /// <remarks>Works on a thread of its own; readers and writers go on. Cancelled, it leaves done what is done.</remarks>
    public abstract ValueTask CompactAsync(IReadOnlySet<TableId>? tables, Action<CompactionState>? progress, CancellationToken cancellationToken);

    /// <summary>As <see cref="CompactAsync"/>, on the calling thread.</summary>
    public abstract void Compact(IReadOnlySet<TableId>? tables, Action<CompactionState>? progress, CancellationToken cancellationToken);

    /// <summary>Copies the database to a path on the disk, as a database of its own, on the calling thread; see <see cref="BackupPlace"/>.</summary>
    /// <returns>The newest commit in the copy.</returns>
    public abstract Lsn Backup(string path, Action<BackupState>? report, CancellationToken cancellationToken);

    /// <summary>Seals the log and releases lock, maps and handles.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>As <see cref="DisposeAsync"/>, on the calling thread.</summary>
    public abstract void Dispose();
}
