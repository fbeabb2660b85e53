using Engram.Data.Columns;

namespace Engram.Data.Storage.Indexes;

/// <summary>Keys of one type as keys of another: what a foreign key needs whose two sides are integers of different sizes.</summary>
/// <remarks>Exact, in both directions: a value that the other type has not is no key there, and two different keys never become one.</remarks>
internal static class KeyConversion
{
    /// <summary>Whether a column may refer to another: both have the same kind of type, or it has integers and the other integers or numeric.</summary>
    public static bool AreComparable(DataType referring, DataType referenced)
        => referring.Kind == referenced.Kind || (referring.IsInteger && (referenced.IsInteger || referenced.Kind == TypeKind.Decimal));

    /// <summary>Appends a value that is not NULL as the buffer's type has it; false, and nothing is appended, when it has no such value.</summary>
    public static bool TryAppend(ColumnBuffer target, Column source, int row)
    {
        if (target.Type.Kind == source.Type.Kind)
        {
            target.AppendFrom(source, row);
            return true;
        }

        if (source.Type.Kind == TypeKind.Decimal)
        {
            var value = source.Get<decimal>(row);
            return value == decimal.Truncate(value) && TryAppend(target, (Int128)value);
        }

        return TryAppend(target, ReadInteger(source, row));
    }

    private static Int128 ReadInteger(Column column, int row) => column.Type.Physical switch
    {
        PhysicalType.Byte => column.Get<byte>(row),
        PhysicalType.SByte => column.Get<sbyte>(row),
        PhysicalType.Int16 => column.Get<short>(row),
        PhysicalType.UInt16 => column.Get<ushort>(row),
        PhysicalType.Int32 => column.Get<int>(row),
        PhysicalType.UInt32 => column.Get<uint>(row),
        PhysicalType.Int64 => column.Get<long>(row),
        PhysicalType.UInt64 => column.Get<ulong>(row),
        _ => throw Error.Internal($"a key of type {column.Type} is read as an integer"),
    };

    private static bool TryAppend(ColumnBuffer target, Int128 value)
    {
        var (min, max) = target.Type.Physical switch
        {
            PhysicalType.Byte => ((Int128)byte.MinValue, (Int128)byte.MaxValue),
            PhysicalType.SByte => (sbyte.MinValue, sbyte.MaxValue),
            PhysicalType.Int16 => (short.MinValue, short.MaxValue),
            PhysicalType.UInt16 => (ushort.MinValue, ushort.MaxValue),
            PhysicalType.Int32 => (int.MinValue, int.MaxValue),
            PhysicalType.UInt32 => (uint.MinValue, uint.MaxValue),
            PhysicalType.Int64 => (long.MinValue, long.MaxValue),
            PhysicalType.UInt64 => (ulong.MinValue, ulong.MaxValue),
            PhysicalType.Decimal => (Int128.MinValue, Int128.MaxValue),
            _ => throw Error.Internal($"a key is made an integer of type {target.Type}"),
        };
        if (value < min || value > max)
        {
            return false;
        }

        switch (target.Type.Physical)
        {
            case PhysicalType.Byte: target.Append((byte)value); break;
            case PhysicalType.SByte: target.Append((sbyte)value); break;
            case PhysicalType.Int16: target.Append((short)value); break;
            case PhysicalType.UInt16: target.Append((ushort)value); break;
            case PhysicalType.Int32: target.Append((int)value); break;
            case PhysicalType.UInt32: target.Append((uint)value); break;
            case PhysicalType.Int64: target.Append((long)value); break;
            case PhysicalType.UInt64: target.Append((ulong)value); break;
            default: target.Append((decimal)value); break;
        }

        return true;
    }
}
