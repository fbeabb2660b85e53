using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Functions over embeddings for LINQ queries, called through <see cref="EF.Functions"/>.</summary>
/// <remarks>
/// Each is translated to one operator of the database, with float64 results as <c>docs/ef-core.md</c> defines them. Outside of a query they
/// throw. Both vectors must have the dimensions of the column; NULL gives NULL. Ordering by one of them and taking k rows is a single fused scan.
/// </remarks>
public static class EngramDbFunctionsExtensions
{
    /// <summary>1 minus the cosine of the angle between the vectors: 0 for the same direction, 2 for opposite ones, 1 when a vector is all zero.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double CosineDistance(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(CosineDistance));

    /// <inheritdoc cref="CosineDistance(DbFunctions, float[], float[])"/>
    public static double CosineDistance(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(CosineDistance));

    /// <summary>The cosine of the angle between the vectors: 1 for the same direction, -1 for opposite ones, 0 when a vector is all zero.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double CosineSimilarity(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(CosineSimilarity));

    /// <inheritdoc cref="CosineSimilarity(DbFunctions, float[], float[])"/>
    public static double CosineSimilarity(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(CosineSimilarity));

    /// <summary>The Euclidean distance: the square root of the sum of squared differences.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double L2Distance(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(L2Distance));

    /// <inheritdoc cref="L2Distance(DbFunctions, float[], float[])"/>
    public static double L2Distance(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right) => throw OnClient(nameof(L2Distance));

    /// <summary>The inner (dot) product: the sum of products, greater is nearer.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double InnerProduct(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(InnerProduct));

    /// <inheritdoc cref="InnerProduct(DbFunctions, float[], float[])"/>
    public static double InnerProduct(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(InnerProduct));

    private static InvalidOperationException OnClient(string method) => new(CoreStrings.FunctionOnClient(method));
}
