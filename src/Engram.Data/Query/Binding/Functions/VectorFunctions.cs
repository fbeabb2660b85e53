using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Distances of embeddings, with pgvector's operators. Both sides have the same number of dimensions (22000).</summary>
internal static class VectorFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        Distance<CosineDistance>("<=>", "Cosine distance, 0 to 2; 1 when either vector is zero."),
        Distance<L2Distance>("<->", "Euclidean distance."),
        Distance<NegativeInnerProduct>("<#>", "Inner product, negated so that the nearest sorts first."),
        Distance<L1Distance>("<+>", "Sum of absolute differences."),
        Distance<CosineDistance>("cosine_distance", "Cosine distance, 0 to 2; 1 when either vector is zero."),
        Distance<CosineSimilarity>("cosine_similarity", "1 minus the cosine distance."),
        Distance<L2Distance>("l2_distance", "Euclidean distance."),
        Distance<InnerProduct>("inner_product", "Inner product."),
        Distance<L1Distance>("l1_distance", "Sum of absolute differences."),
        Scalar.Unary<Bytes, int, VectorDimensions>("vector_dims", TypeKind.Vector, DataType.Int32, "Number of dimensions."),
        Scalar.Unary<Bytes, double, VectorNorm>("vector_norm", TypeKind.Vector, DataType.Double, "Euclidean norm."),
        Scalar.Unary<Bytes, double, VectorNorm>("l2_norm", TypeKind.Vector, DataType.Double, "Euclidean norm."),
        Scalar.Unary<Bytes, Bytes, Normalized>("l2_normalize", TypeKind.Vector, DataType.Vector(0), "Of length 1, in the same direction."),
        Scalar.Binary<Bytes, Bytes, Bytes, VectorElementwise<SumOfElements>>("+", TypeKind.Vector, TypeKind.Vector, DataType.Vector(0), "Sum, element by element."),
        Scalar.Binary<Bytes, Bytes, Bytes, VectorElementwise<DifferenceOfElements>>("-", TypeKind.Vector, TypeKind.Vector, DataType.Vector(0), "Difference, element by element."),
        Scalar.Binary<Bytes, Bytes, Bytes, VectorElementwise<ProductOfElements>>("*", TypeKind.Vector, TypeKind.Vector, DataType.Vector(0), "Product, element by element."),
        Scalar.Binary<Bytes, Bytes, Bytes, VectorConcatenate>("||", TypeKind.Vector, TypeKind.Vector, DataType.Vector(0), "The elements of both."),
        Scalar.Ternary<Bytes, int, int, Bytes, SubVector>("subvector", [TypeKind.Vector, TypeKind.Int32, TypeKind.Int32], DataType.Vector(0), "So many elements from a 1-based place on."),
        Scalar.Row<float, VectorElement>("array_element", [TypeKind.Vector, TypeKind.Int32], DataType.Single, "v[i]: the element at a 1-based place, NULL when there is none."),
    ];

    private static FunctionOverload Distance<TFunction>(string name, string summary)
        where TFunction : struct, IBinaryFunction<Bytes, Bytes, double>
        => Scalar.Binary<Bytes, Bytes, double, TFunction>(name, TypeKind.Vector, TypeKind.Vector, DataType.Double, summary);
}
