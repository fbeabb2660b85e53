using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;

namespace Engram.EntityFrameworkCore.Metadata;

/// <summary>
/// EF Core's relational conventions: integer and Guid keys are generated, the former as identities by <see cref="AnnotationProvider"/>. Beyond them, first
/// values of row versions, and one sequence for the keys of a hierarchy that has a table for each concrete class.
/// </summary>
internal sealed class RelationalConventions(
    ProviderConventionSetBuilderDependencies dependencies, RelationalConventionSetBuilderDependencies relationalDependencies)
    : RelationalConventionSetBuilder(dependencies, relationalDependencies)
{
    public override ConventionSet CreateConventionSet()
    {
        var conventions = base.CreateConventionSet();
        conventions.Replace<ValueGenerationConvention>(new KeyGenerationConvention(Dependencies, RelationalDependencies));
        conventions.Add(new VectorIndexConvention(Dependencies));
        conventions.ModelFinalizingConventions.Add(new StoreGenerationConvention());
        return conventions;
    }
}

/// <summary>EF Core's choice of keys that are generated, and those of a hierarchy with a table for each concrete class too, whose sequence keeps them apart.</summary>
internal sealed class KeyGenerationConvention(
    ProviderConventionSetBuilderDependencies dependencies, RelationalConventionSetBuilderDependencies relationalDependencies)
    : RelationalValueGenerationConvention(dependencies, relationalDependencies)
{
    protected override bool MappingStrategyAllowsValueGeneration(IConventionProperty property, string? mappingStrategy) => true;
}

/// <summary>What the database needs of a finished model to generate its values.</summary>
/// <remarks>
/// <para>A row version gets its first value by a default: 1 for an integer, a random one for bytes and Guids. An update then writes the next (see
/// <see cref="Update.ModificationSqlGenerator"/>). The default is a part of the table, so that rows which other programs insert have one as well.</para>
/// <para>Identities of two tables know nothing of each other, but the keys of a hierarchy with a table for each concrete class must differ: they come
/// from one sequence.</para>
/// </remarks>
internal sealed class StoreGenerationConvention : IModelFinalizingConvention
{
    private const string RandomBytes = "decode(replace(CAST(gen_random_uuid() AS text), '-', ''), 'hex')";

    public void ProcessModelFinalizing(IConventionModelBuilder modelBuilder, IConventionContext<IConventionModelBuilder> context)
    {
        foreach (var type in modelBuilder.Metadata.GetEntityTypes())
        {
            if (modelBuilder.Metadata.GetCollation() is { } collation && !type.IsMappedToJson())
            {
                CollateTexts(type, collation);
            }

            foreach (var property in type.GetDeclaredProperties().Where(p => GeneratedIntegers.IsRowVersion(p)))
            {
                SetFirstVersion(property);
            }

            if (type.BaseType is null && type.GetMappingStrategy() == RelationalAnnotationNames.TpcMappingStrategy)
            {
                ShareSequence(modelBuilder, type);
            }
        }
    }

    /// <summary>A collation of the whole model is one of each text: the database has none of its own.</summary>
    private static void CollateTexts(IConventionTypeBase type, string collation)
    {
        foreach (var property in type.GetDeclaredProperties())
        {
            if (GeneratedIntegers.StoredType(property) == typeof(string) && property.GetCollation() is null && property.GetColumnType() is not ("json" or "jsonb"))
            {
                property.Builder.UseCollation(collation);
            }
        }

        foreach (var complex in type.GetDeclaredComplexProperties().Where(c => !c.ComplexType.IsMappedToJson()))
        {
            CollateTexts(complex.ComplexType, collation);
        }
    }

    private static void SetFirstVersion(IConventionProperty property)
    {
        if (property.GetDefaultValueSql() is not null || property.TryGetDefaultValue(out _))
        {
            return;
        }

        var type = GeneratedIntegers.StoredType(property);
        var sql = GeneratedIntegers.IsInteger(type) ? "1" : type == typeof(byte[]) ? RandomBytes : type == typeof(Guid) ? "gen_random_uuid()" : null;
        if (sql is not null)
        {
            property.Builder.HasDefaultValueSql(sql);
        }
    }

    private static void ShareSequence(IConventionModelBuilder modelBuilder, IConventionEntityType root)
    {
        if (root.FindPrimaryKey()?.Properties is not [var key] || !root.GetDerivedTypes().Any() || key.ValueGenerated != ValueGenerated.OnAdd
            || key.GetDefaultValueSql() is not null || key.TryGetDefaultValue(out _) || key.GetHiLoSequenceName() is not null
            || !GeneratedIntegers.IsInteger(GeneratedIntegers.StoredType(key)) || key.IsForeignKey())
        {
            return;
        }

        var name = root.ShortName() + "Sequence";
        var schema = root.GetSchema() ?? modelBuilder.Metadata.GetDefaultSchema();
        modelBuilder.HasSequence(name, schema);
        key.Builder.HasDefaultValueSql(SequenceSql.NextValue(name, schema));
    }
}
