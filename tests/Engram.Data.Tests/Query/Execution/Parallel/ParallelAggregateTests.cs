namespace Engram.Data.Tests.Query.Execution.Parallel;

public sealed class ParallelAggregateTests : ParallelTest
{
    private static readonly string[] Queries =
    [
        "SELECT count(*) FROM e",
        "SELECT count(*), count(name), sum(score), avg(weight), sum(weight), min(price), max(price), sum(price), avg(price), min(at), max(at) FROM e",
        "SELECT count(*), sum(weight) FROM e WHERE score >= 0.9::real",
        "SELECT count(*), sum(weight) FROM e WHERE score < 0",
        "SELECT topic, count(*), sum(score), avg(weight), min(name), max(name), min(at), max(day) FROM e GROUP BY topic",
        "SELECT topic, count(*), avg(score) FROM e WHERE weight < 0.5 AND flag GROUP BY topic HAVING count(*) > 3",
        "SELECT name, flag, count(*), sum(price) FROM e GROUP BY name, flag",
        "SELECT at, count(*), bool_and(flag), bool_or(flag) FROM e GROUP BY at",
        "SELECT id, sum(weight) FROM e GROUP BY id",
        "SELECT upper(name) || '!', sum(score * 2 + weight) FROM e WHERE name LIKE '%1%' GROUP BY upper(name) || '!'",
        "SELECT count(*) FILTER (WHERE flag), sum(score) FILTER (WHERE topic = 3) FROM e",
        "SELECT count(DISTINCT topic), string_agg(name, ',' ORDER BY id) FROM e WHERE id < 1000",
        "SELECT DISTINCT topic, flag FROM e",
        "SELECT DISTINCT name || flag FROM e WHERE weight < 0.9",
        "SELECT count(DISTINCT name), sum(DISTINCT topic) FROM e",
        "SELECT count(DISTINCT name), max(DISTINCT name) FROM e WHERE score > 0.1::real",
        "SELECT topic, count(DISTINCT name), min(DISTINCT name) FROM e GROUP BY topic",
        "SELECT topic + 1, sum(DISTINCT price), avg(DISTINCT price) FROM e GROUP BY topic + 1 HAVING count(DISTINCT price) > 1",
        "SELECT topic, name, id FROM e ORDER BY topic, name DESC",
        "SELECT name FROM e ORDER BY name NULLS LAST",
        "SELECT id FROM e ORDER BY score * 2, weight, day DESC",
        "SELECT id, rank() OVER (PARTITION BY topic ORDER BY price DESC) FROM e",
        "SELECT topic, string_agg(name, ',' ORDER BY price, name) FROM e GROUP BY topic",
        "SELECT sum(c) FROM (SELECT topic, count(*) AS c FROM e GROUP BY topic) AS t",
        "SELECT (SELECT max(score) FROM e), (SELECT count(*) FROM e WHERE day > '2024-02-01')",
        "SELECT topic, (SELECT count(*) FROM e AS i WHERE i.topic = o.topic AND i.id < 100) FROM e AS o WHERE o.id < 20",
        "SELECT day, count(*) FROM e WHERE at >= '2024-02-01 00:00:00+00' AND at < '2024-02-09 00:00:00+00' GROUP BY day ORDER BY day",
    ];

    [Fact]
    public void One_thread_and_four_give_the_same_bits()
    {
        Fill(Connection, 40_000, seed: 1);
        foreach (var sql in Queries)
        {
            AssertSame(Connection, sql);
        }
    }

    [Fact]
    public void A_transaction_sees_its_own_rows_on_every_thread()
    {
        Fill(Connection, 12_000, seed: 2, open: true);
        foreach (var sql in Queries)
        {
            AssertSame(Connection, sql);
        }

        using var other = Open();
        Assert.NotEqual(Scalar("SELECT count(*) FROM e"), Scalar(other, "SELECT count(*) FROM e"));
        AssertSame(other, "SELECT topic, count(*), sum(weight) FROM e GROUP BY topic");
        Execute("ROLLBACK");
        Assert.Equal(Run(other, Four, "SELECT topic, count(*), sum(weight) FROM e GROUP BY topic"), Run(Connection, Four, "SELECT topic, count(*), sum(weight) FROM e GROUP BY topic"));
    }

    [Fact]
    public void The_first_failing_row_of_the_table_is_reported()
    {
        Fill(Connection, 20_000, seed: 3);
        Execute("UPDATE e SET weight = 0 WHERE id IN (7000, 18000)");
        Execute("UPDATE e SET name = 'x' WHERE id = 7000");
        Execute("UPDATE e SET name = 'y' WHERE id = 18000");
        SetParallelism(Connection, Four);
        for (var i = 0; i < 10; i++)
        {
            var error = Assert.Throws<EngramException>(() => Scalar("SELECT sum(CASE WHEN weight = 0 THEN CAST(name AS int) ELSE 1 END) FROM e"));
            Assert.Equal(SqlStates.InvalidTextRepresentation, error.SqlState);
            Assert.Contains("'x'", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_was_measured_of_all_threads_is_told()
    {
        Fill(Connection, 20_000, seed: 4);
        SetParallelism(Connection, Four);
        var lines = Rows(Connection, "EXPLAIN ANALYZE SELECT count(*) FROM e WHERE score > 0.5::real");
        var scan = Assert.Single(lines, l => l.Contains("workers=", StringComparison.Ordinal));
        var rows = Scalar("SELECT count(*) FROM e WHERE score > 0.5::real");
        Assert.Contains($"rows={rows} ", scan, StringComparison.Ordinal);
    }

    [Fact]
    public void The_setting_is_of_the_connection()
    {
        Assert.Equal("3", Scalar(Open(ConnectionString + ";Max Parallelism=3"), "SHOW max_parallelism"));
        Assert.Equal($"{Environment.ProcessorCount}", Scalar("SHOW max_parallelism"));
        Execute("SET max_parallelism = 1");
        Assert.Equal("1", Scalar("SHOW max_parallelism"));
        Execute("SET max_parallelism TO DEFAULT");
        Assert.Equal($"{Environment.ProcessorCount}", Scalar("SHOW max_parallelism"));
        Assert.Throws<EngramException>(() => Execute("SET max_parallelism = 0"));
        Assert.Throws<ArgumentException>(() => new EngramConnection("Max Parallelism=257"));
    }
}
