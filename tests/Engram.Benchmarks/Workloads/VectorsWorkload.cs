using System.Globalization;
using System.Numerics.Tensors;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>The exact ten nearest, one query at a time, beside a loop over the same numbers in plain memory.</summary>
internal sealed class VectorsWorkload : Workload
{
    private const int K = 10;

    private static readonly (string Title, string Where, float ConfidenceMin)[] s_filters =
    [
        ("all rows", "", 0f),
        ("10 % of the rows", "WHERE confidence >= 0.9::real ", 0.9f),
        ("1 % of the rows", "WHERE confidence >= 0.99::real ", 0.99f),
    ];

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
        EpisodeStore.Execute(connection, "CHECKPOINT");
        var flat = new float[(long)rows * Episodes.Dimensions];
        for (var key = 1; key <= rows; key++)
        {
            embeddings[key % rows].CopyTo(flat, (long)(key - 1) * Episodes.Dimensions);
        }

        foreach (var (title, where, confidenceMin) in s_filters)
        {
            using var command = new EngramCommand($"SELECT id FROM episode {where}ORDER BY embedding <=> @q LIMIT {K}", connection);
            var parameter = new EngramParameter("q", queries[0]);
            command.Parameters.Add(parameter);
            command.Prepare();
            var selected = Enumerable.Range(0, rows).Where(i => Episodes.Confidence(i + 1) >= confidenceMin).ToArray();
            foreach (var query in queries.Take(20))
            {
                parameter.Value = query;
                CheckAnswer(title, embeddings, query, Nearest(flat, selected, query), Run(command), rows);
            }

            var log = Repetition.For(duration, number =>
            {
                parameter.Value = queries[number % queries.Length];
                Run(command);
            }, out var allocated);
            section.Add(Subject, title, [.. Rates(log, selected.Length), new("allocated", allocated, "B")]);
            section.Add("brute force", title, [.. Rates(Repetition.For(duration, number => Nearest(flat, selected, queries[number % queries.Length]), out _), selected.Length)]);
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows, checkpointed, in memory. Brute force: TensorPrimitives.Dot over float32 rows in one array and a heap, one thread, the selection known beforehand."));
        section.Note("GB/s: the float32 embeddings of the selected rows divided by P50; what reads smaller codes instead may go beyond the machine's limit.");
    }

    private static IEnumerable<Metric> Rates(LatencyLog log, int rows)
    {
        var found = log.Percentiles(0.5, 0.99);
        return
        [
            new("P50", found[0].TotalMilliseconds, "ms"),
            new("P99", found[1].TotalMilliseconds, "ms"),
            new("embeddings", rows * 4.0 * Episodes.Dimensions / 1e9 / found[0].TotalSeconds, "GB/s"),
        ];
    }

    /// <summary>Rank by rank the same distance; where distances are equal to float32's precision either row will do.</summary>
    private static void CheckAnswer(string title, float[][] embeddings, float[] query, long[] expected, long[] found, int rows)
    {
        Check($"rows for {title}", expected.Length, found.Length);
        for (var rank = 0; rank < expected.Length; rank++)
        {
            var wanted = Exact(embeddings[expected[rank] % rows], query);
            var got = Exact(embeddings[found[rank] % rows], query);
            if (Math.Abs(wanted - got) > 1e-6)
            {
                throw new WrongAnswerException($"{title}, rank {rank}: row {found[rank]} at {1 - got:R}, where row {expected[rank]} is at {1 - wanted:R}");
            }
        }
    }

    private static double Exact(float[] x, float[] y)
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

    private static long[] Nearest(float[] flat, int[] selected, float[] query)
    {
        var heap = new PriorityQueue<long, float>(K + 1);
        var worst = float.NegativeInfinity;
        foreach (var row in selected)
        {
            var score = TensorPrimitives.Dot(flat.AsSpan(row * Episodes.Dimensions, Episodes.Dimensions), query);
            if (score > worst || heap.Count < K)
            {
                heap.Enqueue(row + 1, score);
                if (heap.Count > K)
                {
                    heap.Dequeue();
                }

                heap.TryPeek(out _, out worst);
            }
        }

        var ids = new long[heap.Count];
        for (var rank = heap.Count - 1; rank >= 0; rank--)
        {
            ids[rank] = heap.Dequeue();
        }

        return ids;
    }
}
