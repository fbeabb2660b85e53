using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Engram.Data.Columns;

/// <summary>Single values as .NET objects: literals, parameters without a typed setter, and readers that ask for <c>object</c>.</summary>
/// <remarks>
/// Boxes, so never used for rows in bulk. Each kind has one canonical CLR type: bool, sbyte … ulong, float, double, decimal, string (text and
/// json), byte[], Guid, DateOnly, TimeOnly, DateTime (Kind unspecified), DateTimeOffset, TimeSpan, float[] (vector), Half[] (halfvec),
/// EngramSparseVector, BitArray, Array (array).
/// </remarks>
internal static unsafe class ClrValue
{
    /// <summary>The canonical CLR type of values of a SQL type.</summary>
    public static Type ClrType(DataType type) => type.Kind switch
    {
        TypeKind.Boolean => typeof(bool),
        TypeKind.Int8 => typeof(sbyte),
        TypeKind.Int16 => typeof(short),
        TypeKind.Int32 => typeof(int),
        TypeKind.Int64 => typeof(long),
        TypeKind.UInt8 => typeof(byte),
        TypeKind.UInt16 => typeof(ushort),
        TypeKind.UInt32 => typeof(uint),
        TypeKind.UInt64 => typeof(ulong),
        TypeKind.Single => typeof(float),
        TypeKind.Double => typeof(double),
        TypeKind.Decimal => typeof(decimal),
        TypeKind.Text or TypeKind.Json => typeof(string),
        TypeKind.Bytea => typeof(byte[]),
        TypeKind.Uuid => typeof(Guid),
        TypeKind.Date => typeof(DateOnly),
        TypeKind.Time => typeof(TimeOnly),
        TypeKind.Timestamp => typeof(DateTime),
        TypeKind.TimestampTz => typeof(DateTimeOffset),
        TypeKind.Interval => typeof(TimeSpan),
        TypeKind.Vector => typeof(float[]),
        TypeKind.HalfVector => typeof(Half[]),
        TypeKind.SparseVector => typeof(EngramSparseVector),
        TypeKind.Bit => typeof(BitArray),
        TypeKind.Array => ArrayValue.ClrType(type.Element),
        _ => typeof(object),
    };

    /// <summary>Appends a canonical value (or null) to a buffer of its type.</summary>
    public static void Append(ColumnBuffer target, object? value)
    {
        if (value is null)
        {
            target.AppendNull();
            return;
        }

        switch (target.Type.Kind)
        {
            case TypeKind.Boolean: target.Append((byte)((bool)value ? 1 : 0)); break;
            case TypeKind.Int8: target.Append((sbyte)value); break;
            case TypeKind.Int16: target.Append((short)value); break;
            case TypeKind.Int32: target.Append((int)value); break;
            case TypeKind.Int64: target.Append((long)value); break;
            case TypeKind.UInt8: target.Append((byte)value); break;
            case TypeKind.UInt16: target.Append((ushort)value); break;
            case TypeKind.UInt32: target.Append((uint)value); break;
            case TypeKind.UInt64: target.Append((ulong)value); break;
            case TypeKind.Single: target.Append((float)value); break;
            case TypeKind.Double: target.Append((double)value); break;
            case TypeKind.Decimal: target.Append((decimal)value); break;
            case TypeKind.Text or TypeKind.Json: target.AppendText((string)value); break;
            case TypeKind.Bytea: target.AppendBytes((byte[])value); break;
            case TypeKind.Uuid: target.Append((Guid)value); break;
            case TypeKind.Date: target.Append(((DateOnly)value).DayNumber); break;
            case TypeKind.Time: target.Append(((TimeOnly)value).Ticks); break;
            case TypeKind.Timestamp: target.Append(((DateTime)value).Ticks); break;
            case TypeKind.TimestampTz:
                var instant = (DateTimeOffset)value;
                target.AppendInstant(instant.UtcTicks, (short)instant.TotalOffsetMinutes);
                break;
            case TypeKind.Interval: target.Append(((TimeSpan)value).Ticks); break;
            case TypeKind.Vector: target.AppendBytes(MemoryMarshal.AsBytes<float>((float[])value)); break;
            case TypeKind.HalfVector: target.AppendBytes(MemoryMarshal.AsBytes<Half>((Half[])value)); break;
            case TypeKind.SparseVector: target.AppendBytes(((EngramSparseVector)value).ToStored()); break;
            case TypeKind.Bit: target.AppendBytes(BitString.Of((BitArray)value)); break;
            case TypeKind.Array: ArrayValue.Append(target, (Array)value); break;
            default: throw Error.Internal($"no CLR value for type {target.Type}");
        }
    }

