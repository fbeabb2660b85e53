using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Microsoft.EntityFrameworkCore;

/// <summary>How the values of a whole model are generated.</summary>
public static class EngramModelBuilderExtensions
{
    /// <summary>Takes the values of all generated integers, keys above all, in blocks from one sequence, and gives them out on the client.</summary>
    /// <param name="name">The sequence, added to the model in steps of 10 unless it is there; its step is the size of a block.</param>
    /// <param name="schema">Its schema; null for the default one.</param>
    public static ModelBuilder UseHiLo(this ModelBuilder modelBuilder, string? name = null, string? schema = null)
    {
        name ??= EngramPropertyBuilderExtensions.HiLoSequenceDefault;
        EngramPropertyBuilderExtensions.AddHiLoSequence(modelBuilder.Model, name, schema);
        modelBuilder.Model.SetHiLoSequenceName(name);
        modelBuilder.Model.SetHiLoSequenceSchema(schema);
        return modelBuilder;
    }

    /// <summary>Sets the sequence that gives all generated integers blocks of values, unless something stronger has set another.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionModelBuilder? HasHiLoSequence(
        this IConventionModelBuilder modelBuilder, string? name, string? schema, bool fromDataAnnotation = false)
    {
        if (!modelBuilder.CanSetHiLoSequence(name, schema, fromDataAnnotation))
        {
            return null;
        }

        modelBuilder.Metadata.SetHiLoSequenceName(name, fromDataAnnotation);
        modelBuilder.Metadata.SetHiLoSequenceSchema(schema, fromDataAnnotation);
        return modelBuilder;
    }

    /// <summary>Whether the sequence that gives all generated integers blocks of values may be set.</summary>
    public static bool CanSetHiLoSequence(this IConventionModelBuilder modelBuilder, string? name, string? schema, bool fromDataAnnotation = false)
        => modelBuilder.CanSetAnnotation(AnnotationNames.HiLoSequenceName, name, fromDataAnnotation)
            && modelBuilder.CanSetAnnotation(AnnotationNames.HiLoSequenceSchema, schema, fromDataAnnotation);
}
