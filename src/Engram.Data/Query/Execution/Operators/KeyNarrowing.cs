using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>How a value lies to the values of a column's type.</summary>
internal enum KeyFit
{
    /// <summary>It is one of them.</summary>
    Exact,
    /// <summary>It lies between two of them; the lesser one was written.</summary>
    Between,
    /// <summary>It is less than all of them.</summary>
    Below,
    Above,
    Null,
}

/// <summary>Gives a value that is compared with a column the column's type: a bigint beside an integer column, a numeric beside either.</summary>
/// <remarks>SQL widens the column to compare. An index has the column's own values, so the value is narrowed instead; where it does not fit, it is known
/// how it compares with everything that does.</remarks>
internal static class KeyNarrowing
{
    /// <summary>Appends the value to a buffer of the column's type; nothing when it is below, above or NULL.</summary>
    public static KeyFit Append(Column value, int row, ColumnBuffer target)
    {
        if (value.IsNull(row))
        {
            return KeyFit.Null;
        }

        if (value.Type.Kind == target.Type.Kind)
        {
            target.AppendFrom(value, row);
            return KeyFit.Exact;
        }

        if (!target.Type.IsInteger || !(value.Type.IsInteger || value.Type.Kind == TypeKind.Decimal))
        {
            throw Error.Internal($"a value of type {value.Type} is looked up in an index of type {target.Type}");
        }

        var number = Read(value, row);
        var floor = decimal.Floor(number);
        var (least, greatest) = RangeOf(target.Type.Kind);
        if (floor < least)
        {
            return KeyFit.Below;
        }

        if (floor > greatest)
        {
            return KeyFit.Above;
        }

        Append(floor, target);
        return floor == number ? KeyFit.Exact : KeyFit.Between;
    }

    private static decimal Read(Column value, int row) => value.Type.Physical switch
    {
        PhysicalType.Byte => value.Get<byte>(row),
        PhysicalType.SByte => value.Get<sbyte>(row),
        PhysicalType.Int16 => value.Get<short>(row),
        PhysicalType.UInt16 => value.Get<ushort>(row),
        PhysicalType.Int32 => value.Get<int>(row),
        PhysicalType.UInt32 => value.Get<uint>(row),
        PhysicalType.Int64 => value.Get<long>(row),
        PhysicalType.UInt64 => value.Get<ulong>(row),
        _ => value.Get<decimal>(row),
    };

    private static (decimal Least, decimal Greatest) RangeOf(TypeKind kind) => kind switch
    {
        TypeKind.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        TypeKind.Int16 => (short.MinValue, short.MaxValue),
        TypeKind.Int32 => (int.MinValue, int.MaxValue),
        TypeKind.Int64 => (long.MinValue, long.MaxValue),
        TypeKind.UInt8 => (byte.MinValue, byte.MaxValue),
        TypeKind.UInt16 => (ushort.MinValue, ushort.MaxValue),
        TypeKind.UInt32 => (uint.MinValue, uint.MaxValue),
        _ => (ulong.MinValue, ulong.MaxValue),
    };

    private static void Append(decimal value, ColumnBuffer target)
    {
        switch (target.Type.Kind)
        {
            case TypeKind.Int8: target.Append((sbyte)value); break;
            case TypeKind.Int16: target.Append((short)value); break;
            case TypeKind.Int32: target.Append((int)value); break;
            case TypeKind.Int64: target.Append((long)value); break;
            case TypeKind.UInt8: target.Append((byte)value); break;
            case TypeKind.UInt16: target.Append((ushort)value); break;
            case TypeKind.UInt32: target.Append((uint)value); break;
            default: target.Append((ulong)value); break;
        }
    }
}
