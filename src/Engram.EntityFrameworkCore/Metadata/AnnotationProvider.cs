using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>What a column is besides its type, for migrations.</summary>
internal sealed class AnnotationProvider(RelationalAnnotationProviderDependencies dependencies) : RelationalAnnotationProvider(dependencies)
{
    public override IEnumerable<IAnnotation> For(IColumn column, bool designTime)
    {
        if (!designTime || column.PropertyMappings.FirstOrDefault(m => IsIdentity(m.Property, column) && IsOwnTable(m)) is not { } mapping)
        {
            yield break;
        }

        yield return new Annotation(AnnotationNames.Identity, true);
        foreach (var name in (string[])[AnnotationNames.IdentityStart, AnnotationNames.IdentityIncrement])
        {
            if (mapping.Property[name] is long value)
            {
                yield return new Annotation(name, value);
            }
        }
    }

    public override IEnumerable<IAnnotation> For(ITable table, bool designTime)
        => designTime && ClusteringSql.Of(table) is { } clustering ? [new Annotation(AnnotationNames.ClusteredBy, clustering)] : [];

    /// <summary>What a vector index is built from; the type of its column too, since no index survives another type of it.</summary>
    public override IEnumerable<IAnnotation> For(ITableIndex index, bool designTime)
    {
        if (!designTime || index.MappedIndexes.FirstOrDefault() is not { } mapped || mapped.GetVectorMetric() is not { } metric)
        {
            yield break;
        }

        yield return new Annotation(AnnotationNames.VectorMetric, metric);
        yield return new Annotation(AnnotationNames.VectorColumnType, index.Columns[0].StoreType);
        if (mapped.GetM() is { } m)
        {
            yield return new Annotation(AnnotationNames.M, m);
        }

        if (mapped.GetEfConstruction() is { } efConstruction)
        {
            yield return new Annotation(AnnotationNames.EfConstruction, efConstruction);
        }
    }

    private static bool IsIdentity(IProperty property, IColumn column)
        => GeneratedIntegers.Contains(property, StoreObjectIdentifier.Table(column.Table.Name, column.Table.Schema)) && property.GetHiLoSequenceName() is null;

    /// <summary>Not where the key of a derived type's table, or of a fragment, repeats the one that was generated.</summary>
    private static bool IsOwnTable(IColumnMapping mapping)
        => mapping.TableMapping is { TypeBase: var type, IsSplitEntityTypePrincipal: not false } && type == mapping.Property.DeclaringType;
}
