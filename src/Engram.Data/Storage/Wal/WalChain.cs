using System.Buffers.Binary;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Wal;

/// <summary>Follows the chain of groups through the files and applies their commits.</summary>
internal sealed class WalChain
{
    private readonly IReadOnlyList<WalFileReader> _files;
    private readonly Lsn _after;
    private readonly Action<Lsn, ReadOnlyMemory<byte>> _apply;
    private readonly Queue<(WalGroupLocation Location, State Before)> _unvouched = new();
    private State _state;

    public WalChain(IReadOnlyList<WalFileReader> files, Lsn after, Action<Lsn, ReadOnlyMemory<byte>> apply)
    {
        _files = files;
        _after = after;
        _apply = apply;
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

    /// <summary>Reads until no group continues the chain.</summary>
    public void Follow() => Follow(new Lsn(long.MaxValue));

    /// <summary>Reads until no group continues the chain, or a commit has been read.</summary>
    public void Follow(Lsn upTo)
    {
        while (NextLsn <= upTo && (TrySupersede() || TryReadGroup() || TryEnterNextFile()))
        {
        }
    }

    /// <summary>Where writing goes on after this chain.</summary>
    /// <param name="deadFiles">Files behind the end, of which nothing is kept.</param>
    public WalPosition PositionAfter(WalFileSet set, IReadOnlyList<string> deadFiles)
    {
        // Seals at the end have said what they had to say; the new file's header says the same.
        var unvouched = _unvouched.ToArray();
        var count = unvouched.Length;
        while (count > 0 && unvouched[count - 1].Location.Header.IsSeal)
        {
            count--;
        }

        var state = unvouched.Length > 0 ? unvouched[0].Before : _state;

        return new WalPosition
        {
            FileNumber = set.NextNumber,
            FirstLsn = state.Lsn,
            FirstGroup = state.Group,
            Checksum = state.Checksum ?? 0,
            NextLsn = NextLsn,
            Copies = unvouched.Take(count).Select(u => u.Location).ToList(),
            Files = _files.Take(FileIndex + 1).Select(f => new WalFileInfo(f.Header.FileNumber, f.Header.FirstLsn, f.LastLsn, f.EndOffset)).ToList(),
            Orphans = [.. set.OrphanNames, .. deadFiles],
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

    private bool TryReadGroup()
    {
        var file = _files[FileIndex];
        if (!TryReadNext(file, Offset, out var header))
        {
            return false;
        }

        Vouch(header.SyncedGroup);
        _unvouched.Enqueue((new WalGroupLocation(header.FileNumber, Offset, header), _state));

        Apply(file, header);
        _state = new State(header.Number + 1, new Lsn(header.FirstLsn.Value + header.CommitCount), header.Checksum);
        Offset += WalFormat.GroupSizeBytes(header.PayloadLength);
        file.EndOffset = Offset;
        file.LastLsn = new Lsn(_state.Lsn.Value - 1);
        return true;
    }

    /// <summary>When a later file was made ahead and its first group continues the chain, goes there.</summary>
    private bool TryEnterNextFile()
    {
        // Mostly it is the next one. A file too small for the commit that came next was left without groups.
        for (var i = FileIndex + 1; i < _files.Count && !_files[i].Header.StartsAnew; i++)
        {
            var header = _files[i].Header;
            if (header.FirstGroup == _state.Group && header.FirstLsn == _state.Lsn && TryReadNext(_files[i], WalFormat.BlockSizeBytes, out _))
            {
                Enter(i);
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the group at an offset is whole and the one that comes next.</summary>
    private bool TryReadNext(WalFileReader file, long offset, out WalGroupHeader header)
    {
        if (!file.TryReadHeader(offset, out header)
            || header.Number != _state.Group || header.FirstLsn != _state.Lsn || (_state.Checksum is { } checksum && header.PreviousChecksum != checksum)
            || header.CommitCount < 0 || header.PayloadLength < 0
            || header.PayloadLength > file.SizeBytes - offset - WalFormat.GroupHeaderSizeBytes || header.PayloadLength > int.MaxValue - WalFormat.BlockSizeBytes)
        {
            return false;
        }

        var payload = file.Get(offset + WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength).Span;
        return Crc32C.Compute(payload) == header.PayloadChecksum;
    }

    private void Apply(WalFileReader file, in WalGroupHeader header)
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
                _apply(lsn, payload.Slice(WalFormat.CommitHeaderSizeBytes, length));
                CommitsApplied++;
                BytesApplied += length;
                isApplied = true;
            }

            payload = payload[(WalFormat.CommitHeaderSizeBytes + length)..];
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
        FileIndex = index;
        Offset = WalFormat.BlockSizeBytes;
    }

    /// <summary>What the next group must be. The checksum is unknown at the start of a file that was made ahead.</summary>
    private readonly record struct State(long Group, Lsn Lsn, uint? Checksum);
}
