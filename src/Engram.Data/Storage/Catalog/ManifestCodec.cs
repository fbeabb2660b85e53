using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Catalog;

/// <summary>The body of a manifest as bytes; <see cref="ManifestFile"/> puts magic, version and checksum around it.</summary>
/// <remarks>
/// <code>
/// manifest  generation i64, LSN i64, catalog (CatalogCodec), tables
/// table     id, next row id i64, identities (column, next i64), segments
/// segment   name, row count, least and greatest row id i64, file length i64, root checksum u32, columns zigzag, replacements,
///           overlay name?, overlay checksum u32
/// replacement  column, name, file length i64, root checksum u32
/// </code>
/// <para>Lists stand behind their count; counts and ids are varints. The checksum is there before this runs, so what is refused here was
/// written by a defect; it is refused all the same, before it can delete or overwrite anything.</para>
/// </remarks>
internal static class ManifestCodec
{
    public static void Write(ByteWriter writer, Manifest manifest)
    {
        writer.WriteInt64(manifest.Generation);
        writer.WriteInt64(manifest.Lsn.Value);
        CatalogCodec.WriteCatalog(writer, manifest.Catalog);
        writer.WriteCount(manifest.Tables.Length);
        foreach (var table in manifest.Tables)
        {
            WriteTable(writer, table);
        }
    }

    /// <exception cref="EngramException">XX001 the bytes are no manifest; EG002 a later version wrote them.</exception>
    public static Manifest Read(ref ByteReader reader)
    {
        var generation = ReadPositive(ref reader, "generation");
        var lsn = reader.ReadInt64();
        if (lsn < 0)
        {
            throw reader.Damaged($"LSN {lsn} cannot be");
        }

        var catalog = CatalogCodec.ReadCatalog(ref reader);
        var tables = ImmutableArray.CreateBuilder<TableManifest>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var table = ReadTable(ref reader, names);
            if (!catalog.Tables.ContainsKey(table.Table) || (tables.Count > 0 && tables[^1].Table.Value >= table.Table.Value))
            {
                throw reader.Damaged($"table {table.Table} is out of order or not in the catalog");
            }

            tables.Add(table);
        }

