using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>The layout of a segment file.</summary>
/// <remarks>
/// <para><b>The problem.</b> Up to 1,048,576 rows lie in one immutable file that is scanned in place. A scan of one column must read contiguous
/// ranges and nothing else, a wide column (3 KiB an embedding) must not have to be held in memory to be written, and no flipped bit may
/// ever be served.</para>
/// <para><b>The picture.</b> Rows are cut into blocks of 2,048; each column encodes its blocks on its own. While a segment is written each
/// column gathers encoded blocks in a buffer, and when that holds 4 MiB it goes to the end of the file as one <i>extent</i>. So the
/// memory of a writer is bounded by columns × 4 MiB (less each when there are many columns), a narrow column (8 bytes × 1 M rows) lies in two or
/// three extents, and an embedding's extents are single blocks.</para>
/// <code>
/// header   64 bytes: magic, version, file id, table, checksum
/// body     extents: blocks of one column after the other, each at a multiple of 64 bytes, zeros in between
/// footer   FooterHeader, ColumnEntry × columns, BlockEntry × columns × blocks (by column), page checksums u32 × pages
/// trailer  16 bytes: length of the footer u64, zero u32, root checksum u32
/// </code>
/// <para>Header and body are checked in <i>pages</i> of 64 KiB, counted from the start of the file without regard to blocks, on first touch
/// in a process. The footer is read and checked whole when the segment is opened: the root checksum is that of the footer and the trailer before
/// it, and the manifest repeats it. The file id, random, stands in header and footer.</para>
/// <para><b>Blocks.</b> What lies at a block's offset, by <see cref="BlockEncoding"/>:</para>
/// <code>
/// Constant    the value; for timestamptz its UTC offset i16 behind it. Nothing when all rows are NULL
/// Sequential  nothing: value i is BlockEntry.Base + i
/// Plain       values; then for timestamptz offsets i16, unless all are the same
/// PlainBytes  ends u32 × rows, relative to the bytes; then the bytes
/// Stride      rows × BlockEntry.Stride bytes; zeros under NULL
/// Packed      codes of BitWidth bits, the lowest bit of a byte first; then offsets as in Plain. A value is Base + code × Detail, of
///             numeric that without the point, which Tag tells. The code of NULL is 0
/// Dictionary  codes of BitWidth bits as in Packed; then Detail distinct values of 16 bytes, or their ends u32 and then their bytes
/// ShortBytes  as PlainBytes, with ends u16
/// </code>
/// <para>Each part begins at a multiple of 64 bytes. Where some rows are NULL but not all, the last part is the null mask: 256 bytes, set =
/// NULL. Values under NULL are zero unless said otherwise. The offset that all instants share is in BlockEntry.Base, of
/// Packed in its Tag.</para>
/// <para><b>What a crash or bad input leaves behind.</b> A segment that no manifest names is a leftover of any content and is deleted by recovery. A
/// segment is synced (content and name), read back and checked before a manifest names it; if it differs later, it was damaged
/// or exchanged, and what is asked of it fails with XX001, naming table, column and rows; other columns and segments go on.</para>
/// <para><b>Order.</b> Rows stand by row id, unless the table asks for another order (<see cref="RowOrder"/>). Then two more columns follow the others: all row ids, ascending, and for each of
/// them the position of its row. They are derived from the row ids by position: damaged ones are made anew in memory.</para>
/// <para>FooterHeader has a place for parity pages, which later versions may add between body and footer; encodings have room for more.</para>
/// </remarks>
internal static class SegmentFormat
{
    public const int HeaderSize = 64;
    public const int FileIdAt = 16;
    public const int TableAt = 32;
    public const int HeaderChecksumAt = 60;

    public const int TrailerSize = 16;

    /// <summary>Of every part of a block, so that kernels load whole cache lines.</summary>
    public const int Alignment = 64;

    /// <summary>The unit of checksums.</summary>
    public const int PageSize = 64 * 1024;

    /// <summary>Bytes of a null mask: always that of a whole block.</summary>
    public const int NullMaskSize = Batch.RowCountMax / 8;

    /// <summary>What is written at once, at multiples of itself: the system then keeps the file in large pieces of memory.</summary>
    public const int PieceSize = 4 * 1024 * 1024;

    public static ReadOnlySpan<byte> Magic => "EngrmSEG"u8;

    public static int BlockCount(int rowCount) => (rowCount + Batch.RowCountMax - 1) / Batch.RowCountMax;

    public static int RowsInBlock(int rowCount, int block) => Math.Min(Batch.RowCountMax, rowCount - (block * Batch.RowCountMax));

    public static long Align(long size) => (size + Alignment - 1) & -Alignment;
}

