using System.Collections.Concurrent;
using Engram.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.EntityFrameworkCore.Migrations;

/// <summary>The table of applied migrations, and the lock under which they are applied.</summary>
/// <remarks>
/// One process writes a database at a time, so the lock is one of the process: contexts that migrate the same database take turns. No row stands for it,
/// and none is left behind by a process that dies.
/// </remarks>
internal sealed class MigrationHistory(HistoryRepositoryDependencies dependencies) : HistoryRepository(dependencies)
{
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Turns = new(StringComparer.Ordinal);

    public override LockReleaseBehavior LockReleaseBehavior => LockReleaseBehavior.Connection;

    /// <summary>The turn of the database: the connection is open, so that its data source is a full path.</summary>
    private SemaphoreSlim Turn => Turns.GetOrAdd(Dependencies.Connection.DbConnection.DataSource, _ => new SemaphoreSlim(1, 1));

    /// <summary>Never executed: <see cref="Exists"/> asks the connection for its tables.</summary>
    protected override string ExistsSql => throw new NotSupportedException("The history table is looked up in the connection's schema, not by SQL.");

    public override string GetCreateIfNotExistsScript()
    {
        var script = GetCreateScript();
        const string create = "CREATE TABLE";
        return script.Insert(script.IndexOf(create, StringComparison.Ordinal) + create.Length, " IF NOT EXISTS");
    }

    public override bool Exists() => Dependencies.DatabaseCreator.Exists() && DatabaseTables.Contains(Dependencies.Connection, TableName, TableSchema);

    public override async Task<bool> ExistsAsync(CancellationToken cancellationToken = default)
        => await Dependencies.DatabaseCreator.ExistsAsync(cancellationToken).ConfigureAwait(false)
            && await DatabaseTables.ContainsAsync(Dependencies.Connection, TableName, TableSchema, cancellationToken).ConfigureAwait(false);

    public override IMigrationsDatabaseLock AcquireDatabaseLock()
    {
        Dependencies.MigrationsLogger.AcquiringMigrationLock();
        var turn = Turn;
        turn.Wait();
        return new DatabaseLock(this, turn);
    }

    public override async Task<IMigrationsDatabaseLock> AcquireDatabaseLockAsync(CancellationToken cancellationToken = default)
    {
        Dependencies.MigrationsLogger.AcquiringMigrationLock();
        var turn = Turn;
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new DatabaseLock(this, turn);
    }

    public override string GetBeginIfNotExistsScript(string migrationId) => GetBeginIfScript(migrationId, "NOT EXISTS");

    public override string GetBeginIfExistsScript(string migrationId) => GetBeginIfScript(migrationId, "EXISTS");

    public override string GetEndIfScript()
        => """
                END IF;
            END $EF$;

            """;

    protected override bool InterpretExistsResult(object? value) => value is true;

    /// <summary>The same block that scripts for PostgreSQL have.</summary>
    private string GetBeginIfScript(string migrationId, string condition)
    {
        var id = Dependencies.TypeMappingSource.FindMapping(typeof(string))!.GenerateSqlLiteral(migrationId);
        return $"""
            DO $EF$
            BEGIN
                IF {condition}(SELECT 1 FROM {SqlGenerationHelper.DelimitIdentifier(TableName, TableSchema)} WHERE {SqlGenerationHelper.DelimitIdentifier(MigrationIdColumnName)} = {id}) THEN

            """;
    }

    private sealed class DatabaseLock(IHistoryRepository historyRepository, SemaphoreSlim turn) : IMigrationsDatabaseLock
    {
        private int isReleased;

        public IHistoryRepository HistoryRepository => historyRepository;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isReleased, 1) == 0)
            {
                turn.Release();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
