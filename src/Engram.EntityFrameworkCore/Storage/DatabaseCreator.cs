using System.Data;
using Engram.Data;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Creates and deletes the database of a context: <c>EnsureCreated</c>, <c>EnsureDeleted</c>, <c>CanConnect</c>.</summary>
internal sealed class DatabaseCreator(RelationalDatabaseCreatorDependencies dependencies) : RelationalDatabaseCreator(dependencies)
{
    private IRelationalConnection Connection => Dependencies.Connection;

    /// <summary>A database whose only name is the connection or data source that opened it: it is there by being asked for.</summary>
    private bool IsPrivateMemory
        => new EngramConnectionStringBuilder(ConnectionString) is { DataSource: ":memory:" } or { DataSource: "", Mode: EngramOpenMode.Memory };

    private string ConnectionString
        => Connection.ConnectionString ?? throw new InvalidOperationException("The context has no connection string. Give one to UseEngram, or call Database.SetConnectionString.");

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

    /// <summary>Deletes the files. Connections that the process keeps open for reuse are closed first; one in use is an error that says so.</summary>
    public override void Delete()
    {
        var connection = Connection.DbConnection;
        if (!IsPrivateMemory)
        {
            EngramConnection.DeleteDatabase(ConnectionString);
        }
        else if (connection.State == ConnectionState.Open)
        {
            // A private database goes with its connection.
            connection.Close();
            connection.Open();
        }
    }

    public override bool HasTables() => DatabaseTables.Any(Connection);
}