        return new Manifest(generation, new Lsn(lsn), catalog, tables.DrainToImmutable());
    }

    private static void WriteTable(ByteWriter writer, TableManifest table)
    {
        writer.WriteCount(table.Table.Value);
        writer.WriteInt64(table.RowIdNext);
        writer.WriteCount(table.IdentityNext.Length);
        foreach (var (column, next) in table.IdentityNext)
        {
            writer.WriteCount(column.Value);
            writer.WriteInt64(next);
        }

        writer.WriteCount(table.Segments.Length);
        foreach (var segment in table.Segments)
        {
            if (segment.Info.Table != table.Table)
            {
                throw Error.Internal($"segment {segment.Info.Name} of table {segment.Info.Table} is listed under table {table.Table}");
            }

            WriteSegment(writer, segment);
        }
    }

    private static TableManifest ReadTable(ref ByteReader reader, HashSet<string> names)
    {
        var id = new TableId(reader.ReadCount());
        var rowIdNext = reader.ReadInt64();
        var identities = ImmutableArray.CreateBuilder<(ColumnId, long)>();
        for (var left = reader.ReadElementCount(1 + sizeof(long)); left > 0; left--)
        {
            identities.Add((new ColumnId(reader.ReadCount()), reader.ReadInt64()));
        }

        var segments = ImmutableArray.CreateBuilder<SegmentManifest>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var segment = ReadSegment(ref reader, id);
            // Rows twice in one table, or one file for two: neither can be served.
            foreach (var name in segment.FileNames)
            {
                if (!names.Add(name))
                {
                    throw reader.Damaged($"file '{name}' is listed twice");
                }
            }

            if (segment.Info.RowIdMax >= rowIdNext)
            {
                throw reader.Damaged($"row ids of segment '{segment.Info.Name}' reach beyond the next to be given, {rowIdNext}");
            }

            segments.Add(segment);
        }

        return new TableManifest(id, rowIdNext, identities.DrainToImmutable(), segments.DrainToImmutable());
    }

    private static void WriteSegment(ByteWriter writer, SegmentManifest segment)
    {
        WriteInfo(writer, segment.Info);
        writer.WriteCount(segment.Info.Replacements.Length);
        foreach (var replacement in segment.Info.Replacements)
        {
            writer.WriteCount(replacement.ReplacedColumn.Value);
            writer.WriteString(replacement.Name);
            writer.WriteInt64(replacement.FileLength);
            writer.WriteUInt32(replacement.RootChecksum);
        }

        writer.WriteOptionalString(segment.OverlayName);
        writer.WriteUInt32(segment.OverlayChecksum);
    }

    /// <summary>What tells a segment's own file, here and in the log.</summary>
    public static void WriteInfo(ByteWriter writer, SegmentInfo info)
    {
        writer.WriteString(info.Name);
        writer.WriteCount(info.RowCount);
        writer.WriteInt64(info.RowIdMin);
        writer.WriteInt64(info.RowIdMax);
        writer.WriteInt64(info.FileLength);
        writer.WriteUInt32(info.RootChecksum);
        writer.WriteCount(info.Columns.Length);
        foreach (var column in info.Columns)
        {
            writer.WriteVarInt(column.Value);
        }
    }

    private static SegmentManifest ReadSegment(ref ByteReader reader, TableId table)
    {
        var info = ReadInfo(ref reader, table);
        info = info with { Replacements = ReadReplacements(ref reader, info) };
        var overlayName = reader.ReadBoolean() ? ReadFileName(ref reader) : null;
        return new SegmentManifest(info, overlayName, reader.ReadUInt32());
    }

    public static SegmentInfo ReadInfo(ref ByteReader reader, TableId table)
    {
        var name = ReadFileName(ref reader);
        var rowCount = reader.ReadCount(SegmentInfo.RowCountMax);
        var rowIdMin = reader.ReadInt64();
        var rowIdMax = reader.ReadInt64();
        if (rowCount == 0 || rowIdMin > rowIdMax || (UInt128)((Int128)rowIdMax - rowIdMin) + 1 < (UInt128)rowCount)
        {
            throw reader.Damaged($"segment '{name}' cannot have {rowCount} rows with ids from {rowIdMin} to {rowIdMax}");
        }

        var fileLength = ReadPositive(ref reader, "file length");
        var rootChecksum = reader.ReadUInt32();
        var columns = ImmutableArray.CreateBuilder<ColumnId>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var column = reader.ReadVarInt();
            columns.Add(column >= ColumnId.RowPosition.Value && column <= int.MaxValue ? new ColumnId((int)column) : throw reader.Damaged($"{column} is no column"));
        }

        return new SegmentInfo(name, table, rowCount, rowIdMin, rowIdMax, fileLength, rootChecksum, columns.DrainToImmutable());
    }

    private static ImmutableArray<SegmentInfo> ReadReplacements(ref ByteReader reader, SegmentInfo info)
    {
        var replacements = ImmutableArray.CreateBuilder<SegmentInfo>();
        for (var left = reader.ReadElementCount(1 + sizeof(long) + sizeof(uint)); left > 0; left--)
        {
            var column = new ColumnId(reader.ReadCount());
            if (replacements.Count > 0 && replacements[^1].ReplacedColumn.Value >= column.Value)
            {
                throw reader.Damaged($"replacements of segment '{info.Name}' are out of order");
            }

            var name = ReadFileName(ref reader);
            replacements.Add(new SegmentInfo(
                name, info.Table, info.RowCount, info.RowIdMin, info.RowIdMax, ReadPositive(ref reader, "file length"), reader.ReadUInt32(), [ColumnId.RowId, column]));
        }

        return replacements.DrainToImmutable();
    }

    /// <summary>A name that stays inside the directory, whatever the bytes say.</summary>
    private static string ReadFileName(ref ByteReader reader)
    {
        var name = reader.ReadString();
        var isPlain = name.Length > 0 && !name.Contains("..", StringComparison.Ordinal) && name[0] != '/'
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '/');
        return isPlain ? name : throw reader.Damaged("a file name has characters that no file of a database has");
    }

    private static long ReadPositive(ref ByteReader reader, string what)
    {
        var value = reader.ReadInt64();
        return value > 0 ? value : throw reader.Damaged($"a {what} above 0 is expected, found {value}");
    }
}
