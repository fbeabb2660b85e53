using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Transactions;

/// <summary>The records of the log: what a committed transaction did, in the order in which it did it. Byte tables in docs/file-format.md.</summary>
/// <remarks>
/// A commit's payload is a plain sequence of records, each a tag byte and its fields. Rows are columnar, so that a bulk insert is a few memory
/// moves and an update of one narrow column of one row takes some twenty bytes. Tags are stored in files: never renumber.
/// </remarks>
internal static class RedoRecord
{
    public const byte Insert = 1;
    public const byte Delete = 2;
    public const byte Update = 3;
    public const byte PutTable = 4;
    public const byte DropTable = 5;
    public const byte Schemas = 6;
    public const byte Attach = 7;
    public const byte AttachColumns = 8;
    public const byte PutObject = 16;
    public const byte DropObject = 17;
    public const byte SequenceValue = 18;

    public static void WriteInsert(ByteWriter writer, TableDefinition table, long rowIdFirst, Batch rows)
    {
        writer.WriteByte(Insert);
        writer.WriteVarUInt((ulong)table.Id.Value);
        writer.WriteVarUInt((ulong)rowIdFirst);
        writer.WriteVarUInt((ulong)rows.SelectedCount);
        writer.WriteVarUInt((ulong)table.Columns.Length);
        for (var i = 0; i < table.Columns.Length; i++)
        {
            WriteColumn(writer, table.Columns[i].Id, table.Columns[i].Type, rows.Columns[i], rows.RowCount, rows.Selection);
        }
    }

    public static void WriteDelete(ByteWriter writer, TableId table, ReadOnlySpan<long> rowIds)
    {
        writer.WriteByte(Delete);
        writer.WriteVarUInt((ulong)table.Value);
        WriteRowIds(writer, rowIds);
    }

    public static void WriteUpdate(ByteWriter writer, TableDefinition table, ReadOnlySpan<long> rowIds, ReadOnlySpan<ColumnId> columns, Batch values, Selection? selection)
    {
        writer.WriteByte(Update);
        writer.WriteVarUInt((ulong)table.Id.Value);
        WriteRowIds(writer, rowIds);
        writer.WriteVarUInt((ulong)columns.Length);
        for (var i = 0; i < columns.Length; i++)
        {
            WriteColumn(writer, columns[i], table.Columns[table.IndexOf(columns[i])].Type, values.Columns[i], values.RowCount, selection);
        }
    }

    public static void WritePutTable(ByteWriter writer, TableDefinition table)
    {
        writer.WriteByte(PutTable);
        CatalogCodec.Write(writer, table);
    }

    public static void WriteDropTable(ByteWriter writer, TableId table)
    {
        writer.WriteByte(DropTable);
        writer.WriteVarUInt((ulong)table.Value);
    }

    public static void WritePutObject(ByteWriter writer, SchemaObject thing)
    {
        writer.WriteByte(PutObject);
        SchemaObjectCodec.Write(writer, thing);
    }

    public static void WriteDropObject(ByteWriter writer, ObjectId id)
    {
        writer.WriteByte(DropObject);
        writer.WriteVarUInt((ulong)id.Value);
    }

    public static void WriteSequenceValue(ByteWriter writer, ObjectId counter, Catalog.SequenceValue value)
    {
        writer.WriteByte(SequenceValue);
        SchemaObjectCodec.WriteValue(writer, counter, value);
    }

    public static void WriteSchemas(ByteWriter writer, ImmutableSortedSet<string> schemas)
    {
        writer.WriteByte(Schemas);
        writer.WriteVarUInt((ulong)schemas.Count);
        foreach (var schema in schemas)
        {
            writer.WriteString(schema);
        }
    }

