using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Opens a database that is only read, beside a writer of another process or without one. Writes nothing, locks nothing.</summary>
/// <remarks>
/// <para><b>The problem.</b> Between reading CURRENT and opening the files that its manifest names, the writer may publish another manifest and delete them.
/// And the end of the log is being written while it is read.</para>
/// <para><b>Which commits.</b></para>
/// <list type="bullet">
/// <item>A writer holds the lock, and STATE is its own: commits up to the LSN that STATE says, read before anything else. All of them were written
/// whole before STATE was, so reading never meets a group that is under way.</item>
/// <item>A writer holds the lock, and STATE is not its own: it is recovering and has appended nothing. All valid groups, as it will find them. Valid only
/// if STATE still is not its own afterwards.</item>
/// <item>No writer: all valid groups. Valid only if afterwards still nobody has taken the lock.</item>
/// </list>
/// <para><b>Which files.</b> First every file that the manifest names, and every log file, is opened and held; nothing is read but CURRENT and the
/// manifest. When CURRENT is the same afterwards, no file that is needed can have been missing, for a writer deletes after CURRENT only; else
/// once more. Each time only what is new is opened, so this catches up with any writer. From then on files may be deleted: their names
/// go and nothing else.</para>
/// <para><b>Bad input.</b> A file that is missing, or a CURRENT that cannot be read, while neither CURRENT nor LOCK changes, is what it looks like; it is
/// looked at several times, since both slots of CURRENT may be read while they are written.</para>
/// </remarks>
internal static class ReadOnlyOpening
{
    private const int UnchangedAttemptsMax = 30;

    /// <param name="open">Opens the store with commits up to an LSN, or with all when it is null.</param>
    public static DirectoryStore Open(DataDirectory directory, ILogger logger, Func<DataDirectory, Lsn?, DirectoryStore> open)
    {
        if (!directory.IsShared || !directory.Exists(CurrentFile.Name))
        {
            return open(directory, null);
        }

        var pinned = new PinnedDirectory(directory);
        try
        {
            while (true)
            {
                var before = ReadCurrent(directory);
                var writer = Pin(pinned, logger);
                var limit = writer.Limit;
                DirectoryStore store;
                try
                {
                    store = open(pinned, limit);
                }
                catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.IoError && !ReadCurrent(directory).AsSpan().SequenceEqual(before))
                {
                    // It reads CURRENT again, which may name a newer manifest by then, and that one may be gone before it is opened.
                    logger.LogDebug(e, "Opening {Path} to read it met a change by its writer; once more", directory.Path);
                    continue;
                }

                try
                {
                    if (limit is not null || IsStill(directory, writer))
                    {
                        return store;
                    }
                }
                catch
                {
                    store.ReleaseReadOnly();
                    throw;
                }

                logger.LogDebug("A writer opened {Path} while it was opened to be read; once more", directory.Path);
                store.ReleaseReadOnly();
            }
        }
        finally
        {
            pinned.Unpin();
        }
    }

    /// <summary>Holds all files of one state of the directory.</summary>
    /// <returns>The writer as it was before.</returns>
    private static Writer Pin(PinnedDirectory directory, ILogger logger)
    {
        var unchanged = 0;
        while (true)
        {
            var writer = Writer.Of(directory);
            var before = ReadCurrent(directory);
            try
            {
                var current = CurrentFile.Read(directory);
                directory.Pin(ManifestFile.Read(directory, current.Generation, current.ManifestChecksum));
                if (ReadCurrent(directory).AsSpan().SequenceEqual(before))
                {
                    return writer;
                }
            }
            catch (EngramException e) when (e.SqlState is SqlStates.DataCorrupted or SqlStates.IoError)
            {
                var isSame = ReadCurrent(directory).AsSpan().SequenceEqual(before) && Writer.Of(directory).IsSession(writer);
                unchanged = isSame ? unchanged + 1 : 0;
                if (unchanged == UnchangedAttemptsMax)
                {
                    throw;
                }

                logger.LogDebug(e, "Opening {Path} to read it met a change by its writer; once more", directory.Path);
            }
        }
    }

    /// <summary>After all valid groups were taken: whether no writer can have added to them meanwhile.</summary>
    private static bool IsStill(DataDirectory directory, Writer before)
    {
        var now = Writer.Of(directory);
        return now.IsLocked == before.IsLocked && now.IsSession(before) && now.Limit is null;
    }

    private static byte[] ReadCurrent(DataDirectory directory)
    {
        var bytes = new byte[2 * 4096];
        using var file = directory.Open(CurrentFile.Name, writable: false);
        file.Read(0, bytes);
        return bytes;
    }

    /// <summary>Who writes, and how far it says it has come; null when it has not said anything yet, or nobody writes.</summary>
    private sealed record Writer(bool IsLocked, byte[] Session, Lsn? Limit)
    {
        public static Writer Of(DataDirectory directory)
        {
            // The lock before its content: a writer that takes it in between is seen by the content.
            var isLocked = directory.IsLocked(DatabaseFiles.LockName);
            var session = StateFile.ReadSession(directory);
            return new Writer(isLocked, session, isLocked ? StateFile.Read(directory, session) : null);
        }

        public bool IsSession(Writer other) => Session.AsSpan().SequenceEqual(other.Session);
    }
}
