using System.Collections.Immutable;
using System.Data;
using System.Globalization;
using Engram.Data.Engine;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Maintenance;

namespace Engram.Data.Tests.Storage.Model;

/// <summary>A long random sequence of statements through SQL, and the same done to a dictionary: what the database shows must be what the dictionary holds.</summary>
/// <remarks>
/// <para>One thread, one writer; everything random comes from the seed, which replays the run. Statements, definitions of tables, transactions with savepoints, checkpoints, compactions,
/// reopenings, backups that are gone on with, and a second connection with an old snapshot that must not change whatever happens beside it.</para>
/// <para>Statements that must fail are among them (keys that are there already): the error must be the right one, and nothing may have happened.</para>
/// </remarks>
internal sealed partial class ModelRun : IDisposable
{
    private const int TableCountMax = 4;
    private const int LogLength = 25;

    private readonly int seed;
    private readonly Random random;
    private readonly string connectionString;
    private readonly DatabaseTarget target;
    private readonly Queue<string> log = new();
    private readonly Stack<(string Name, ModelDatabase Model)> savepoints = new();
    private MemoryDirectory files = new();
    private EngramConnection connection;
    private EngramTransaction? transaction;
    private ModelDatabase beforeTransaction = ModelDatabase.Empty;
    private ModelDatabase model = ModelDatabase.Empty;
    private (EngramConnection Connection, EngramTransaction Transaction, ModelDatabase Model)? held;
    private int named;
    private int steps;

    public ModelRun(int seed)
    {
        this.seed = seed;
        random = new Random(seed);
        var path = string.Create(CultureInfo.InvariantCulture, $"/model/{Environment.ProcessId}/{seed}");
        connectionString = $"Data Source={path};Keep Alive=0";
        target = new DatabaseTarget(Path.GetFullPath(path), false);
        Database.Substitute(target, () => files.Share());
        connection = Connect();
    }

    /// <summary>What was done, by kind, for those who want to know that nothing is left out.</summary>
    public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">The database shows something else than the model; with the seed and the last statements.</exception>
    public void Run(int stepCount)
    {
        try
        {
            for (; steps < stepCount; steps++)
            {
                Step();
            }

            EndTransaction(isCommit: true);
            ReleaseHeld();
            Reopen();
        }
        catch (Exception e) when (e is EngramException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Seed {seed}, step {steps}: {e.Message}\nThe last statements, the newest at the end:\n{string.Join('\n', log)}\n"), e);
        }
    }

    public void Dispose()
    {
        ReleaseHeld();
        transaction?.Dispose();
        connection.Dispose();
        Database.Substitute(target, null);
        files.Dispose();
    }

    private void Step()
    {
        var table = PickTable();
        if (table is null)
        {
            CreateTable();
            return;
        }

        switch (random.Next(100))
        {
            case < 22: Insert(table); break;
            case < 28: Copy(table); break;
            case < 46: Update(table); break;
            case < 51: MoveKey(table); break;
            case < 60: Delete(table); break;
            case < 75: Query(table); break;
            case < 81: DefineSomething(table); break;
            case < 88: Transact(); break;
            case < 90: CheckAll(model, connection); break;
            case < 92: HoldOrCheck(); break;
            case < 97: Maintain(); break;
            case < 99: ReopenIfPossible(); break;
            default: BackUpAndGoOn(); break;
        }
    }

    private ModelTable? PickTable()
    {
        var count = model.Tables.Count;
        return count == 0 || (count < TableCountMax && random.Next(60) == 0) ? null : model.Tables.Values.ElementAt(random.Next(count));
    }

