namespace Engram.Data.Tests.Ado;

/// <summary>Indexes with WHERE: what unique means in them, and which queries use them. And INCLUDE.</summary>
public sealed class PartialIndexTests : AdoTest
{
    public PartialIndexTests()
    {
        Run("CREATE TABLE users (id integer PRIMARY KEY, email text, deleted boolean NOT NULL, age integer)");
        Run("CREATE UNIQUE INDEX users_email ON users (email) WHERE NOT deleted");
    }

    [Fact]
    public void Only_rows_that_the_condition_holds_for_must_differ()
    {
        Run("INSERT INTO users VALUES (1, 'a', false, 1), (2, 'a', true, 1), (3, 'a', true, 1), (4, NULL, false, 1), (5, NULL, false, 1)");
        Refused("INSERT INTO users VALUES (6, 'a', false, 1)");
        Run("INSERT INTO users VALUES (6, 'a', true, 1), (7, 'b', false, 1)");
        Run("CHECKPOINT");
        Refused("INSERT INTO users VALUES (8, 'b', false, 1)");
        Refused("UPDATE users SET deleted = false WHERE id = 2");
        Refused("UPDATE users SET email = 'a' WHERE id = 7");
        Run("UPDATE users SET email = 'b' WHERE id = 2");
        Run("UPDATE users SET deleted = true WHERE id = 1");
        Run("UPDATE users SET deleted = false WHERE id = 3");
        Refused("UPDATE users SET deleted = false WHERE id = 6");
        Assert.Equal("3,4,5,7", Scalar("SELECT string_agg(id::text, ',' ORDER BY id) FROM users WHERE NOT deleted"));
    }

    [Fact]
    public void Creating_one_over_rows_looks_at_its_rows_alone()
    {
        Run("INSERT INTO users VALUES (1, 'a', false, 7), (2, 'b', false, 7), (3, 'c', false, 8)");
        var error = Assert.Throws<EngramException>(() => Run("CREATE UNIQUE INDEX users_age ON users (age) WHERE email <> 'c'"));
        Assert.Equal("23505", error.SqlState);
        Run("CREATE UNIQUE INDEX users_age ON users (age) WHERE email <> 'a'");
        Refused("INSERT INTO users VALUES (4, 'd', false, 8)");
        Run("INSERT INTO users VALUES (5, NULL, false, 8)");
    }

