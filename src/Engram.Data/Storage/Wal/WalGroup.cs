using System.Buffers;
using System.Buffers.Binary;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>A group while commits gather in it: the very bytes that will be written, with room for the header in front.</summary>
/// <remarks>Used by the appending side under the writer's gate until it is taken from the queue, then by the leader alone.</remarks>
internal sealed class WalGroup
{
    private const int PieceSizeBytes = 1024 * 1024;

    private readonly ByteChunks? _large;
    /// <summary>What a large commit is written through: found before the commit has its place, since whoever writes a group cannot give it up.</summary>
    private readonly NativeBlock? _piece;
    private byte[] _buffer;

    /// <param name="large">One commit that is a group of its own, and is written from where it lies; the caller leaves it to the group.</param>
    public WalGroup(WalFile file, long offset, long number, Lsn firstLsn, bool isSeal, ByteChunks? large = null)
    {
        _large = large;
        File = file;
        Offset = offset;
        Number = number;
        FirstLsn = firstLsn;
        IsSeal = isSeal;
        _buffer = ArrayPool<byte>.Shared.Rent(WalFormat.BlockSizeBytes);
        if (large is not null)
        {
            CommitCount = 1;
            _piece = new NativeBlock(PieceSizeBytes);
            // Of the length that the writer has let pass.
            var length = checked((int)large.Length);
            PayloadLength = WalFormat.CommitHeaderSizeBytes + length;
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(WalFormat.GroupHeaderSizeBytes), length);
        }
    }

    public WalFile File { get; }

    public long Offset { get; }

    public long Number { get; }

    public Lsn FirstLsn { get; }

    public bool IsSeal { get; }

    public int CommitCount { get; private set; }

    public int PayloadLength { get; private set; }

    public Lsn LastLsn => new(FirstLsn.Value + CommitCount - 1);

    /// <summary>Adds a commit of this length and returns where its bytes go.</summary>
    public Span<byte> Add(int length)
    {
        var start = WalFormat.GroupHeaderSizeBytes + PayloadLength;
        var end = start + WalFormat.CommitHeaderSizeBytes + length;
        Reserve(start, (int)WalFormat.AlignToBlock(end));
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(start), length);
        PayloadLength = end - WalFormat.GroupHeaderSizeBytes;
        CommitCount++;
        return _buffer.AsSpan(start + WalFormat.CommitHeaderSizeBytes, length);
    }

    /// <summary>Completes the bytes and writes them, whole blocks, not synced.</summary>
    /// <returns>Bytes written.</returns>
    public long Write(uint previousChecksum, long syncedGroup, Lsn syncedLsn, out uint checksum)
    {
        var end = WalFormat.GroupHeaderSizeBytes + PayloadLength;
        var payloadChecksum = Crc32C.Compute(_buffer.AsSpan(WalFormat.GroupHeaderSizeBytes, _large is null ? PayloadLength : WalFormat.CommitHeaderSizeBytes));
        foreach (var chunk in _large?.All() ?? [])
        {
            payloadChecksum = Crc32C.Compute(chunk, payloadChecksum);
        }

        checksum = new WalGroupHeader
        {
            IsSeal = IsSeal,
            Salt = File.Salt,
            Number = Number,
            FirstLsn = FirstLsn,
            SyncedGroup = syncedGroup,
            SyncedLsn = syncedLsn,
            PayloadLength = PayloadLength,
            CommitCount = CommitCount,
            PreviousChecksum = previousChecksum,
            PayloadChecksum = payloadChecksum,
            FileNumber = File.Number,
        }.Write(_buffer);
        var size = WalFormat.AlignToBlock(end);
        if (_large is not null)
        {
            WriteLarge(size);
            return size;
        }

        _buffer.AsSpan(end, (int)size - end).Clear();
        File.Write(Offset, _buffer.AsSpan(0, (int)size));
        return size;
    }

    /// <summary>Piece by piece, past the system's cache: as much memory again would have to be found for it.</summary>
    private unsafe void WriteLarge(long size)
    {
        var piece = new Span<byte>(_piece!.Pointer, PieceSizeBytes);
        var (filled, offset) = (0, Offset);
        const int HeadSizeBytes = WalFormat.GroupHeaderSizeBytes + WalFormat.CommitHeaderSizeBytes;
        foreach (var chunk in _large!.All().Prepend(new ArraySegment<byte>(_buffer, 0, HeadSizeBytes)))
        {
            for (var rest = chunk.AsSpan(); !rest.IsEmpty;)
            {
                var count = Math.Min(rest.Length, piece.Length - filled);
                rest[..count].CopyTo(piece[filled..]);
                rest = rest[count..];
                filled += count;
                if (filled == piece.Length)
                {
                    File.WriteDirect(offset, piece);
                    offset += filled;
                    filled = 0;
                }
            }
        }

        var last = piece[..(int)(Offset + size - offset)];
        last[filled..].Clear();
        if (!last.IsEmpty)
        {
            File.WriteDirect(offset, last);
        }
    }

    /// <summary>Gives the memory back; the group is not used again.</summary>
    public void Free()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _large?.Free();
        _piece?.Release();
    }

    private void Reserve(int used, int length)
    {
        if (length <= _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, (int)Math.Min(2L * _buffer.Length, Array.MaxLength)));
        _buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
