using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;

namespace Engram.Benchmarks.Workloads;

/// <summary>What readers notice of a compaction that runs beside them.</summary>
internal sealed class CompactionWorkload : Workload
{
    public override string Name => "compaction";

    public override string Description => "a reader of rows by key and a reader of a filtered top 10, alone and while tables are compacted";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 40_000;
        var duration = options.Duration ?? TimeSpan.FromSeconds(2);
        var embeddings = Episodes.Embeddings(1024 + 64);
        var queries = embeddings[1024..];
        embeddings = embeddings[..1024];
        var path = options.NewPath("compaction.engram");
        using var connection = EpisodeStore.Open(path);
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, embeddings, rows);
        EpisodeStore.Execute(connection, "CHECKPOINT");
        using var churn = EpisodeStore.Open(path);
        var before = Read(path, queries, rows, duration, null, out _);
        var compactions = 0;
        var compacting = Read(path, queries, rows, duration, () =>
        {
            // Each turn deletes and compacts, so that all rows that are left are written again.
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            do
            {
                EpisodeStore.Execute(churn, string.Create(CultureInfo.InvariantCulture, $"DELETE FROM episode WHERE id > {rows - (rows / 100 * (compactions + 1))} AND id <= {rows - (rows / 100 * compactions)}"));
                churn.CompactAsync().GetAwaiter().GetResult();
                compactions++;
            }
            while (System.Diagnostics.Stopwatch.GetElapsedTime(start) < duration && compactions < 40);
        }, out var elapsed);
        var left = rows - ((long)rows / 100 * compactions);
        Check("rows that are left", left, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        var after = Read(path, queries, rows, duration, null, out _);
        section.Add(Subject, "alone", [.. before.ToMetrics()]);
        section.Add(Subject, "while compacting", [.. compacting.ToMetrics(), new("point P99 against alone", compacting.Point99 / before.Point99), new("top 10 P99 against alone", compacting.Top99 / before.Top99)]);
        section.Add(Subject, "alone again", [.. after.ToMetrics(), new("point P99 against alone", after.Point99 / before.Point99), new("top 10 P99 against alone", after.Top99 / before.Top99)]);
        section.Add(Subject, "compactions", new Metric("count", compactions), new Metric("each", elapsed.TotalMilliseconds / compactions, "ms"));
        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows with embeddings of {Episodes.Dimensions} dimensions. Each turn deletes a hundredth of the rows and compacts, which writes those of their segment again that are left. Two readers and a compaction want three cores; this machine has {Environment.ProcessorCount}."));
    }

    private static Latencies Read(string path, float[][] queries, int rows, TimeSpan duration, Action? during, out TimeSpan elapsed)
    {
        using var crowd = new Crowd(TimeSpan.FromSeconds(1), duration);
        using var point = new EpisodeQueries(EpisodeStore.Open(path));
        using var nearest = new EpisodeQueries(EpisodeStore.Open(path));

        // Of the half that is never deleted.
        var points = crowd.Add(number => point.Point((number * 7919L % (rows / 2)) + 1));
        var tops = crowd.Add(number => nearest.Nearest(queries[number % queries.Length]));
        crowd.Run(during);
        elapsed = crowd.Elapsed;
        var (p, t) = (points.Percentiles(0.5, 0.99), tops.Percentiles(0.5, 0.99));
        return new Latencies(p[0].TotalMilliseconds, p[1].TotalMilliseconds, t[0].TotalMilliseconds, t[1].TotalMilliseconds, points.Count / elapsed.TotalSeconds);
    }

    private sealed record Latencies(double Point50, double Point99, double Top50, double Top99, double PointsPerSecond)
    {
        public IEnumerable<Metric> ToMetrics() =>
        [
            new("point reads", PointsPerSecond, "1/s"), new("point P50", Point50, "ms"), new("point P99", Point99, "ms"),
            new("top 10 P50", Top50, "ms"), new("top 10 P99", Top99, "ms"),
        ];
    }
}
