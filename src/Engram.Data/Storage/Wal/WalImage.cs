using System.Runtime.ExceptionServices;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Wal;

/// <summary>The bytes of one log file in memory, filled piece by piece, in any order and by several threads.</summary>
/// <remarks>
/// A group is used where it lies, so a file lies in memory as a whole; what is not read takes no memory. A piece is read once: an error
/// in that is kept, and thrown to whoever asks for the piece. Freed by the last <see cref="Counted.Release"/>.
/// </remarks>
internal sealed unsafe class WalImage : Counted
{
    private readonly DataFile file;
    private readonly int pieceSizeBytes;
    private readonly bool[] isRead;
    private readonly WalReadAhead owner;
    private ExceptionDispatchInfo? failure;
    private long failureOffset = long.MaxValue;
    private int claimed;
    private long endFound = long.MaxValue;

    public WalImage(DataFile file, long sizeBytes, int pieceSizeBytes, byte* memory, WalReadAhead owner)
    {
        this.file = file;
        this.pieceSizeBytes = pieceSizeBytes;
        this.owner = owner;
        SizeBytes = sizeBytes;
        Pointer = memory;
        isRead = new bool[(sizeBytes + pieceSizeBytes - 1) / pieceSizeBytes];
    }

    public byte* Pointer { get; private set; }

    public long SizeBytes { get; }

    // What follows is under the gate of the workers.

    /// <summary>Where the bytes end that are there without a gap from the start.</summary>
    public long ReadUpTo { get; private set; }

    /// <summary>The same, up to the first error, or to where the file turned out to end.</summary>
    public long UsableUpTo => Math.Min(ReadUpTo, Math.Min(failureOffset, endFound));

    /// <summary>Where the first piece begins that nobody has begun to read.</summary>
    public long NextPieceOffset => (long)claimed * pieceSizeBytes;

    /// <summary>Takes the first piece that nobody has begun to read; -1 when there is none.</summary>
    public int TryClaim() => claimed < isRead.Length ? claimed++ : -1;

    /// <summary>Reads a piece that was claimed. Leaves the gate to the caller: it is not held during this.</summary>
    public PieceResult Read(int piece)
    {
        var offset = (long)piece * pieceSizeBytes;
        var size = (int)Math.Min(pieceSizeBytes, SizeBytes - offset);
        try
        {
            return new PieceResult(offset + file.Read(offset, new Span<byte>(Pointer + offset, size)), null);
        }
        catch (Exception e)
        {
            return new PieceResult(offset, ExceptionDispatchInfo.Capture(e));
        }
    }

    /// <summary>Records what came of reading.</summary>
    public void Complete(int piece, PieceResult result)
    {
        isRead[piece] = true;
        var offset = (long)piece * pieceSizeBytes;
        if (result.Failure is not null && offset < failureOffset)
        {
            (failure, failureOffset) = (result.Failure, offset);
        }
        else if (result.Failure is null && result.End < Math.Min(offset + pieceSizeBytes, SizeBytes))
        {
            endFound = Math.Min(endFound, result.End);
        }

        var first = (int)(ReadUpTo / pieceSizeBytes);
        while (first < isRead.Length && isRead[first])
        {
            first++;
        }

        ReadUpTo = Math.Min(first * (long)pieceSizeBytes, SizeBytes);
    }

    /// <summary>Throws when a piece before <paramref name="end"/> could not be read.</summary>
    public void ThrowIfFailed(long end)
    {
        if (end > failureOffset)
        {
            failure!.Throw();
        }
    }

    protected override void Free()
    {
        owner.TakeBack((nint)Pointer, SizeBytes);
        Pointer = null;
    }

    /// <summary>Where the bytes of a piece end, or why there are none.</summary>
    internal readonly record struct PieceResult(long End, ExceptionDispatchInfo? Failure);
}
