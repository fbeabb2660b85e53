using System.Data;

namespace Engram.Data.Tests.Ado;

/// <summary>Indexes over expressions beside what scripts show of them: plans, and everything that lists columns.</summary>
public sealed class ExpressionIndexTests : AdoTest
{
    public ExpressionIndexTests()
    {
        Execute("CREATE TABLE people (id integer PRIMARY KEY, email text, score integer)");
        Execute("CREATE UNIQUE INDEX people_email ON people (lower(email))");
        Execute("CREATE INDEX people_score ON people ((score * 2) DESC, id)");
    }

    [Theory]
    [InlineData("SELECT id FROM people WHERE lower(email) = $1", "Index probe of people_email")]
    [InlineData("SELECT id FROM people WHERE $1 = lower(email) AND id > 3", "Index probe of people_email")]
    [InlineData("SELECT id FROM people WHERE lower(email) LIKE 'user7%'", "Index scan of people_email")]
    [InlineData("SELECT id FROM people ORDER BY lower(email) LIMIT 3", "Index scan of people_email")]
    [InlineData("SELECT p.id FROM people AS p WHERE p.score * (1 + 1) = 8 AND p.id < 5", "Index scan of people_score")]
    [InlineData("SELECT id FROM people ORDER BY score * 2 DESC, id LIMIT 3", "Index scan of people_score")]
    [InlineData("UPDATE people SET score = 1 WHERE score * 2 = 8", "Index scan of people_score")]
    public void The_planner_finds_the_expression(string sql, string expected)
        => Assert.Contains(Rows(Connection, "EXPLAIN " + sql, "user8@x.org"), line => line.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void The_side_that_an_outer_join_fills_is_computed()
    {
        Execute("CREATE INDEX people_known ON people (coalesce(email, 'nobody'))");
        Execute("INSERT INTO people VALUES (1, 'a@x.org', 1), (2, NULL, 2)");
        Assert.Equal(["1", "2"], Rows(Connection, "SELECT a.id FROM people a LEFT JOIN people b ON b.id = a.id + 7 WHERE coalesce(b.email, 'nobody') = 'nobody' ORDER BY a.id"));
        Assert.Equal(["2"], Rows(Connection, "SELECT id FROM people WHERE coalesce(email, 'nobody') = 'nobody'"));
    }

    [Fact]
    public void Nothing_lists_the_column_behind_it()
    {
        Assert.Equal(["id", "email", "score"], Names(Connection.GetSchema("Columns", ["public", "people"]), "column_name"));
        var keys = Connection.GetSchema("IndexColumns", ["public", "people", "people_score"]).Rows.Cast<DataRow>().ToList();
        Assert.Equal([DBNull.Value, "id"], keys.Select(k => k["column_name"]));
        Assert.Equal(["score * 2", DBNull.Value], keys.Select(k => k["expression"]));

        using var reader = Command("SELECT * FROM people").ExecuteReader();
        Assert.Equal(["id", "email", "score"], reader.GetColumnSchema().Select(c => c.ColumnName));
    }

    [Fact]
    public void A_bulk_copy_leaves_it_out_and_fills_it()
    {
        using (var copy = new EngramBulkCopy(Connection) { DestinationTableName = "people" })
        {
            copy.WriteToServer(Enumerable.Range(1, 10).Select(i => new object?[] { i, $"User{i}@x.org", i % 3 }));
        }

        Assert.Equal(["8"], Rows(Connection, "SELECT id FROM people WHERE lower(email) = 'user8@x.org'"));
        Assert.Equal(["2", "5", "8"], Rows(Connection, "SELECT id FROM people WHERE score * 2 = 4 ORDER BY id"));
        var e = Assert.Throws<EngramException>(() => Execute("INSERT INTO people VALUES (11, 'USER8@x.org', 1)"));
        Assert.Equal(SqlStates.UniqueViolation, e.SqlState);
        Assert.Contains("lower(email)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_over_some_rows_that_an_expression_chooses_stays_of_use()
    {
        Execute("CREATE TABLE t (id integer, email text, n integer); CREATE INDEX i2 ON t (id) WHERE lower(email) = 'a1' AND n * 3 > 9");
        Execute("INSERT INTO t VALUES (6, 'A1', 4), (6, 'A1', 3), (6, 'b', 4), (7, 'a1', 5), (6, NULL, 4)");
        const string Sql = "SELECT email, n FROM t WHERE id = 6 AND lower(email) = 'a1' AND n * 3 > 10";
        Check();
        Execute("CREATE INDEX i1 ON t (lower(email))");
        Check();
        Execute("CREATE INDEX i3 ON t ((n * 3))");
        Check();
        var others = Sql.Replace("a1", "b", StringComparison.Ordinal);
        Assert.DoesNotContain(Rows(Connection, "EXPLAIN " + others), line => line.Contains("i2", StringComparison.Ordinal));
        Assert.Equal(["b,4"], Rows(Connection, others));

        void Check()
        {
            Assert.Contains(Rows(Connection, "EXPLAIN " + Sql), line => line.Contains(" of i2", StringComparison.Ordinal));
            Assert.Equal(["A1,4"], Rows(Connection, Sql));
        }
    }

    [Theory]
    [InlineData("SELECT p.id FROM wanted w JOIN people p ON lower(p.email) = w.address ORDER BY p.id", "2", "4")]
    [InlineData("SELECT w.address, p.id FROM wanted w LEFT JOIN people p ON w.address = lower(p.email) ORDER BY w.address", "nobody,NULL", "user2@x.org,2", "user4@x.org,4")]
    [InlineData("SELECT address FROM wanted w WHERE EXISTS (SELECT 1 FROM people p WHERE lower(p.email) = w.address AND p.id > 2)", "user4@x.org")]
    [InlineData("SELECT address FROM wanted w WHERE NOT EXISTS (SELECT 1 FROM people p WHERE lower(p.email) = w.address)", "nobody")]
    [InlineData("SELECT p.id FROM wanted w JOIN (people p JOIN people q ON q.id = p.id) ON lower(p.email) = w.address AND p.score * 2 = 4", "2")]
    public void A_join_looks_up_expressions(string sql, params string[] expected)
    {
        Execute("INSERT INTO people SELECT n, 'User' || n || '@x.org', n % 3 FROM generate_series(1, 2000) AS n; INSERT INTO people VALUES (2001, NULL, 1)");
        Execute("CREATE TABLE wanted (address text); INSERT INTO wanted VALUES ('user2@x.org'), ('nobody'), ('user4@x.org')");
        Assert.Contains(Rows("EXPLAIN " + sql), line => line.Contains("people_email", StringComparison.Ordinal));
        Assert.Equal(expected, Rows(sql));
        Execute("CHECKPOINT");
        Assert.Equal(expected, Rows(sql));
    }

    [Fact]
    public void A_failed_index_leaves_nothing_behind()
    {
        Execute("INSERT INTO people VALUES (1, 'a', 1), (2, 'b', 1)");
        Assert.Equal(SqlStates.UniqueViolation, Assert.Throws<EngramException>(() => Execute("CREATE UNIQUE INDEX people_half ON people ((score / 2))")).SqlState);
        Assert.Equal(SqlStates.DivisionByZero, Assert.Throws<EngramException>(() => Execute("CREATE INDEX people_part ON people ((1 / (score - 1)))")).SqlState);
        Execute("UPDATE people SET score = 7 WHERE id = 1");
        Assert.Equal(["1"], Rows(Connection, "SELECT id FROM people WHERE score * 2 = 14"));
        Execute("CREATE UNIQUE INDEX people_half ON people ((score / 2))");
    }

    [Fact]
    public void A_value_that_differs_each_time_is_computed_once_for_the_column_and_what_reads_it()
    {
        Execute("CREATE TABLE v (id integer PRIMARY KEY, a integer, b integer GENERATED ALWAYS AS (a * 10) STORED)");
        Execute("CREATE INDEX v_a ON v ((a + 0))");
        Execute("CREATE SEQUENCE s");
        Execute("INSERT INTO v VALUES (1, nextval('s')), (2, nextval('s')), (3, nextval('s'))");
        AssertAgrees(1, 2, 3);
        Execute("UPDATE v SET a = nextval('s')");
        AssertAgrees(4, 5, 6);
        Execute("UPDATE v SET a = nextval('s') WHERE id <> 2");
        AssertAgrees(7, 5, 8);
        Execute("INSERT INTO v VALUES (1, 0), (3, 0) ON CONFLICT (id) DO UPDATE SET a = excluded.a + nextval('s')");
        AssertAgrees(9, 5, 10);
        Execute("MERGE INTO v USING (VALUES (2), (3)) AS n(i) ON v.id = n.i WHEN MATCHED THEN UPDATE SET a = nextval('s') + n.i - n.i");
        AssertAgrees(9, 11, 12);
        Assert.Equal(["3,13,130"], Rows("UPDATE v SET a = nextval('s') WHERE id = 3 RETURNING id, a, b"));
        AssertAgrees(9, 11, 13);
        Execute("CREATE TABLE w (id integer PRIMARY KEY, a integer DEFAULT nextval('s') REFERENCES v (id) ON DELETE SET DEFAULT, b integer GENERATED ALWAYS AS (a * 10) STORED)");
        Execute("INSERT INTO v SELECT i, 0 FROM generate_series(14, 20) AS i");
        Execute("INSERT INTO w VALUES (1, 1)");
        Execute("DELETE FROM v WHERE id = 1");
        Assert.Equal(["1,14,140"], Rows("SELECT id, a, b FROM w"));
    }

    /// <summary>The first three rows have these values, the computed column ten times as much, and the index finds each.</summary>
    private void AssertAgrees(params int[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal([$"{i + 1},{values[i]},{values[i] * 10}"], Rows($"SELECT id, a, b FROM v WHERE a + 0 = {values[i]}"));
        }
    }

    private static List<string> Names(DataTable table, string column) => [.. table.Rows.Cast<DataRow>().Select(r => (string)r[column])];
}
