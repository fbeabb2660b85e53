using System.Linq.Expressions;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Vector indexes of entities, and the order in which rows lie.</summary>
public static class EngramEntityTypeBuilderExtensions
{
    /// <summary>Has compactions order the rows of the entity's table: similar embeddings together, and among those by the properties behind, so that searches of one time or person read few blocks.</summary>
    /// <remarks>Rows are the same wherever they lie, and queries say nothing of it. What is there is ordered by the next compactions.</remarks>
    /// <param name="propertiesExpression">One to four properties, the most significant first: <c>e => new { e.Embedding, e.Created }</c>. None may be an array, or an embedding of another type than <c>vector(n)</c>.</param>
    public static EntityTypeBuilder<TEntity> HasClustering<TEntity>(
        this EntityTypeBuilder<TEntity> entityTypeBuilder, Expression<Func<TEntity, object?>> propertiesExpression)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(propertiesExpression);
        entityTypeBuilder.HasClustering([.. propertiesExpression.GetMemberAccessList().Select(m => m.Name)]);
        return entityTypeBuilder;
    }

    /// <inheritdoc cref="HasClustering{TEntity}(EntityTypeBuilder{TEntity}, Expression{Func{TEntity, object}})"/>
    /// <param name="propertyNames">The names of the properties; none takes an order back that was given before.</param>
    public static EntityTypeBuilder HasClustering(this EntityTypeBuilder entityTypeBuilder, params string[] propertyNames)
    {
        ArgumentNullException.ThrowIfNull(propertyNames);
        entityTypeBuilder.Metadata.SetClustering(propertyNames);
        return entityTypeBuilder;
    }

    /// <inheritdoc cref="HasClustering(EntityTypeBuilder, string[])"/>
    public static EntityTypeBuilder<TEntity> HasClustering<TEntity>(this EntityTypeBuilder<TEntity> entityTypeBuilder, params string[] propertyNames)
        where TEntity : class
        => (EntityTypeBuilder<TEntity>)HasClustering((EntityTypeBuilder)entityTypeBuilder, propertyNames);

    /// <summary>Sets the properties that compactions order the rows of the entity's table by, unless something stronger has set others.</summary>
    /// <returns>The builder, or null when they were not set.</returns>
    public static IConventionEntityTypeBuilder? HasClustering(
        this IConventionEntityTypeBuilder entityTypeBuilder, IReadOnlyList<string>? propertyNames, bool fromDataAnnotation = false)
    {
        if (!entityTypeBuilder.CanSetClustering(propertyNames, fromDataAnnotation))
        {
            return null;
        }

        entityTypeBuilder.Metadata.SetClustering(propertyNames, fromDataAnnotation);
        return entityTypeBuilder;
    }

    /// <summary>Whether the properties that compactions order the rows of the entity's table by may be set.</summary>
    public static bool CanSetClustering(this IConventionEntityTypeBuilder entityTypeBuilder, IReadOnlyList<string>? propertyNames, bool fromDataAnnotation = false)
        => entityTypeBuilder.CanSetAnnotation(AnnotationNames.ClusteredBy, EngramEntityTypeExtensions.ToValue(propertyNames), fromDataAnnotation)
            || (entityTypeBuilder.Metadata.GetClustering() ?? []).SequenceEqual(propertyNames ?? [], StringComparer.Ordinal);

    /// <summary>Gives an embedding a vector index. Queries that say <c>WithApproximate</c> may use it; all others stay exact.</summary>
    /// <param name="propertyExpression">The embedding: <c>e => e.Embedding</c>, of a column type <c>vector(n)</c> or <c>halfvec(n)</c>.</param>
    /// <param name="metric">The distance that queries order by.</param>
    /// <param name="name">Needed when a property has several; by default <c>IX_</c>, the table and the column.</param>
    public static IndexBuilder<TEntity> HasVectorIndex<TEntity>(
        this EntityTypeBuilder<TEntity> entityTypeBuilder, Expression<Func<TEntity, object?>> propertyExpression, VectorMetric metric, string? name = null)
        where TEntity : class
        => (name is null ? entityTypeBuilder.HasIndex(propertyExpression) : entityTypeBuilder.HasIndex(propertyExpression, name)).HasVectorMetric(metric);

    /// <inheritdoc cref="HasVectorIndex{TEntity}(EntityTypeBuilder{TEntity}, Expression{Func{TEntity, object}}, VectorMetric, string)"/>
    /// <param name="propertyName">The name of the embedding's property.</param>
    public static IndexBuilder HasVectorIndex(this EntityTypeBuilder entityTypeBuilder, string propertyName, VectorMetric metric, string? name = null)
        => (name is null ? entityTypeBuilder.HasIndex(propertyName) : entityTypeBuilder.HasIndex([propertyName], name)).HasVectorMetric(metric);

    /// <inheritdoc cref="HasVectorIndex{TEntity}(EntityTypeBuilder{TEntity}, Expression{Func{TEntity, object}}, VectorMetric, string)"/>
    public static IndexBuilder<TDependentEntity> HasVectorIndex<TOwnerEntity, TDependentEntity>(
        this OwnedNavigationBuilder<TOwnerEntity, TDependentEntity> ownedNavigationBuilder,
        Expression<Func<TDependentEntity, object?>> propertyExpression, VectorMetric metric, string? name = null)
        where TOwnerEntity : class
        where TDependentEntity : class
        => (name is null ? ownedNavigationBuilder.HasIndex(propertyExpression) : ownedNavigationBuilder.HasIndex(propertyExpression, name)).HasVectorMetric(metric);

    /// <inheritdoc cref="HasVectorIndex(EntityTypeBuilder, string, VectorMetric, string)"/>
    public static IndexBuilder HasVectorIndex(this OwnedNavigationBuilder ownedNavigationBuilder, string propertyName, VectorMetric metric, string? name = null)
        => (name is null ? ownedNavigationBuilder.HasIndex(propertyName) : ownedNavigationBuilder.HasIndex([propertyName], name)).HasVectorMetric(metric);
}
