using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Catalog;

/// <summary>Views and sequences as bytes, for the manifest and for records of the log.</summary>
/// <remarks>
/// <code>
/// object    length varint, kind u8 (1 sequence, 2 view), id, schema, name, comment?, then by kind:
/// sequence  counter, type, start, increment, least, greatest, first (zigzag), cycles u8, owned u8, then table and column when it is
/// view      SQL, columns (name, type), sources, then check option u8 (1 local, 2 cascaded) if there is one
/// source    schema?, name, is a table u8, id, columns (id, name)
/// values    counter, last zigzag, is called u8
/// </code>
/// <para>Integers are varints, lists stand behind their count, strings are UTF-8 behind their length, '?' means behind a byte that says whether it is there.</para>
/// </remarks>
internal static class SchemaObjectCodec
{
    private const byte SequenceKind = 1;
    private const byte ViewKind = 2;

    public static void Write(ByteWriter writer, SchemaObject thing)
    {
        var body = new ByteWriter();
        body.WriteByte(thing is SequenceDefinition ? SequenceKind : ViewKind);
        body.WriteCount(thing.Id.Value);
        body.WriteString(thing.Schema);
        body.WriteString(thing.Name);
        body.WriteOptionalString(thing.Comment);
        switch (thing)
        {
            case SequenceDefinition sequence: WriteSequence(body, sequence); break;
            case ViewDefinition view: WriteView(body, view); break;
            default: throw Error.Internal($"no bytes for {thing.GetType().Name}");
        }

        writer.WriteBlob(body.Written);
    }

    /// <exception cref="EngramException">XX001 the bytes are no such object.</exception>
    public static SchemaObject Read(ref ByteReader reader)
    {
        var body = new ByteReader(reader.ReadBlob(), reader.Source);
        var kind = body.ReadByte();
        var id = new ObjectId(body.ReadCount());
        var schema = body.ReadString();
        var name = body.ReadString();
        var comment = body.ReadOptionalString();
        SchemaObject thing = kind switch
        {
            SequenceKind => ReadSequence(ref body, id, schema, name),
            ViewKind => ReadView(ref body, id, schema, name),
            _ => throw body.Damaged($"a kind of object, 1 or 2, is expected, found {kind}"),
        };
        body.ExpectEnd();
        return thing with { Comment = comment };
    }

    public static void WriteValue(ByteWriter writer, ObjectId counter, SequenceValue value)
    {
        writer.WriteCount(counter.Value);
        writer.WriteVarInt(value.Last);
        writer.WriteBoolean(value.IsCalled);
    }

    public static KeyValuePair<ObjectId, SequenceValue> ReadValue(ref ByteReader reader)
        => new(new ObjectId(reader.ReadCount()), new SequenceValue(reader.ReadVarInt(), reader.ReadBoolean()));

    private static void WriteSequence(ByteWriter writer, SequenceDefinition sequence)
    {
        writer.WriteCount(sequence.Counter.Value);
        CatalogCodec.WriteType(writer, sequence.Type);
        foreach (var number in (ReadOnlySpan<long>)[sequence.Start, sequence.Increment, sequence.Min, sequence.Max, sequence.First])
        {
            writer.WriteVarInt(number);
        }

        writer.WriteBoolean(sequence.IsCycle);
        writer.WriteBoolean(sequence.Owner is not null);
        if (sequence.Owner is var (table, column))
        {
            writer.WriteCount(table.Value);
            writer.WriteCount(column.Value);
        }
    }

    private static SequenceDefinition ReadSequence(ref ByteReader reader, ObjectId id, string schema, string name)
    {
        var sequence = new SequenceDefinition(id, schema, name, new ObjectId(reader.ReadCount()))
        {
            Type = CatalogCodec.ReadType(ref reader),
            Start = reader.ReadVarInt(),
            Increment = reader.ReadVarInt(),
            Min = reader.ReadVarInt(),
            Max = reader.ReadVarInt(),
            First = reader.ReadVarInt(),
            IsCycle = reader.ReadBoolean(),
            Owner = reader.ReadBoolean() ? (new TableId(reader.ReadCount()), new ColumnId(reader.ReadCount())) : null,
        };
        return sequence.Increment != 0 && sequence.Min <= sequence.Max
            ? sequence
            : throw reader.Damaged($"sequence '{name}' cannot count by {sequence.Increment} from {sequence.Min} to {sequence.Max}");
    }

    private static void WriteView(ByteWriter writer, ViewDefinition view)
    {
        writer.WriteString(view.Sql);
        writer.WriteCount(view.Columns.Length);
        foreach (var column in view.Columns)
        {
            writer.WriteString(column.Name);
            CatalogCodec.WriteType(writer, column.Type);
        }

        writer.WriteCount(view.Sources.Length);
        foreach (var source in view.Sources)
        {
            writer.WriteOptionalString(source.Schema);
            writer.WriteString(source.Name);
            writer.WriteBoolean(source.Table is not null);
            writer.WriteCount(source.Table?.Value ?? source.View!.Value.Value);
            writer.WriteCount(source.Columns.Length);
            foreach (var (column, name) in source.Columns)
            {
                writer.WriteCount(column.Value);
                writer.WriteString(name);
            }
        }

        if (view.CheckOption != ViewCheck.None)
        {
            writer.WriteByte((byte)view.CheckOption);
        }
    }

    private static ViewDefinition ReadView(ref ByteReader reader, ObjectId id, string schema, string name)
    {
        var sql = reader.ReadString();
        var columns = ImmutableArray.CreateBuilder<ViewColumn>();
        for (var left = reader.ReadElementCount(2); left > 0; left--)
        {
            columns.Add(new ViewColumn(reader.ReadString(), CatalogCodec.ReadType(ref reader)));
        }

        var sources = ImmutableArray.CreateBuilder<ViewSource>();
        for (var left = reader.ReadElementCount(2); left > 0; left--)
        {
            var sourceSchema = reader.ReadOptionalString();
            var sourceName = reader.ReadString();
            var isTable = reader.ReadBoolean();
            var sourceId = reader.ReadCount();
            var names = ImmutableArray.CreateBuilder<(ColumnId, string)>();
            for (var more = reader.ReadElementCount(2); more > 0; more--)
            {
                names.Add((new ColumnId(reader.ReadCount()), reader.ReadString()));
            }

            sources.Add(new ViewSource(
                sourceSchema, sourceName, isTable ? new TableId(sourceId) : null, isTable ? null : new ObjectId(sourceId), names.DrainToImmutable()));
        }

        var check = reader.IsAtEnd ? 0 : reader.ReadByte();
        if (check > (byte)ViewCheck.Cascaded)
        {
            throw reader.Damaged($"view '{name}' cannot have check option {check}");
        }

        return new ViewDefinition(id, schema, name, sql) { Columns = columns.DrainToImmutable(), Sources = sources.DrainToImmutable(), CheckOption = (ViewCheck)check };
    }
}
