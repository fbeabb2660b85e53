using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Wal;

/// <summary>Follows the chain of groups through the files and applies their commits.</summary>
/// <remarks>
/// Within a file it goes ahead of itself: <see cref="Walk"/> follows the headers and cuts the groups into runs, others compute the checksums
/// of their payloads, and <see cref="Confirm"/> takes the groups in order, up to the first that is not what its header says. What was walked
/// beyond such a group is forgotten. From file to file it goes only when all before is confirmed.
/// </remarks>
internal sealed class WalChain
{
    private readonly IReadOnlyList<WalFileReader> _files;
    private readonly Lsn _after;
    private readonly Action<Lsn, Bytes> _apply;
    private readonly ReplayWorkers _workers;
    private readonly TimeProvider _clock;
    private readonly Queue<WalRun> _runsAhead = new();
    private readonly Stack<WalRun> _freeRuns = new();
    private readonly Queue<(WalGroupLocation Location, State Before)> _unvouched = new();
    private State _state;
    private Lsn _upTo;

    public WalChain(IReadOnlyList<WalFileReader> files, Lsn after, Action<Lsn, Bytes> apply, ReplayWorkers workers, TimeProvider clock)
    {
        _files = files;
        _after = after;
        _apply = apply;
        _workers = workers;
        _clock = clock;
        var first = files[0].Header;
        _state = new State(first.FirstGroup, first.FirstLsn, first.StartsAnew ? first.ContinuesFrom : null);
    }

    /// <summary>The file and the byte at which the chain ends.</summary>
    public int FileIndex { get; private set; }

    public long Offset { get; private set; } = WalFormat.BlockSizeBytes;

    /// <summary>What would come next there.</summary>
    public long NextGroup => _state.Group;

    public Lsn NextLsn => _state.Lsn;

    public long GroupsApplied { get; private set; }

    public long CommitsApplied { get; private set; }

    public long BytesApplied { get; private set; }

    /// <summary>How long the opening thread applied commits.</summary>
    public TimeSpan ApplyDuration { get; private set; }

    /// <summary>Reads until no group continues the chain.</summary>
    public void Follow() => Follow(new Lsn(long.MaxValue));

    /// <summary>Reads until no group continues the chain, or a commit has been read.</summary>
    public void Follow(Lsn upTo)
    {
        _upTo = upTo;
        while (NextLsn <= upTo && (TrySupersede() || TryReadGroups() || TryEnterNextFile()))
        {
        }

        _workers.Copies.Source = null;
    }

    /// <summary>Where writing goes on after this chain.</summary>
    /// <param name="tail">What stands behind the end. Files there are not kept.</param>
    public WalPosition PositionAfter(WalFileSet set, WalTail tail)
    {
        // Seals at the end have said what they had to say; the new file's header says the same.
        var unvouched = _unvouched.ToArray();
        var count = unvouched.Length;
        while (count > 0 && unvouched[count - 1].Location.Header.IsSeal)
        {
            count--;
        }

        var state = unvouched.Length > 0 ? unvouched[0].Before : _state;

        // Files in which nobody wrote anything: the new one begins at the same group and says the same. Else each opening without a checkpoint would leave one more to read.
        var kept = FileIndex + 1;
        while (kept > 1 && tail.TornBytes == 0 && _files[kept - 1] is var last && last.Header.StartsAnew && last.EndOffset <= WalFormat.BlockSizeBytes
            && last.Header.FirstGroup == state.Group && last.Header.FirstLsn == state.Lsn)
        {
            kept--;
        }

        return new WalPosition
        {
            FileNumber = set.NextNumber,
            FirstLsn = state.Lsn,
            FirstGroup = state.Group,
            Checksum = state.Checksum ?? 0,
            NextLsn = NextLsn,
            Copies = unvouched.Take(count).Select(u => u.Location).ToList(),
            Files = _files.Take(kept).Select(f => new WalFileInfo(f.Header.FileNumber, f.Header.FirstLsn, f.LastLsn, f.EndOffset)).ToList(),
            Orphans = [.. set.OrphanNames, .. tail.DeadFiles, .. _files.Take(FileIndex + 1).Skip(kept).Select(f => f.Name)],
        };
    }

