using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Transactions;

/// <summary>Tells what the records of commits say, without applying them. Knows tables from a catalog, and from the records as they come.</summary>
internal sealed class RedoListing
{
    private readonly Dictionary<TableId, TableDefinition> tables = [];
    private readonly Dictionary<ObjectId, string> objects = [];

    /// <param name="catalog">The schema of the checkpoint; null when it cannot be read. A table that neither it nor a record names is shown by its number.</param>
    public RedoListing(DatabaseCatalog? catalog)
    {
        foreach (var table in catalog?.Tables.Values ?? [])
        {
            tables[table.Id] = table;
        }
    }

    /// <param name="Name">Of the table, sequence or view; null for none.</param>
    /// <param name="Columns">Of an update: those that it sets.</param>
    /// <param name="Rows">Rows inserted, updated, deleted or attached.</param>
    /// <param name="RowIdFirst">The first of them in the record's order, 0 when there is none.</param>
    internal readonly record struct Record(byte Tag, string? Name, IReadOnlyList<string> Columns, long Rows, long RowIdFirst, int SizeBytes);

    /// <exception cref="EngramException">XX001: the bytes are no commit of this format.</exception>
    public List<Record> Read(ReadOnlySpan<byte> commit, string source, long lsn)
    {
        var records = new List<Record>();
        var reader = new ByteReader(commit, source, lsn);
        while (!reader.IsAtEnd)
        {
            var start = reader.Position;
            var record = ReadOne(ref reader);
            records.Add(record with { SizeBytes = reader.Position - start });
        }

        return records;
    }

    private Record ReadOne(ref ByteReader reader)
    {
        var tag = reader.ReadByte();
        switch (tag)
        {
            case RedoRecord.Insert: return ReadInsert(ref reader);
            case RedoRecord.Delete:
                {
                    var name = NameOf(new TableId(reader.ReadCount()));
                    var rowIds = RedoRecord.ReadRowIds(ref reader);
                    return new Record(tag, name, [], rowIds.Length, rowIds.FirstOrDefault(), 0);
                }

            case RedoRecord.Update: return ReadUpdate(ref reader);
            case RedoRecord.PutTable:
                {
                    var table = CatalogCodec.Decode(ref reader);
                    tables[table.Id] = table;
                    return new Record(tag, NameOf(table.Id), [], 0, 0, 0);
                }

            case RedoRecord.DropTable: return new Record(tag, NameOf(new TableId(reader.ReadCount())), [], 0, 0, 0);
            case RedoRecord.Schemas:
                var schemas = new List<string>();
                for (var left = reader.ReadElementCount(1); left > 0; left--)
                {
                    schemas.Add(reader.ReadString());
                }

                return new Record(tag, string.Join(", ", schemas), [], 0, 0, 0);
            case RedoRecord.Attach:
                {
                    var (table, _, segments) = RedoRecord.ReadAttach(ref reader);
                    return new Record(tag, NameOf(table), [], segments.Sum(s => (long)s.RowCount), segments.Length == 0 ? 0 : segments[0].RowIdMin, 0);
                }

            case RedoRecord.AttachColumns:
                {
                    var (table, files) = RedoRecord.ReadAttachColumns(ref reader);
                    return new Record(tag, NameOf(table), [.. files.SelectMany(f => f.File.Columns).Distinct().Where(c => c != ColumnId.RowId).Select(c => NameOf(table, c))], files.Sum(f => (long)f.File.RowCount), 0, 0);
                }

            case RedoRecord.PutObject:
                var thing = SchemaObjectCodec.Read(ref reader);
                objects[thing.Id] = thing.Name;
                return new Record(tag, thing.Name, [], 0, 0, 0);
            case RedoRecord.DropObject:
                var id = new ObjectId(reader.ReadCount());
                return new Record(tag, objects.GetValueOrDefault(id), [], 0, 0, 0);
            case RedoRecord.SequenceValue:
                SchemaObjectCodec.ReadValue(ref reader);
                return new Record(tag, null, [], 0, 0, 0);
            default:
                throw reader.Damaged($"record tag {tag} is unknown");
        }
    }

    private Record ReadInsert(ref ByteReader reader)
    {
        var table = new TableId(reader.ReadCount());
        var rowIdFirst = (long)reader.ReadVarUInt();
        var count = reader.ReadCount(Batch.RowCountMax);
        SkipColumns(ref reader, table, count);
        return new Record(RedoRecord.Insert, NameOf(table), [], count, rowIdFirst, 0);
    }

    private Record ReadUpdate(ref ByteReader reader)
    {
        var table = new TableId(reader.ReadCount());
        var rowIds = RedoRecord.ReadRowIds(ref reader);
        var columns = SkipColumns(ref reader, table, rowIds.Length);
        return new Record(RedoRecord.Update, NameOf(table), columns, rowIds.Length, rowIds.FirstOrDefault(), 0);
    }

    private List<string> SkipColumns(ref ByteReader reader, TableId table, int rows)
    {
        var names = new List<string>();
        for (var left = reader.ReadCount(); left > 0; left--)
        {
            var column = new ColumnId(reader.ReadCount());
            EncodedColumn.Read(ref reader, CatalogCodec.ReadType(ref reader), rows);
            names.Add(NameOf(table, column));
        }

        return names;
    }

    private string NameOf(TableId id)
        => !tables.TryGetValue(id, out var table) ? id.ToString() : table.Schema == "public" ? table.Name : $"{table.Schema}.{table.Name}";

    private string NameOf(TableId id, ColumnId column)
        => (tables.TryGetValue(id, out var table) ? table.FindColumn(column)?.Name : null) ?? string.Create(CultureInfo.InvariantCulture, $"c{column.Value}");
}
