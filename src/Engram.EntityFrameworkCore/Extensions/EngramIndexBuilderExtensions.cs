using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What a vector index is like.</summary>
public static class EngramIndexBuilderExtensions
{
    /// <summary>Makes an index over one embedding a vector index: <c>USING hnsw</c>.</summary>
    /// <param name="metric">The distance that queries order by.</param>
    public static IndexBuilder HasVectorMetric(this IndexBuilder indexBuilder, VectorMetric? metric)
    {
        indexBuilder.Metadata.SetVectorMetric(metric);
        return indexBuilder;
    }

    /// <inheritdoc cref="HasVectorMetric(IndexBuilder, VectorMetric?)"/>
    public static IndexBuilder<TEntity> HasVectorMetric<TEntity>(this IndexBuilder<TEntity> indexBuilder, VectorMetric? metric)
        => (IndexBuilder<TEntity>)HasVectorMetric((IndexBuilder)indexBuilder, metric);

    /// <summary>Makes an index a vector index, unless something stronger has said otherwise.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionIndexBuilder? HasVectorMetric(this IConventionIndexBuilder indexBuilder, VectorMetric? metric, bool fromDataAnnotation = false)
    {
        if (!indexBuilder.CanSetVectorMetric(metric, fromDataAnnotation))
        {
            return null;
        }

        indexBuilder.Metadata.SetVectorMetric(metric, fromDataAnnotation);
        return indexBuilder;
    }

    /// <summary>Whether the metric of a vector index may be set.</summary>
    public static bool CanSetVectorMetric(this IConventionIndexBuilder indexBuilder, VectorMetric? metric, bool fromDataAnnotation = false)
        => indexBuilder.CanSetAnnotation(AnnotationNames.VectorMetric, metric, fromDataAnnotation);

    /// <summary>Sets how many neighbours a row has in the graph of a vector index.</summary>
    /// <param name="m">2 to 100; null for the database's default, 16. More of them find more of the nearest and take more space.</param>
    public static IndexBuilder HasM(this IndexBuilder indexBuilder, int? m)
    {
        indexBuilder.Metadata.SetM(m);
        return indexBuilder;
    }

    /// <inheritdoc cref="HasM(IndexBuilder, int?)"/>
    public static IndexBuilder<TEntity> HasM<TEntity>(this IndexBuilder<TEntity> indexBuilder, int? m) => (IndexBuilder<TEntity>)HasM((IndexBuilder)indexBuilder, m);

    /// <summary>Sets how many neighbours a row has in the graph, unless something stronger has said otherwise.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionIndexBuilder? HasM(this IConventionIndexBuilder indexBuilder, int? m, bool fromDataAnnotation = false)
    {
        if (!indexBuilder.CanSetM(m, fromDataAnnotation))
        {
            return null;
        }

        indexBuilder.Metadata.SetM(m, fromDataAnnotation);
        return indexBuilder;
    }

    /// <summary>Whether the number of neighbours of a row may be set.</summary>
    public static bool CanSetM(this IConventionIndexBuilder indexBuilder, int? m, bool fromDataAnnotation = false)
        => indexBuilder.CanSetAnnotation(AnnotationNames.M, m, fromDataAnnotation);

    /// <summary>Sets how many candidates are kept in view when a row is added to the graph of a vector index.</summary>
    /// <param name="efConstruction">4 to 1,000; null for the database's default, 128. More of them make a better graph and take longer.</param>
    public static IndexBuilder HasEfConstruction(this IndexBuilder indexBuilder, int? efConstruction)
    {
        indexBuilder.Metadata.SetEfConstruction(efConstruction);
        return indexBuilder;
    }

    /// <inheritdoc cref="HasEfConstruction(IndexBuilder, int?)"/>
    public static IndexBuilder<TEntity> HasEfConstruction<TEntity>(this IndexBuilder<TEntity> indexBuilder, int? efConstruction)
        => (IndexBuilder<TEntity>)HasEfConstruction((IndexBuilder)indexBuilder, efConstruction);

    /// <summary>Sets how many candidates are kept in view, unless something stronger has said otherwise.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionIndexBuilder? HasEfConstruction(this IConventionIndexBuilder indexBuilder, int? efConstruction, bool fromDataAnnotation = false)
    {
        if (!indexBuilder.CanSetEfConstruction(efConstruction, fromDataAnnotation))
        {
            return null;
        }

        indexBuilder.Metadata.SetEfConstruction(efConstruction, fromDataAnnotation);
        return indexBuilder;
    }

    /// <summary>Whether the number of candidates kept in view may be set.</summary>
    public static bool CanSetEfConstruction(this IConventionIndexBuilder indexBuilder, int? efConstruction, bool fromDataAnnotation = false)
        => indexBuilder.CanSetAnnotation(AnnotationNames.EfConstruction, efConstruction, fromDataAnnotation);
}
