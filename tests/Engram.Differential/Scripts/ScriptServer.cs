using System.Data.Common;
using Engram.Data;
using Engram.Data.Tests.Scripts;
using Npgsql;

namespace Engram.Differential.Scripts;

/// <summary>One of the two databases, empty at first, for the records of a script.</summary>
/// <remarks>In PostgreSQL a failed statement ends its transaction; in Engram.Data it is undone alone. A savepoint before each statement makes them alike.</remarks>
internal sealed class ScriptServer : IDisposable
{
    private static int count;

    private readonly Func<DbConnection> create;
    private readonly Dictionary<string, (DbConnection Connection, bool IsInTransaction)> connections = [];

    private ScriptServer(string name, Func<DbConnection> create)
    {
        Name = name;
        this.create = create;
    }

    public string Name { get; }

    public static ScriptServer Postgres(string connectionString)
    {
        var server = new ScriptServer(ScriptFile.Postgres, () => new NpgsqlConnection(connectionString + ";Pooling=false;Array Nullability Mode=PerInstance"));
        server.Run("", """
            DO $$ DECLARE s text; BEGIN
              FOR s IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' LOOP EXECUTE 'DROP SCHEMA ' || quote_ident(s) || ' CASCADE'; END LOOP;
              CREATE SCHEMA public;
            END $$
            """);
        server.Dispose();
        return server;
    }

    public static ScriptServer Engram() => Engram($"Data Source=script{count++};Mode=Memory");

    public static ScriptServer Engram(string connectionString) => new(ScriptFile.Engram, () => new EngramConnection(connectionString));

    /// <summary>Runs a text; RecordsAffected is in the answer, rows too when it gives any.</summary>
    public Answer Run(string connection, string sql)
    {
        if (!connections.TryGetValue(connection, out var entry))
        {
            entry = (create(), false);
            entry.Connection.Open();
            if (Name == ScriptFile.Postgres)
            {
                Answer.Of(entry.Connection, null, "SET timezone = 'UTC'; SET statement_timeout = '20s'; SET client_min_messages = error");
            }

            connections[connection] = entry;
        }

        var first = sql.TrimStart().Split([' ', ';', '\n'], 3, StringSplitOptions.RemoveEmptyEntries);
        var isTransactional = first[0].ToUpperInvariant() is "BEGIN" or "START" or "COMMIT" or "END" or "ROLLBACK" or "SAVEPOINT" or "RELEASE" or "ABORT";
        var isGuarded = Name == ScriptFile.Postgres && entry.IsInTransaction && !isTransactional;
        if (isGuarded)
        {
            Answer.Of(entry.Connection, null, "SAVEPOINT script_guard");
        }

        var answer = Answer.Of(entry.Connection, null, sql);
        if (isGuarded)
        {
            Answer.Of(entry.Connection, null, answer.IsError ? "ROLLBACK TO script_guard; RELEASE script_guard" : "RELEASE script_guard");
        }

        if (!answer.IsError && isTransactional)
        {
            var second = first.Length > 1 ? first[1].ToUpperInvariant() : "";
            entry.IsInTransaction = first[0].ToUpperInvariant() switch
            {
                "BEGIN" or "START" => true,
                "COMMIT" or "END" or "ABORT" => false,
                "ROLLBACK" when second != "TO" => false,
                _ => entry.IsInTransaction,
            };
            connections[connection] = entry;
        }

        return answer;
    }

    public void Dispose()
    {
        foreach (var (connection, _) in connections.Values)
        {
            connection.Dispose();
        }

        connections.Clear();
    }
}
