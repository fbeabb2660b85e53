using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Graphs;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Catalog;

/// <summary>Tables and the whole catalog as bytes, for the manifest and for records of the log.</summary>
/// <remarks>
/// <para>A table stands behind its length and begins with a version of its own, so that a log record or a manifest can carry tables without
/// knowing what is in them. Everything is written in one order (tables by id, options by key), so equal catalogs are equal bytes.</para>
/// <code>
/// table     length varint, version u8 = 2 to 4, id, schema, name, comment?, next column id, columns, indexes, foreign keys, checks; from version 3 on, which is written where
///           there are any, the hidden columns; in version 4 those that are computed when they are read; and when there are any the columns that it is clustered by
/// column    id, name, type, flags u8 (1 not null, 2 default, 4 computed, 8 collation, 16 identity, 32 missing value, 64 older form, 128 comment), then what the flags announce
/// form      id, type, flags u8 (32, 64), then what the flags announce: the missing value behind its length, the next older form
/// index     id, name, flags u8 (1 unique, 2 primary key, 4 constraint), filter?, method?, options, columns (id, descending)
/// key       name, columns, referenced table, referenced columns, on delete u8, on update u8
/// check     name, SQL
/// type      kind u8, size varint, scale zigzag; for arrays the element's kind u8
/// catalog   version u8 = 2, schema version, next table id, next index id, schemas, tables, next object id, objects, values (SchemaObjectCodec)
/// </code>
/// <para>Integers are varints, lists stand behind their count, strings are UTF-8 behind their length, '?' means behind a byte that says
/// whether it is there.</para>
/// </remarks>
internal static class CatalogCodec
{
    private const byte TableVersion = 2;
    private const byte HiddenColumnsVersion = 3;
    private const byte VirtualColumnsVersion = 4;
    private const byte CatalogVersion = 2;

    private const byte NotNullFlag = 1;
    private const byte DefaultFlag = 2;
    private const byte ComputedFlag = 4;
    private const byte CollationFlag = 8;
    private const byte IdentityFlag = 16;
    private const byte MissingFlag = 32;
    private const byte OlderFlag = 64;
    private const byte CommentFlag = 128;

    /// <summary>More forms than a column can have: there are fewer steps from the narrowest type to the widest.</summary>
    private const int FormCountMax = 64;

    private const byte UniqueFlag = 1;
    private const byte PrimaryKeyFlag = 2;
    private const byte ConstraintFlag = 4;
    private const byte IncludedFlag = 8;
    private const byte FilteredFlag = 16;

    public static byte[] Encode(TableDefinition table)
    {
        var writer = new ByteWriter();
        Write(writer, table);
        return writer.ToArray();
    }

    public static void Write(ByteWriter writer, TableDefinition table)
    {
        var body = new ByteWriter();
        WriteBody(body, table);
        writer.WriteBlob(body.Written);
    }

    /// <exception cref="EngramException">XX001 the bytes are no table; EG002 a later version wrote them.</exception>
    public static TableDefinition Decode(ref ByteReader reader)
    {
        var body = new ByteReader(reader.ReadBlob(), reader.Source);
        var table = ReadBody(ref body);
        body.ExpectEnd();
        return table;
    }

    public static void WriteCatalog(ByteWriter writer, DatabaseCatalog catalog)
    {
        writer.WriteByte(CatalogVersion);
        writer.WriteVarInt(catalog.Version);
        writer.WriteCount(catalog.TableIdNext);
        writer.WriteCount(catalog.IndexIdNext);
        writer.WriteCount(catalog.Schemas.Count);
        foreach (var schema in catalog.Schemas)
        {
            writer.WriteString(schema);
        }

        writer.WriteCount(catalog.Tables.Count);
        foreach (var table in catalog.Tables.Values.OrderBy(t => t.Id.Value))
        {
            Write(writer, table);
        }

        writer.WriteCount(catalog.ObjectIdNext);
        writer.WriteCount(catalog.Objects.Count);
        foreach (var thing in catalog.Objects.Values.OrderBy(o => o.Id.Value))
        {
            SchemaObjectCodec.Write(writer, thing);
        }

        writer.WriteCount(catalog.SequenceValues.Count);
        foreach (var (counter, value) in catalog.SequenceValues.OrderBy(v => v.Key.Value))
        {
            SchemaObjectCodec.WriteValue(writer, counter, value);
        }
    }

