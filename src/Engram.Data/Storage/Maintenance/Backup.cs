using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Whom a backup tells how far it is.</summary>
internal readonly record struct BackupState(int FilesDone, int FilesTotal, long BytesDone, long BytesTotal);

/// <summary>Copies an open database into an empty directory, as a database of its own, while reads and writes go on.</summary>
/// <remarks>
/// <para><b>The problem.</b> A copy of the files of a database that is written to mixes moments: a log that is newer than the segments, a manifest whose files
/// are gone. A backup must be one state that a reader could have seen, not older than the moment at which it was asked for.</para>
/// <code>
///   source                                            backup
///   ──────                                            ──────
///                                                     CURRENT.new            the mark: no database yet
///   segments, overlays of manifest M, held open  ──►  segments/…             copied byte for byte, each page checked; so are those that the log attached
///   log: commits from M to D, held open          ──►  wal/00000001.wal …     commits read, checked, and written into a log of its own
///   M                                            ──►  MANIFEST-…
///                                                     CURRENT                renamed at last, with a database id of its own
/// </code>
/// <para><b>The state</b> is that of commit D, the durable horizon when the backup began. M and the log's files are opened before anything is copied; a checkpoint may
/// then delete their names, but not their bytes. When one was published while they were being opened, they are opened once more.</para>
/// <para><b>Invariants.</b> (1) No lock is held, and nothing waits for a backup. (2) Every byte that is copied was compared with a checksum: damage fails the
/// backup with XX001, for a copy of damage must not replace the last good backup. (3) All of it is synced before CURRENT gets its name.</para>
/// <para><b>A crash</b> or a failure on the way leaves a directory with CURRENT.new, which is no database; <see cref="BackupPlace"/> sees to it that nobody
/// takes it for one. The source is never written to.</para>
/// <para><b>Not copied</b>: quarantine/, which belongs to the place where something went wrong; LOCK and STATE, which belong to a process.</para>
/// </remarks>
internal sealed class Backup : IDisposable
{
    /// <summary>How much of the log is appended before it is waited for, which bounds the memory for it.</summary>
    private const int LogBatchSizeBytes = 4 * 1024 * 1024;

    /// <summary>How much the disk is given at once: the source's log may be on the same one, and its commits wait for syncs.</summary>
    private const int WriteBackSizeBytes = 512 * 1024;

    private readonly DirectoryStore store;
    private readonly DataDirectory target;
    private readonly PinnedDirectory files;
    private readonly Action<BackupState>? report;
    private readonly CancellationToken cancellationToken;
    private readonly byte[] piece = new byte[SegmentFormat.PieceSize];
    private PublishedManifest published = null!;
    private IReadOnlyList<SegmentInfo> attached = [];
    private Lsn durable;
    private BackupState state;

    private Backup(DirectoryStore store, DataDirectory target, Action<BackupState>? report, CancellationToken cancellationToken)
    {
        this.store = store;
        this.target = target;
        this.report = report;
        this.cancellationToken = cancellationToken;
        files = new PinnedDirectory(store.Directory);
    }

    /// <summary>Makes the copy.</summary>
    /// <param name="target">Empty, or with an unfinished copy. Its lock, if it has one, is the caller's.</param>
    /// <returns>The newest commit in the copy.</returns>
    /// <exception cref="EngramException">XX001: the source is damaged. 53100, 58030: the target cannot be written, or the source not be read. 55006: see <see cref="Error.BackupOvertaken"/>.</exception>
    public static Lsn Run(DirectoryStore store, DataDirectory target, Action<BackupState>? report, CancellationToken cancellationToken)
    {
        using var backup = new Backup(store, target, report, cancellationToken);
        return backup.Run();
    }

    public void Dispose() => files.Unpin();

    private Lsn Run()
    {
        Pin();
        var manifest = published.Manifest;
        List<SegmentManifest> segments = [.. manifest.Tables.SelectMany(t => t.Segments), .. attached.Select(i => new SegmentManifest(i, null, 0))];
        state = new BackupState(0, 2 + segments.Sum(s => s.FileNames.Count()), 0, MeasureFiles(segments) + (store.Log?.SizeBytes ?? 0));
        if (CurrentFile.Exists(target))
        {
            throw Error.Internal($"the backup's directory '{target.Path}' holds a database already");
        }

        CurrentFile.BeginCreate(target, SegmentFlush.Subdirectory, WalFormat.Directory, WalFormat.Quarantine);
        foreach (var segment in segments)
        {
            foreach (var file in segment.Info.Files)
            {
                CopySegment(file);
            }

            if (segment.OverlayName is { } overlay)
            {
                OverlayFile.Read(files, overlay, segment.OverlayChecksum).Dispose();
                CopyRest(overlay, overlay, null, 0);
            }
        }

        target.Sync(SegmentFlush.Subdirectory);
        var last = CopyLog(manifest.Lsn);
        var checksum = ManifestFile.Write(target, manifest);
        target.Sync("");
        cancellationToken.ThrowIfCancellationRequested();
        CurrentFile.Create(target, CurrentFile.NewDatabaseId(target), manifest.Generation, checksum);
        Tell(1, state.BytesTotal - state.BytesDone);
        return last;
    }

