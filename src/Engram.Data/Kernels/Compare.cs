using System.Numerics;

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
        bitmap[..((values.Length + 63) / 64)].Clear();
        for (var i = 0; i < values.Length; i++)
        {
            bitmap[i >> 6] |= (Test(values[i], constant, kind) ? 1UL : 0) << i;
        }
    }

    /// <summary>left[i] <paramref name="kind"/> right[i]; the columns have the same length.</summary>
    public static void Columns<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, ComparisonKind kind, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        bitmap[..((left.Length + 63) / 64)].Clear();
        for (var i = 0; i < left.Length; i++)
        {
            bitmap[i >> 6] |= (Test(left[i], right[i], kind) ? 1UL : 0) << i;
        }
    }

    /// <summary>low ≤ values[i] ≤ high.</summary>
    public static void Range<T>(ReadOnlySpan<T> values, T lowInclusive, T highInclusive, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        bitmap[..((values.Length + 63) / 64)].Clear();
        for (var i = 0; i < values.Length; i++)
        {
            var within = Test(values[i], lowInclusive, ComparisonKind.GreaterOrEqual) && Test(values[i], highInclusive, ComparisonKind.LessOrEqual);
            bitmap[i >> 6] |= (within ? 1UL : 0) << i;
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
