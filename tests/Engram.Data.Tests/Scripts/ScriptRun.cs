using System.Text;
using Engram.Data.Engine;
using Engram.Data.Storage.Files;

namespace Engram.Data.Tests.Scripts;

/// <summary>How the rows lie when queries read them, and how the queries are planned.</summary>
public enum ScriptMode
{
    /// <summary>Rows stay where writes put them.</summary>
    Delta,

    /// <summary>Before a query, all rows go into segments.</summary>
    Segments,

    /// <summary>Before a query, the database is closed and recovers.</summary>
    Reopened,

    /// <summary>Plans are not optimised.</summary>
    Unoptimized,
}

/// <summary>Runs one script against a database of its own and collects what is not as it says.</summary>
internal sealed class ScriptRun : IDisposable
{
    private const int FailureCountMax = 25;
    private static int count;

    private readonly ScriptMode mode;
    private bool keepsOwn;
    private readonly MemoryDirectory files = new("script");
    private readonly DatabaseTarget target;
    private readonly Dictionary<string, EngramConnection> connections = [];
    private readonly List<string> failures = [];
    private bool isChanged;

    public ScriptRun(ScriptMode mode)
    {
        this.mode = mode;
        target = new DatabaseTarget(Path.Combine(Path.GetTempPath(), $"engram-script-{Environment.ProcessId}-{Interlocked.Increment(ref count)}"), IsMemory: false);
        Database.Substitute(target, () => files.Share());
    }

    /// <summary>What differs, a paragraph each; none when all is as the script says.</summary>
    public IReadOnlyList<string> Run(IReadOnlyList<ScriptRecord> records)
    {
        foreach (var record in records.Where(r => r.IsFor(ScriptFile.Engram)))
        {
            switch (record.Action)
            {
                case ScriptAction.Checkpoint:
                    Settle(ScriptMode.Segments);
                    break;
                case ScriptAction.Reopen:
                    Settle(ScriptMode.Reopened);
                    break;
                case ScriptAction.Query:
                    if (isChanged)
                    {
                        Settle(mode == ScriptMode.Reopened && KeepsState ? ScriptMode.Segments : mode);
                    }

                    RunQuery(record);
                    break;
                default:
                    RunStatement(record);
                    keepsOwn |= record.Sql.StartsWith("PREPARE ", StringComparison.Ordinal) || record.Sql.StartsWith("SET app.", StringComparison.Ordinal);
                    isChanged = true;
                    break;
            }

            if (failures.Count >= FailureCountMax)
            {
                break;
            }
        }

        return failures;
    }

    public void Dispose()
    {
        Close();
        Database.Substitute(target, null);
        files.Dispose();
    }

    private EngramConnection Connect(string name)
    {
        if (!connections.TryGetValue(name, out var connection))
        {
            connections[name] = connection = new EngramConnection($"Data Source={target.Path};Keep Alive=0;Command Timeout=0");
            connection.Open();
            if (mode == ScriptMode.Unoptimized)
            {
                using var command = connection.CreateCommand();
                command.CommandText = "SET engram.optimizer = off";
                command.ExecuteNonQuery();
            }
        }

        return connection;
    }

    /// <summary>Whether closing a connection would end what the script goes on to use: temporary tables, search_path, prepared statements, settings of its own.</summary>
    private bool KeepsState => keepsOwn || connections.Values.Any(c => !c.Session.SearchPath.IsDefault);

    /// <summary>Brings the rows to where the mode wants them, unless a transaction is open: then they wait.</summary>
    private void Settle(ScriptMode how)
    {
        if (connections.Values.Any(c => c.Session.Transaction is not null))
        {
            return;
        }

        isChanged = false;
        if (how == ScriptMode.Segments)
        {
            using var command = Connect("").CreateCommand();
            command.CommandText = "CHECKPOINT";
            command.ExecuteNonQuery();
        }
        else if (how == ScriptMode.Reopened)
        {
            Close();
        }
    }

    private void Close()
    {
        foreach (var connection in connections.Values)
        {
            connection.Dispose();
            EngramConnection.ClearPool(connection);
        }

        connections.Clear();
    }

    private void RunStatement(ScriptRecord record)
    {
        string? state = null;
        var (message, affected) = ("succeeded", 0);
        try
        {
            using var command = Connect(record.Connection).CreateCommand();
            command.CommandText = record.Sql;
            using var reader = command.ExecuteReader();
            do
            {
                while (reader.Read())
                {
                }
            }
            while (reader.NextResult());
            affected = reader.RecordsAffected;
        }
        catch (EngramException e)
        {
            (state, message) = (e.SqlState, $"{e.SqlState} {e.Message}");
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            (state, message) = (e.GetType().Name, e.ToString());
        }

        if (state != record.State)
        {
            Fail(record, $"expected {record.State ?? "success"}, found: {message}");
        }
        else if (record.Count is { } expected && expected != affected)
        {
            Fail(record, $"{expected} rows affected expected, {affected} found");
        }
    }

    private void RunQuery(ScriptRecord record)
    {
        try
        {
            using var command = Connect(record.Connection).CreateCommand();
            command.CommandText = record.Sql;
            using var reader = command.ExecuteReader();
            if (reader.FieldCount != record.Types.Length)
            {
                Fail(record, $"{record.Types.Length} columns expected, {reader.FieldCount} found");
                return;
            }

            var rows = new List<object?[]>();
            while (reader.Read())
            {
                rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
            }

            var found = ScriptText.Rows(rows, record.Types, record.Sort);
            if (!found.SequenceEqual(record.Expected))
            {
                Fail(record, "expected:\n" + string.Join('\n', record.Expected.Take(40)) + "\nfound:\n" + string.Join('\n', found.Take(40)));
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(record, e is EngramException error ? $"{error.SqlState} {error.Message}" : e.ToString());
        }
    }

    private void Fail(ScriptRecord record, string message)
        => failures.Add(new StringBuilder().Append("line ").Append(record.Line).Append(": ").AppendLine(record.Sql).Append(message).AppendLine().ToString());
}