    /// <summary>Reads one value as its canonical CLR type; null for NULL. Allocates.</summary>
    public static object? Read(Column column, int row)
    {
        if (column.IsNull(row))
        {
            return null;
        }

        return column.Type.Kind switch
        {
            TypeKind.Boolean => column.Get<byte>(row) != 0,
            TypeKind.Int8 => column.Get<sbyte>(row),
            TypeKind.Int16 => column.Get<short>(row),
            TypeKind.Int32 => column.Get<int>(row),
            TypeKind.Int64 => column.Get<long>(row),
            TypeKind.UInt8 => column.Get<byte>(row),
            TypeKind.UInt16 => column.Get<ushort>(row),
            TypeKind.UInt32 => column.Get<uint>(row),
            TypeKind.UInt64 => column.Get<ulong>(row),
            TypeKind.Single => column.Get<float>(row),
            TypeKind.Double => column.Get<double>(row),
            TypeKind.Decimal => column.Get<decimal>(row),
            TypeKind.Text or TypeKind.Json => column.Get<Bytes>(row).Text,
            TypeKind.Bytea => column.Get<Bytes>(row).Span.ToArray(),
            TypeKind.Uuid => column.Get<Guid>(row),
            TypeKind.Date => DateOnly.FromDayNumber(column.Get<int>(row)),
            TypeKind.Time => new TimeOnly(column.Get<long>(row)),
            TypeKind.Timestamp => new DateTime(column.Get<long>(row), DateTimeKind.Unspecified),
            TypeKind.TimestampTz => ReadInstant(column, row),
            TypeKind.Interval => new TimeSpan(column.Get<long>(row)),
            TypeKind.Vector => column.Get<Bytes>(row).Floats.ToArray(),
            TypeKind.HalfVector => MemoryMarshal.Cast<byte, Half>(column.Get<Bytes>(row).Span).ToArray(),
            TypeKind.SparseVector => EngramSparseVector.Read(column.Get<Bytes>(row).Span),
            TypeKind.Bit => BitString.ToBitArray(column.Get<Bytes>(row).Span),
            TypeKind.Array => ArrayValue.Read(column.Type.Element, column.Get<Bytes>(row)),
            _ => throw Error.Internal($"no CLR value for type {column.Type}"),
        };
    }

    /// <summary>The instant with the offset that it was given in.</summary>
    public static DateTimeOffset ReadInstant(Column column, int row)
    {
        var offset = TimeSpan.FromMinutes(column.GetOffset(row));
        return new DateTimeOffset(column.Get<long>(row) + offset.Ticks, offset);
    }

    /// <summary>A column of one row that stands for every row.</summary>
    public static ColumnBuffer Constant(DataType type, object? value)
    {
        var buffer = new ColumnBuffer(type, 1);
        Append(buffer, value);
        buffer.Column.IsConstant = true;
        return buffer;
    }

    /// <summary>A value as text for messages: short, never the whole of a large one.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "NULL",
        string s => s.Length > 40 ? $"'{s[..40]}…'" : $"'{s}'",
        byte[] b => $"{b.Length} bytes",
        float[] v => $"a vector of {v.Length} dimensions",
        Half[] v => $"a vector of {v.Length} dimensions",
        EngramSparseVector v => $"a sparse vector of {v.Dimensions} dimensions",
        BitArray b => $"a bit string of {b.Length} bits",
        Array a => $"an array of {a.Length} elements",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
