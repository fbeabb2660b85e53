using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Indexes;

/// <summary>Hash and equality of index keys: the same relation as SQL's =, so that 1.0 and 1.00, or one instant in two offsets, are one key.</summary>
/// <remarks>-0 equals +0 and NaN equals NaN, as everywhere in the engine. A key with a NULL in it equals nothing and is not indexed.</remarks>
internal static class KeyValue
{
    /// <summary>The hash of one row's key; false when a part of it is NULL.</summary>
    public static bool TryHash(KeyShape shape, ReadOnlySpan<Column> key, int row, out ulong hash)
    {
        hash = 0;
        for (var i = 0; i < key.Length; i++)
        {
            if (key[i].IsNull(row))
            {
                return false;
            }

            var part = shape.IsFolded(i) ? TextCase.Hash(key[i].Get<Bytes>(row).Span) : HashOne(key[i], row);
            hash = i == 0 ? part : Hashing.Combine(hash, part);
        }

        return true;
    }

    /// <summary>The hash of one value by its bytes, whatever a collation takes for equal; false for NULL.</summary>
    public static bool TryHash(Column column, int row, out ulong hash)
    {
        hash = column.IsNull(row) ? 0 : HashOne(column, row);
        return !column.IsNull(row);
    }

    /// <summary>Whether two values, neither NULL, of one type are equal.</summary>
    public static bool AreEqual(KeyShape shape, int part, Column left, int leftRow, Column right, int rightRow)
        => shape.IsFolded(part) ? TextCase.AreEqual(left.Get<Bytes>(leftRow).Span, right.Get<Bytes>(rightRow).Span) : AreEqual(left, leftRow, right, rightRow);

    private static bool AreEqual(Column left, int leftRow, Column right, int rightRow) => left.Type.Physical switch
    {
        PhysicalType.Byte => left.Get<byte>(leftRow) == right.Get<byte>(rightRow),
        PhysicalType.SByte => left.Get<sbyte>(leftRow) == right.Get<sbyte>(rightRow),
        PhysicalType.Int16 => left.Get<short>(leftRow) == right.Get<short>(rightRow),
        PhysicalType.UInt16 => left.Get<ushort>(leftRow) == right.Get<ushort>(rightRow),
        PhysicalType.Int32 => left.Get<int>(leftRow) == right.Get<int>(rightRow),
        PhysicalType.UInt32 => left.Get<uint>(leftRow) == right.Get<uint>(rightRow),
        PhysicalType.Int64 => left.Get<long>(leftRow) == right.Get<long>(rightRow),
        PhysicalType.UInt64 => left.Get<ulong>(leftRow) == right.Get<ulong>(rightRow),
        // Equals, not ==: NaN is one value to an index.
        PhysicalType.Single => left.Get<float>(leftRow).Equals(right.Get<float>(rightRow)),
        PhysicalType.Double => left.Get<double>(leftRow).Equals(right.Get<double>(rightRow)),
        PhysicalType.Decimal => left.Get<decimal>(leftRow) == right.Get<decimal>(rightRow),
        PhysicalType.Guid => left.Get<Guid>(leftRow) == right.Get<Guid>(rightRow),
        PhysicalType.Bytes => left.Get<Bytes>(leftRow).Equals(right.Get<Bytes>(rightRow)),
        _ => throw Error.Internal($"no equality for type {left.Type}"),
    };

    /// <summary>A key as text for messages: "(Id)=(5)".</summary>
    public static string Describe(IEnumerable<string> names, ReadOnlySpan<Column> key, int row)
    {
        var values = new string[key.Length];
        for (var i = 0; i < key.Length; i++)
        {
            values[i] = ClrValue.Describe(ClrValue.Read(key[i], row));
        }

        return $"({string.Join(", ", names)})=({string.Join(", ", values)})";
    }

    private static ulong HashOne(Column column, int row) => column.Type.Physical switch
    {
        PhysicalType.Byte => Hashing.HashValue(column.Get<byte>(row)),
        PhysicalType.SByte => Hashing.HashValue(column.Get<sbyte>(row)),
        PhysicalType.Int16 => Hashing.HashValue(column.Get<short>(row)),
        PhysicalType.UInt16 => Hashing.HashValue(column.Get<ushort>(row)),
        PhysicalType.Int32 => Hashing.HashValue(column.Get<int>(row)),
        PhysicalType.UInt32 => Hashing.HashValue(column.Get<uint>(row)),
        PhysicalType.Int64 => Hashing.HashValue(column.Get<long>(row)),
        PhysicalType.UInt64 => Hashing.HashValue(column.Get<ulong>(row)),
        PhysicalType.Single => Hashing.HashValue(column.Get<float>(row)),
        PhysicalType.Double => Hashing.HashValue(column.Get<double>(row)),
        PhysicalType.Decimal => Hashing.HashValue(column.Get<decimal>(row)),
        PhysicalType.Guid => Hashing.HashValue(column.Get<Guid>(row)),
        PhysicalType.Bytes => Hashing.Hash(column.Get<Bytes>(row).Span),
        _ => throw Error.Internal($"no hash for type {column.Type}"),
    };
}
