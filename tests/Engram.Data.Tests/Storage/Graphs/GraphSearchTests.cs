using System.Globalization;
using System.Text.RegularExpressions;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Storage.Graphs;

/// <summary>Searches WITH APPROXIMATE: near what is exact, always k rows, every row as it is now, whatever became of the graph's file.</summary>
public sealed partial class GraphSearchTests(GraphDatabases databases) : AdoTest, IClassFixture<GraphDatabases>
{
    private const int RowCount = GraphDatabases.RowCount;
    private const int BreadthSmall = 20;

    private string Folder => Path.Combine(DiskPath, "indexes");

    private float[][] Queries => databases.Queries;

    [Theory]
    [InlineData("<=>", "vector_cosine_ops")]
    [InlineData("<->", "vector_l2_ops")]
    [InlineData("<#>", "vector_ip_ops")]
    public void It_finds_nearly_all_and_always_as_many_as_there_are(string distance, string operators)
    {
        using var connection = OpenCopy(operators);
        Assert.Equal([$"{operators},1,{RowCount},{RowCount},True"], Rows(connection, "SELECT operators, graphs, rows, graph_rows, bytes > 0 FROM engram_vector_indexes"));
        Assert.InRange(CodesRead(connection, distance, BreadthSmall), 1, RowCount / 2);
        foreach (var filter in new[] { "true", "id % 2 = 0", "id < 6000", "id % 10 = 0", "id % 100 = 7", "id < 12", "id = 5" })
        {
            var (hits, wanted) = (0, 0);
            foreach (var query in Queries)
            {
                var exact = Nearest(connection, distance, filter, query, "");
                // By inner product long vectors are near to everything, and a walk needs more breadth.
                var found = Nearest(connection, distance, filter, query, operators == "vector_ip_ops" ? "WITH APPROXIMATE (100)" : $"WITH APPROXIMATE ({BreadthSmall})");
                Assert.Equal(exact.Count, found.Count);
                Assert.Equal(found.OrderBy(f => f.Distance).ThenBy(f => f.Id), found);
                hits += found.Intersect(exact).Count();
                wanted += exact.Count;
            }

            Assert.True(hits >= 0.9 * wanted, string.Create(CultureInfo.InvariantCulture, $"{filter}: {hits} of {wanted}"));
        }
    }

    /// <summary>The queries are near to rows of the first ten clusters, and a walk that looks for others comes past all that are near.</summary>
    [Theory]
    [InlineData("cluster >= 12")]
    [InlineData("cluster >= 12 AND id % 2 = 0")]
    [InlineData("cluster = 30")]
    public void A_filter_that_leaves_rows_far_from_the_query_alone_finds_them_too(string filter)
    {
        using var connection = OpenCopy("vector_l2_ops");
        var hits = 0;
        foreach (var query in Queries)
        {
            var found = Nearest(connection, "<->", filter, query, $"WITH APPROXIMATE ({BreadthSmall})");
            Assert.Equal(10, found.Count);
            hits += found.Intersect(Nearest(connection, "<->", filter, query, "")).Count();
        }

        Assert.InRange(hits, 9 * Queries.Length, 10 * Queries.Length);
    }

    [Fact]
    public void An_index_of_rows_that_are_there_is_built_without_waiting_for_a_checkpoint()
    {
        Execute("CREATE TABLE own (id bigint PRIMARY KEY, embedding vector(2))");
        Execute("INSERT INTO own SELECT i, ('[' || i || ',1]')::vector FROM generate_series(1, 4200) AS g(i)");
        Execute("CREATE INDEX own_near ON own USING hnsw (embedding vector_l2_ops) WITH (m = 4, ef_construction = 8)");
        GraphDatabases.Await(Connection);
        Assert.Equal(["7"], Rows("SELECT id FROM own ORDER BY embedding <-> '[7,1]' LIMIT 1 WITH APPROXIMATE (50)"));
    }

    [Fact]
    public void The_session_says_the_breadth_where_the_query_does_not()
    {
        using var connection = OpenCopy("vector_l2_ops");
        Assert.Equal(["100"], Rows(connection, "SHOW hnsw.ef_search"));
        Execute(connection, "SET hnsw.ef_search = 10");
        var few = CodesRead(connection, "<->", null);
        Assert.Equal(CodesRead(connection, "<->", 10), few);
        Execute(connection, "SET hnsw.ef_search = 40");
        Assert.Equal(CodesRead(connection, "<->", 40), CodesRead(connection, "<->", null));
        Assert.True(CodesRead(connection, "<->", null) > few);
        Execute(connection, "RESET hnsw.ef_search");
        Assert.Equal(["100"], Rows(connection, "SHOW hnsw.ef_search"));
        foreach (var wrong in new[] { "0", "10001", "many" })
        {
            AssertState("22023", () => Execute(connection, $"SET hnsw.ef_search = '{wrong}'"));
        }
    }

