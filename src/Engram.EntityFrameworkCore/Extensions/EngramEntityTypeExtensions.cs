using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What the Engram provider knows of an entity.</summary>
public static class EngramEntityTypeExtensions
{
    /// <summary>The names of the properties that compactions order the rows of the entity's table by, the most significant first; null for none.</summary>
    public static IReadOnlyList<string>? GetClustering(this IReadOnlyEntityType entityType) => ClusteringSql.NamesOf(entityType);

    /// <summary>Sets the properties that compactions order the rows of the entity's table by, one to four; null for none.</summary>
    public static void SetClustering(this IMutableEntityType entityType, IReadOnlyList<string>? propertyNames)
        => entityType.SetOrRemoveAnnotation(AnnotationNames.ClusteredBy, ToValue(propertyNames));

    /// <inheritdoc cref="SetClustering(IMutableEntityType, IReadOnlyList{string}?)"/>
    /// <returns>What is set now.</returns>
    public static IReadOnlyList<string>? SetClustering(this IConventionEntityType entityType, IReadOnlyList<string>? propertyNames, bool fromDataAnnotation = false)
        => (string[]?)entityType.SetOrRemoveAnnotation(AnnotationNames.ClusteredBy, ToValue(propertyNames), fromDataAnnotation)?.Value;

    /// <summary>Who has set the properties.</summary>
    public static ConfigurationSource? GetClusteringConfigurationSource(this IConventionEntityType entityType)
        => entityType.FindAnnotation(AnnotationNames.ClusteredBy)?.GetConfigurationSource();

    /// <summary>As the annotation holds them: an array, which snapshots write.</summary>
    internal static string[]? ToValue(IReadOnlyList<string>? propertyNames) => propertyNames is null or { Count: 0 } ? null : [.. propertyNames];
}
