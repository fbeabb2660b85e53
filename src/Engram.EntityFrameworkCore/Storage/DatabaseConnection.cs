using System.Data.Common;
using Engram.Data;
using Engram.EntityFrameworkCore.Diagnostics;
using Engram.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>A context's connection: made from its connection string or its data source, or given to it.</summary>
internal sealed class DatabaseConnection : RelationalConnection
{
    private readonly EngramDataSource? dataSource;

    public DatabaseConnection(RelationalConnectionDependencies dependencies, IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger)
        : base(dependencies)
    {
        var extension = dependencies.ContextOptions.FindExtension<EngramOptionsExtension>();
        dataSource = extension?.DataSource;
        if (extension?.Connection is { } connection and not EngramConnection)
        {
            logger.UnexpectedConnectionType(connection.GetType());
        }
    }

    public override string? ConnectionString
    {
        get => base.ConnectionString ?? dataSource?.ConnectionString;
        set => base.ConnectionString = value;
    }

    /// <summary>Connections enlist when they are opened in a scope, and those of one scope share one transaction.</summary>
    protected override bool SupportsAmbientTransactions => true;

    protected override DbConnection CreateDbConnection()
        => dataSource is null ? new EngramConnection(GetValidatedConnectionString()) : dataSource.CreateConnection();
}
