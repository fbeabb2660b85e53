using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Indexes;

/// <summary>Runs in files, one for each segment and index: <c>indexes/t1-00000003-0000.i2.run</c> belongs to <c>segments/t1-00000003-0000.seg</c> and index 2.</summary>
/// <remarks>
/// <code>
///  0  magic        8     EngrmRUN
///  8  version      u32   FormatVersion.Current
/// 12  head length  u32   where the pages begin, a multiple of 64
/// 16  segment      u32   the segment's root checksum; when columns of the key are read from other files, CRC-32C of it and theirs
/// 20  rows         u32   of the segment: as many entries follow, unless the index is partial
/// 24  index        i32
/// 28  columns      u32   and 80000000 when the index is partial
///     for each: column i32, type kind u8 (and 80 when folded), descending u8
///     when partial: condition u32 length and its text, u32 columns that it reads, i32 each; u8 whether rows that do not satisfy it are left out; u32 entries
///     common       u32   length, and what all keys begin with
///     for each page: first prefix u64, checksum u32
///     checksum     u32   CRC-32C of the head up to here; zeros up to the head's length
///     pages              5,456 entries each: prefixes u64, then positions u32; the last one is as long as it must be
/// </code>
/// <para><b>No manifest names these files.</b> They are derived, and their loss must never keep a database from opening: a file that is missing, cut short, damaged, of
/// another segment, index, shape or version is passed over, with a line in the log, and the run is made in memory. A checkpoint writes what is missing, and deletes
/// the files of segments and indexes that are gone. A file that cannot be written is a warning, not the failure of the checkpoint.</para>
/// <para><b>Crash.</b> At any moment a file may be absent or half there; the head has a checksum and each page another. The file is synced before the manifest that names
/// its segment, not because anything depended on it, but so that the next opening finds it.</para>
/// </remarks>
internal static class RunFile
{
    public const string Subdirectory = "indexes";
    private const int Alignment = 64;
    private const uint PartialFlag = 0x8000_0000;

    private static ReadOnlySpan<byte> Magic => "EngrmRUN"u8;

    /// <param name="columns">Of the key, with their older forms. When the segment reads some of them from other files, the newest of these gives the run its name: it stands for all of them, since
    /// each checkpoint that replaces columns names its files after its own generation.</param>
    public static string NameOf(SegmentInfo segment, IndexId index, ReadOnlySpan<ColumnId> columns)
    {
        var newest = segment.Name;
        foreach (var replacement in segment.Replacements)
        {
            if (columns.Contains(replacement.ReplacedColumn) && (newest == segment.Name || string.CompareOrdinal(replacement.Name, newest) > 0))
            {
                newest = replacement.Name;
            }
        }

        var file = newest[(newest.LastIndexOf('/') + 1)..];
        var stem = file.EndsWith(".seg", StringComparison.Ordinal) ? file[..^4] : file;
        return string.Create(CultureInfo.InvariantCulture, $"{Subdirectory}/{stem}.i{index.Value}.run");
    }

    /// <summary>Writes and syncs a run. Replaces a file of that name, which must be in nobody's way: maps of it live on.</summary>
    public static void Write(DataDirectory directory, SegmentInfo segment, IndexId index, SegmentRun run)
    {
        var name = NameOf(segment, index, run.Head.Shape.Sources);
        directory.CreateSubdirectory(Subdirectory);
        directory.Delete(name);
        using var file = directory.Create(name);
        var head = WriteHead(segment, index, run.Head);
        file.Write(0, head);
        file.Write(head.Length, run.Pages);
        file.Sync();
        directory.Sync(Subdirectory);
    }

    /// <summary>Opens a run; null, with the reason in the log, when there is none that can be used.</summary>
    public static SegmentRun? TryOpen(IndexFiles files, Segment segment, IndexId index, KeyShape shape)
    {
        var (directory, logger) = (files.Directory, files.Logger);
        var name = NameOf(segment.Info, index, shape.Sources);
        try
        {
            if (!directory.Exists(name))
            {
                logger.LogInformation("There is no index file {Name}: the index's entries are made from {Segment}", name, segment.Info.Name);
                return null;
            }

            using var file = directory.Open(name, writable: false);
            if (ReadHead(directory, file, segment.Info, index, shape) is { } head)
            {
                return new SegmentRun(segment, head, file.Map(0, file.Length), null, files);
            }

            logger.LogWarning(
                "Index file {Name} is damaged, or belongs to another segment or index: the index's entries are made anew from {Segment}", name, segment.Info.Name);
        }
        catch (EngramException e)
        {
            logger.LogWarning(e, "Index file {Name} could not be read: the index's entries are made anew from {Segment}", name, segment.Info.Name);
        }

        return null;
    }

