using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.EntityFrameworkCore.Migrations;

/// <summary>The table of applied migrations, and the lock under which they are applied.</summary>
/// <remarks>
/// The lock is the database's own: one process writes, and <c>Migrate</c> runs in transactions that take turns for the write lock. No row stands for it,
/// so none is left behind by a process that dies.
/// </remarks>
internal sealed class MigrationHistory(HistoryRepositoryDependencies dependencies) : HistoryRepository(dependencies)
{
    public override LockReleaseBehavior LockReleaseBehavior => LockReleaseBehavior.Connection;

    /// <summary>Never executed: <see cref="Exists"/> asks the connection for its tables.</summary>
    protected override string ExistsSql => throw new NotSupportedException("The history table is looked up in the connection's schema, not by SQL.");

    public override string GetCreateIfNotExistsScript()
    {
        var script = GetCreateScript();
        const string create = "CREATE TABLE";
        return script.Insert(script.IndexOf(create, StringComparison.Ordinal) + create.Length, " IF NOT EXISTS");
    }

    public override bool Exists() => Dependencies.DatabaseCreator.Exists() && DatabaseTables.Contains(Dependencies.Connection, TableName, TableSchema);

    public override Task<bool> ExistsAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Exists());
    }

    public override IMigrationsDatabaseLock AcquireDatabaseLock()
    {
        Dependencies.MigrationsLogger.AcquiringMigrationLock();
        return new DatabaseLock(this);
    }

    public override Task<IMigrationsDatabaseLock> AcquireDatabaseLockAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(AcquireDatabaseLock());
    }

    public override string GetBeginIfNotExistsScript(string migrationId) => throw NoConditionalScripts();

    public override string GetBeginIfExistsScript(string migrationId) => throw NoConditionalScripts();

    public override string GetEndIfScript() => throw NoConditionalScripts();

    protected override bool InterpretExistsResult(object? value) => value is true;

    private static NotSupportedException NoConditionalScripts()
        => new("Idempotent scripts are not supported yet, since the dialect has no conditional statements. Script from a named migration, or call Database.Migrate().");

    private sealed class DatabaseLock(IHistoryRepository historyRepository) : IMigrationsDatabaseLock
    {
        public IHistoryRepository HistoryRepository => historyRepository;

        public void Dispose()
        {
            // Nothing is held between statements: see the remarks of the history.
        }

        public ValueTask DisposeAsync() => default;
    }
}
