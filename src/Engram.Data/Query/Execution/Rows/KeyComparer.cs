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

    /// <summary>Gives each entry a number in the order wanted as far as 64 bits tell it: what comes earlier never has a greater prefix.</summary>
    /// <param name="isWhole">Whether these are all entries that will be compared: then what all values begin with is left out.</param>
    /// <returns>Whether equal prefixes mean equal values.</returns>
    public abstract bool SetPrefixes(Column column, Span<SortEntry> entries, bool isDescending, bool nullsFirst, bool isWhole, CancellationToken cancellation);

    /// <summary>Sorting asks after so many rows whether it is cancelled.</summary>
    public const int RowCountPerLook = 16 * 1024;

    public const int Mismatch = int.MinValue;

    public virtual void Dispose()
    {
    }

    public static KeyComparer For(DataType type) => type.Kind switch
    {
        TypeKind.Vector => new KeyComparer<Bytes, VectorOrder, VectorKey>(),
        TypeKind.HalfVector => new KeyComparer<Bytes, HalfVectorOrder, HalfVectorKey>(),
        TypeKind.SparseVector => new KeyComparer<Bytes, SparseVectorOrder, SparseVectorKey>(),
        TypeKind.Bit => new KeyComparer<Bytes, BitsOrder, BitsKey>(),
        TypeKind.Json => new KeyComparer<Bytes, JsonValueOrder, JsonKey>(),
        _ when type.Collation == Collation.Indeterminate => throw Error.IndeterminateCollation(),
        TypeKind.Array => new ArrayKeyComparer(type.ElementType),
        TypeKind.Text when type.Collation == Collation.NoCase => new KeyComparer<Bytes, NoCaseOrder, NoCaseKey>(),
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

/// <summary>A row in an ordering.</summary>
internal struct SortEntry(int row)
{
    public ulong Prefix;

    public readonly int Row = row;
}

/// <summary>How values of a type are hashed and cut to an ordered prefix.</summary>
internal interface IKey<T>
    where T : unmanaged
{
    static abstract ulong Hash(T value);

    /// <summary>How much all values have in common at their start.</summary>
    static virtual int CommonLength(Column column, ReadOnlySpan<SortEntry> entries, CancellationToken cancellation) => 0;

    /// <param name="skip">What of the value's start is left out.</param>
    /// <param name="isExact">Becomes false when another value may have the same prefix.</param>
    static abstract ulong Prefix(T value, int skip, ref bool isExact);
}

internal sealed unsafe class KeyComparer<T, TOrder, TKey> : KeyComparer
    where T : unmanaged
    where TOrder : struct, IOrder<T>
    where TKey : struct, IKey<T>
{
    public override void Hash(Column column, ReadOnlySpan<ushort> rows, Span<ulong> hashes, bool combine)
    {
        if (column.Nulls == null && !combine)
        {
            var values = column.Pointer<T>();
            for (var i = 0; i < rows.Length; i++)
            {
                hashes[i] = TKey.Hash(values[column.At(rows[i])]);
            }

            return;
        }

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

    public override bool SetPrefixes(Column column, Span<SortEntry> entries, bool isDescending, bool nullsFirst, bool isWhole, CancellationToken cancellation)
    {
        var skip = isWhole ? TKey.CommonLength(column, entries, cancellation) : 0;
        var isExact = true;
        var flip = isDescending ? ulong.MaxValue : 0;
        var nullPrefix = nullsFirst ? 0 : ulong.MaxValue;
        for (var start = 0; start < entries.Length; start += RowCountPerLook)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (ref var entry in entries.Slice(start, Math.Min(RowCountPerLook, entries.Length - start)))
            {
                var isNull = column.IsNull(entry.Row);
                // NULL shares its prefix with the least or the greatest value.
                entry.Prefix = isNull ? nullPrefix : TKey.Prefix(column.Get<T>(entry.Row), skip, ref isExact) ^ flip;
                isExact &= !isNull;
            }
        }

        return isExact;
    }
}

internal readonly struct NumberKey<T> : IKey<T>
    where T : unmanaged, INumber<T>
{
    private const ulong Sign = 1UL << 63;

    public static ulong Hash(T value) => Kernels.Hashing.HashValue(value);

    public static ulong Prefix(T value, int skip, ref bool isExact) => Prefix(value);

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
    public static ulong Hash(decimal value) => Kernels.Hashing.HashValue(value);

    // Rounding to the nearest double keeps the order, ties aside.
    public static ulong Prefix(decimal value, int skip, ref bool isExact)
    {
        isExact = false;
        return NumberKey<double>.Prefix((double)value);
    }
}

internal readonly struct GuidKey : IKey<Guid>
{
    public static ulong Hash(Guid value) => Kernels.Hashing.HashValue(value);

    public static ulong Prefix(Guid value, int skip, ref bool isExact)
    {
        isExact = false;
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}

internal readonly unsafe struct BytesKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value) => Kernels.Hashing.Hash(value.Span);

    public static int CommonLength(Column column, ReadOnlySpan<SortEntry> entries, CancellationToken cancellation)
    {
        var first = -1;
        var common = 0;
        for (var i = 0; i < entries.Length && (first < 0 || common > 0); i++)
        {
            var entry = entries[i];
            if (i % KeyComparer.RowCountPerLook == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            if (column.IsNull(entry.Row))
            {
                continue;
            }

            var value = column.Get<Bytes>(entry.Row).Span;
            if (first < 0)
            {
                (first, common) = (entry.Row, value.Length);
            }
            else
            {
                common = value.CommonPrefixLength(column.Get<Bytes>(first).Span[..common]);
            }
        }

        return common;
    }

    /// <summary>Seven bytes, then how many there are: a value of up to seven is told whole, since zeros that fill up come before longer values.</summary>
    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        const int Kept = 7;
        var length = value.Length - skip;
        var start = value.Pointer + skip;
        isExact &= length <= Kept;
        if (length > Kept)
        {
            return (System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(start, sizeof(ulong))) & ~0xFFUL) | (Kept + 1);
        }

        var prefix = (ulong)length;
        for (var i = 0; i < length; i++)
        {
            prefix |= (ulong)start[i] << (56 - (8 * i));
        }

        return prefix;
    }
}

