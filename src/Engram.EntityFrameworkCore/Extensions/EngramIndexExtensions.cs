using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What the Engram provider knows of an index.</summary>
public static class EngramIndexExtensions
{
    internal const int MDefault = 16;
    internal const int EfConstructionDefault = 128;

    /// <summary>The distance by which a vector index finds neighbours; null for an ordinary index.</summary>
    public static VectorMetric? GetVectorMetric(this IReadOnlyIndex index) => (VectorMetric?)index[AnnotationNames.VectorMetric];

    /// <summary>Makes the index a vector index, or an ordinary one by null.</summary>
    public static void SetVectorMetric(this IMutableIndex index, VectorMetric? metric) => index.SetOrRemoveAnnotation(AnnotationNames.VectorMetric, metric);

    /// <inheritdoc cref="SetVectorMetric(IMutableIndex, VectorMetric?)"/>
    /// <returns>What is set now.</returns>
    public static VectorMetric? SetVectorMetric(this IConventionIndex index, VectorMetric? metric, bool fromDataAnnotation = false)
        => (VectorMetric?)index.SetOrRemoveAnnotation(AnnotationNames.VectorMetric, metric, fromDataAnnotation)?.Value;

    /// <summary>Who has set the metric of a vector index.</summary>
    public static ConfigurationSource? GetVectorMetricConfigurationSource(this IConventionIndex index)
        => index.FindAnnotation(AnnotationNames.VectorMetric)?.GetConfigurationSource();

    /// <summary>The neighbours of a row in the graph of a vector index; null for the database's default, 16.</summary>
    public static int? GetM(this IReadOnlyIndex index) => (int?)index[AnnotationNames.M];

    /// <summary>Sets the neighbours of a row in the graph of a vector index, 2 to 100.</summary>
    public static void SetM(this IMutableIndex index, int? m) => index.SetOrRemoveAnnotation(AnnotationNames.M, CheckM(m));

    /// <inheritdoc cref="SetM(IMutableIndex, int?)"/>
    /// <returns>What is set now.</returns>
    public static int? SetM(this IConventionIndex index, int? m, bool fromDataAnnotation = false)
        => (int?)index.SetOrRemoveAnnotation(AnnotationNames.M, CheckM(m), fromDataAnnotation)?.Value;

    /// <summary>Who has set the neighbours of a row.</summary>
    public static ConfigurationSource? GetMConfigurationSource(this IConventionIndex index) => index.FindAnnotation(AnnotationNames.M)?.GetConfigurationSource();

    /// <summary>The candidates kept in view when a row is added to the graph of a vector index; null for the database's default, 128.</summary>
    public static int? GetEfConstruction(this IReadOnlyIndex index) => (int?)index[AnnotationNames.EfConstruction];

    /// <summary>Sets the candidates kept in view when a row is added to the graph of a vector index, 4 to 1,000.</summary>
    public static void SetEfConstruction(this IMutableIndex index, int? efConstruction)
        => index.SetOrRemoveAnnotation(AnnotationNames.EfConstruction, CheckEfConstruction(efConstruction));

    /// <inheritdoc cref="SetEfConstruction(IMutableIndex, int?)"/>
    /// <returns>What is set now.</returns>
    public static int? SetEfConstruction(this IConventionIndex index, int? efConstruction, bool fromDataAnnotation = false)
        => (int?)index.SetOrRemoveAnnotation(AnnotationNames.EfConstruction, CheckEfConstruction(efConstruction), fromDataAnnotation)?.Value;

    /// <summary>Who has set the candidates kept in view.</summary>
    public static ConfigurationSource? GetEfConstructionConfigurationSource(this IConventionIndex index)
        => index.FindAnnotation(AnnotationNames.EfConstruction)?.GetConfigurationSource();

    private static int? CheckM(int? m)
        => m is null or (>= 2 and <= 100) ? m : throw new ArgumentOutOfRangeException(nameof(m), m, "A row of a vector index has from 2 to 100 neighbours.");

    private static int? CheckEfConstruction(int? efConstruction)
        => efConstruction is null or (>= 4 and <= 1000)
            ? efConstruction
            : throw new ArgumentOutOfRangeException(nameof(efConstruction), efConstruction, "The construction of a vector index keeps from 4 to 1,000 candidates in view.");
}
