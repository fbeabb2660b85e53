using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data;
using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Query.Vectors;

/// <summary>Searches while rows are inserted, deleted and updated, segments are written and compacted, and graphs are built; each compared with a model of the very state that it read.</summary>
/// <remarks>
/// One thread writes. With every commit it counts a number in a table up, having put the model of the state to come, an immutable dictionary, beside that number. Whoever
/// searches reads the number and searches within one snapshot, so it knows what it must find. An exact search must find the ids, order and bits of a scalar loop; an approximate one
/// rows of the model alone, that satisfy the filter, each with the bits of its distance, in order, and as many as the exact one. Threads come as they please: a seed
/// draws the same changes, not the same run.
/// </remarks>
internal sealed class VectorChaos : IDisposable
{
    private const int ModelsKept = 2000;
    private static readonly (string Symbol, int Metric, string Operators)[] Metrics = [("<=>", 0, "vector_cosine_ops"), ("<->", 1, "vector_l2_ops"), ("<#>", 2, "vector_ip_ops"), ("<+>", 3, "")];

    private readonly string connectionString;
    private readonly int seed;
    private readonly int rowCount;
    private readonly int dimensions;
    private readonly VectorData data;
    private readonly Random random;
    private readonly ConcurrentDictionary<long, ImmutableDictionary<long, Row>> models = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly EngramConnection keeper;
    private ImmutableDictionary<long, Row> model = ImmutableDictionary<long, Row>.Empty;
    private long version;
    private long idNext;
    private string? failure;
    private long exact;
    private long approximate;
    private long hits;
    private long wanted;
    private long maintained;
    private long withGraphs;

    public VectorChaos(string path, int seed, int rowCount, int dimensions)
    {
        (this.seed, this.rowCount, this.dimensions) = (seed, rowCount, dimensions);
        connectionString = $"Data Source={path};Durability=None";
        random = new Random(seed);
        data = new VectorData(random, dimensions, 1);
        keeper = Open();
        Execute(keeper, $"CREATE TABLE state (version bigint NOT NULL); CREATE TABLE t (id bigint PRIMARY KEY, tag integer NOT NULL, embedding vector({dimensions}))");
        foreach (var (_, _, operators) in Metrics.Where(m => m.Operators.Length > 0))
        {
            Execute(keeper, $"CREATE INDEX near_{operators} ON t USING hnsw (embedding {operators}) WITH (m = 8, ef_construction = 24)");
        }

        var rows = Enumerable.Range(0, rowCount).Select(_ => new Row(idNext++, random.Next(100), data.Next())).ToList();
        using (var copy = new EngramBulkCopy(keeper, "t"))
        {
            copy.WriteToServer(rows.Select(r => new object?[] { r.Id, r.Tag, r.Embedding }));
        }

        model = rows.ToImmutableDictionary(r => r.Id);
        models[0] = model;
        Execute(keeper, "INSERT INTO state VALUES (0); CHECKPOINT");
    }

    /// <summary>What was done, for people.</summary>
    public string Tally => string.Create(CultureInfo.InvariantCulture,
        $"{version} commits, {maintained} checkpoints and compactions ({withGraphs} times until there were graphs), {exact} exact and {approximate} approximate searches; of the nearest rows, the latter found {(wanted == 0 ? 1 : (double)hits / wanted):0.000}");

    /// <summary>Writes, searches and compacts until the writer has done enough.</summary>
    /// <param name="goesOn">Asked before each commit, with the number of commits so far.</param>
    /// <param name="searchesMin">Each searching thread makes as many at least.</param>
    /// <returns>What was wrong; null when nothing was.</returns>
    public string? Run(Func<long, bool> goesOn, int searcherCount, int searchesMin)
    {
        var threads = Enumerable.Range(0, searcherCount).Select(i => Start(() => Search(new Random((seed * 100) + i), searchesMin))).Append(Start(Maintain)).ToList();
        try
        {
            while (goesOn(version) && failure is null)
            {
                // Searches take longer than commits: so that there are some of nearly every state.
                if (version <= 100 + (4 * (Interlocked.Read(ref exact) + Interlocked.Read(ref approximate))))
                {
                    Write();
                }
                else
                {
                    stopping.Token.WaitHandle.WaitOne(1);
                }
            }
        }
        catch (EngramException e)
        {
            Fail(e.ToString());
        }

        stopping.Cancel();
        threads.ForEach(t => t.Join());
        return failure;
    }

