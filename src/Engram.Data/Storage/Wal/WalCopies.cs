using System.Buffers;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>Copies the last groups of the old log to the head of the new file.</summary>
/// <remarks>
/// Nothing vouches for the last groups that recovery read: perhaps their sync had failed, and then the system may go on showing bytes that
/// never reached the disk, call them clean, and answer the next sync with success. Written anew, under a new salt and a renewed chain, into
/// the file that is synced before it gets its name, they are durable whatever had happened. Usually it is one group, or none after a clean close.
/// </remarks>
internal static class WalCopies
{
    public static long SizeBytes(WalPosition start) => start.Copies.Sum(c => WalFormat.GroupSizeBytes(c.Header.PayloadLength));

    /// <summary>Writes the copies behind the header block, not synced, and returns the checksum that the next group continues from.</summary>
    public static uint Write(DataDirectory directory, WalFile target, WalPosition start)
    {
        var checksum = start.Checksum;
        var offset = (long)WalFormat.BlockSizeBytes;
        foreach (var copy in start.Copies)
        {
            var size = checked((int)WalFormat.GroupSizeBytes(copy.Header.PayloadLength));
            var buffer = ArrayPool<byte>.Shared.Rent(size);
            try
            {
                using var source = directory.Open(WalFormat.FileName(copy.FileNumber), writable: false);
                var bytes = buffer.AsSpan(0, size);
                if (source.Read(copy.Offset, bytes) != size || !WalGroupHeader.TryRead(bytes, out var header) || header != copy.Header
                    || Crc32C.Compute(bytes.Slice(WalFormat.GroupHeaderSizeBytes, (int)header.PayloadLength)) != header.PayloadChecksum)
                {
                    throw Error.LogFileDamaged($"{directory.Path}/{source.Name}", "a group that was read before is not there any more");
                }

                // A copy vouches for no other: should the file's name fail to become durable, the next recovery must copy all of them again.
                checksum = (header with
                {
                    Salt = target.Salt,
                    FileNumber = target.Number,
                    PreviousChecksum = checksum,
                    SyncedGroup = start.FirstGroup - 1,
                    SyncedLsn = new Lsn(start.FirstLsn.Value - 1),
                }).Write(bytes);
                target.Write(offset, bytes);
                offset += size;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        return checksum;
    }
}
