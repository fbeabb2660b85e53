using Engram.Data.Query.Execution.Parallel;

namespace Engram.Data.Tests.Query.Execution.Parallel;

/// <summary>Queries that give rows: scans with filters, joins, orders with limits. Rows, and their order, are those of one thread.</summary>
public sealed class ParallelRowTests : ParallelTest
{
    private static readonly string[] Queries =
    [
        "SELECT * FROM e WHERE score < 0.02::real",
        "SELECT id, upper(name), price * 2 FROM e WHERE topic = 3 AND name IS NOT NULL AND weight > 0.3",
        "SELECT id FROM e WHERE score < 2",
        "SELECT id, at FROM e WHERE day = '2024-01-10'",
        "SELECT id FROM e WHERE id % 1000 = 17 LIMIT 7 OFFSET 3",
        "SELECT id FROM e WHERE weight IS NULL LIMIT 5",
        "SELECT count(*), min(id) FROM (SELECT DISTINCT name, flag FROM e WHERE topic < 5) AS t, e AS o WHERE o.id = 8",
        "SELECT DISTINCT name FROM e WHERE topic = 5",
        "SELECT id, score FROM e ORDER BY score DESC LIMIT 20",
        "SELECT id, name FROM e ORDER BY name, topic DESC LIMIT 50 OFFSET 30",
        "SELECT id, topic FROM e ORDER BY topic LIMIT 3000",
        "SELECT id FROM e WHERE flag ORDER BY topic NULLS LAST, flag LIMIT 9",
        "SELECT name, price FROM e WHERE topic = 11 ORDER BY at, price * 2 DESC",
        "SELECT id FROM e ORDER BY day DESC, id LIMIT 0",
        "SELECT e.id, t.label FROM e JOIN t ON t.topic = e.topic WHERE e.score < 0.1::real",
        "SELECT e.id, t.label FROM e LEFT JOIN t ON t.topic = e.topic AND t.label <> 'label 4' WHERE e.id % 31 = 0",
        "SELECT t.label, count(*), sum(e.weight) FROM e JOIN t ON t.topic = e.topic GROUP BY t.label",
        "SELECT t.label, count(e.id) FROM e RIGHT JOIN t ON t.topic = e.topic GROUP BY t.label",
        "SELECT count(*), sum(e.score) FROM e FULL JOIN t ON t.topic = e.topic",
        "SELECT count(*), min(e.at) FROM e WHERE EXISTS (SELECT 1 FROM t WHERE t.topic = e.topic AND t.label > 'label 2')",
        "SELECT id FROM e WHERE topic NOT IN (SELECT topic FROM t WHERE topic IS NOT NULL) ORDER BY id DESC LIMIT 12",
        "SELECT a.id, b.id FROM e AS a JOIN e AS b ON a.id = b.id + 1 WHERE a.score < 0.01::real AND b.flag",
        "SELECT count(*) FROM e AS a JOIN e AS b ON a.name = b.name AND a.topic = b.topic",
        "SELECT t.label, e.id FROM t LEFT JOIN e ON e.topic = t.topic AND e.id % 500 < 40",
        "SELECT t.label, e.id FROM t JOIN e ON e.topic + 1 = t.topic AND e.id % 100 = 7",
        "SELECT t.label, e.id FROM t RIGHT JOIN e ON e.topic = t.topic WHERE e.id % 77 = 1",
        "SELECT t.label, e.id, e.name FROM t FULL JOIN e ON e.topic = t.topic AND t.label = e.name WHERE e.id IS NULL OR e.id % 91 = 5",
        "SELECT x.n, e.id FROM (VALUES ('NAME 7', 3), ('name 8', 4), (NULL, 5), ('none', 6)) AS x (n, t) LEFT JOIN e ON e.name = x.n COLLATE nocase AND e.topic = x.t",
        "SELECT x.n, e.id FROM generate_series(1, 3000) AS x (n) LEFT JOIN e ON e.id * 2 = x.n * 7 AND e.flag",
        "SELECT count(*), count(b.id) FROM (SELECT id, name FROM e WHERE topic = 3) AS a LEFT JOIN (SELECT DISTINCT ON (name) id, name FROM e ORDER BY name, id) AS b ON a.name = b.name",
        "SELECT x.n FROM generate_series(1, 60) AS x (n) WHERE NOT EXISTS (SELECT 1 FROM e WHERE e.topic = x.n)",
        "SELECT x.n FROM generate_series(1, 60) AS x (n) WHERE EXISTS (SELECT 1 FROM e WHERE e.topic = x.n AND e.id > x.n * 800)",
        "SELECT e.id, x.c FROM e, LATERAL (SELECT count(*) AS c FROM t WHERE t.topic < e.topic) AS x WHERE e.id < 30",
        "SELECT id FROM e WHERE score > (SELECT avg(score) FROM e WHERE topic = 2) AND topic = 2",
        "SELECT id FROM e WHERE topic = 1 UNION ALL SELECT id FROM e WHERE topic = 2 AND flag",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_thread_and_four_give_the_same_rows_in_the_same_order(bool open)
    {
        Execute("CREATE TABLE t (topic int, label text)");
        Execute("INSERT INTO t VALUES (1, 'label 1'), (2, 'label 2'), (3, 'label 3'), (3, 'label 3b'), (4, 'label 4'), (77, 'label 77'), (NULL, 'none')");
        Fill(Connection, 30_000, seed: 5, open);
        foreach (var sql in Queries)
        {
            AssertSame(Connection, sql);
        }
    }

    [Fact]
    public void A_reader_may_be_left_in_the_middle_and_others_be_open_beside_it()
    {
        Fill(Connection, 20_000, seed: 6);
        SetParallelism(Connection, Four);
        var expected = Run(Connection, Four, "SELECT id FROM e WHERE id % 50 = 0");
        SetParallelism(Connection, Four);
        using var first = Command("SELECT id FROM e WHERE id % 50 = 0").ExecuteReader();
        using var second = Command("SELECT id FROM e WHERE id % 50 = 0").ExecuteReader();
        for (var i = 0; i < expected.Length / 2; i++)
        {
            Assert.True(first.Read());
            Assert.True(second.Read());
            Assert.Equal(expected[i], $"{first.GetInt64(0)}");
            Assert.Equal(expected[i], $"{second.GetInt64(0)}");
        }

        first.Close();
        Execute("DELETE FROM e");
        for (var i = expected.Length / 2; i < expected.Length; i++)
        {
            Assert.True(second.Read());
            Assert.Equal(expected[i], $"{second.GetInt64(0)}");
        }
    }

    [Fact]
    public void A_failing_row_fails_where_one_thread_fails()
    {
        Fill(Connection, 20_000, seed: 7);
        Execute("UPDATE e SET name = 'x', price = 0 WHERE id IN (9000, 15000)");
        foreach (var parallelism in new[] { Parallelism.Off, Four })
        {
            SetParallelism(Connection, parallelism);
            var error = Assert.Throws<EngramException>(() =>
            {
                using var reader = Command("SELECT id, CAST(name AS int) FROM e WHERE id % 100 = 0 AND (id >= 15000 OR price = 0)").ExecuteReader();
                while (reader.Read())
                {
                }
            });
            Assert.Equal(SqlStates.InvalidTextRepresentation, error.SqlState);
        }
    }
}
