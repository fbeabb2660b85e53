using Engram.Data.Columns;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

internal interface IElementFunction
{
    static abstract float Invoke(float a, float b);
}

internal readonly struct SumOfElements : IElementFunction
{
    public static float Invoke(float a, float b) => a + b;
}

internal readonly struct DifferenceOfElements : IElementFunction
{
    public static float Invoke(float a, float b) => a - b;
}

internal readonly struct ProductOfElements : IElementFunction
{
    public static float Invoke(float a, float b) => a * b;
}

/// <summary>vector + vector, - and *: element by element. A result that is not finite is an error, as in pgvector.</summary>
internal readonly unsafe struct VectorElementwise<TFunction> : IBinaryFunction<Bytes, Bytes, Bytes>
    where TFunction : struct, IElementFunction
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        var pointer = (float*)memory.AllocateVariable(a.Length);
        for (var i = 0; i < a.Length / sizeof(float); i++)
        {
            pointer[i] = TFunction.Invoke(a.Floats[i], b.Floats[i]);
            if (!float.IsFinite(pointer[i]))
            {
                throw Error.NumericOutOfRange("real, the type of a vector's elements");
            }
        }

        return new Bytes((byte*)pointer, a.Length);
    }
}

/// <summary>vector || vector.</summary>
internal readonly struct VectorConcatenate : IBinaryFunction<Bytes, Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, Bytes b, ColumnBuffer memory)
        => (a.Length + (long)b.Length) / sizeof(float) > 16_000 ? throw Error.InvalidArgument("||", "a vector has at most 16,000 dimensions.") : default(Concatenate).Invoke(a, b, memory);
}

/// <summary>subvector(vector, first, count): places count from 1; what lies beyond an end is left out.</summary>
internal readonly unsafe struct SubVector : ITernaryFunction<Bytes, int, int, Bytes>
{
    public Bytes Invoke(Bytes a, int b, int c, ColumnBuffer memory)
    {
        var dimensions = a.Length / sizeof(float);
        var first = Math.Max(b, 1L);
        var last = Math.Min((long)b + c - 1, dimensions);
        if (c < 1 || last < first)
        {
            throw Error.InvalidArgument("subvector", $"nothing of a vector of {dimensions} dimensions is left. A vector has at least one dimension.");
        }

        // A copy, for its alignment.
        return TextValue.Copy(a.Span.Slice((int)(first - 1) * sizeof(float), (int)(last - first + 1) * sizeof(float)), memory);
    }
}

/// <summary>v[i]: places count from 1; NULL when there is no such place, as of an array.</summary>
internal readonly struct VectorElement : IRowFunction<float>
{
    public bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out float result)
    {
        var elements = arguments[0].Get<Bytes>(row).Floats;
        var at = arguments[1].Get<int>(row) - 1L;
        var isThere = at >= 0 && at < elements.Length;
        result = isThere ? elements[(int)at] : 0;
        return isThere;
    }
}

/// <summary>l2_normalize(vector): of length 1; zeros stay zeros.</summary>
internal readonly unsafe struct Normalized : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var norm = default(VectorNorm).Invoke(a, memory);
        if (norm == 0)
        {
            return a;
        }

        var pointer = (float*)memory.AllocateVariable(a.Length);
        for (var i = 0; i < a.Length / sizeof(float); i++)
        {
            pointer[i] = (float)(a.Floats[i] / norm);
        }

        return new Bytes((byte*)pointer, a.Length);
    }
}
