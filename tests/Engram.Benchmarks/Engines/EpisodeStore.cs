using Engram.Benchmarks.Workloads;
using Engram.Data;
using Engram.Data.Storage;

namespace Engram.Benchmarks.Engines;

/// <summary>A database of episodes, used as an application uses it: through ADO.NET.</summary>
internal static class EpisodeStore
{
    public const string CreateTable = "CREATE TABLE episode (id bigint PRIMARY KEY, content text NOT NULL, occurred_at timestamptz NOT NULL, confidence real NOT NULL, embedding vector(768) NOT NULL)";

    public const string Columns = "(id, content, occurred_at, confidence, embedding)";

    public static string ConnectionString(string path) => new EngramConnectionStringBuilder { DataSource = path, Durability = EngramDurability.Full }.ConnectionString;

    public static void Create(string path)
    {
        using var connection = Open(path);
        Execute(connection, CreateTable);
    }

    public static EngramConnection Open(string path)
    {
        var connection = new EngramConnection(ConnectionString(path));
        connection.Open();
        return connection;
    }

    public static int Execute(EngramConnection connection, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        return command.ExecuteNonQuery();
    }

    public static object? Scalar(EngramConnection connection, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        return command.ExecuteScalar();
    }
}

/// <summary>What the log has done since the database was opened.</summary>
internal readonly record struct LogCounts(long Commits, long Syncs, long Bytes)
{
    public static LogCounts Of(EngramConnection connection)
    {
        var log = ((DirectoryStore)connection.Session.Database.Store).Log!;
        return new LogCounts(log.Appended.Value, log.SyncCount, log.WrittenSizeBytes);
    }
}

/// <summary>One writer: a connection, a prepared INSERT, its parameters. Disposes the connection.</summary>
internal sealed class EpisodeInsert : IDisposable
{
    private readonly EngramConnection connection;
    private readonly EngramCommand command;
    private readonly float[][] embeddings;

    public EpisodeInsert(EngramConnection connection, float[][] embeddings)
    {
        this.connection = connection;
        this.embeddings = embeddings;
        command = new EngramCommand($"INSERT INTO episode {EpisodeStore.Columns} VALUES (@id, @content, @occurred_at, @confidence, @embedding)", connection);
        foreach (var name in new[] { "id", "content", "occurred_at", "confidence", "embedding" })
        {
            command.Parameters.Add(new EngramParameter(name, null));
        }

        command.Prepare();
    }

    public void Run(long key)
    {
        Bind(key);
        if (command.ExecuteNonQuery() != 1)
        {
            throw new WrongAnswerException($"row {key} was not inserted");
        }
    }

    public async Task RunAsync(long key)
    {
        Bind(key);
        if (await command.ExecuteNonQueryAsync() != 1)
        {
            throw new WrongAnswerException($"row {key} was not inserted");
        }
    }

    public void Dispose()
    {
        command.Dispose();
        connection.Dispose();
    }

    private void Bind(long key)
    {
        command.Parameters[0].Value = key;
        command.Parameters[1].Value = Episodes.Content(key);
        command.Parameters[2].Value = Episodes.Moment(key);
        command.Parameters[3].Value = Episodes.Confidence(key);
        command.Parameters[4].Value = embeddings[key % embeddings.Length];
    }
}
