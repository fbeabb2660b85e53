using System.Numerics;

namespace Engram.Data.Kernels;

/// <summary>Aggregates of columns of numbers, over all rows or over selected ones; NULLs do not count.</summary>
/// <remarks><c>nulls</c> is one bit a row, set = NULL, in 64-bit words, or null when nothing is NULL.</remarks>
internal static unsafe class Aggregates
{
    /// <summary>Rows of the first <paramref name="count"/> that are not NULL.</summary>
    public static int CountNonNull(ulong* nulls, int count)
    {
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            found += IsNull(nulls, i) ? 0 : 1;
        }

        return found;
    }

    /// <summary>Selected rows that are not NULL.</summary>
    public static int CountNonNull(ulong* nulls, ReadOnlySpan<ushort> selected)
    {
        var found = 0;
        foreach (var row in selected)
        {
            found += IsNull(nulls, row) ? 0 : 1;
        }

        return found;
    }

    /// <summary>The exact sum of integers.</summary>
    public static Int128 SumInteger<T>(ReadOnlySpan<T> values, ulong* nulls)
        where T : unmanaged, IBinaryInteger<T>
    {
        Int128 sum = 0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += IsNull(nulls, i) ? 0 : Int128.CreateTruncating(values[i]);
        }

        return sum;
    }

    /// <summary>The exact sum of the integers in selected rows.</summary>
    public static Int128 SumInteger<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
        where T : unmanaged, IBinaryInteger<T>
    {
        Int128 sum = 0;
        foreach (var row in selected)
        {
            sum += IsNull(nulls, row) ? 0 : Int128.CreateTruncating(values[row]);
        }

        return sum;
    }

    /// <summary>The sum of floats or doubles in float64: the value at place i is added to lane i mod 16, then the lanes by the tree of the defined score.</summary>
    public static double SumDouble<T>(ReadOnlySpan<T> values, ulong* nulls)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var lanes = stackalloc double[VectorScoreScalar.LaneCount];
        for (var i = 0; i < values.Length; i++)
        {
            lanes[i % VectorScoreScalar.LaneCount] += IsNull(nulls, i) ? 0 : double.CreateTruncating(values[i]);
        }

        return VectorScoreScalar.AddLanes(lanes);
    }

    /// <summary>The same over selected rows, where the place i is that in <paramref name="selected"/>.</summary>
    public static double SumDouble<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var lanes = stackalloc double[VectorScoreScalar.LaneCount];
        for (var i = 0; i < selected.Length; i++)
        {
            lanes[i % VectorScoreScalar.LaneCount] += IsNull(nulls, selected[i]) ? 0 : double.CreateTruncating(values[selected[i]]);
        }

        return VectorScoreScalar.AddLanes(lanes);
    }

    /// <summary>The least value that is not NULL; false when there is none. NaN is greater than every number, −0 counts below +0.</summary>
    public static bool TryMin<T>(ReadOnlySpan<T> values, ulong* nulls, out T min)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        var found = false;
        min = default;
        for (var i = 0; i < values.Length; i++)
        {
            if (!IsNull(nulls, i))
            {
                min = found ? T.MinNumber(min, values[i]) : values[i];
                found = true;
            }
        }

        return found;
    }

    public static bool TryMin<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected, out T min)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        var found = false;
        min = default;
        foreach (var row in selected)
        {
            if (!IsNull(nulls, row))
            {
                min = found ? T.MinNumber(min, values[row]) : values[row];
                found = true;
            }
        }

        return found;
    }

    /// <summary>The greatest value that is not NULL; false when there is none. NaN is greater than every number, −0 counts below +0.</summary>
    public static bool TryMax<T>(ReadOnlySpan<T> values, ulong* nulls, out T max)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        var found = false;
        max = default;
        for (var i = 0; i < values.Length; i++)
        {
            if (!IsNull(nulls, i))
            {
                max = found ? T.Max(max, values[i]) : values[i];
                found = true;
            }
        }

        return found;
    }

    public static bool TryMax<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected, out T max)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        var found = false;
        max = default;
        foreach (var row in selected)
        {
            if (!IsNull(nulls, row))
            {
                max = found ? T.Max(max, values[row]) : values[row];
                found = true;
            }
        }

        return found;
    }

    private static bool IsNull(ulong* nulls, int row) => nulls != null && (nulls[row >> 6] >> row & 1) != 0;
}
