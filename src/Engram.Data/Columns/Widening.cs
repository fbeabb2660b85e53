using System.Numerics;

namespace Engram.Data.Columns;

/// <summary>Conversions that cannot fail and lose nothing: how values that were stored in a narrower type are read in the wider one that their column has now.</summary>
/// <remarks>
/// <para>Every value converts as <c>CAST</c> converts it, and a &lt; b before is a &lt; b after: so least and greatest values of blocks convert too, and what was unique stays so.</para>
/// <code>
/// tinyint … bigint, utinyint … ubigint   to a wider integer that holds all of its values
/// real                                   to double precision
/// numeric(p,s)                           to numeric(p2,s2) with more digits behind the point and no fewer before it
/// </code>
/// <para>Where the bytes stay the same (longer texts, more digits before the point), nothing is converted: <see cref="IsSameInMemory"/>.</para>
/// </remarks>
internal static unsafe class Widening
{
    /// <summary>Whether every value of one type is, byte for byte, a value of the other, which holds at least as many.</summary>
    public static bool IsSameInMemory(DataType from, DataType to)
        => from == to || (from.Kind == to.Kind && from.Kind switch
        {
            TypeKind.Text => to.Size == 0 || (from.Size != 0 && from.Size <= to.Size),
            TypeKind.Decimal => to.Size == 0 || (from.Size != 0 && Digits(from) <= Digits(to) && Math.Max(from.Scale, 0) == Math.Max(to.Scale, 0)),
            _ => false,
        });

    /// <summary>Whether values are read in the other type by <see cref="Convert"/>.</summary>
    public static bool Exists(DataType from, DataType to) => (from.Kind, to.Kind) switch
    {
        (TypeKind.Int8, TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64) => true,
        (TypeKind.Int16, TypeKind.Int32 or TypeKind.Int64) => true,
        (TypeKind.Int32, TypeKind.Int64) => true,
        (TypeKind.UInt8, TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64 or TypeKind.UInt16 or TypeKind.UInt32 or TypeKind.UInt64) => true,
        (TypeKind.UInt16, TypeKind.Int32 or TypeKind.Int64 or TypeKind.UInt32 or TypeKind.UInt64) => true,
        (TypeKind.UInt32, TypeKind.Int64 or TypeKind.UInt64) => true,
        (TypeKind.Single, TypeKind.Double) => true,
        // 28 is what System.Decimal holds of any digits.
        (TypeKind.Decimal, TypeKind.Decimal) => from.Size != 0 && to.Size is > 0 and <= 28 && from.Scale >= 0 && to.Scale > from.Scale && Digits(from) <= Digits(to),
        _ => false,
    };

    /// <summary>Shows a column in a wider type.</summary>
    /// <param name="source">Of a type from which <see cref="Exists"/> or <see cref="IsSameInMemory"/> leads to the target's.</param>
    /// <param name="rowCount">Rows of the block.</param>
    /// <param name="needed">The rows that will be read; null for all.</param>
    /// <param name="memory">Of the wider type; refilled.</param>
    /// <param name="target">Becomes a view of the values in <paramref name="memory"/>, and of the NULLs where they are.</param>
    public static void Convert(Column source, int rowCount, Selection? needed, ColumnBuffer memory, Column target)
    {
        if (IsSameInMemory(source.Type, memory.Type))
        {
            target.SetView(source);
            target.Type = memory.Type;
            return;
        }

        memory.Clear();
        var count = source.IsConstant ? 1 : rowCount;
        memory.Reserve(Math.Max(count, 1));
        var values = memory.Column.Data;
        if (source.Type.Kind == TypeKind.Decimal)
        {
            Pad(source, (decimal*)values, memory.Type.Scale, count, source.IsConstant ? null : needed);
        }
        else
        {
            Copy(source.Type, source.Data, memory.Type, values, count);
        }

        target.Type = memory.Type;
        target.Data = values;
        target.Nulls = source.Nulls;
        target.Offsets = null;
        target.Owner = source.Owner;
        target.IsConstant = source.IsConstant;
    }

    /// <summary>One number that is not a numeric.</summary>
    public static void ConvertOne(DataType from, void* value, DataType to, void* target) => Copy(from, value, to, target, 1);

    private static void Copy(DataType from, void* values, DataType to, void* target, int count)
    {
        switch (from.Kind)
        {
            case TypeKind.Int8: FromInteger((sbyte*)values, target, to.Kind, count); break;
            case TypeKind.Int16: FromInteger((short*)values, target, to.Kind, count); break;
            case TypeKind.Int32: FromInteger((int*)values, target, to.Kind, count); break;
            case TypeKind.UInt8: FromInteger((byte*)values, target, to.Kind, count); break;
            case TypeKind.UInt16: FromInteger((ushort*)values, target, to.Kind, count); break;
            case TypeKind.UInt32: FromInteger((uint*)values, target, to.Kind, count); break;
            case TypeKind.Single: Copy((float*)values, (double*)target, count); break;
            default: throw Error.Internal($"type {from} is read as {to}");
        }
    }

    private static int Digits(DataType type) => type.Size - Math.Max(type.Scale, 0);

    private static void FromInteger<T>(T* from, void* to, TypeKind kind, int count)
        where T : unmanaged, INumberBase<T>
    {
        switch (kind)
        {
            case TypeKind.Int16: Copy(from, (short*)to, count); break;
            case TypeKind.Int32: Copy(from, (int*)to, count); break;
            case TypeKind.Int64: Copy(from, (long*)to, count); break;
            case TypeKind.UInt16: Copy(from, (ushort*)to, count); break;
            case TypeKind.UInt32: Copy(from, (uint*)to, count); break;
            default: Copy(from, (ulong*)to, count); break;
        }
    }

    private static void Copy<TFrom, TTo>(TFrom* from, TTo* to, int count)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        for (var i = 0; i < count; i++)
        {
            to[i] = TTo.CreateTruncating(from[i]);
        }
    }

    /// <summary>Writes the digits out that numeric(p,s) has behind the point. Bytes that lie under a NULL, or that nobody wants, need not be a decimal.</summary>
    private static void Pad(Column source, decimal* to, int scale, int count, Selection? needed)
    {
        var zero = new decimal(0, 0, 0, false, (byte)scale);
        var rows = needed is null ? count : needed.Count;
        for (var i = 0; i < rows; i++)
        {
            var row = needed is null ? i : needed.Rows[i];
            to[row] = source.IsNull(row) ? zero : source.Get<decimal>(row) + zero;
        }
    }
}
