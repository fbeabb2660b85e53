using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>EF Core's relational conventions as they are: integer and Guid keys are generated, the former as identities by <see cref="AnnotationProvider"/>.</summary>
internal sealed class RelationalConventions(
    ProviderConventionSetBuilderDependencies dependencies, RelationalConventionSetBuilderDependencies relationalDependencies)
    : RelationalConventionSetBuilder(dependencies, relationalDependencies);
