using System.Globalization;
using System.Text;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;
using Npgsql;
using NpgsqlTypes;

namespace Engram.Benchmarks.Peers;

/// <summary>PostgreSQL at the same tasks, through Npgsql over the loopback; with pgvector where the server has it, else without searches.</summary>
internal sealed class PostgresPeer(PeerData data, Comparison comparison, Section section)
{
    private const string CreateTable = "CREATE TABLE episode (id bigint PRIMARY KEY, content text NOT NULL, occurred_at timestamptz NOT NULL, confidence real NOT NULL, embedding real[] NOT NULL)";
    private const string Insert = "INSERT INTO episode VALUES ($1, $2, $3, $4, $5)";

    private readonly TimeSpan duration = TimeSpan.FromSeconds(data.Seconds);

    public void Run(PostgresServer server)
    {
        using (var source = NpgsqlDataSource.Create(server.ConnectionString))
        using (var connection = source.OpenConnection())
        {
            var hasVectors = Text(connection, "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == "1";
            comparison.Introduce(Comparison.Postgres, $"PostgreSQL {connection.PostgreSqlVersion}{(hasVectors ? " + pgvector" : "")}");
            section.Note("PostgreSQL: a server of the run's own with shared_buffers of 2 GB and its other defaults, over the loopback; embeddings are real[] outside of searches."
                + (hasVectors ? "" : " It has no pgvector here, so no searches."));
            var empty = server.SizeBytes;
            Load(connection);
            Execute(connection, "CHECKPOINT");
            comparison.Take(Comparison.Postgres, PeerTask.Size, null, (server.SizeBytes - empty) / 1e6);
            Point(connection);
            if (hasVectors)
            {
                Searches(connection);
            }

            Execute(connection, "DROP TABLE episode");
            Execute(connection, "CHECKPOINT");
            FactTable(connection, server);
            foreach (var writers in data.Writers)
            {
                Commits(source, connection, writers);
            }
        }

        Recovery(server);
    }

    private void Load(NpgsqlConnection connection)
    {
        Execute(connection, CreateTable);
        var elapsed = Repetition.Once(() =>
        {
            using var copy = connection.BeginBinaryImport("COPY episode FROM STDIN (FORMAT BINARY)");
            for (var key = 1L; key <= data.Rows; key++)
            {
                copy.StartRow();
                copy.Write(key, NpgsqlDbType.Bigint);
                copy.Write(Episodes.Content(key), NpgsqlDbType.Text);
                copy.Write(Episodes.Moment(key), NpgsqlDbType.TimestampTz);
                copy.Write(Episodes.Confidence(key), NpgsqlDbType.Real);
                copy.Write(data.Embeddings[key % data.Rows], NpgsqlDbType.Array | NpgsqlDbType.Real);
            }

            copy.Complete();
        });
        comparison.Take(Comparison.Postgres, PeerTask.Load, Text(connection, "SELECT count(*) FROM episode"), data.Rows / elapsed.TotalSeconds);
        Execute(connection, "ANALYZE episode");
    }

    private void Point(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand("SELECT content, confidence FROM episode WHERE id = $1", connection);
        var id = new NpgsqlParameter<long>();
        command.Parameters.Add(id);
        command.Prepare();
        string Read(int number)
        {
            id.TypedValue = data.PointKey(number);
            using var reader = command.ExecuteReader();
            return reader.Read() ? reader.GetString(0) : "";
        }

        Times(PeerTask.Point, string.Join('\n', Enumerable.Range(0, PeerData.CheckedCount).Select(Read)), number => Read(number));
    }

    private void Searches(NpgsqlConnection connection)
    {
        Execute(connection, "CREATE EXTENSION IF NOT EXISTS vector");
        Execute(connection, $"ALTER TABLE episode ALTER COLUMN embedding TYPE vector({Episodes.Dimensions}) USING embedding::vector");
        Search(connection, PeerTask.Exact, PeerTask.ExactFiltered, PeerData.CheckedCount);
        try
        {
            var built = Repetition.Once(() => Execute(connection, string.Create(CultureInfo.InvariantCulture, $"CREATE INDEX ON episode USING hnsw (embedding vector_cosine_ops) WITH (m = {PeerData.M}, ef_construction = {PeerData.EfConstruction})")));
            comparison.Take(Comparison.Postgres, PeerTask.Build, Text(connection, "SELECT count(*) FROM episode"), built.TotalSeconds);
        }
        catch (PostgresException e)
        {
            section.Note($"PostgreSQL: its pgvector builds no HNSW index: {e.MessageText}");
            return;
        }

        foreach (var breadth in PeerData.Breadths)
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"SET hnsw.ef_search = {breadth}"));
            Search(connection, PeerTask.Approximate, PeerTask.ApproximateFiltered, PeerData.QueryCount, new Metric("ef", breadth));
        }
    }

    private void Search(NpgsqlConnection connection, string all, string filtered, int checkedCount, params Metric[] more)
    {
        foreach (var isFiltered in new[] { false, true })
        {
            var where = isFiltered ? string.Create(CultureInfo.InvariantCulture, $"WHERE confidence > {PeerData.ConfidenceAbove}::real ") : "";
            using var command = new NpgsqlCommand($"SELECT id FROM episode {where}ORDER BY embedding <=> $1::real[]::vector LIMIT {PeerData.K}", connection);
            var parameter = new NpgsqlParameter<float[]> { TypedValue = data.Queries[0] };
            command.Parameters.Add(parameter);
            command.Prepare();
            long[] Keys(int number)
            {
                parameter.TypedValue = data.Queries[number % data.Queries.Length];
                var keys = new List<long>(PeerData.K);
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    keys.Add(reader.GetInt64(0));
                }

                return [.. keys];
            }

            long[][] found = [.. Enumerable.Range(0, checkedCount).Select(Keys)];
            var times = Repetition.For(duration, number => Keys(number), out _).Percentiles(0.5, 0.99);
            comparison.TakeSearch(Comparison.Postgres, isFiltered ? filtered : all, found, times[0].TotalMicroseconds, [new("P99", times[1].TotalMicroseconds, "µs"), .. more]);
        }
    }

    private void FactTable(NpgsqlConnection connection, PostgresServer server)
    {
        var empty = server.SizeBytes;
        Execute(connection, Facts.CreateTable);
        var elapsed = Repetition.Once(() =>
        {
            using var copy = connection.BeginBinaryImport("COPY fact FROM STDIN (FORMAT BINARY)");
            for (var key = 1L; key <= data.FactCount; key++)
            {
                copy.StartRow();
                copy.Write(key, NpgsqlDbType.Bigint);
                copy.Write(Episodes.Moment(key), NpgsqlDbType.TimestampTz);
                copy.Write(Episodes.Confidence(key), NpgsqlDbType.Real);
                copy.Write(Facts.Topic(key), NpgsqlDbType.Integer);
                copy.Write(Facts.Weight(key), NpgsqlDbType.Bigint);
            }

            copy.Complete();
        });
        comparison.Take(Comparison.Postgres, PeerTask.LoadNarrow, Text(connection, "SELECT count(*) FROM fact"), data.FactCount / elapsed.TotalSeconds);
        Execute(connection, "VACUUM ANALYZE fact");
        Execute(connection, "CHECKPOINT");
        comparison.Take(Comparison.Postgres, PeerTask.SizeNarrow, null, (server.SizeBytes - empty) / 1e6);
        Question(connection, PeerTask.Filter, "SELECT count(*) FROM fact WHERE confidence > 0.7::real");
        Question(connection, PeerTask.Range, "SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= $1 AND occurred_at < $2 AND confidence >= 0.5::real");
        Question(connection, PeerTask.Aggregate, "SELECT topic, count(*), sum(weight), min(weight), max(weight) FROM fact GROUP BY topic ORDER BY topic");
        Question(connection, PeerTask.Heaviest, "SELECT id, weight FROM fact ORDER BY weight DESC, id LIMIT 10");
        Execute(connection, "DROP TABLE fact");
    }

    private void Question(NpgsqlConnection connection, string task, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        if (sql.Contains('$', StringComparison.Ordinal))
        {
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = data.Since });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = data.Until });
        }

        command.Prepare();
        Times(task, Text(command), _ => Text(command));
    }

    private void Commits(NpgsqlDataSource source, NpgsqlConnection first, int writers)
    {
        Execute(first, CreateTable);
        var commands = Enumerable.Range(0, writers).Select(_ => Prepare(source.OpenConnection())).ToArray();
        var race = new Race(writers, duration);
        try
        {
            race.RunTasks((writer, key) => Bind(commands[writer], key).ExecuteNonQueryAsync());
        }
        finally
        {
            foreach (var command in commands)
            {
                command.Connection!.Dispose();
                command.Dispose();
            }
        }

        comparison.Take(Comparison.Postgres, PeerTask.Commits(writers), Text(first, "SELECT count(*) FROM episode") == race.KeyCount.ToString(CultureInfo.InvariantCulture) ? "kept" : "lost", race.ToMetrics()[0].Value);
        Execute(first, "DROP TABLE episode");
    }

    private static NpgsqlCommand Prepare(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(Insert, connection);
        command.Parameters.Add(new NpgsqlParameter<long>());
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "" });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>());
        command.Parameters.Add(new NpgsqlParameter<float>());
        command.Parameters.Add(new NpgsqlParameter<float[]> { TypedValue = [] });
        command.Prepare();
        return command;
    }

    private NpgsqlCommand Bind(NpgsqlCommand command, long key)
    {
        ((NpgsqlParameter<long>)command.Parameters[0]).TypedValue = key;
        ((NpgsqlParameter<string>)command.Parameters[1]).TypedValue = Episodes.Content(key);
        ((NpgsqlParameter<DateTimeOffset>)command.Parameters[2]).TypedValue = Episodes.Moment(key);
        ((NpgsqlParameter<float>)command.Parameters[3]).TypedValue = Episodes.Confidence(key);
        ((NpgsqlParameter<float[]>)command.Parameters[4]).TypedValue = data.Embeddings[key % data.Rows];
        return command;
    }

    /// <summary>Commits of 500 rows after a checkpoint, then a stop that writes nothing, then the start of the server until it answers.</summary>
    private void Recovery(PostgresServer server)
    {
        using (var source = NpgsqlDataSource.Create(server.ConnectionString))
        using (var connection = source.OpenConnection())
        {
            Execute(connection, CreateTable);
            Execute(connection, "CHECKPOINT");
            using var command = Prepare(connection);
            for (var key = 1; key <= data.RecoveryRows;)
            {
                using var transaction = connection.BeginTransaction();
                for (var end = key + 500; key < end; key++)
                {
                    Bind(command, key).ExecuteNonQuery();
                }

                transaction.Commit();
            }
        }

        server.Crash();
        var answer = "";
        var elapsed = Repetition.Once(() =>
        {
            server.Restart();
            using var source = NpgsqlDataSource.Create(server.ConnectionString);
            using var connection = source.OpenConnection();
            answer = Text(connection, "SELECT count(*), sum(id) FROM episode");
        });
        comparison.Take(Comparison.Postgres, PeerTask.Recovery, answer, elapsed.TotalMilliseconds);
    }

    private void Times(string task, string answer, Action<int> work)
    {
        var times = Repetition.For(duration, work, out _).Percentiles(0.5, 0.99);
        comparison.Take(Comparison.Postgres, task, answer, times[0].TotalMicroseconds, new Metric("P99", times[1].TotalMicroseconds, "µs"));
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static string Text(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return Text(command);
    }

    private static string Text(NpgsqlCommand command)
    {
        var text = new StringBuilder();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            for (var i = 0; i < reader.FieldCount; i++)
            {
                text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{reader.GetValue(i)}");
            }
        }

        return text.ToString();
    }
}
