using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>INSERT … ON CONFLICT.</summary>
public sealed class ConflictTests : AdoTest
{
    [Fact]
    public void Do_nothing_leaves_out_what_is_there_and_what_the_statement_inserted()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, u int UNIQUE, s text)");
        Execute("INSERT INTO t VALUES (1, 10, 'a')");
        Assert.Equal(["2", "3"], Rows("INSERT INTO t VALUES (1, 11, 'b'), (2, 12, 'c'), (2, 13, 'd'), (3, NULL, 'e'), (4, 10, 'f') ON CONFLICT DO NOTHING RETURNING id"));
        Assert.Equal(0, Execute("INSERT INTO t VALUES (1, 99, 'x') ON CONFLICT (id) DO NOTHING"));
        AssertState("23505", () => Execute("INSERT INTO t VALUES (9, 12, 'x') ON CONFLICT (id) DO NOTHING"));
        Assert.Equal(1, Execute("INSERT INTO t VALUES (5, NULL, 'x'), (3, NULL, 'x') ON CONFLICT ON CONSTRAINT t_pkey DO NOTHING"));
        Assert.Equal(["1,10,a", "2,12,c", "3,NULL,e", "5,NULL,x"], Rows("SELECT * FROM t ORDER BY id"));
    }

    [Fact]
    public void Do_update_reads_both_rows_and_returns_in_the_order_of_values()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, s text, twice int GENERATED ALWAYS AS (n * 2) STORED)");
        Execute("INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b')");
        Assert.Equal(
            ["3,30,60", "1,11,22", "4,40,80", "2,22,44"],
            Rows("INSERT INTO t AS old VALUES (3, 30), (1, 10), (4, 40), (2, 20) ON CONFLICT (id) DO UPDATE SET n = old.n + excluded.n RETURNING id, n, twice"));
        Assert.Equal(["1,a", "2,b", "3,NULL", "4,NULL"], Rows("SELECT id, s FROM t ORDER BY id"));

        // A condition that does not hold: the row is neither changed nor returned.
        Assert.Equal(["5,5"], Rows("INSERT INTO t VALUES (1, 5), (5, 5) ON CONFLICT (id) DO UPDATE SET n = excluded.n WHERE t.n < excluded.n RETURNING id, n"));
        Assert.Equal(2, Execute("INSERT INTO t VALUES (1, 1), (1, 100), (2, 100) ON CONFLICT (id) DO UPDATE SET n = excluded.n WHERE t.n < excluded.n"));
        Assert.Equal(["1,100,200", "2,100,200"], Rows("SELECT id, n, twice FROM t WHERE id < 3 ORDER BY id"));

        Assert.Equal(1, Execute("INSERT INTO t (id, n) SELECT 1, max(n) FROM t ON CONFLICT (id) DO UPDATE SET (n, s) = (excluded.n + 1, (SELECT s FROM t x WHERE x.id = t.id + 1))"));
        Assert.Equal(["1,101,b"], Rows("SELECT id, n, s FROM t WHERE id = 1"));
    }

    [Fact]
    public void No_row_is_changed_twice()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, n int)");
        Execute("INSERT INTO t VALUES (1, 1)");
        AssertState("21000", () => Execute("INSERT INTO t VALUES (1, 2), (1, 3) ON CONFLICT (id) DO UPDATE SET n = excluded.n"));
        AssertState("21000", () => Execute("INSERT INTO t VALUES (2, 2), (2, 3) ON CONFLICT (id) DO UPDATE SET n = excluded.n"));
        AssertState("21000", () => Execute("INSERT INTO t VALUES (1, 2), (5, 3) ON CONFLICT (id) DO UPDATE SET id = 5"));
        Assert.Equal(["1,1"], Rows("SELECT * FROM t"));
        // The key that an update gave away is free for the next row.
        Assert.Equal(["7,1", "1,3"], Rows("INSERT INTO t VALUES (1, 2), (1, 3) ON CONFLICT (id) DO UPDATE SET id = 7 RETURNING id, n"));
    }

    [Fact]
    public void Targets_are_looked_for_among_unique_indexes()
    {
        Execute("CREATE TABLE t (a int, b int, c int, CONSTRAINT ab UNIQUE (a, b))");
        Execute("CREATE UNIQUE INDEX part ON t (c) WHERE a > 0");
        Execute("INSERT INTO t VALUES (1, 1, 1), (-1, 1, 2)");
        Assert.Equal(1, Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (b, a) DO UPDATE SET c = 5"));
        Assert.Equal(0, Execute("INSERT INTO t VALUES (2, 2, 5) ON CONFLICT (c) WHERE a > 0 DO NOTHING"));
        Assert.Equal(2, Execute("INSERT INTO t VALUES (2, 2, 2), (-2, 2, 5) ON CONFLICT (c) WHERE a > 0 DO NOTHING"));
        AssertState("42P10", () => Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (c) DO NOTHING"));
        AssertState("42P10", () => Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (a) DO NOTHING"));
        AssertState("42704", () => Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT ON CONSTRAINT part DO NOTHING"));
        AssertState("42702", () => Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (a, b) DO UPDATE SET c = c + 1"));
        AssertState("42703", () => Execute("INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (x) DO NOTHING"));
        var plan = Rows("EXPLAIN INSERT INTO t VALUES (1, 1, 5) ON CONFLICT (a, b) DO UPDATE SET c = excluded.c WHERE t.c > 0").Select(r => r.Trim());
        Assert.Equal(["on conflict in: ab", "set: c = c", "where: (c > 0)"], plan.Where(l => l.StartsWith("on ", StringComparison.Ordinal) || l.StartsWith("set", StringComparison.Ordinal) || l.StartsWith("where", StringComparison.Ordinal)));
    }

    [Fact]
    public void Foreign_keys_and_checks_hold_for_changed_rows()
    {
        Execute("CREATE TABLE p (id int PRIMARY KEY, code int UNIQUE); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p ON UPDATE CASCADE, n int CHECK (n > 0))");
        Execute("INSERT INTO p VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1, 1, 1)");
        AssertState("23503", () => Execute("INSERT INTO c VALUES (1, 9, 1) ON CONFLICT (id) DO UPDATE SET p = excluded.p"));
        AssertState("23514", () => Execute("INSERT INTO c VALUES (1, 1, 5) ON CONFLICT (id) DO UPDATE SET n = c.n - 1"));
        AssertState("23514", () => Execute("INSERT INTO c VALUES (1, 1, 0) ON CONFLICT (id) DO NOTHING"));
        AssertState("23505", () => Execute("INSERT INTO p VALUES (1, 7) ON CONFLICT (id) DO UPDATE SET code = 2"));
        Assert.Equal(1, Execute("INSERT INTO c VALUES (1, 9, 1) ON CONFLICT (id) DO UPDATE SET p = 2"));
        Assert.Equal(1, Execute("INSERT INTO p VALUES (9, 2) ON CONFLICT (code) DO UPDATE SET id = excluded.id"));
        Assert.Equal(["1,9,1"], Rows("SELECT * FROM c"));
    }

    [Fact]
    public void A_snapshot_transaction_may_not_pass_over_rows_that_it_does_not_see()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, n int)");
        var other = Open();
        using var transaction = other.BeginTransaction(System.Data.IsolationLevel.Snapshot);
        Assert.Equal(0L, Run(other, transaction, "SELECT count(*) FROM t"));
        Execute("INSERT INTO t VALUES (1, 1)");
        AssertState("40001", () => Run(other, transaction, "INSERT INTO t VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET n = 2"));
        AssertState("40001", () => Run(other, transaction, "INSERT INTO t VALUES (1, 2) ON CONFLICT DO NOTHING"));
        Assert.Null(Run(other, transaction, "INSERT INTO t VALUES (2, 2), (2, 3) ON CONFLICT DO NOTHING"));
        transaction.Commit();
        Assert.Equal(["1,1", "2,2"], Rows("SELECT * FROM t ORDER BY id"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Many_rows_give_what_one_at_a_time_would(int seed)
    {
        var random = new Random(seed);
        Execute("CREATE TABLE t (id int PRIMARY KEY, k text NOT NULL UNIQUE, n int NOT NULL)");
        var model = new Dictionary<int, (string Key, int N)>();
        for (var round = 0; round < 12; round++)
        {
            var count = random.Next(1, 3000);
            var ids = Enumerable.Range(0, 4000).OrderBy(_ => random.Next()).Take(count).ToArray();
            var limit = random.Next(0, 100);
            var rows = new List<string>();
            var expected = new List<string>();
            foreach (var id in ids)
            {
                var n = random.Next(100);
                rows.Add($"({id}, 'k{id}', {n})");
                if (!model.TryGetValue(id, out var old))
                {
                    model[id] = ($"k{id}", n);
                }
                else if (old.N < limit)
                {
                    model[id] = ($"k{id}", old.N + n);
                }
                else
                {
                    continue;
                }

                expected.Add($"{id},{model[id].N}");
            }

            Assert.Equal(expected, Rows($"INSERT INTO t VALUES {string.Join(", ", rows)} ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n WHERE t.n < {limit} RETURNING id, n"));
            foreach (var id in ids.Take(100))
            {
                model.Remove(id);
            }

            Execute($"DELETE FROM t WHERE id IN ({string.Join(", ", ids.Take(100))})");
            Assert.Equal(model.OrderBy(m => m.Key).Select(m => $"{m.Key},{m.Value.Key},{m.Value.N}"), Rows("SELECT * FROM t ORDER BY id"));
        }
    }

    private static object? Run(EngramConnection connection, EngramTransaction transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
