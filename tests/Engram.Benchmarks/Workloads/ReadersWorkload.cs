using System.Diagnostics;
using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;

namespace Engram.Benchmarks.Workloads;

/// <summary>Many connections that read while one writes, against two that read while one writes: readers neither wait for the writer nor for each other.</summary>
internal sealed class ReadersWorkload : Workload
{
    private const int Few = 2;
    private const int Many = 100;
    private const int CommitsPerSecond = 1_000;

    /// <summary>Of so many reads one is a top-10, the others are point reads: each kind takes about half of the time.</summary>
    private const int ReadsPerNearest = 50;

    public override string Name => "readers";

    public override string Description => "connections that read rows by key, and one time in fifty a filtered top 10, while one writer commits a row a thousand times a second";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 20_000;
        var duration = options.Duration ?? TimeSpan.FromSeconds(options.IsPartOfAll ? 2 : 4);
        var drawn = Episodes.Embeddings(rows + 64);
        var embeddings = drawn[..rows];
        var queries = drawn[rows..];
        var path = options.NewPath("readers.engram");
        using var connection = EpisodeStore.Open(path);
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, embeddings, rows);
        EpisodeStore.Execute(connection, "CHECKPOINT");
        CheckNearest(path, embeddings, queries[0], rows);

        var nextKey = (long)rows;
        var alone = Measure(path, embeddings, queries, rows, ref nextKey, 0, false, duration);
        var few = Measure(path, embeddings, queries, rows, ref nextKey, Few, true, duration);
        var many = Measure(path, embeddings, queries, rows, ref nextKey, Many, true, duration);
        var threads = Measure(path, embeddings, queries, rows, ref nextKey, Many, false, duration);
        Check("rows after all commits", nextKey, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        section.Add(Subject, "writer alone", [.. alone.ToMetrics()]);
        section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{Few} readers"), [.. few.ToMetrics()]);
        section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{Many} readers"), [.. many.ToMetrics(), new("against few", many.ReadsPerSecond / few.ReadsPerSecond)]);
        section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{Many} readers, a thread each"), [.. threads.ToMetrics(), new("against few", threads.ReadsPerSecond / few.ReadsPerSecond)]);
        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows at first, checkpointed; the writer's rows go to the delta, of which every top 10 reads more. The top 10 is of the tenth of the rows with confidence >= {EpisodeQueries.ConfidenceMin}."));
        section.Note("Lock contentions: how often a thread of the process had to wait for a monitor in the measured time. Those of the writer and the log are in the row of the writer alone; what readers add is the difference.");
        section.Note(string.Create(CultureInfo.InvariantCulture, $"Readers are tasks that share the pool's threads, as those of a server do. With a thread each, {Many} that never rest on {Environment.ProcessorCount} cores, a P99 is how long a thread waits for its turn, and the writer's turns are as rare: that row is there for the contentions."));
    }

    private static void CheckNearest(string path, float[][] embeddings, float[] query, int rows)
    {
        using var queries = new EpisodeQueries(EpisodeStore.Open(path));
        var expected = Enumerable.Range(1, rows).Where(key => Episodes.Confidence(key) >= EpisodeQueries.ConfidenceMin)
            .Select(key => Similarity(embeddings[key % rows], query)).OrderDescending().Take(EpisodeQueries.K);
        foreach (var (wanted, key) in expected.Zip(queries.Nearest(query)))
        {
            if (Math.Abs(wanted - Similarity(embeddings[key % rows], query)) > 1e-6)
            {
                throw new WrongAnswerException($"row {key} is not among the {EpisodeQueries.K} nearest");
            }
        }
    }

    private static double Similarity(float[] x, float[] y)
    {
        var dot = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            dot += (double)x[i] * y[i];
        }

        return dot;
    }

    private static Outcome Measure(string path, float[][] embeddings, float[][] queries, int rows, ref long nextKey, int readers, bool areTasks, TimeSpan duration)
    {
        using var crowd = new Crowd(TimeSpan.FromSeconds(1), duration);
        using var insert = new EpisodeInsert(EpisodeStore.Open(path), embeddings);
        var opened = Enumerable.Range(0, readers).Select(_ => new EpisodeQueries(EpisodeStore.Open(path))).ToArray();
        try
        {
            var logs = new List<LatencyLog>();
            var nearest = Enumerable.Range(0, readers).Select(_ => new LatencyLog()).ToArray();
            for (var reader = 0; reader < readers; reader++)
            {
                var (mine, place, log) = (opened[reader], reader, nearest[reader]);
                logs.Add(crowd.Add(number =>
                {
                    if ((number + place) % ReadsPerNearest == 0)
                    {
                        var before = Stopwatch.GetTimestamp();
                        mine.Nearest(queries[(number + place) / ReadsPerNearest % queries.Length]);
                        log.Add(Stopwatch.GetTimestamp() - before);
                        return;
                    }

                    mine.Point(((number * 7919L) + (place * 104_729L)) % rows + 1);
                }, areTasks));
            }

            var key = nextKey;
            var started = 0L;
            var commits = crowd.Add(number =>
            {
                // By the clock, so that a late commit is followed by the next ones at once.
                started = number == 0 ? Stopwatch.GetTimestamp() : started;
                var wait = TimeSpan.FromSeconds(number / (double)CommitsPerSecond) - Stopwatch.GetElapsedTime(started);
                if (wait > TimeSpan.FromMilliseconds(1))
                {
                    Thread.Sleep(wait);
                }

                insert.Run(++key);
            });
            crowd.Run();
            nextKey = key;
            return new Outcome(LatencyLog.Merge(logs), LatencyLog.Merge(nearest), commits.Count, crowd.LockContentions, crowd.Elapsed);
        }
        finally
        {
            Array.ForEach(opened, o => o.Dispose());
        }
    }

    private sealed record Outcome(LatencyLog Reads, LatencyLog Nearest, long Commits, long LockContentions, TimeSpan Elapsed)
    {
        public double ReadsPerSecond => Reads.Count / Elapsed.TotalSeconds;

        public IEnumerable<Metric> ToMetrics()
        {
            yield return new("commits", Commits / Elapsed.TotalSeconds, "1/s");
            yield return new("lock contentions", LockContentions);
            if (Reads.Count == 0)
            {
                yield break;
            }

            yield return new("reads", ReadsPerSecond, "1/s");
            var all = Reads.Percentiles(0.5, 0.99);
            yield return new("reads P50", all[0].TotalMilliseconds, "ms");
            yield return new("reads P99", all[1].TotalMilliseconds, "ms");
            var top = Nearest.Percentiles(0.5, 0.99);
            yield return new("top 10 P50", top[0].TotalMilliseconds, "ms");
            yield return new("top 10 P99", top[1].TotalMilliseconds, "ms");
        }
    }
}
