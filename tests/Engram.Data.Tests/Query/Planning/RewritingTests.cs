namespace Engram.Data.Tests.Query.Planning;

/// <summary>What the planner turns into something else gives what was written: constants, subqueries that aggregate, inputs without rows, limits over unions.</summary>
public sealed class RewritingTests : IDisposable
{
    private readonly EngramConnection connection = new("Data Source=rewriting;Mode=Memory");

    public RewritingTests()
    {
        connection.Open();
        Run("CREATE TABLE a (id int PRIMARY KEY, k int, s text)");
        Run("CREATE TABLE b (id int PRIMARY KEY, k bigint, v int, s text)");
        Run("CREATE INDEX b_v ON b (v)");
        Run("INSERT INTO a SELECT i, NULLIF(i % 7, 3), 's' || i % 4 FROM generate_series(1, 40) AS g (i)");
        Run("INSERT INTO b SELECT i, NULLIF(i % 9, 4), NULLIF(i % 5, 0), 's' || i % 3 FROM generate_series(1, 100) AS g (i)");
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) FROM a")]
    [InlineData("SELECT id, (SELECT count(b.v) + 1 FROM b WHERE b.k = a.k AND b.v > 2) FROM a")]
    [InlineData("SELECT id, (SELECT max(b.v) FROM b WHERE a.k = b.k AND a.s = b.s), (SELECT min(b.id) FROM b WHERE b.s = a.s AND b.v IS NULL) FROM a")]
    [InlineData("SELECT id, (SELECT count(*) * 10 + coalesce(sum(b.v), -1) FROM b WHERE b.k = a.k) FROM a")]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k + 1) FROM a", true)]
    [InlineData("SELECT id, (SELECT count(*) FROM (SELECT k, 10 / (v + 1) AS q FROM b) s WHERE s.k = a.k AND s.q = 2) FROM a", true)]
    [InlineData("SELECT id FROM a WHERE (SELECT count(*) FROM b WHERE b.k = a.k) = 0")]
    [InlineData("SELECT id FROM a WHERE (SELECT avg(b.v) FROM b WHERE b.k = a.k) > 2 AND (SELECT count(*) FROM b WHERE b.s = a.s) > 3")]
    [InlineData("SELECT id FROM a WHERE (SELECT max(b.v) FROM b WHERE b.k = a.k) IS NULL")]
    [InlineData("SELECT id, (SELECT count(*) FILTER (WHERE b.v = 1) FROM b WHERE b.k = a.k) FROM a ORDER BY 2 DESC, 1 LIMIT 9")]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k AND b.k = a.id) FROM a")]
    [InlineData("SELECT k, (SELECT count(*) FROM b WHERE b.k = x.k) FROM (SELECT k, count(*) AS n FROM a GROUP BY k UNION ALL SELECT id, 0 FROM a) AS x")]
    [InlineData("SELECT id, (SELECT sum(b.v) FROM b WHERE b.k = a.k AND (SELECT count(*) FROM a AS c WHERE c.id = b.id) = 1) FROM a", true)]
    [InlineData("SELECT id, (SELECT sum(100 / b.v) FROM b WHERE b.k = a.k AND b.v > 0) FROM a", true)]
    [InlineData("SELECT id, (SELECT max(b.v) FROM b WHERE b.k < a.k) FROM a", true)]
    [InlineData("SELECT id, (SELECT b.v FROM b WHERE b.id = a.id) FROM a", true)]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k LIMIT 0) FROM a", true)]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k HAVING count(*) > 9) FROM a", true)]
    [InlineData("SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) FROM a WHERE id = 5", true)]
    [InlineData("SELECT id, (SELECT count(DISTINCT b.v) FROM b WHERE b.k = a.k) FROM a", true)]
    public void Subqueries_that_aggregate_are_joined(string sql, bool stays = false)
    {
        AssertSame(sql);
        Assert.Equal(stays, Rows("EXPLAIN " + sql).Exists(l => l.Contains("run for each row", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_subquery_above_a_limit_is_joined_to_the_rows_that_are_left()
    {
        const string Sql = "SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) FROM a ORDER BY id LIMIT 20";
        AssertSame(Sql);
        var plan = Rows("EXPLAIN " + Sql);
        Assert.True(plan.FindIndex(l => l.Contains("join", StringComparison.Ordinal)) < plan.FindIndex(l => l.Contains("Top-n sort", StringComparison.Ordinal)), string.Join('\n', plan));
    }

    [Theory]
    [InlineData("SELECT id FROM a WHERE 2 + 3 > 6", "Values (0 rows)")]
    [InlineData("SELECT count(*) FROM a JOIN b ON FALSE WHERE 1 / (a.id - a.id) > 0", "Values (0 rows)")]
    [InlineData("SELECT a.id FROM a JOIN (SELECT CAST(sum(v) * 1000000000 AS int) AS n FROM b) AS x ON 1 = 2", "Values (0 rows)")]
    [InlineData("SELECT id FROM a WHERE id = 3 AND NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND 1 > 2)", "Index probe of a_pkey on a")]
    [InlineData("SELECT id FROM a WHERE id < CASE WHEN 1 = 1 THEN 2 + 2 ELSE 1 / 0 END", "filter: (id < 4)")]
    [InlineData("SELECT id FROM a WHERE coalesce(NULL, 3) = id AND (1 = 1 OR k > 2)", "keys: 3")]
    [InlineData("SELECT id FROM a WHERE 1 = 0 UNION ALL SELECT id FROM b WHERE v = 1", "Scan on b")]
    [InlineData("SELECT id FROM a UNION ALL SELECT v FROM b ORDER BY 1 NULLS FIRST LIMIT 3", "Index scan of b_v on b")]
    [InlineData("SELECT id + length('abc') FROM a", "columns: (id + 3)")]
    public void Constants_are_computed_and_what_they_empty_is_left_out(string sql, string line)
    {
        AssertSame(sql);
        Assert.Contains(Rows("EXPLAIN " + sql), l => l.Contains(line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SELECT (ARRAY[k, id] @> ARRAY[1]), count(*) FROM a GROUP BY (ARRAY[k, id] @> ARRAY[1])")]
    [InlineData("SELECT count(DISTINCT k), sum(DISTINCT k) FROM a")]
    [InlineData("SELECT s, count(DISTINCT k + 1), max(DISTINCT k + 1) FROM a GROUP BY s HAVING count(DISTINCT k + 1) > 2")]
    [InlineData("SELECT DISTINCT s FROM a")]
    [InlineData("SELECT a.id FROM a LEFT JOIN (SELECT CAST(sum(v) * 1000000000 AS int) AS n FROM b) AS x ON TRUE WHERE a.id < 0")]
    public void Groups_are_what_they_are_without_the_optimizer(string sql) => AssertSame(sql);

    [Theory]
    [InlineData("SELECT 1 / 0", "22012")]
    [InlineData("SELECT id FROM a WHERE id > 1 / 0", "22012")]
    public void A_constant_that_fails_fails_when_it_runs(string sql, string state)
    {
        Rows("EXPLAIN " + sql);
        Assert.Equal(state, Assert.Throws<EngramException>(() => Rows(sql)).SqlState);
    }

    [Theory]
    [InlineData("(SELECT id FROM a) UNION ALL (SELECT v FROM b) ORDER BY 1 DESC NULLS LAST LIMIT 5 OFFSET 3")]
    [InlineData("(SELECT id, s FROM a) UNION ALL (SELECT v, s FROM b WHERE id < 0) ORDER BY s, id LIMIT 7")]
    public void A_limit_over_a_union_is_one_of_its_inputs_too(string sql)
    {
        AssertSame(sql, isOrdered: true);
        Assert.True(Rows("EXPLAIN " + sql).Count(l => l.Contains("Top-n sort", StringComparison.Ordinal)) >= 2);
    }

    private void AssertSame(string sql, bool isOrdered = false)
    {
        var optimized = Rows(sql);
        Run("SET engram.optimizer = off");
        var plain = Rows(sql);
        Run("SET engram.optimizer = on");
        if (!isOrdered)
        {
            plain.Sort(StringComparer.Ordinal);
            optimized.Sort(StringComparer.Ordinal);
        }

        Assert.Equal(plain, optimized);
    }

    private List<string> Rows(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(",", Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetValue(i))));
        }

        return rows;
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
