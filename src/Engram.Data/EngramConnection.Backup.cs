using System.Data;
using Engram.Data.Engine;
using Engram.Data.Storage.Maintenance;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data;

public sealed partial class EngramConnection
{
    /// <summary>Copies the database to a path, as a database of its own, while reads and writes go on.</summary>
    /// <param name="path">A directory that is not there yet, or is empty. Directories above it are created.</param>
    /// <remarks><para>The backup is the state of a moment at or after the call: every commit that was acknowledged before is in it, and of later ones
    /// none is there in part. Uncommitted changes are not in it, this connection's own neither. It appears at the path whole or not at all; until then it lies beside
    /// it, in <c>&lt;path&gt;.backup.tmp</c>, where a crash may leave it for the next backup to the same path to remove.</para>
    /// <para>It takes no lock and needs a few megabytes of memory. Every byte is compared with its checksum on the way. Databases in memory are backed up to disk the same way. To
    /// restore, open the backup or a copy of it.</para></remarks>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="EngramException">58P02: something is at the path. 55006: another backup to it is under way, or another process writes the database, and has replaced
    /// files since this one opened it to read. XX001: the database is damaged. 53100: the disk of the backup is full. 58030: the system failed to read or write.</exception>
    public void BackupDatabase(string path)
    {
        var target = BeginBackup(path);
        var held = Waiting.Result(DatabaseRegistry.OpenAsync(target, source?.Logger ?? NullLogger.Instance, isAsync: false, CancellationToken.None));
        try
        {
            held.Database.Store.Backup(path, null, CancellationToken.None);
        }
        finally
        {
            Waiting.Result(held.ReturnAsync(isAsync: false));
        }
    }

    /// <summary>Does what <see cref="BackupDatabase"/> does, on a thread of its own. The connection may be used, and closed, meanwhile.</summary>
    /// <param name="path">A directory that is not there yet, or is empty.</param>
    /// <param name="progress">Told after each piece of 4 MiB and each file; null for nobody.</param>
    /// <param name="cancellationToken">Ends it before its time, without a trace.</param>
    /// <exception cref="InvalidOperationException">The connection is closed.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="EngramException">As <see cref="BackupDatabase"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task BackupDatabaseAsync(string path, IProgress<EngramBackupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var target = BeginBackup(path);
        Action<BackupState>? report = progress is null ? null : s => progress.Report(new EngramBackupProgress(s.FilesDone, s.FilesTotal, s.BytesDone, s.BytesTotal));
        // A lease of its own: the connection may be closed meanwhile.
        var held = await DatabaseRegistry.OpenAsync(target, source?.Logger ?? NullLogger.Instance, isAsync: true, cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.Factory.StartNew(
                () => held.Database.Store.Backup(path, report, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            await held.ReturnAsync(isAsync: true).ConfigureAwait(false);
        }
    }

    private DatabaseTarget BeginBackup(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return state == ConnectionState.Open && lease is { } mine ? mine.Database.Target : throw Error.ConnectionNotOpen("A backup");
    }
}
