using System.Reflection;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.EntityFrameworkCore.ValueGeneration;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>What every provider of EF Core has, found by reflection.</summary>
public sealed class ConventionBuilderTests
{
    private static readonly Type[] PublicTypes = typeof(EngramPropertyBuilderExtensions).Assembly.GetExportedTypes();

    [Fact]
    public void Every_service_of_a_relational_provider_is_there()
    {
        var services = new ServiceCollection().AddEntityFrameworkEngram();
#pragma warning disable EF1001 // Only these tables say which services a relational provider has.
        var characteristics = EntityFrameworkServicesBuilder.CoreServices.Concat(EntityFrameworkRelationalServicesBuilder.RelationalServices)
            .Where(s => !s.Value.MultipleRegistrations).ToList();
#pragma warning restore EF1001
        Assert.NotEmpty(characteristics);
        foreach (var (type, expected) in characteristics)
        {
            var service = services.LastOrDefault(s => s.ServiceType == type);
            Assert.True(service is not null, $"'{type}' is not registered.");
            Assert.True(service.Lifetime == expected.Lifetime, $"'{type}' lives as {service.Lifetime}, not as {expected.Lifetime}.");
        }

        using var db = MemoryContext.ForSql();
        foreach (var (type, _) in characteristics.Where(c => !c.Key.IsGenericTypeDefinition))
        {
            Assert.NotNull(((IInfrastructure<IServiceProvider>)db).Instance.GetService(type));
        }
    }

    [Theory]
    [InlineData(typeof(IProviderConventionSetBuilder))]
    [InlineData(typeof(IModelValidator))]
    [InlineData(typeof(IRelationalTypeMappingSource))]
    [InlineData(typeof(IRelationalAnnotationProvider))]
    [InlineData(typeof(IRelationalConnection))]
    [InlineData(typeof(IRelationalDatabaseCreator))]
    [InlineData(typeof(IModificationCommandBatchFactory))]
    [InlineData(typeof(IModificationCommandFactory))]
    [InlineData(typeof(IUpdateSqlGenerator))]
    [InlineData(typeof(IMigrationsSqlGenerator))]
    [InlineData(typeof(IHistoryRepository))]
    [InlineData(typeof(IValueGeneratorSelector))]
    [InlineData(typeof(IQueryCompilationContextFactory))]
    [InlineData(typeof(IMethodCallTranslatorProvider))]
    [InlineData(typeof(IMemberTranslatorProvider))]
    [InlineData(typeof(IAggregateMethodCallTranslatorProvider))]
    [InlineData(typeof(IQuerySqlGeneratorFactory))]
    [InlineData(typeof(IQueryableMethodTranslatingExpressionVisitorFactory))]
    [InlineData(typeof(IRelationalSqlTranslatingExpressionVisitorFactory))]
    [InlineData(typeof(IRelationalParameterBasedSqlProcessorFactory))]
    public void What_differs_between_databases_is_the_providers_own(Type service)
    {
        using var db = MemoryContext.ForSql();
        Assert.Equal(typeof(EngramPropertyBuilderExtensions).Assembly, ((IInfrastructure<IServiceProvider>)db).Instance.GetRequiredService(service).GetType().Assembly);
    }

