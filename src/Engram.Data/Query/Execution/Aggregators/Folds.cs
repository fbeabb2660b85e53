using System.Numerics;
using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>A sum with the number of values in it.</summary>
internal struct Sum<T>
    where T : unmanaged
{
    public T Total;
    public long Count;
}

/// <summary>Integers add up exactly in 128 bits; <typeparamref name="TEnd"/> says what becomes of the sum.</summary>
internal readonly struct IntegerSum<T, TEnd> : IFold<T, Sum<Int128>>
    where T : unmanaged, IBinaryInteger<T>
    where TEnd : struct, ISumEnd<Int128>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref Sum<Int128> state, T value)
    {
        state.Total += Int128.CreateTruncating(value);
        state.Count++;
    }

    public static void Merge(ref Sum<Int128> state, in Sum<Int128> later)
    {
        state.Total += later.Total;
        state.Count += later.Count;
    }

    public static void Append(in Sum<Int128> state, ColumnBuffer target) => SumEnd.Append<Int128, TEnd>(in state, target);
}

/// <summary>Floats add up without loss, and are rounded once, at the end.</summary>
internal readonly struct FloatSum<T, TEnd> : IFold<T, ExactFloatSum>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TEnd : struct, ISumEnd<double>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref ExactFloatSum state, T value)
    {
        state.Add(double.CreateTruncating(value));
        state.Count++;
    }

    public static void Merge(ref ExactFloatSum state, in ExactFloatSum later) => state.Add(in later);

    public static void Append(in ExactFloatSum state, ColumnBuffer target)
    {
        if (state.Count == 0)
        {
            target.AppendNull();
        }
        else
        {
            TEnd.Append(state.Total, state.Count, target);
        }
    }
}

/// <summary>Decimals add up without loss too: only a sum of more digits than a decimal has is rounded, once.</summary>
internal readonly struct DecimalSum<TEnd> : IFold<decimal, ExactDecimalSum>
    where TEnd : struct, ISumEnd<decimal>
{
    public static void Add(ref ExactDecimalSum state, decimal value)
    {
        state.Add(value);
        state.Count++;
    }

    public static void Merge(ref ExactDecimalSum state, in ExactDecimalSum later) => state.Add(in later);

    public static void Append(in ExactDecimalSum state, ColumnBuffer target)
    {
        if (state.Count == 0)
        {
            target.AppendNull();
        }
        else
        {
            TEnd.Append(state.Total, state.Count, target);
        }
    }
}

/// <summary>What a sum is turned into at the end.</summary>
internal interface ISumEnd<T>
    where T : unmanaged
{
    static abstract void Append(T total, long count, ColumnBuffer target);
}

internal static class SumEnd
{
    /// <summary>An empty group gives NULL.</summary>
    public static void Append<T, TEnd>(in Sum<T> state, ColumnBuffer target)
        where T : unmanaged
        where TEnd : struct, ISumEnd<T>
    {
        if (state.Count == 0)
        {
            target.AppendNull();
        }
        else
        {
            TEnd.Append(state.Total, state.Count, target);
        }
    }
}

internal readonly struct ToInt64 : ISumEnd<Int128>
{
    public static void Append(Int128 total, long count, ColumnBuffer target) => target.Append(checked((long)total));
}

internal readonly struct ToInterval : ISumEnd<Int128>
{
    public static void Append(Int128 total, long count, ColumnBuffer target) => target.Append(Evaluators.TickRange.Interval(total));
}

internal readonly struct ToDecimal : ISumEnd<Int128>
{
    public static void Append(Int128 total, long count, ColumnBuffer target) => target.Append(checked((decimal)total));
}

internal readonly struct IntegerAverage : ISumEnd<Int128>
{
    public static void Append(Int128 total, long count, ColumnBuffer target) => target.Append(checked((decimal)total) / count);
}

internal readonly struct IntervalAverage : ISumEnd<Int128>
{
    public static void Append(Int128 total, long count, ColumnBuffer target) => target.Append((long)(total / count));
}

internal readonly struct ToSingle : ISumEnd<double>
{
    public static void Append(double total, long count, ColumnBuffer target) => target.Append((float)total);
}

internal readonly struct ToDouble : ISumEnd<double>
{
    public static void Append(double total, long count, ColumnBuffer target) => target.Append(total);
}

internal readonly struct FloatAverage : ISumEnd<double>
{
    public static void Append(double total, long count, ColumnBuffer target) => target.Append(total / count);
}

internal readonly struct DecimalTotal : ISumEnd<decimal>
{
    public static void Append(decimal total, long count, ColumnBuffer target) => target.Append(total);
}

internal readonly struct DecimalAverage : ISumEnd<decimal>
{
    public static void Append(decimal total, long count, ColumnBuffer target) => target.Append(total / count);
}

/// <summary>The best value so far, if there was any.</summary>
internal struct Best<T>
    where T : unmanaged
{
    public T Value;
    public bool IsFound;
}

internal interface IDirection
{
    static abstract bool IsBetter(int order);
}

internal readonly struct Least : IDirection
{
    public static bool IsBetter(int order) => order < 0;
}

internal readonly struct Greatest : IDirection
{
    public static bool IsBetter(int order) => order > 0;
}

/// <summary>min and max of values of fixed size.</summary>
internal readonly struct Extreme<T, TOrder, TDirection> : IFold<T, Best<T>>
    where T : unmanaged
    where TOrder : struct, Evaluators.IOrder<T>
    where TDirection : struct, IDirection
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref Best<T> state, T value)
    {
        if (!state.IsFound || TDirection.IsBetter(TOrder.Compare(value, state.Value)))
        {
            state.Value = value;
            state.IsFound = true;
        }
    }

    public static void Merge(ref Best<T> state, in Best<T> later)
    {
        if (later.IsFound)
        {
            Add(ref state, later.Value);
        }
    }

    public static void Append(in Best<T> state, ColumnBuffer target)
    {
        if (state.IsFound)
        {
            target.Append(state.Value);
        }
        else
        {
            target.AppendNull();
        }
    }
}
