using System.Buffers.Binary;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Segments;

/// <summary>Deletes and patches of one segment's rows, as a checkpoint leaves them beside the segment.</summary>
/// <remarks>
/// <para><b>The problem.</b> Segments never change, yet their rows are deleted and updated. Between checkpoints the log and memory know that; at
/// a checkpoint it must be in a file, or the log could not be cut. Writing the segment anew would copy embeddings because a number changed.</para>
/// <para><b>The picture.</b> A <see cref="FramedFile"/> with magic "EngrmOVL". Its body is a list of sections, each behind its length (u32), so that
/// neither writing nor reading needs memory for more than 2,048 values beyond the data itself:</para>
/// <code>
/// first     rows of the segment varint, deleted positions, patches (column zigzag, type, positions)
/// values    for each patch in order, for every 2,048 of its positions in order: ColumnCodec
/// positions count varint; when not 0: form u8, then 0: gaps to the position before minus one, varints; 1: a bitmap of all rows
/// </code>
/// <para>Of the two forms of positions the shorter is written. An overlay holds everything since the segment was written: each checkpoint
/// writes a new one and drops the old, until a compaction writes the rows anew.</para>
/// <para><b>A crash</b> leaves a file that no manifest names, of any content; recovery deletes it. A file that a manifest names was synced and
/// read back before; when its checksum differs later, the segment's rows must not be read without it, and opening fails with XX001.</para>
/// </remarks>
internal static unsafe class OverlayFile
{
    private const byte GapForm = 0;
    private const byte BitmapForm = 1;

    /// <summary>Sections are gathered until a write is worth its call.</summary>
    private const int PieceSize = 4 * 1024 * 1024;

    private static ReadOnlySpan<byte> Magic => "EngrmOVL"u8;

    /// <summary>Creates the file, syncs content and name, and reads it back.</summary>
    /// <returns>The checksum for the manifest.</returns>
    public static uint Write(DataDirectory directory, string name, OverlayData data)
    {
        if (directory.Exists(name))
        {
            throw Error.Internal($"overlay {name} is there already");
        }

        try
        {
            var checksum = WriteSections(directory, name, data);
            var slash = name.LastIndexOf('/');
            directory.Sync(slash < 0 ? "" : name[..slash]);
            Read(directory, name, checksum).Dispose();
            return checksum;
        }
        catch
        {
            // Nothing names it, and its place may be needed: the disk may just be full.
            directory.Delete(name);
            throw;
        }
    }

    /// <summary>Reads the overlay that the manifest names.</summary>
    /// <exception cref="EngramException">XX001 missing, cut short, damaged or another's; EG002 a later version wrote it.</exception>
    public static OverlayData Read(DataDirectory directory, string name, uint checksum)
    {
        using var file = FramedFile.Open(directory, name, Magic, checksum, out var bodyLength);
        var end = FramedFile.HeaderSize + bodyLength;
        var at = (long)FramedFile.HeaderSize;
        var source = $"File '{name}' of '{directory.Path}'";
        var buffer = Array.Empty<byte>();

        var reader = new ByteReader(NextSection(directory, file, ref at, end, ref buffer), source);
        var rowCount = reader.ReadCount(SegmentInfo.RowCountMax);
        var deleted = ReadPositions(ref reader, rowCount);
        var patches = new OverlayPatch[reader.ReadElementCount(1)];
        var columns = new HashSet<ColumnId>();
        for (var i = 0; i < patches.Length; i++)
        {
            var column = new ColumnId((int)reader.ReadVarInt());
            var type = CatalogCodec.ReadType(ref reader);
            var positions = ReadPositions(ref reader, rowCount);
            if (!columns.Add(column))
            {
                throw reader.Damaged($"column {column} is patched twice");
            }

            patches[i] = new OverlayPatch(column, positions, new ColumnBuffer(type, positions.Length));
        }

        reader.ExpectEnd();
        var data = new OverlayData(rowCount, deleted, [.. patches]);
        foreach (var patch in patches)
        {
            for (var first = 0; first < patch.Positions.Length; first += Batch.RowCountMax)
            {
                var values = new ByteReader(NextSection(directory, file, ref at, end, ref buffer), source);
                ColumnCodec.ReadInto(ref values, patch.Values.Type, Math.Min(Batch.RowCountMax, patch.Positions.Length - first), patch.Values);
                values.ExpectEnd();
            }
        }

        return at == end ? data : throw Error.FileDamaged(directory.Path, name, $"{end - at} bytes follow its last section");
    }

    private static uint WriteSections(DataDirectory directory, string name, OverlayData data)
    {
        var sections = Sections(data).GetEnumerator();
        var piece = new ByteWriter();
        return FramedFile.Write(directory, name, Magic, () =>
        {
            piece.Clear();
            while (piece.Length < PieceSize && sections.MoveNext())
            {
                var at = piece.ReserveUInt32();
                sections.Current(piece);
                piece.PatchUInt32(at, (uint)(piece.Length - at - sizeof(uint)));
            }

            return piece.WrittenMemory;
        });
    }

