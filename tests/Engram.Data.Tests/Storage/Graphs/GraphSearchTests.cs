using System.Globalization;
using System.Text.RegularExpressions;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Storage.Graphs;

/// <summary>Searches WITH APPROXIMATE: near what is exact, always k rows, every row as it is now, whatever became of the graph's file.</summary>
public sealed partial class GraphSearchTests : AdoTest
{
    private const int RowCount = 20_000;
    private const int Dimensions = 16;
    private const int QueryCount = 15;

    private readonly float[][] vectors;
    private readonly float[][] queries;

    public GraphSearchTests()
    {
        var random = new Random(11);
        float[][] centres = [.. Enumerable.Range(0, 50).Select(_ => Vector(random, null, 1))];
        vectors = [.. Enumerable.Range(0, RowCount).Select(i => Vector(random, centres[i % centres.Length], 0.4f))];
        queries = [.. Enumerable.Range(0, QueryCount).Select(i => Vector(random, centres[i % centres.Length], 0.4f))];
    }

    private string Folder => Path.Combine(DiskPath, "indexes");

    [Theory]
    [InlineData("<=>", "vector_cosine_ops")]
    [InlineData("<->", "vector_l2_ops")]
    [InlineData("<#>", "vector_ip_ops")]
    public void It_finds_nearly_all_and_always_as_many_as_there_are(string distance, string operators)
    {
        using (var connection = Create(operators))
        {
            Await(connection, distance);
            Execute(connection, "CHECKPOINT");
        }

        Assert.Single(Directory.GetFiles(Folder, "*.graph"));
        ClearPool($"Data Source={DiskPath}");
        using var reopened = Open($"Data Source={DiskPath}");
        Assert.InRange(CodesRead(reopened, distance), 1, RowCount / 2);
        foreach (var filter in new[] { "true", "id % 2 = 0", "id < 10000", "id % 10 = 0", "id % 100 = 7", "id < 12", "id = 5" })
        {
            var (hits, wanted) = (0, 0);
            foreach (var query in queries)
            {
                var exact = Nearest(reopened, distance, filter, query, "");
                // By inner product long vectors are near to everything, and a walk needs more breadth.
                var found = Nearest(reopened, distance, filter, query, operators == "vector_ip_ops" ? "WITH APPROXIMATE (200)" : "WITH APPROXIMATE");
                Assert.Equal(exact.Count, found.Count);
                Assert.Equal(found.OrderBy(f => f.Distance).ThenBy(f => f.Id), found);
                hits += found.Intersect(exact).Count();
                wanted += exact.Count;
            }

            Assert.True(hits >= 0.95 * wanted, string.Create(CultureInfo.InvariantCulture, $"{filter}: {hits} of {wanted}"));
        }
    }

    [Fact]
    public void Deletes_updates_and_inserts_count_at_once()
    {
        using var connection = Create("vector_l2_ops");
        Await(connection, "<->");
        var query = queries[3];
        var before = Nearest(connection, "<->", "true", query, "WITH APPROXIMATE (100)");
        Execute(connection, $"DELETE FROM t WHERE id IN ({string.Join(", ", before.Take(5).Select(f => f.Id))})");
        Execute(connection, "UPDATE t SET embedding = $1 WHERE id = (SELECT max(id) FROM t)", query);
        Execute(connection, "INSERT INTO t VALUES ($1, $2)", (long)RowCount, query);
        for (var round = 0; round < 2; round++)
        {
            var after = Nearest(connection, "<->", "true", query, "WITH APPROXIMATE (100)");
            Assert.Equal(Nearest(connection, "<->", "true", query, "").Take(2), after.Take(2));
            Assert.Equal([RowCount - 1L, RowCount], after.Take(2).Select(f => f.Id).Order());
            Assert.All(after.Take(2), f => Assert.Equal(0, f.Distance));
            Assert.Empty(after.Select(f => f.Id).Intersect(before.Take(5).Select(f => f.Id)));
            Assert.Equal(10, after.Count);
            Execute(connection, "CHECKPOINT");
        }
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("page")]
    [InlineData("footer")]
    public void A_graph_that_is_lost_is_built_again_and_searches_are_exact_until_then(string damage)
    {
        using (var connection = Create("vector_l2_ops"))
        {
            Await(connection, "<->");
            Execute(connection, "CHECKPOINT");
        }

        ClearPool($"Data Source={DiskPath}");
        var path = Assert.Single(Directory.GetFiles(Folder, "*.graph"));
        var bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "missing": File.Delete(path); break;
            case "cut": File.WriteAllBytes(path, bytes[..(bytes.Length / 2)]); break;
            default:
                bytes[damage == "page" ? bytes.Length / 2 : bytes.Length - 20] ^= 4;
                File.WriteAllBytes(path, bytes);
                break;
        }

