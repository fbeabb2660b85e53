using System.Data.Common;

namespace Engram.Data;

/// <summary>Creates this provider's objects, for code that is written against <see cref="DbProviderFactory"/>. Thread-safe.</summary>
public sealed class EngramFactory : DbProviderFactory
{
    /// <summary>The one instance, as <see cref="DbProviderFactories"/> looks for it.</summary>
    public static readonly EngramFactory Instance = new();

    private EngramFactory()
    {
    }

    /// <inheritdoc/>
    public override bool CanCreateBatch => true;

    /// <inheritdoc/>
    public override bool CanCreateDataAdapter => true;

    /// <inheritdoc/>
    public override bool CanCreateCommandBuilder => true;

    /// <inheritdoc/>
    public override DbDataAdapter CreateDataAdapter() => new EngramDataAdapter();

    /// <inheritdoc/>
    public override DbCommandBuilder CreateCommandBuilder() => new EngramCommandBuilder();

    /// <inheritdoc/>
    public override DbConnection CreateConnection() => new EngramConnection();

    /// <inheritdoc/>
    public override DbCommand CreateCommand() => new EngramCommand();

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new EngramParameter();

    /// <inheritdoc/>
    public override DbConnectionStringBuilder CreateConnectionStringBuilder() => new EngramConnectionStringBuilder();

    /// <inheritdoc/>
    public override DbBatch CreateBatch() => new EngramBatch();

    /// <inheritdoc/>
    public override DbBatchCommand CreateBatchCommand() => new EngramBatchCommand();

    /// <inheritdoc/>
    public override DbDataSource CreateDataSource(string connectionString) => new EngramDataSource(connectionString);
}