    private static IEnumerable<Action<ByteWriter>> Sections(OverlayData data)
    {
        yield return writer => WriteHead(writer, data);
        foreach (var patch in data.Patches)
        {
            for (var first = 0; first < patch.Positions.Length; first += Batch.RowCountMax)
            {
                var start = first;
                yield return writer => WriteValues(writer, patch, start);
            }
        }
    }

    private static void WriteHead(ByteWriter writer, OverlayData data)
    {
        writer.WriteCount(data.RowCount);
        WritePositions(writer, data.DeletedPositions, data.RowCount);
        writer.WriteCount(data.Patches.Length);
        foreach (var patch in data.Patches)
        {
            if (patch.Values.Count != patch.Positions.Length)
            {
                throw Error.Internal($"{patch.Values.Count} values patch {patch.Positions.Length} rows of column {patch.Column}");
            }

            writer.WriteVarInt(patch.Column.Value);
            CatalogCodec.WriteType(writer, patch.Values.Type);
            WritePositions(writer, patch.Positions, data.RowCount);
        }
    }

    private static void WriteValues(ByteWriter writer, OverlayPatch patch, int first)
    {
        var all = patch.Values.Column;
        // A view of the rows from here on; a multiple of 64, so that the null mask begins with a word.
        var view = new Column(all.Type)
        {
            Data = (byte*)all.Data + ((long)first * all.Type.PhysicalSize),
            Nulls = all.Nulls == null ? null : all.Nulls + (first / 64),
            Offsets = all.Offsets == null ? null : all.Offsets + first,
            Owner = patch.Values,
        };
        ColumnCodec.Write(writer, view, Math.Min(Batch.RowCountMax, patch.Positions.Length - first), null);
    }

    private static ReadOnlySpan<byte> NextSection(DataDirectory directory, DataFile file, ref long at, long end, ref byte[] buffer)
    {
        Span<byte> prefix = stackalloc byte[sizeof(uint)];
        var length = -1L;
        if (end - at >= prefix.Length)
        {
            FramedFile.ReadExactly(directory, file, at, prefix);
            length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        }

        if (length < 0 || length > Math.Min(Array.MaxLength, end - at - prefix.Length))
        {
            throw Error.FileDamaged(directory.Path, file.Name, $"no section begins at byte {at}");
        }

        if (buffer.Length < length)
        {
            buffer = new byte[Math.Max(length, Math.Min(buffer.Length * 2L, Array.MaxLength))];
        }

        var section = buffer.AsSpan(0, (int)length);
        FramedFile.ReadExactly(directory, file, at + prefix.Length, section);
        at += prefix.Length + length;
        return section;
    }

    private static void WritePositions(ByteWriter writer, ImmutableArray<int> positions, int rowCount)
    {
        writer.WriteCount(positions.Length);
        if (positions.IsEmpty)
        {
            return;
        }

        var formAt = writer.Length;
        writer.WriteByte(GapForm);
        var previous = -1;
        foreach (var position in positions)
        {
            if (position <= previous || position >= rowCount)
            {
                throw Error.Internal($"position {position} follows {previous} in an overlay of {rowCount} rows");
            }

            writer.WriteVarUInt((ulong)(position - previous - 1));
            previous = position;
        }

        var bitmapSize = (rowCount + 7) / 8;
        if (writer.Length - formAt - 1 > bitmapSize)
        {
            writer.Truncate(formAt);
            writer.WriteByte(BitmapForm);
            var bitmap = writer.Take(bitmapSize);
            bitmap.Clear();
            foreach (var position in positions)
            {
                bitmap[position >> 3] |= (byte)(1 << (position & 7));
            }
        }
    }

    private static ImmutableArray<int> ReadPositions(ref ByteReader reader, int rowCount)
    {
        var count = reader.ReadCount(rowCount);
        if (count == 0)
        {
            return [];
        }

        var form = reader.ReadByte();
        if (form > BitmapForm || (form == GapForm && count > reader.Remaining))
        {
            throw reader.Damaged($"{count} positions cannot have form {form}");
        }

        var positions = ImmutableArray.CreateBuilder<int>(count);
        if (form == GapForm)
        {
            var previous = -1L;
            for (var i = 0; i < count; i++)
            {
                previous += reader.ReadCount(rowCount) + 1L;
                positions.Add(previous < rowCount ? (int)previous : throw reader.Damaged($"position {previous} of {rowCount} rows"));
            }

            return positions.MoveToImmutable();
        }

        var bitmap = reader.ReadRaw((rowCount + 7) / 8);
        for (var position = 0; position < bitmap.Length * 8; position++)
        {
            if ((bitmap[position >> 3] >> (position & 7) & 1) == 0)
            {
                continue;
            }

            if (position >= rowCount || positions.Count == count)
            {
                throw reader.Damaged($"a bitmap of {count} of {rowCount} positions marks more");
            }

            positions.Add(position);
        }

        return positions.Count == count ? positions.MoveToImmutable() : throw reader.Damaged($"a bitmap of {count} positions marks {positions.Count}");
    }
}
