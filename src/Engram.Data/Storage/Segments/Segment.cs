using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Segments;

/// <summary>One open segment: an immutable file of rows, read in place. <see cref="SegmentFormat"/> tells what is where.</summary>
/// <remarks>
/// <para>Opening reads header and footer; the file is mapped when a value is first asked for. Before memory of a page is handed out
/// for the first time in this process, the page is brought in by a call whose errors are reported, and its checksum is compared.</para>
/// <para>Thread-safe without locks once mapped: several scans load blocks at once, each into a column and scratch of its own. Two that touch a
/// new page together both check it. What is handed out is valid until <see cref="Dispose"/>, even when the file is deleted before that.</para>
/// </remarks>
internal sealed unsafe partial class Segment : IDisposable
{
    private readonly string directoryPath;
    private readonly DataFile file;
    private readonly byte[] footer;
    private readonly FooterHeader header;
    private readonly Dictionary<ColumnId, int> ordinals = [];
    private readonly DataType[] types;
    private readonly long[] pagesVerified;
    private readonly Lock mapGate = new();
    private readonly Segment root;
    private readonly Segment[] replacements;
    private MappedRange? map;
    private bool isDisposed;

    private Segment(DataDirectory directory, SegmentInfo info, DataFile file, bool ignoresHeader)
    {
        root = this;
        replacements = [];
        directoryPath = directory.Path;
        Info = info;
        this.file = file;
        var fileId = CheckHeader(ignoresHeader);
        footer = ReadFooter(out header);
        if (fileId is { } found && header.FileId != found)
        {
            throw Error.FileForeign(directoryPath, info.Name, "its beginning and its end are of two files");
        }

        CheckFooter();
        types = new DataType[header.ColumnCount];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = Columns[i].Type;
            ordinals.Add(new ColumnId(Columns[i].Id), i);
        }

