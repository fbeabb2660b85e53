using System.Buffers.Binary;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage;

/// <summary>An immutable file that is written once from front to back and checked whole before any of it is used: manifests and overlays.</summary>
/// <remarks>
/// <code>
///  0  magic     8     tells the kind of file
///  8  version   u32   FormatVersion.Current
/// 12  zero      u32
/// 16  body
///     length    u64   of the body
///     checksum  u32   CRC-32C of everything before it; repeated wherever the file is named
/// </code>
/// <para>The checksum stands in two places, so a file is accepted only when it is undamaged <i>and</i> the one that was meant: a valid file
/// of another database, or of another time, has another checksum.</para>
/// </remarks>
internal static class FramedFile
{
    public const int HeaderSize = FormatVersion.MagicSize + (2 * sizeof(uint));
    private const int TrailerSize = sizeof(ulong) + sizeof(uint);
    private const int PieceSize = 4 * 1024 * 1024;

    /// <summary>Creates, writes and syncs a file. Its name is durable only after the caller synced the directory.</summary>
    /// <param name="body">Gives the body piece by piece until it gives an empty one.</param>
    /// <returns>The checksum to be kept where the file is named.</returns>
    public static uint Write(DataDirectory directory, string name, ReadOnlySpan<byte> magic, Func<ReadOnlyMemory<byte>> body)
    {
        using var file = directory.Create(name);
        var piece = new byte[HeaderSize];
        magic[..FormatVersion.MagicSize].CopyTo(piece);
        BinaryPrimitives.WriteUInt32LittleEndian(piece.AsSpan(FormatVersion.MagicSize), FormatVersion.Current);
        file.Write(0, piece);
        var checksum = Crc32C.Compute(piece);
        var end = (long)HeaderSize;
        for (var next = body(); !next.IsEmpty; next = body())
        {
            file.Write(end, next.Span);
            checksum = Crc32C.Compute(next.Span, checksum);
            end += next.Length;
        }

        var trailer = new byte[TrailerSize];
        BinaryPrimitives.WriteInt64LittleEndian(trailer, end - HeaderSize);
        checksum = Crc32C.Compute(trailer.AsSpan(0, sizeof(ulong)), checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(sizeof(ulong)), checksum);
        file.Write(end, trailer);
        file.Sync();
        return checksum;
    }

    /// <summary>Opens the file that has this magic and this checksum, after it was read through and found whole.</summary>
    /// <param name="checksum">Null takes any file that is whole, for a salvage.</param>
    /// <param name="bodyLength">Bytes of the body, which begins at <see cref="HeaderSize"/>.</param>
    /// <exception cref="EngramException">XX001 missing, cut short, damaged or another's; EG002 a later version wrote it.</exception>
    public static DataFile Open(DataDirectory directory, string name, ReadOnlySpan<byte> magic, uint? checksum, out long bodyLength)
    {
        if (!directory.Exists(name))
        {
            throw Error.FileMissing(directory.Path, name, "the database's current state refers to it");
        }

        var file = directory.Open(name, writable: false);
        try
        {
            bodyLength = Check(directory, file, magic, checksum);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The next bytes of a file whose length was checked.</summary>
    public static void ReadExactly(DataDirectory directory, DataFile file, long offset, Span<byte> target)
    {
        var read = file.Read(offset, target);
        if (read != target.Length)
        {
            throw Error.FileLength(directory.Path, file.Name, offset + target.Length, offset + read);
        }
    }

    private static long Check(DataDirectory directory, DataFile file, ReadOnlySpan<byte> magic, uint? checksum)
    {
        var length = file.Length;
        if (length < HeaderSize + TrailerSize)
        {
            throw Error.FileDamaged(directory.Path, file.Name, $"it has {length} bytes, fewer than any file of its kind");
        }

        Span<byte> header = stackalloc byte[HeaderSize];
        ReadExactly(directory, file, 0, header);
        if (!header.StartsWith(magic))
        {
            throw Error.FileForeign(directory.Path, file.Name, "it does not begin as a file of its kind does");
        }

        Span<byte> trailer = stackalloc byte[TrailerSize];
        ReadExactly(directory, file, length - TrailerSize, trailer);
        var stored = BinaryPrimitives.ReadUInt32LittleEndian(trailer[sizeof(ulong)..]);
        var bodyLength = length - HeaderSize - TrailerSize;
        if (BinaryPrimitives.ReadInt64LittleEndian(trailer) != bodyLength)
        {
            throw Error.FileDamaged(directory.Path, file.Name, $"its last bytes do not tell its length of {length} bytes: it was cut short, extended or overwritten");
        }

        var computed = ComputeChecksum(directory, file, length - sizeof(uint));
        if (computed != stored)
        {
            throw Error.FileChecksum(directory.Path, file.Name, stored, computed);
        }

        if (checksum is not null && stored != checksum)
        {
            throw Error.FileForeign(directory.Path, file.Name, $"it is whole, but has checksum {stored:X8} where {checksum:X8} is expected");
        }

        // Only now: a flipped bit must not pass for a later version.
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[FormatVersion.MagicSize..]);
        return version == FormatVersion.Current
            ? bodyLength
            : throw Error.UnsupportedFormat($"File '{file.Name}' of database '{directory.Path}'", version, FormatVersion.Current);
    }

    private static uint ComputeChecksum(DataDirectory directory, DataFile file, long length)
    {
        var piece = new byte[Math.Min(length, PieceSize)];
        var checksum = 0u;
        for (var at = 0L; at < length; at += piece.Length)
        {
            var span = piece.AsSpan(0, (int)Math.Min(piece.Length, length - at));
            ReadExactly(directory, file, at, span);
            checksum = Crc32C.Compute(span, checksum);
        }

        return checksum;
    }
}
