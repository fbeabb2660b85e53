using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>1 − cosine similarity; 1 when either vector is zero.</summary>
internal readonly struct CosineDistance : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        return VectorScore.CosineDistance(VectorScore.Dot(a.Floats, b.Floats), VectorScore.SquaredNorm(a.Floats), VectorScore.SquaredNorm(b.Floats));
    }
}

internal readonly struct CosineSimilarity : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory) => 1 - default(CosineDistance).Invoke(a, b, memory);
}

internal readonly struct L2Distance : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        return VectorScore.L2Distance(a.Floats, b.Floats);
    }
}

internal readonly struct L1Distance : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        return VectorScore.L1Distance(a.Floats, b.Floats);
    }
}

internal readonly struct InnerProduct : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        return VectorScore.Dot(a.Floats, b.Floats);
    }
}

/// <summary>−⟨a, b⟩, so that the nearest sorts first.</summary>
internal readonly struct NegativeInnerProduct : IBinaryFunction<Bytes, Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, Bytes b, ColumnBuffer memory)
    {
        VectorPair.Check(a, b);
        return VectorScore.InnerProductNegative(VectorScore.Dot(a.Floats, b.Floats));
    }
}

internal readonly struct VectorDimensions : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => true;

    public int Invoke(Bytes a, ColumnBuffer memory) => a.Length / sizeof(float);
}

internal readonly struct VectorNorm : IUnaryFunction<Bytes, double>
{
    public static bool IsTotal => false;

    public double Invoke(Bytes a, ColumnBuffer memory) => Math.Sqrt(VectorScore.SquaredNorm(a.Floats));
}

internal static class VectorPair
{
    public static void Check(Bytes a, Bytes b)
    {
        if (a.Length != b.Length)
        {
            throw Error.VectorDimensionsDiffer(a.Length / sizeof(float), b.Length / sizeof(float));
        }
    }
}
