using Engram.Benchmarks.Workloads;
using Engram.Data;
using Engram.Data.Engine;
using Engram.Data.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Benchmarks.Engines;

/// <summary>A database of episodes, used as an application uses it: through ADO.NET.</summary>
internal static class EpisodeStore
{
    public const string CreateTable = "CREATE TABLE episode (id bigint PRIMARY KEY, content text NOT NULL, occurred_at timestamptz NOT NULL, confidence real NOT NULL, embedding vector(768) NOT NULL)";

    public static readonly string[] Columns = ["id", "content", "occurred_at", "confidence", "embedding"];

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

    /// <summary>Keeps a database open whose log grows without bound: no checkpoint starts by itself until the lease is disposed.</summary>
    public static DatabaseLease OpenWithoutCheckpoints(string path)
        => DatabaseRegistry.OpenAsync(ConnectionSettings.Parse(ConnectionString(path)).ToTarget() with { CheckpointWalSizeBytes = long.MaxValue }, NullLogger.Instance, isAsync: false, CancellationToken.None)
            .AsTask().GetAwaiter().GetResult();

    public static long LogSizeBytes(EngramConnection connection) => ((DirectoryStore)connection.Session.Database.Store).Log!.SizeBytes;

    public static BulkInsert PrepareLoad(EngramConnection connection, float[][] embeddings, int rowsPerStatement = 500)
        => new(connection, "episode", Columns, rowsPerStatement, (key, column) => column switch
        {
            0 => key,
            1 => Episodes.Content(key),
            2 => Episodes.Moment(key),
            3 => Episodes.Confidence(key),
            _ => embeddings[key % embeddings.Length],
        });

    /// <summary>Inserts keys 1 to <paramref name="rows"/>.</summary>
    public static void Load(EngramConnection connection, float[][] embeddings, long rows)
    {
        using var load = PrepareLoad(connection, embeddings);
        load.Run(rows);
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
internal readonly record struct LogCounts(long Commits, long Syncs, long Bytes, long PayloadBytes)
{
    public static LogCounts Of(EngramConnection connection)
    {
        var log = ((DirectoryStore)connection.Session.Database.Store).Log!;
        return new LogCounts(log.Appended.Value, log.SyncCount, log.WrittenSizeBytes, log.WrittenPayloadSizeBytes);
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
        command = new EngramCommand($"INSERT INTO episode ({string.Join(", ", EpisodeStore.Columns)}) VALUES ({string.Join(", ", EpisodeStore.Columns.Select(c => "@" + c))})", connection);
        foreach (var name in EpisodeStore.Columns)
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
