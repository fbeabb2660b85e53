using System.Buffers;
using Engram.Data.Storage.Wal;

namespace Engram.Data.Storage;

/// <summary>Records one after the other, in as many arrays as they need: what was written is never moved to a larger one.</summary>
/// <remarks>
/// One array that doubles is touched three times over when gigabytes gather in it, and memory that was not in use before is slower to come by than the disk. So whoever
/// writes a record asks for <see cref="Writer"/>, and between two records the array may be another. The arrays are the shared pool's: who has it last frees it, or they are lost to
/// the pool. Not thread-safe. More than the log takes as one commit is refused (54000) before the next record, while it can still be taken back.
/// </remarks>
/// <param name="capacity">Of the first array.</param>
/// <param name="chunkSizeBytes">An array that has this much gets no further record.</param>
/// <param name="sizeBytesMax">Behind more than this comes no further record.</param>
internal sealed class ByteChunks(int capacity, int chunkSizeBytes = ByteChunks.ChunkSizeBytes, long sizeBytesMax = WalFormat.CommitSizeBytesMax)
{
    private const int ChunkSizeBytes = 1024 * 1024;

    private readonly List<ArraySegment<byte>> full = [];
    private ByteWriter last = ByteWriter.OfPool(capacity);
    private long fullLength;

    /// <summary>Bytes written so far.</summary>
    public long Length => fullLength + last.Length;

    /// <summary>Whether there is more than one array.</summary>
    public bool IsLarge => full.Count > 0;

    /// <summary>All bytes, of what is not large.</summary>
    public ReadOnlySpan<byte> Written => IsLarge ? throw Error.Internal("a large record is asked for as one array") : last.Written;

    /// <summary>For the next record, which is written whole before this is asked for again.</summary>
    /// <exception cref="EngramException">54000 when there is more than the maximum already. A record may be of any length, so the log looks once more at all of them.</exception>
    public ByteWriter Writer
    {
        get
        {
            if (Length > sizeBytesMax)
            {
                throw Error.RecordTooLong(Length, sizeBytesMax);
            }

            if (last.Length >= chunkSizeBytes)
            {
                Settle();
            }

            return last;
        }
    }

    /// <summary>Whether somebody else frees it from now on, and nothing is written any more.</summary>
    public bool IsHandedOver { get; set; }

    /// <summary>The arrays in their order. Nothing may be written afterwards.</summary>
    public IReadOnlyList<ArraySegment<byte>> All() => [.. full, last.Segment];

    /// <summary>Forgets everything from byte <paramref name="length"/> on, which is the end of a record.</summary>
    public void Truncate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)length, (ulong)Length);
        while (length < fullLength)
        {
            ArrayPool<byte>.Shared.Return(last.Segment.Array!);
            last = ByteWriter.OfPool(full[^1]);
            fullLength -= full[^1].Count;
            full.RemoveAt(full.Count - 1);
        }

        last.Truncate((int)(length - fullLength));
    }

    /// <summary>Forgets what was written, of what is not large, and keeps the memory.</summary>
    public void Clear() => last.Clear();

    /// <summary>Gives the memory back; used no more.</summary>
    public void Free()
    {
        full.Add(last.Segment);
        foreach (var chunk in full)
        {
            ArrayPool<byte>.Shared.Return(chunk.Array!);
        }

        full.Clear();
        last = new ByteWriter();
        fullLength = 0;
    }

    private void Settle()
    {
        // First: without memory for it nothing has changed, and no array is there twice.
        var next = ByteWriter.OfPool(2 * chunkSizeBytes);
        full.Add(last.Segment);
        fullLength += last.Length;
        last = next;
    }
}
