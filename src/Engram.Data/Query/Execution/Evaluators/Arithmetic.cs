using System.Numerics;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

// Integers and decimals overflow with an error (OverflowException, which StrictEvaluator turns into 22003); floats follow IEEE 754, so that 1.0 / 0 is
// infinite, as in .NET.
internal readonly struct Add<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, T b, ColumnBuffer memory) => checked(a + b);
}

internal readonly struct Subtract<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, T b, ColumnBuffer memory) => checked(a - b);
}

internal readonly struct Multiply<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, T b, ColumnBuffer memory) => checked(a * b);
}

/// <summary>Integers truncate towards zero.</summary>
internal readonly struct Divide<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, T b, ColumnBuffer memory)
    {
        var quotient = a / b;
        if (!IsTotal && T.IsNegative(a) && T.IsNegative(b) && T.IsNegative(quotient))
        {
            // Only the least value of a narrow integer by −1 comes out negative: .NET wraps it.
            throw new OverflowException();
        }

        return quotient;
    }
}

/// <summary>The remainder has the sign of the dividend.</summary>
internal readonly struct Modulo<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    // The processor traps on the least integer % −1, which is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, T b, ColumnBuffer memory)
        => !IsTotal && typeof(T) != typeof(decimal) && T.IsNegative(b) && b + T.One == T.Zero ? T.Zero : a % b;
}

internal readonly struct Negate<T> : IUnaryFunction<T, T>
    where T : unmanaged, INumber<T>
{
    public static bool IsTotal => typeof(T) == typeof(float) || typeof(T) == typeof(double);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, ColumnBuffer memory) => checked(-a);
}

internal readonly struct Identity<T> : IUnaryFunction<T, T>
    where T : unmanaged
{
    public static bool IsTotal => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Invoke(T a, ColumnBuffer memory) => a;
}

internal readonly struct Power : IBinaryFunction<double, double, double>
{
    public static bool IsTotal => true;

    public double Invoke(double a, double b, ColumnBuffer memory) => Math.Pow(a, b);
}

internal readonly struct BitAnd<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, T b, ColumnBuffer memory) => a & b;
}

internal readonly struct BitOr<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, T b, ColumnBuffer memory) => a | b;
}

internal readonly struct BitXor<T> : IBinaryFunction<T, T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, T b, ColumnBuffer memory) => a ^ b;
}

internal readonly struct BitNot<T> : IUnaryFunction<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, ColumnBuffer memory) => ~a;
}

/// <summary>The distance counts modulo the type's width, as the processor's shifts do.</summary>
internal readonly struct ShiftLeft<T> : IBinaryFunction<T, int, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, int b, ColumnBuffer memory) => a << (b & ((Unsafe.SizeOf<T>() * 8) - 1));
}

internal readonly struct ShiftRight<T> : IBinaryFunction<T, int, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static bool IsTotal => true;

    public T Invoke(T a, int b, ColumnBuffer memory) => a >> (b & ((Unsafe.SizeOf<T>() * 8) - 1));
}
