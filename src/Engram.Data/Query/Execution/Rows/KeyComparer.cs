using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Hashes, compares and orders values of one type for keys: of groups, of joins, of orderings. NULL equals NULL and comes before every value.</summary>
/// <remarks>One virtual call for each column and batch; only the ties of an ordering are settled value by value.</remarks>
internal abstract unsafe class KeyComparer : IDisposable
{
    /// <summary>Writes the hash of each of the rows, or combines it with what is there.</summary>
    public abstract void Hash(Column column, ReadOnlySpan<ushort> rows, Span<ulong> hashes, bool combine);

    /// <summary>The hash of one value.</summary>
    public abstract ulong Hash(Column column, int row);

    /// <summary>Clears the entries of candidates that differ: left row rows[i] against right row candidates[i], where that is not negative.</summary>
    /// <returns>Whether any differed; they are marked by a candidate of <see cref="Mismatch"/>.</returns>
    public abstract bool Match(Column left, ReadOnlySpan<ushort> rows, Column right, Span<int> candidates);

    /// <summary>Below, at or above zero.</summary>
    public abstract int Compare(Column left, int leftRow, Column right, int rightRow);

    /// <summary>Numbers in the order wanted as far as 64 bits tell it: what comes earlier never has a greater prefix.</summary>
    /// <param name="rows">Null for rows 0, 1, 2 …; one prefix for each.</param>
    /// <returns>Whether equal prefixes mean equal values.</returns>
    public abstract bool Prefixes(Column column, Selection? rows, Span<ulong> prefixes, bool isDescending, bool nullsFirst);

    public const int Mismatch = int.MinValue;

    public virtual void Dispose()
    {
    }

    public static KeyComparer For(DataType type) => type.Kind switch
    {
        TypeKind.Vector => new KeyComparer<Bytes, VectorOrder, VectorKey>(),
        TypeKind.Array => new ArrayKeyComparer(type.Element),
        _ => type.Physical switch
        {
            PhysicalType.Byte => new KeyComparer<byte, NumberOrder<byte>, NumberKey<byte>>(),
            PhysicalType.SByte => new KeyComparer<sbyte, NumberOrder<sbyte>, NumberKey<sbyte>>(),
            PhysicalType.Int16 => new KeyComparer<short, NumberOrder<short>, NumberKey<short>>(),
            PhysicalType.UInt16 => new KeyComparer<ushort, NumberOrder<ushort>, NumberKey<ushort>>(),
            PhysicalType.Int32 => new KeyComparer<int, NumberOrder<int>, NumberKey<int>>(),
            PhysicalType.UInt32 => new KeyComparer<uint, NumberOrder<uint>, NumberKey<uint>>(),
            PhysicalType.Int64 => new KeyComparer<long, NumberOrder<long>, NumberKey<long>>(),
            PhysicalType.UInt64 => new KeyComparer<ulong, NumberOrder<ulong>, NumberKey<ulong>>(),
            PhysicalType.Single => new KeyComparer<float, NumberOrder<float>, NumberKey<float>>(),
            PhysicalType.Double => new KeyComparer<double, NumberOrder<double>, NumberKey<double>>(),
            PhysicalType.Decimal => new KeyComparer<decimal, NumberOrder<decimal>, DecimalKey>(),
            PhysicalType.Guid => new KeyComparer<Guid, GuidOrder, GuidKey>(),
            PhysicalType.Bytes => new KeyComparer<Bytes, BytesOrder, BytesKey>(),
            _ => new KeyComparer<byte, NumberOrder<byte>, NumberKey<byte>>(),
        },
    };
}

/// <summary>How values of a type are hashed and cut to an ordered prefix.</summary>
internal interface IKey<T>
    where T : unmanaged
{
    /// <summary>Whether the prefix is the whole value.</summary>
    static abstract bool IsExact { get; }

    static abstract ulong Hash(T value);

    static abstract ulong Prefix(T value);
}

