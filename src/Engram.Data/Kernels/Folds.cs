using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Engram.Data.Kernels;

/// <summary>What an aggregate keeps while values go by, 64 at a time.</summary>
internal unsafe interface IFold<T>
    where T : unmanaged
{
    /// <summary>The value that changes nothing: it stands in for NULLs and beyond the end.</summary>
    static abstract T Neutral { get; }

    /// <summary>Takes in 64 values.</summary>
    void Add(T* block);
}

/// <summary>The two loops of <see cref="Aggregates"/>, over any fold: whole columns, and selected rows.</summary>
/// <remarks>
/// Where all of 64 rows count they are taken from where they lie; else they are copied to a block in which the neutral value stands in.
/// </remarks>
internal static unsafe class FoldLoops<T, TFold>
    where T : unmanaged
    where TFold : struct, IFold<T>
{
    private const int BlockLength = 64;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ref TFold fold, ReadOnlySpan<T> values, ulong* nulls)
    {
        var copy = stackalloc T[BlockLength];
        var state = fold;
        fixed (T* start = values)
        {
            for (var i = 0; i < values.Length; i += BlockLength)
            {
                var nullWord = nulls == null ? 0 : nulls[i / BlockLength];
                var left = values.Length - i;
                if (left >= BlockLength && nullWord == 0)
                {
                    state.Add(start + i);
                }
                else if (nullWord != ulong.MaxValue)
                {
                    for (var j = 0; j < BlockLength; j++)
                    {
                        copy[j] = j < left && (nullWord >> j & 1) == 0 ? start[i + j] : TFold.Neutral;
                    }

                    state.Add(copy);
                }
            }
        }

        fold = state;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunSelected(ref TFold fold, ReadOnlySpan<T> values, ulong* nulls, ReadOnlySpan<ushort> selected)
    {
        var copy = stackalloc T[BlockLength];
        var state = fold;
        for (var i = 0; i < selected.Length; i += BlockLength)
        {
            var rows = selected[i..Math.Min(i + BlockLength, selected.Length)];
            for (var j = 0; j < rows.Length; j++)
            {
                var row = rows[j];
                copy[j] = nulls != null && (nulls[row >> 6] >> row & 1) != 0 ? TFold.Neutral : values[row];
            }

            for (var j = rows.Length; j < BlockLength; j++)
            {
                copy[j] = TFold.Neutral;
            }

            state.Add(copy);
        }

        fold = state;
    }
}

/// <summary>The least or the greatest of two values.</summary>
internal interface IExtreme
{
    static abstract T Neutral<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>;

    static abstract T Pick<T>(T x, T y)
        where T : unmanaged, INumber<T>;

    static abstract Vector<T> Pick<T>(Vector<T> x, Vector<T> y)
        where T : unmanaged, INumber<T>;
}

