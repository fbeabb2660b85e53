using System.Diagnostics;
using System.Globalization;
using System.Text;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;
using Engram.Data;

namespace Engram.Benchmarks.Peers;

/// <summary>This engine at the tasks of its peers, through ADO.NET as an application uses it.</summary>
internal sealed class EngramPeer(PeerData data, RunOptions options, Comparison comparison, Section section)
{
    private const int GraphRowsMin = 4096;

    private static readonly TimeSpan s_buildTimeMax = TimeSpan.FromHours(1);

    private readonly TimeSpan duration = TimeSpan.FromSeconds(data.Seconds);

    public void Run()
    {
        comparison.Introduce(Comparison.Engram, $"Engram.Data {typeof(EngramConnection).Assembly.GetName().Version?.ToString(3)}");
        Episodes();
        FactTable();
        Recovery();
        foreach (var writers in data.Writers)
        {
            Commits(writers);
        }
    }

    private void Episodes()
    {
        var path = options.NewPath("peers.engram");
        using (var connection = EpisodeStore.Open(path))
        {
            Load(connection);
            EpisodeStore.Execute(connection, "CHECKPOINT");
            Point(connection);
            Searches(connection, PeerTask.Exact, PeerTask.ExactFiltered, "", data.Seconds, PeerData.CheckedCount);
        }

        EngramConnection.ClearAllPools();
        comparison.Take(Comparison.Engram, PeerTask.Size, null, SizeOf(path) / 1e6);
        Open(path);
        Graph(path);
        EngramConnection.ClearAllPools();
        Directory.Delete(path, recursive: true);
    }

    /// <summary>Both ways that the documentation names; the faster counts.</summary>
    private void Load(EngramConnection connection)
    {
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable.Replace("TABLE episode", "TABLE by_statements", StringComparison.Ordinal));
        using (var load = new BulkInsert(connection, "by_statements", EpisodeStore.Columns, 500, Value))
        {
            Rate(() => load.Run(data.Rows, inOneTransaction: true), "by_statements");
        }

        EpisodeStore.Execute(connection, "DROP TABLE by_statements");
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        using var copy = new EngramBulkCopy(connection, "episode");
        Rate(() => copy.WriteToServer(Enumerable.Range(1, data.Rows).Select(key => Enumerable.Range(0, EpisodeStore.Columns.Length).Select(c => (object?)Value(key, c)).ToArray())), "episode");

