using Engram.EntityFrameworkCore.Metadata;

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
        modelBuilder.Model.SetAnnotation(AnnotationNames.HiLoSequenceName, name);
        if (schema is not null)
        {
            modelBuilder.Model.SetAnnotation(AnnotationNames.HiLoSequenceSchema, schema);
        }

        return modelBuilder;
    }
}