internal sealed unsafe class KeyComparer<T, TOrder, TKey> : KeyComparer
    where T : unmanaged
    where TOrder : struct, IOrder<T>
    where TKey : struct, IKey<T>
{
    public override void Hash(Column column, ReadOnlySpan<ushort> rows, Span<ulong> hashes, bool combine)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var hash = column.IsNull(rows[i]) ? Kernels.Hashing.NullHash : TKey.Hash(column.Get<T>(rows[i]));
            hashes[i] = combine ? Kernels.Hashing.Combine(hashes[i], hash) : hash;
        }
    }

    public override ulong Hash(Column column, int row) => column.IsNull(row) ? Kernels.Hashing.NullHash : TKey.Hash(column.Get<T>(row));

    public override bool Match(Column left, ReadOnlySpan<ushort> rows, Column right, Span<int> candidates)
    {
        var any = false;
        for (var i = 0; i < rows.Length; i++)
        {
            var candidate = candidates[i];
            if (candidate < 0)
            {
                continue;
            }

            var (isNullLeft, isNullRight) = (left.IsNull(rows[i]), right.IsNull(candidate));
            var isSame = isNullLeft || isNullRight
                ? isNullLeft == isNullRight
                : TOrder.AreEqual(left.Get<T>(rows[i]), right.Get<T>(candidate));
            if (!isSame)
            {
                candidates[i] = Mismatch;
                any = true;
            }
        }

        return any;
    }

    public override int Compare(Column left, int leftRow, Column right, int rightRow)
    {
        var (isNullLeft, isNullRight) = (left.IsNull(leftRow), right.IsNull(rightRow));
        return isNullLeft || isNullRight
            ? (isNullLeft ? 0 : 1) - (isNullRight ? 0 : 1)
            : TOrder.Compare(left.Get<T>(leftRow), right.Get<T>(rightRow));
    }

    public override bool Prefixes(Column column, Selection? rows, Span<ulong> prefixes, bool isDescending, bool nullsFirst)
    {
        var isExact = TKey.IsExact;
        var flip = isDescending ? ulong.MaxValue : 0;
        var nullPrefix = nullsFirst ? 0 : ulong.MaxValue;
        for (var i = 0; i < prefixes.Length; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            var isNull = column.IsNull(row);
            // NULL shares its prefix with the least or the greatest value.
            isExact &= !isNull;
            prefixes[i] = isNull ? nullPrefix : TKey.Prefix(column.Get<T>(row)) ^ flip;
        }

        return isExact;
    }
}

internal readonly struct NumberKey<T> : IKey<T>
    where T : unmanaged, INumber<T>
{
    private const ulong Sign = 1UL << 63;

    public static bool IsExact => true;

    public static ulong Hash(T value) => Kernels.Hashing.HashValue(value);

    public static ulong Prefix(T value)
    {
        if (typeof(T) == typeof(float) || typeof(T) == typeof(double))
        {
            // Adding zero turns −0 into +0; every NaN is the greatest.
            var number = double.CreateTruncating(value) + 0.0;
            var bits = BitConverter.DoubleToUInt64Bits(number);
            return double.IsNaN(number) ? ulong.MaxValue : (bits & Sign) != 0 ? ~bits : bits | Sign;
        }

        return typeof(T) == typeof(ulong) ? ulong.CreateTruncating(value) : (ulong)long.CreateTruncating(value) ^ Sign;
    }
}

internal readonly struct DecimalKey : IKey<decimal>
{
    public static bool IsExact => false;

    public static ulong Hash(decimal value) => Kernels.Hashing.HashValue(value);

    // Rounding to the nearest double keeps the order, ties aside.
    public static ulong Prefix(decimal value) => NumberKey<double>.Prefix((double)value);
}

internal readonly struct GuidKey : IKey<Guid>
{
    public static bool IsExact => false;

    public static ulong Hash(Guid value) => Kernels.Hashing.HashValue(value);

    public static ulong Prefix(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}

internal readonly unsafe struct BytesKey : IKey<Bytes>
{
    public static bool IsExact => false;

    public static ulong Hash(Bytes value) => Kernels.Hashing.Hash(value.Span);

    public static ulong Prefix(Bytes value)
    {
        if (value.Length >= sizeof(ulong))
        {
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(value.Span);
        }

        var prefix = 0UL;
        for (var i = 0; i < value.Length; i++)
        {
            prefix |= (ulong)value.Pointer[i] << (56 - (8 * i));
        }

        return prefix;
    }
}

/// <summary>Vectors as keys: −0 hashes as +0, so bytes do not decide.</summary>
internal readonly struct VectorKey : IKey<Bytes>
{
    public static bool IsExact => false;

    public static ulong Hash(Bytes value)
    {
        var hash = (ulong)value.Length;
        foreach (var element in value.Floats)
        {
            hash = Kernels.Hashing.Combine(hash, Kernels.Hashing.HashValue(element));
        }

        return hash;
    }

    public static ulong Prefix(Bytes value) => value.Length == 0 ? 0 : NumberKey<float>.Prefix(value.Floats[0]);
}
