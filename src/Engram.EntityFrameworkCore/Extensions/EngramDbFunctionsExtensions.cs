using System.Collections;
using Engram.Data;
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
    public static double CosineDistance(this DbFunctions _, Half[] left, Half[] right) => throw OnClient(nameof(CosineDistance));

    /// <inheritdoc cref="CosineDistance(DbFunctions, float[], float[])"/>
    public static double CosineDistance(this DbFunctions _, EngramSparseVector left, EngramSparseVector right) => throw OnClient(nameof(CosineDistance));

    /// <inheritdoc cref="CosineDistance(DbFunctions, float[], float[])"/>
    public static double CosineDistance(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(CosineDistance));

    /// <summary>The cosine of the angle between the vectors: 1 for the same direction, -1 for opposite ones, 0 when a vector is all zero.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double CosineSimilarity(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(CosineSimilarity));

    /// <inheritdoc cref="CosineSimilarity(DbFunctions, float[], float[])"/>
    public static double CosineSimilarity(this DbFunctions _, Half[] left, Half[] right) => throw OnClient(nameof(CosineSimilarity));

    /// <inheritdoc cref="CosineSimilarity(DbFunctions, float[], float[])"/>
    public static double CosineSimilarity(this DbFunctions _, EngramSparseVector left, EngramSparseVector right) => throw OnClient(nameof(CosineSimilarity));

    /// <inheritdoc cref="CosineSimilarity(DbFunctions, float[], float[])"/>
    public static double CosineSimilarity(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(CosineSimilarity));

    /// <summary>The Euclidean distance: the square root of the sum of squared differences.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double L2Distance(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(L2Distance));

    /// <inheritdoc cref="L2Distance(DbFunctions, float[], float[])"/>
    public static double L2Distance(this DbFunctions _, Half[] left, Half[] right) => throw OnClient(nameof(L2Distance));

    /// <inheritdoc cref="L2Distance(DbFunctions, float[], float[])"/>
    public static double L2Distance(this DbFunctions _, EngramSparseVector left, EngramSparseVector right) => throw OnClient(nameof(L2Distance));

    /// <inheritdoc cref="L2Distance(DbFunctions, float[], float[])"/>
    public static double L2Distance(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right) => throw OnClient(nameof(L2Distance));

    /// <summary>The inner (dot) product: the sum of products, greater is nearer.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double InnerProduct(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(InnerProduct));

    /// <inheritdoc cref="InnerProduct(DbFunctions, float[], float[])"/>
    public static double InnerProduct(this DbFunctions _, Half[] left, Half[] right) => throw OnClient(nameof(InnerProduct));

    /// <inheritdoc cref="InnerProduct(DbFunctions, float[], float[])"/>
    public static double InnerProduct(this DbFunctions _, EngramSparseVector left, EngramSparseVector right) => throw OnClient(nameof(InnerProduct));

    /// <inheritdoc cref="InnerProduct(DbFunctions, float[], float[])"/>
    public static double InnerProduct(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right)
        => throw OnClient(nameof(InnerProduct));

    /// <summary>The sum of absolute differences.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">float[n], usually a column.</param>
    /// <param name="right">float[n], usually the query's vector.</param>
    public static double L1Distance(this DbFunctions _, float[] left, float[] right) => throw OnClient(nameof(L1Distance));

    /// <inheritdoc cref="L1Distance(DbFunctions, float[], float[])"/>
    public static double L1Distance(this DbFunctions _, Half[] left, Half[] right) => throw OnClient(nameof(L1Distance));

    /// <inheritdoc cref="L1Distance(DbFunctions, float[], float[])"/>
    public static double L1Distance(this DbFunctions _, EngramSparseVector left, EngramSparseVector right) => throw OnClient(nameof(L1Distance));

    /// <inheritdoc cref="L1Distance(DbFunctions, float[], float[])"/>
    public static double L1Distance(this DbFunctions _, ReadOnlyMemory<float> left, ReadOnlyMemory<float> right) => throw OnClient(nameof(L1Distance));

    /// <summary>The number of bits in which the bit strings differ.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">A bit string, usually a column.</param>
    /// <param name="right">One of the same length.</param>
    public static double HammingDistance(this DbFunctions _, BitArray left, BitArray right) => throw OnClient(nameof(HammingDistance));

    /// <summary>1 minus the number of bits that both have over the number that either has; 1 when no bit is in both.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="left">A bit string, usually a column.</param>
    /// <param name="right">One of the same length.</param>
    public static double JaccardDistance(this DbFunctions _, BitArray left, BitArray right) => throw OnClient(nameof(JaccardDistance));

    /// <summary>Whether text matches a pattern of <c>%</c> and <c>_</c>, without regard to case; there is no escape character.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="matchExpression">The text.</param>
    /// <param name="pattern">The pattern.</param>
    public static bool ILike(this DbFunctions _, string? matchExpression, string? pattern) => throw OnClient(nameof(ILike));

    /// <inheritdoc cref="ILike(DbFunctions, string, string)"/>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="matchExpression">The text.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="escapeCharacter">The character before <c>%</c>, <c>_</c> or itself when they mean themselves.</param>
    public static bool ILike(this DbFunctions _, string? matchExpression, string? pattern, string escapeCharacter) => throw OnClient(nameof(ILike));

    /// <summary>The standard deviation of a sample; null of fewer than two values.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">Numbers of a group; nulls are passed over.</param>
    public static double? StandardDeviationSample<T>(this DbFunctions _, IEnumerable<T> values) => throw OnClient(nameof(StandardDeviationSample));

    /// <summary>The standard deviation of a whole population; null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">Numbers of a group; nulls are passed over.</param>
    public static double? StandardDeviationPopulation<T>(this DbFunctions _, IEnumerable<T> values) => throw OnClient(nameof(StandardDeviationPopulation));

    /// <summary>The variance of a sample; null of fewer than two values.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">Numbers of a group; nulls are passed over.</param>
    public static double? VarianceSample<T>(this DbFunctions _, IEnumerable<T> values) => throw OnClient(nameof(VarianceSample));

    /// <summary>The variance of a whole population; null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">Numbers of a group; nulls are passed over.</param>
    public static double? VariancePopulation<T>(this DbFunctions _, IEnumerable<T> values) => throw OnClient(nameof(VariancePopulation));

    /// <summary>The sum of lengths of time; null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">The values of a group.</param>
    public static TimeSpan? Sum(this DbFunctions _, IEnumerable<TimeSpan> values) => throw OnClient(nameof(Sum));

    /// <summary>The sum of lengths of time; nulls are passed over, null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">The values of a group.</param>
    public static TimeSpan? Sum(this DbFunctions _, IEnumerable<TimeSpan?> values) => throw OnClient(nameof(Sum));

    /// <summary>The mean of lengths of time; null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">The values of a group.</param>
    public static TimeSpan? Average(this DbFunctions _, IEnumerable<TimeSpan> values) => throw OnClient(nameof(Average));

    /// <summary>The mean of lengths of time; nulls are passed over, null of no value.</summary>
    /// <param name="_">The <see cref="DbFunctions"/> instance.</param>
    /// <param name="values">The values of a group.</param>
    public static TimeSpan? Average(this DbFunctions _, IEnumerable<TimeSpan?> values) => throw OnClient(nameof(Average));

    private static InvalidOperationException OnClient(string method) => new(CoreStrings.FunctionOnClient(method));
}
