using System.Buffers.Binary;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Codes;

/// <summary>Codes in files, one for each segment and column of vectors: <c>indexes/t1-00000003-0000.c5.codes</c> belongs to <c>segments/t1-00000003-0000.seg</c> and column 5.</summary>
/// <remarks>
/// <code>
///  0  magic        8     EngrmCOD
///  8  version      u32   FormatVersion.Current; zeros up to 64
/// 64  blocks             one CodeBlock for each block of the segment, in their order
///     footer:
///     segment      u32   the segment's root checksum, or that of the file that replaces the column
///     rows         u32
///     column       i32
///     dimensions   u32
///     page checksums     u32 for each 64 KiB of what stands before the footer
///     length       u32   of the footer up to here
///     checksum     u32   CRC-32C of the footer up to here
/// </code>
/// <para><b>No manifest names these files.</b> They are derived: a file that is missing, cut short, damaged, of another segment, column or version is passed over, with a line
/// in the log; searches read float32 meanwhile and find the same. See <see cref="SegmentCodes"/> for how codes come back. A checkpoint or compaction writes the
/// file with the segment, a load when it completes, and a checkpoint writes what is missing and deletes those of segments that are gone. A file that cannot be written is a
/// warning, not the failure of the checkpoint.</para>
/// <para><b>Crash.</b> At any moment a file may be absent, and a half one may be left under another name, which the next opening deletes. The footer has a checksum, each page another.</para>
/// </remarks>
internal static class CodeFile
{
    public const int BlocksAt = 64;

    /// <summary>What the name of a file ends with until it is whole.</summary>
    public const string Unfinished = ".new";

    private const int FixedSize = 4 * sizeof(uint);
    private const int TrailerSize = 2 * sizeof(uint);

    internal static ReadOnlySpan<byte> Magic => "EngrmCOD"u8;

    /// <summary>Whether a column's vectors have codes.</summary>
    public static bool IsCoded(DataType type) => type is { IsVector: true, Size: > 0 };

    /// <summary>As for <see cref="RunFile.NameOf"/>: a column that is read from another file has codes named after that.</summary>
    public static string NameOf(SegmentInfo segment, ColumnId column)
        => NameOf(SourceOf(segment, column).Name, column);

    /// <param name="source">The name of the file that has the column's values.</param>
    internal static string NameOf(string source, ColumnId column)
    {
        var file = source[(source.LastIndexOf('/') + 1)..];
        var stem = file.EndsWith(".seg", StringComparison.Ordinal) ? file[..^4] : file;
        return string.Create(CultureInfo.InvariantCulture, $"{RunFile.Subdirectory}/{stem}.c{column.Value}.codes");
    }

    /// <summary>Writes and syncs the codes of a column. Replaces a file of that name, which must be in nobody's way: maps of it live on.</summary>
    public static void Write(DataDirectory directory, Segment segment, ColumnId column, int dimensions)
    {
        using var output = new CodeOutput(directory, NameOf(segment.Info, column), column, dimensions);
        using var maker = new CodeMaker(segment, column, dimensions);
        for (var block = 0; block < segment.BlockCount; block++)
        {
            output.Add(maker.Load(block), segment.RowsInBlock(block));
        }

        output.Finish(segment.Info);
    }

    /// <summary>Opens codes; null, with the reason in the log, when there are none that can be used.</summary>
    public static SegmentCodes? TryOpen(IndexFiles files, Segment segment, ColumnId column, int dimensions)
    {
        var name = NameOf(segment.Info, column);
        try
        {
            if (!files.Directory.Exists(name))
            {
                files.Logger.LogInformation("There is no code file {Name}: codes are made from {Segment}", name, segment.Info.Name);
                return null;
            }

            using var file = files.Directory.Open(name, writable: false);
            if (ReadChecksums(files.Directory, file, segment, column, dimensions) is { } checksums)
            {
                return new SegmentCodes(segment, dimensions, file.Map(0, LengthOf(segment, dimensions)), checksums, name, files.Logger);
            }

            files.Logger.LogWarning("Code file {Name} is damaged, or belongs to another segment or column: codes are made anew from {Segment}", name, segment.Info.Name);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Code file {Name} could not be read: codes are made anew from {Segment}", name, segment.Info.Name);
        }

        return null;
    }

