using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Peers;

/// <summary>The rows that every engine stores, written as plain files for those that run elsewhere, and the right answers, computed from the numbers themselves.</summary>
internal sealed class PeerData : IDisposable
{
    public const int K = 10;
    public const int QueryCount = 100;
    public const int CheckedCount = 20;
    public const int M = 16;
    public const int EfConstruction = 128;
    public const float ConfidenceAbove = 0.9f;

    public static readonly int[] Breadths = [20, 40, 80, 160, 320, 640];
    private readonly Dictionary<string, string> texts = [];
    private readonly FlatScan flat;
    private readonly long[][] nearest;
    private readonly long[][] nearestFiltered;

    public PeerData(string directory, int rows, int facts, double seconds, IReadOnlyList<int> writers)
    {
        Path = directory;
        (Rows, FactCount, Seconds, Writers) = (rows, facts, seconds, writers);
        RecoveryRows = rows / 500 * 500;
        var drawn = Episodes.Embeddings(rows + QueryCount);
        (Embeddings, Queries) = (drawn[..rows], drawn[rows..]);
        flat = new FlatScan(rows, Episodes.Dimensions);
        for (var key = 1; key <= rows; key++)
        {
            Embeddings[key % rows].CopyTo(flat.Row(key - 1));
        }

        int[] all = [.. Enumerable.Range(0, rows)];
        int[] filtered = [.. all.Where(i => Episodes.Confidence(i + 1) > ConfidenceAbove)];
        nearest = [.. Queries.Select(q => flat.Nearest(all, q, K))];
        nearestFiltered = [.. Queries.Select(q => flat.Nearest(filtered, q, K))];
        Answer();
        Write();
    }

    /// <summary>Where the files are.</summary>
    public string Path { get; }

    public int Rows { get; }

    public int FactCount { get; }

    public int RecoveryRows { get; }

    /// <summary>Twenty minutes in the middle of the facts, of which there is one a second.</summary>
    public DateTimeOffset Since => Episodes.FirstMoment.AddSeconds(FactCount / 2);

    public DateTimeOffset Until => Since.AddMinutes(20);

    public double Seconds { get; }

    public IReadOnlyList<int> Writers { get; }

    public float[][] Embeddings { get; }

    public float[][] Queries { get; }

    public ReadOnlySpan<float> Embedding(long key) => flat.Row(key - 1);

    /// <summary>The same spread of keys for every subject.</summary>
    public long PointKey(int number) => 1 + ((long)number * 7919 % Rows);

    /// <summary>The right answer to a task that is answered by a text; null for the others.</summary>
    public string? TextFor(string task) => task.StartsWith("commits-", StringComparison.Ordinal) ? "kept" : texts.GetValueOrDefault(task);

