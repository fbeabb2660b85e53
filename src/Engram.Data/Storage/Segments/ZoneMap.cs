using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Storage.Segments;

/// <summary>What is known of a column's block without reading it.</summary>
/// <remarks>
/// Values are ordered as the comparison kernels order them: NaN equals NaN and is the greatest, −0 equals +0. A uuid has least and
/// greatest too, in an order of this file's own, and so only equality is judged by them. Types of variable length have none.
/// </remarks>
internal readonly struct ZoneMap
{
    private readonly RawValue min;
    private readonly RawValue max;

    public ZoneMap(DataType type, int rowCount, in BlockEntry entry)
        : this(type, rowCount, entry.NullCount, (entry.Flags & BlockFlags.HasMinMax) != 0, entry.Min, entry.Max)
    {
    }

    private ZoneMap(DataType type, int rowCount, int nullCount, bool hasMinMax, RawValue min, RawValue max)
    {
        (Type, RowCount, NullCount, HasMinMax, this.min, this.max) = (type, rowCount, nullCount, hasMinMax, min, max);
    }

    public DataType Type { get; }

    public int RowCount { get; }

    public int NullCount { get; }

    public bool HasNulls => NullCount != 0;

    public bool IsAllNull => NullCount == RowCount;

    public bool HasMinMax { get; }

    /// <summary>What is known of a block in which all rows have one value.</summary>
    public static unsafe ZoneMap OfConstant(Column value, int rowCount)
    {
        var hasMinMax = TryCompute(value.Type, value.Data, null, 1, out var min, out var max);
        return new ZoneMap(value.Type, rowCount, 0, hasMinMax, min, max);
    }

    public static ZoneMap OfNulls(DataType type, int rowCount) => new(type, rowCount, rowCount, false, default, default);

    /// <summary>The same in the type that the values are read in.</summary>
    public unsafe ZoneMap Widen(DataType to)
    {
        if (to.Kind == Type.Kind || !HasMinMax)
        {
            return new ZoneMap(to, RowCount, NullCount, HasMinMax && to.Kind == Type.Kind, min, max);
        }

        var (least, greatest) = (default(RawValue), default(RawValue));
        fixed (RawValue* from = &min)
        {
            Widening.ConvertOne(Type, from, to, &least);
        }

        fixed (RawValue* from = &max)
        {
            Widening.ConvertOne(Type, from, to, &greatest);
        }

        return new ZoneMap(to, RowCount, NullCount, true, least, greatest);
    }

    /// <summary>The least value that is not NULL; only with <see cref="HasMinMax"/>, and T the type's physical type.</summary>
    public T Min<T>()
        where T : unmanaged
        => min.As<T>();

    public T Max<T>()
        where T : unmanaged
        => max.As<T>();

    /// <summary>Whether some row of the block may satisfy <c>column op value</c>. False is certain; true is a maybe.</summary>
    /// <param name="value">One row, not NULL, of the column's type; of another type nothing is left out.</param>
    public bool CanMatch(ZoneComparison comparison, Column value)
    {
        if (IsAllNull)
        {
            // A comparison with NULL is never true.
            return false;
        }

        if (!HasMinMax || value.Type.Kind != Type.Kind || value.IsNull(0))
        {
            return true;
        }

        return Type.Physical switch
        {
            PhysicalType.Byte => CanMatch(comparison, value.Get<byte>(0)),
            PhysicalType.SByte => CanMatch(comparison, value.Get<sbyte>(0)),
            PhysicalType.Int16 => CanMatch(comparison, value.Get<short>(0)),
            PhysicalType.UInt16 => CanMatch(comparison, value.Get<ushort>(0)),
            PhysicalType.Int32 => CanMatch(comparison, value.Get<int>(0)),
            PhysicalType.UInt32 => CanMatch(comparison, value.Get<uint>(0)),
            PhysicalType.Int64 => CanMatch(comparison, value.Get<long>(0)),
            PhysicalType.UInt64 => CanMatch(comparison, value.Get<ulong>(0)),
            PhysicalType.Single => CanMatch(comparison, value.Get<float>(0)),
            PhysicalType.Double => CanMatch(comparison, value.Get<double>(0)),
            PhysicalType.Decimal => CanMatchComparable(comparison, value.Get<decimal>(0)),
            PhysicalType.Guid => comparison != ZoneComparison.Equal || CanMatchComparable(comparison, value.Get<Guid>(0)),
            _ => true,
        };
    }

    /// <summary>Finds the least and greatest of the values that are not NULL; false when there are none, or the type has no order here.</summary>
    public static unsafe bool TryCompute(DataType type, void* values, ulong* nulls, int count, out RawValue min, out RawValue max)
    {
        min = default;
        max = default;
        return type.Physical switch
        {
            PhysicalType.Byte => TryCompute<byte>(values, nulls, count, ref min, ref max),
            PhysicalType.SByte => TryCompute<sbyte>(values, nulls, count, ref min, ref max),
            PhysicalType.Int16 => TryCompute<short>(values, nulls, count, ref min, ref max),
            PhysicalType.UInt16 => TryCompute<ushort>(values, nulls, count, ref min, ref max),
            PhysicalType.Int32 => TryCompute<int>(values, nulls, count, ref min, ref max),
            PhysicalType.UInt32 => TryCompute<uint>(values, nulls, count, ref min, ref max),
            PhysicalType.Int64 => TryCompute<long>(values, nulls, count, ref min, ref max),
            PhysicalType.UInt64 => TryCompute<ulong>(values, nulls, count, ref min, ref max),
            PhysicalType.Single => TryCompute<float>(values, nulls, count, ref min, ref max),
            PhysicalType.Double => TryCompute<double>(values, nulls, count, ref min, ref max),
            PhysicalType.Decimal => TryComputeComparable((decimal*)values, nulls, count, ref min, ref max),
            PhysicalType.Guid => TryComputeComparable((Guid*)values, nulls, count, ref min, ref max),
            _ => false,
        };
    }

    private bool CanMatch<T>(ZoneComparison comparison, T value)
        where T : unmanaged, INumber<T>
        => comparison switch
        {
            ZoneComparison.Equal => Compare.Test(Min<T>(), value, ComparisonKind.LessOrEqual) && Compare.Test(Max<T>(), value, ComparisonKind.GreaterOrEqual),
            ZoneComparison.Less => Compare.Test(Min<T>(), value, ComparisonKind.Less),
            ZoneComparison.LessOrEqual => Compare.Test(Min<T>(), value, ComparisonKind.LessOrEqual),
            ZoneComparison.Greater => Compare.Test(Max<T>(), value, ComparisonKind.Greater),
            ZoneComparison.GreaterOrEqual => Compare.Test(Max<T>(), value, ComparisonKind.GreaterOrEqual),
            _ => true,
        };

    private bool CanMatchComparable<T>(ZoneComparison comparison, T value)
        where T : unmanaged, IComparable<T>
        => comparison switch
        {
            ZoneComparison.Equal => Min<T>().CompareTo(value) <= 0 && Max<T>().CompareTo(value) >= 0,
            ZoneComparison.Less => Min<T>().CompareTo(value) < 0,
            ZoneComparison.LessOrEqual => Min<T>().CompareTo(value) <= 0,
            ZoneComparison.Greater => Max<T>().CompareTo(value) > 0,
            ZoneComparison.GreaterOrEqual => Max<T>().CompareTo(value) >= 0,
            _ => true,
        };

    private static unsafe bool TryCompute<T>(void* values, ulong* nulls, int count, ref RawValue min, ref RawValue max)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        var span = new ReadOnlySpan<T>(values, count);
        if (!Aggregates.TryMin(span, nulls, out var least) || !Aggregates.TryMax(span, nulls, out var greatest))
        {
            return false;
        }

        min = RawValue.Of(least);
        max = RawValue.Of(greatest);
        return true;
    }

    private static unsafe bool TryComputeComparable<T>(T* values, ulong* nulls, int count, ref RawValue min, ref RawValue max)
        where T : unmanaged, IComparable<T>
    {
        var found = false;
        T least = default;
        T greatest = default;
        for (var i = 0; i < count; i++)
        {
            if (nulls == null || (nulls[i >> 6] >> (i & 63) & 1) == 0)
            {
                least = !found || values[i].CompareTo(least) < 0 ? values[i] : least;
                greatest = !found || values[i].CompareTo(greatest) > 0 ? values[i] : greatest;
                found = true;
            }
        }

        min = RawValue.Of(least);
        max = RawValue.Of(greatest);
        return found;
    }
}
