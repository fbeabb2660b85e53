using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Writes values of any type as json, as PostgreSQL's to_jsonb does: numbers, booleans and arrays as themselves, json as it is, all else as its text.</summary>
/// <remarks>Dates and times are written by ISO 8601. NaN and infinities, for which JSON has no number, are strings.</remarks>
internal sealed class JsonValueWriter : IDisposable
{
    private readonly ColumnBuffer scratch = new(DataType.Text, 1);
    private readonly Dictionary<TypeKind, (ColumnBuffer Column, JsonValueWriter Writer)> elements = [];

    public void Write(JsonBuilder target, Column column, int row)
    {
        if (column.IsNull(row))
        {
            target.Null();
            return;
        }

        switch (column.Type.Kind)
        {
            case TypeKind.Json: target.Raw(column.Get<Bytes>(row).Span); break;
            case TypeKind.Boolean: target.Boolean(column.Get<byte>(row) != 0); break;
            case TypeKind.Array: WriteArray(target, column.Type.Element, column.Get<Bytes>(row)); break;
            case TypeKind.Single or TypeKind.Double: WriteFloat(target, column, row); break;
            case >= TypeKind.Int8 and <= TypeKind.Decimal: target.Number(Text(column, row)); break;
            default: target.String(Text(column, row)); break;
        }
    }

    /// <summary>A value's text; valid until the next call.</summary>
    public ReadOnlySpan<byte> Text(Column column, int row)
    {
        scratch.Clear();
        return (column.Type.Kind switch
        {
            TypeKind.Text or TypeKind.Json => column.Get<Bytes>(row),
            TypeKind.Boolean => default(FormatBoolean).Invoke(column.Get<byte>(row), scratch),
            TypeKind.Int8 => default(FormatNumber<sbyte>).Invoke(column.Get<sbyte>(row), scratch),
            TypeKind.Int16 => default(FormatNumber<short>).Invoke(column.Get<short>(row), scratch),
            TypeKind.Int32 => default(FormatNumber<int>).Invoke(column.Get<int>(row), scratch),
            TypeKind.Int64 => default(FormatNumber<long>).Invoke(column.Get<long>(row), scratch),
            TypeKind.UInt8 => default(FormatNumber<byte>).Invoke(column.Get<byte>(row), scratch),
            TypeKind.UInt16 => default(FormatNumber<ushort>).Invoke(column.Get<ushort>(row), scratch),
            TypeKind.UInt32 => default(FormatNumber<uint>).Invoke(column.Get<uint>(row), scratch),
            TypeKind.UInt64 => default(FormatNumber<ulong>).Invoke(column.Get<ulong>(row), scratch),
            TypeKind.Single => default(FormatNumber<float>).Invoke(column.Get<float>(row), scratch),
            TypeKind.Double => default(FormatNumber<double>).Invoke(column.Get<double>(row), scratch),
            TypeKind.Decimal => default(FormatNumber<decimal>).Invoke(column.Get<decimal>(row), scratch),
            TypeKind.Uuid => default(FormatNumber<Guid>).Invoke(column.Get<Guid>(row), scratch),
            TypeKind.Bytea => default(FormatBytea).Invoke(column.Get<Bytes>(row), scratch),
            TypeKind.Date => default(FormatDate).Invoke(column.Get<int>(row), scratch),
            TypeKind.Time => default(FormatTime).Invoke(column.Get<long>(row), scratch),
            TypeKind.Timestamp => WithT(default(FormatTimestamp).Invoke(column.Get<long>(row), scratch)),
            TypeKind.TimestampTz => Instant(column, row),
            TypeKind.Interval => default(FormatInterval).Invoke(column.Get<long>(row), scratch),
            TypeKind.Vector => default(FormatVector).Invoke(column.Get<Bytes>(row), scratch),
            TypeKind.HalfVector => default(FormatHalfVector).Invoke(column.Get<Bytes>(row), scratch),
            TypeKind.SparseVector => default(FormatSparse).Invoke(column.Get<Bytes>(row), scratch),
            TypeKind.Bit => default(FormatBits).Invoke(column.Get<Bytes>(row), scratch),
            _ => throw Error.NotSupported($"A value of type {column.Type} within json"),
        }).Span;
    }

    public void Dispose()
    {
        scratch.Dispose();
        foreach (var (column, writer) in elements.Values)
        {
            column.Dispose();
            writer.Dispose();
        }
    }

    private void WriteFloat(JsonBuilder target, Column column, int row)
    {
        var isFinite = column.Type.Kind == TypeKind.Single ? float.IsFinite(column.Get<float>(row)) : double.IsFinite(column.Get<double>(row));
        var text = Text(column, row);
        if (isFinite)
        {
            target.Number(text);
        }
        else
        {
            target.String(text);
        }
    }

    private void WriteArray(JsonBuilder target, TypeKind element, Bytes array)
    {
        if (!elements.TryGetValue(element, out var inside))
        {
            elements.Add(element, inside = (new ColumnBuffer(new DataType(element)), new JsonValueWriter()));
        }

        ArrayValue.Unpack(array, inside.Column);
        target.BeginArray();
        for (var i = 0; i < inside.Column.Count; i++)
        {
            inside.Writer.Write(target, inside.Column.Column, i);
        }

        target.End();
    }

