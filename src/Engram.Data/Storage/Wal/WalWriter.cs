using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Wal;

/// <summary>Appends commits to the log and makes them durable, many with one sync.</summary>
/// <remarks>
/// <para><b>The problem.</b> A commit is acknowledged only when its bytes are on the disk, and a sync takes as long as thousands of small
/// transactions take to execute. So the holder of the store's write lock only queues its bytes here (<see cref="Append(ReadOnlySpan{byte})"/>)
/// and lets go; while one <i>group</i> is being synced the next commits queue up, and the next sync acknowledges them all.</para>
/// <code>
///   Append (write lock held)             leader: one at a time
///   ────────────────────────             ───────────────────────────────────────────────
///   LSN 7 ┐                              take the oldest group → header, checksums
///   LSN 8 ├─ group 4, open      ───────► write at a 4 KiB boundary → sync
///   LSN 9 ┘                              DurableAdvanced(9) → Durable = 9 → release waiters
/// </code>
/// <para><b>Two horizons.</b> <see cref="Appended"/> is the newest commit that has its place; the next holder of the write lock reads it.
/// <see cref="Durable"/> is the newest that is acknowledged and that new snapshots see: synced in mode Full, written in Interval and None. It
/// advances in LSN order, after <see cref="DurableAdvanced"/> returned and before anyone who waits is released, so that whoever
/// learns that a commit is durable also sees it.</para>
/// <para><b>Who writes.</b> There is no hand-over to another thread while one writer is alone: the first who waits becomes the
/// <i>leader</i>, writes and syncs on its own thread, and releases the others. When more commits wait afterwards it leaves the lead to the log's own
/// thread, which goes on until none do, so no caller works for others for longer than until its own commit is done. That thread also
/// syncs at the interval, seals, and writes commits that nobody waits for. The lead is one flag under the gate; everything named "leader's" below is
/// touched by its holder only, and the gate is never held across I/O.</para>
/// <para><b>Gathering.</b> When a sync ends, those whom it released are about to come again. A leader who took what is there at once would sync groups of a
/// few commits, and the processor would be busy with syncs and wake-ups. So while somebody holds the write lock or waits for it, the leader waits, a
/// millisecond at most; and when the last groups were large, for half as many commits, a few syncs long. Who is alone never waits.</para>
/// <para><b>One group in flight.</b> In mode Full a group is written only after the previous one's sync returned. A valid group therefore proves
/// that all before it were durable, which is what lets recovery tell a torn tail from damage (see <see cref="WalReader"/>). In the other
/// modes several may be unsynced; each header says up to where the log was synced when it was written, and recovery goes by that.</para>
/// <para><b>Room first.</b> Append returns only when the group's place exists, zeros written and synced, with one block to spare for a
/// seal. A full disk fails that Append alone, with nothing queued. A file is left for the next only after it was synced.</para>
/// <para><b>Poison.</b> After a failed write or sync nobody knows what is on the disk, and asking again would be answered with a lie. All who wait
/// get 08007, every later Append EG003, and nothing is written until recovery has read the log anew.</para>
/// <para><b>Seals.</b> After 50 ms without commits, and on closing, an empty group is written that vouches for the last one, so that rot in it can
/// be told from a tear.</para>
/// </remarks>
internal sealed partial class WalWriter : IDisposable, IAsyncDisposable
{
    /// <summary>A group that has gathered this much is closed, so that no buffer grows without bound while a sync is slow.</summary>
    private const int GroupPayloadTargetBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan s_idleBeforeSeal = TimeSpan.FromMilliseconds(50);

    /// <summary>Groups of fewer commits are written at once.</summary>
    private const int CommitsWorthGathering = 8;

    /// <summary>How long a leader waits at most for commits that are on their way.</summary>
    private static readonly TimeSpan s_gatheringMax = TimeSpan.FromMilliseconds(1);

    private readonly DataDirectory _directory;
    private readonly StoreOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly Thread _thread;

    // Everything from here on is under the gate, except as noted.
    private readonly object _gate = new();
    private readonly Queue<WalGroup> _queue = new();
    private readonly List<WalWaiter> _waiters = [];
    private readonly List<WalFileInfo> _oldFiles;
    private readonly List<WalFile> _files = [];
    private long _oldSizeBytes;
    private WalGroup? _open;
    private WalFile _appendFile;
    private long _nextFileSizeBytes;
    private long _nextGroup;
    private long _appended;
    private long _durable;
    private long _lastAppendTimestamp;
    private bool _isSwitching;
    private bool _isSealed = true;
    private Exception? _failure;
    private bool _isClosed;

