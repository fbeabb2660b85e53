using System.Globalization;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Parallel;

namespace Engram.Data.Tests.Query.Vectors;

/// <summary>One database of vectors, changed in every way that leaves rows in segments, deltas and patches, and queries compared with a scalar loop over a model of it.</summary>
/// <remarks>Ids, their order and every bit of the distances must be those of the loop. Everything follows from the seed.</remarks>
internal sealed class VectorTrial : IDisposable
{
    private static readonly string[] Operators = ["<=>", "<->", "<#>", "<+>"];
    private static int count;

    private readonly int seed;
    private readonly Random random;
    private readonly int dimensions;
    private readonly int kind;
    private readonly VectorData data;
    private readonly List<Row> rows = [];
    private readonly EngramConnection connection;
    private readonly int nullPercent;
    private readonly bool isHalf;

    public VectorTrial(int seed)
    {
        this.seed = seed;
        random = new Random(seed);
        kind = random.Next(VectorData.KindCount);
        dimensions = random.Next(10) switch
        {
            0 => random.Next(1, 4),
            1 => random.Next(129, 800),
            2 => random.Next(1, 12) == 1 ? 4096 : random.Next(800, 1100),
            _ => random.Next(1, 72),
        };
        isHalf = random.Next(4) == 0;
        data = new VectorData(random, dimensions, kind);
        nullPercent = random.Next(3) == 0 ? random.Next(1, 40) : 0;
        connection = new EngramConnection($"Data Source=vectors-{Interlocked.Increment(ref count)};Mode=Memory");
        connection.Open();
        connection.Session.Settings.Parallelism = random.Next(2) == 0 ? Parallelism.Off : new Parallelism { MaxThreadCount = 3, RowCountMin = 0, MorselBlockCount = 1, HelpDelay = TimeSpan.Zero };
        Execute(string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE t (id bigint PRIMARY KEY, confidence real NOT NULL, tag integer NOT NULL, embedding {(isHalf ? "halfvec" : "vector")}({dimensions}))"));
    }

    /// <summary>Runs the trial of a seed.</summary>
    /// <returns>How many queries were compared.</returns>
    public static int Run(int seed, int queryCount)
    {
        using var trial = new VectorTrial(seed);
        var budget = Math.Min(5000, 160_000 / trial.dimensions);
        for (var step = 0; step < 4; step++)
        {
            trial.Add(trial.random.Next(1, Math.Max(2, budget / 2)));
            trial.Change();
            for (var i = 0; i < queryCount / 4; i++)
            {
                trial.Compare();
            }
        }

        return queryCount / 4 * 4;
    }

    public void Dispose() => connection.Dispose();

    private void Add(int rowCount)
    {
        var first = rows.Count;
        for (var i = 0; i < rowCount; i++)
        {
            rows.Add(new Row(rows.Count, random.NextSingle(), random.Next(10), random.Next(100) < nullPercent ? null : Draw()));
        }

        if (random.Next(2) == 0)
        {
            using var copy = new EngramBulkCopy(connection) { DestinationTableName = "t" };
            copy.WriteToServer(rows.Skip(first).Select(r => new object?[] { r.Id, r.Confidence, r.Tag, r.Embedding }));
            return;
        }

        using var transaction = connection.BeginTransaction();
        using var insert = new EngramCommand("INSERT INTO t VALUES ($1, $2, $3, $4)", connection, transaction);
        foreach (var row in rows.Skip(first))
        {
            insert.Parameters.Clear();
            insert.Parameters.AddWithValue(null, row.Id);
            insert.Parameters.AddWithValue(null, row.Confidence);
            insert.Parameters.AddWithValue(null, row.Tag);
            insert.Parameters.AddWithValue(null, (object?)row.Embedding ?? DBNull.Value);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>A vector as the column stores it.</summary>
    private float[] Draw() => isHalf ? Array.ConvertAll(data.Next(), x => (float)(Half)Math.Clamp(x, -65504, 65504)) : data.Next();

    private void Change()
    {
        for (var change = random.Next(4); change > 0; change--)
        {
            var (low, high) = Range();
            switch (random.Next(5))
            {
                case 0:
                    Execute("DELETE FROM t WHERE id >= $1 AND id < $2", low, high);
                    rows.ForEach(r => r.IsDeleted |= r.Id >= low && r.Id < high);
                    break;
                case 1:
                    for (var i = 0; i < 5; i++)
                    {
                        var row = rows[random.Next(rows.Count)];
                        row.Embedding = random.Next(4) == 0 ? null : Draw();
                        Execute("UPDATE t SET embedding = $1 WHERE id = $2", row.Embedding, row.Id);
                    }

                    break;
                case 2:
                    var vector = Draw();
                    Execute("UPDATE t SET embedding = $1 WHERE id >= $2 AND id < $3", vector, low, high);
                    rows.Where(r => r.Id >= low && r.Id < high).ToList().ForEach(r => r.Embedding = vector);
                    break;
                case 3:
                    Execute("UPDATE t SET tag = 3 WHERE id >= $1 AND id < $2", low, high);
                    rows.Where(r => r.Id >= low && r.Id < high).ToList().ForEach(r => r.Tag = 3);
                    break;
                default:
                    Execute(random.Next(3) == 0 ? "VACUUM" : "CHECKPOINT");
                    break;
            }
        }
    }

    private (long Low, long High) Range()
    {
        var low = random.Next(rows.Count);
        return (low, low + random.Next(1, (rows.Count / 8) + 2));
    }

    private void Compare()
    {
        var metric = random.Next(Operators.Length);
        var query = data.Query([.. rows.Where(r => r.Embedding is not null).Take(50).Select(r => r.Embedding!)]);
        var limit = random.Next(6) switch { 0 => 1, 1 => random.Next(1, 200), 2 => random.Next(0, 6000), _ => 10 };
        var offset = random.Next(4) == 0 ? random.Next(30) : 0;
        var (where, filter) = Filter();
        var distance = $"embedding {Operators[metric]} $1";
        var bound = double.NaN;
        Func<double, bool> isWithin = _ => true;
        if (random.Next(3) == 0)
        {
            // As far as some row that is there, or anywhere.
            var some = rows[random.Next(rows.Count)].Embedding;
            bound = some is null ? random.NextDouble() : Score(metric, query, some);
            (var condition, isWithin) = Within(metric, ref bound, distance);
            where += (where.Length == 0 ? " WHERE " : " AND ") + condition;
        }

        var isRange = !double.IsNaN(bound) && random.Next(3) == 0;
        var isTied = !isRange && random.Next(3) == 0;
        var order = (metric, random.Next(3)) switch
        {
            (0, 0) when !isTied => "1 - (embedding <=> $1) DESC",
            (0, 1) when !isTied => "cosine_similarity(embedding, $1) DESC",
            (2, 0) => "inner_product(embedding, $1) DESC",
            _ => distance,
        };
        // A range comes by row id, which nobody promises, so it is put in order of distance.
        var sql = isRange ? $"SELECT id, {distance} FROM t{where}"
            : string.Create(CultureInfo.InvariantCulture, $"SELECT id, {distance} FROM t{where} ORDER BY {order}{(isTied ? ", tag DESC, id" : "")} LIMIT {limit} OFFSET {offset}");
        if (isRange)
        {
            (limit, offset) = (int.MaxValue, 0);
        }

        var expected = rows.Where(r => !r.IsDeleted && filter(r))
            .Select(r => (r.Id, r.Tag, Score: r.Embedding is null ? (double?)null : Score(metric, query, r.Embedding)))
            .Where(r => double.IsNaN(bound) || (r.Score is { } score && isWithin(score)))
            .OrderBy(r => isRange ? 0 : r.Score is null ? 1 : 0).ThenBy(r => isRange ? 0 : r.Score).ThenBy(r => isTied ? -r.Tag : 0).ThenBy(r => r.Id)
            .Skip(offset).Take(limit).Select(r => (r.Id, r.Score)).ToList();
        using var command = new EngramCommand(sql, connection);
        command.Parameters.AddWithValue(null, query);
        if (!double.IsNaN(bound))
        {
            command.Parameters.AddWithValue(null, bound);
        }

        var at = 0;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var found = (reader.GetInt64(0), reader.IsDBNull(1) ? (double?)null : reader.GetDouble(1));
            if (at == expected.Count || found.Item1 != expected[at].Id || !Same(found.Item2, expected[at].Score))
            {
                Fail(sql, $"rank {at} is {found}, not {(at < expected.Count ? expected[at].ToString() : "nothing")}");
            }

            at++;
        }

        if (at != expected.Count)
        {
            Fail(sql, $"{at} rows, not {expected.Count}");
        }
    }

    /// <summary>A condition on the distance, in one of the forms that it may be written in.</summary>
    private (string Condition, Func<double, bool> IsWithin) Within(int metric, ref double bound, string distance)
    {
        var x = bound;
        switch (random.Next(5))
        {
            case 0:
                return ($"{distance} < $2", d => d < x);
            case 1:
                return ($"$2 >= {distance}", d => d <= x);
            case 2 when metric == 2:
                bound = -x;
                return ("inner_product(embedding, $1) >= $2", d => -d >= -x);
            case 2 when metric == 0:
                bound = 1 - x;
                return ("cosine_similarity(embedding, $1) >= $2", d => 1 - d >= 1 - x);
            case 3:
                bound = 1 - x;
                return ($"1 - ({distance}) > $2", d => 1 - d > 1 - x);
            default:
                return ($"{distance} > $2", d => d > x);
        }
    }

    private (string Where, Func<Row, bool> Filter) Filter()
    {
        switch (random.Next(6))
        {
            case 0:
                var least = random.NextSingle();
                return (string.Create(CultureInfo.InvariantCulture, $" WHERE confidence >= {least:R}::real"), r => r.Confidence >= least);
            case 1:
                return (" WHERE confidence >= 0.97::real", r => r.Confidence >= 0.97f);
            case 2:
                return (" WHERE tag = 3 AND confidence < 0.8::real", r => r.Tag == 3 && r.Confidence < 0.8f);
            case 3:
                var (low, high) = Range();
                return (string.Create(CultureInfo.InvariantCulture, $" WHERE id >= {low} AND id < {high}"), r => r.Id >= low && r.Id < high);
            default:
                return ("", _ => true);
        }
    }

    private static bool Same(double? a, double? b)
        => a is null || b is null ? a is null && b is null : BitConverter.DoubleToInt64Bits(a.Value) == BitConverter.DoubleToInt64Bits(b.Value);

    /// <summary>The score as it is defined, by a scalar loop.</summary>
    internal static unsafe double Score(int metric, float[] q, float[] x)
    {
        fixed (float* pq = q, px = x)
        {
            return metric switch
            {
                0 => VectorScore.CosineDistance(VectorScoreScalar.Dot(pq, px, q.Length), VectorScoreScalar.SquaredNorm(px, q.Length), VectorScoreScalar.SquaredNorm(pq, q.Length)),
                1 => Math.Sqrt(VectorScoreScalar.L2Squared(pq, px, q.Length)),
                2 => -VectorScoreScalar.Dot(pq, px, q.Length),
                _ => VectorScoreScalar.L1Distance(pq, px, q.Length),
            };
        }
    }

    private void Execute(string sql, params object?[] values)
    {
        using var command = new EngramCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(null, value ?? DBNull.Value);
        }

        command.ExecuteNonQuery();
    }

    private void Fail(string sql, string what)
        => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}, kind {kind}, {dimensions} dimensions, {rows.Count} rows: {sql}: {what}"));

    private sealed class Row(long id, float confidence, int tag, float[]? embedding)
    {
        public long Id { get; } = id;

        public float Confidence { get; } = confidence;

        public int Tag { get; set; } = tag;

        public float[]? Embedding { get; set; } = embedding;

        public bool IsDeleted { get; set; }
    }
}