    /// <summary>Whether there is a file whose head is that of this segment, index and shape. Its pages are not looked at.</summary>
    public static bool IsOf(IndexFiles files, SegmentInfo segment, IndexId index, KeyShape shape)
    {
        var name = NameOf(segment, index, shape.Sources);
        try
        {
            if (!files.Directory.Exists(name))
            {
                return false;
            }

            using var file = files.Directory.Open(name, writable: false);
            return ReadHead(files.Directory, file, segment, index, shape) is not null;
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Index file {Name} could not be read: it is written anew", name);
            return false;
        }
    }

    /// <summary>What is wrong with a run's file, or null: it must be what would be made of the segment now.</summary>
    /// <param name="directory">Where the file is.</param>
    /// <param name="segment">Whose run it is.</param>
    /// <param name="index">Of which index.</param>
    /// <param name="shape">Of its keys.</param>
    /// <param name="conditions">Makes the condition of a partial index; null when nobody can: then its entries are not compared.</param>
    public static string? FindWrong(DataDirectory directory, Segment segment, IndexId index, KeyShape shape, IndexConditionFactory? conditions)
    {
        using var file = directory.Open(NameOf(segment.Info, index, shape.Sources), writable: false);
        if (ReadHead(directory, file, segment.Info, index, shape) is not { } head)
        {
            return "it is cut short or damaged, or belongs to another segment or index";
        }

        var page = new byte[SegmentRun.PageSizeBytes];
        for (var number = 0; number < head.PageCount; number++)
        {
            var bytes = page.AsSpan(0, head.RowsOfPage(number) * SegmentRun.EntrySizeBytes);
            FramedFile.ReadExactly(directory, file, head.PagesAt + ((long)number * SegmentRun.PageSizeBytes), bytes);
            if (Crc32C.Compute(bytes) != head.Checksums[number])
            {
                return string.Create(CultureInfo.InvariantCulture, $"page {number} does not match its checksum");
            }
        }

        if (head.IsFiltered && conditions is null)
        {
            return null;
        }

        var (made, memory) = RunBuilder.Build(segment, shape, head.IsFiltered ? conditions : null);
        memory.Release();
        return made.EntryCount == head.EntryCount && made.Checksums.AsSpan().SequenceEqual(head.Checksums) && made.Common.AsSpan().SequenceEqual(head.Common)
            && made.FirstPrefixes.AsSpan().SequenceEqual(head.FirstPrefixes)
            ? null : "its entries are not those of the segment's rows";
    }

    /// <summary>Tells the values that the run was made from.</summary>
    private static uint ChecksumOf(SegmentInfo segment, KeyShape shape)
    {
        var writer = new ByteWriter();
        writer.WriteUInt32(segment.RootChecksum);
        foreach (var replacement in segment.Replacements)
        {
            if (shape.Sources.Contains(replacement.ReplacedColumn))
            {
                writer.WriteUInt32(replacement.RootChecksum);
            }
        }

        return writer.Length == sizeof(uint) ? segment.RootChecksum : Crc32C.Compute(writer.Written);
    }

