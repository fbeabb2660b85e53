using System.Diagnostics;
using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;
using Engram.Data.Query.Execution.Parallel;

namespace Engram.Benchmarks.Workloads;

/// <summary>The approximate ten nearest: how many of the exact ones come, and how long it takes, by breadth and by how much a filter leaves.</summary>
internal sealed class HnswWorkload : Workload
{
    private const int K = 10;
    private const int QueryCount = 100;

    private static readonly int[] s_breadths = [10, 16, 24, 32, 48, 64, 80, 88, 96, 128, 200, 400];
    private static readonly double[] s_shares = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001, 0.0005, 0.0001];

    public override string Name => "hnsw";

    public override string Description => "approximate top 10 by cosine distance, 768-d unit vectors in clusters, one thread";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? (options.IsPartOfAll ? 20_000 : 100_000);
        var duration = options.Duration ?? TimeSpan.FromSeconds(0.5);
        var drawn = Episodes.Embeddings(rows + QueryCount);
        var queries = drawn[rows..];
        using var connection = EpisodeStore.Open(options.NewPath("hnsw.engram"));
        connection.Session.Settings.Parallelism = Parallelism.Off;
        EpisodeStore.Execute(connection, $"CREATE TABLE near (id bigint PRIMARY KEY, share real NOT NULL, embedding vector({Episodes.Dimensions}) NOT NULL)");
        var random = new Random(7);
        using (var copy = new EngramBulkCopy(connection) { DestinationTableName = "near" })
        {
            copy.WriteToServer(Enumerable.Range(0, rows).Select(i => new object?[] { i + 1L, random.NextSingle(), drawn[i] }));
        }

        var elapsed = Build(connection);
        var size = Convert.ToDouble(EpisodeStore.Scalar(connection, "SELECT bytes FROM engram_vector_indexes"), CultureInfo.InvariantCulture);
        section.Add(Subject, "building, m = 16, ef_construction = 128", new("elapsed", elapsed.TotalSeconds, "s"), new("rate", rows / elapsed.TotalSeconds, "rows/s"), new("graph", size / rows, "B/row"));
        section.Add(Subject, "exact", [.. Search(connection, "", "", queries, duration, Exact(connection, "", queries))]);
        var exact = Exact(connection, "", queries);
        foreach (var breadth in s_breadths)
        {
            var approximate = string.Create(CultureInfo.InvariantCulture, $" WITH APPROXIMATE ({breadth})");
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"ef_search {breadth}"), [.. Search(connection, "", approximate, queries, duration, exact)]);
        }

        foreach (var share in s_shares)
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"WHERE share < {share}::real ");
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"filter leaves {100 * share} %"), [.. Search(connection, where, " WITH APPROXIMATE", queries, duration, Exact(connection, where, queries))]);
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows of {Episodes.Dimensions} dimensions in 64 clusters, {QueryCount} other vectors as queries, through ADO.NET, in memory. Built on half of the cores. Filters are with the default ef_search; the filter's column is independent of the embedding."));
    }

    /// <summary>Waits for the background to be done.</summary>
    private static TimeSpan Build(EngramConnection connection)
    {
        EpisodeStore.Execute(connection, "CREATE INDEX near_embedding ON near USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 128)");
        var since = Stopwatch.GetTimestamp();
        EpisodeStore.Execute(connection, "CHECKPOINT");
        while (!true.Equals(EpisodeStore.Scalar(connection, "SELECT graph_rows = rows FROM engram_vector_indexes")))
        {
            Thread.Sleep(20);
        }

        return Stopwatch.GetElapsedTime(since);
    }

    private static long[][] Exact(EngramConnection connection, string where, float[][] queries)
    {
        using var command = Prepare(connection, where, "");
        return [.. queries.Select(q => Run(command, q))];
    }

    private static IEnumerable<Metric> Search(EngramConnection connection, string where, string approximate, float[][] queries, TimeSpan duration, long[][] exact)
    {
        using var command = Prepare(connection, where, approximate);
        var hits = 0;
        for (var i = 0; i < queries.Length; i++)
        {
            var found = Run(command, queries[i]);
            Check($"rows of query {i} {where}{approximate}", exact[i].Length, found.Distinct().Count());
            hits += found.Intersect(exact[i]).Count();
        }

        var log = Repetition.For(duration, number => Run(command, queries[number % queries.Length]), out var allocated);
        var times = log.Percentiles(0.05, 0.5, 0.99);
        return
        [
            new("recall@10", (double)hits / exact.Sum(e => e.Length)), new("P5", times[0].TotalMicroseconds, "µs"), new("P50", times[1].TotalMicroseconds, "µs"),
            new("P99", times[2].TotalMicroseconds, "µs"), new("allocated", allocated, "B"),
        ];
    }

    private static EngramCommand Prepare(EngramConnection connection, string where, string approximate)
    {
        var command = new EngramCommand($"SELECT id FROM near {where}ORDER BY embedding <=> @q LIMIT {K}{approximate}", connection);
        command.Parameters.Add(new EngramParameter("q", new float[Episodes.Dimensions]));
        command.Prepare();
        return command;
    }

    private static long[] Run(EngramCommand command, float[] query)
    {
        command.Parameters[0].Value = query;
        var ids = new long[K];
        var count = 0;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            ids[count++] = reader.GetInt64(0);
        }

        return ids[..count];
    }
}