    [Fact]
    public void Queries_that_repeat_the_condition_use_it_and_others_do_not()
    {
        Run("CREATE INDEX users_age ON users (age) WHERE age > 10 AND NOT deleted");
        Assert.Contains("Index scan of users_age", Plan("SELECT id FROM users WHERE NOT deleted AND age = 12 AND age > 10"), StringComparison.Ordinal);
        Assert.DoesNotContain("users_age", Plan("SELECT id FROM users WHERE age = 9 AND NOT deleted"), StringComparison.Ordinal);
        Assert.Contains("Index probe of users_email", Plan("SELECT id FROM users WHERE NOT deleted AND email = 'x'"), StringComparison.Ordinal);
        Assert.DoesNotContain("users_email", Plan("SELECT id FROM users WHERE email = 'x'"), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_move_in_and_out_with_what_the_condition_reads()
    {
        Run("CREATE TABLE jobs (id integer PRIMARY KEY, done boolean, due integer NOT NULL)");
        Run("CREATE INDEX jobs_open ON jobs (due) WHERE NOT done");
        Run("INSERT INTO jobs SELECT i, i % 10 <> 0, i % 97 FROM generate_series(1, 3000) AS g (i)");
        CheckJobs();
        Run("CHECKPOINT");
        CheckJobs();
        Run("UPDATE jobs SET done = NOT done WHERE id % 15 = 0");
        CheckJobs();
        Run("BEGIN");
        Run("UPDATE jobs SET done = true");
        CheckJobs();
        Run("SAVEPOINT s");
        Run("UPDATE jobs SET done = false WHERE id < 100");
        Run("UPDATE jobs SET due = due + 1 WHERE id < 200");
        CheckJobs();
        Run("ROLLBACK TO SAVEPOINT s");
        CheckJobs();
        Run("ROLLBACK");
        CheckJobs();
        Run("UPDATE jobs SET done = NULL WHERE id % 20 = 0");
        Run("CHECKPOINT");
        CheckJobs();
        Run("UPDATE jobs SET done = false WHERE id % 20 = 0");
        Run("DELETE FROM jobs WHERE id % 3 = 0");
        Run("VACUUM");
        CheckJobs();
        Run("ALTER TABLE jobs RENAME COLUMN done TO finished");
        CheckJobs("finished");
        Run("CHECKPOINT");
        CheckJobs("finished");
        Run("ALTER TABLE jobs ALTER COLUMN due TYPE bigint");
        CheckJobs("finished");
        Run("ALTER TABLE jobs DROP COLUMN finished");
        Assert.Equal(0L, Scalar("SELECT count(*) FROM engram_indexes WHERE index_name = 'jobs_open'"));
    }

    [Fact]
    public void An_id_that_a_rollback_gave_back_may_come_with_another_condition()
    {
        Run("CREATE TABLE t (a integer, b integer)");
        Run("INSERT INTO t SELECT i, i % 100 FROM generate_series(1, 3000) AS g (i)");
        Run("CHECKPOINT");
        Run("BEGIN");
        Run("CREATE INDEX t_b ON t (b) WHERE a < 10");
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t WHERE a < 10 AND b = 5"));
        Run("ROLLBACK");
        Run("CREATE INDEX t_b ON t (b) WHERE a > 10");
        Assert.Equal(29L, Scalar("SELECT count(*) FROM t WHERE a > 10 AND b = 5"));
        Assert.Contains("Index", Plan("SELECT count(*) FROM t WHERE a > 10 AND b = 5"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a IS NOT NULL", "a = 1 AND b = 1", true)]
    [InlineData("a IS NOT NULL", "1 < a AND b = 1", true)]
    [InlineData("a IS NOT NULL", "a IN (1, 2) AND b = 1", true)]
    [InlineData("a IS NOT NULL", "a IS NOT DISTINCT FROM 1 AND b = 1", false)]
    [InlineData("a IS NOT NULL", "(a = 1 OR b = 2) AND b = 1", false)]
    [InlineData("a > 3", "a > 5 AND b = 1", true)]
    [InlineData("a > 3", "a > 3 AND b = 1", true)]
    [InlineData("a > 3", "a >= 3 AND b = 1", false)]
    [InlineData("a > 3", "a >= 4 AND b = 1", true)]
    [InlineData("a > 3", "a < 5 AND b = 1", false)]
    [InlineData("a > 3", "a = 4 AND b = 1", true)]
    [InlineData("a > 3", "4 < a AND b = 1", true)]
    [InlineData("a <= 3", "a < 3 AND b = 1", true)]
    [InlineData("a <= 3", "a <= 4 AND b = 1", false)]
    [InlineData("a < 3", "a <= 2 AND b = 1", true)]
    [InlineData("a < 3", "a <= 3 AND b = 1", false)]
    public void What_says_the_condition_in_a_simple_way_uses_it(string condition, string query, bool isUsed)
    {
        Run("CREATE TABLE t (a integer, b integer)");
        Run($"CREATE INDEX t_b ON t (b) WHERE {condition}");
        Run("INSERT INTO t SELECT i % 7, i % 3 FROM generate_series(1, 100) AS g (i)");
        Run("INSERT INTO t VALUES (NULL, 1)");
        Assert.Equal(isUsed, Plan($"SELECT a FROM t WHERE {query}").Contains("t_b", StringComparison.Ordinal));
        var count = Scalar($"SELECT count(*) FROM t WHERE {query}");
        Run("DROP INDEX t_b");
        Assert.Equal(Scalar($"SELECT count(*) FROM t WHERE {query}"), count);
    }

    [Fact]
    public void A_condition_that_fails_for_a_row_fails_the_queries_that_meet_it()
    {
        Run("CREATE TABLE t (a integer, b integer)");
        Run("CREATE INDEX t_b ON t (b) WHERE 10 / a > 4");
        Run("INSERT INTO t VALUES (1, 1), (0, 2), (9, 3)");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1L, Scalar("SELECT count(*) FROM t WHERE 10 / a > 4 AND b = 1"));
            Assert.Equal(0L, Scalar("SELECT count(*) FROM t WHERE 10 / a > 4 AND b = 3"));
            Assert.Equal("22012", Assert.Throws<EngramException>(() => Scalar("SELECT count(*) FROM t WHERE 10 / a > 4 AND b = 2")).SqlState);
            Run("CHECKPOINT");
        }
    }

    private void CheckJobs(string done = "done")
    {
        Assert.Contains("jobs_open", Plan($"SELECT id FROM jobs WHERE NOT {done} AND due = 7"), StringComparison.Ordinal);
        foreach (var (condition, order) in new[] { ("due = 7", "id"), ("due BETWEEN 3 AND 9", "due, id"), ("due > 90", "due DESC, id") })
        {
            var sql = $"SELECT string_agg(id::text, ',') FROM (SELECT id FROM jobs WHERE NOT {done} AND {condition} ORDER BY {order}) AS q";
            var found = Scalar(sql);
            Run("SET engram.optimizer = off");
            Assert.Equal(Scalar(sql), found);
            Run("RESET engram.optimizer");
        }
    }

    [Fact]
    public void It_outlives_a_restart()
    {
        var connectionString = $"Data Source={DiskPath}";
        using (var connection = Open(connectionString))
        {
            Command(connection, "CREATE TABLE t (a integer, b integer, c text)").ExecuteNonQuery();
            Command(connection, "CREATE UNIQUE INDEX t_a ON t (a) INCLUDE (c) WHERE b = 1").ExecuteNonQuery();
            Command(connection, "INSERT INTO t VALUES (1, 1, 'x'), (1, 2, 'y')").ExecuteNonQuery();
        }

        ClearPool(connectionString);
        using (var connection = Open(connectionString))
        {
            Assert.Equal("23505", Assert.Throws<EngramException>(() => Command(connection, "INSERT INTO t VALUES (1, 1, 'z')").ExecuteNonQuery()).SqlState);
            Command(connection, "INSERT INTO t VALUES (1, 2, 'z')").ExecuteNonQuery();
            Command(connection, "ALTER TABLE t DROP COLUMN c").ExecuteNonQuery();
            Command(connection, "INSERT INTO t VALUES (1, 1)").ExecuteNonQuery();
        }
    }

    [Fact]
    public void Included_columns_must_be_there()
        => Assert.Equal("42703", Assert.Throws<EngramException>(() => Run("CREATE INDEX i ON users (age) INCLUDE (nothing)")).SqlState);

    private void Refused(string sql) => Assert.Equal("23505", Assert.Throws<EngramException>(() => Run(sql)).SqlState);

    private void Run(string sql) => Command(sql).ExecuteNonQuery();

    private object? Scalar(string sql) => Command(sql).ExecuteScalar();

    private string Plan(string sql)
    {
        using var reader = Command("EXPLAIN " + sql).ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
