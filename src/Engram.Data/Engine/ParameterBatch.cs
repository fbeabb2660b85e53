using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>The values of a statement's parameters as one row of constant columns, in memory of its own.</summary>
internal sealed unsafe class ParameterBatch : IDisposable
{
    public static readonly ParameterBatch Empty = new([]) { Batch = { RowCount = 1 } };

    /// <summary>Memory of larger values is not kept from one execution to the next.</summary>
    private const long KeptSizeBytesMax = 64 * 1024;

    private Arena? memory;

    private readonly ImmutableArray<StatementParameter> expected;

    private ParameterBatch(ImmutableArray<StatementParameter> expected)
    {
        this.expected = expected;
        var count = expected.Length;
        Batch = new Batch(count) { RowCount = 1 };
        memory = count > 0 ? new Arena() : null;
    }

    public Batch Batch { get; }

    /// <summary>Converts each value to what the plan expects.</summary>
    public static ParameterBatch Create(ImmutableArray<StatementParameter> expected, ParameterList given)
    {
        if (expected.IsEmpty)
        {
            return Empty;
        }

        var batch = new ParameterBatch(expected);
        try
        {
            for (var i = 0; i < expected.Length; i++)
            {
                batch.Batch.Columns[i] = batch.CreateColumn(expected[i], given, i);
            }

            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>Whether these are the parameters of a plan, by reference.</summary>
    public bool IsOf(ImmutableArray<StatementParameter> parameters) => expected == parameters;

    /// <summary>Takes other values of the same parameters, in the same columns.</summary>
    public void Refill(ParameterList given)
    {
        memory?.Reset();
        for (var i = 0; i < expected.Length; i++)
        {
            Fill(Batch.Columns[i], expected[i], given, i);
        }
    }

    /// <summary>Lets go of large values, until they are refilled.</summary>
    public void Rest()
    {
        if (memory is { SizeBytes: > KeptSizeBytesMax })
        {
            memory.Dispose();
            memory = new Arena();
        }
    }

    public void Dispose() => memory?.Dispose();

    private Column CreateColumn(StatementParameter parameter, ParameterList given, int guess)
    {
        var column = new Column(parameter.Type) { Owner = this, IsConstant = true };
        Fill(column, parameter, given, guess);
        return column;
    }

    private void Fill(Column column, StatementParameter parameter, ParameterList given, int guess)
    {
        var index = given.IndexOf(parameter.Name, guess);
        if (index < 0)
        {
            throw Error.MissingParameter(parameter.Name, given.Keys).At(parameter.Position);
        }

        column.Data = memory!.Allocate(16, 16);
        column.Nulls = null;
        *(decimal*)column.Data = default;
        if (column.Type.HasOffsets)
        {
            column.Offsets = (short*)memory.Allocate(sizeof(long));
            *column.Offsets = 0;
        }

        var value = given.Inputs[index].Value;
        if (value is null or DBNull)
        {
            column.Nulls = (ulong*)memory.Allocate(sizeof(ulong));
            *column.Nulls = ulong.MaxValue;
            return;
        }

        Write(column, ParameterConversion.ToCanonical(value, parameter.Type, parameter.Name));
    }

    private void Write(Column column, object value)
    {
        switch (column.Type.Kind)
        {
            case TypeKind.Boolean: *(byte*)column.Data = (byte)((bool)value ? 1 : 0); break;
            case TypeKind.Int8: *(sbyte*)column.Data = (sbyte)value; break;
            case TypeKind.Int16: *(short*)column.Data = (short)value; break;
            case TypeKind.Int32: *(int*)column.Data = (int)value; break;
            case TypeKind.Int64: *(long*)column.Data = (long)value; break;
            case TypeKind.UInt8: *(byte*)column.Data = (byte)value; break;
            case TypeKind.UInt16: *(ushort*)column.Data = (ushort)value; break;
            case TypeKind.UInt32: *(uint*)column.Data = (uint)value; break;
            case TypeKind.UInt64: *(ulong*)column.Data = (ulong)value; break;
            case TypeKind.Single: *(float*)column.Data = (float)value; break;
            case TypeKind.Double: *(double*)column.Data = (double)value; break;
            case TypeKind.Decimal: *(decimal*)column.Data = (decimal)value; break;
            case TypeKind.Uuid: *(Guid*)column.Data = (Guid)value; break;
            case TypeKind.Date: *(int*)column.Data = ((DateOnly)value).DayNumber; break;
            case TypeKind.Time: *(long*)column.Data = ((TimeOnly)value).Ticks; break;
            case TypeKind.Timestamp: *(long*)column.Data = ((DateTime)value).Ticks; break;
            case TypeKind.Interval: *(long*)column.Data = ((TimeSpan)value).Ticks; break;
            case TypeKind.TimestampTz:
                var instant = (DateTimeOffset)value;
                *(long*)column.Data = instant.UtcTicks;
                *column.Offsets = (short)instant.TotalOffsetMinutes;
                break;
            case TypeKind.Text or TypeKind.Json: WriteText(column, (string)value); break;
            case TypeKind.Bytea: WriteBytes(column, (byte[])value); break;
            case TypeKind.Vector: WriteBytes(column, MemoryMarshal.AsBytes<float>((float[])value)); break;
            default:
                using (var buffer = new ColumnBuffer(column.Type, 1))
                {
                    ClrValue.Append(buffer, value);
                    WriteBytes(column, buffer.Column.Get<Bytes>(0).Span);
                }

                break;
        }
    }

    private void WriteText(Column column, string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        var target = memory!.Allocate(size);
        Encoding.UTF8.GetBytes(value, new Span<byte>(target, size));
        *(Bytes*)column.Data = new Bytes(target, size);
    }

    /// <summary>Aligned: vectors are read as floats where they lie.</summary>
    private void WriteBytes(Column column, ReadOnlySpan<byte> value)
    {
        var target = memory!.Allocate(value.Length, 64);
        value.CopyTo(new Span<byte>(target, value.Length));
        *(Bytes*)column.Data = new Bytes(target, value.Length);
    }
}
