using System.Numerics;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Aggregators;

internal interface IBitOperation
{
    static abstract T Combine<T>(T a, T b)
        where T : IBinaryInteger<T>;
}

internal readonly struct AndBits : IBitOperation
{
    public static T Combine<T>(T a, T b)
        where T : IBinaryInteger<T>
        => a & b;
}

internal readonly struct OrBits : IBitOperation
{
    public static T Combine<T>(T a, T b)
        where T : IBinaryInteger<T>
        => a | b;
}

internal readonly struct XorBits : IBitOperation
{
    public static T Combine<T>(T a, T b)
        where T : IBinaryInteger<T>
        => a ^ b;
}

/// <summary>bit_and, bit_or and bit_xor.</summary>
internal readonly struct BitFold<T, TOperation> : IFold<T, Best<T>>
    where T : unmanaged, IBinaryInteger<T>
    where TOperation : struct, IBitOperation
{
    public static void Add(ref Best<T> state, T value)
    {
        state.Value = state.IsFound ? TOperation.Combine(state.Value, value) : value;
        state.IsFound = true;
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
