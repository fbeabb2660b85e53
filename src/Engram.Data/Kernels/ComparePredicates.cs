using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engram.Data.Kernels;

/// <summary>A question about row i, and about as many rows from i on as a register holds (all bits of an element set: yes).</summary>
internal interface IPredicate<T>
    where T : unmanaged, INumber<T>
{
    bool Test(nint i);

    Vector128<T> Test128(nint i);

    Vector256<T> Test256(nint i);

    Vector512<T> Test512(nint i);
}

/// <summary>A column or a constant, as one side of a comparison.</summary>
internal interface IOperand<T>
    where T : unmanaged, INumber<T>
{
    T Load(nint i);

    Vector128<T> Load128(nint i);

    Vector256<T> Load256(nint i);

    Vector512<T> Load512(nint i);
}

internal readonly unsafe struct ColumnOperand<T>(T* values) : IOperand<T>
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load(nint i) => values[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<T> Load128(nint i) => Vector128.Load(values + i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<T> Load256(nint i) => Vector256.Load(values + i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<T> Load512(nint i) => Vector512.Load(values + i);
}

internal readonly struct ConstantOperand<T>(T value) : IOperand<T>
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load(nint i) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<T> Load128(nint i) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<T> Load256(nint i) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<T> Load512(nint i) => Vector512.Create(value);
}

/// <summary>Equality or order of two values. The other four comparisons swap the sides or invert the answer.</summary>
internal interface IComparison
{
    static abstract bool Test<T>(T left, T right)
        where T : unmanaged, INumber<T>;

    static abstract Vector128<T> Test<T>(Vector128<T> left, Vector128<T> right)
        where T : unmanaged, INumber<T>;

    static abstract Vector256<T> Test<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged, INumber<T>;

    static abstract Vector512<T> Test<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged, INumber<T>;
}

/// <summary>left = right, and NaN = NaN.</summary>
internal readonly struct EqualComparison : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T>(T left, T right)
        where T : unmanaged, INumber<T>
        => left == right || (T.IsNaN(left) && T.IsNaN(right));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Test<T>(Vector128<T> left, Vector128<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector128.Equals(left, right) | ~(Vector128.Equals(left, left) | Vector128.Equals(right, right))
            : Vector128.Equals(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Test<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector256.Equals(left, right) | ~(Vector256.Equals(left, left) | Vector256.Equals(right, right))
            : Vector256.Equals(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Test<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector512.Equals(left, right) | ~(Vector512.Equals(left, left) | Vector512.Equals(right, right))
            : Vector512.Equals(left, right);
}

/// <summary>left &lt; right, where NaN is greater than every number: left is a number, and not left ≥ right.</summary>
internal readonly struct LessComparison : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T>(T left, T right)
        where T : unmanaged, INumber<T>
        => !T.IsNaN(left) && !(left >= right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<T> Test<T>(Vector128<T> left, Vector128<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector128.AndNot(Vector128.Equals(left, left), Vector128.GreaterThanOrEqual(left, right))
            : Vector128.LessThan(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<T> Test<T>(Vector256<T> left, Vector256<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector256.AndNot(Vector256.Equals(left, left), Vector256.GreaterThanOrEqual(left, right))
            : Vector256.LessThan(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Test<T>(Vector512<T> left, Vector512<T> right)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is
            ? Vector512.AndNot(Vector512.Equals(left, left), Vector512.GreaterThanOrEqual(left, right))
            : Vector512.LessThan(left, right);
}

/// <summary>left compared with right.</summary>
internal readonly struct ComparisonPredicate<T, TComparison, TLeft, TRight>(TLeft left, TRight right) : IPredicate<T>
    where T : unmanaged, INumber<T>
    where TComparison : struct, IComparison
    where TLeft : struct, IOperand<T>
    where TRight : struct, IOperand<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Test(nint i) => TComparison.Test(left.Load(i), right.Load(i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<T> Test128(nint i) => TComparison.Test(left.Load128(i), right.Load128(i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<T> Test256(nint i) => TComparison.Test(left.Load256(i), right.Load256(i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<T> Test512(nint i) => TComparison.Test(left.Load512(i), right.Load512(i));
}

/// <summary>Neither below low nor above high.</summary>
internal readonly struct RangePredicate<T>(ColumnOperand<T> values, T low, T high) : IPredicate<T>
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Test(nint i) => !LessComparison.Test(values.Load(i), low) && !LessComparison.Test(high, values.Load(i));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<T> Test128(nint i)
    {
        var value = values.Load128(i);
        return ~(LessComparison.Test(value, Vector128.Create(low)) | LessComparison.Test(Vector128.Create(high), value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<T> Test256(nint i)
    {
        var value = values.Load256(i);
        return ~(LessComparison.Test(value, Vector256.Create(low)) | LessComparison.Test(Vector256.Create(high), value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<T> Test512(nint i)
    {
        var value = values.Load512(i);
        return ~(LessComparison.Test(value, Vector512.Create(low)) | LessComparison.Test(Vector512.Create(high), value));
    }
}

/// <summary>Whether T has NaN; a constant to the JIT.</summary>
internal static class FloatingPoint<T>
{
    public static bool Is
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(T) == typeof(float) || typeof(T) == typeof(double);
    }
}