/// <summary>NaN is the greatest value, so the least passes it over; if nothing else comes, NaN it is.</summary>
internal readonly struct Least : IExtreme
{
    public static T Neutral<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => FloatingPoint<T>.Is ? T.CreateTruncating(double.NaN) : T.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Pick<T>(T x, T y)
        where T : unmanaged, INumber<T>
        => T.MinNumber(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Pick<T>(Vector<T> x, Vector<T> y)
        where T : unmanaged, INumber<T>
        => FloatingPoint<T>.Is ? Vector.MinNumber(x, y) : Vector.Min(x, y);
}

/// <summary>One NaN, and the greatest is NaN.</summary>
internal readonly struct Greatest : IExtreme
{
    public static T Neutral<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        => FloatingPoint<T>.Is ? T.CreateTruncating(double.NegativeInfinity) : T.MinValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Pick<T>(T x, T y)
        where T : unmanaged, INumber<T>
        => T.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<T> Pick<T>(Vector<T> x, Vector<T> y)
        where T : unmanaged, INumber<T>
        => Vector.Max(x, y);
}

/// <summary>The least or greatest value. Order does not matter to it, so the registers may be as wide as they are.</summary>
internal unsafe struct ExtremeFold<T, TExtreme>() : IFold<T>
    where T : unmanaged, INumber<T>, IMinMaxValue<T>
    where TExtreme : struct, IExtreme
{
    private Vector<T> even = new(Neutral);
    private Vector<T> odd = new(Neutral);

    public static T Neutral => TExtreme.Neutral<T>();

    /// <summary>Every NaN comes out as the one that <c>double.NaN</c> or <c>float.NaN</c> is.</summary>
    public readonly T Result
    {
        get
        {
            var both = TExtreme.Pick(even, odd);
            var result = both[0];
            for (var i = 1; i < Vector<T>.Count; i++)
            {
                result = TExtreme.Pick(result, both[i]);
            }

            return T.IsNaN(result) ? T.CreateTruncating(double.NaN) : result;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T* block)
    {
        // In locals, or the loop keeps them in memory. Should one register hold all 64 values, both see the same ones, which does no harm.
        var (x, y) = (even, odd);
        for (var i = 0; i < 64; i += 2 * Vector<T>.Count)
        {
            x = TExtreme.Pick(x, Vector.Load(block + i));
            y = TExtreme.Pick(y, Vector.Load(block + ((i + Vector<T>.Count) & 63)));
        }

        (even, odd) = (x, y);
    }
}

/// <summary>The exact sum of integers.</summary>
/// <remarks>
/// Up to 32 bits wide they are widened to 64 bits, where 2^31 of them cannot overflow. 64-bit integers are split: their low halves are
/// added up in one register and their high halves in another, signed ones shifted up by 2^63 beforehand so that both halves are unsigned.
/// </remarks>
internal unsafe struct SumFold<T> : IFold<T>
    where T : unmanaged, IBinaryInteger<T>
{
    private Vector<ulong> low;
    private Vector<ulong> high;
    private long shiftedCount;

    public static T Neutral => T.Zero;

    public readonly Int128 Result
    {
        get
        {
            Int128 sum = 0;
            for (var i = 0; i < Vector<ulong>.Count; i++)
            {
                sum += sizeof(T) < sizeof(long) ? (long)low[i] : low[i] + ((Int128)high[i] << 32);
            }

            return sum - ((Int128)shiftedCount << 63);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T* block)
    {
        var bias = new Vector<ulong>(typeof(T) == typeof(long) ? 1UL << 63 : 0);
        var (lows, highs) = (low, high);
        for (var i = 0; i < 64; i += Vector<T>.Count)
        {
            var values = Vector.Load(block + i);
            if (sizeof(T) < sizeof(long))
            {
                lows += Widen(values);
                continue;
            }

            var shifted = values.As<T, ulong>() ^ bias;
            lows += shifted & new Vector<ulong>(uint.MaxValue);
            highs += shifted >>> 32;
        }

        (low, high) = (lows, highs);

        shiftedCount += typeof(T) == typeof(long) ? 64 : 0;
    }

    /// <summary>The values added up into as many 64-bit elements as there are. A sum of two never overflows the width that it is formed in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Widen(Vector<T> values)
    {
        if (typeof(T) == typeof(sbyte))
        {
            Vector.Widen(values.As<T, sbyte>(), out var a, out var b);
            return Widen(a + b);
        }

        if (typeof(T) == typeof(byte))
        {
            Vector.Widen(values.As<T, byte>(), out var a, out var b);
            return Widen(a + b);
        }

        return typeof(T) == typeof(short) ? Widen(values.As<T, short>())
            : typeof(T) == typeof(ushort) ? Widen(values.As<T, ushort>())
            : typeof(T) == typeof(int) ? Widen(values.As<T, int>())
            : Widen(values.As<T, uint>());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Widen(Vector<short> values)
    {
        Vector.Widen(values, out var a, out var b);
        return Widen(a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Widen(Vector<ushort> values)
    {
        Vector.Widen(values, out var a, out var b);
        return Widen(a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Widen(Vector<int> values)
    {
        Vector.Widen(values, out var a, out var b);
        return (a + b).As<long, ulong>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ulong> Widen(Vector<uint> values)
    {
        Vector.Widen(values, out var a, out var b);
        return a + b;
    }
}

/// <summary>The sum of floats in sixteen float64 lanes, whose order is fixed (<see cref="ILanes{TSelf}"/>).</summary>
internal unsafe struct LaneSumFold<T, TLanes> : IFold<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private TLanes lanes;

    public static T Neutral => T.Zero;

    /// <summary>Every NaN comes out as <c>double.NaN</c>.</summary>
    public readonly double Result
    {
        get
        {
            var sum = TLanes.Sum(lanes);
            return double.IsNaN(sum) ? double.NaN : sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T* block)
    {
        for (var i = 0; i < 64; i += VectorScoreScalar.LaneCount)
        {
            lanes += typeof(T) == typeof(float) ? TLanes.Load((float*)block + i) : TLanes.Load((double*)block + i);
        }
    }
}
