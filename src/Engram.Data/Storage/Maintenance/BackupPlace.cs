using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Where a backup comes to lie: beside its final place until it is whole, and then there in one step.</summary>
/// <remarks>
/// <para><b>The problem.</b> Whoever finds a directory at the path of a backup takes it for the backup. Half of one must never be found there: opened for writing, an
/// unfinished database is begun anew, empty.</para>
/// <para><b>Steps.</b> (1) The directory <c>&lt;path&gt;.backup.tmp</c> is made and locked, as a database is; what an earlier backup left there is deleted.
/// (2) The backup is written into it and synced. (3) It is renamed to the path, which must be free or an empty directory, and the directory above is synced.</para>
/// <para><b>A crash</b> before the third step leaves the path as it was, and a directory for the next backup to the same path to delete. A
/// <b>failure</b> deletes the directory at once. Two backups to one path at one time: the second fails with 55006.</para>
/// </remarks>
internal static class BackupPlace
{
    private const string Suffix = ".backup.tmp";

    /// <summary>Backs a database up to a path on the disk.</summary>
    /// <exception cref="EngramException">58P02: something is at the path. 55006: another backup to it is under way. And those of <see cref="Backup.Run(DirectoryStore, DataDirectory, Action{BackupState}?, CancellationToken)"/>.</exception>
    public static Lsn Run(DirectoryStore store, string path, Action<BackupState>? report, CancellationToken cancellationToken)
    {
        var final = DiskDirectory.ResolveLinks(Path.GetFullPath(Path.TrimEndingDirectorySeparator(path)));
        ThrowIfTaken(final);
        if (store.Directory.IsShared && (final + Path.DirectorySeparatorChar).StartsWith(DiskDirectory.ResolveLinks(store.Directory.Path) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            throw Error.BackupTargetTaken(final, "lies in the directory of the database itself");
        }

        using var directory = new DiskDirectory(final + Suffix);
        directory.CreateSubdirectory("");
        var held = directory.TryLock(DatabaseFiles.LockName, out var holder) ?? throw Error.BackupUnderWay(final, holder);
        var isDone = false;
        try
        {
            // Only what is marked as a database of ours, finished or not, is deleted; of anything else this complains.
            if (directory.Exists(CurrentFile.Name) || directory.Exists(CurrentFile.NewName))
            {
                DatabaseFiles.DeleteContent(directory);
            }

            CurrentFile.Exists(directory);
            var last = Backup.Run(store, directory, report, cancellationToken);
            ThrowIfTaken(final);
            if (OperatingSystem.IsWindows())
            {
                // A directory with an open file cannot be renamed there.
                held.Dispose();
            }

            directory.MoveTo(final);
            isDone = true;
            return last;
        }
        finally
        {
            if (!isDone)
            {
                Discard(directory, held, store.Logger);
            }

            held.Dispose();
        }
    }

    private static void ThrowIfTaken(string path)
    {
        if (!DiskDirectory.IsAbsentOrEmpty(path))
        {
            throw Error.BackupTargetTaken(path, "is there already, and is no empty directory");
        }
    }

    private static void Discard(DiskDirectory directory, IDisposable held, ILogger logger)
    {
        try
        {
            DatabaseFiles.DeleteContent(directory);
            DatabaseFiles.DeleteLock(directory, held);
            directory.RemoveEmptySubdirectory("");
        }
        catch (EngramException e)
        {
            // It takes room and nothing else; the next backup to this path tries again. What led here matters more.
            logger.LogWarning(e, "What a failed backup left in {Path} could not be deleted", directory.Path);
        }
    }
}
