using System.Buffers.Binary;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage;

/// <summary>A small immutable file that is written and read whole: manifests and overlays.</summary>
/// <remarks>
/// <code>
///  0  magic     8     tells the kind of file
///  8  version   u32   FormatVersion.Current
/// 12  zero      u32
/// 16  length    u64   of the body
/// 24  body
///     checksum  u32   CRC-32C of everything before it; repeated wherever the file is named
/// </code>
/// <para>The checksum stands in two places, so a file is accepted only when it is undamaged <i>and</i> the one that was meant: a valid file
/// of another database, or of another time, has another checksum.</para>
/// </remarks>
internal static class FramedFile
{
    private const int HeaderSize = FormatVersion.MagicSize + (2 * sizeof(uint)) + sizeof(ulong);
    private const int LengthAt = FormatVersion.MagicSize + (2 * sizeof(uint));

    /// <summary>Creates, writes and syncs a file. Its name is durable only after the caller synced the directory.</summary>
    /// <returns>The checksum to be kept where the file is named.</returns>
    public static uint Write(DataDirectory directory, string name, ReadOnlySpan<byte> magic, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        header.Clear();
        magic[..FormatVersion.MagicSize].CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[FormatVersion.MagicSize..], FormatVersion.Current);
        BinaryPrimitives.WriteUInt64LittleEndian(header[LengthAt..], (ulong)body.Length);
        var checksum = Crc32C.Compute(body, Crc32C.Compute(header));
        Span<byte> trailer = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum);

        using var file = directory.Create(name);
        file.Write(0, header);
        file.Write(HeaderSize, body);
        file.Write(HeaderSize + body.Length, trailer);
        file.Sync();
        return checksum;
    }

    /// <summary>Reads the body of the file that has this magic and this checksum.</summary>
    /// <exception cref="EngramException">XX001 cut short, damaged or another's; EG002 a later version wrote it.</exception>
    public static ReadOnlySpan<byte> Read(DataDirectory directory, string name, ReadOnlySpan<byte> magic, uint checksum)
    {
        var bytes = ReadAll(directory, name);
        if (bytes.Length < HeaderSize + sizeof(uint))
        {
            throw Error.FileLength(directory.Path, name, HeaderSize + sizeof(uint), bytes.Length);
        }

        ReadOnlySpan<byte> data = bytes;
        if (!data[..FormatVersion.MagicSize].SequenceEqual(magic))
        {
            throw Error.FileForeign(directory.Path, name, "it does not begin as a file of its kind does");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(data[LengthAt..]);
        if (length != (ulong)(data.Length - HeaderSize - sizeof(uint)))
        {
            throw Error.FileLength(directory.Path, name, (long)(length + HeaderSize + sizeof(uint)), data.Length);
        }

        var stored = BinaryPrimitives.ReadUInt32LittleEndian(data[^sizeof(uint)..]);
        var computed = Crc32C.Compute(data[..^sizeof(uint)]);
        if (computed != stored)
        {
            throw Error.FileChecksum(directory.Path, name, stored, computed);
        }

        if (stored != checksum)
        {
            throw Error.FileForeign(directory.Path, name, $"it is whole, but has checksum {stored:X8} where {checksum:X8} is expected");
        }

        // Only now: a flipped bit must not pass for a later version.
        var version = BinaryPrimitives.ReadUInt32LittleEndian(data[FormatVersion.MagicSize..]);
        if (version != FormatVersion.Current)
        {
            throw Error.UnsupportedFormat($"File '{name}' of database '{directory.Path}'", version, FormatVersion.Current);
        }

        return data[HeaderSize..^sizeof(uint)];
    }

    private static byte[] ReadAll(DataDirectory directory, string name)
    {
        using var file = directory.Open(name, writable: false);
        var length = file.Length;
        if (length > Array.MaxLength)
        {
            throw Error.FileDamaged(directory.Path, name, $"it has {length} bytes, more than any file of its kind");
        }

        var bytes = new byte[length];
        var read = file.Read(0, bytes);
        return read == bytes.Length ? bytes : throw Error.FileLength(directory.Path, name, bytes.Length, read);
    }
}