/// <summary>Texts without regard to case, as keys.</summary>
internal readonly unsafe struct NoCaseKey : IKey<Bytes>
{
    private const int Kept = 7;

    public static ulong Hash(Bytes value) => Kernels.TextCase.Hash(value.Span);

    /// <summary>As <see cref="BytesKey"/>, of the folded text; its first bytes come from the first characters, of at most four bytes each.</summary>
    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        const int ReadMax = 4 * (Kept + 1);
        var start = value.Span;
        var isCut = start.Length > ReadMax;
        if (isCut)
        {
            var end = ReadMax;
            while ((start[end] & 0xC0) == 0x80)
            {
                end--;
            }

            start = start[..end];
        }

        Span<byte> folded = stackalloc byte[2 * ReadMax];
        var length = Kernels.TextCase.Fold(start, folded);
        fixed (byte* pointer = folded)
        {
            return BytesKey.Prefix(new Bytes(pointer, length), 0, ref isExact);
        }
    }
}

/// <summary>json as keys: 1.0 hashes as 1. Sorted by comparing alone.</summary>
internal readonly struct JsonKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value) => JsonOrder.Hash(value.Span);

    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        isExact = false;
        return 0;
    }
}

/// <summary>Vectors as keys: −0 hashes as +0, so bytes do not decide.</summary>
internal readonly struct VectorKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value)
    {
        var hash = (ulong)value.Length;
        foreach (var element in value.Floats)
        {
            hash = Kernels.Hashing.Combine(hash, Kernels.Hashing.HashValue(element));
        }

        return hash;
    }

    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        isExact = false;
        return value.Length == 0 ? 0 : NumberKey<float>.Prefix(value.Floats[0]);
    }
}

internal readonly struct HalfVectorKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value)
    {
        var hash = (ulong)value.Length;
        foreach (var element in HalfVectorOrder.ElementsOf(value))
        {
            hash = Kernels.Hashing.Combine(hash, Kernels.Hashing.HashValue((float)element));
        }

        return hash;
    }

    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        isExact = false;
        return value.Length == 0 ? 0 : NumberKey<float>.Prefix((float)HalfVectorOrder.ElementsOf(value)[0]);
    }
}

/// <summary>Sparse vectors as keys: equal ones are equal bytes. Sorted by comparing alone.</summary>
internal readonly struct SparseVectorKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value) => Kernels.Hashing.Hash(value.Span);

    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        isExact = false;
        return 0;
    }
}

/// <summary>Bit strings as keys: equal ones are equal bytes, but the last byte, which tells the length, has no part in the order of the others.</summary>
internal readonly unsafe struct BitsKey : IKey<Bytes>
{
    public static ulong Hash(Bytes value) => Kernels.Hashing.Hash(value.Span);

    public static ulong Prefix(Bytes value, int skip, ref bool isExact)
    {
        isExact = false;
        var isWhole = true;
        return BytesKey.Prefix(new Bytes(value.Pointer, Math.Max(value.Length - 1, 0)), 0, ref isWhole);
    }
}