    [Fact]
    public void Deletes_updates_and_inserts_count_at_once()
    {
        using var connection = OpenCopy("vector_l2_ops");
        var query = Queries[3];
        var before = Nearest(connection, "<->", "true", query, "WITH APPROXIMATE (40)");
        Execute(connection, $"DELETE FROM t WHERE id IN ({string.Join(", ", before.Take(5).Select(f => f.Id))})");
        Execute(connection, "UPDATE t SET embedding = $1 WHERE id = (SELECT max(id) FROM t)", query);
        Execute(connection, "INSERT INTO t VALUES ($1, 0, $2)", (long)RowCount, query);
        for (var round = 0; round < 2; round++)
        {
            var after = Nearest(connection, "<->", "true", query, "WITH APPROXIMATE (40)");
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
        databases.Copy("vector_l2_ops", DiskPath);
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
            Assert.Equal(Nearest(connection, "<->", "true", Queries[0], ""), Nearest(connection, "<->", "true", Queries[0], $"WITH APPROXIMATE ({BreadthSmall})"));
            GraphDatabases.Await(connection);
            Execute(connection, "INSERT INTO t VALUES ($1, 0, $2)", (long)RowCount, Queries[0]);
            Execute(connection, "CHECKPOINT");
        }

        // The same graph, to the last byte.
        bytes[damage == "page" ? bytes.Length / 2 : bytes.Length - 20] ^= (byte)(damage is "page" or "footer" ? 4 : 0);
        Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        Execute(Open($"Data Source={DiskPath}"), "DROP INDEX near; CHECKPOINT");
        Assert.Empty(Directory.GetFiles(Folder, "*.graph"));
    }

    [Theory]
    [InlineData("*.graph", 0.5)]
    [InlineData("*.graph", 0.9999)]
    [InlineData("*.codes", 0.5)]
    [InlineData("*.codes", 0.9999)]
    public async Task Verifying_finds_damage_of_what_is_derived_and_has_it_made_anew(string files, double place)
    {
        databases.Copy("vector_l2_ops", DiskPath);
        var path = Assert.Single(Directory.GetFiles(Folder, files));
        var whole = await File.ReadAllBytesAsync(path);
        using var connection = Open($"Data Source={DiskPath}");
        Assert.Empty((await connection.VerifyAsync()).Problems);
        var bytes = whole.ToArray();
        bytes[(int)(place * bytes.Length)] ^= 8;
        await File.WriteAllBytesAsync(path + ".other", bytes);
        // In the place of the file, which others have mapped.
        File.Move(path + ".other", path, overwrite: true);
        var problem = Assert.Single((await connection.VerifyAsync()).Problems);
        Assert.Equal(Path.GetFileName(path), Path.GetFileName(problem.File));
        Assert.Contains("derived", problem.What, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllBytes(path).AsSpan().SequenceEqual(whole), TimeSpan.FromMinutes(10)));
        Assert.Empty((await connection.VerifyAsync()).Problems);
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
        Assert.Contains(Rows("EXPLAIN SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE"), r => r.Contains("approximate: near with breadth hnsw.ef_search", StringComparison.Ordinal));
        Assert.Equal(["1", "2", "3"], Rows("SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE"));
        Assert.Equal(["public,t,near,embedding,hnsw,vector_l2_ops,16,128,0,0,0,0,0"], Rows("SELECT * FROM engram_vector_indexes"));
        Assert.Equal(["public", "t", "near", "embedding", "hnsw", "vector_l2_ops", 16, 128], Assert.Single(Connection.GetSchema("VectorIndexes", [null, "t"]).Rows.Cast<System.Data.DataRow>()).ItemArray);
        AssertState("22023", () => Rows("SELECT id FROM t ORDER BY embedding <-> '[1,1]' LIMIT 5 WITH APPROXIMATE (0)"));
        Execute("ALTER TABLE t DROP COLUMN embedding");
        AssertState("42704", () => Execute("DROP INDEX near"));
    }

    [GeneratedRegex("codes=([0-9]+)")]
    private static partial Regex CodesPattern();

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

    private EngramConnection OpenCopy(string operators)
    {
        databases.Copy(operators, DiskPath);
        return Open($"Data Source={DiskPath}");
    }

    private long CodesRead(EngramConnection connection, string distance, int? breadth)
    {
        var approximate = breadth is null ? "WITH APPROXIMATE" : string.Create(CultureInfo.InvariantCulture, $"WITH APPROXIMATE ({breadth})");
        var lines = Rows(connection, $"EXPLAIN ANALYZE SELECT id FROM t ORDER BY embedding {distance} $1 LIMIT 10 {approximate}", Queries[0]);
        return long.Parse(CodesPattern().Match(string.Join("\n", lines)).Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