    private static byte[] WriteHead(SegmentInfo segment, IndexId index, RunHead head)
    {
        var writer = new ByteWriter();
        writer.WriteRaw(Magic);
        writer.WriteUInt32(FormatVersion.Current);
        var lengthAt = writer.Length;
        writer.WriteUInt32(0);
        writer.WriteUInt32(ChecksumOf(segment, head.Shape));
        writer.WriteUInt32((uint)segment.RowCount);
        writer.WriteUInt32((uint)index.Value);
        WriteShape(writer, head.Shape);
        if (head.Shape.Filter is not null)
        {
            writer.WriteByte(head.IsFiltered ? (byte)1 : (byte)0);
            writer.WriteUInt32((uint)head.EntryCount);
        }

        writer.WriteUInt32((uint)head.Common.Length);
        writer.WriteRaw(head.Common);
        for (var i = 0; i < head.PageCount; i++)
        {
            writer.WriteUInt64(head.FirstPrefixes[i]);
            writer.WriteUInt32(head.Checksums[i]);
        }

        var used = writer.Length + sizeof(uint);
        var bytes = new byte[(used + Alignment - 1) / Alignment * Alignment];
        writer.Written.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(lengthAt), bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(used - sizeof(uint)), Crc32C.Compute(bytes.AsSpan(0, used - sizeof(uint))));
        return bytes;
    }

    private static void WriteShape(ByteWriter writer, KeyShape shape)
    {
        writer.WriteUInt32((uint)shape.Count | (shape.Filter is null ? 0 : PartialFlag));
        for (var i = 0; i < shape.Count; i++)
        {
            writer.WriteUInt32((uint)shape.Columns[i].Value);
            writer.WriteByte(KindOf(shape, i));
            writer.WriteByte(shape.IsDescending(i) ? (byte)1 : (byte)0);
        }

        if (shape.Filter is not { } filter)
        {
            return;
        }

        var sql = Encoding.UTF8.GetBytes(filter.Sql);
        writer.WriteUInt32((uint)sql.Length);
        writer.WriteRaw(sql);
        writer.WriteUInt32((uint)filter.Columns.Count);
        foreach (var column in filter.Columns.Columns)
        {
            writer.WriteUInt32((uint)column.Value);
        }
    }

    /// <summary>The kind of a part of the key; folded texts are another kind than texts.</summary>
    private static byte KindOf(KeyShape shape, int part) => (byte)((byte)shape.TypeOf(part).Kind | (shape.IsFolded(part) ? 0x80 : 0));

    /// <summary>Null when the file is not the run of this segment, index and shape, whole as far as its head tells.</summary>
    private static RunHead? ReadHead(DataDirectory directory, DataFile file, SegmentInfo segment, IndexId index, KeyShape shape)
    {
        // What is expected is written, too, and compared: the rest is what only the file knows.
        var expected = new ByteWriter();
        WriteShape(expected, shape);
        var fixedSize = FormatVersion.MagicSize + (5 * sizeof(uint));
        var length = file.Length;
        var start = new byte[fixedSize];
        if (length < Alignment || file.Read(0, start) != fixedSize)
        {
            return null;
        }

        var headLength = BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(FormatVersion.MagicSize + sizeof(uint)));
        if (!start.AsSpan().StartsWith(Magic) || headLength % Alignment != 0 || headLength < fixedSize + expected.Length + sizeof(uint) || headLength > length)
        {
            return null;
        }

        var bytes = new byte[headLength];
        FramedFile.ReadExactly(directory, file, 0, bytes);
        var at = FormatVersion.MagicSize;
        var isSame = Next(bytes, ref at) == FormatVersion.Current && Next(bytes, ref at) == headLength && Next(bytes, ref at) == ChecksumOf(segment, shape)
            && Next(bytes, ref at) == (uint)segment.RowCount && Next(bytes, ref at) == (uint)index.Value && bytes.AsSpan(at).StartsWith(expected.Written);
        at += expected.Length;
        var (isFiltered, entryCount) = (false, segment.RowCount);
        if (shape.Filter is not null && isSame && bytes.Length >= at + 1 + sizeof(uint))
        {
            isFiltered = bytes[at++] != 0;
            entryCount = (int)Math.Min(Next(bytes, ref at), int.MaxValue);
        }

        if (!isSame || entryCount > segment.RowCount || headLength + ((long)entryCount * SegmentRun.EntrySizeBytes) != length || bytes.Length < at + sizeof(uint))
        {
            return null;
        }

        var pageCount = RunHead.PageCountOf(entryCount);
        var commonLength = Next(bytes, ref at);
        if (commonLength + ((long)pageCount * (sizeof(ulong) + sizeof(uint))) + sizeof(uint) > bytes.Length - at)
        {
            return null;
        }

        var common = bytes.AsSpan(at, (int)commonLength).ToArray();
        at += common.Length;
        var (prefixes, checksums) = (new ulong[pageCount], new uint[pageCount]);
        for (var i = 0; i < pageCount; i++)
        {
            prefixes[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            at += sizeof(ulong);
            checksums[i] = Next(bytes, ref at);
        }

        return Crc32C.Compute(bytes.AsSpan(0, at)) == Next(bytes, ref at)
            ? new RunHead(shape, entryCount, common, prefixes, checksums) { FileName = file.Name, PagesAt = headLength, IsFiltered = isFiltered }
            : null;
    }

    private static uint Next(byte[] bytes, ref int at)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
        at += sizeof(uint);
        return value;
    }
}