    /// <summary>At the group with which a later file starts anew, goes there.</summary>
    private bool TrySupersede()
    {
        var index = NextFileStartingAnew();
        if (index < 0 || _files[index].Header.FirstGroup > _state.Group)
        {
            return false;
        }

        var (file, header) = (_files[index], _files[index].Header);
        if (header.FirstGroup < _state.Group || header.FirstLsn != _state.Lsn || (_state.Checksum is { } checksum && checksum != header.ContinuesFrom))
        {
            throw Error.LogFileDamaged(file.Path, string.Create(CultureInfo.InvariantCulture,
                $"by its header it continues after commit {header.FirstLsn.Value - 1} (group {header.FirstGroup - 1}), and the file before it, '{_files[FileIndex].Name}', reads otherwise (commit {_state.Lsn.Value - 1}, group {_state.Group - 1})"));
        }

        _state = _state with { Checksum = header.ContinuesFrom };
        Vouch(header.FirstGroup - 1);
        Enter(index);
        return true;
    }

    /// <summary>Reads what continues the chain in this file; false when nothing does.</summary>
    private bool TryReadGroups()
    {
        var file = _files[FileIndex];
        var index = NextFileStartingAnew();
        var groupLimit = index < 0 ? long.MaxValue : _files[index].Header.FirstGroup;
        var (state, offset) = (_state, Offset);
        var isAny = false;
        while (true)
        {
            while (_runsAhead.Count < (_workers.IsParallel ? _workers.Options.RunsAheadMax : 1))
            {
                var run = _freeRuns.TryPop(out var free) ? free : new WalRun();
                Walk(run, file, groupLimit, ref state, ref offset);
                if (run.Groups.Count == 0)
                {
                    _freeRuns.Push(run);
                    break;
                }

                _workers.Post(run);
                _runsAhead.Enqueue(run);
            }

            if (!_runsAhead.TryDequeue(out var next))
            {
                return isAny;
            }

            _workers.Wait(next);
            var count = Confirm(file, next);
            isAny |= count > 0;
            var isWhole = count == next.Groups.Count;
            _freeRuns.Push(next);
            if (!isWhole)
            {
                ForgetRunsAhead();
                return isAny;
            }
        }
    }

    /// <summary>Follows the headers from a place on, for about one run. Waits for the file only when nothing else is left to do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Walk(WalRun run, WalFileReader file, long groupLimit, ref State state, ref long offset)
    {
        run.Begin(file);
        var sizeBytes = 0L;
        while (sizeBytes < _workers.Options.RunSizeBytes && state.Group < groupLimit && state.Lsn <= _upTo)
        {
            var mayWait = _runsAhead.Count == 0 && run.Groups.Count == 0;
            if ((!mayWait && !file.IsRead(offset + WalFormat.BlockSizeBytes)) || !IsNext(file, offset, state, out var header))
            {
                return;
            }

            var size = WalFormat.GroupSizeBytes(header.PayloadLength);
            if (!mayWait && !file.IsRead(offset + WalFormat.GroupHeaderSizeBytes + header.PayloadLength))
            {
                return;
            }

            file.Get(offset + WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength);
            run.Groups.Add((offset, header));
            state = After(header);
            offset += size;
            sizeBytes += size;
        }
    }

    /// <summary>Takes the groups of a run whose checksums hold, and returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Confirm(WalFileReader file, WalRun run)
    {
        var started = _clock.GetTimestamp();
        _workers.Copies.Source = file.Image;
        for (var i = 0; i < run.SoundCount; i++)
        {
            var (offset, header) = run.Groups[i];
            Vouch(header.SyncedGroup);
            _unvouched.Enqueue((new WalGroupLocation(header.FileNumber, offset, header), _state));
            Apply(file, header);
            _state = After(header);
            Offset += WalFormat.GroupSizeBytes(header.PayloadLength);
            file.EndOffset = Offset;
            file.LastLsn = new Lsn(_state.Lsn.Value - 1);
        }

        _workers.Pulse();
        ApplyDuration += _clock.GetElapsedTime(started);
        return run.SoundCount;
    }

