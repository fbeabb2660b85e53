using System.Buffers;

namespace Engram.Data.Storage;

/// <summary>Records one after the other, in as many arrays as they need: what was written is never moved to a larger one.</summary>
/// <remarks>
/// One array that doubles is touched three times over when gigabytes gather in it, and memory that was not in use before is slower to come by than the disk. So whoever
/// writes a record asks for <see cref="Writer"/>, and between two records the array may be another. The arrays are the shared pool's: who has it last frees it, or they are lost to
/// the pool. Not thread-safe.
/// </remarks>
/// <param name="capacity">Of the first array.</param>
/// <param name="chunkSizeBytes">An array that has this much gets no further record.</param>
internal sealed class ByteChunks(int capacity, int chunkSizeBytes = ByteChunks.ChunkSizeBytes)
{
    private const int ChunkSizeBytes = 1024 * 1024;

    private readonly List<ArraySegment<byte>> full = [];
    private ByteWriter last = ByteWriter.OfPool(capacity);
    private int fullLength;

    /// <summary>Bytes written so far.</summary>
    public int Length => fullLength + last.Length;

    /// <summary>Whether there is more than one array.</summary>
    public bool IsLarge => full.Count > 0;

    /// <summary>All bytes, of what is not large.</summary>
    public ReadOnlySpan<byte> Written => IsLarge ? throw Error.Internal("a large record is asked for as one array") : last.Written;

    /// <summary>For the next record, which is written whole before this is asked for again.</summary>
    public ByteWriter Writer
    {
        get
        {
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
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length);
        while (length < fullLength)
        {
            ArrayPool<byte>.Shared.Return(last.Segment.Array!);
            last = ByteWriter.OfPool(full[^1]);
            fullLength -= full[^1].Count;
            full.RemoveAt(full.Count - 1);
        }

        last.Truncate(length - fullLength);
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
        if ((long)Length + chunkSizeBytes > Array.MaxLength)
        {
            throw Error.RecordTooLong(Length + (long)chunkSizeBytes, Array.MaxLength);
        }

        full.Add(last.Segment);
        fullLength += last.Length;
        last = ByteWriter.OfPool(2 * chunkSizeBytes);
    }
}
