using System.Reflection;
using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Engram.EntityFrameworkCore.Design;

/// <summary>Writes the provider's annotations into snapshots and scaffolded contexts as the calls that set them.</summary>
internal sealed class ModelCode(AnnotationCodeGeneratorDependencies dependencies) : AnnotationCodeGenerator(dependencies)
{
    private static readonly MethodInfo ModelUseHiLo = Method(
        typeof(EngramModelBuilderExtensions), nameof(EngramModelBuilderExtensions.UseHiLo), typeof(ModelBuilder), typeof(string), typeof(string));

    private static readonly MethodInfo PropertyUseHiLo = Method(
        typeof(EngramPropertyBuilderExtensions), nameof(EngramPropertyBuilderExtensions.UseHiLo), typeof(PropertyBuilder), typeof(string), typeof(string));

    private static readonly MethodInfo UseIdentityColumn = Method(
        typeof(EngramPropertyBuilderExtensions), nameof(EngramPropertyBuilderExtensions.UseIdentityColumn), typeof(PropertyBuilder), typeof(long), typeof(long));

    private static readonly MethodInfo HasClustering = Method(
        typeof(EngramEntityTypeBuilderExtensions), nameof(EngramEntityTypeBuilderExtensions.HasClustering), typeof(EntityTypeBuilder), typeof(string[]));

    private static readonly (string Annotation, MethodInfo Method)[] IndexCalls =
    [
        (AnnotationNames.VectorMetric, Method(
            typeof(EngramIndexBuilderExtensions), nameof(EngramIndexBuilderExtensions.HasVectorMetric), typeof(IndexBuilder), typeof(VectorMetric?))),
        (AnnotationNames.M, Method(typeof(EngramIndexBuilderExtensions), nameof(EngramIndexBuilderExtensions.HasM), typeof(IndexBuilder), typeof(int?))),
        (AnnotationNames.EfConstruction, Method(
            typeof(EngramIndexBuilderExtensions), nameof(EngramIndexBuilderExtensions.HasEfConstruction), typeof(IndexBuilder), typeof(int?))),
    ];

    public override IReadOnlyList<MethodCallCodeFragment> GenerateFluentApiCalls(IModel model, IDictionary<string, IAnnotation> annotations)
    {
        var calls = new List<MethodCallCodeFragment>();
        if (Take<string>(annotations, AnnotationNames.HiLoSequenceName) is { } name)
        {
            calls.Add(Call(ModelUseHiLo, name, Take<string>(annotations, AnnotationNames.HiLoSequenceSchema)));
        }

        return [.. calls, .. base.GenerateFluentApiCalls(model, annotations)];
    }

    public override IReadOnlyList<MethodCallCodeFragment> GenerateFluentApiCalls(IProperty property, IDictionary<string, IAnnotation> annotations)
    {
        var calls = new List<MethodCallCodeFragment>();
        if (Take<string>(annotations, AnnotationNames.HiLoSequenceName) is { } name)
        {
            calls.Add(Call(PropertyUseHiLo, name, Take<string>(annotations, AnnotationNames.HiLoSequenceSchema)));
        }

        var start = Take<object>(annotations, AnnotationNames.IdentityStart) as long?;
        var increment = Take<object>(annotations, AnnotationNames.IdentityIncrement) as long?;
        if (start is not null || increment is not null)
        {
            calls.Add(new MethodCallCodeFragment(UseIdentityColumn, start ?? 1, increment ?? 1));
        }

        return [.. calls, .. base.GenerateFluentApiCalls(property, annotations)];
    }

    public override IReadOnlyList<MethodCallCodeFragment> GenerateFluentApiCalls(IIndex index, IDictionary<string, IAnnotation> annotations)
    {
        var calls = new List<MethodCallCodeFragment>();
        foreach (var (annotation, method) in IndexCalls)
        {
            if (Take<object>(annotations, annotation) is { } value)
            {
                calls.Add(new MethodCallCodeFragment(method, value));
            }
        }

        return [.. calls, .. base.GenerateFluentApiCalls(index, annotations)];
    }

    public override IReadOnlyList<MethodCallCodeFragment> GenerateFluentApiCalls(IEntityType entityType, IDictionary<string, IAnnotation> annotations)
    {
        var calls = new List<MethodCallCodeFragment>();
        if (ClusteringSql.PropertiesOf(entityType) is { } names && annotations.Remove(AnnotationNames.ClusteredBy))
        {
            calls.Add(new MethodCallCodeFragment(HasClustering, [names]));
        }

        return [.. calls, .. base.GenerateFluentApiCalls(entityType, annotations)];
    }

    private static MethodCallCodeFragment Call(MethodInfo method, string name, string? schema)
        => schema is null ? new(method, name) : new(method, name, schema);

    private static T? Take<T>(IDictionary<string, IAnnotation> annotations, string name)
        where T : class
        => annotations.Remove(name, out var annotation) ? (T?)annotation.Value : null;

    private static MethodInfo Method(Type type, string name, params Type[] parameters) => type.GetRuntimeMethod(name, parameters)!;
}
