using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>Comparisons of columns of numbers that answer with a bitmap: bit i is set when row i satisfies the predicate.</summary>
/// <remarks>
/// Every call writes the first ⌈n / 64⌉ words of the bitmap whole: bits at and beyond n in the last one are zero, words after it stay as
/// they were. NULLs are the caller's: mask the result with the columns' null bits. Floating-point order is PostgreSQL's: NaN equals NaN
/// and is greater than every other value; −0 equals +0. T is any of the ten fixed-width number types, sbyte to double.
/// </remarks>
internal static class Compare
{
    /// <summary>values[i] <paramref name="kind"/> constant.</summary>
    public static void WithConstant<T>(ReadOnlySpan<T> values, T constant, ComparisonKind kind, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            CompareLoops<Width512>.WithConstant(values, constant, kind, bitmap);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            CompareLoops<Width256>.WithConstant(values, constant, kind, bitmap);
        }
        else
        {
            CompareLoops<Width128>.WithConstant(values, constant, kind, bitmap);
        }
    }

    /// <summary>left[i] <paramref name="kind"/> right[i]; the columns have the same length.</summary>
    public static void Columns<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, ComparisonKind kind, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            CompareLoops<Width512>.Columns(left, right, kind, bitmap);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            CompareLoops<Width256>.Columns(left, right, kind, bitmap);
        }
        else
        {
            CompareLoops<Width128>.Columns(left, right, kind, bitmap);
        }
    }

    /// <summary>low ≤ values[i] ≤ high; no bit is set when low is greater than high.</summary>
    public static void Range<T>(ReadOnlySpan<T> values, T lowInclusive, T highInclusive, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            CompareLoops<Width512>.Range(values, lowInclusive, highInclusive, bitmap);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            CompareLoops<Width256>.Range(values, lowInclusive, highInclusive, bitmap);
        }
        else
        {
            CompareLoops<Width128>.Range(values, lowInclusive, highInclusive, bitmap);
        }
    }

    /// <summary>One comparison, for single values.</summary>
    public static bool Test<T>(T left, T right, ComparisonKind kind)
        where T : unmanaged, INumber<T>
        => kind switch
        {
            ComparisonKind.Equal => Order(left, right) == 0,
            ComparisonKind.NotEqual => Order(left, right) != 0,
            ComparisonKind.Less => Order(left, right) < 0,
            ComparisonKind.LessOrEqual => Order(left, right) <= 0,
            ComparisonKind.Greater => Order(left, right) > 0,
            _ => Order(left, right) >= 0,
        };

    /// <summary>−1, 0 or 1: less, equal, greater, in the order of this class.</summary>
    public static int Order<T>(T left, T right)
        where T : unmanaged, INumber<T>
        => T.IsNaN(left) ? (T.IsNaN(right) ? 0 : 1)
            : T.IsNaN(right) || left < right ? -1
            : left > right ? 1 : 0;
}
