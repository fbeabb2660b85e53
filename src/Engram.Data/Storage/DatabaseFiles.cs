using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage;

/// <summary>A database as a set of files, without opening it: whether it is there, and deleting it.</summary>
internal static class DatabaseFiles
{
    /// <summary>The lock that a store holds while it is open.</summary>
    public const string LockName = "LOCK";

    private static readonly string[] Subdirectories = [WalFormat.Directory, "segments", "indexes", WalFormat.Quarantine];
    private static readonly string[] TopNames = ["STATE", "READERS", "CURRENT.tmp"];

    public static bool Exists(DataDirectory directory) => directory.Exists(CurrentFile.Name);

    /// <summary>Deletes a database that nobody has open, and its directory if nothing else is in it.</summary>
    /// <remarks>CURRENT goes first: a crash on the way leaves files that belong to no database, never a database without some of its files.</remarks>
    /// <returns>False when there is none.</returns>
    public static bool Delete(DataDirectory directory)
    {
        if (!Exists(directory))
        {
            return false;
        }

        var held = directory.TryLock(LockName, out var holder) ?? throw Error.DatabaseOpenElsewhere(directory.Path, holder);
        try
        {
            DeleteContent(directory);
            DeleteLock(directory, held);
        }
        finally
        {
            held.Dispose();
        }

        directory.RemoveEmptySubdirectory("");
        return true;
    }

    /// <summary>Deletes all files of a database, finished or not, but its lock, which the caller holds.</summary>
    public static void DeleteContent(DataDirectory directory)
    {
        directory.Delete(CurrentFile.Name);
        directory.Sync("");
        foreach (var subdirectory in Subdirectories)
        {
            foreach (var name in directory.List(subdirectory))
            {
                directory.Delete(subdirectory + "/" + name);
            }

            directory.RemoveEmptySubdirectory(subdirectory);
        }

        foreach (var name in directory.List(""))
        {
            if (TopNames.Contains(name) || name.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal))
            {
                directory.Delete(name);
            }
        }

        // The mark of what is unfinished goes last, or what is left would be nobody's.
        directory.Delete(CurrentFile.NewName);
    }

    /// <summary>Releases the lock and deletes its file.</summary>
    public static void DeleteLock(DataDirectory directory, IDisposable held)
    {
        if (OperatingSystem.IsWindows())
        {
            // A file that is open is not deleted there, ours or anybody's.
            held.Dispose();
            directory.Delete(LockName);
            return;
        }

        // While it is held, so that nobody's lock is deleted who takes it the moment we let go.
        directory.Delete(LockName);
        held.Dispose();
    }
}
