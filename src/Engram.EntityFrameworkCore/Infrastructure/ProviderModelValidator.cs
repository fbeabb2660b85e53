using Engram.EntityFrameworkCore.Metadata;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Infrastructure;

/// <summary>Refuses models that the database could not store, before it is asked to.</summary>
internal sealed class ProviderModelValidator(ModelValidatorDependencies dependencies, RelationalModelValidatorDependencies relationalDependencies)
    : RelationalModelValidator(dependencies, relationalDependencies)
{
    public override void Validate(IModel model, IDiagnosticsLogger<DbLoggerCategory.Model.Validation> logger)
    {
        base.Validate(model, logger);
        foreach (var property in model.GetEntityTypes().SelectMany(t => t.GetFlattenedProperties()))
        {
            ValidateVector(property);
            ValidateHiLo(property);
        }

        foreach (var index in model.GetEntityTypes().SelectMany(t => t.GetDeclaredIndexes()))
        {
            ValidateIndex(index);
        }
    }

    private static void ValidateIndex(IIndex index)
    {
        var name = $"'{index.DeclaringEntityType.DisplayName()}.{string.Join(", ", index.Properties.Select(p => p.Name))}'";
        if (index.GetVectorMetric() is null)
        {
            if (index.GetM() is not null || index.GetEfConstruction() is not null)
            {
                throw new InvalidOperationException($"The index over {name} has options of a vector index without being one. Declare it with HasVectorIndex(e => …, VectorMetric.Cosine).");
            }

            if (index.Properties.FirstOrDefault(IsVector) is { } embedding)
            {
                throw new InvalidOperationException(
                    $"The index over {name} orders embeddings, which have no order. Declare it with HasVectorIndex(e => e.{embedding.Name}, VectorMetric.Cosine), or leave it out: "
                    + "exact searches need no index.");
            }

            return;
        }

        if (index.Properties is not [var property] || !IsVector(property))
        {
            throw new InvalidOperationException(
                $"The vector index over {name} must be over one embedding: a property with a column type such as vector(768) or halfvec(768).");
        }

        if (index.IsUnique || index.GetFilter() is not null || index.IsDescending is not null)
        {
            throw new InvalidOperationException($"The vector index over {name} cannot be unique, filtered or descending. Leave these out: a query's own filter is respected.");
        }
    }

    private static bool IsVector(IProperty property) => property.FindTypeMapping() is EngramVectorTypeMapping or EngramHalfVectorTypeMapping;

    private static void ValidateHiLo(IProperty property)
    {
        // EF Core asks for values of keys before they are saved, and for no others.
        if (property[AnnotationNames.HiLoSequenceName] is not null && !property.IsKey())
        {
            throw new InvalidOperationException(
                $"Property '{property.DeclaringType.DisplayName()}.{property.Name}' uses hi-lo without being a part of a key. Use UseSequence or UseIdentityColumn for it.");
        }
    }

    private static void ValidateVector(IProperty property)
    {
        if (property.FindTypeMapping() is EngramVectorTypeMapping { Dimensions: null } or EngramHalfVectorTypeMapping { Dimensions: null } && !property.DeclaringType.IsMappedToJson())
        {
            throw new InvalidOperationException(
                $"Property '{property.DeclaringType.DisplayName()}.{property.Name}' is an embedding without a number of dimensions. Say how many with "
                + "[Column(TypeName = \"vector(768)\")] or HasColumnType(\"vector(768)\"), with the dimensions of your model, or halfvec(768) for elements of type Half.");
        }
    }
}