    /// <exception cref="EngramException">XX001 the bytes are no catalog; EG002 a later version wrote them.</exception>
    public static DatabaseCatalog ReadCatalog(ref ByteReader reader)
    {
        ReadVersion(ref reader, "The catalog", CatalogVersion);
        var version = reader.ReadVarInt();
        var tableIdNext = reader.ReadCount();
        var indexIdNext = reader.ReadCount();

        var schemas = new List<string>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var schema = reader.ReadString();
            if (schemas.Count > 0 && string.CompareOrdinal(schemas[^1], schema) >= 0)
            {
                throw reader.Damaged($"schema '{schema}' is out of order");
            }

            schemas.Add(schema);
        }

        var tables = new List<TableDefinition>();
        var names = new HashSet<(string, string)>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var table = Decode(ref reader);
            if (tables.Count > 0 && tables[^1].Id.Value >= table.Id.Value)
            {
                throw reader.Damaged($"table {table.Id} is out of order");
            }

            if (table.Id.Value >= tableIdNext || !names.Add((table.Schema, table.Name)))
            {
                throw reader.Damaged($"the id or the name of table '{table}' is in use");
            }

            tables.Add(table);
        }

        var catalog = DatabaseCatalog.Restore(version, tables, schemas, tableIdNext, indexIdNext);
        return ReadObjects(ref reader, catalog, names);
    }

    private static DatabaseCatalog ReadObjects(ref ByteReader reader, DatabaseCatalog catalog, HashSet<(string, string)> names)
    {
        var idNext = reader.ReadCount();
        var objects = new List<SchemaObject>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var thing = SchemaObjectCodec.Read(ref reader);
            if ((objects.Count > 0 && objects[^1].Id.Value >= thing.Id.Value) || thing.Id.Value >= idNext || !names.Add((thing.Schema, thing.Name)))
            {
                throw reader.Damaged($"the id or the name of '{thing}' is in use or out of order");
            }

            objects.Add(thing);
        }

        var values = new List<KeyValuePair<ObjectId, SequenceValue>>();
        for (var left = reader.ReadElementCount(3); left > 0; left--)
        {
            var value = SchemaObjectCodec.ReadValue(ref reader);
            if (values.Count > 0 && values[^1].Key.Value >= value.Key.Value)
            {
                throw reader.Damaged($"the value of sequence counter {value.Key} is out of order");
            }

            values.Add(value);
        }

        return catalog.Restore(objects, idNext, values);
    }

    public static void WriteType(ByteWriter writer, DataType type)
    {
        writer.WriteByte((byte)type.Kind);
        writer.WriteCount(type.Size);
        writer.WriteVarInt(type.Scale);
        if (type.Kind == TypeKind.Array)
        {
            writer.WriteByte((byte)type.Element);
        }
    }

    public static DataType ReadType(ref ByteReader reader)
    {
        var kind = (TypeKind)ReadEnum(ref reader, (byte)TypeKind.SparseVector, "kind of type");
        var size = reader.ReadCount();
        var scale = reader.ReadVarInt();
        if (scale is < -1 or > 1000)
        {
            throw reader.Damaged($"a type cannot have scale {scale}");
        }

        var element = kind == TypeKind.Array
            ? (TypeKind)ReadEnum(ref reader, (byte)TypeKind.SparseVector, "kind of element")
            : TypeKind.Unknown;
        return new DataType(kind, size, (int)scale, element);
    }

    private static void WriteBody(ByteWriter writer, TableDefinition table)
    {
        var hidden = table.Columns.Where(c => c.IsHidden).Select(c => c.Id).ToImmutableArray();
        var virtuals = table.Columns.Where(c => c.IsVirtual).Select(c => c.Id).ToImmutableArray();
        writer.WriteByte(!virtuals.IsEmpty ? VirtualColumnsVersion : hidden.IsEmpty ? TableVersion : HiddenColumnsVersion);
        writer.WriteCount(table.Id.Value);
        writer.WriteString(table.Schema);
        writer.WriteString(table.Name);
        writer.WriteOptionalString(table.Comment);
        writer.WriteCount(table.ColumnIdNext);
        writer.WriteCount(table.Columns.Length);
        foreach (var column in table.Columns)
        {
            WriteColumn(writer, column);
        }

        writer.WriteCount(table.AllIndexes.Length);
        foreach (var index in table.AllIndexes)
        {
            WriteIndex(writer, index);
        }

        writer.WriteCount(table.ForeignKeys.Length);
        foreach (var key in table.ForeignKeys)
        {
            writer.WriteString(key.Name);
            WriteColumnIds(writer, key.Columns);
            writer.WriteCount(key.ReferencedTable.Value);
            WriteColumnIds(writer, key.ReferencedColumns);
            writer.WriteByte((byte)key.OnDelete);
            writer.WriteByte((byte)key.OnUpdate);
        }

        writer.WriteCount(table.Checks.Length);
        foreach (var check in table.Checks)
        {
            writer.WriteString(check.Name);
            writer.WriteString(check.Sql);
        }

        if (!hidden.IsEmpty || !virtuals.IsEmpty)
        {
            WriteColumnIds(writer, hidden);
        }

        if (!virtuals.IsEmpty)
        {
            WriteColumnIds(writer, virtuals);
        }

        if (!table.ClusteredBy.IsEmpty)
        {
            WriteColumnIds(writer, table.ClusteredBy);
        }
    }

    private static TableDefinition ReadBody(ref ByteReader reader)
    {
        var version = reader.ReadByte();
        if (version is < TableVersion or > VirtualColumnsVersion)
        {
            throw Error.UnsupportedFormat($"A table in {reader.Source}", version, VirtualColumnsVersion);
        }

        var id = new TableId(reader.ReadCount());
        var schema = reader.ReadString();
        var name = reader.ReadString();
        var comment = reader.ReadOptionalString();
        var columnIdNext = reader.ReadCount();

        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
        var ids = new HashSet<ColumnId>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            var column = ReadColumn(ref reader);
            if (column.Id.Value >= columnIdNext || !ids.Add(column.Id))
            {
                throw reader.Damaged($"the id of column '{name}.{column.Name}', {column.Id}, is in use");
            }

            columns.Add(column);
        }

        var indexes = ImmutableArray.CreateBuilder<IndexDefinition>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            indexes.Add(ReadIndex(ref reader));
        }

        var foreignKeys = ImmutableArray.CreateBuilder<ForeignKeyDefinition>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            foreignKeys.Add(ReadForeignKey(ref reader));
        }

        var checks = ImmutableArray.CreateBuilder<CheckDefinition>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            checks.Add(new CheckDefinition(reader.ReadString(), reader.ReadString()));
        }

        if (version >= HiddenColumnsVersion)
        {
            Mark(ref reader, columns, name, "hold an expression of an index", c => c with { IsHidden = true });
        }

        if (version >= VirtualColumnsVersion)
        {
            Mark(ref reader, columns, name, "be computed when it is read", c => c with { IsVirtual = true });
        }

        var clusteredBy = reader.IsAtEnd ? [] : ReadColumnIds(ref reader);
        if (clusteredBy.Length > ClusterColumns.CountMax || clusteredBy.Any(c => !ids.Contains(c)))
        {
            throw reader.Damaged($"table '{name}' is said to be clustered by columns that it has not, or by too many");
        }

        return new TableDefinition(id, schema, name, columns.DrainToImmutable())
        {
            ClusteredBy = clusteredBy,
            Indexes = [.. indexes.Where(i => i.Method != GraphShapes.Method)],
            VectorIndexes = [.. indexes.Where(i => i.Method == GraphShapes.Method)],
            ForeignKeys = foreignKeys.DrainToImmutable(),
            Checks = checks.DrainToImmutable(),
            Comment = comment,
            ColumnIdNext = columnIdNext,
        };
    }

    private static void Mark(
        ref ByteReader reader, ImmutableArray<ColumnDefinition>.Builder columns, string table, string what, Func<ColumnDefinition, ColumnDefinition> mark)
    {
        foreach (var id in ReadColumnIds(ref reader))
        {
            var place = 0;
            while (place < columns.Count && columns[place].Id != id)
            {
                place++;
            }

            if (place == columns.Count || columns[place].ComputedSql is null)
            {
                throw reader.Damaged($"column {id} of table '{table}' is said to {what}, and is not computed");
            }

            columns[place] = mark(columns[place]);
        }
    }

    private static void WriteColumn(ByteWriter writer, ColumnDefinition column)
    {
        writer.WriteCount(column.Id.Value);
        writer.WriteString(column.Name);
        WriteType(writer, column.Type);
        // The start of an identity is kept even where there is none, if somebody set it: decoding gives back what was encoded.
        var hasIdentity = column.Identity != IdentityKind.None || column.IdentityStart != 1 || column.IdentityIncrement != 1;
        writer.WriteByte((byte)(
            (column.IsNotNull ? NotNullFlag : 0)
            | (column.DefaultSql is not null ? DefaultFlag : 0)
            | (column.ComputedSql is not null ? ComputedFlag : 0)
            | (column.Collation is not null ? CollationFlag : 0)
            | (hasIdentity ? IdentityFlag : 0) | FormFlags(column) | (column.Comment is not null ? CommentFlag : 0)));
        foreach (var text in (ReadOnlySpan<string?>)[column.DefaultSql, column.ComputedSql, column.Collation, column.Comment])
        {
            if (text is not null)
            {
                writer.WriteString(text);
            }
        }

        if (hasIdentity)
        {
            writer.WriteByte((byte)column.Identity);
            writer.WriteVarInt(column.IdentityStart);
            writer.WriteVarInt(column.IdentityIncrement);
        }

        WriteOlder(writer, column);
    }

    private static int FormFlags(ColumnForm form) => (form.Missing is null ? 0 : MissingFlag) | (form.Older is null ? 0 : OlderFlag);

    /// <summary>What older rows have in a column: a constant, or values in an older form.</summary>
    private static void WriteOlder(ByteWriter writer, ColumnForm form)
    {
        form.Missing?.Write(writer);
        if (form.Older is { } older)
        {
            writer.WriteCount(older.Id.Value);
            WriteType(writer, older.Type);
            writer.WriteByte((byte)FormFlags(older));
            WriteOlder(writer, older);
        }
    }

    private static ColumnDefinition ReadColumn(ref ByteReader reader)
    {
        var id = new ColumnId(reader.ReadCount());
        var name = reader.ReadString();
        var type = ReadType(ref reader);
        var flags = ReadFlags(ref reader, NotNullFlag | DefaultFlag | ComputedFlag | CollationFlag | IdentityFlag | MissingFlag | OlderFlag | CommentFlag);
        var column = new ColumnDefinition(id, name, type)
        {
            IsNotNull = (flags & NotNullFlag) != 0,
            DefaultSql = (flags & DefaultFlag) != 0 ? reader.ReadString() : null,
            ComputedSql = (flags & ComputedFlag) != 0 ? reader.ReadString() : null,
            Type = (flags & CollationFlag) != 0 ? type with { Collation = ReadCollation(ref reader) } : type,
            Comment = (flags & CommentFlag) != 0 ? reader.ReadString() : null,
        };
        if ((flags & IdentityFlag) != 0)
        {
            column = column with
            {
                Identity = (IdentityKind)ReadEnum(ref reader, (byte)IdentityKind.Always, "kind of identity"),
                IdentityStart = reader.ReadVarInt(),
                IdentityIncrement = reader.ReadVarInt(),
            };
        }

        var (missing, older) = ReadOlder(ref reader, column, flags, FormCountMax);
        return missing is null && older is null ? column : column with { Missing = missing, Older = older };
    }

    private static Collation ReadCollation(ref ByteReader reader)
    {
        var name = reader.ReadString();
        return CollationNames.Find(name) is { } found && CollationNames.Of(found) == name ? found : throw reader.Damaged($"there is no collation {name}");
    }

    private static (MissingValue? Missing, ColumnForm? Older) ReadOlder(ref ByteReader reader, ColumnForm form, byte flags, int left)
    {
        var missing = (flags & MissingFlag) != 0 ? MissingValue.Read(ref reader, form.Type) : null;
        if ((flags & OlderFlag) == 0)
        {
            return (missing, null);
        }

        var older = new ColumnForm(new ColumnId(reader.ReadCount()), ReadType(ref reader));
        if (left == 0 || older.Id.Value >= form.Id.Value || !(Widening.Exists(older.Type, form.Type) || Widening.IsSameInMemory(older.Type, form.Type)))
        {
            throw reader.Damaged($"values of column {form.Id} of type {form.Type} cannot come from column {older.Id} of type {older.Type}");
        }

        var olderFlags = ReadFlags(ref reader, MissingFlag | OlderFlag);
        var (olderMissing, oldest) = ReadOlder(ref reader, older, olderFlags, left - 1);
        return (missing, older with { Missing = olderMissing, Older = oldest });
    }

    private static void WriteIndex(ByteWriter writer, IndexDefinition index)
    {
        writer.WriteCount(index.Id.Value);
        writer.WriteString(index.Name);
        writer.WriteByte((byte)(
            (index.IsUnique ? UniqueFlag : 0) | (index.IsPrimaryKey ? PrimaryKeyFlag : 0) | (index.IsConstraint ? ConstraintFlag : 0)
            | (index.Included.IsEmpty ? 0 : IncludedFlag) | (index.FilterColumns.IsEmpty ? 0 : FilteredFlag)));
        writer.WriteOptionalString(index.FilterSql);
        writer.WriteOptionalString(index.Method);
        writer.WriteCount(index.Options.Count);
        foreach (var (key, value) in index.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key);
            writer.WriteString(value);
        }

        writer.WriteCount(index.Columns.Length);
        foreach (var column in index.Columns)
        {
            writer.WriteCount(column.Column.Value);
            writer.WriteBoolean(column.IsDescending);
        }

        if (!index.Included.IsEmpty)
        {
            WriteColumnIds(writer, index.Included);
        }

        if (!index.FilterColumns.IsEmpty)
        {
            WriteColumnIds(writer, index.FilterColumns);
        }
    }

    private static IndexDefinition ReadIndex(ref ByteReader reader)
    {
        var id = new IndexId(reader.ReadCount());
        var name = reader.ReadString();
        var flags = ReadFlags(ref reader, UniqueFlag | PrimaryKeyFlag | ConstraintFlag | IncludedFlag | FilteredFlag);
        var filter = reader.ReadOptionalString();
        var method = reader.ReadOptionalString();

        var options = ImmutableDictionary.CreateBuilder<string, string>();
        string? previous = null;
        for (var left = reader.ReadElementCount(2); left > 0; left--)
        {
            var key = reader.ReadString();
            if (previous is not null && string.CompareOrdinal(previous, key) >= 0)
            {
                throw reader.Damaged($"option '{key}' of index '{name}' is out of order");
            }

            options.Add(key, reader.ReadString());
            previous = key;
        }

        var columns = ImmutableArray.CreateBuilder<IndexColumn>();
        for (var left = reader.ReadElementCount(2); left > 0; left--)
        {
            columns.Add(new IndexColumn(new ColumnId(reader.ReadCount()), reader.ReadBoolean()));
        }

        return new IndexDefinition(id, name, columns.DrainToImmutable())
        {
            IsUnique = (flags & UniqueFlag) != 0,
            IsPrimaryKey = (flags & PrimaryKeyFlag) != 0,
            IsConstraint = (flags & ConstraintFlag) != 0,
            Included = (flags & IncludedFlag) != 0 ? ReadColumnIds(ref reader) : [],
            FilterColumns = (flags & FilteredFlag) != 0 ? ReadColumnIds(ref reader) : [],
            FilterSql = filter,
            Method = method,
            Options = options.ToImmutable(),
        };
    }

    private static ForeignKeyDefinition ReadForeignKey(ref ByteReader reader)
        => new(reader.ReadString(), ReadColumnIds(ref reader), new TableId(reader.ReadCount()), ReadColumnIds(ref reader))
        {
            OnDelete = (ReferentialAction)ReadEnum(ref reader, (byte)ReferentialAction.SetDefault, "referential action"),
            OnUpdate = (ReferentialAction)ReadEnum(ref reader, (byte)ReferentialAction.SetDefault, "referential action"),
        };

    private static void WriteColumnIds(ByteWriter writer, ImmutableArray<ColumnId> ids)
    {
        writer.WriteCount(ids.Length);
        foreach (var id in ids)
        {
            writer.WriteCount(id.Value);
        }
    }

    private static ImmutableArray<ColumnId> ReadColumnIds(ref ByteReader reader)
    {
        var ids = ImmutableArray.CreateBuilder<ColumnId>();
        for (var left = reader.ReadElementCount(1); left > 0; left--)
        {
            ids.Add(new ColumnId(reader.ReadCount()));
        }

        return ids.DrainToImmutable();
    }

    private static byte ReadFlags(ref ByteReader reader, int known)
    {
        var flags = reader.ReadByte();
        return (flags & ~known) == 0 ? flags : throw reader.Damaged($"flags {flags:X2} are not known");
    }

    private static byte ReadEnum(ref ByteReader reader, byte max, string what)
    {
        var value = reader.ReadByte();
        return value <= max ? value : throw reader.Damaged($"a {what} of at most {max} is expected, found {value}");
    }

    private static void ReadVersion(ref ByteReader reader, string what, byte known)
    {
        var version = reader.ReadByte();
        if (version != known)
        {
            throw Error.UnsupportedFormat($"{what} in {reader.Source}", version, known);
        }
    }
}