    public void Dispose()
    {
        keeper.Close();
        EngramConnection.ClearPool(keeper);
        stopping.Dispose();
    }

    private Thread Start(Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception e) when (e is EngramException or InvalidOperationException)
            {
                Fail(e.ToString());
            }
        });
        thread.Start();
        return thread;
    }

    private void Fail(string what)
    {
        Interlocked.CompareExchange(ref failure, string.Create(CultureInfo.InvariantCulture, $"Seed {seed}: {what}"), null);
        stopping.Cancel();
    }

    private EngramConnection Open()
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        return connection;
    }

    /// <summary>One commit of one to three changes, on the connection that stays open.</summary>
    private void Write()
    {
        using var transaction = keeper.BeginTransaction();
        var next = model.ToBuilder();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            Change(next);
        }

        model = next.ToImmutable();
        models[version + 1] = model;
        Execute(keeper, "UPDATE state SET version = $1", version + 1);
        transaction.Commit();
        models.TryRemove(++version - ModelsKept, out _);
    }

    private void Change(ImmutableDictionary<long, Row>.Builder next)
    {
        var low = random.NextInt64(idNext);
        var high = low + random.Next(1, 1 + (rowCount / 100));
        switch (random.Next(next.Count < rowCount ? 8 : 6))
        {
            case 0:
                Execute(keeper, "DELETE FROM t WHERE id >= $1 AND id < $2", low, high);
                next.RemoveRange(Range(next, low, high));
                break;
            case 1:
                var one = data.Next();
                Execute(keeper, "UPDATE t SET embedding = $1 WHERE id >= $2 AND id < $3", one, low, high);
                Range(next, low, high).ForEach(id => next[id] = next[id] with { Embedding = one });
                break;
            case 2:
                Execute(keeper, "UPDATE t SET tag = $1 WHERE id >= $2 AND id < $3", (int)(low % 100), low, high);
                Range(next, low, high).ForEach(id => next[id] = next[id] with { Tag = (int)(low % 100) });
                break;
            case 3 or 4:
                for (var id = low; id < low + 5; id++)
                {
                    if (next.TryGetValue(id, out var row))
                    {
                        next[id] = row with { Embedding = random.Next(5) == 0 ? null : data.Next() };
                        Execute(keeper, "UPDATE t SET embedding = $1 WHERE id = $2", next[id].Embedding, id);
                    }
                }

                break;
            default:
                for (var count = random.Next(1, 1 + (rowCount / 200)); count > 0; count--)
                {
                    var row = new Row(idNext++, random.Next(100), random.Next(20) == 0 ? null : data.Next());
                    next[row.Id] = row;
                    Execute(keeper, "INSERT INTO t VALUES ($1, $2, $3)", row.Id, row.Tag, row.Embedding);
                }

                break;
        }
    }

    private static List<long> Range(ImmutableDictionary<long, Row>.Builder rows, long low, long high)
    {
        var found = new List<long>();
        for (var id = low; id < high; id++)
        {
            if (rows.ContainsKey(id))
            {
                found.Add(id);
            }
        }

        return found;
    }

    private void Maintain()
    {
        using var connection = Open();
        var draw = new Random(seed + 7);
        do
        {
            Execute(connection, draw.Next(3) == 0 ? "VACUUM" : "CHECKPOINT");
            maintained++;
            if (draw.Next(4) == 0)
            {
                // Graphs are built, which then meet deletes and updates for a while.
                while (!HasGraphs(connection) && !stopping.Token.WaitHandle.WaitOne(20))
                {
                }

                withGraphs++;
                stopping.Token.WaitHandle.WaitOne(draw.Next(1000));
            }
        }
        while (!stopping.Token.WaitHandle.WaitOne(draw.Next(100)));
    }

    private static bool HasGraphs(EngramConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sum(graphs) > 0 FROM engram_vector_indexes";
        return true.Equals(command.ExecuteScalar());
    }

    private void Search(Random draw, int searchesMin)
    {
        using var connection = Open();
        for (var count = 0; failure is null && (count < searchesMin || !stopping.IsCancellationRequested); count++)
        {
            using var transaction = connection.BeginTransaction(IsolationLevel.Snapshot);
            using var command = new EngramCommand("SELECT version FROM state", connection, transaction);
            // Gone when the writer was faster by thousands of commits than this thread by one statement.
            if (models.TryGetValue(Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture), out var rows))
            {
                Compare(draw, command, rows);
            }
        }
    }

    private void Compare(Random draw, EngramCommand command, ImmutableDictionary<long, Row> rows)
    {
        var (symbol, metric, _) = Metrics[draw.Next(Metrics.Length)];
        var query = rows.TryGetValue(draw.NextInt64(Interlocked.Read(ref idNext)), out var some) && some.Embedding is { } near ? near : [.. Enumerable.Range(0, dimensions).Select(_ => draw.NextSingle() - 0.5f)];
        var (k, tags) = (draw.Next(1, 20), draw.Next(3) switch { 0 => 100, 1 => 60, _ => draw.Next(1, 100) });
        var isApproximate = draw.Next(2) == 0;
        command.CommandText = string.Create(CultureInfo.InvariantCulture,
            $"SELECT id, embedding {symbol} $1 FROM t{(tags == 100 ? "" : $" WHERE tag < {tags}")} ORDER BY embedding {symbol} $1 LIMIT {k}{(isApproximate ? $" WITH APPROXIMATE ({draw.Next(1, 40)})" : "")}");
        command.Parameters.AddWithValue(null, query);
        var expected = rows.Values.Where(r => r.Tag < tags).Select(r => (r.Id, Score: r.Embedding is null ? (double?)null : VectorTrial.Score(metric, query, r.Embedding)))
            .OrderBy(r => r.Score is null ? 1 : 0).ThenBy(r => r.Score).ThenBy(r => r.Id).Take(k).ToList();
        var found = new List<(long Id, double? Score)>();
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                found.Add((reader.GetInt64(0), reader.IsDBNull(1) ? null : reader.GetDouble(1)));
            }
        }

        if (found.Count != expected.Count || (!isApproximate && !found.SequenceEqual(expected)))
        {
            Fail($"{command.CommandText}: {string.Join(", ", found)}, not {string.Join(", ", expected)}");
            return;
        }

        var wrong = found.Where(f => !rows.TryGetValue(f.Id, out var row) || row.Tag >= tags
            || f.Score != (row.Embedding is null ? null : VectorTrial.Score(metric, query, row.Embedding))).ToList();
        var isInOrder = found.SequenceEqual(found.OrderBy(f => f.Score is null ? 1 : 0).ThenBy(f => f.Score).ThenBy(f => f.Id));
        if (wrong.Count > 0 || !isInOrder || found.Distinct().Count() != found.Count)
        {
            Fail($"{command.CommandText}: {string.Join(", ", found)}: {(wrong.Count > 0 ? $"not in the model so: {string.Join(", ", wrong)}" : "out of order, or twice")}");
            return;
        }

        Interlocked.Increment(ref isApproximate ? ref approximate : ref exact);
        if (isApproximate)
        {
            Interlocked.Add(ref hits, found.Intersect(expected).Count());
            Interlocked.Add(ref wanted, expected.Count);
        }
    }

    private static void Execute(EngramConnection connection, string sql, params object?[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.AddWithValue(null, value ?? DBNull.Value);
        }

        command.ExecuteNonQuery();
    }

    private sealed record Row(long Id, int Tag, float[]? Embedding);
}

/// <summary>Long runs of <see cref="VectorChaos"/>.</summary>
public static class VectorChaosProgram
{
    /// <summary>Runs for some seconds and writes a tally, or what is wrong.</summary>
    /// <returns>0 when nothing is wrong.</returns>
    public static int Run(int seconds, int seed, TextWriter output)
    {
        var clock = Stopwatch.StartNew();
        using var directory = new Storage.TemporaryDirectory();
        using var chaos = new VectorChaos(Path.Combine(directory.Path, "chaos.engram"), seed, 12_000, 24);
        var failure = chaos.Run(_ => clock.Elapsed.TotalSeconds < seconds, searcherCount: 2, searchesMin: 0);
        output.WriteLine(failure ?? string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:0} s: every row was in the model as it was found, none was missing."));
        output.WriteLine(chaos.Tally);
        return failure is null ? 0 : 1;
    }
}