    private void Transact()
    {
        if (transaction is null)
        {
            beforeTransaction = model;
            transaction = connection.BeginTransaction(random.Next(3) switch { 0 => IsolationLevel.Snapshot, 1 => IsolationLevel.Serializable, _ => IsolationLevel.ReadCommitted });
            Note("BEGIN");
            return;
        }

        var choice = random.Next(10);
        if (choice < 4)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"s{savepoints.Count}");
            transaction.Save(name);
            savepoints.Push((name, model));
            Note($"SAVEPOINT {name}");
        }
        else if (choice < 7 && savepoints.Count > 0)
        {
            var keep = random.Next(savepoints.Count);
            while (savepoints.Count > keep + 1)
            {
                savepoints.Pop();
            }

            transaction.Rollback(savepoints.Peek().Name);
            model = savepoints.Peek().Model;
            Note($"ROLLBACK TO {savepoints.Peek().Name}");
            CheckAll(model, connection);
        }
        else
        {
            EndTransaction(isCommit: random.Next(3) != 0);
        }
    }

    private void EndTransaction(bool isCommit)
    {
        if (transaction is null)
        {
            return;
        }

        Note(isCommit ? "COMMIT" : "ROLLBACK");
        if (isCommit)
        {
            transaction.Commit();
        }
        else
        {
            transaction.Rollback();
            model = beforeTransaction;
        }

        transaction.Dispose();
        transaction = null;
        savepoints.Clear();
        CheckAll(model, connection);
    }

    /// <summary>A second connection takes a snapshot, or shows that its old one is as it was.</summary>
    private void HoldOrCheck()
    {
        if (held is { } old)
        {
            Note("snapshot held until now");
            CheckAll(old.Model, old.Connection);
            if (random.Next(3) == 0)
            {
                ReleaseHeld();
            }

            return;
        }

        if (transaction is not null)
        {
            // It would see the state before the transaction, which is checked as that.
            var other = Connect();
            var snapshot = other.BeginTransaction(IsolationLevel.Snapshot);
            CheckAll(beforeTransaction, other);
            held = (other, snapshot, beforeTransaction);
        }
        else
        {
            var other = Connect();
            var snapshot = other.BeginTransaction(IsolationLevel.Snapshot);
            CheckAll(model, other);
            held = (other, snapshot, model);
        }

        // A snapshot is taken by its first statement; without tables there was none.
        if (held.Value.Model.Tables.Count == 0)
        {
            ReleaseHeld();
        }
    }

    private void ReleaseHeld()
    {
        held?.Transaction.Dispose();
        held?.Connection.Dispose();
        held = null;
    }

    private void Maintain()
    {
        if (transaction is not null)
        {
            return;
        }

        var store = connection.Session.Database.Store;
        if (random.Next(3) > 0)
        {
            Note("CHECKPOINT");
            store.Checkpoint(default);
        }
        else
        {
            Note("compaction");
            store.Compact(null, null, default);
        }

        if (random.Next(3) == 0)
        {
            CheckAll(model, connection);
        }
    }

    private void ReopenIfPossible()
    {
        if (transaction is not null && random.Next(4) > 0)
        {
            return;
        }

        if (transaction is not null)
        {
            // Closing rolls it back.
            model = beforeTransaction;
            transaction = null;
            savepoints.Clear();
        }

        ReleaseHeld();
        Reopen();
    }

    private void Reopen()
    {
        Note("reopened");
        connection.Dispose();
        connection = Connect();
        CheckAll(model, connection);
    }

    /// <summary>What was not committed is not in a backup; the run goes on with that.</summary>
    private void BackUpAndGoOn()
    {
        if (transaction is not null)
        {
            return;
        }

        Note("backup and restore");
        var copy = new MemoryDirectory();
        Backup.Run((DirectoryStore)connection.Session.Database.Store, copy, null, default);
        ReleaseHeld();
        connection.Dispose();
        files.Dispose();
        files = copy;
        Reopen();
    }

    private EngramConnection Connect()
    {
        var opened = new EngramConnection(connectionString);
        opened.Open();
        return opened;
    }

    private void CheckAll(ModelDatabase expected, EngramConnection on)
    {
        foreach (var table in expected.Tables.Values)
        {
            Compare(table.Show(table.Rows.Keys), Read(on, SelectAll(table) + " ORDER BY id"), table.Name);
        }

        var tables = on.GetSchema("Tables").Rows.Cast<DataRow>().Select(r => (string)r["TABLE_NAME"]).Order(StringComparer.Ordinal);
        Compare(expected.Tables.Keys, tables, "names of tables");
    }

    private static string SelectAll(ModelTable table) => $"SELECT id{string.Concat(table.Columns.Select(c => $", {c.Name}"))} FROM {table.Name}";

    private List<string> Read(EngramConnection on, string sql, params object?[] values)
    {
        Note($"{sql}{Show(values)}");
        using var command = Create(on, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => ModelTable.Show(reader.GetValue(i)))));
        }

        return rows;
    }

    /// <summary>Runs a statement that changes rows or definitions.</summary>
    /// <param name="affected">How many rows it must change; negative for one that changes none.</param>
    private void Execute(int affected, string sql, params object?[] values)
    {
        Note($"{sql}{Show(values)}");
        using var command = Create(connection, sql, values);
        var found = command.ExecuteNonQuery();
        if (affected >= 0 && found != affected)
        {
            throw new InvalidOperationException($"{found} rows were changed instead of {affected}.");
        }
    }

    /// <summary>Runs a statement that must be refused.</summary>
    private void Refuse(string sqlState, string sql, params object?[] values)
    {
        Note($"{sqlState}: {sql}{Show(values)}");
        using var command = Create(connection, sql, values);
        try
        {
            command.ExecuteNonQuery();
        }
        catch (EngramException e) when (e.SqlState == sqlState)
        {
            return;
        }

        throw new InvalidOperationException($"The statement should have been refused with {sqlState}.");
    }

    private static EngramCommand Create(EngramConnection on, string sql, object?[] values)
    {
        var command = on.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(null, value ?? DBNull.Value);
        }

        return command;
    }

    private static void Compare(IEnumerable<string> expected, IEnumerable<string> found, string what)
    {
        var (wanted, got) = (expected.ToList(), found.ToList());
        for (var i = 0; i < Math.Max(wanted.Count, got.Count); i++)
        {
            var (a, b) = (i < wanted.Count ? wanted[i] : "nothing", i < got.Count ? got[i] : "nothing");
            if (a != b)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{what}: row {i} of {got.Count} is {b}; the model, of {wanted.Count}, has {a}."));
            }
        }
    }

    private void Note(string what)
    {
        var kind = what.Split(' ', 4) is [var first, var second, ..] && first is "ALTER" or "CREATE" or "DROP" or "23505:" ? $"{first} {second}" : what.Split(' ')[0];
        Done[kind] = Done.GetValueOrDefault(kind) + 1;
        log.Enqueue(what);
        while (log.Count > LogLength)
        {
            log.Dequeue();
        }
    }

    private static string Show(object?[] values) => values.Length == 0 ? "" : $"  -- {string.Join(", ", values.Select(ModelTable.Show))}";
}