    /// <summary>2020-01-31T10:00:00 where the text has a space.</summary>
    private static unsafe Bytes WithT(Bytes text)
    {
        var space = text.Span.IndexOf((byte)' ');
        if (space >= 0)
        {
            text.Pointer[space] = (byte)'T';
        }

        return text;
    }

    /// <summary>With the offset in full, +00:00.</summary>
    private unsafe Bytes Instant(Column column, int row)
    {
        Span<byte> buffer = stackalloc byte[DateTimeText.LengthMax + 8];
        var offset = column.GetOffset(row);
        var length = DateTimeText.FormatTimestamp(column.Get<long>(row) + (offset * TimeSpan.TicksPerMinute), buffer);
        buffer[length++] = offset < 0 ? (byte)'-' : (byte)'+';
        var (hours, minutes) = Math.DivRem(Math.Abs((int)offset), 60);
        foreach (var digit in (ReadOnlySpan<int>)[hours / 10, hours % 10, -1, minutes / 10, minutes % 10])
        {
            buffer[length++] = digit < 0 ? (byte)':' : (byte)('0' + digit);
        }

        return WithT(TextValue.Copy(buffer[..length], scratch));
    }
}

/// <summary>What functions that make json of anything share.</summary>
internal abstract class JsonMakingEvaluator(Evaluator[] arguments) : ResultEvaluator(DataType.Json)
{
    private readonly Column[] columns = new Column[arguments.Length];

    protected JsonValueWriter Writer { get; } = new();

    protected JsonBuilder Target { get; } = new();

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var isConstant = arguments.Length > 0;
        for (var i = 0; i < arguments.Length; i++)
        {
            columns[i] = arguments[i].Evaluate(batch, rows);
            isConstant &= columns[i].IsConstant;
        }

        var result = Begin(batch.RowCount, isConstant);
        rows = isConstant ? null : rows;
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            Target.Clear();
            if (Make(columns, row))
            {
                result.Column.Values<Bytes>(result.Count)[row] = TextValue.Copy(Target.Written, result);
            }
            else
            {
                result.Column.Values<Bytes>(result.Count)[row] = default;
                NullBits.Set(result, row);
            }
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        Writer.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    /// <returns>False for NULL.</returns>
    protected abstract bool Make(Column[] columns, int row);
}

/// <summary>to_jsonb(x).</summary>
internal sealed class ToJsonEvaluator(Evaluator argument) : JsonMakingEvaluator([argument])
{
    protected override bool Make(Column[] columns, int row)
    {
        if (columns[0].IsNull(row))
        {
            return false;
        }

        Writer.Write(Target, columns[0], row);
        return true;
    }
}

/// <summary>jsonb_build_array(x, …).</summary>
internal sealed class JsonBuildArrayEvaluator(Evaluator[] arguments) : JsonMakingEvaluator(arguments)
{
    protected override bool Make(Column[] columns, int row)
    {
        Target.BeginArray();
        foreach (var column in columns)
        {
            Writer.Write(Target, column, row);
        }

        Target.End();
        return true;
    }
}

/// <summary>jsonb_build_object(name, value, …).</summary>
internal sealed class JsonBuildObjectEvaluator : JsonMakingEvaluator
{
    public JsonBuildObjectEvaluator(Evaluator[] arguments)
        : base(arguments)
    {
        if (arguments.Length % 2 != 0)
        {
            throw Error.InvalidArgument("jsonb_build_object", "names and values take turns, and the last name has no value.");
        }

        foreach (var name in arguments.Where((_, i) => i % 2 == 0))
        {
            if (name.Type.Kind is TypeKind.Json or TypeKind.Array)
            {
                throw Error.InvalidArgument("jsonb_build_object", $"a value of type {name.Type} is no name of a member.");
            }
        }
    }

    protected override bool Make(Column[] columns, int row)
    {
        Target.BeginObject();
        for (var i = 0; i < columns.Length; i += 2)
        {
            if (columns[i].IsNull(row))
            {
                throw Error.InvalidArgument("jsonb_build_object", $"argument {i + 1} is NULL. A member needs a name.");
            }

            Target.Name(Writer.Text(columns[i], row));
            Writer.Write(Target, columns[i + 1], row);
        }

        Target.End();
        return true;
    }
}

/// <summary>jsonb_object(names and values in turn), jsonb_object(names, values): all values are strings or null.</summary>
internal struct JsonOfTexts : IRowFunction<Bytes>
{
    private JsonScratch scratch;

    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out Bytes result)
    {
        var names = arguments[0].Get<Bytes>(row).Span;
        var values = arguments[^1].Get<Bytes>(row).Span;
        var isList = arguments.Length == 1;
        var count = ArrayWalk.CountOf(names);
        if (isList ? count % 2 != 0 : count != ArrayWalk.CountOf(values))
        {
            throw Error.JsonObjectCount(isList);
        }

        var target = scratch.Begin();
        target.BeginObject();
        var name = new ArrayWalk(names, TypeKind.Text);
        var value = new ArrayWalk(values, TypeKind.Text);
        while (name.Next())
        {
            if (name.IsNull)
            {
                throw Error.InvalidArgument("jsonb_object", "a name is NULL. A member needs a name.");
            }

            target.Name(name.Value);
            var source = value;
            if (isList)
            {
                name.Next();
                source = name;
            }
            else
            {
                value.Next();
                source = value;
            }

            if (source.IsNull)
            {
                target.Null();
            }
            else
            {
                target.String(source.Value);
            }
        }

        target.End();
        result = scratch.End(memory);
        return true;
    }
}
