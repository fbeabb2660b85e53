using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Microsoft.EntityFrameworkCore;

/// <summary>How the values of a property are generated.</summary>
public static class EngramPropertyBuilderExtensions
{
    /// <summary>The sequence that <c>UseHiLo</c> takes where it is not told one.</summary>
    internal const string HiLoSequenceDefault = "EntityFrameworkHiLoSequence";

    private const int HiLoBlockSize = 10;

    /// <summary>Takes blocks of values from a sequence, and gives them out on the client when entities are added: their keys are known before they are saved.</summary>
    /// <param name="name">The sequence, added to the model in steps of 10 unless it is there; its step is the size of a block.</param>
    /// <param name="schema">Its schema; null for the default one.</param>
    public static PropertyBuilder UseHiLo(this PropertyBuilder propertyBuilder, string? name = null, string? schema = null)
    {
        var property = propertyBuilder.Metadata;
        name ??= HiLoSequenceDefault;
        AddHiLoSequence(property.DeclaringType.Model, name, schema);
        propertyBuilder.ValueGeneratedOnAdd();
        property.SetHiLoSequenceName(name);
        property.SetHiLoSequenceSchema(schema);
        return propertyBuilder;
    }

    /// <inheritdoc cref="UseHiLo(PropertyBuilder, string?, string?)"/>
    public static PropertyBuilder<TProperty> UseHiLo<TProperty>(this PropertyBuilder<TProperty> propertyBuilder, string? name = null, string? schema = null)
        => (PropertyBuilder<TProperty>)UseHiLo((PropertyBuilder)propertyBuilder, name, schema);

    /// <summary>Sets the sequence that gives a property blocks of values, unless something stronger has set another.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionPropertyBuilder? HasHiLoSequence(
        this IConventionPropertyBuilder propertyBuilder, string? name, string? schema, bool fromDataAnnotation = false)
    {
        if (!propertyBuilder.CanSetHiLoSequence(name, schema, fromDataAnnotation))
        {
            return null;
        }

        propertyBuilder.HasAnnotation(AnnotationNames.HiLoSequenceName, name, fromDataAnnotation);
        propertyBuilder.HasAnnotation(AnnotationNames.HiLoSequenceSchema, schema, fromDataAnnotation);
        return propertyBuilder;
    }

    /// <summary>Whether the sequence that gives a property blocks of values may be set.</summary>
    public static bool CanSetHiLoSequence(this IConventionPropertyBuilder propertyBuilder, string? name, string? schema, bool fromDataAnnotation = false)
        => propertyBuilder.CanSetAnnotation(AnnotationNames.HiLoSequenceName, name, fromDataAnnotation)
            && propertyBuilder.CanSetAnnotation(AnnotationNames.HiLoSequenceSchema, schema, fromDataAnnotation);

    /// <summary>Takes each value from a sequence, by the column's default: several tables may share one.</summary>
    /// <param name="name">The sequence, added to the model unless it is there; by default the entity's name with <c>Sequence</c> behind it.</param>
    /// <param name="schema">Its schema; null for the default one.</param>
    public static PropertyBuilder UseSequence(this PropertyBuilder propertyBuilder, string? name = null, string? schema = null)
    {
        var type = propertyBuilder.Metadata.DeclaringType;
        name ??= type.ShortName() + "Sequence";
        var inSchema = schema ?? type.Model.GetDefaultSchema();
        if (type.Model.FindSequence(name, inSchema) is null)
        {
            type.Model.AddSequence(name, inSchema);
        }

        propertyBuilder.HasDefaultValueSql(SequenceSql.NextValue(name, inSchema));
        return propertyBuilder.ValueGeneratedOnAdd();
    }

    /// <inheritdoc cref="UseSequence(PropertyBuilder, string?, string?)"/>
    public static PropertyBuilder<TProperty> UseSequence<TProperty>(this PropertyBuilder<TProperty> propertyBuilder, string? name = null, string? schema = null)
        => (PropertyBuilder<TProperty>)UseSequence((PropertyBuilder)propertyBuilder, name, schema);

    /// <summary>Takes the values from an identity of the column, as integer keys do by convention.</summary>
    /// <param name="start">The first value.</param>
    /// <param name="increment">The step from one to the next; not zero.</param>
    public static PropertyBuilder UseIdentityColumn(this PropertyBuilder propertyBuilder, long start = 1, long increment = 1)
    {
        var property = propertyBuilder.Metadata;
        propertyBuilder.ValueGeneratedOnAdd();
        property.SetHiLoSequenceName(null);
        property.SetHiLoSequenceSchema(null);
        property.SetIdentityStart(start == 1 ? null : start);
        property.SetIdentityIncrement(increment == 1 ? null : increment);
        return propertyBuilder;
    }

    /// <inheritdoc cref="UseIdentityColumn(PropertyBuilder, long, long)"/>
    public static PropertyBuilder<TProperty> UseIdentityColumn<TProperty>(this PropertyBuilder<TProperty> propertyBuilder, long start = 1, long increment = 1)
        => (PropertyBuilder<TProperty>)UseIdentityColumn((PropertyBuilder)propertyBuilder, start, increment);

    /// <summary>Sets the first value of the column's identity, unless something stronger has set another.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionPropertyBuilder? HasIdentityStart(this IConventionPropertyBuilder propertyBuilder, long? start, bool fromDataAnnotation = false)
    {
        if (!propertyBuilder.CanSetIdentityStart(start, fromDataAnnotation))
        {
            return null;
        }

        propertyBuilder.Metadata.SetIdentityStart(start, fromDataAnnotation);
        return propertyBuilder;
    }

    /// <summary>Whether the first value of the column's identity may be set.</summary>
    public static bool CanSetIdentityStart(this IConventionPropertyBuilder propertyBuilder, long? start, bool fromDataAnnotation = false)
        => propertyBuilder.CanSetAnnotation(AnnotationNames.IdentityStart, start, fromDataAnnotation);

    /// <summary>Sets the step of the column's identity, unless something stronger has set another.</summary>
    /// <returns>The builder, or null when it was not set.</returns>
    public static IConventionPropertyBuilder? HasIdentityIncrement(this IConventionPropertyBuilder propertyBuilder, long? increment, bool fromDataAnnotation = false)
    {
        if (!propertyBuilder.CanSetIdentityIncrement(increment, fromDataAnnotation))
        {
            return null;
        }

        propertyBuilder.Metadata.SetIdentityIncrement(increment, fromDataAnnotation);
        return propertyBuilder;
    }

    /// <summary>Whether the step of the column's identity may be set.</summary>
    public static bool CanSetIdentityIncrement(this IConventionPropertyBuilder propertyBuilder, long? increment, bool fromDataAnnotation = false)
        => propertyBuilder.CanSetAnnotation(AnnotationNames.IdentityIncrement, increment, fromDataAnnotation);

    internal static void AddHiLoSequence(IMutableModel model, string name, string? schema)
    {
        schema ??= model.GetDefaultSchema();
        if (model.FindSequence(name, schema) is null)
        {
            model.AddSequence(name, schema).IncrementBy = HiLoBlockSize;
        }
    }
}
