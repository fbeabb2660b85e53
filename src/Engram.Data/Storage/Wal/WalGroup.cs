using System.Buffers;
using System.Buffers.Binary;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Wal;

/// <summary>A group while commits gather in it: the very bytes that will be written, with room for the header in front.</summary>
/// <remarks>Used by the appending side under the writer's gate until it is taken from the queue, then by the leader alone.</remarks>
internal sealed class WalGroup
{
    private byte[] _buffer;

    public WalGroup(WalFile file, long offset, long number, Lsn firstLsn, bool isSeal)
    {
        File = file;
        Offset = offset;
        Number = number;
        FirstLsn = firstLsn;
        IsSeal = isSeal;
        _buffer = ArrayPool<byte>.Shared.Rent(WalFormat.BlockSizeBytes);
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

    /// <summary>Completes the bytes and returns them, whole blocks.</summary>
    public ReadOnlySpan<byte> Finish(uint previousChecksum, long syncedGroup, Lsn syncedLsn, out uint checksum)
    {
        var end = WalFormat.GroupHeaderSizeBytes + PayloadLength;
        var size = (int)WalFormat.AlignToBlock(end);
        _buffer.AsSpan(end, size - end).Clear();
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
            PayloadChecksum = Crc32C.Compute(_buffer.AsSpan(WalFormat.GroupHeaderSizeBytes, PayloadLength)),
            FileNumber = File.Number,
        }.Write(_buffer);
        return _buffer.AsSpan(0, size);
    }

    /// <summary>Gives the memory back; the group is not used again.</summary>
    public void Free()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
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
