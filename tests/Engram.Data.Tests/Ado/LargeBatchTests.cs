namespace Engram.Data.Tests.Ado;

/// <summary>Values of one batch that are too large together for the memory that there is are computed in parts, wherever expressions stand.</summary>
public sealed class LargeBatchTests : AdoTest
{
    // 2,048 texts of 12 kB each beside a limit of 16 MiB.
    private const string Large = "repeat('x', 12000) || i";

    private const string Rows2048 = "generate_series(1, 2048) AS s(i)";

    private string Limited => ConnectionString.Replace(";", "-limited;", StringComparison.Ordinal) + ";Memory Limit=16";

    [Theory]
    [InlineData("SELECT length(x), right(x, 4) FROM (SELECT " + Large + " AS x FROM " + Rows2048 + ") q")]
    [InlineData("SELECT i FROM " + Rows2048 + " WHERE i % 3 = 1 AND right(" + Large + ", 2) IN ('10', '11', '12')")]
    [InlineData("SELECT i FROM " + Rows2048 + " ORDER BY md5(" + Large + "), i")]
    [InlineData("SELECT i FROM " + Rows2048 + " ORDER BY right(" + Large + ", 3) DESC, i LIMIT 9")]
    [InlineData("SELECT i % 3, count(*), sum(i) FILTER (WHERE " + Large + " LIKE '%5_'), string_agg(right(" + Large + ", 1), '' ORDER BY i) FROM " + Rows2048 + " GROUP BY 1")]
    [InlineData("SELECT i, row_number() OVER (PARTITION BY right(" + Large + ", 2) ORDER BY i) FROM " + Rows2048)]
    [InlineData("SELECT s.i, t.j FROM " + Rows2048 + " JOIN generate_series(1, 2048) AS t(j) ON right(" + Large + ", 3) = right(repeat('y', 12000) || j, 3) AND i < j")]
    [InlineData("SELECT s.i, t.j FROM " + Rows2048 + " LEFT JOIN generate_series(1, 3) AS t(j) ON length(" + Large + ") + j = 12005 AND i % 5 = j")]
    [InlineData("SELECT i FROM " + Rows2048 + " WHERE EXISTS (SELECT 1 FROM generate_series(1, 5) AS t(j) WHERE right(" + Large + " || j, 2) = '3' || j)")]
    public void A_query_gives_what_it_gives_with_more_memory(string sql)
    {
        using var limited = Open(Limited);
        var rows = Rows(limited, sql);
        Assert.NotEmpty(rows);
        Assert.Equal(Rows(sql), rows);
    }

