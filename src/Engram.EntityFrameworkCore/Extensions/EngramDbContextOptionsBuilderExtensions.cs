using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Configures a context to use an Engram database.</summary>
public static class EngramDbContextOptionsBuilderExtensions
{
    /// <summary>Uses an Engram database whose connection is set later, by <c>Database.SetConnectionString</c> or <c>SetDbConnection</c>.</summary>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    public static DbContextOptionsBuilder UseEngram(
        this DbContextOptionsBuilder optionsBuilder, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        => Configure(optionsBuilder, extension => extension, engramOptionsAction);

    /// <summary>Uses the database that a connection string names.</summary>
    /// <param name="connectionString">For example <c>Data Source=memory.engram</c>; null to set it later.</param>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    public static DbContextOptionsBuilder UseEngram(
        this DbContextOptionsBuilder optionsBuilder, string? connectionString, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        => Configure(optionsBuilder, extension => (EngramOptionsExtension)extension.WithConnectionString(connectionString), engramOptionsAction);

    /// <summary>Uses an existing connection, which the caller disposes.</summary>
    /// <param name="connection">Opened and closed as needed when it is closed; left open when it is open.</param>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    public static DbContextOptionsBuilder UseEngram(
        this DbContextOptionsBuilder optionsBuilder, DbConnection connection, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        => optionsBuilder.UseEngram(connection, contextOwnsConnection: false, engramOptionsAction);

    /// <summary>Uses an existing connection.</summary>
    /// <param name="connection">Opened and closed as needed when it is closed; left open when it is open.</param>
    /// <param name="contextOwnsConnection">Whether disposing the context disposes the connection.</param>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    public static DbContextOptionsBuilder UseEngram(
        this DbContextOptionsBuilder optionsBuilder, DbConnection connection, bool contextOwnsConnection,
        Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Configure(
            optionsBuilder, extension => (EngramOptionsExtension)extension.WithConnection(connection, contextOwnsConnection), engramOptionsAction);
    }

    /// <summary>Uses a data source, which keeps the database open for as long as it lives and which the caller disposes.</summary>
    /// <param name="dataSource">Shared by all contexts; thread-safe.</param>
    /// <param name="engramOptionsAction">Further options of the provider.</param>
    public static DbContextOptionsBuilder UseEngram(
        this DbContextOptionsBuilder optionsBuilder, EngramDataSource dataSource, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        return Configure(optionsBuilder, extension => extension.WithDataSource(dataSource), engramOptionsAction);
    }

    /// <inheritdoc cref="UseEngram(DbContextOptionsBuilder, Action{EngramDbContextOptionsBuilder}?)"/>
    public static DbContextOptionsBuilder<TContext> UseEngram<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)UseEngram((DbContextOptionsBuilder)optionsBuilder, engramOptionsAction);

    /// <inheritdoc cref="UseEngram(DbContextOptionsBuilder, string?, Action{EngramDbContextOptionsBuilder}?)"/>
    public static DbContextOptionsBuilder<TContext> UseEngram<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, string? connectionString, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)UseEngram((DbContextOptionsBuilder)optionsBuilder, connectionString, engramOptionsAction);

    /// <inheritdoc cref="UseEngram(DbContextOptionsBuilder, DbConnection, Action{EngramDbContextOptionsBuilder}?)"/>
    public static DbContextOptionsBuilder<TContext> UseEngram<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, DbConnection connection, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)UseEngram((DbContextOptionsBuilder)optionsBuilder, connection, engramOptionsAction);

    /// <inheritdoc cref="UseEngram(DbContextOptionsBuilder, DbConnection, bool, Action{EngramDbContextOptionsBuilder}?)"/>
    public static DbContextOptionsBuilder<TContext> UseEngram<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, DbConnection connection, bool contextOwnsConnection,
        Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)UseEngram((DbContextOptionsBuilder)optionsBuilder, connection, contextOwnsConnection, engramOptionsAction);

    /// <inheritdoc cref="UseEngram(DbContextOptionsBuilder, EngramDataSource, Action{EngramDbContextOptionsBuilder}?)"/>
    public static DbContextOptionsBuilder<TContext> UseEngram<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder, EngramDataSource dataSource, Action<EngramDbContextOptionsBuilder>? engramOptionsAction = null)
        where TContext : DbContext
        => (DbContextOptionsBuilder<TContext>)UseEngram((DbContextOptionsBuilder)optionsBuilder, dataSource, engramOptionsAction);

    private static DbContextOptionsBuilder Configure(
        DbContextOptionsBuilder optionsBuilder, Func<EngramOptionsExtension, EngramOptionsExtension> change, Action<EngramDbContextOptionsBuilder>? action)
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        var infrastructure = (IDbContextOptionsBuilderInfrastructure)optionsBuilder;
        infrastructure.AddOrUpdateExtension(change(optionsBuilder.Options.FindExtension<EngramOptionsExtension>() ?? new EngramOptionsExtension()));

        var core = optionsBuilder.Options.FindExtension<CoreOptionsExtension>() ?? new CoreOptionsExtension();
        infrastructure.AddOrUpdateExtension(RelationalOptionsExtension.WithDefaultWarningConfiguration(core));

        action?.Invoke(new EngramDbContextOptionsBuilder(optionsBuilder));
        return optionsBuilder;
    }
}
