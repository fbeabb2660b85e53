using System.Numerics;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>The total order of one physical type, as a struct, so that loops are compiled for it.</summary>
internal interface IOrder<T>
    where T : unmanaged
{
    static abstract bool AreEqual(T a, T b);

    /// <summary>Below, at or above zero.</summary>
    static abstract int Compare(T a, T b);
}

/// <summary>Numbers; NaN is greater than all others and equal to itself.</summary>
internal readonly struct NumberOrder<T> : IOrder<T>
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(T a, T b) => a == b || (T.IsNaN(a) && T.IsNaN(b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Compare(T a, T b) => Kernels.Compare.Order(a, b);
}

/// <summary>By the first byte that differs, which for UTF-8 is the order of code points.</summary>
internal readonly struct BytesOrder : IOrder<Bytes>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(Bytes a, Bytes b) => a.Length == b.Length && a.Span.SequenceEqual(b.Span);

    public static int Compare(Bytes a, Bytes b) => a.Span.SequenceCompareTo(b.Span);
}

/// <summary>Texts without regard to case.</summary>
internal readonly struct NoCaseOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => TextCase.AreEqual(a.Span, b.Span);

    public static int Compare(Bytes a, Bytes b) => TextCase.Compare(a.Span, b.Span);
}

/// <summary>json by value.</summary>
internal readonly struct JsonValueOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => JsonOrder.AreEqual(a.Span, b.Span);

    public static int Compare(Bytes a, Bytes b) => JsonOrder.Compare(a.Span, b.Span);
}

/// <summary>Vectors: element by element, then the shorter first. −0 equals +0.</summary>
internal readonly struct VectorOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => a.Length == b.Length && a.Floats.SequenceEqual(b.Floats);

    public static int Compare(Bytes a, Bytes b) => a.Floats.SequenceCompareTo(b.Floats);
}

/// <summary>halfvec: element by element, as numbers.</summary>
internal readonly struct HalfVectorOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => a.Length == b.Length && ElementsOf(a).SequenceEqual(ElementsOf(b));

    public static int Compare(Bytes a, Bytes b) => ElementsOf(a).SequenceCompareTo(ElementsOf(b));

    public static ReadOnlySpan<Half> ElementsOf(Bytes value) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(value.Span);
}

/// <summary>sparsevec: as the vectors with all their elements.</summary>
internal readonly struct SparseVectorOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => BytesOrder.AreEqual(a, b);

    public static int Compare(Bytes a, Bytes b) => SparseValue.Compare(a.Span, b.Span);
}

/// <summary>Bit strings: by the first bit that differs, then the shorter first.</summary>
internal readonly struct BitsOrder : IOrder<Bytes>
{
    public static bool AreEqual(Bytes a, Bytes b) => BytesOrder.AreEqual(a, b);

    public static int Compare(Bytes a, Bytes b) => BitString.Compare(a.Span, b.Span);
}

internal readonly struct GuidOrder : IOrder<Guid>
{
    public static bool AreEqual(Guid a, Guid b) => a == b;

    public static int Compare(Guid a, Guid b) => a.CompareTo(b);
}

internal interface IComparison
{
    static abstract bool Test<T, TOrder>(T a, T b)
        where T : unmanaged
        where TOrder : struct, IOrder<T>;
}

internal readonly struct IsEqual : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T, TOrder>(T a, T b)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        => TOrder.AreEqual(a, b);
}

internal readonly struct IsNotEqual : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T, TOrder>(T a, T b)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        => !TOrder.AreEqual(a, b);
}

internal readonly struct IsLess : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T, TOrder>(T a, T b)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        => TOrder.Compare(a, b) < 0;
}

internal readonly struct IsLessOrEqual : IComparison
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test<T, TOrder>(T a, T b)
        where T : unmanaged
        where TOrder : struct, IOrder<T>
        => TOrder.Compare(a, b) <= 0;
}

/// <summary>A comparison as a function of two arguments.</summary>
internal readonly struct Comparison<T, TOrder, TComparison> : IBinaryFunction<T, T, byte>
    where T : unmanaged
    where TOrder : struct, IOrder<T>
    where TComparison : struct, IComparison
{
    public static bool IsTotal => typeof(T) != typeof(Bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Invoke(T a, T b, ColumnBuffer memory) => TComparison.Test<T, TOrder>(a, b) ? (byte)1 : (byte)0;
}
