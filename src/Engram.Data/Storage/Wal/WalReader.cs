using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>Reads the log when a database is opened, and decides where it ends.</summary>
/// <remarks>
/// <para><b>The problem.</b> A crash leaves the log with a ragged end: the last group was never acknowledged and may be whole, absent or torn. Rot
/// leaves it with a hole. Both look like a bad group; one must be cut, and the other must never be, for the commits behind it were promised.</para>
/// <para><b>The chain.</b> Groups are numbered, and each names its predecessor's checksum. Reading starts in the newest file whose first
/// commit is not after the checkpoint's next one, and follows the chain from group to group and file to file. A file that <i>starts anew</i> was begun by a recovery:
/// it replaces whatever older files hold from its first group's number on, so reading an older file stops there.</para>
/// <code>
///   00000003.wal  [1][2][3][4 torn]          recovery read 1-3, cut 4, and copied 3, for which nothing vouched
///   00000004.wal  anew, from 3: [3'][4'][5'] full: the next file was made ahead
///   00000005.wal  [6][7] zeros               end of the log: no claim to group 8 anywhere
/// </code>
/// <para><b>A bad group at number g</b>, be it zeros, noise, or a wrong number, salt or checksum. What stands behind it, in every 4 KiB block of this
/// file and all later ones, is searched for headers:</para>
/// <list type="bullet">
/// <item>The next file continues the chain: nothing is missing, read on there. (A file is left for the next when it is full.)</item>
/// <item>Some valid header says that group g or a later one had been synced, or a later file that starts anew begins after g: then acknowledged data
/// is lost. XX001, nothing is changed. In mode Full every group says so of its predecessor, because it is written only after that one's sync.</item>
/// <item>No such claim, and only zeros behind: the log ended cleanly.</item>
/// <item>No such claim, but other bytes: a torn tail. It is copied to <c>quarantine/</c> and superseded by the next file, which starts anew at g.
/// The old file is not touched.</item>
/// </list>
/// <para>What cannot be told from a tear is rot in the very last group while no seal stands behind it, 50 ms in which the log was busy.</para>
/// <para><b>Files.</b> A file gets its name only when its header and full size are synced, so a bad header or a short file is damage, never a
/// crash. An I/O error is never taken for the end: it passes through as 58030. A file without groups whose turn did not come is an orphan.</para>
/// <para><b>Crashes in here.</b> Only quarantine files are written, and the same ones each time. What was found takes effect by
/// <see cref="WalWriter.Create"/>, which publishes one complete file by renaming it.</para>
/// </remarks>
internal static class WalReader
{
    /// <summary>Reads the log and applies every commit after the checkpoint, in order.</summary>
    /// <param name="after">The newest commit that the checkpoint holds; 0 when there is none.</param>
    /// <param name="apply">Called with each commit; its bytes are valid during the call.</param>
    /// <param name="isReadOnly">Writes nothing: no syncs and no quarantine. Then no writer may follow.</param>
    /// <param name="upTo">The newest commit that is read, known to be there whole: what stands behind it is being written and is not looked at.</param>
    /// <exception cref="EngramException">XX001 when acknowledged data is lost, EG002 for a newer format, 58030 when reading fails.</exception>
    public static WalRecoveryResult Replay(DataDirectory directory, Lsn after, Action<Lsn, Bytes> apply, bool isReadOnly = false, Lsn? upTo = null, ReplayOptions? options = null)
    {
        using var workers = new ReplayWorkers(options ?? ReplayOptions.Default);
        return ReplayWith(workers, directory, after, apply, isReadOnly, upTo);
    }

    /// <summary>The same with the help of <paramref name="workers"/>. Copies that <paramref name="apply"/> handed over to them may be under way afterwards.</summary>
    public static WalRecoveryResult ReplayWith(ReplayWorkers workers, DataDirectory directory, Lsn after, Action<Lsn, Bytes> apply, bool isReadOnly, Lsn? upTo)
    {
        var clock = directory.Clock;
        var started = clock.GetTimestamp();
        using var files = WalFileSet.Open(directory, after, isReadOnly);
        if (files.Live.Count == 0)
        {
            return Empty(directory, after, files);
        }

        // What is read must be what the disk holds, else a commit could be served now and be gone after a power cut.
        if (!isReadOnly)
        {
            foreach (var file in files.Live)
            {
                file.Sync();
            }
        }

        var synced = clock.GetTimestamp();
        workers.Start(files.Live.Sum(f => f.SizeBytes));
        using var reading = new WalReadAhead(workers, files.Live);
        var chain = new WalChain(files.Live, after, apply, workers, clock);
        // The checkpoint may be newer than what the writer had said when it was asked.
        var last = upTo is { } known ? (known > after ? known : after) : new Lsn(long.MaxValue);
        chain.Follow(last);
        var end = chain.NextLsn > last ? WalTail.None : WalTail.Examine(directory, files.Live, chain);
        if (chain.NextLsn <= after)
        {
            throw Error.LogIncomplete(directory.Path, after.Value + 1, $"it ends after commit {chain.NextLsn.Value - 1}");
        }

        if (chain.NextLsn <= upTo)
        {
            throw Error.LogDamaged(files.Live[chain.FileIndex].Path, chain.Offset, chain.NextLsn.Value, $"its writer has acknowledged everything up to commit {upTo}");
        }

        return new WalRecoveryResult
        {
            Position = chain.PositionAfter(files, end),
            SyncDuration = clock.GetElapsedTime(started, synced),
            ReadDuration = clock.GetElapsedTime(synced) - chain.ApplyDuration,
            ApplyDuration = chain.ApplyDuration,
            Groups = chain.GroupsApplied,
            Transactions = chain.CommitsApplied,
            Bytes = chain.BytesApplied,
            TornBytes = end.TornBytes,
            QuarantineNames = isReadOnly ? [] : end.Quarantine(directory),
        };
    }

    private static WalRecoveryResult Empty(DataDirectory directory, Lsn after, WalFileSet files)
    {
        if (after > Lsn.Zero)
        {
            throw Error.LogIncomplete(directory.Path, after.Value + 1, "there are no log files");
        }

        return new WalRecoveryResult { Position = new WalPosition { FileNumber = files.NextNumber, Orphans = files.OrphanNames } };
    }
}