    /// <summary>Creates the log's next file and begins to write there.</summary>
    /// <param name="start">Where to take up, from <see cref="WalReader.Replay"/>; its orphans are deleted once the file stands.</param>
    /// <exception cref="EngramException">53100, 58030: no file was added, or it is one that the next recovery skips.</exception>
    public static WalWriter Create(DataDirectory directory, StoreOptions options, WalPosition start, ILogger logger)
    {
        directory.CreateSubdirectory(WalFormat.Directory);
        directory.Sync("");
        var sizeBytes = FileSizeBytesMin(options);
        var copies = WalCopies.SizeBytes(start);
        var file = WalFile.Prepare(directory, start.FileNumber, Math.Max(sizeBytes, WalFormat.BlockSizeBytes * 4 + copies), logger);
        try
        {
            var checksum = WalCopies.Write(directory, file, start);
            file.Publish(new WalFileHeader { StartsAnew = true, FirstGroup = start.FirstGroup, FirstLsn = start.FirstLsn, ContinuesFrom = start.Checksum }, out _);
            file.NextOffset += copies;
            file.LastLsn = new Lsn(start.NextLsn.Value - 1);
            foreach (var orphan in start.Orphans)
            {
                WalFile.TryDelete(directory, orphan, logger);
            }

            return new WalWriter(directory, options, start, file, checksum, logger);
        }
        catch
        {
            file.Abandon(logger);
            throw;
        }
    }

    private WalWriter(DataDirectory directory, StoreOptions options, WalPosition start, WalFile file, uint checksum, ILogger logger)
    {
        _directory = directory;
        _options = options;
        _logger = logger;
        _clock = directory.Clock;
        _oldFiles = [.. start.Files];
        _files.Add(file);
        _appendFile = file;
        _writeFile = file;
        _oldSizeBytes = start.Files.Sum(f => f.UsedSizeBytes);
        _nextFileSizeBytes = NextSizeBytes(options, FileSizeBytesMin(options));
        _nextGroup = start.FirstGroup + start.Copies.Count;
        _appended = start.NextLsn.Value - 1;
        _durable = _appended;

        // A seal is due for the copies: nothing vouches for the last of them.
        _isSealed = start.Copies.Count == 0;
        _lastAppendTimestamp = _clock.GetTimestamp();

        // The new file was synced with its copies, and recovery synced everything before them.
        _checksum = checksum;
        _writtenGroup = _syncedGroup = _nextGroup - 1;
        _writtenLsn = _syncedLsn = _appended;
        _thread = new Thread(RunBackground) { IsBackground = true, Name = "Engram log" };
        _thread.Start();
    }

    /// <summary>Called with the new durable horizon, one call at a time and in order, before anyone who waits for it is released.</summary>
    /// <remarks>Runs on the thread that synced. It must be short, must not throw, and must not call back into the log.</remarks>
    public Action<Lsn>? DurableAdvanced { get; set; }

    /// <summary>Whether another Append is likely within microseconds: somebody holds the write lock, or waits for it. Called under the
    /// log's gate; must not block nor call back.</summary>
    public Func<bool> IsCommitExpected { get; set; } = static () => false;

    /// <summary>The newest commit that has its place in the log.</summary>
    public Lsn Appended => new(Volatile.Read(ref _appended));

    /// <summary>The newest commit that is acknowledged: synced in mode Full, written in the other modes.</summary>
    public Lsn Durable => new(Volatile.Read(ref _durable));

    /// <summary>Syncs of groups since the log was opened, those of new files not counted. For figures.</summary>
    public long SyncCount => Volatile.Read(ref _syncCount);

    /// <summary>Bytes of groups written since the log was opened, headers and padding included. For figures.</summary>
    public long WrittenSizeBytes => Volatile.Read(ref _writtenSizeBytes);

    /// <summary>Of these the commits themselves. For figures.</summary>
    public long WrittenPayloadSizeBytes => Volatile.Read(ref _writtenPayloadSizeBytes);

    /// <summary>Whether a write or sync has failed.</summary>
    public bool IsPoisoned
    {
        get
        {
            lock (_gate)
            {
                return _failure is not null;
            }
        }
    }

    /// <summary>Whether a seal vouches for the newest group, so that nothing is written until the next commit.</summary>
    public bool IsSealed
    {
        get
        {
            lock (_gate)
            {
                return _isSealed && !_isLed && _queue.Count == 0;
            }
        }
    }

    /// <exception cref="EngramException">EG003 after a failed write or sync.</exception>
    public void ThrowIfPoisoned()
    {
        lock (_gate)
        {
            ThrowIfUnusable();
        }
    }

    /// <summary>All files that recovery would read, oldest first; the last is being written.</summary>
    public IReadOnlyList<WalFileInfo> Files
    {
        get
        {
            lock (_gate)
            {
                return [.. _oldFiles, .. _files.Select(f => f.Info)];
            }
        }
    }

    /// <summary>Bytes that recovery would read, for deciding when to checkpoint. A glance, without a lock.</summary>
    public long SizeBytes => Volatile.Read(ref _oldSizeBytes) + Volatile.Read(ref _appendFile).NextOffset;

