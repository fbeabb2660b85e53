using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>Gives properties with <see cref="VectorIndexAttribute"/> their index.</summary>
internal sealed class VectorIndexConvention(ProviderConventionSetBuilderDependencies dependencies) : PropertyAttributeConventionBase<VectorIndexAttribute>(dependencies)
{
    protected override void ProcessPropertyAdded(
        IConventionPropertyBuilder propertyBuilder, VectorIndexAttribute attribute, MemberInfo clrMember, IConventionContext context)
    {
        var property = propertyBuilder.Metadata;
        if (property.DeclaringType is not IConventionEntityType type)
        {
            return;
        }

        var index = attribute.Name is { } name
            ? type.Builder.HasIndex([property], name, fromDataAnnotation: true)
            : type.Builder.HasIndex([property], fromDataAnnotation: true);
        index?.HasVectorMetric(attribute.Metric, fromDataAnnotation: true);
        index?.HasM(attribute.MOrNone, fromDataAnnotation: true);
        index?.HasEfConstruction(attribute.EfConstructionOrNone, fromDataAnnotation: true);
    }
}
