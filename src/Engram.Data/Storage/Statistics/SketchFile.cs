using System.Buffers.Binary;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Segments;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Statistics;

/// <summary>Sketches of how many different values columns have, in a file for each segment: <c>indexes/t1-00000003-0000.sketches</c> belongs to <c>segments/t1-00000003-0000.seg</c>.</summary>
/// <remarks>
/// <code>
/// body of a FramedFile:
///     segment      u32   the segment's root checksum
///     rows         u32
///     count        u32   of columns
///     for each     column i32, registers 1,024 bytes (DistinctSketch)
/// </code>
/// <para><b>No manifest names these files.</b> They are derived and decide about plans alone, never about rows: a file that is missing, damaged, of another segment or version is
/// passed over, and what it would tell is guessed from some of the rows. Whoever writes a segment writes them, a checkpoint those that are missing; small segments
/// have none, since their rows are read faster.</para>
/// <para><b>Crash.</b> A file may be absent or half there at any moment; its checksum covers all of it.</para>
/// </remarks>
internal static class SketchFile
{
    /// <summary>Segments of fewer rows have no file.</summary>
    public const int RowCountMin = 32 * Batch.RowCountMax;

    private const int EntrySize = sizeof(int) + DistinctSketch.RegisterCount;

    private static ReadOnlySpan<byte> Magic => "EngrmSKT"u8;

    public static string NameOf(SegmentInfo segment)
    {
        var file = segment.Name[(segment.Name.LastIndexOf('/') + 1)..];
        var stem = file.EndsWith(".seg", StringComparison.Ordinal) ? file[..^4] : file;
        return $"{RunFile.Subdirectory}/{stem}.sketches";
    }

    /// <summary>Writes and syncs the sketches of a segment. Replaces a file of that name.</summary>
    public static void Write(DataDirectory directory, Segment segment, ImmutableDictionary<ColumnId, byte[]> sketches)
    {
        var name = NameOf(segment.Info);
        directory.CreateSubdirectory(RunFile.Subdirectory);
        directory.Delete(name);
        var body = new ByteWriter();
        body.WriteUInt32(segment.Info.RootChecksum);
        body.WriteUInt32((uint)segment.RowCount);
        body.WriteUInt32((uint)sketches.Count);
        foreach (var (column, registers) in sketches.OrderBy(s => s.Key.Value))
        {
            body.WriteUInt32((uint)column.Value);
            body.WriteRaw(registers);
        }

        var next = body.Written.ToArray();
        FramedFile.Write(directory, name, Magic, () =>
        {
            var piece = next;
            next = [];
            return piece;
        });
        directory.Sync(RunFile.Subdirectory);
    }

    /// <summary>Reads the sketches of a segment; null, with the reason in the log, when there are none that can be used.</summary>
    public static ImmutableDictionary<ColumnId, byte[]>? TryRead(IndexFiles files, Segment segment)
    {
        var name = NameOf(segment.Info);
        try
        {
            if (!files.Directory.Exists(name))
            {
                return null;
            }

            using var file = FramedFile.Open(files.Directory, name, Magic, null, out var length);
            var body = new byte[length];
            FramedFile.ReadExactly(files.Directory, file, FramedFile.HeaderSize, body);
            if (Parse(body, segment) is { } found)
            {
                return found;
            }

            files.Logger.LogWarning("Sketch file {Name} belongs to another segment: plans are made without it", name);
        }
        catch (EngramException e)
        {
            files.Logger.LogWarning(e, "Sketch file {Name} could not be read: plans are made without it", name);
        }

        return null;
    }

    private static ImmutableDictionary<ColumnId, byte[]>? Parse(ReadOnlySpan<byte> body, Segment segment)
    {
        const int HeadSize = 3 * sizeof(uint);
        if (body.Length < HeadSize || BinaryPrimitives.ReadUInt32LittleEndian(body) != segment.Info.RootChecksum
            || BinaryPrimitives.ReadUInt32LittleEndian(body[4..]) != (uint)segment.RowCount
            || (body.Length - HeadSize) % EntrySize != 0 || (body.Length - HeadSize) / EntrySize != (int)BinaryPrimitives.ReadUInt32LittleEndian(body[8..]))
        {
            return null;
        }

        var sketches = ImmutableDictionary.CreateBuilder<ColumnId, byte[]>();
        for (var at = HeadSize; at < body.Length; at += EntrySize)
        {
            sketches[new ColumnId(BinaryPrimitives.ReadInt32LittleEndian(body[at..]))] = body.Slice(at + sizeof(int), DistinctSketch.RegisterCount).ToArray();
        }

        return sketches.ToImmutable();
    }
}