        void Rate(Action load, string table)
        {
            var elapsed = Repetition.Once(load);
            comparison.Take(Comparison.Engram, PeerTask.Load, Text(connection, $"SELECT count(*) FROM {table}"), data.Rows / elapsed.TotalSeconds);
        }
    }

    private object Value(long key, int column) => column switch
    {
        0 => key,
        1 => Workloads.Episodes.Content(key),
        2 => Workloads.Episodes.Moment(key),
        3 => Workloads.Episodes.Confidence(key),
        _ => data.Embeddings[key % data.Rows],
    };

    private void Point(EngramConnection connection)
    {
        using var command = new EngramCommand("SELECT content, confidence FROM episode WHERE id = @id", connection);
        var id = command.Parameters.Add(new EngramParameter("id", 1L));
        command.Prepare();
        string Read(int number)
        {
            id.Value = data.PointKey(number);
            using var reader = command.ExecuteReader();
            return reader.Read() && reader.GetFloat(1) >= 0 ? reader.GetString(0) : "";
        }

        var answer = string.Join('\n', Enumerable.Range(0, PeerData.CheckedCount).Select(Read));
        Times(PeerTask.Point, answer, number => Read(number));
    }

    private void Searches(EngramConnection connection, string all, string filtered, string ending, double seconds, int checkedCount, params Metric[] more)
    {
        foreach (var isFiltered in new[] { false, true })
        {
            var where = isFiltered ? string.Create(CultureInfo.InvariantCulture, $"WHERE confidence > {PeerData.ConfidenceAbove}::real ") : "";
            using var command = new EngramCommand($"SELECT id FROM episode {where}ORDER BY embedding <=> @q LIMIT {PeerData.K}{ending}", connection);
            var parameter = command.Parameters.Add(new EngramParameter("q", data.Queries[0]));
            command.Prepare();
            long[] Search(int number)
            {
                parameter.Value = data.Queries[number % data.Queries.Length];
                return Keys(command);
            }

            long[][] found = [.. Enumerable.Range(0, checkedCount).Select(Search)];
            var times = Repetition.For(TimeSpan.FromSeconds(seconds), number => Search(number), out _).Percentiles(0.5, 0.99);
            comparison.TakeSearch(Comparison.Engram, isFiltered ? filtered : all, found, times[0].TotalMicroseconds, [new("P99", times[1].TotalMicroseconds, "µs"), .. more]);
        }
    }

    private void Open(string path)
    {
        var best = TimeSpan.MaxValue;
        var content = "";
        for (var i = 0; i < 10; i++)
        {
            using var connection = new EngramConnection(EpisodeStore.ConnectionString(path));
            EngramConnection.ClearPool(connection);
            var elapsed = Repetition.Once(() =>
            {
                connection.Open();
                content = Text(connection, "SELECT content FROM episode WHERE id = 1");
            });
            best = elapsed < best ? elapsed : best;
        }

        comparison.Take(Comparison.Engram, PeerTask.Open, content, best.TotalMilliseconds);
    }

    /// <summary>The index is built beside searches: the time is until all of it is there.</summary>
    private void Graph(string path)
    {
        if (data.Rows < GraphRowsMin)
        {
            section.Note("Engram.Data: no graph, since segments of fewer than 4,096 rows have none.");
            return;
        }

        using var connection = EpisodeStore.Open(path);
        var start = Stopwatch.GetTimestamp();
        EpisodeStore.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"CREATE INDEX episode_near ON episode USING hnsw (embedding vector_cosine_ops) WITH (m = {PeerData.M}, ef_construction = {PeerData.EfConstruction})"));
        while (!IsWalked(connection))
        {
            if (Stopwatch.GetElapsedTime(start) > s_buildTimeMax)
            {
                section.Note("Engram.Data: the graph was not built within an hour.");
                return;
            }

            Thread.Sleep(20);
        }

        comparison.Take(Comparison.Engram, PeerTask.Build, Text(connection, "SELECT count(*) FROM episode"), Stopwatch.GetElapsedTime(start).TotalSeconds);
        foreach (var breadth in PeerData.Breadths)
        {
            Searches(connection, PeerTask.Approximate, PeerTask.ApproximateFiltered, string.Create(CultureInfo.InvariantCulture, $" WITH APPROXIMATE ({breadth})"), data.Seconds / 2, PeerData.QueryCount, new Metric("ef", breadth));
        }
    }

    /// <summary>Whether every row that is to be in a graph is; a search asks for graphs that are missing.</summary>
    private bool IsWalked(EngramConnection connection)
    {
        using var search = new EngramCommand($"SELECT id FROM episode ORDER BY embedding <=> @q LIMIT {PeerData.K} WITH APPROXIMATE (20)", connection);
        search.Parameters.Add(new EngramParameter("q", data.Queries[0]));
        search.ExecuteScalar();
        return Text(connection, "SELECT rows > 0 AND graph_rows = rows FROM engram_vector_indexes WHERE table_name = 'episode'") == "True";
    }

    private void FactTable()
    {
        var path = options.NewPath("peers.engram");
        using (var connection = EpisodeStore.Open(path))
        {
            LoadFacts(connection);
            EpisodeStore.Execute(connection, "CHECKPOINT");
            Question(connection, PeerTask.Filter, "SELECT count(*) FROM fact WHERE confidence > 0.7::real");
            Question(connection, PeerTask.Range, "SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= @since AND occurred_at < @until AND confidence >= 0.5::real");
            Question(connection, PeerTask.Aggregate, "SELECT topic, count(*), sum(weight), min(weight), max(weight) FROM fact GROUP BY topic ORDER BY topic");
            Question(connection, PeerTask.Heaviest, "SELECT id, weight FROM fact ORDER BY weight DESC, id LIMIT 10");
        }

        EngramConnection.ClearAllPools();
        comparison.Take(Comparison.Engram, PeerTask.SizeNarrow, null, SizeOf(path) / 1e6);
        Directory.Delete(path, recursive: true);
    }

    private void LoadFacts(EngramConnection connection)
    {
        EpisodeStore.Execute(connection, Facts.CreateTable);
        using var copy = new EngramBulkCopy(connection, "fact");
        var elapsed = Repetition.Once(() => copy.WriteToServer(Enumerable.Range(1, data.FactCount).Select(k =>
            new object?[] { (long)k, Workloads.Episodes.Moment(k), Workloads.Episodes.Confidence(k), Facts.Topic(k), Facts.Weight(k) })));
        comparison.Take(Comparison.Engram, PeerTask.LoadNarrow, Text(connection, "SELECT count(*) FROM fact"), data.FactCount / elapsed.TotalSeconds);
    }

    private void Question(EngramConnection connection, string task, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        if (sql.Contains('@', StringComparison.Ordinal))
        {
            command.Parameters.Add(new EngramParameter("since", data.Since));
            command.Parameters.Add(new EngramParameter("until", data.Until));
        }

        command.Prepare();
        Times(task, Text(command), _ => Text(command));
    }

    private void Recovery()
    {
        var path = options.NewPath("peers.engram");
        using (new Held(EpisodeStore.OpenWithoutCheckpoints(path)))
        {
            using var connection = EpisodeStore.Open(path);
            EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
            using var load = new BulkInsert(connection, "episode", EpisodeStore.Columns, 500, Value);
            load.Run(data.RecoveryRows);
        }

        using (var connection = new EngramConnection(EpisodeStore.ConnectionString(path)))
        {
            EngramConnection.ClearPool(connection);
            var answer = "";
            var elapsed = Repetition.Once(() =>
            {
                connection.Open();
                answer = Text(connection, "SELECT count(*), sum(id) FROM episode");
            });
            comparison.Take(Comparison.Engram, PeerTask.Recovery, answer, elapsed.TotalMilliseconds, new Metric("logMiB", connection.LastRecovery!.Bytes / 1048576.0));
        }

        EngramConnection.ClearAllPools();
        Directory.Delete(path, recursive: true);
    }

    private void Commits(int writers)
    {
        var path = options.NewPath("peers.engram");
        EpisodeStore.Create(path);
        var inserts = Enumerable.Range(0, writers).Select(_ => new EpisodeInsert(EpisodeStore.Open(path), data.Embeddings)).ToArray();
        var race = new Race(writers, duration);
        try
        {
            race.RunTasks((writer, key) => inserts[writer].RunAsync(key));
        }
        finally
        {
            Array.ForEach(inserts, i => i.Dispose());
        }

        using (var connection = EpisodeStore.Open(path))
        {
            comparison.Take(Comparison.Engram, PeerTask.Commits(writers), Text(connection, "SELECT count(*) FROM episode") == race.KeyCount.ToString(CultureInfo.InvariantCulture) ? "kept" : "lost", race.ToMetrics()[0].Value);
        }

        EngramConnection.ClearAllPools();
        Directory.Delete(path, recursive: true);
    }

    private void Times(string task, string answer, Action<int> work)
    {
        var times = Repetition.For(duration, work, out _).Percentiles(0.5, 0.99);
        comparison.Take(Comparison.Engram, task, answer, times[0].TotalMicroseconds, new Metric("P99", times[1].TotalMicroseconds, "µs"));
    }

    private static string Text(EngramConnection connection, string sql)
    {
        using var command = new EngramCommand(sql, connection);
        return Text(command);
    }

    private static string Text(EngramCommand command)
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

    private static long[] Keys(EngramCommand command)
    {
        var keys = new long[PeerData.K];
        var count = 0;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            keys[count++] = reader.GetInt64(0);
        }

        return keys[..count];
    }

    /// <summary>All files of the database but its log, which the next commits write anew and a closed peer has emptied.</summary>
    private static long SizeOf(string path)
        => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.Directory!.Name != "wal").Sum(f => f.Length);
}