    private void ForgetRunsAhead()
    {
        while (_runsAhead.TryDequeue(out var run))
        {
            _workers.Wait(run);
            _freeRuns.Push(run);
        }
    }

    private static State After(in WalGroupHeader header)
        => new(header.Number + 1, new Lsn(header.FirstLsn.Value + header.CommitCount), header.Checksum);

    /// <summary>When a later file was made ahead and its first group continues the chain, goes there.</summary>
    private bool TryEnterNextFile()
    {
        // Mostly it is the next one. A file too small for the commit that came next was left without groups.
        for (var i = FileIndex + 1; i < _files.Count && !_files[i].Header.StartsAnew; i++)
        {
            var header = _files[i].Header;
            if (header.FirstGroup == _state.Group && header.FirstLsn == _state.Lsn && IsNextAndSound(_files[i]))
            {
                Enter(i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the header at an offset is of the group that comes next, and its payload fits the file.</summary>
    private static bool IsNext(WalFileReader file, long offset, State state, out WalGroupHeader header)
        => file.TryReadHeader(offset, out header)
            && header.Number == state.Group && header.FirstLsn == state.Lsn && (state.Checksum is not { } checksum || header.PreviousChecksum == checksum)
            && header.CommitCount >= 0 && header.PayloadLength >= 0
            && header.PayloadLength <= file.SizeBytes - offset - WalFormat.GroupHeaderSizeBytes && header.PayloadLength <= int.MaxValue - WalFormat.BlockSizeBytes;

    /// <summary>Whether the first group of a file is whole and the one that comes next.</summary>
    private bool IsNextAndSound(WalFileReader file)
    {
        if (!IsNext(file, WalFormat.BlockSizeBytes, _state, out var header))
        {
            return false;
        }

        var payload = file.Get(WalFormat.BlockSizeBytes + WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength).Span;
        return Crc32C.Compute(payload) == header.PayloadChecksum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Apply(WalFileReader file, in WalGroupHeader header)
    {
        var payload = file.Get(Offset + WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength);
        var lsn = header.FirstLsn;
        var isApplied = false;
        for (var i = 0; i < header.CommitCount; i++, lsn = lsn.Next)
        {
            var length = payload.Length < WalFormat.CommitHeaderSizeBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(payload.Span);
            if (length < 0 || length > payload.Length - WalFormat.CommitHeaderSizeBytes)
            {
                throw Error.LogFileDamaged(file.Path, string.Create(CultureInfo.InvariantCulture, $"the group at byte {Offset} is valid, but commit {lsn} in it is not"));
            }

            if (lsn > _after)
            {
                _apply(lsn, new Bytes(payload.Pointer + WalFormat.CommitHeaderSizeBytes, length));
                CommitsApplied++;
                BytesApplied += length;
                isApplied = true;
            }

            var end = WalFormat.CommitHeaderSizeBytes + length;
            payload = new Bytes(payload.Pointer + end, payload.Length - end);
        }

        if (payload.Length != 0)
        {
            throw Error.LogFileDamaged(file.Path, string.Create(CultureInfo.InvariantCulture, $"the group at byte {Offset} is valid, but longer than its {header.CommitCount} commits"));
        }

        GroupsApplied += isApplied ? 1 : 0;
    }

    /// <summary>Groups that had been synced need not be copied; mostly only the newest is left.</summary>
    private void Vouch(long group)
    {
        while (_unvouched.TryPeek(out var oldest) && oldest.Location.Header.Number <= group)
        {
            _unvouched.Dequeue();
        }
    }

    private int NextFileStartingAnew()
    {
        for (var i = FileIndex + 1; i < _files.Count; i++)
        {
            if (_files[i].Header.StartsAnew)
            {
                return i;
            }
        }

        return -1;
    }

    private void Enter(int index)
    {
        // The runs behind are confirmed, so what is still read of these files are copies under way.
        _workers.Copies.Source = null;
        for (var i = FileIndex; i < index; i++)
        {
            _files[i].Release();
        }

        FileIndex = index;
        Offset = WalFormat.BlockSizeBytes;
    }

    /// <summary>What the next group must be. The checksum is unknown at the start of a file that was made ahead.</summary>
    private readonly record struct State(long Group, Lsn Lsn, uint? Checksum);
}
