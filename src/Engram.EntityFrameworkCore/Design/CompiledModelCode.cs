using Engram.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Design.Internal;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Design;

/// <summary>Leaves out of compiled models what only migrations read.</summary>
internal sealed class CompiledModelCode(
    CSharpRuntimeAnnotationCodeGeneratorDependencies dependencies, RelationalCSharpRuntimeAnnotationCodeGeneratorDependencies relationalDependencies)
    : RelationalCSharpRuntimeAnnotationCodeGenerator(dependencies, relationalDependencies)
{
    public override void Generate(IProperty property, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveIdentity(parameters);
        base.Generate(property, parameters);
    }

    public override void Generate(IColumn column, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveIdentity(parameters);
        base.Generate(column, parameters);
    }

    public override void Generate(IIndex index, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveVectorIndex(parameters);
        base.Generate(index, parameters);
    }

    public override void Generate(ITableIndex index, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveVectorIndex(parameters);
        base.Generate(index, parameters);
    }

    public override void Generate(IEntityType entityType, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveClustering(parameters);
        base.Generate(entityType, parameters);
    }

    public override void Generate(ITable table, CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        RemoveClustering(parameters);
        base.Generate(table, parameters);
    }

    private static void RemoveClustering(CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        if (!parameters.IsRuntime)
        {
            parameters.Annotations.Remove(AnnotationNames.ClusteredBy);
        }
    }

    private static void RemoveVectorIndex(CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        if (!parameters.IsRuntime)
        {
            parameters.Annotations.Remove(AnnotationNames.VectorMetric);
            parameters.Annotations.Remove(AnnotationNames.VectorColumnType);
            parameters.Annotations.Remove(AnnotationNames.M);
            parameters.Annotations.Remove(AnnotationNames.EfConstruction);
        }
    }

    private static void RemoveIdentity(CSharpRuntimeAnnotationCodeGeneratorParameters parameters)
    {
        if (!parameters.IsRuntime)
        {
            parameters.Annotations.Remove(AnnotationNames.Identity);
            parameters.Annotations.Remove(AnnotationNames.IdentityStart);
            parameters.Annotations.Remove(AnnotationNames.IdentityIncrement);
        }
    }
}
