using System.ComponentModel;
using Engram.EntityFrameworkCore.Diagnostics;
using Engram.EntityFrameworkCore.Infrastructure;
using Engram.EntityFrameworkCore.Metadata;
using Engram.EntityFrameworkCore.Migrations;
using Engram.EntityFrameworkCore.Query;
using Engram.EntityFrameworkCore.Query.Translators;
using Engram.EntityFrameworkCore.Storage;
using Engram.EntityFrameworkCore.Update;
using Engram.EntityFrameworkCore.ValueGeneration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers contexts, or the provider's services, with a service collection.</summary>
public static class EngramServiceCollectionExtensions
{
    /// <summary>Registers a context that uses an Engram database: <c>AddDbContext</c> and <c>UseEngram</c> in one call.</summary>
    /// <param name="connectionString">For example <c>Data Source=memory.engram</c>.</param>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    /// <param name="optionsAction">Further options of the context.</param>
    public static IServiceCollection AddEngram<TContext>(
        this IServiceCollection serviceCollection, string? connectionString,
        Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null, Action<DbContextOptionsBuilder>? optionsAction = null)
        where TContext : DbContext
        => serviceCollection.AddDbContext<TContext>((_, options) =>
        {
            optionsAction?.Invoke(options);
            options.UseEngram(connectionString, engramOptionsAction);
        });

    /// <summary>Adds the provider's services. Only for building an internal service provider by hand; applications call <c>UseEngram</c>.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static IServiceCollection AddEntityFrameworkEngram(this IServiceCollection serviceCollection)
    {
        new EntityFrameworkRelationalServicesBuilder(serviceCollection)
            .TryAdd<LoggingDefinitions, ProviderLoggingDefinitions>()
            .TryAdd<IDatabaseProvider, DatabaseProvider<EngramOptionsExtension>>()
            .TryAdd<IModelValidator, ProviderModelValidator>()
            .TryAdd<IProviderConventionSetBuilder, RelationalConventions>()
            .TryAdd<IRelationalAnnotationProvider, AnnotationProvider>()
            .TryAdd<IRelationalTypeMappingSource, TypeMappings>()
            .TryAdd<ISqlGenerationHelper, RelationalSqlGenerationHelper>()
            .TryAdd<IRelationalConnection, DatabaseConnection>()
            .TryAdd<IRelationalDatabaseCreator, DatabaseCreator>()
            .TryAdd<IModificationCommandBatchFactory, ModificationBatchFactory>()
            .TryAdd<IModificationCommandFactory, RowModificationFactory>()
            .TryAdd<IUpdateSqlGenerator, ModificationSqlGenerator>()
            .TryAdd<IMigrationsSqlGenerator, DefinitionSqlGenerator>()
            .TryAdd<IHistoryRepository, MigrationHistory>()
            .TryAdd<IQueryCompilationContextFactory, CompilationContextFactory>()
            .TryAdd<IMethodCallTranslatorProvider, MethodTranslators>()
            .TryAdd<IAggregateMethodCallTranslatorProvider, AggregateTranslators>()
            .TryAdd<IMemberTranslatorProvider, MemberTranslators>()
            .TryAdd<IQuerySqlGeneratorFactory, SelectSqlGeneratorFactory>()
            .TryAdd<IQueryableMethodTranslatingExpressionVisitorFactory, QueryTranslatorFactory>()
            .TryAdd<IRelationalSqlTranslatingExpressionVisitorFactory, ExpressionTranslatorFactory>()
            .TryAdd<IQueryTranslationPostprocessorFactory, QueryPostprocessorFactory>()
            .TryAdd<IRelationalParameterBasedSqlProcessorFactory, ParameterProcessorFactory>()
            .TryAdd<IShapedQueryCompilingExpressionVisitorFactory, ShapedQueryCompilerFactory>()
            .TryAdd<IConcurrencyDetector, ConcurrentUseDetector>()
            .TryAdd<IValueGeneratorSelector, ValueGenerators>()
            .TryAddProviderSpecificServices(s => s.TryAddSingleton<HiLoBlocks, HiLoBlocks>())
            .TryAddCoreServices();
        return serviceCollection;
    }
}
