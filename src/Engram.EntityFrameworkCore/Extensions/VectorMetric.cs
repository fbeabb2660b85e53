namespace Microsoft.EntityFrameworkCore;

/// <summary>The distance by which a vector index finds neighbours. A query uses the index when it orders by the same one.</summary>
public enum VectorMetric
{
    /// <summary><c>EF.Functions.CosineDistance</c> and <c>CosineSimilarity</c>, the operator <c>&lt;=&gt;</c>.</summary>
    Cosine,

    /// <summary><c>EF.Functions.L2Distance</c>, the operator <c>&lt;-&gt;</c>.</summary>
    L2,

    /// <summary><c>EF.Functions.InnerProduct</c>, the operator <c>&lt;#&gt;</c>.</summary>
    InnerProduct,
}
