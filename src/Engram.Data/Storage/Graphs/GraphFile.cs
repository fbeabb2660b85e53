using System.Buffers.Binary;
using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Codes;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Graphs;

/// <summary>Graphs in files, one for each segment and vector index: <c>indexes/t1-00000003-0000.i7.graph</c> belongs to <c>segments/t1-00000003-0000.seg</c> and index 7.</summary>
/// <remarks>
/// <code>
///  0  magic        8     EngrmGRF
///  8  version      u32   FormatVersion.Current
/// 12  arrays             as GraphLayout says, its header first
///     footer:
///     segment      u32   the segment's root checksum, or that of the file that replaces the column
///     rows, column, dimensions, metric, m, ef_construction   u32 each
///     length       u64   of what stands before the footer
///     page checksums     u32 for each 64 KiB of what stands before the footer
///     checksum     u32   CRC-32C of the footer up to here
///     length       u32   of the footer, this included
/// </code>
/// <para><b>No manifest names these files</b>, as with codes: one that is missing, damaged, or of another segment, column, version or shape is passed over with a line in the log. Searches are exact meanwhile, and the graph is
/// built again beside them. A job of maintenance writes what was built in memory, and a checkpoint deletes what belongs to nothing.</para>
/// <para><b>Crash.</b> At any moment a file may be absent, and a half one may be left under another name, which the next opening deletes. The footer has a checksum, each page another.</para>
/// </remarks>
internal static class GraphFile
{
    private const int FixedSize = (7 * sizeof(uint)) + sizeof(ulong);
    private const int TrailerSize = 2 * sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "EngrmGRF"u8;

    public static string NameOf(SegmentInfo segment, IndexId index, ColumnId column)
    {
        var codes = CodeFile.NameOf(segment, column);
        return string.Create(CultureInfo.InvariantCulture, $"{codes[..codes.LastIndexOf(".c", codes.Length - ".codes".Length - 1, StringComparison.Ordinal)]}.i{index.Value}.graph");
    }

    /// <summary>Writes and syncs a graph that was built. Replaces a file of that name: maps of it live on.</summary>
    public static unsafe void Write(DataDirectory directory, Segment segment, IndexId index, GraphShape shape, NativeBlock graph)
    {
        var name = NameOf(segment.Info, index, shape.Column);
        directory.CreateSubdirectory(RunFile.Subdirectory);
        directory.Delete(name + CodeFile.Unfinished);
        using var file = directory.Create(name + CodeFile.Unfinished);
        using var output = new SegmentOutput(file);
        var head = new byte[FormatVersion.MagicSize + sizeof(uint)];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(FormatVersion.MagicSize), FormatVersion.Current);
        output.Write(head);
        output.Write(graph.Pointer + head.Length, graph.Length - head.Length);
        output.FinishPages();
        var footer = new ByteWriter();
        foreach (var number in Identity(segment, shape))
        {
            footer.WriteUInt32(number);
        }

        footer.WriteUInt32((uint)graph.Length);
        footer.WriteUInt32((uint)(graph.Length >> 32));
        foreach (var checksum in output.PageChecksums)
        {
            footer.WriteUInt32(checksum);
        }

        footer.WriteUInt32(Crc32C.Compute(footer.Written));
        footer.WriteUInt32((uint)footer.Length + sizeof(uint));
        file.Write(graph.Length, footer.Written);
        file.Sync();
        directory.Rename(name + CodeFile.Unfinished, name);
        directory.Sync(RunFile.Subdirectory);
    }

    /// <summary>Opens a graph, looking at the ends of its file alone; null, with the reason in the log, when there is none that can be used.</summary>
    public static SegmentGraph? TryOpen(IndexFiles files, Segment segment, IndexId index, GraphShape shape)
    {
        var name = NameOf(segment.Info, index, shape.Column);
        try
        {
            if (!files.Directory.Exists(name))
            {
                return null;
            }

            using var file = files.Directory.Open(name, writable: false);
            if (ReadChecksums(files.Directory, file, segment, shape, out var length) is { } checksums)
            {
                return new SegmentGraph(segment, shape, file.Map(0, length), checksums, name, files.Logger);
            }

            files.Logger.LogWarning("Graph file {Name} is damaged, or belongs to another segment or index: the graph of {Segment} is built anew", name, segment.Info.Name);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Graph file {Name} could not be read: the graph of {Segment} is built anew", name, segment.Info.Name);
        }

        return null;
    }

    /// <inheritdoc cref="CodeFile.FindWrong"/>
    public static string? FindWrong(DataDirectory directory, Segment segment, IndexId index, GraphShape shape)
    {
        using var file = directory.Open(NameOf(segment.Info, index, shape.Column), writable: false);
        return ReadChecksums(directory, file, segment, shape, out var length) is { } checksums
            ? CodeFile.FindWrongPage(directory, file, length, checksums) : "it is cut short or damaged, or belongs to another segment or index";
    }

    private static uint[] Identity(Segment segment, GraphShape shape) =>
    [
        CodeFile.SourceOf(segment.Info, shape.Column).RootChecksum, (uint)segment.RowCount, (uint)shape.Column.Value, (uint)shape.Dimensions,
        (uint)shape.Metric, (uint)shape.M, (uint)shape.Construction,
    ];

    /// <summary>Null when the file is not that of this segment and index, whole as far as its ends tell.</summary>
    private static uint[]? ReadChecksums(DataDirectory directory, DataFile file, Segment segment, GraphShape shape, out long length)
    {
        length = 0;
        var last = new byte[sizeof(uint)];
        if (file.Length < GraphLayout.HeaderSize + FixedSize + TrailerSize)
        {
            return null;
        }

        FramedFile.ReadExactly(directory, file, file.Length - last.Length, last);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(last);
        if (size < FixedSize + TrailerSize || size > file.Length - GraphLayout.HeaderSize || size > Array.MaxLength)
        {
            return null;
        }

        var footer = new byte[size];
        var head = new byte[FormatVersion.MagicSize + sizeof(uint)];
        FramedFile.ReadExactly(directory, file, 0, head);
        FramedFile.ReadExactly(directory, file, file.Length - size, footer);
        var checksumAt = footer.Length - TrailerSize;
        var numbers = new uint[checksumAt / sizeof(uint)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(i * sizeof(uint)));
        }

        var identity = Identity(segment, shape);
        length = numbers[identity.Length] | ((long)numbers[identity.Length + 1] << 32);
        var checksums = numbers[(FixedSize / sizeof(uint))..];
        var isSame = head.AsSpan().StartsWith(Magic) && BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(FormatVersion.MagicSize)) == FormatVersion.Current
            && BinaryPrimitives.ReadUInt32LittleEndian(footer.AsSpan(checksumAt)) == Crc32C.Compute(footer.AsSpan(0, checksumAt))
            && numbers.AsSpan().StartsWith(identity) && length == file.Length - size
            && checksums.Length == (length + SegmentFormat.PageSize - 1) / SegmentFormat.PageSize;
        return isSame ? checksums : null;
    }
}