        using (var connection = Open($"Data Source={DiskPath}"))
        {
            Assert.Equal(Nearest(connection, "<->", "true", queries[0], ""), Nearest(connection, "<->", "true", queries[0], "WITH APPROXIMATE"));
            Await(connection, "<->");
            Execute(connection, "INSERT INTO t VALUES ($1, $2)", (long)RowCount, vectors[0]);
            Execute(connection, "CHECKPOINT");
        }

        Assert.Equal(bytes.Length, new FileInfo(path).Length);
        Execute(Open($"Data Source={DiskPath}"), "DROP INDEX near; CHECKPOINT");
        Assert.Empty(Directory.GetFiles(Folder, "*.graph"));
    }

    [Theory]
    [InlineData("CREATE INDEX i ON t USING hnsw (embedding)", "42704")]
    [InlineData("CREATE INDEX i ON t USING hnsw (embedding vector_l1_ops)", "42704")]
    [InlineData("CREATE INDEX i ON t USING hnsw (embedding halfvec_l2_ops)", "42704")]
    [InlineData("CREATE INDEX i ON t USING hnsw (id vector_l2_ops)", "42804")]
    [InlineData("CREATE UNIQUE INDEX i ON t USING hnsw (embedding vector_l2_ops)", "0A000")]
    [InlineData("CREATE INDEX i ON t USING hnsw (embedding vector_l2_ops) WITH (m = 1)", "22023")]
    [InlineData("CREATE INDEX i ON t USING hnsw (embedding vector_l2_ops) WITH (lists = 5)", "22023")]
    public void A_wrong_definition_is_refused(string sql, string sqlState)
    {
        Execute("CREATE TABLE t (id bigint PRIMARY KEY, embedding vector(3))");
        AssertState(sqlState, () => Execute(sql));
    }

    [Fact]
    public void It_is_told_by_EXPLAIN_and_a_breadth_is_checked()
    {
        Execute("CREATE TABLE t (id bigint PRIMARY KEY, embedding vector(2)); CREATE INDEX near ON t USING hnsw (embedding vector_l2_ops)");
        Execute("INSERT INTO t VALUES (1, '[1,2]'), (2, '[3,4]'), (3, NULL)");
        Assert.Contains(Rows("EXPLAIN SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE (80)"), r => r.Contains("approximate: near with breadth 80", StringComparison.Ordinal));
        Assert.DoesNotContain(Rows("EXPLAIN SELECT id FROM t ORDER BY embedding <=> '[1,1]' LIMIT 5 WITH APPROXIMATE (80)"), r => r.Contains("approximate", StringComparison.Ordinal));
        Assert.Equal(["1", "2", "3"], Rows("SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE"));
        AssertState("22023", () => Rows("SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE (0)"));
        Execute("ALTER TABLE t DROP COLUMN embedding");
        AssertState("42704", () => Execute("DROP INDEX near"));
    }

    [GeneratedRegex("codes=([0-9]+)")]
    private static partial Regex CodesPattern();

    private static float[] Vector(Random random, float[]? centre, float spread)
        => [.. Enumerable.Range(0, Dimensions).Select(i => (centre?[i] ?? 0) + (spread * ((2 * random.NextSingle()) - 1)))];

    private static List<(long Id, double Distance)> Nearest(EngramConnection connection, string distance, string filter, float[] query, string approximate)
    {
        using var command = Command(connection, $"SELECT id, embedding {distance} $1 FROM t WHERE {filter} ORDER BY embedding {distance} $1 LIMIT 10 {approximate}", query);
        using var reader = command.ExecuteReader();
        var found = new List<(long, double)>();
        while (reader.Read())
        {
            found.Add((reader.GetInt64(0), reader.GetDouble(1)));
        }

        return found;
    }

    private EngramConnection Create(string operators)
    {
        var connection = Open($"Data Source={DiskPath}");
        Execute(connection, $"CREATE TABLE t (id bigint PRIMARY KEY, embedding vector({Dimensions}))");
        new EngramBulkCopy(connection, "t").WriteToServer(Enumerable.Range(0, RowCount).Select(id => new object?[] { (long)id, vectors[id] }));
        Execute(connection, $"CREATE INDEX near ON t USING hnsw (embedding {operators}) WITH (m = 12, ef_construction = 80)");
        return connection;
    }

    /// <summary>Waits until the graph is there, which the first search asked for.</summary>
    private void Await(EngramConnection connection, string distance)
        => Assert.True(SpinWait.SpinUntil(() => CodesRead(connection, distance) < RowCount / 2, TimeSpan.FromSeconds(120)));

    private long CodesRead(EngramConnection connection, string distance)
    {
        var lines = Rows(connection, $"EXPLAIN ANALYZE SELECT id FROM t ORDER BY embedding {distance} $1 LIMIT 10 WITH APPROXIMATE", queries[0]);
        return long.Parse(CodesPattern().Match(string.Join("\n", lines)).Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
