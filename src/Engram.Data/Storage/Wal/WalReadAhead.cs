using System.Runtime.InteropServices;

namespace Engram.Data.Storage.Wal;

/// <summary>Reads the files of the log into memory: ahead of the chain by threads of its own, or when the chain comes there.</summary>
/// <remarks>
/// Without other threads one piece is read after the other, each when it is needed: the same calls in the same order every time. Errors wait in
/// the <see cref="WalImage"/> until the chain asks for the bytes.
/// </remarks>
internal sealed unsafe class WalReadAhead : IDisposable
{
    private const nuint AlignmentBytes = 4096;

    private readonly ReplayWorkers workers;
    private readonly IReadOnlyList<WalFileReader> files;
    private readonly List<Thread> threads = [];
    private readonly List<(nint Pointer, long SizeBytes)> spares = [];
    private bool isStopping;

    public WalReadAhead(ReplayWorkers workers, IReadOnlyList<WalFileReader> files)
    {
        this.workers = workers;
        this.files = files;
        foreach (var file in files)
        {
            file.Source = this;
        }

        for (var i = 0; workers.IsParallel && i < workers.Options.ReaderThreads; i++)
        {
            threads.Add(ReplayWorkers.StartThread(ReadAhead));
        }
    }

    /// <summary>Makes room for a file's bytes. Under the gate.</summary>
    public WalImage OpenImage(WalFileReader file)
    {
        return new WalImage(file.File, file.SizeBytes, workers.Options.PieceSizeBytes, (byte*)TakeMemory(file.SizeBytes), this);
    }

    /// <summary>Waits until the first <paramref name="end"/> bytes of a file are in memory, reading what nobody reads.</summary>
    /// <returns>How many bytes are there: fewer when the file turned out to be shorter.</returns>
    public long Require(WalFileReader file, long end)
    {
        lock (workers.Gate)
        {
            var image = file.GetOrOpenImage();
            while (image.ReadUpTo < end)
            {
                var piece = image.TryClaim();
                if (piece >= 0)
                {
                    ReadOutsideOfGate(image, piece);
                }
                else
                {
                    workers.RunOneOrWait();
                }
            }

            image.ThrowIfFailed(end);
            return image.UsableUpTo;
        }
    }

    /// <summary>How many bytes of a file are in memory now.</summary>
    public long UsableUpTo(WalFileReader file)
    {
        lock (workers.Gate)
        {
            return file.Image?.UsableUpTo ?? 0;
        }
    }

    /// <summary>Takes the bytes from a file that the chain has left. Copies that are under way keep them until they are made.</summary>
    public void Release(WalFileReader file)
    {
        WalImage? image;
        lock (workers.Gate)
        {
            image = file.Leave();
        }

        image?.Release();
    }

    /// <summary>Memory that nobody uses any more. Kept for the next file: what the system hands out anew costs it a fault a page.</summary>
    public void TakeBack(nint pointer, long sizeBytes)
    {
        lock (workers.Gate)
        {
            if (!isStopping)
            {
                spares.Add((pointer, sizeBytes));
                return;
            }
        }

        NativeMemory.AlignedFree((void*)pointer);
    }

    public void Dispose()
    {
        lock (workers.Gate)
        {
            isStopping = true;
            Monitor.PulseAll(workers.Gate);
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        foreach (var file in files)
        {
            Release(file);
        }

        FreeSpares();
    }

    private void ReadAhead()
    {
        lock (workers.Gate)
        {
            while (!isStopping)
            {
                var (image, piece) = FindWork();
                if (image is null)
                {
                    Monitor.Wait(workers.Gate);
                    continue;
                }

                image.AddReference();
                ReadOutsideOfGate(image, piece);
                image.Release();
            }
        }
    }

    /// <summary>The next piece to read, in the files' order.</summary>
    private (WalImage? Image, int Piece) FindWork()
    {
        var ahead = 0L;
        foreach (var file in files)
        {
            if (file.IsLeft)
            {
                continue;
            }

            var applied = file.EndOffset;
            var next = file.Image?.NextPieceOffset ?? 0;
            if (ahead + next - applied >= workers.Options.ReadAheadSizeBytesMax)
            {
                return default;
            }

            var image = file.GetOrOpenImage();
            if (image.TryClaim() is >= 0 and var piece)
            {
                return (image, piece);
            }

            ahead += file.SizeBytes - applied;
        }

        return default;
    }

    private void ReadOutsideOfGate(WalImage image, int piece)
    {
        Monitor.Exit(workers.Gate);
        WalImage.PieceResult result;
        try
        {
            result = image.Read(piece);
        }
        finally
        {
            Monitor.Enter(workers.Gate);
        }

        image.Complete(piece, result);
        Monitor.PulseAll(workers.Gate);
    }

    private nint TakeMemory(long sizeBytes)
    {
        var at = spares.FindIndex(s => s.SizeBytes >= sizeBytes);
        if (at >= 0)
        {
            var pointer = spares[at].Pointer;
            spares.RemoveAt(at);
            return pointer;
        }

        // Files grow: what was too small once is too small for all that follow.
        FreeSpares();
        try
        {
            return (nint)NativeMemory.AlignedAlloc((nuint)sizeBytes, AlignmentBytes);
        }
        catch (OutOfMemoryException e)
        {
            throw Error.MemoryExhausted(sizeBytes, e);
        }
    }

    private void FreeSpares()
    {
        foreach (var (pointer, _) in spares)
        {
            NativeMemory.AlignedFree((void*)pointer);
        }

        spares.Clear();
    }
}