    /// <summary>Gives a commit its place and queues its bytes; returns at once unless a new file must be made.</summary>
    /// <remarks>The caller holds the store's write lock. The payload is copied.</remarks>
    /// <exception cref="EngramException">EG003 after a failure; 53100 or 58030 when no room could be made, 54000 when the payload is
    /// longer than a commit may be: then nothing was queued and the log goes on.</exception>
    public Lsn Append(ReadOnlySpan<byte> payload) => Append(payload, default, null, payload.Length);

    /// <inheritdoc cref="Append(ReadOnlySpan{byte})"/>
    public Lsn Append(in ReadOnlySequence<byte> payload) => Append(default, payload, null, payload.Length);

    /// <summary>As <see cref="Append(ReadOnlySpan{byte})"/>; a payload that is large is not copied: it belongs to the log when this returns.</summary>
    public Lsn Append(ByteChunks payload) => payload.IsLarge ? Append(default, default, payload, payload.Length) : Append(payload.Written);

    /// <summary>Completes when everything up to <paramref name="lsn"/> is acknowledged. May write and sync on the calling thread before it returns.</summary>
    /// <exception cref="EngramException">08007 when a write or sync failed before.</exception>
    public ValueTask WaitDurableAsync(Lsn lsn)
    {
        if (Durable >= lsn)
        {
            return default;
        }

        try
        {
            return EnterWait(lsn, isBlocking: false) is { } waiter ? waiter.AsValueTask() : default;
        }
        catch (EngramException e)
        {
            return ValueTask.FromException(e);
        }
    }

    /// <summary>As <see cref="WaitDurableAsync"/>, blocking the calling thread.</summary>
    public void WaitDurable(Lsn lsn)
    {
        if (Durable < lsn)
        {
            EnterWait(lsn, isBlocking: true)?.Block();
        }
    }

    private Lsn Append(ReadOnlySpan<byte> single, in ReadOnlySequence<byte> many, ByteChunks? large, long length)
    {
        if (length > WalFormat.CommitSizeBytesMax)
        {
            throw Error.RecordTooLong(length, WalFormat.CommitSizeBytesMax);
        }

        while (true)
        {
            lock (_gate)
            {
                ThrowIfUnusable();
                Span<byte> target = default;
                if (large is null ? TryReserve((int)length, out target) : TryReserve(large))
                {
                    if (single.Length > 0)
                    {
                        single.CopyTo(target);
                    }
                    else if (large is null)
                    {
                        many.CopyTo(target);
                    }

                    _lastAppendTimestamp = _clock.GetTimestamp();
                    _isSealed = false;
                    Volatile.Write(ref _appended, _appended + 1);
                    _appendFile.LastLsn = new Lsn(_appended);
                    PrepareAhead();
                    WakeDozingBackground();
                    return new Lsn(_appended);
                }
            }

            SwitchFile(length, isFull: true);
        }
    }

    /// <summary>Room for one commit in the open group, else in a new group, of the current file. Under the gate.</summary>
    private bool TryReserve(int length, out Span<byte> target)
    {
        var framed = WalFormat.CommitHeaderSizeBytes + length;
        if (_open is { } open && open.PayloadLength + framed <= GroupPayloadTargetBytes)
        {
            var end = open.Offset + WalFormat.GroupSizeBytes(open.PayloadLength + framed);
            if (end + WalFormat.BlockSizeBytes <= _appendFile.SizeBytes)
            {
                target = open.Add(length);
                _appendFile.NextOffset = end;
                return true;
            }
        }

        var offset = _appendFile.NextOffset;
        var size = WalFormat.GroupSizeBytes(framed);
        if (offset + size + WalFormat.BlockSizeBytes > _appendFile.SizeBytes)
        {
            target = default;
            return false;
        }

        var group = new WalGroup(_appendFile, offset, _nextGroup, new Lsn(_appended + 1), isSeal: false);
        target = group.Add(length);
        Enqueue(group, size);
        _open = group;
        return true;
    }

    /// <summary>A group that is one large commit, which others neither join nor precede in it. Under the gate.</summary>
    private bool TryReserve(ByteChunks large)
    {
        var offset = _appendFile.NextOffset;
        var size = WalFormat.GroupSizeBytes(WalFormat.CommitHeaderSizeBytes + large.Length);
        if (offset + size + WalFormat.BlockSizeBytes > _appendFile.SizeBytes)
        {
            return false;
        }

        Enqueue(new WalGroup(_appendFile, offset, _nextGroup, new Lsn(_appended + 1), isSeal: false, large), size);
        large.IsHandedOver = true;
        _open = null;
        return true;
    }

    private void Enqueue(WalGroup group, long size)
    {
        _nextGroup++;
        _appendFile.NextOffset = group.Offset + size;
        _appendFile.QueuedGroups++;
        _queue.Enqueue(group);
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_failure is { } failure)
        {
            throw Error.LogPoisoned(failure);
        }
    }
}
