using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What the Engram provider knows of a property.</summary>
public static class EngramPropertyExtensions
{
    /// <summary>The sequence that gives the property blocks of values, set for it or for the whole model; null without one.</summary>
    public static string? GetHiLoSequenceName(this IReadOnlyProperty property)
        => (string?)property[AnnotationNames.HiLoSequenceName]
            ?? (property.DeclaringType.Model[AnnotationNames.HiLoSequenceName] is string name && property.IsKey() && GeneratedIntegers.Contains(property) ? name : null);

    /// <summary>The schema of the sequence that gives the property blocks of values; null for the default one.</summary>
    public static string? GetHiLoSequenceSchema(this IReadOnlyProperty property)
        => (string?)(property[AnnotationNames.HiLoSequenceName] is null ? property.DeclaringType.Model : property as IReadOnlyAnnotatable)[AnnotationNames.HiLoSequenceSchema]
            ?? property.DeclaringType.Model.GetDefaultSchema();

    /// <summary>Sets the sequence that gives the property blocks of values; the sequence itself must be in the model.</summary>
    public static void SetHiLoSequenceName(this IMutableProperty property, string? name) => property.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceName, name);

    /// <summary>Sets the schema of the sequence that gives the property blocks of values.</summary>
    public static void SetHiLoSequenceSchema(this IMutableProperty property, string? schema) => property.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceSchema, schema);

    /// <summary>The first value of the property's identity column; null for 1.</summary>
    public static long? GetIdentityStart(this IReadOnlyProperty property) => (long?)property[AnnotationNames.IdentityStart];

    /// <summary>Sets the first value of the property's identity column.</summary>
    public static void SetIdentityStart(this IMutableProperty property, long? start) => property.SetOrRemoveAnnotation(AnnotationNames.IdentityStart, start);

    /// <summary>The step of the property's identity column; null for 1.</summary>
    public static long? GetIdentityIncrement(this IReadOnlyProperty property) => (long?)property[AnnotationNames.IdentityIncrement];

    /// <summary>Sets the step of the property's identity column.</summary>
    public static void SetIdentityIncrement(this IMutableProperty property, long? increment)
        => property.SetOrRemoveAnnotation(AnnotationNames.IdentityIncrement, increment);

    /// <inheritdoc cref="SetHiLoSequenceName(IMutableProperty, string?)"/>
    /// <returns>What is set now.</returns>
    public static string? SetHiLoSequenceName(this IConventionProperty property, string? value, bool fromDataAnnotation = false)
        => (string?)property.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceName, value, fromDataAnnotation)?.Value;

    /// <summary>Who has set the sequence.</summary>
    public static ConfigurationSource? GetHiLoSequenceNameConfigurationSource(this IConventionProperty property)
        => property.FindAnnotation(AnnotationNames.HiLoSequenceName)?.GetConfigurationSource();

    /// <inheritdoc cref="SetHiLoSequenceSchema(IMutableProperty, string?)"/>
    /// <returns>What is set now.</returns>
    public static string? SetHiLoSequenceSchema(this IConventionProperty property, string? value, bool fromDataAnnotation = false)
        => (string?)property.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceSchema, value, fromDataAnnotation)?.Value;

    /// <summary>Who has set the schema of the sequence.</summary>
    public static ConfigurationSource? GetHiLoSequenceSchemaConfigurationSource(this IConventionProperty property)
        => property.FindAnnotation(AnnotationNames.HiLoSequenceSchema)?.GetConfigurationSource();

    /// <inheritdoc cref="SetIdentityStart(IMutableProperty, long?)"/>
    /// <returns>What is set now.</returns>
    public static long? SetIdentityStart(this IConventionProperty property, long? value, bool fromDataAnnotation = false)
        => (long?)property.SetOrRemoveAnnotation(AnnotationNames.IdentityStart, value, fromDataAnnotation)?.Value;

    /// <summary>Who has set the first value.</summary>
    public static ConfigurationSource? GetIdentityStartConfigurationSource(this IConventionProperty property)
        => property.FindAnnotation(AnnotationNames.IdentityStart)?.GetConfigurationSource();

    /// <inheritdoc cref="SetIdentityIncrement(IMutableProperty, long?)"/>
    /// <returns>What is set now.</returns>
    public static long? SetIdentityIncrement(this IConventionProperty property, long? value, bool fromDataAnnotation = false)
        => (long?)property.SetOrRemoveAnnotation(AnnotationNames.IdentityIncrement, value, fromDataAnnotation)?.Value;

    /// <summary>Who has set the step.</summary>
    public static ConfigurationSource? GetIdentityIncrementConfigurationSource(this IConventionProperty property)
        => property.FindAnnotation(AnnotationNames.IdentityIncrement)?.GetConfigurationSource();
}
