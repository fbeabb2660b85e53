using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>The values of the current row.</summary>
public sealed partial class EngramDataReader
{
    private Dictionary<string, int>? names;

    /// <inheritdoc/>
    public override object this[int ordinal] => GetValue(ordinal);

    /// <inheritdoc/>
    public override object this[string name] => GetValue(GetOrdinal(name));

    /// <summary>The column of a name: the exact one, else the first that differs in case.</summary>
    /// <exception cref="IndexOutOfRangeException">There is none; the message lists those that there are.</exception>
    public override int GetOrdinal(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ThrowIfClosed(nameof(GetOrdinal));
        if (names is null)
        {
            // Exact names and folded ones share the dictionary: a folded one never stands in for an exact one.
            names = new Dictionary<string, int>(fields.Length, StringComparer.Ordinal);
            for (var i = 0; i < fields.Length; i++)
            {
                names.TryAdd(fields[i].Name, i);
            }
        }

        if (names.TryGetValue(name, out var ordinal))
        {
            return ordinal;
        }

        for (var i = 0; i < fields.Length; i++)
        {
            if (fields[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                names[name] = i;
                return i;
            }
        }

        throw Error.NoColumn(name, fields.Select(f => f.Name));
    }

    /// <inheritdoc/>
    public override string GetName(int ordinal) => Field(ordinal).Name;

    /// <summary>The column's SQL type with its modifiers, such as <c>vector(768)</c> or <c>timestamptz</c>.</summary>
    public override string GetDataTypeName(int ordinal) => Field(ordinal).Type.ToString();

    /// <summary>The CLR type of what <see cref="GetValue"/> returns.</summary>
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    [UnconditionalSuppressMessage("Trimming", "IL2073", Justification = "The types are those of ClrValue: primitive types and arrays of them, whose members nobody trims.")]
    public override Type GetFieldType(int ordinal) => ClrValue.ClrType(Field(ordinal).Type);

    /// <summary>The value as its canonical CLR type (see docs/types.md); <see cref="DBNull.Value"/> for NULL. Boxes: the typed getters do not.</summary>
    public override object GetValue(int ordinal) => ClrValue.Read(At(ordinal), row) ?? DBNull.Value;

    /// <inheritdoc/>
    public override int GetValues(object[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var count = Math.Min(values.Length, FieldCount);
        if (row < 0 && values.Length > 0)
        {
            throw Error.NoRow();
        }

        for (var i = 0; i < count; i++)
        {
            values[i] = GetValue(i);
        }

        return count;
    }

    /// <inheritdoc/>
    public override bool IsDBNull(int ordinal) => At(ordinal).IsNull(row);

    /// <inheritdoc/>
    public override Task<bool> IsDBNullAsync(int ordinal, CancellationToken cancellationToken)
        => cancellationToken.IsCancellationRequested ? Task.FromCanceled<bool>(cancellationToken) : IsDBNull(ordinal) ? TrueTask : FalseTask;

    /// <inheritdoc/>
    public override bool GetBoolean(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.Boolean ? column.Get<byte>(row) != 0 : throw WrongGetter(ordinal, "bool");
    }

    /// <inheritdoc/>
    public override byte GetByte(int ordinal) => GetInteger<byte>(ordinal);

    /// <inheritdoc/>
    public override short GetInt16(int ordinal) => GetInteger<short>(ordinal);

    /// <inheritdoc/>
    public override int GetInt32(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.Int32 ? column.Get<int>(row) : GetInteger<int>(ordinal);
    }

    /// <inheritdoc/>
    public override long GetInt64(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.Int64 ? column.Get<long>(row) : GetInteger<long>(ordinal);
    }

    /// <inheritdoc/>
    public override float GetFloat(int ordinal)
    {
        var column = AtValue(ordinal);
        try
        {
            return ColumnNumbers.TryReadSingle(column, row, out var value) ? value : throw WrongGetter(ordinal, "float");
        }
        catch (OverflowException)
        {
            throw DoesNotFit(ordinal, "float");
        }
    }

    /// <inheritdoc/>
    public override double GetDouble(int ordinal)
        => ColumnNumbers.TryReadDouble(AtValue(ordinal), row, out var value) ? value : throw WrongGetter(ordinal, "double");

    /// <inheritdoc/>
    public override decimal GetDecimal(int ordinal)
        => ColumnNumbers.TryReadDecimal(AtValue(ordinal), row, out var value) ? value : throw WrongGetter(ordinal, "decimal");

    /// <summary>The value of a text or json column.</summary>
    public override string GetString(int ordinal) => Text(ordinal, "string").Text;

    /// <summary>The value of a text column that is one UTF-16 code unit long.</summary>
    public override char GetChar(int ordinal)
    {
        var text = Text(ordinal, "char").Text;
        return text.Length == 1 ? text[0] : throw DoesNotFit(ordinal, "char");
    }

    /// <inheritdoc/>
    public override Guid GetGuid(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.Uuid ? column.Get<Guid>(row) : throw WrongGetter(ordinal, "Guid");
    }

    /// <summary>A timestamp (Kind Unspecified), a timestamptz (its instant in UTC, Kind Utc) or a date (midnight, Kind Unspecified).</summary>
    public override DateTime GetDateTime(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind switch
        {
            TypeKind.Timestamp => new DateTime(column.Get<long>(row), DateTimeKind.Unspecified),
            TypeKind.TimestampTz => new DateTime(column.Get<long>(row), DateTimeKind.Utc),
            TypeKind.Date => DateOnly.FromDayNumber(column.Get<int>(row)).ToDateTime(TimeOnly.MinValue),
            _ => throw WrongGetter(ordinal, "DateTime"),
        };
    }

    /// <summary>A timestamptz with the offset that it was stored with.</summary>
    public DateTimeOffset GetDateTimeOffset(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.TimestampTz ? ClrValue.ReadInstant(column, row) : throw WrongGetter(ordinal, "DateTimeOffset");
    }

    /// <summary>An interval, or the time of day of a time column.</summary>
    public TimeSpan GetTimeSpan(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind is TypeKind.Interval or TypeKind.Time ? new TimeSpan(column.Get<long>(row)) : throw WrongGetter(ordinal, "TimeSpan");
    }

    /// <summary>Copies bytes of a bytea column. With a null buffer it returns the value's length.</summary>
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataOffset);
        var bytes = Binary(ordinal, "byte[]").Span;
        if (buffer is null)
        {
            return bytes.Length;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bufferOffset, (uint)buffer.Length, nameof(bufferOffset));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var count = Math.Min(length, (int)Math.Max(0, bytes.Length - dataOffset));
        if (count > 0)
        {
            bytes.Slice((int)dataOffset, count).CopyTo(buffer.AsSpan(bufferOffset));
        }

        return Math.Max(count, 0);
    }

