using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>One log file while it is read.</summary>
internal sealed unsafe class WalFileReader : IDisposable
{
    private long usableUpTo;
    private long endOffset = WalFormat.BlockSizeBytes;

    private WalFileReader(DataFile file, string path, WalFileHeader header)
    {
        File = file;
        Path = path;
        Header = header;
    }

    public DataFile File { get; }

    public WalFileHeader Header { get; }

    public string Name => File.Name;

    /// <summary>With the directory, for messages.</summary>
    public string Path { get; }

    public long SizeBytes { get; private init; }

    /// <summary>Whether the file was cut short; only a salvage reads such files.</summary>
    public bool IsShort => SizeBytes < Header.SizeBytes;

    /// <summary>Whoever brings the bytes into memory.</summary>
    public WalReadAhead? Source { get; set; }

    /// <summary>The bytes, as far as they have been read; null before the first are needed and after <see cref="Release"/>.</summary>
    public WalImage? Image { get; private set; }

    /// <summary>Whether nobody needs to read ahead in this file any more.</summary>
    public bool IsLeft { get; private set; }

    // What the chain found in this file.

    public Lsn LastLsn { get; set; }

    public long EndOffset
    {
        get => Volatile.Read(ref endOffset);
        set => Volatile.Write(ref endOffset, value);
    }

    /// <param name="takesShort">For a salvage: what is left of a file that was cut short is read.</param>
    public static WalFileReader Open(DataDirectory directory, int number, bool isWritable, bool takesShort = false)
    {
        var name = WalFormat.FileName(number);
        var path = $"{directory.Path}/{name}";
        var file = directory.Open(name, isWritable);
        try
        {
            Span<byte> bytes = stackalloc byte[WalFormat.FileHeaderSizeBytes];
            if (!WalFileHeader.TryRead(bytes[..file.Read(0, bytes)], out var header, out var version))
            {
                throw Error.LogFileDamaged(path, "it does not begin with a valid header");
            }

            if (version != WalFormat.Version)
            {
                throw Error.UnsupportedFormat($"The log file '{path}'", version, WalFormat.Version);
            }

            if (header.FileNumber != number)
            {
                throw Error.LogFileDamaged(path, string.Create(CultureInfo.InvariantCulture, $"by its header it is file {header.FileNumber}"));
            }

            var length = file.Length;
            if ((length < header.SizeBytes && !takesShort) || header.SizeBytes < 2 * WalFormat.BlockSizeBytes)
            {
                throw Error.LogFileDamaged(path, string.Create(CultureInfo.InvariantCulture, $"it has {length} bytes and was made with {header.SizeBytes}"));
            }

            return new WalFileReader(file, path, header)
            {
                SizeBytes = Math.Min(header.SizeBytes, length / WalFormat.BlockSizeBytes * WalFormat.BlockSizeBytes),
                LastLsn = new Lsn(header.FirstLsn.Value - 1),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A range within the file's size. Valid until <see cref="Release"/>; waits until it is read.</summary>
    public Bytes Get(long offset, int length)
    {
        if (offset + length > usableUpTo)
        {
            usableUpTo = Source!.Require(this, offset + length);
            if (offset + length > usableUpTo)
            {
                throw Error.LogFileDamaged(Path, string.Create(CultureInfo.InvariantCulture, $"it became shorter while it was read; {offset + length} bytes are needed"));
            }
        }

        return new Bytes(Image!.Pointer + offset, length);
    }

    /// <summary>Whether <see cref="Get"/> need not wait for a range that ends here.</summary>
    public bool IsRead(long end)
    {
        if (end > usableUpTo)
        {
            usableUpTo = Source!.UsableUpTo(this);
        }

        return end <= usableUpTo;
    }

    /// <summary>The header at an offset when it is one of this file's, whatever group it belongs to.</summary>
    public bool TryReadHeader(long offset, out WalGroupHeader header)
    {
        header = default;
        return offset + WalFormat.BlockSizeBytes <= SizeBytes
            && WalGroupHeader.TryRead(Get(offset, WalFormat.GroupHeaderSizeBytes).Span, out header)
            && header.Salt == Header.Salt && header.FileNumber == Header.FileNumber;
    }

    public void Sync() => File.Sync();

    /// <summary>Lets go of the bytes; whoever asks again makes them be read again.</summary>
    public void Release()
    {
        usableUpTo = 0;
        Source!.Release(this);
    }

    // Under the gate of the workers, for Source.

    public WalImage GetOrOpenImage() => Image ??= Source!.OpenImage(this);

    public WalImage? Leave()
    {
        IsLeft = true;
        (var image, Image) = (Image, null);
        return image;
    }

    public void Dispose() => File.Dispose();
}
