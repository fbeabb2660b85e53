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
        Assert.DoesNotContain("users_age", Plan("SELECT id FROM users WHERE age = 12 AND NOT deleted"), StringComparison.Ordinal);
        Assert.Contains("Index probe of users_email", Plan("SELECT id FROM users WHERE NOT deleted AND email = 'x'"), StringComparison.Ordinal);
        Assert.DoesNotContain("users_email", Plan("SELECT id FROM users WHERE email = 'x'"), StringComparison.Ordinal);
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
