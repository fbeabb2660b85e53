using Engram.Data.Columns;

namespace Engram.Data.Storage.Catalog;

/// <summary>The value that rows have in a column which was added after they were stored: a constant of the definition, read by scans as one value for all rows.</summary>
/// <remarks>Immutable and thread-safe. The memory lives as long as the object: views of it stay valid while a definition that has it is held.</remarks>
internal sealed class MissingValue : IEquatable<MissingValue>
{
    private readonly byte[] encoded;
    private readonly ColumnBuffer value;

    private MissingValue(DataType type, byte[] encoded, ColumnBuffer value)
    {
        Type = type;
        this.encoded = encoded;
        this.value = value;
    }

    public DataType Type { get; }

    /// <summary>One row, constant.</summary>
    public Column Column => value.Column;

    /// <summary>A row of a column, made a definition's; null for NULL, which rows have that are not given anything.</summary>
    public static MissingValue? Of(Column source, int row, DataType type)
    {
        if (source.IsNull(row))
        {
            return null;
        }

        var value = new ColumnBuffer(type, 1);
        value.AppendFrom(source, row);
        var writer = new ByteWriter();
        ColumnCodec.Write(writer, value.Column, 1, null);
        value.Column.IsConstant = true;
        return new MissingValue(type, writer.ToArray(), value);
    }

    public void Write(ByteWriter writer) => writer.WriteBlob(encoded);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="EngramException">XX001: the bytes are no value of the type.</exception>
    public static MissingValue Read(ref ByteReader reader, DataType type)
    {
        var encoded = reader.ReadBlob();
        var body = new ByteReader(encoded, reader.Source);
        var value = new ColumnBuffer(type, 1);
        ColumnCodec.ReadInto(ref body, type, 1, value);
        body.ExpectEnd();
        if (value.Column.IsNull(0))
        {
            throw reader.Damaged("the value of rows that are older than a column is NULL, which is not written");
        }

        value.Column.IsConstant = true;
        return new MissingValue(type, encoded.ToArray(), value);
    }

    public bool Equals(MissingValue? other) => other is not null && Type == other.Type && encoded.AsSpan().SequenceEqual(other.encoded);

    public override bool Equals(object? obj) => Equals(obj as MissingValue);

    public override int GetHashCode() => HashCode.Combine(Type, encoded.Length);
}
