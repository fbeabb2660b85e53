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
