using System.Collections.Concurrent;
using System.Data;
using System.Runtime.CompilerServices;
using System.Transactions;
using Engram.Data;
using Engram.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Creates and deletes the database of a context: <c>EnsureCreated</c>, <c>EnsureDeleted</c>, <c>CanConnect</c>.</summary>
/// <remarks>
/// Contexts of one process that create the same database take turns, from asking whether there are tables to having made them: the first creates them
/// and the others find them. The turn is not taken twice: what runs within it, as interceptors do, must not create the same database. Seeding is outside of the turn, since it is the application's code, and may itself ask for the database.
/// </remarks>
internal sealed class DatabaseCreator(RelationalDatabaseCreatorDependencies dependencies) : RelationalDatabaseCreator(dependencies)
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> TurnsByName = new(StringComparer.Ordinal);

    private static readonly ConditionalWeakTable<object, SemaphoreSlim> TurnsByOwner = [];

    private IRelationalConnection Connection => Dependencies.Connection;

    /// <summary>A database whose only name is the connection or data source that opened it: it is there by being asked for.</summary>
    private bool IsPrivateMemory
        => new EngramConnectionStringBuilder(ConnectionString) is { DataSource: ":memory:" } or { DataSource: "", Mode: EngramOpenMode.Memory };

    private string ConnectionString
        => Connection.ConnectionString ?? throw new InvalidOperationException("The context has no connection string. Give one to UseEngram, or call Database.SetConnectionString.");

    private SemaphoreSlim Turn
    {
        get
        {
            var settings = new EngramConnectionStringBuilder(ConnectionString);
            var source = settings.DataSource is "" && Connection.DbConnection.State == ConnectionState.Open ? Connection.DbConnection.DataSource : settings.DataSource;

            // What names no database is refused when it is opened, by an error that says so.
            if (string.IsNullOrEmpty(source) || source == ":memory:")
            {
                var owner = Dependencies.ContextOptions.FindExtension<EngramOptionsExtension>()?.DataSource ?? (object)Connection.DbConnection;
                return TurnsByOwner.GetValue(owner, _ => new SemaphoreSlim(1, 1));
            }

            var name = settings.Mode == EngramOpenMode.Memory ? "memory:" + source : Path.TrimEndingDirectorySeparator(Path.GetFullPath(source));
            return TurnsByName.GetOrAdd(name, _ => new SemaphoreSlim(1, 1));
        }
    }

    /// <summary>Opens and creates nothing.</summary>
    public override bool Exists()
        => Connection.DbConnection.State == ConnectionState.Open || IsPrivateMemory || EngramConnection.DatabaseExists(ConnectionString);

    /// <summary>Opening creates a database, unless the connection string's mode forbids it; then that is the error.</summary>
    public override void Create()
    {
        Connection.Open();
        Connection.Close();
    }

    public override async Task CreateAsync(CancellationToken cancellationToken = default)
    {
        await Connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await Connection.CloseAsync().ConfigureAwait(false);
    }

    public override bool EnsureCreated()
    {
        using var scope = NoAmbientTransaction();
        var isCreated = CreateMissing();
        var options = CoreOptions;
        if (options.Seeder is { } seed)
        {
            var context = Dependencies.CurrentContext.Context;
            using var transaction = context.Database.BeginTransaction();
            seed(context, isCreated);
            transaction.Commit();
        }
        else if (options.AsyncSeeder is not null)
        {
            throw new InvalidOperationException(CoreStrings.MissingSeeder);
        }

        return isCreated;
    }

    public override async Task<bool> EnsureCreatedAsync(CancellationToken cancellationToken = default)
    {
        using var scope = NoAmbientTransaction();
        var isCreated = await CreateMissingAsync(cancellationToken).ConfigureAwait(false);
        var options = CoreOptions;
        if (options.AsyncSeeder is { } seed)
        {
            var context = Dependencies.CurrentContext.Context;
            var transaction = await context.Database.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            await using var disposal = transaction.ConfigureAwait(false);
            await seed(context, isCreated, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (options.Seeder is not null)
        {
            throw new InvalidOperationException(CoreStrings.MissingSeeder);
        }

        return isCreated;
    }

    /// <summary>
    /// Deletes the files. Connections that the process keeps open for reuse are closed first, and the context's own, which opens again when it is needed. Another one that is open,
    /// or a transaction on the context's own, is an error that says so; nothing is closed then.
    /// </summary>
    public override void Delete()
    {
        var connection = Connection.DbConnection;
        if (!IsPrivateMemory)
        {
            _ = connection is EngramConnection { State: ConnectionState.Open } own ? own.DeleteDatabase() : EngramConnection.DeleteDatabase(ConnectionString);
        }
        else if (connection.State == ConnectionState.Open)
        {
            // A private database goes with its connection.
            connection.Close();
            connection.Open();
        }
    }

    public override bool HasTables() => DatabaseTables.Any(Connection);

    public override Task<bool> HasTablesAsync(CancellationToken cancellationToken = default) => DatabaseTables.AnyAsync(Connection, cancellationToken);

    private bool CreateMissing()
    {
        var turn = Turn;
        turn.Wait();
        try
        {
            if (!Exists())
            {
                Create();
            }
            else if (HasTables())
            {
                return false;
            }

            CreateTables();
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<bool> CreateMissingAsync(CancellationToken cancellationToken)
    {
        var turn = Turn;
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await ExistsAsync(cancellationToken).ConfigureAwait(false))
            {
                await CreateAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (await HasTablesAsync(cancellationToken).ConfigureAwait(false))
            {
                return false;
            }

            await CreateTablesAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    private CoreOptionsExtension CoreOptions => Dependencies.ContextOptions.FindExtension<CoreOptionsExtension>() ?? new CoreOptionsExtension();

    private static TransactionScope NoAmbientTransaction() => new(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
}
