using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Microsoft.EntityFrameworkCore;

/// <summary>What the Engram provider knows of a model.</summary>
public static class EngramModelExtensions
{
    /// <summary>The sequence that gives all generated integers blocks of values; null without one.</summary>
    public static string? GetHiLoSequenceName(this IReadOnlyModel model) => (string?)model[AnnotationNames.HiLoSequenceName];

    /// <summary>Sets the sequence that gives all generated integers blocks of values; the sequence itself must be in the model.</summary>
    public static void SetHiLoSequenceName(this IMutableModel model, string? name) => model.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceName, name);

    /// <inheritdoc cref="SetHiLoSequenceName(IMutableModel, string?)"/>
    /// <returns>What is set now.</returns>
    public static string? SetHiLoSequenceName(this IConventionModel model, string? name, bool fromDataAnnotation = false)
        => (string?)model.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceName, name, fromDataAnnotation)?.Value;

    /// <summary>Who has set the sequence.</summary>
    public static ConfigurationSource? GetHiLoSequenceNameConfigurationSource(this IConventionModel model)
        => model.FindAnnotation(AnnotationNames.HiLoSequenceName)?.GetConfigurationSource();

    /// <summary>The schema of the sequence that gives all generated integers blocks of values; null for the default one.</summary>
    public static string? GetHiLoSequenceSchema(this IReadOnlyModel model) => (string?)model[AnnotationNames.HiLoSequenceSchema];

    /// <summary>Sets the schema of the sequence that gives all generated integers blocks of values.</summary>
    public static void SetHiLoSequenceSchema(this IMutableModel model, string? schema) => model.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceSchema, schema);

    /// <inheritdoc cref="SetHiLoSequenceSchema(IMutableModel, string?)"/>
    /// <returns>What is set now.</returns>
    public static string? SetHiLoSequenceSchema(this IConventionModel model, string? schema, bool fromDataAnnotation = false)
        => (string?)model.SetOrRemoveAnnotation(AnnotationNames.HiLoSequenceSchema, schema, fromDataAnnotation)?.Value;

    /// <summary>Who has set the schema of the sequence.</summary>
    public static ConfigurationSource? GetHiLoSequenceSchemaConfigurationSource(this IConventionModel model)
        => model.FindAnnotation(AnnotationNames.HiLoSequenceSchema)?.GetConfigurationSource();
}
