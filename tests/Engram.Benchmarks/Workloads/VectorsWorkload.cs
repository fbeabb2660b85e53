using System.Globalization;
using System.Numerics.Tensors;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;
using Engram.Data.Query.Execution.Parallel;

namespace Engram.Benchmarks.Workloads;

/// <summary>The exact ten nearest, one query at a time, beside a loop over the same numbers in plain memory.</summary>
internal sealed class VectorsWorkload : Workload
{
    private const int K = 10;

    private const int NarrowDimensions = 128;

    public override string Name => "vectors";

    public override string Description => "exact top 10 by cosine distance, 768-d unit vectors in clusters";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? (options.IsPartOfAll ? 50_000 : 100_000);
        var duration = options.Duration ?? TimeSpan.FromSeconds(2);

        // One draw, so that queries come from the same clusters as rows.
        var drawn = Episodes.Embeddings(rows + 100);
        var embeddings = drawn[..rows];
        var queries = drawn[rows..];
        using var connection = EpisodeStore.Open(options.NewPath("vectors.engram"));
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, embeddings, rows);
        using var flat = new FlatScan(rows, Episodes.Dimensions);
        for (var key = 1; key <= rows; key++)
        {
            embeddings[key % rows].CopyTo(flat.Row(key - 1));
        }

        var first = rows / 2;
        (string Title, string Where, Func<long, bool> IsWanted)[] filters =
        [
            ("all rows", "", _ => true),
            ("confidence > 0.9", "WHERE confidence > 0.9::real ", key => Episodes.Confidence(key) > 0.9f),
            ("a time range of 1 %", $"WHERE occurred_at >= '{Episodes.Moment(first):O}' AND occurred_at < '{Episodes.Moment(first + (rows / 100)):O}' ", key => key >= first && key < first + (rows / 100)),
        ];
        foreach (var (title, where, isWanted) in filters)
        {
            var selected = Enumerable.Range(0, rows).Where(i => isWanted(i + 1)).ToArray();
            Compare(section, connection, title, $"FROM episode {where}", flat, selected, queries, duration);
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows of {Episodes.Dimensions} dimensions, inserted by statements, no checkpoint asked for, in memory. float32 kernel: fused products of the machine's widest registers over one array, one thread, the selection known beforehand."));
        section.Note("GB/s: the float32 embeddings of the selected rows divided by P50; what reads smaller codes instead may go beyond the machine's limit.");
        if (!options.IsPartOfAll)
        {
            MeasureNarrow(options.Rows ?? 1_000_000, options, section, duration);
        }
    }

    /// <summary>Many rows of few dimensions.</summary>
    private static void MeasureNarrow(int rows, RunOptions options, Section section, TimeSpan duration)
    {
        using var flat = new FlatScan(rows + 100, NarrowDimensions);
        var wide = Episodes.Embeddings((rows + 100) / 6 + 1);
        for (var i = 0; i < rows + 100; i++)
        {
            // A sixth of a wide vector: still in clusters.
            var row = flat.Row(i);
            wide[i / 6].AsSpan(i % 6 * NarrowDimensions, NarrowDimensions).CopyTo(row);
            TensorPrimitives.Divide(row, TensorPrimitives.Norm<float>(row), row);
        }

        using var connection = EpisodeStore.Open(options.NewPath("narrow.engram"));
        EpisodeStore.Execute(connection, $"CREATE TABLE narrow (id bigint PRIMARY KEY, embedding vector({NarrowDimensions}) NOT NULL)");
        using var copy = new EngramBulkCopy(connection) { DestinationTableName = "narrow" };
        copy.WriteToServer(Enumerable.Range(0, rows).Select(i => new object?[] { i + 1L, flat.Row(i).ToArray() }));
        var queries = Enumerable.Range(rows, 100).Select(i => flat.Row(i).ToArray()).ToArray();
        Compare(section, connection, string.Create(CultureInfo.InvariantCulture, $"{rows:N0} x {NarrowDimensions}"), "FROM narrow ", flat, [.. Enumerable.Range(0, rows)], queries, duration);
    }

    private static void Compare(Section section, EngramConnection connection, string title, string from, FlatScan flat, int[] selected, float[][] queries, TimeSpan duration)
    {
        using var command = new EngramCommand($"SELECT id {from}ORDER BY embedding <=> @q LIMIT {K}", connection);
        var parameter = new EngramParameter("q", queries[0]);
        command.Parameters.Add(parameter);
        command.Prepare();
        foreach (var query in queries.Take(20))
        {
            parameter.Value = query;
            CheckAnswer(title, flat, query, flat.Nearest(selected, query, K), Run(command));
        }

        foreach (var threads in (int[])[1, 2])
        {
            connection.Session.Settings.Parallelism = Parallelism.Off with { MaxThreadCount = threads };
            var log = Repetition.For(duration, number =>
            {
                parameter.Value = queries[number % queries.Length];
                Run(command);
            }, out var allocated);
            section.Add(Subject, $"{title}, {threads} {(threads == 1 ? "thread" : "threads")}", [.. Rates(log, selected.Length, queries[0].Length), new("allocated", allocated, "B")]);
        }

        section.Add("float32 kernel", title, [.. Rates(Repetition.For(duration, number => flat.Nearest(selected, queries[number % queries.Length], K), out _), selected.Length, queries[0].Length)]);
    }

    private static IEnumerable<Metric> Rates(LatencyLog log, int rows, int dimensions)
    {
        // The fifth percentile is near what an idle machine does; where others compute beside it, the median tells of them.
        var found = log.Percentiles(0.05, 0.5, 0.99);
        return
        [
            new("P5", found[0].TotalMilliseconds, "ms"),
            new("P50", found[1].TotalMilliseconds, "ms"),
            new("P99", found[2].TotalMilliseconds, "ms"),
            new("embeddings", rows * 4.0 * dimensions / 1e9 / found[1].TotalSeconds, "GB/s"),
        ];
    }

    /// <summary>Rank by rank the same distance; where distances are equal to float32's precision either row will do.</summary>
    private static void CheckAnswer(string title, FlatScan flat, float[] query, long[] expected, long[] found)
    {
        Check($"rows for {title}", expected.Length, found.Length);
        for (var rank = 0; rank < expected.Length; rank++)
        {
            var wanted = Exact(flat.Row(expected[rank] - 1), query);
            var got = Exact(flat.Row(found[rank] - 1), query);
            if (Math.Abs(wanted - got) > 1e-6)
            {
                throw new WrongAnswerException($"{title}, rank {rank}: row {found[rank]} at {1 - got:R}, where row {expected[rank]} is at {1 - wanted:R}");
            }
        }
    }

    private static double Exact(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var dot = 0.0;
        var xx = 0.0;
        var yy = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            dot += (double)x[i] * y[i];
            xx += (double)x[i] * x[i];
            yy += (double)y[i] * y[i];
        }

        return dot / Math.Sqrt(xx * yy);
    }

    private static long[] Run(EngramCommand command)
    {
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
