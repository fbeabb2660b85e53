using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Distances of sparse vectors, with pgvector's operators: the scores that the vectors with all their zeros have, to the last bit.</summary>
internal static class SparseVectorFunctions
{
    private const TypeKind Sparse = TypeKind.SparseVector;

    public static IEnumerable<FunctionOverload> All =>
    [
        Distance<SparseCosine>("<=>", "Cosine distance, 0 to 2; 1 when either vector is zero."),
        Distance<SparseL2>("<->", "Euclidean distance."),
        Distance<SparseNegativeInnerProduct>("<#>", "Inner product, negated so that the nearest sorts first."),
        Distance<SparseL1>("<+>", "Sum of absolute differences."),
        Distance<SparseCosine>("cosine_distance", "Cosine distance, 0 to 2; 1 when either vector is zero."),
        Distance<SparseCosineSimilarity>("cosine_similarity", "1 minus the cosine distance."),
        Distance<SparseL2>("l2_distance", "Euclidean distance."),
        Distance<SparseInnerProduct>("inner_product", "Inner product."),
        Distance<SparseL1>("l1_distance", "Sum of absolute differences."),
        Scalar.Unary<Bytes, int, SparseDimensions>("vector_dims", Sparse, DataType.Int32, "Number of dimensions."),
        Scalar.Unary<Bytes, double, SparseNorm>("vector_norm", Sparse, DataType.Double, "Euclidean norm."),
        Scalar.Unary<Bytes, double, SparseNorm>("l2_norm", Sparse, DataType.Double, "Euclidean norm."),
        Scalar.Unary<Bytes, Bytes, SparseNormalized>("l2_normalize", Sparse, new DataType(Sparse), "Of length 1, in the same direction."),
    ];

    private static FunctionOverload Distance<TDistance>(string name, string summary)
        where TDistance : struct, ISparseDistance
        => Scalar.Binary<Bytes, Bytes, double, SparseDistance<TDistance>>(name, Sparse, Sparse, DataType.Double, summary);
}
