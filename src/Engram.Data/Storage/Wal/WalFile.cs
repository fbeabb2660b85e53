using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Wal;

/// <summary>One log file while it is written.</summary>
/// <remarks>
/// A file is made in two steps. <see cref="Prepare"/> writes its zeros under a temporary name and syncs them: groups then overwrite blocks
/// that the file system has long placed, which makes each sync nearly twice as fast, and a full disk shows here, not in a commit.
/// <see cref="Publish"/> adds the header, syncs again, and gives it its name. So a file with its final name has had its full size and a
/// valid header on the disk; whatever is wrong with them later is damage. A crash in between leaves a temporary file, deleted at the next opening.
/// </remarks>
internal sealed class WalFile : IDisposable
{
    private const int PieceSizeBytes = 512 * 1024;
    private const long CachedSizeBytesMax = 64 * 1024 * 1024;

    private readonly DataDirectory _directory;
    private DataFile _file;
    private int _isDisposed;

    private WalFile(DataDirectory directory, DataFile file, int number, long sizeBytes, ulong salt)
    {
        _directory = directory;
        _file = file;
        Number = number;
        SizeBytes = sizeBytes;
        Salt = salt;
    }

    public int Number { get; }

    public long SizeBytes { get; }

    public ulong Salt { get; }

    public Lsn FirstLsn { get; private set; }

    // What the appending side has put into the file, written or still queued; under the writer's gate.

    public Lsn LastLsn { get; set; }

    public long NextOffset { get; set; } = WalFormat.BlockSizeBytes;

    public int QueuedGroups { get; set; }

    public WalFileInfo Info => new(Number, FirstLsn, LastLsn, NextOffset);

    public static WalFile Prepare(DataDirectory directory, int number, long sizeBytes, ILogger logger)
    {
        var name = WalFormat.TemporaryName(number);
        directory.Delete(name);
        var file = directory.Create(name);
        try
        {
            WriteZeros(file, sizeBytes);
            file.Sync();
            return new WalFile(directory, file, number, sizeBytes, directory.NextRandom());
        }
        catch
        {
            file.Dispose();
            TryDelete(directory, name, logger);
            throw;
        }
    }

    /// <summary>A file of the usual size goes through the system's cache, where commits find its blocks; one made for a large commit does not, as the commit will not.</summary>
    private static unsafe void WriteZeros(DataFile file, long sizeBytes)
    {
        var length = (int)Math.Min(PieceSizeBytes, sizeBytes);
        var zeros = (byte*)NativeMemory.AlignedAlloc((nuint)length, DataFile.BlockSizeBytes);
        try
        {
            NativeMemory.Clear(zeros, (nuint)length);
            for (var offset = 0L; offset < sizeBytes; offset += length)
            {
                var piece = new ReadOnlySpan<byte>(zeros, (int)Math.Min(length, sizeBytes - offset));
                if (sizeBytes > CachedSizeBytesMax)
                {
                    file.WriteDirect(offset, piece);
                }
                else
                {
                    file.Write(offset, piece);
                }

                file.WriteBack(offset, piece.Length);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(zeros);
        }
    }

    /// <summary>Completes a prepared file. When it throws before the renaming the file is as if never made; see <paramref name="wasRenamed"/>.</summary>
    public void Publish(WalFileHeader header, out bool wasRenamed)
    {
        wasRenamed = false;
        FirstLsn = header.FirstLsn;
        LastLsn = new Lsn(header.FirstLsn.Value - 1);
        Span<byte> bytes = stackalloc byte[WalFormat.FileHeaderSizeBytes];
        (header with { Salt = Salt, SizeBytes = SizeBytes, FileNumber = Number }).Write(bytes);
        _file.Write(0, bytes);
        _file.Sync();
        _directory.Rename(WalFormat.TemporaryName(Number), WalFormat.FileName(Number));
        wasRenamed = true;
        _directory.Sync(WalFormat.Directory);

        // Opened again so that errors name the file as it is now called.
        _file.Dispose();
        _file = _directory.Open(WalFormat.FileName(Number), writable: true);
    }

    public void Write(long offset, ReadOnlySpan<byte> block) => _file.Write(offset, block);

    /// <summary>See <see cref="DataFile.WriteDirect"/>.</summary>
    public void WriteDirect(long offset, ReadOnlySpan<byte> blocks) => _file.WriteDirect(offset, blocks);

    public void Sync() => _file.Sync();

    /// <summary>Gives up a file that was not published.</summary>
    public void Abandon(ILogger logger)
    {
        Dispose();
        TryDelete(_directory, WalFormat.TemporaryName(Number), logger);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _file.Dispose();
        }
    }

    /// <summary>Deletes a file that nobody needs; a failure is logged.</summary>
    public static void TryDelete(DataDirectory directory, string name, ILogger logger)
    {
        try
        {
            directory.Delete(name);
        }
        catch (EngramException e)
        {
            // It takes room and harms nothing; the next opening tries again. What led here matters more.
            logger.LogWarning(e, "The log file {Name} is of no use any more, but could not be deleted.", name);
        }
    }
}