    /// <summary>Opens all files of one state.</summary>
    private void Pin()
    {
        while (true)
        {
            // In this order: what is durable now is in the files that are looked for afterwards.
            durable = store.Durable;
            published = store.Published;
            attached = [.. store.Loads.Logged.Where(l => l.Lsn <= durable && l.Lsn > published.Manifest.Lsn).Select(l => l.Info)];
            string[] names = [.. published.Manifest.FileNames, .. attached.Select(i => i.Name)];
            var isWhole = true;
            foreach (var name in names)
            {
                isWhole &= files.TryHold(name);
            }

            files.TryHoldLog();
            if (!ReferenceEquals(published, store.Published))
            {
                // A checkpoint is replacing files.
                files.Unpin();
                continue;
            }

            if (store.IsFollowing && CurrentFile.Read(store.Directory).Generation != published.Manifest.Generation)
            {
                throw Error.BackupOvertaken(store.Directory.Path);
            }

            if (!isWhole)
            {
                var missing = names.First(n => !files.Exists(n));
                throw Error.FileMissing(store.Directory.Path, missing, "the database's current state refers to it");
            }

            return;
        }
    }

    private long MeasureFiles(List<SegmentManifest> segments)
    {
        var sizeBytes = segments.Sum(s => s.Info.Files.Sum(f => f.FileLength));
        foreach (var segment in segments.Where(s => s.OverlayName is not null))
        {
            using var overlay = files.Open(segment.OverlayName!, writable: false);
            sizeBytes += overlay.Length;
        }

        return sizeBytes;
    }

    private void CopySegment(SegmentInfo info)
    {
        using var segment = Segment.Open(files, info);
        using var copy = target.Create(info.Name);
        var damaged = new List<int>();
        var at = 0L;
        for (var i = 0; i < segment.PieceCount; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = segment.CheckPiece(i, piece, damaged);
            if (damaged.Count > 0)
            {
                throw Error.BackupOfDamage(store.Directory.Path, info.Name, damaged[0]);
            }

            Write(copy, at, length);
            at += length;
        }

        // The footer, which was checked when the segment was opened.
        CopyRest(info.Name, info.Name, copy, at);
    }

    /// <summary>Copies a file from an offset to its end and syncs the copy.</summary>
    /// <param name="copy">Null: it is made here.</param>
    private void CopyRest(string name, string copyName, DataFile? copy, long at)
    {
        using var made = copy is null ? target.Create(copyName) : null;
        using var source = files.Open(name, writable: false);
        var file = copy ?? made!;
        var length = source.Length;
        while (at < length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = source.Read(at, piece.AsSpan(0, (int)Math.Min(piece.Length, length - at)));
            if (count == 0)
            {
                throw Error.FileLength(store.Directory.Path, name, length, at);
            }

            Write(file, at, count);
            at += count;
        }

        file.Sync();
        Tell(1, 0);
    }

    private void Write(DataFile copy, long at, int length)
    {
        copy.Write(at, piece.AsSpan(0, length));
        for (var done = 0; done < length; done += WriteBackSizeBytes)
        {
            copy.WriteBack(at + done, Math.Min(WriteBackSizeBytes, length - done));
        }

        Tell(0, length);
    }

    /// <summary>Reads the commits between the manifest and the durable horizon and writes them into a log of the copy's own.</summary>
    /// <remarks>Not the files as they are: the newest one is being written, and holds commits of which nobody knows yet whether they will last.</remarks>
    private Lsn CopyLog(Lsn after)
    {
        var options = new StoreOptions();
        var start = new WalPosition { FirstLsn = after.Next, NextLsn = after.Next };
        using var log = WalWriter.Create(target, options, start, store.Logger);
        var last = after;
        var pending = 0L;
        WalReader.Replay(files, after, (lsn, payload) =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (lsn > durable)
            {
                // Of the group of the last one that is wanted: as durable as that, but not more is promised.
                return;
            }

            last = log.Append(payload.Span);
            if (last != lsn)
            {
                throw Error.Internal($"commit {lsn} became commit {last} of the copy");
            }

            pending += payload.Length;
            if (pending >= LogBatchSizeBytes)
            {
                log.WaitDurable(last);
                Tell(0, Math.Min(pending, state.BytesTotal - state.BytesDone));
                pending = 0;
            }
        }, isReadOnly: true, durable > after ? durable : after, new ReplayOptions { ThreadsMax = 1 });
        log.WaitDurable(last);
        log.Sync();
        Tell(1, 0);
        return last;
    }

    private void Tell(int filesMore, long bytesMore)
    {
        state = state with { FilesDone = state.FilesDone + filesMore, BytesDone = state.BytesDone + bytesMore };
        report?.Invoke(state);
    }
}
