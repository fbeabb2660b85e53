using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>How wide the registers are that a predicate is tested in.</summary>
internal interface IWidth
{
    /// <summary>The answers for rows first to first + 63, one bit each.</summary>
    static abstract ulong TestWord<T, TPredicate>(TPredicate predicate, nint first)
        where T : unmanaged, INumber<T>
        where TPredicate : struct, IPredicate<T>;
}

internal readonly struct Width128 : IWidth
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TestWord<T, TPredicate>(TPredicate predicate, nint first)
        where T : unmanaged, INumber<T>
        where TPredicate : struct, IPredicate<T>
    {
        var word = 0UL;
        for (var i = 0; i < 64; i += Vector128<T>.Count)
        {
            word |= (ulong)predicate.Test128(first + i).ExtractMostSignificantBits() << i;
        }

        return word;
    }
}

internal readonly struct Width256 : IWidth
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TestWord<T, TPredicate>(TPredicate predicate, nint first)
        where T : unmanaged, INumber<T>
        where TPredicate : struct, IPredicate<T>
    {
        var word = 0UL;
        for (var i = 0; i < 64; i += Vector256<T>.Count)
        {
            word |= (ulong)predicate.Test256(first + i).ExtractMostSignificantBits() << i;
        }

        return word;
    }
}

internal readonly struct Width512 : IWidth
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong TestWord<T, TPredicate>(TPredicate predicate, nint first)
        where T : unmanaged, INumber<T>
        where TPredicate : struct, IPredicate<T>
    {
        var word = 0UL;
        for (var i = 0; i < 64; i += Vector512<T>.Count)
        {
            word |= predicate.Test512(first + i).ExtractMostSignificantBits() << i;
        }

        return word;
    }
}

/// <summary><see cref="Compare"/> at one width: the choice of the predicate, and the one loop that all share. Tests call it width by width.</summary>
internal static unsafe class CompareLoops<TWidth>
    where TWidth : struct, IWidth
{
    private const ulong AsIs = 0;
    private const ulong Inverted = ulong.MaxValue;

    public static void WithConstant<T>(ReadOnlySpan<T> values, T constant, ComparisonKind kind, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        fixed (T* pointer = values)
        {
            var (column, other, count) = (new ColumnOperand<T>(pointer), new ConstantOperand<T>(constant), values.Length);
            switch (kind)
            {
                case ComparisonKind.Equal: Run<T, EqualComparison, ColumnOperand<T>, ConstantOperand<T>>(column, other, count, bitmap, AsIs); break;
                case ComparisonKind.NotEqual: Run<T, EqualComparison, ColumnOperand<T>, ConstantOperand<T>>(column, other, count, bitmap, Inverted); break;
                case ComparisonKind.Less: Run<T, LessComparison, ColumnOperand<T>, ConstantOperand<T>>(column, other, count, bitmap, AsIs); break;
                case ComparisonKind.GreaterOrEqual: Run<T, LessComparison, ColumnOperand<T>, ConstantOperand<T>>(column, other, count, bitmap, Inverted); break;
                case ComparisonKind.Greater: Run<T, LessComparison, ConstantOperand<T>, ColumnOperand<T>>(other, column, count, bitmap, AsIs); break;
                case ComparisonKind.LessOrEqual: Run<T, LessComparison, ConstantOperand<T>, ColumnOperand<T>>(other, column, count, bitmap, Inverted); break;
                default: throw new UnreachableException();
            }
        }
    }

    public static void Columns<T>(ReadOnlySpan<T> left, ReadOnlySpan<T> right, ComparisonKind kind, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(right.Length, left.Length, nameof(right));
        fixed (T* leftPointer = left, rightPointer = right)
        {
            var (x, y, count) = (new ColumnOperand<T>(leftPointer), new ColumnOperand<T>(rightPointer), left.Length);
            switch (kind)
            {
                case ComparisonKind.Equal: Run<T, EqualComparison, ColumnOperand<T>, ColumnOperand<T>>(x, y, count, bitmap, AsIs); break;
                case ComparisonKind.NotEqual: Run<T, EqualComparison, ColumnOperand<T>, ColumnOperand<T>>(x, y, count, bitmap, Inverted); break;
                case ComparisonKind.Less: Run<T, LessComparison, ColumnOperand<T>, ColumnOperand<T>>(x, y, count, bitmap, AsIs); break;
                case ComparisonKind.GreaterOrEqual: Run<T, LessComparison, ColumnOperand<T>, ColumnOperand<T>>(x, y, count, bitmap, Inverted); break;
                case ComparisonKind.Greater: Run<T, LessComparison, ColumnOperand<T>, ColumnOperand<T>>(y, x, count, bitmap, AsIs); break;
                case ComparisonKind.LessOrEqual: Run<T, LessComparison, ColumnOperand<T>, ColumnOperand<T>>(y, x, count, bitmap, Inverted); break;
                default: throw new UnreachableException();
            }
        }
    }

    public static void Range<T>(ReadOnlySpan<T> values, T lowInclusive, T highInclusive, Span<ulong> bitmap)
        where T : unmanaged, INumber<T>
    {
        fixed (T* pointer = values)
        {
            Run<T, RangePredicate<T>>(new(new(pointer), lowInclusive, highInclusive), values.Length, bitmap, AsIs);
        }
    }

    private static void Run<T, TComparison, TLeft, TRight>(TLeft left, TRight right, int count, Span<ulong> bitmap, ulong inversion)
        where T : unmanaged, INumber<T>
        where TComparison : struct, IComparison
        where TLeft : struct, IOperand<T>
        where TRight : struct, IOperand<T>
        => Run<T, ComparisonPredicate<T, TComparison, TLeft, TRight>>(new(left, right), count, bitmap, inversion);

    /// <summary>The one loop: whole words in registers, then what is left row by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T, TPredicate>(TPredicate predicate, int count, Span<ulong> bitmap, ulong inversion)
        where T : unmanaged, INumber<T>
        where TPredicate : struct, IPredicate<T>
    {
        bitmap = bitmap[..Bits.WordCount(count)];
        var whole = count / 64;
        for (var i = 0; i < whole; i++)
        {
            bitmap[i] = TWidth.TestWord<T, TPredicate>(predicate, (nint)i * 64) ^ inversion;
        }

        if (whole < bitmap.Length)
        {
            var last = 0UL;
            for (var i = whole * 64; i < count; i++)
            {
                last |= (predicate.Test(i) ? 1UL : 0) << i;
            }

            bitmap[whole] = (last ^ inversion) & ((1UL << count) - 1);
        }
    }
}
