using System.Buffers.Binary;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Wal;

/// <summary>The bytes of the log: file names, file headers, group headers. Little-endian.</summary>
/// <remarks>
/// <code>
/// wal/00000001.wal   [file header, 4 KiB] [group] [group] … [zeros to the size in the header]
///
/// file header                                     group, at a multiple of 4 KiB
///  0 u32 magic "EGWF"                              0 u32 magic "EGWG"
///  4 u16 format version                            4 u16 format version
///  6 u16 flags: 1 = starts anew                    6 u16 flags: 1 = seal
///  8 u64 salt                                      8 u64 salt of the file
/// 16 i64 size of the file                         16 i64 number of the group, from 1, over all files
/// 24 i64 number of the first group                24 i64 LSN of the first commit (of the next one, in a seal)
/// 32 i64 LSN of the first commit                  32 i64 highest group known to be synced
/// 40 u32 number of the file                       40 i64 highest LSN known to be synced
/// 44 u32 checksum that the first group            48 i64 length of the payload
///        continues from, when it starts anew      56 u32 commits in the payload
/// 48     zeros                                    60 u32 header checksum of the previous group (the chain)
/// 60 u32 CRC32C of bytes 0-59                     64 u32 CRC32C of the payload
///                                                 68 u32 number of the file
///                                                 72 u32 zero
///                                                 76 u32 CRC32C of bytes 0-75
///                                                 80     payload: commits, each [u32 length][bytes]; zeros up to 4 KiB
/// </code>
/// A header checksum covers the payload's and the previous header's checksum, so the chain covers everything before it.
/// </remarks>
internal static class WalFormat
{
    public const int Version = 1;
    public const int BlockSizeBytes = 4096;
    public const int FileHeaderSizeBytes = 64;
    public const int GroupHeaderSizeBytes = 80;
    public const int CommitHeaderSizeBytes = 4;

    /// <summary>A commit must fit into one array together with what surrounds it.</summary>
    public const int CommitSizeBytesMax = 1024 * 1024 * 1024;

    public const string Directory = "wal";
    public const string Quarantine = "quarantine";

    internal const uint FileMagic = 0x46574745;
    internal const uint GroupMagic = 0x47574745;

    public static string FileName(int number) => string.Create(CultureInfo.InvariantCulture, $"{Directory}/{number:D8}.wal");

    /// <summary>What a file is called until it is complete. A file with its final name has had a valid header and its full size.</summary>
    public static string TemporaryName(int number) => string.Create(CultureInfo.InvariantCulture, $"{Directory}/{number:D8}.tmp");

    public static bool TryParseName(string name, string extension, out int number)
    {
        number = 0;
        return name.Length == 8 + extension.Length && name.EndsWith(extension, StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(0, 8), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    public static long AlignToBlock(long length) => (length + BlockSizeBytes - 1) & ~(BlockSizeBytes - 1L);

    /// <summary>What a group of this payload takes in its file.</summary>
    public static long GroupSizeBytes(long payloadLength) => AlignToBlock(GroupHeaderSizeBytes + payloadLength);
}

/// <summary>The first block of a log file.</summary>
internal readonly record struct WalFileHeader
{
    private const ushort StartsAnewFlag = 1;

    /// <summary>Whether recovery began this file: it takes the place of everything in earlier files from <see cref="FirstGroup"/> on, and
    /// vouches that everything before is durable. Otherwise it was made ahead of need, and its first group continues the file before.</summary>
    public bool StartsAnew { get; init; }

    public ulong Salt { get; init; }

    public long SizeBytes { get; init; }

    public long FirstGroup { get; init; }

    public Lsn FirstLsn { get; init; }

    public int FileNumber { get; init; }

    public uint ContinuesFrom { get; init; }

    public void Write(Span<byte> target)
    {
        target[..WalFormat.FileHeaderSizeBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, WalFormat.FileMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], WalFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], StartsAnew ? StartsAnewFlag : (ushort)0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], FirstGroup);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], FirstLsn.Value);
        BinaryPrimitives.WriteInt32LittleEndian(target[40..], FileNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(target[44..], ContinuesFrom);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], Crc32C.Compute(target[..60]));
    }

    /// <summary>False when the bytes are no header. A header of another version is one: then <paramref name="version"/> says so and the rest is not read.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out WalFileHeader header, out int version)
    {
        header = default;
        version = 0;
        if (source.Length < WalFormat.FileHeaderSizeBytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != WalFormat.FileMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[60..]) != Crc32C.Compute(source[..60]))
        {
            return false;
        }

        version = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (version == WalFormat.Version)
        {
            header = new WalFileHeader
            {
                StartsAnew = (BinaryPrimitives.ReadUInt16LittleEndian(source[6..]) & StartsAnewFlag) != 0,
                Salt = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
                SizeBytes = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
                FirstGroup = BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
                FirstLsn = new Lsn(BinaryPrimitives.ReadInt64LittleEndian(source[32..])),
                FileNumber = BinaryPrimitives.ReadInt32LittleEndian(source[40..]),
                ContinuesFrom = BinaryPrimitives.ReadUInt32LittleEndian(source[44..]),
            };
        }

        return true;
    }
}

