using System.Runtime.InteropServices;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <summary>Appends to a new segment file in pieces of 4 MiB and computes the checksum of every page on the way.</summary>
/// <remarks>
/// <para>Whole pieces go past the system's cache: a load or a compaction would fill it with what nobody asked for yet, and memory that was not in use lately is slower to
/// come by than the disk. What is not a whole piece, a small file first of all, goes through the cache, where the first query finds it.</para>
/// <para><b>Two pieces.</b> While one is written by a thread of the pool the other is filled, so that encoding and the disk do not wait for each other. No more than one is on its
/// way; what went wrong with it is told by the next call. When no thread is free, whoever waits for the piece writes it (<see cref="OfferedWork"/>). <see cref="FinishPages"/> and <see cref="Dispose"/> leave nothing on its way.</para>
/// <para>Pieces start at multiples of their size: the first touch of a mapped page costs 13 ns when the system keeps the file in large pieces of memory, and 430 ns when it was
/// written 4 KiB at a time.</para>
/// </remarks>
internal sealed unsafe class SegmentOutput : IDisposable
{
    /// <summary>How much the disk is given at once, so that the log's syncs need not wait for more.</summary>
    private const int WriteBackSizeBytes = 512 * 1024;

    private readonly DataFile file;
    private readonly List<uint> pageChecksums = [];
    private byte* pointer;
    private byte* other;
    private OfferedWork? writing;
    private int filled;
    private long pieceOffset;

    public SegmentOutput(DataFile file)
    {
        this.file = file;
        pointer = AllocatePiece();
    }

    ~SegmentOutput() => Free();

    /// <summary>Where the next byte goes.</summary>
    public long Position => pieceOffset + filled;

    /// <summary>The checksums of all pages, after <see cref="FinishPages"/>.</summary>
    public IReadOnlyList<uint> PageChecksums => pageChecksums;

    public void Write(byte* data, long length)
    {
        while (length > 0)
        {
            var count = (int)Math.Min(length, SegmentFormat.PieceSize - filled);
            Buffer.MemoryCopy(data, pointer + filled, count, count);
            filled += count;
            data += count;
            length -= count;
            if (filled == SegmentFormat.PieceSize)
            {
                FlushPiece();
            }
        }
    }

    public void Write(ReadOnlySpan<byte> data)
    {
        fixed (byte* p = data)
        {
            Write(p, data.Length);
        }
    }

    /// <summary>Writes zeros up to the next multiple of 64.</summary>
    public void Align()
    {
        Span<byte> zeros = stackalloc byte[SegmentFormat.Alignment];
        zeros.Clear();
        Write(zeros[..(int)(SegmentFormat.Align(Position) - Position)]);
    }

    /// <summary>Writes what is left and closes the last page. What is appended from now on belongs to no page.</summary>
    public void FinishPages()
    {
        AwaitPiece();
        WritePiece(pointer, filled, pieceOffset);
        pieceOffset += filled;
        filled = 0;
        Free();
    }

    public void Dispose()
    {
        // What became of it matters to nobody any more; the file is given up, or was finished.
        writing?.WaitQuietly();
        Free();
        GC.SuppressFinalize(this);
    }

    private static byte* AllocatePiece() => (byte*)NativeMemory.AlignedAlloc(SegmentFormat.PieceSize, DataFile.BlockSizeBytes);

    private void FlushPiece()
    {
        AwaitPiece();
        var (piece, offset) = ((nint)pointer, pieceOffset);
        if (file.IsSlow)
        {
            if (other == null)
            {
                other = AllocatePiece();
            }

            writing = OfferedWork.Start(() => WritePiece((byte*)piece, SegmentFormat.PieceSize, offset));

            var filledLast = pointer;
            pointer = other;
            other = filledLast;
        }
        else
        {
            WritePiece(pointer, SegmentFormat.PieceSize, offset);
        }

        pieceOffset += SegmentFormat.PieceSize;
        filled = 0;
    }

    private void AwaitPiece()
    {
        var work = writing;
        writing = null;
        work?.Wait();
    }

    /// <summary>One at a time, in the order of the file.</summary>
    private void WritePiece(byte* piece, int length, long offset)
    {
        for (var at = 0; at < length; at += SegmentFormat.PageSize)
        {
            pageChecksums.Add(Crc32C.Compute(new ReadOnlySpan<byte>(piece + at, Math.Min(SegmentFormat.PageSize, length - at))));
        }

        if (length == SegmentFormat.PieceSize)
        {
            for (var at = 0; at < length; at += WriteBackSizeBytes)
            {
                file.WriteDirect(offset + at, new ReadOnlySpan<byte>(piece + at, WriteBackSizeBytes));
                file.WriteBack(offset + at, WriteBackSizeBytes);
            }

            return;
        }

        file.Write(offset, new ReadOnlySpan<byte>(piece, length));
        for (var at = 0; at < length; at += WriteBackSizeBytes)
        {
            file.WriteBack(offset + at, Math.Min(WriteBackSizeBytes, length - at));
        }
    }

    private void Free()
    {
        NativeMemory.AlignedFree(pointer);
        NativeMemory.AlignedFree(other);
        pointer = null;
        other = null;
    }
}
