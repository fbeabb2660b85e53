using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Engine;

/// <summary>Reads one number of a column as another numeric type, without boxing. Keeps the value or fails.</summary>
internal static class ColumnNumbers
{
    /// <summary>Reads a value that is not NULL as an integer type.</summary>
    /// <returns>False when the column's type holds no such values.</returns>
    /// <exception cref="OverflowException">The value does not fit, or has a fraction.</exception>
    public static bool TryReadInteger<T>(Column column, int row, out T value)
        where T : struct, IBinaryInteger<T>
    {
        switch (column.Type.Kind)
        {
            case TypeKind.Int8: value = T.CreateChecked(column.Get<sbyte>(row)); return true;
            case TypeKind.Int16: value = T.CreateChecked(column.Get<short>(row)); return true;
            case TypeKind.Int32: value = T.CreateChecked(column.Get<int>(row)); return true;
            case TypeKind.Int64: value = T.CreateChecked(column.Get<long>(row)); return true;
            case TypeKind.UInt8: value = T.CreateChecked(column.Get<byte>(row)); return true;
            case TypeKind.UInt16: value = T.CreateChecked(column.Get<ushort>(row)); return true;
            case TypeKind.UInt32: value = T.CreateChecked(column.Get<uint>(row)); return true;
            case TypeKind.UInt64: value = T.CreateChecked(column.Get<ulong>(row)); return true;
            case TypeKind.Decimal:
                var number = column.Get<decimal>(row);
                value = decimal.IsInteger(number) ? T.CreateChecked(number) : throw new OverflowException();
                return true;
            default:
                value = default;
                return false;
        }
    }

    /// <summary>Reads a value that is not NULL as double.</summary>
    public static bool TryReadDouble(Column column, int row, out double value)
    {
        switch (column.Type.Kind)
        {
            case TypeKind.Single: value = column.Get<float>(row); return true;
            case TypeKind.Double: value = column.Get<double>(row); return true;
            case TypeKind.Decimal: value = (double)column.Get<decimal>(row); return true;
            case TypeKind.UInt64: value = column.Get<ulong>(row); return true;
            default:
                var isInteger = TryReadInteger<long>(column, row, out var integer);
                value = integer;
                return isInteger;
        }
    }

    /// <summary>Reads a value that is not NULL as float, rounding a double to the nearest.</summary>
    /// <exception cref="OverflowException">The value is finite and beyond float's range.</exception>
    public static bool TryReadSingle(Column column, int row, out float value)
    {
        if (column.Type.Kind == TypeKind.Single)
        {
            value = column.Get<float>(row);
            return true;
        }

        var isNumber = TryReadDouble(column, row, out var wide);
        value = (float)wide;
        return !isNumber || !double.IsFinite(wide) || float.IsFinite(value) ? isNumber : throw new OverflowException();
    }

    /// <summary>Reads a value that is not NULL as decimal. Of real and double precision it is not read: that would invent digits.</summary>
    public static bool TryReadDecimal(Column column, int row, out decimal value)
    {
        switch (column.Type.Kind)
        {
            case TypeKind.Decimal: value = column.Get<decimal>(row); return true;
            case TypeKind.UInt64: value = column.Get<ulong>(row); return true;
            default:
                var isInteger = TryReadInteger<long>(column, row, out var integer);
                value = integer;
                return isInteger;
        }
    }
}