    /// <summary>Reads all of a file and compares it with its checksums.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static string? FindWrong(DataDirectory directory, Segment segment, ColumnId column, int dimensions)
    {
        using var file = directory.Open(NameOf(segment.Info, column), writable: false);
        return ReadChecksums(directory, file, segment, column, dimensions) is { } checksums
            ? FindWrongPage(directory, file, LengthOf(segment, dimensions), checksums) : "it is cut short or damaged, or belongs to another segment or column";
    }

    /// <param name="length">Of what the checksums are of.</param>
    internal static string? FindWrongPage(DataDirectory directory, DataFile file, long length, uint[] checksums)
    {
        var page = new byte[SegmentFormat.PageSize];
        for (var number = 0; number < checksums.Length; number++)
        {
            var at = (long)number * SegmentFormat.PageSize;
            var bytes = page.AsSpan(0, (int)Math.Min(SegmentFormat.PageSize, length - at));
            FramedFile.ReadExactly(directory, file, at, bytes);
            if (Crc32C.Compute(bytes) != checksums[number])
            {
                return string.Create(CultureInfo.InvariantCulture, $"page {number} does not match its checksum");
            }
        }

        return null;
    }

    /// <summary>Where a block begins.</summary>
    public static long OffsetOf(int block, int dimensions) => BlocksAt + (block * CodeBlock.SizeOf(Batch.RowCountMax, dimensions));

    /// <summary>Bytes before the footer.</summary>
    public static long LengthOf(Segment segment, int dimensions)
        => OffsetOf(segment.BlockCount - 1, dimensions) + CodeBlock.SizeOf(segment.RowsInBlock(segment.BlockCount - 1), dimensions);

    /// <summary>The file that a column's values are read from.</summary>
    internal static SegmentInfo SourceOf(SegmentInfo segment, ColumnId column)
    {
        foreach (var replacement in segment.Replacements)
        {
            if (replacement.ReplacedColumn == column)
            {
                return replacement;
            }
        }

        return segment;
    }

    /// <summary>Null when the file is not that of this segment and column, whole as far as its ends tell.</summary>
    private static uint[]? ReadChecksums(DataDirectory directory, DataFile file, Segment segment, ColumnId column, int dimensions)
    {
        var length = LengthOf(segment, dimensions);
        var pageCount = (int)((length + SegmentFormat.PageSize - 1) / SegmentFormat.PageSize);
        var footer = new byte[FixedSize + (pageCount * sizeof(uint)) + TrailerSize];
        var head = new byte[FormatVersion.MagicSize + sizeof(uint)];
        if (file.Length != length + footer.Length)
        {
            return null;
        }

        FramedFile.ReadExactly(directory, file, 0, head);
        FramedFile.ReadExactly(directory, file, length, footer);
        var at = 0;
        var isSame = head.AsSpan().StartsWith(Magic) && BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(FormatVersion.MagicSize)) == FormatVersion.Current
            && BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(footer.Length - sizeof(uint))) == Crc32C.Compute(footer.AsSpan(0, footer.Length - sizeof(uint)))
            && Next(footer, ref at) == SourceOf(segment.Info, column).RootChecksum && Next(footer, ref at) == (uint)segment.RowCount
            && Next(footer, ref at) == (uint)column.Value && Next(footer, ref at) == (uint)dimensions;
        if (!isSame)
        {
            return null;
        }

        var checksums = new uint[pageCount];
        for (var i = 0; i < checksums.Length; i++)
        {
            checksums[i] = Next(footer, ref at);
        }

        return checksums;
    }

    private static uint Next(byte[] bytes, ref int at)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        at += sizeof(uint);
        return value;
    }
}
