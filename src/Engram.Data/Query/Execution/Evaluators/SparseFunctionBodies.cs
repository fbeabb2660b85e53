using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Casts;

namespace Engram.Data.Query.Execution.Evaluators;

internal interface ISparseDistance
{
    static abstract double Of(SparseValue x, SparseValue y);
}

internal readonly struct SparseCosine : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y)
        => VectorScore.CosineDistance(
            SparseScore.Dot(x.Places, x.Values, y.Places, y.Values), SparseScore.SquaredNorm(x.Places, x.Values), SparseScore.SquaredNorm(y.Places, y.Values));
}

internal readonly struct SparseCosineSimilarity : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y) => 1 - SparseCosine.Of(x, y);
}

internal readonly struct SparseL2 : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y) => SparseScore.L2Distance(x.Places, x.Values, y.Places, y.Values);
}

internal readonly struct SparseL1 : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y) => SparseScore.L1Distance(x.Places, x.Values, y.Places, y.Values);
}

internal readonly struct SparseInnerProduct : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y) => SparseScore.Dot(x.Places, x.Values, y.Places, y.Values);
}

internal readonly struct SparseNegativeInnerProduct : ISparseDistance
{
    public static double Of(SparseValue x, SparseValue y) => VectorScore.InnerProductNegative(SparseInnerProduct.Of(x, y));
}

/// <summary>A distance of two sparse vectors of one number of dimensions.</summary>
internal readonly struct SparseDistance<TDistance> : IBinaryFunction<Bytes, Bytes, double>
    where TDistance : struct, ISparseDistance
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        var x = new SparseValue(a.Span);
        var y = new SparseValue(b.Span);
        return x.Dimensions == y.Dimensions ? TDistance.Of(x, y) : throw Error.VectorDimensionsDiffer(x.Dimensions, y.Dimensions);
    }
}

internal readonly struct SparseDimensions : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => new SparseValue(a.Span).Dimensions;
}

internal readonly struct SparseNorm : IUnaryFunction<Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, ColumnBuffer memory)
    {
        var x = new SparseValue(a.Span);
        return Math.Sqrt(SparseScore.SquaredNorm(x.Places, x.Values));
    }
}

/// <summary>l2_normalize(sparsevec): of length 1; zeros stay zeros.</summary>
internal readonly struct SparseNormalized : IUnaryFunction<Bytes, Bytes>
{
    public static bool IsTotal => false;

    public Bytes Invoke(Bytes a, ColumnBuffer memory)
    {
        var norm = default(SparseNorm).Invoke(a, memory);
        if (norm == 0)
        {
            return a;
        }

        var x = new SparseValue(a.Span);
        var (places, values) = (new List<int>(x.Places.Length), new List<float>(x.Places.Length));
        for (var i = 0; i < x.Places.Length; i++)
        {
            // An element may become too small for float32: a zero is not kept.
            if ((float)(x.Values[i] / norm) is var value && value != 0)
            {
                places.Add(x.Places[i]);
                values.Add(value);
            }
        }

        return SparseVectors.Make(x.Dimensions, CollectionsMarshal.AsSpan(places), CollectionsMarshal.AsSpan(values), memory);
    }
}