/// <summary>How the rows of one column and block are stored. The numbers are in files: never renumber, only append.</summary>
internal enum BlockEncoding : byte
{
    /// <summary>One value, or NULL, for all rows.</summary>
    Constant = 1,
    /// <summary>Integers that rise by one a row: row ids, identities.</summary>
    Sequential = 2,
    /// <summary>Values of fixed width.</summary>
    Plain = 3,
    /// <summary>Values of variable length behind their ends.</summary>
    PlainBytes = 4,
    /// <summary>Values of variable length that all have the same: vectors.</summary>
    Stride = 5,
    /// <summary>Integers and what is made of them, as bit-packed distances from the least.</summary>
    Packed = 6,
    /// <summary>Values of 16 bytes or of variable length by their numbers among the distinct ones of the block.</summary>
    Dictionary = 7,
    /// <summary>Values of variable length, no more than 65,535 bytes together, behind their ends.</summary>
    ShortBytes = 8,
}

/// <summary>In which order the rows of a file stand. The numbers are in files: never renumber, only append.</summary>
internal enum RowOrder : byte
{
    /// <summary>By row id.</summary>
    Ascending = 0,
    /// <summary>As a compaction found good; <see cref="ColumnId.OrderedRowId"/> and <see cref="ColumnId.RowPosition"/> find a row by its id.</summary>
    Clustered = 1,
    /// <summary>A file with values of one column: as in its segment, which is clustered.</summary>
    OfSegment = 2,
}

[Flags]
internal enum BlockFlags : byte
{
    None = 0,
    /// <summary>Min and Max hold the least and greatest value that is not NULL.</summary>
    HasMinMax = 1,
    /// <summary>A null mask ends the block.</summary>
    HasNullMask = 2,
    /// <summary>All instants have the UTC offset in Base, of Packed in Tag.</summary>
    SameOffset = 4,
}

/// <summary>One column and block as the footer describes it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct BlockEntry
{
    public const int Size = 64;

    /// <summary>In the file; a multiple of 64.</summary>
    public long Offset;
    /// <summary>Bytes, with all parts and the padding between them.</summary>
    public uint Length;
    public ushort NullCount;
    public BlockEncoding Encoding;
    public BlockFlags Flags;
    /// <summary>For Stride: bytes of each value. For codes: their width in the lowest byte, <see cref="Tag"/> in the upper half.</summary>
    public int Stride;
    /// <summary>For Packed the factor of all codes, u32, at least 1; for Dictionary the number of distinct values.</summary>
    public int Detail;
    /// <summary>For Sequential the first value, for Packed the value of code 0; of Plain with SameOffset the UTC offset in minutes.</summary>
    public long Base;
    /// <summary>Least value, as many bytes of it as the type has, the rest zero.</summary>
    public RawValue Min;
    public RawValue Max;

    /// <summary>Bits of each code.</summary>
    public readonly int BitWidth => (byte)Stride;

    /// <summary>For Packed: the scale of numeric, or with SameOffset the UTC offset in minutes.</summary>
    public readonly short Tag => (short)(Stride >> 16);

    public void SetPacked(int bitWidth, short tag) => Stride = bitWidth | (tag << 16);
}

/// <summary>A value of fixed width as its bytes in memory.</summary>
[InlineArray(16)]
internal struct RawValue
{
    private byte first;

    public readonly T As<T>()
        where T : unmanaged
        => Unsafe.ReadUnaligned<T>(in first);

    public static RawValue Of<T>(T value)
        where T : unmanaged
    {
        var raw = default(RawValue);
        Unsafe.WriteUnaligned(ref raw.first, value);
        return raw;
    }
}

/// <summary>A stored column as the footer describes it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct ColumnEntry
{
    public const int Size = 32;

    public int Id;
    public TypeKind Kind;
    public TypeKind Element;
    public ushort Reserved;
    public int TypeSize;
    public int TypeScale;
    /// <summary>Bytes of all blocks.</summary>
    public long Length;
    public long Reserved2;

    public readonly DataType Type => new(Kind, TypeSize, TypeScale, Element);
}

/// <summary>The ids of the columns that the rows of a segment were ordered by, the most significant first.</summary>
[InlineArray(CountMax)]
internal struct ClusterColumns
{
    public const int CountMax = 4;

    private int first;
}

/// <summary>The first 128 bytes of a footer.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct FooterHeader
{
    public const int Size = 128;

    public Guid FileId;
    public int Table;
    public int RowCount;
    public long RowIdMin;
    public long RowIdMax;
    public int ColumnCount;
    public int BlockCount;
    public int PageSize;
    public int PageCount;
    /// <summary>Of header and extents: where the footer begins.</summary>
    public long BodyLength;
    /// <summary>Room for parity pages; none are written yet.</summary>
    public long ParityOffset;
    public long ParityLength;
    public RowOrder Order;
    /// <summary>How many of <see cref="ClusteredBy"/> count.</summary>
    public byte ClusteredByCount;
    private ushort reserved1;
    private int reserved2;
    public ClusterColumns ClusteredBy;
    private long reserved4;
    private long reserved5;
    private long reserved6;
}