    /// <summary>Where an answer to an exact search is wrong: rank by rank the same distance; where two are equal to float32's precision either row will do.</summary>
    public string? Mistake(long[][] found, bool isFiltered)
    {
        for (var query = 0; query < found.Length; query++)
        {
            var expected = Expected(isFiltered)[query];
            if (found[query].Length != expected.Length)
            {
                return $"query {query} gave {found[query].Length} rows instead of {expected.Length}";
            }

            for (var rank = 0; rank < expected.Length; rank++)
            {
                var (wanted, got) = (Score(expected[rank], query), Score(found[query][rank], query));
                if (Math.Abs(wanted - got) > 2e-6 || (isFiltered && Episodes.Confidence(found[query][rank]) <= ConfidenceAbove))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"query {query}, rank {rank}: row {found[query][rank]} at {1 - got:R}, where row {expected[rank]} is at {1 - wanted:R}");
                }
            }
        }

        return null;
    }

    /// <summary>The share of the rows found that are as near as the k nearest, over all queries; rows that the filter excludes are none.</summary>
    public double Recall(long[][] found, bool isFiltered)
    {
        var hits = 0;
        for (var query = 0; query < found.Length; query++)
        {
            var farthest = Score(Expected(isFiltered)[query][^1], query) - 2e-6;
            hits += found[query].Distinct().Count(key => Score(key, query) >= farthest && (!isFiltered || Episodes.Confidence(key) > ConfidenceAbove));
        }

        return hits / (double)(found.Length * K);
    }

    public void Dispose() => flat.Dispose();

    private long[][] Expected(bool isFiltered) => isFiltered ? nearestFiltered : nearest;

    private double Score(long key, int query)
    {
        var x = Embedding(key);
        var y = Queries[query];
        var (dot, xx, yy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < y.Length; i++)
        {
            dot += (double)x[i] * y[i];
            xx += (double)x[i] * x[i];
            yy += (double)y[i] * y[i];
        }

        return dot / Math.Sqrt(xx * yy);
    }

    /// <summary>The answers, by plain loops over the formulas that made the rows.</summary>
    private void Answer()
    {
        var facts = Enumerable.Range(1, FactCount).Select(k => (Key: (long)k, Moment: Episodes.Moment(k), Confidence: Episodes.Confidence(k), Topic: Facts.Topic(k), Weight: Facts.Weight(k))).ToArray();
        var ranged = facts.Where(f => f.Moment >= Since && f.Moment < Until && f.Confidence >= 0.5f).ToArray();
        Text(PeerTask.Load, $"{Rows}");
        Text(PeerTask.LoadNarrow, $"{FactCount}");
        Text(PeerTask.Build, $"{Rows}");
        Text(PeerTask.Open, Episodes.Content(1));
        Text(PeerTask.Recovery, $"{RecoveryRows} {(long)RecoveryRows * (RecoveryRows + 1) / 2}");
        Text(PeerTask.Point, string.Join('\n', Enumerable.Range(0, CheckedCount).Select(n => Episodes.Content(PointKey(n)))));
        Text(PeerTask.Filter, $"{facts.Count(f => f.Confidence > 0.7f)}");
        Text(PeerTask.Range, $"{ranged.Length} {ranged.Sum(f => f.Weight)}");
        Text(PeerTask.Aggregate, string.Join(' ', facts.GroupBy(f => f.Topic).OrderBy(g => g.Key).Select(g => $"{g.Key} {g.Count()} {g.Sum(f => f.Weight)} {g.Min(f => f.Weight)} {g.Max(f => f.Weight)}")));
        Text(PeerTask.Heaviest, string.Join(' ', facts.OrderByDescending(f => f.Weight).ThenBy(f => f.Key).Take(10).Select(f => $"{f.Key} {f.Weight}")));
    }

    private void Text(string task, string answer) => texts.Add(task, answer);

    private void Write()
    {
        Directory.CreateDirectory(Path);
        Write<float>("embeddings.f32", Rows, i => Embedding(i + 1));
        Write<float>("queries.f32", QueryCount, i => Queries[i]);
        Write<long>("occurred.i64", Rows, i => new[] { Microseconds(Episodes.Moment(i + 1)) });
        Write<float>("confidence.f32", Rows, i => new[] { Episodes.Confidence(i + 1) });
        Write<long>("fact-occurred.i64", FactCount, i => new[] { Microseconds(Episodes.Moment(i + 1)) });
        Write<float>("fact-confidence.f32", FactCount, i => new[] { Episodes.Confidence(i + 1) });
        Write<int>("fact-topic.i32", FactCount, i => new[] { Facts.Topic(i + 1) });
        Write<long>("fact-weight.i64", FactCount, i => new[] { Facts.Weight(i + 1) });
        File.WriteAllLines(System.IO.Path.Combine(Path, "content.txt"), Enumerable.Range(1, Rows).Select(k => Episodes.Content(k)));
        File.WriteAllText(System.IO.Path.Combine(Path, "task.json"), JsonSerializer.Serialize(new
        {
            directory = Path,
            rows = Rows,
            facts = FactCount,
            recoveryRows = RecoveryRows,
            dimensions = Episodes.Dimensions,
            queries = QueryCount,
            @checked = CheckedCount,
            k = K,
            m = M,
            efConstruction = EfConstruction,
            ef = Breadths,
            seconds = Seconds,
            writers = Writers,
            confidenceAbove = (double)ConfidenceAbove,
            since = Microseconds(Since),
            until = Microseconds(Until),
        }));
    }

    private static long Microseconds(DateTimeOffset moment) => (moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private delegate ReadOnlySpan<T> RowOf<T>(int row);

    private void Write<T>(string name, int count, RowOf<T> rowOf)
        where T : unmanaged
    {
        using var file = new BufferedStream(File.Create(System.IO.Path.Combine(Path, name)), 1 << 20);
        for (var i = 0; i < count; i++)
        {
            file.Write(MemoryMarshal.AsBytes(rowOf(i)));
        }
    }
}
