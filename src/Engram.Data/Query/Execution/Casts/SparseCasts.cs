using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Reads <c>{1:0.5,7:-2}/10</c>.</summary>
internal readonly struct ParseSparse : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
        => EngramSparseVector.TryParse(a.Span, out var vector, out var fault) ? TextValue.Copy(vector.ToStored(), memory) : throw Error.SparseVectorText(a.Text, fault);
}

internal readonly struct FormatSparse : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory) => TextValue.Copy(Encoding.UTF8.GetBytes(EngramSparseVector.Read(a.Span).ToString()), memory);
}

/// <summary>sparsevec(n): the number of dimensions is part of the type.</summary>
internal readonly struct FitSparse(int dimensions, string? target) : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
        => new SparseValue(a.Span).Dimensions is var found && found == dimensions ? a : throw Error.VectorDimensionsExpected(target, dimensions, found);
}

/// <summary>vector to sparsevec: without its zeros.</summary>
internal readonly struct SparseOfVector : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var elements = a.Floats;
        var count = elements.Length;
        for (var i = 0; i < elements.Length; i++)
        {
            count -= elements[i] == 0 ? 1 : 0;
        }

        var places = new int[count];
        var values = new float[count];
        for (int i = 0, at = 0; i < elements.Length; i++)
        {
            if (elements[i] != 0)
            {
                (places[at], values[at]) = (i, elements[i]);
                at++;
            }
        }

        return SparseVectors.Make(elements.Length, places, values, memory);
    }
}

/// <summary>sparsevec to vector: with all its zeros, as long as a vector can be so long.</summary>
internal readonly unsafe struct VectorOfSparse : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var sparse = new SparseValue(a.Span);
        if (sparse.Dimensions > TypeNames.VectorDimensionsMax)
        {
            throw Error.InvalidArgument("CAST", $"a vector has at most {TypeNames.VectorDimensionsMax} dimensions, and this sparsevec {sparse.Dimensions}.");
        }

        var target = (float*)memory.AllocateVariable(sparse.Dimensions * sizeof(float));
        new Span<float>(target, sparse.Dimensions).Clear();
        for (var i = 0; i < sparse.Places.Length; i++)
        {
            target[sparse.Places[i]] = sparse.Values[i];
        }

        return new Bytes((byte*)target, sparse.Dimensions * sizeof(float));
    }
}

internal static unsafe class SparseVectors
{
    public static Bytes Make(int dimensions, ReadOnlySpan<int> places, ReadOnlySpan<float> values, ColumnBuffer memory)
    {
        var size = SparseValue.SizeOf(places.Length);
        var pointer = memory.AllocateVariable(size);
        SparseValue.Write(new Span<byte>(pointer, size), dimensions, places, values);
        return new Bytes(pointer, size);
    }
}