    [Fact]
    public void Statements_that_write_do_so_once_for_each_row()
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, d text, n integer GENERATED ALWAYS AS (length(repeat(d, 600))) STORED)");
        Assert.Equal(2048, Rows(limited, "INSERT INTO t (i, d) SELECT i, md5(" + Large + ") FROM " + Rows2048 + " RETURNING length(repeat(d, 600))").Length);
        Assert.Equal(["2048,2048,19200,19200"], Rows(limited, "SELECT count(*), count(DISTINCT d), min(n), max(n) FROM t"));
        Assert.Equal(2048, Rows(limited, "UPDATE t SET d = right(repeat('z', 12000) || i, 4) WHERE " + Large + " <> d RETURNING length(repeat('x', 12000) || d)").Length);
        Assert.Equal(["2048,2048,zzz9,2400"], Rows(limited, "SELECT count(*), count(DISTINCT d), max(d), max(n) FROM t"));
        Assert.Equal(205, Execute(limited, "DELETE FROM t WHERE " + Large + " LIKE '%7'"));
        Assert.Equal(1843L, Scalar(limited, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_merge_inserts_every_row_and_returns_it_beside_its_own_source()
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, d text)");
        var rows = Rows(
            limited,
            "MERGE INTO t USING (SELECT i FROM generate_series(1, 4000) AS s(i)) q ON t.i = q.i " +
            "WHEN NOT MATCHED AND q.i % 3 > 0 THEN INSERT (i, d) VALUES (q.i, right(repeat('x', 24000) || q.i, 4)) " +
            "RETURNING merge_action(), q.i, t.i = q.i AND t.d = right('xxxx' || q.i, 4)");
        Assert.Equal(2667, rows.Distinct().Count());
        Assert.Equal(2667, rows.Length);
        Assert.All(rows, r => Assert.True(r.StartsWith("INSERT,", StringComparison.Ordinal) && r.EndsWith(",True", StringComparison.Ordinal), r));
        Assert.Equal(["2667,1,4000"], Rows(limited, "SELECT count(*), min(i), max(i) FROM t WHERE d = right('xxxx' || i, 4)"));
    }

    [Fact]
    public void A_merge_returns_rows_that_are_inserted_in_parts_for_their_computed_columns()
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, d text, n integer GENERATED ALWAYS AS (length(repeat(d, 3000))) STORED)");
        Execute(limited, "INSERT INTO t (i, d) VALUES (7, 'old')");
        var rows = Rows(
            limited,
            "MERGE INTO t USING (SELECT i FROM generate_series(1, 4000) AS s(i)) q ON t.i = q.i " +
            "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (i, d) VALUES (q.i, right('0000' || q.i, 5)) " +
            "RETURNING merge_action(), q.i, t.i = q.i AND (t.n = 15000 OR q.i = 7)");
        Assert.Equal(4000, rows.Distinct().Count());
        Assert.Equal("DELETE,7,True", Assert.Single(rows, r => !r.StartsWith("INSERT,", StringComparison.Ordinal)));
        Assert.DoesNotContain(rows, r => !r.EndsWith(",True", StringComparison.Ordinal));
        Assert.Equal(["3999"], Rows(limited, "SELECT count(*) FROM t WHERE d = right('0000' || i, 5) AND n = 15000"));
    }

    [Theory]
    [InlineData("MERGE INTO t USING t AS q ON t.i = q.i WHEN MATCHED AND q.i > 48 THEN UPDATE SET d = right(repeat('x', 24000) || q.i, 4) RETURNING q.i, t.i = q.i AND t.d = right('xxxx' || q.i, 4)")]
    [InlineData("MERGE INTO t USING t AS q ON t.i = q.i WHEN MATCHED AND repeat('x', 24000) || q.i NOT LIKE '%x0' AND q.i > 48 THEN UPDATE SET d = right('xxxx' || q.i, 4) RETURNING q.i, t.i = q.i AND t.d = right('xxxx' || q.i, 4)")]
    [InlineData("INSERT INTO t SELECT i, 'new' FROM generate_series(49, 2048) AS s(i) ON CONFLICT (i) DO UPDATE SET d = right(repeat('x', 24000) || excluded.i, 4) RETURNING i, d = right('xxxx' || i, 4)")]
    public void Rows_that_are_changed_by_a_choice_or_a_conflict_are_changed_once(string sql)
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, d text)");
        Execute(limited, "INSERT INTO t SELECT i, 'old' FROM " + Rows2048);
        var rows = Rows(limited, sql);
        Assert.Equal(2000, rows.Distinct().Count());
        Assert.DoesNotContain(rows, r => !r.EndsWith(",True", StringComparison.Ordinal));
        Assert.Equal(["2000"], Rows(limited, "SELECT count(*) FROM t WHERE i > 48 AND d = right('xxxx' || i, 4)"));
        Assert.Equal(["48"], Rows(limited, "SELECT count(*) FROM t WHERE i <= 48 AND d = 'old'"));
    }

    [Fact]
    public void Checks_of_rows_that_are_inserted_are_computed_in_parts()
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, d text CHECK (repeat(d, 3000) LIKE '%' || d))");
        Assert.Equal(2048, Execute(limited, "INSERT INTO t SELECT i, right('000' || i, 4) FROM " + Rows2048));
        Assert.Equal(["2048,2048"], Rows(limited, "SELECT count(*), count(DISTINCT d) FROM t"));
    }

    [Fact]
    public void A_value_that_is_too_large_by_itself_is_refused_and_nothing_is_written()
    {
        using var limited = Open(Limited);
        Execute(limited, "CREATE TABLE t (i integer PRIMARY KEY, n integer)");
        AssertState("53200", () => Execute(limited, "INSERT INTO t SELECT i, length(repeat('x', 4000000 * i)) FROM generate_series(1, 6) AS s(i)"));
        Assert.Equal(0L, Scalar(limited, "SELECT count(*) FROM t"));
        Assert.Equal(4, Execute(limited, "INSERT INTO t SELECT i, length(repeat('x', 4000000 * i)) FROM generate_series(1, 4) AS s(i)"));
    }
}
