using Engram.Data.Tests.Storage;

namespace Engram.Data.Tests.Ado;

/// <summary>A database in memory for one test, and a directory on the disk for those that need one.</summary>
public abstract class AdoTest : IDisposable
{
    private static int count;

    private readonly List<IDisposable> owned = [];
    private readonly string name = $"test-{Interlocked.Increment(ref count)}";
    private TemporaryDirectory? directory;

    protected AdoTest() => Connection = Open();

    /// <summary>Open, and keeps the database in memory alive.</summary>
    protected EngramConnection Connection { get; }

    protected string ConnectionString => $"Data Source={name};Mode=Memory";

    /// <summary>A path on the disk at which there is nothing yet.</summary>
    protected string DiskPath => Path.Combine((directory ??= new TemporaryDirectory()).Path, "db.engram");

    /// <summary>Another connection to the same database, closed at the end of the test.</summary>
    protected EngramConnection Open() => Open(ConnectionString);

    protected EngramConnection Open(string connectionString)
    {
        var connection = new EngramConnection(connectionString);
        owned.Add(connection);
        connection.Open();
        return connection;
    }

    /// <summary>Closes one database that stays warm. Never all of them: those of other tests may be among them.</summary>
    protected static void ClearPool(string connectionString)
    {
        using var connection = new EngramConnection(connectionString);
        EngramConnection.ClearPool(connection);
    }

    protected EngramCommand Command(string sql, params object?[] values) => Command(Connection, sql, values);

    /// <summary>A command whose parameters are $1, $2 and so on.</summary>
    protected static EngramCommand Command(EngramConnection connection, string sql, params object?[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(null, value);
        }

        return command;
    }

    protected int Execute(string sql, params object?[] values) => Execute(Connection, sql, values);

    protected static int Execute(EngramConnection connection, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    protected object? Scalar(string sql, params object?[] values) => Scalar(Connection, sql, values);

    protected static object? Scalar(EngramConnection connection, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteScalar();
    }

    /// <summary>All rows of a query, each as its values joined by commas.</summary>
    protected static string[] Rows(EngramConnection connection, string sql, params object?[] values)
    {
        using var command = Command(connection, sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        var cells = new object[reader.FieldCount];
        while (reader.Read())
        {
            reader.GetValues(cells);
            rows.Add(string.Join(",", cells.Select(c => c is DBNull ? "NULL" : Convert.ToString(c, System.Globalization.CultureInfo.InvariantCulture))));
        }

        return [.. rows];
    }

    protected string[] Rows(string sql, params object?[] values) => Rows(Connection, sql, values);

    protected static void AssertState(string sqlState, Action action) => Assert.Equal(sqlState, Assert.Throws<EngramException>(action).SqlState);

    /// <summary>Inserts rows (1, 'name 1'), (2, 'name 2') … into a new table t (id, name).</summary>
    protected void FillTable(int rowCount)
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY, name text)");
        for (var first = 1; first <= rowCount; first += 1000)
        {
            var last = Math.Min(rowCount, first + 999);
            Execute("INSERT INTO t (id, name) VALUES " + string.Join(", ", Enumerable.Range(first, last - first + 1).Select(i => $"({i}, 'name {i}')")));
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        for (var i = owned.Count - 1; i >= 0; i--)
        {
            owned[i].Dispose();
        }

        if (directory is not null)
        {
            EngramConnection.DeleteDatabase($"Data Source={DiskPath}");
            directory.Dispose();
        }
    }
}
