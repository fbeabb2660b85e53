using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>Aggregates of columns of numbers, over all rows or over selected ones; NULLs do not count.</summary>
/// <remarks>
/// <para><c>nulls</c> is one bit a row, set = NULL, in 64-bit words, or null when nothing is NULL; bits beyond the rows may be anything.
/// <c>selected</c> holds rows of the column.</para>
/// <para>The sum of no rows is 0 and the extreme of none is not found: SQL's NULL for them is the caller's, by the count. Results for
/// float32 and float64 have equal bits on every machine for equal input; NaN comes out as the canonical one.</para>
/// </remarks>
internal static unsafe class Aggregates
{
    /// <summary>Rows of the first <paramref name="count"/> that are not NULL.</summary>
    public static int CountNonNull(ulong* nulls, int count)
        => nulls == null ? count : count - Bits.PopCount(new ReadOnlySpan<ulong>(nulls, Bits.WordCount(count)), count);

    /// <summary>Selected rows that are not NULL.</summary>
    public static int CountNonNull(ulong* nulls, ReadOnlySpan<ushort> selected)
    {
        if (nulls == null)
        {
            return selected.Length;
        }

        var found = selected.Length;
        foreach (var row in selected)
        {
            found -= (int)(nulls[row >> 6] >> row & 1);
        }

        return found;
    }

    /// <summary>The exact sum of integers.</summary>
    public static Int128 SumInteger<T>(ReadOnlySpan<T> values, ulong* nulls)
        where T : unmanaged, IBinaryInteger<T>
    {
        var fold = default(SumFold<T>);
        FoldLoops<T, SumFold<T>>.Run(ref fold, values, nulls);
        return fold.Result;
    }

    /// <summary>The exact sum of the integers in selected rows.</summary>
    public static Int128 SumInteger<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
        where T : unmanaged, IBinaryInteger<T>
    {
        var fold = default(SumFold<T>);
        FoldLoops<T, SumFold<T>>.RunSelected(ref fold, values, nulls, selected);
        return fold.Result;
    }

    /// <summary>The sum of floats or doubles in float64: the value of row i is added to lane i mod 16, then the lanes by the tree of the defined score.</summary>
    /// <remarks>Float32 values are widened first, which is exact. Overflow gives an infinity; what that means is the caller's to say.</remarks>
    public static double SumDouble<T>(ReadOnlySpan<T> values, ulong* nulls)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Vector512.IsHardwareAccelerated ? SumDouble<T, Lanes512>(values, nulls)
            : Vector256.IsHardwareAccelerated ? SumDouble<T, Lanes256>(values, nulls)
            : SumDouble<T, Lanes128>(values, nulls);

    /// <summary>The same over selected rows, where the place i in <paramref name="selected"/>, not the row, says the lane.</summary>
    public static double SumDouble<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Vector512.IsHardwareAccelerated ? SumDouble<T, Lanes512>(values, nulls, selected)
            : Vector256.IsHardwareAccelerated ? SumDouble<T, Lanes256>(values, nulls, selected)
            : SumDouble<T, Lanes128>(values, nulls, selected);

    /// <summary>The sum at one width; tests call it width by width.</summary>
    public static double SumDouble<T, TLanes>(ReadOnlySpan<T> values, ulong* nulls)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var fold = default(LaneSumFold<T, TLanes>);
        FoldLoops<T, LaneSumFold<T, TLanes>>.Run(ref fold, values, nulls);
        return fold.Result;
    }

    public static double SumDouble<T, TLanes>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var fold = default(LaneSumFold<T, TLanes>);
        FoldLoops<T, LaneSumFold<T, TLanes>>.RunSelected(ref fold, values, nulls, selected);
        return fold.Result;
    }

    /// <summary>The least value that is not NULL; false when there is none. NaN is greater than every number, −0 counts below +0.</summary>
    public static bool TryMin<T>(ReadOnlySpan<T> values, ulong* nulls, out T min)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => TryExtreme<T, Least>(values, nulls, out min);

    public static bool TryMin<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected, out T min)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => TryExtreme<T, Least>(values, nulls, selected, out min);

    /// <summary>The greatest value that is not NULL; false when there is none. NaN is greater than every number, −0 counts below +0.</summary>
    public static bool TryMax<T>(ReadOnlySpan<T> values, ulong* nulls, out T max)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => TryExtreme<T, Greatest>(values, nulls, out max);

    public static bool TryMax<T>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected, out T max)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => TryExtreme<T, Greatest>(values, nulls, selected, out max);

    private static bool TryExtreme<T, TExtreme>(ReadOnlySpan<T> values, ulong* nulls, out T extreme)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        where TExtreme : struct, IExtreme
    {
        var fold = new ExtremeFold<T, TExtreme>();
        FoldLoops<T, ExtremeFold<T, TExtreme>>.Run(ref fold, values, nulls);
        var found = CountNonNull(nulls, values.Length) > 0;
        extreme = found ? fold.Result : default;
        return found;
    }

    private static bool TryExtreme<T, TExtreme>(ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected, out T extreme)
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        where TExtreme : struct, IExtreme
    {
        var fold = new ExtremeFold<T, TExtreme>();
        FoldLoops<T, ExtremeFold<T, TExtreme>>.RunSelected(ref fold, values, nulls, selected);
        var found = CountNonNull(nulls, selected) > 0;
        extreme = found ? fold.Result : default;
        return found;
    }
}
