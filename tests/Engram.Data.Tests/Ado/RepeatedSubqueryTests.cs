namespace Engram.Data.Tests.Ado;

/// <summary>Correlated subqueries whose outer values come again: their answers are kept, and must be those that running them again would give.</summary>
public sealed class RepeatedSubqueryTests : AdoTest
{
    public RepeatedSubqueryTests()
    {
        Execute("CREATE TABLE o (id integer PRIMARY KEY, k integer, n numeric, at timestamptz, t text)");
        Execute("INSERT INTO o SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 5 END, i % 3, NULL, 't' || (i % 4) FROM generate_series(1, 3000) AS i");
        Execute("CREATE TABLE b (k integer, v integer, t text); INSERT INTO b SELECT i % 6, i, 't' || (i % 3) FROM generate_series(1, 30) AS i; INSERT INTO b VALUES (NULL, 99, NULL)");
    }

    /// <summary>Each beside a form in which every outer row has values of its own.</summary>
    [Theory]
    [InlineData("SELECT id FROM o WHERE EXISTS (SELECT 1 FROM b WHERE b.k > o.k AND b.t <> o.t AND b.v < 9 OFFSET 1 + 0 * {0}) ORDER BY id")]
    [InlineData("SELECT id FROM o WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k > o.k AND b.t = o.t OFFSET 0 * {0}) ORDER BY id")]
    [InlineData("SELECT id, (SELECT max(v) FROM b WHERE b.k < o.k OR b.t = o.t OFFSET 0 * {0}) FROM o ORDER BY id")]
    [InlineData("SELECT id, (SELECT v FROM b WHERE b.k > o.k ORDER BY v DESC LIMIT 1 + 0 * {0}) FROM o ORDER BY id")]
    [InlineData("SELECT id, o.k IN (SELECT b.k FROM b WHERE b.t <> o.t OFFSET 0 * {0}) FROM o ORDER BY id")]
    [InlineData("SELECT id, o.k NOT IN (SELECT b.k FROM b WHERE b.v > 10 AND b.t <> o.t OFFSET 0 * {0}) FROM o ORDER BY id")]
    [InlineData("SELECT id, array_to_string(ARRAY(SELECT v FROM b WHERE b.k > o.k ORDER BY v LIMIT 3 + 0 * {0}), '+') FROM o ORDER BY id")]
    [InlineData("SELECT k, t, count(*) FROM o GROUP BY k, t HAVING EXISTS (SELECT 1 FROM b WHERE b.k > o.k AND (SELECT count(*) FROM b c WHERE c.k < o.k AND c.t <> o.t) > 2 OFFSET 0 * {1}) ORDER BY k, t")]
    [InlineData("SELECT id, (SELECT sum(c.v) FROM b c WHERE c.k <= o.k AND EXISTS (SELECT 1 FROM b d WHERE d.v > c.v AND d.t <> o.t OFFSET 0 * {0})) FROM o WHERE id < 300 ORDER BY id")]
    public void Answers_are_those_of_running_each_time(string sql)
        => Assert.Equal(Rows(sql.Replace("{0}", "o.id", StringComparison.Ordinal).Replace("{1}", "max(o.id)", StringComparison.Ordinal)),
            Rows(sql.Replace("{0}", "1", StringComparison.Ordinal).Replace("{1}", "1", StringComparison.Ordinal)));

    [Fact]
    public void Equal_values_that_look_different_have_answers_of_their_own()
    {
        Execute("CREATE TABLE d (id integer, n numeric, at timestamptz, f double precision)");
        Execute("INSERT INTO d VALUES (1, 1.0, '2026-01-01 00:00+00', 0.0), (2, 1.00, '2026-01-01 01:00+01', '-0'), (3, 1.0, '2026-01-01 00:00+00', 0.0), (4, NULL, NULL, NULL)");
        Assert.Equal(
            ["1,1.0t1", "2,1.00t1", "3,1.0t1", "4,NULL"],
            Rows("SELECT id, (SELECT max(d.n::text || b.t) FROM b WHERE b.v = 1) FROM d ORDER BY id"));
        Assert.Equal(3, Rows("SELECT id, (SELECT d.at FROM b WHERE b.v = 1) FROM d ORDER BY id").Select(r => r[2..]).Distinct().Count());
        Assert.Equal(3, Rows("SELECT id, (SELECT d.f FROM b WHERE b.v = 1) FROM d ORDER BY id").Select(r => r[2..]).Distinct().Count());
    }

    [Fact]
    public void What_differs_each_time_is_run_each_time()
    {
        Execute("CREATE SEQUENCE s");
        Assert.Equal(["3000"], Rows("SELECT count(DISTINCT x) FROM (SELECT (SELECT nextval('s') + 0 * max(b.v) FROM b WHERE b.k > o.k OR b.v = 1) AS x FROM o) AS q"));
        Assert.Equal(["3000"], Rows("SELECT currval('s')"));
    }

    [Fact]
    public void A_recursive_query_reads_its_last_step_each_time()
        => Assert.Equal(
            ["1", "2", "3", "4", "5"],
            Rows("WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT b.m + 1 FROM (VALUES (1), (2), (3), (4)) AS b(m) WHERE (SELECT max(r.n) FROM r WHERE r.n <= b.m + 0 * b.m) = b.m AND EXISTS (SELECT 1 FROM r WHERE r.n = b.m)) SELECT n FROM r ORDER BY n"));

    [Fact]
    public void Many_values_and_large_answers_are_given_up_again()
    {
        Execute("CREATE TABLE w (id integer); INSERT INTO w SELECT i FROM generate_series(1, 2500) AS i");
        Assert.Equal(
            ["2500,2500"],
            Rows("SELECT count(*), count(DISTINCT x) FROM (SELECT (SELECT repeat('x', 4000) || max(b.v + w.id) FROM b WHERE b.v < w.id + 1) AS x FROM w) AS q"));
        Assert.Equal(
            ["5000,2500"],
            Rows("SELECT count(*), count(DISTINCT x) FROM (SELECT (SELECT repeat('x', 4000) || max(b.v + w.id / 2) FROM b WHERE b.v < w.id / 2 + 1) AS x FROM (SELECT i + 1 AS id FROM generate_series(1, 5000) AS i) AS w) AS q"));
    }

    /// <summary>Each becomes a join above those before it; what they give is estimated once for each, and not twice as often as for the one below.</summary>
    [Fact]
    public void Many_subqueries_of_one_query_are_planned_in_reasonable_time()
    {
        var counts = string.Join(" + ", Enumerable.Range(0, 50).Select(i => $"(SELECT count(*) FROM b WHERE b.k = o.k AND b.v > {i})"));
        Assert.Equal(["0,90", "1,65", "2,70", "3,75", "4,80", "NULL,0"], Rows($"SELECT k, max(n) FROM (SELECT o.k, {counts} AS n FROM o) AS q GROUP BY k ORDER BY k NULLS LAST"));
    }
}