/// <summary>The first 80 bytes of a group.</summary>
internal readonly record struct WalGroupHeader
{
    private const ushort SealFlag = 1;

    public bool IsSeal { get; init; }

    public ulong Salt { get; init; }

    public long Number { get; init; }

    public Lsn FirstLsn { get; init; }

    public long SyncedGroup { get; init; }

    public Lsn SyncedLsn { get; init; }

    public long PayloadLength { get; init; }

    public int CommitCount { get; init; }

    public uint PreviousChecksum { get; init; }

    public uint PayloadChecksum { get; init; }

    public int FileNumber { get; init; }

    /// <summary>Set by <see cref="TryRead"/>; the next group's <see cref="PreviousChecksum"/>.</summary>
    public uint Checksum { get; init; }

    /// <summary>Writes the header and returns its checksum.</summary>
    public uint Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, WalFormat.GroupMagic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], WalFormat.Version);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], IsSeal ? SealFlag : (ushort)0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], FirstLsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], SyncedGroup);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], SyncedLsn.Value);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], PayloadLength);
        BinaryPrimitives.WriteInt32LittleEndian(target[56..], CommitCount);
        BinaryPrimitives.WriteUInt32LittleEndian(target[60..], PreviousChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(target[64..], PayloadChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(target[68..], FileNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(target[72..], 0);
        var checksum = Crc32C.Compute(target[..76]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[76..], checksum);
        return checksum;
    }

    /// <summary>False when the bytes are no group header of this version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out WalGroupHeader header)
    {
        header = default;
        if (source.Length < WalFormat.GroupHeaderSizeBytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != WalFormat.GroupMagic)
        {
            return false;
        }

        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(source[76..]);
        if (checksum != Crc32C.Compute(source[..76]) || BinaryPrimitives.ReadUInt16LittleEndian(source[4..]) != WalFormat.Version)
        {
            return false;
        }

        header = new WalGroupHeader
        {
            IsSeal = (BinaryPrimitives.ReadUInt16LittleEndian(source[6..]) & SealFlag) != 0,
            Salt = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            Number = BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            FirstLsn = new Lsn(BinaryPrimitives.ReadInt64LittleEndian(source[24..])),
            SyncedGroup = BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            SyncedLsn = new Lsn(BinaryPrimitives.ReadInt64LittleEndian(source[40..])),
            PayloadLength = BinaryPrimitives.ReadInt64LittleEndian(source[48..]),
            CommitCount = BinaryPrimitives.ReadInt32LittleEndian(source[56..]),
            PreviousChecksum = BinaryPrimitives.ReadUInt32LittleEndian(source[60..]),
            PayloadChecksum = BinaryPrimitives.ReadUInt32LittleEndian(source[64..]),
            FileNumber = BinaryPrimitives.ReadInt32LittleEndian(source[68..]),
            Checksum = checksum,
        };
        return true;
    }
}