        pagesVerified = new long[(header.PageCount + 63) / 64];
    }

    public SegmentInfo Info { get; }

    /// <summary>The table as it is defined now, for the names in messages; null when nobody said.</summary>
    public TableDefinition? Definition
    {
        get;
        set
        {
            field = value;
            foreach (var replacement in replacements)
            {
                replacement.Definition = value;
            }
        }
    }

    public int RowCount => header.RowCount;

    /// <summary>Whether anybody has asked for values of a column, be it in a file of its own.</summary>
    public bool IsMapped => Volatile.Read(ref root.map) is not null || Array.Exists(replacements, r => Volatile.Read(ref r.map) is not null);

    public int BlockCount => header.BlockCount;

    public int ColumnCount => header.ColumnCount;

    private ReadOnlySpan<ColumnEntry> Columns
        => MemoryMarshal.Cast<byte, ColumnEntry>(footer.AsSpan(FooterHeader.Size, header.ColumnCount * ColumnEntry.Size));

    private ReadOnlySpan<BlockEntry> Entries
        => MemoryMarshal.Cast<byte, BlockEntry>(
            footer.AsSpan(FooterHeader.Size + (header.ColumnCount * ColumnEntry.Size), header.ColumnCount * header.BlockCount * BlockEntry.Size));

    private ReadOnlySpan<uint> PageChecksums
        => MemoryMarshal.Cast<byte, uint>(footer.AsSpan(footer.Length - SegmentFormat.TrailerSize - (header.PageCount * sizeof(uint)), header.PageCount * sizeof(uint)));

    /// <summary>Opens the segment that the manifest names.</summary>
    /// <exception cref="EngramException">XX001: missing, cut short, damaged in header or footer, or another's; EG002: of a later version.</exception>
    /// <param name="ignoresHeader">For a salvage: the first 64 bytes say nothing that the footer does not say.</param>
    public static Segment Open(DataDirectory directory, SegmentInfo info, bool ignoresHeader = false)
    {
        if (!directory.Exists(info.Name))
        {
            throw Error.FileMissing(directory.Path, info.Name, $"it holds {info.RowCount} rows");
        }

        var file = directory.Open(info.Name, writable: false);
        Segment segment;
        try
        {
            segment = new Segment(directory, info, file, ignoresHeader);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return info.Replacements.IsEmpty ? segment : segment.OpenReplacements(directory, ignoresHeader);
    }

    public int RowsInBlock(int block) => SegmentFormat.RowsInBlock(header.RowCount, block);

    /// <summary>Where a column lies in this segment; false when it was added to the table later.</summary>
    public bool TryFindColumn(ColumnId id, out int ordinal) => ordinals.TryGetValue(id, out ordinal);

    /// <summary>The type that the column had when the segment was written.</summary>
    public DataType TypeOf(int ordinal) => types[ordinal];

    public ZoneMap GetZone(int ordinal, int block) => IsReplacement(ordinal, out var other)
        ? other.GetZone(ReplacedOrdinal, block)
        : new(types[ordinal], RowsInBlock(block), in EntryOf(ordinal, block));

    /// <summary>Whether some row of the block may satisfy <c>column op value</c>; reads only what opening read.</summary>
    public bool ZoneCanMatch(int ordinal, int block, ZoneComparison comparison, Column value) => GetZone(ordinal, block).CanMatch(comparison, value);

    /// <summary>How the block is stored, for EXPLAIN and tests.</summary>
    public BlockEncoding EncodingOf(int ordinal, int block)
        => IsReplacement(ordinal, out var other) ? other.EncodingOf(ReplacedOrdinal, block) : EntryOf(ordinal, block).Encoding;

    /// <summary>Bytes of the block in the file.</summary>
    public long BytesOf(int ordinal, int block)
        => IsReplacement(ordinal, out var other) ? other.BytesOf(ReplacedOrdinal, block) : EntryOf(ordinal, block).Length;

    private ref readonly BlockEntry EntryOf(int ordinal, int block) => ref Entries[(ordinal * header.BlockCount) + block];

    private Guid? CheckHeader(bool isIgnored)
    {
        var length = file.Length;
        if (length != Info.FileLength)
        {
            throw Error.FileLength(directoryPath, Info.Name, Info.FileLength, length);
        }

        if (isIgnored)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[SegmentFormat.HeaderSize];
        if (file.Read(0, bytes) != bytes.Length || !bytes.StartsWith(SegmentFormat.Magic))
        {
            throw Error.FileForeign(directoryPath, Info.Name, "it does not begin as a segment does");
        }

        var stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes[SegmentFormat.HeaderChecksumAt..]);
        var computed = Crc32C.Compute(bytes[..SegmentFormat.HeaderChecksumAt]);
        if (stored != computed)
        {
            throw Error.FileChecksum(directoryPath, Info.Name, stored, computed);
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[FormatVersion.MagicSize..]);
        if (version != FormatVersion.Current)
        {
            throw Error.UnsupportedFormat($"File '{Info.Name}' of database '{directoryPath}'", version, FormatVersion.Current);
        }

        var table = BinaryPrimitives.ReadInt32LittleEndian(bytes[SegmentFormat.TableAt..]);
        if (table != Info.Table.Value)
        {
            throw Error.FileForeign(directoryPath, Info.Name, $"it is a segment of table t{table}, not {Info.Table}");
        }

        return new Guid(bytes[SegmentFormat.FileIdAt..(SegmentFormat.FileIdAt + 16)]);
    }

    private byte[] ReadFooter(out FooterHeader footerHeader)
    {
        Span<byte> trailer = stackalloc byte[SegmentFormat.TrailerSize];
        file.Read(Info.FileLength - trailer.Length, trailer);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(trailer);
        var size = length + SegmentFormat.TrailerSize;
        if (length < FooterHeader.Size || size > (ulong)Math.Min(Array.MaxLength, Info.FileLength - SegmentFormat.HeaderSize))
        {
            throw Error.FileDamaged(directoryPath, Info.Name, "its last bytes are not those of a segment");
        }

        var bytes = new byte[size];
        file.Read(Info.FileLength - bytes.Length, bytes);
        var stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)));
        var computed = Crc32C.Compute(bytes.AsSpan(0, bytes.Length - sizeof(uint)));
        if (stored != computed)
        {
            throw Error.FileChecksum(directoryPath, $"{Info.Name}, footer", stored, computed);
        }

        if (stored != Info.RootChecksum)
        {
            throw Error.FileForeign(directoryPath, Info.Name, $"it is whole, but has checksum {stored:X8} where {Info.RootChecksum:X8} is expected");
        }

        footerHeader = MemoryMarshal.Read<FooterHeader>(bytes);
        return bytes;
    }

    /// <summary>A footer with the right checksum is ours; what is checked here is that no pointer can leave the map whatever it says.</summary>
    private void CheckFooter()
    {
        var isSound = header.Table == Info.Table.Value
            && header.RowCount == Info.RowCount && header.RowCount is > 0 and <= SegmentInfo.RowCountMax
            && header.RowIdMin == Info.RowIdMin && header.RowIdMax == Info.RowIdMax
            && header.BlockCount == SegmentFormat.BlockCount(header.RowCount)
            && header.ColumnCount == Info.Columns.Length && header.ColumnCount > 0 && IsOrderSound()
            && header.PageSize == SegmentFormat.PageSize
            && header.BodyLength == Info.FileLength - footer.Length
            && header.PageCount == (header.BodyLength + SegmentFormat.PageSize - 1) / SegmentFormat.PageSize
            && footer.Length == FooterHeader.Size + SegmentFormat.TrailerSize + ((long)header.PageCount * sizeof(uint))
                + ((long)header.ColumnCount * ColumnEntry.Size) + ((long)header.ColumnCount * header.BlockCount * BlockEntry.Size);
        for (var i = 0; isSound && i < header.ColumnCount; i++)
        {
            isSound = Columns[i].Id == Info.Columns[i].Value && (i == 0) == (Info.Columns[i] == ColumnId.RowId);
            for (var block = 0; isSound && block < header.BlockCount; block++)
            {
                ref readonly var entry = ref EntryOf(i, block);
                isSound = entry.Offset >= SegmentFormat.HeaderSize && entry.Offset % SegmentFormat.Alignment == 0
                    && entry.Offset + entry.Length <= header.BodyLength && IsSized(Columns[i].Type, in entry, RowsInBlock(block));
            }
        }

        if (!isSound)
        {
            throw Error.FileDamaged(directoryPath, Info.Name, "its footer has the right checksum, but does not describe the segment that the manifest names");
        }
    }

    private static bool IsSized(DataType type, in BlockEntry entry, int rows)
    {
        var mask = (entry.Flags & BlockFlags.HasNullMask) != 0 ? SegmentFormat.NullMaskSize : 0;
        var least = entry.Encoding switch
        {
            BlockEncoding.Constant => entry.NullCount > 0 || type.IsByReference ? 0 : type.PhysicalSize + (type.HasOffsets ? sizeof(short) : 0),
            BlockEncoding.Sequential => type.Physical is PhysicalType.Int32 or PhysicalType.Int64 ? 0 : long.MaxValue,
            BlockEncoding.Plain => type.IsByReference ? long.MaxValue : ((long)rows * type.PhysicalSize) + mask,
            BlockEncoding.PlainBytes => type.IsByReference ? ((long)rows * sizeof(uint)) + mask : long.MaxValue,
            BlockEncoding.ShortBytes => type.IsByReference ? ((long)rows * sizeof(ushort)) + mask : long.MaxValue,
            BlockEncoding.Dictionary => DictionarySize(type, in entry, rows) is var size and < long.MaxValue ? size + mask : long.MaxValue,
            BlockEncoding.Stride => type.IsByReference && entry.Stride > 0 ? ((long)rows * entry.Stride) + mask : long.MaxValue,
            BlockEncoding.Packed => IsPackedSound(type, in entry) ? PackedSize(type, in entry, rows) + mask : long.MaxValue,
            _ => long.MaxValue,
        };
        return entry.NullCount <= rows && entry.Length >= least;
    }
}