    /// <summary>Segments that a load has written and synced become part of a table.</summary>
    public static void WriteAttach(ByteWriter writer, TableId table, ImmutableArray<(ColumnId Column, long Next)> identities, IReadOnlyList<SegmentInfo> segments)
    {
        writer.WriteByte(Attach);
        writer.WriteVarUInt((ulong)table.Value);
        writer.WriteVarUInt((ulong)identities.Length);
        foreach (var (column, next) in identities)
        {
            writer.WriteVarUInt((ulong)column.Value);
            writer.WriteInt64(next);
        }

        writer.WriteVarUInt((ulong)segments.Count);
        foreach (var segment in segments)
        {
            ManifestCodec.WriteInfo(writer, segment);
        }
    }

    /// <summary>Reads what <see cref="WriteAttach"/> wrote behind the tag.</summary>
    public static (TableId Table, (ColumnId Column, long Next)[] Identities, SegmentInfo[] Segments) ReadAttach(ref ByteReader reader)
    {
        var table = new TableId(reader.ReadCount());
        var identities = new (ColumnId, long)[reader.ReadElementCount(1 + sizeof(long))];
        for (var i = 0; i < identities.Length; i++)
        {
            identities[i] = (new ColumnId(reader.ReadCount()), reader.ReadInt64());
        }

        var segments = new SegmentInfo[reader.ReadElementCount(1)];
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = ManifestCodec.ReadInfo(ref reader, table);
        }

        return (table, identities, segments);
    }

    /// <summary>Files with the values of one column each become part of segments that are there.</summary>
    public static void WriteAttachColumns(ByteWriter writer, TableId table, IReadOnlyList<(string Segment, SegmentInfo File)> files)
    {
        writer.WriteByte(AttachColumns);
        writer.WriteVarUInt((ulong)table.Value);
        writer.WriteVarUInt((ulong)files.Count);
        foreach (var (segment, file) in files)
        {
            writer.WriteString(segment);
            ManifestCodec.WriteInfo(writer, file);
        }
    }

    /// <summary>Reads what <see cref="WriteAttachColumns"/> wrote behind the tag.</summary>
    public static (TableId Table, (string Segment, SegmentInfo File)[] Files) ReadAttachColumns(ref ByteReader reader)
    {
        var table = new TableId(reader.ReadCount());
        var files = new (string, SegmentInfo)[reader.ReadElementCount(2)];
        for (var i = 0; i < files.Length; i++)
        {
            files[i] = (reader.ReadString(), ManifestCodec.ReadInfo(ref reader, table));
        }

        return (table, files);
    }

    /// <summary>Reads row ids written by Delete or Update.</summary>
    public static long[] ReadRowIds(ref ByteReader reader)
    {
        var rowIds = new long[reader.ReadElementCount(1)];
        long previous = 0;
        for (var i = 0; i < rowIds.Length; i++)
        {
            previous += reader.ReadVarInt();
            rowIds[i] = previous;
        }

        return rowIds;
    }

    /// <summary>Reads one column of an insert or an update into a new buffer, which the caller disposes.</summary>
    public static (ColumnId Id, ColumnBuffer Values) ReadColumn(ref ByteReader reader, int count)
    {
        var id = new ColumnId(reader.ReadCount());
        var type = CatalogCodec.ReadType(ref reader);
        var buffer = new ColumnBuffer(type, Math.Max(count, 1));
        try
        {
            ColumnCodec.ReadInto(ref reader, type, count, buffer);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }

        return (id, buffer);
    }

    private static void WriteColumn(ByteWriter writer, ColumnId id, DataType type, Column values, int rowCount, Selection? selection)
    {
        writer.WriteVarUInt((ulong)id.Value);
        CatalogCodec.WriteType(writer, type);
        ColumnCodec.Write(writer, values, rowCount, selection);
    }

    private static void WriteRowIds(ByteWriter writer, ReadOnlySpan<long> rowIds)
    {
        writer.WriteVarUInt((ulong)rowIds.Length);
        long previous = 0;
        foreach (var rowId in rowIds)
        {
            writer.WriteVarInt(rowId - previous);
            previous = rowId;
        }
    }
}