    /// <summary>Copies UTF-16 code units of a text column. With a null buffer it returns the value's length. Decodes the whole value each time.</summary>
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataOffset);
        var text = GetString(ordinal);
        if (buffer is null)
        {
            return text.Length;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bufferOffset, (uint)buffer.Length, nameof(bufferOffset));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var count = Math.Min(length, (int)Math.Max(0, text.Length - dataOffset));
        if (count > 0)
        {
            text.AsSpan((int)dataOffset, count).CopyTo(buffer.AsSpan(bufferOffset));
        }

        return Math.Max(count, 0);
    }

    /// <summary>A copy of a bytea or text value (as UTF-8) as a stream, which stays valid when the reader moves on.</summary>
    public override Stream GetStream(int ordinal)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind is TypeKind.Bytea or TypeKind.Text or TypeKind.Json
            ? new MemoryStream(column.Get<Bytes>(row).Span.ToArray(), writable: false)
            : throw WrongGetter(ordinal, nameof(Stream));
    }

    /// <inheritdoc/>
    public override TextReader GetTextReader(int ordinal) => new StringReader(GetString(ordinal));

    private Column At(int ordinal)
    {
        if (row < 0 || batch is null)
        {
            ThrowIfClosed("Reading a value");
            throw Error.NoRow();
        }

        return (uint)ordinal < (uint)fields.Length ? batch.Columns[ordinal] : throw Error.NoColumn(ordinal, fields.Length);
    }

    /// <summary>The column, which is not NULL in the current row.</summary>
    private Column AtValue(int ordinal)
    {
        var column = At(ordinal);
        return column.IsNull(row) ? throw Error.NullColumn(fields[ordinal].Name) : column;
    }

    private Query.Planning.PlanColumn Field(int ordinal)
    {
        ThrowIfClosed("Reading the schema");
        return (uint)ordinal < (uint)fields.Length ? fields[ordinal] : throw (result is null ? Error.NoResult() : Error.NoColumn(ordinal, fields.Length));
    }

    private Bytes Text(int ordinal, string asked)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind is TypeKind.Text or TypeKind.Json ? column.Get<Bytes>(row) : throw WrongGetter(ordinal, asked);
    }

    private Bytes Binary(int ordinal, string asked)
    {
        var column = AtValue(ordinal);
        return column.Type.Kind == TypeKind.Bytea ? column.Get<Bytes>(row) : throw WrongGetter(ordinal, asked);
    }

    private T GetInteger<T>(int ordinal)
        where T : struct, IBinaryInteger<T>
    {
        try
        {
            return ColumnNumbers.TryReadInteger<T>(AtValue(ordinal), row, out var value) ? value : throw WrongGetter(ordinal, typeof(T).Name);
        }
        catch (OverflowException)
        {
            throw DoesNotFit(ordinal, typeof(T).Name);
        }
    }

    private InvalidCastException WrongGetter(int ordinal, string asked)
    {
        var type = At(ordinal).Type;
        return Error.WrongGetter(fields[ordinal].Name, type.ToString(), asked, ClrValue.ClrType(type).Name);
    }

    private InvalidCastException DoesNotFit(int ordinal, string asked)
    {
        var column = At(ordinal);
        return Error.ValueDoesNotFit(fields[ordinal].Name, column.Type.ToString(), ClrValue.Describe(ClrValue.Read(column, row)), asked);
    }
}