    [Fact]
    public void What_the_builders_set_conventions_can_set_too()
    {
        var extensions = PublicTypes.Where(t => t is { IsAbstract: true, IsSealed: true }).SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static)).ToList();
        var canSet = extensions.Where(m => m.Name.StartsWith("CanSet", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(canSet);
        foreach (var method in canSet)
        {
            var builder = method.GetParameters()[0].ParameterType;
            Assert.Contains(extensions, m => m.Name == "Has" + method.Name["CanSet".Length..] && m.ReturnType == builder && m.GetParameters()[0].ParameterType == builder);
            Assert.Equal("fromDataAnnotation", method.GetParameters()[^1].Name);
        }

        var mutable = extensions.Where(m => m.Name.StartsWith("Set", StringComparison.Ordinal) && m.GetParameters()[0].ParameterType.Name.StartsWith("IMutable", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(mutable);
        foreach (var method in mutable)
        {
            var convention = "IConvention" + method.GetParameters()[0].ParameterType.Name["IMutable".Length..];
            Assert.Contains(extensions, m => m.Name == method.Name && m.GetParameters()[0].ParameterType.Name == convention);
            Assert.Contains(extensions, m => m.Name == "G" + method.Name[1..] + "ConfigurationSource" && m.GetParameters()[0].ParameterType.Name == convention);
            Assert.Contains(extensions, m => m.Name == "G" + method.Name[1..] && m.GetParameters()[0].ParameterType.Name.StartsWith("IReadOnly", StringComparison.Ordinal));
        }
    }

    /// <summary>What EF Core's own tests of providers ask of the shape of their members.</summary>
    [Fact]
    public void Public_members_have_the_shape_that_those_of_every_provider_have()
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var type in PublicTypes)
        {
            foreach (var method in type.GetMethods(own).Where(m => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly))
            {
                Assert.True(type.IsSealed || method.IsStatic || (method.IsVirtual && !method.IsFinal), $"'{type.Name}.{method.Name}' is not virtual.");
                Assert.DoesNotContain(method.GetParameters(), p => (p.ParameterType == typeof(bool) || p.ParameterType == typeof(bool?))
                    && new[] { "is", "can", "has" }.Any(w => p.Name!.StartsWith(w, StringComparison.Ordinal)));
            }
        }

        var generic = new Dictionary<Type, Type>
        {
            [typeof(EntityTypeBuilder)] = typeof(EntityTypeBuilder<>),
            [typeof(IndexBuilder)] = typeof(IndexBuilder<>),
            [typeof(PropertyBuilder)] = typeof(PropertyBuilder<>),
            [typeof(DbContextOptionsBuilder)] = typeof(DbContextOptionsBuilder<>),
        };
        var extensions = PublicTypes.Where(t => t is { IsAbstract: true, IsSealed: true }).SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static)).ToList();
        foreach (var method in extensions.Where(m => generic.ContainsKey(m.ReturnType) && m.GetParameters() is [var first, ..] && first.ParameterType == m.ReturnType))
        {
            Assert.Contains(extensions, m => m.Name == method.Name && m.IsGenericMethod && m.ReturnType.IsGenericType && m.ReturnType.GetGenericTypeDefinition() == generic[method.ReturnType]
                && m.GetParameters().Skip(1).Select(p => p.ParameterType).SequenceEqual(method.GetParameters().Skip(1).Select(p => p.ParameterType)));
        }
    }

    [Fact]
    public void Asynchronous_members_take_a_token_and_stand_beside_those_that_wait()
    {
        var methods = PublicTypes.SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(m => m.Name.EndsWith("Async", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(methods);
        Assert.All(methods, m => Assert.Equal(typeof(CancellationToken), m.GetParameters()[^1].ParameterType));
    }

    [Fact]
    public void What_the_application_says_is_stronger_than_what_a_convention_says()
    {
        var model = new ModelBuilder(new Microsoft.EntityFrameworkCore.Metadata.Conventions.ConventionSet());
        var property = model.Entity<Note>().Property(n => n.Id).UseIdentityColumn(5, 2).Metadata;
        var builder = ((IConventionProperty)property).Builder;
        Assert.False(builder.CanSetIdentityStart(7));
        Assert.Null(builder.HasIdentityStart(7, fromDataAnnotation: true));
        Assert.Null(builder.HasIdentityIncrement(7));
        Assert.NotNull(builder.HasIdentityIncrement(2));
        Assert.Equal((5, 2), (property.GetIdentityStart(), property.GetIdentityIncrement()));
        Assert.Equal(ConfigurationSource.Explicit, ((IConventionProperty)property).GetIdentityStartConfigurationSource());

        var wide = ((IConventionModel)model.Model).Builder;
        Assert.NotNull(wide.HasHiLoSequence("numbers", null));
        Assert.Equal("numbers", model.Model.GetHiLoSequenceName());
        Assert.NotNull(wide.HasHiLoSequence("others", "s", fromDataAnnotation: true));
        Assert.False(wide.CanSetHiLoSequence("numbers", null));
        model.UseHiLo("mine");
        Assert.Equal(("mine", null), (model.Model.GetHiLoSequenceName(), model.Model.GetHiLoSequenceSchema()));

        var entity = ((IConventionEntityType)model.Entity<Note>().Metadata).Builder;
        Assert.NotNull(entity.HasClustering(["Id"]));
        Assert.Equal(ConfigurationSource.Convention, entity.Metadata.GetClusteringConfigurationSource());
        EntityTypeBuilder<Note> said = model.Entity<Note>().HasClustering("Price", "Id");
        Assert.Null(entity.HasClustering(["Id"], fromDataAnnotation: true));
        Assert.True(entity.CanSetClustering(["Price", "Id"]));
        Assert.Equal(["Price", "Id"], said.Metadata.GetClustering());
        Assert.Null(said.HasClustering().Metadata.GetClustering());

        var index = ((IConventionIndex)model.Entity<Note>().HasIndex(n => n.Id).HasVectorMetric(VectorMetric.L2).Metadata).Builder;
        Assert.Null(index.HasVectorMetric(VectorMetric.Cosine));
        Assert.NotNull(index.HasM(20)?.HasEfConstruction(99, fromDataAnnotation: true));
        Assert.False(index.CanSetEfConstruction(98));
        Assert.Equal((VectorMetric.L2, 20, 99), (index.Metadata.GetVectorMetric()!.Value, index.Metadata.GetM()!.Value, index.Metadata.GetEfConstruction()!.Value));
    }
}
