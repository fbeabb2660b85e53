using Engram.Data.Columns;

namespace Engram.Data.Tests.Ado;

/// <summary>Memory Limit: data larger than it, writers that are held up, statements that need too much.</summary>
public sealed class MemoryLimitTests : AdoTest
{
    private const int Dimensions = 256;
    private const long Limit = 8L * 1024 * 1024;

    [Fact]
    public async Task A_table_of_eight_times_the_limit_is_written_read_searched_and_updated()
    {
        const int RowsPerStatement = 256;
        const int Statements = 256;
        await using var connection = Start();
        var memory = connection.Session.Database.Store.Memory;
        var random = new Random(1);
        var (most, rows) = (0L, 0);
        for (var i = 0; i < Statements; i++)
        {
            await using var command = Command(connection, "INSERT INTO e VALUES " + string.Join(", ", Enumerable.Range(0, RowsPerStatement).Select(r => $"(@i{r}, @v)")));
            command.Parameters.AddWithValue("v", Vector(random));
            for (var r = 0; r < RowsPerStatement; r++)
            {
                command.Parameters.AddWithValue($"i{r}", (long)rows++);
            }

            _ = i % 2 == 0 ? await command.ExecuteNonQueryAsync() : command.ExecuteNonQuery();
            most = Math.Max(most, memory.UsedBytes);
        }

        Assert.True((long)rows * Dimensions * sizeof(float) >= 8 * Limit);
        Assert.InRange(most, Limit / 4, 5 * Limit / 2);
        Check();
        new EngramBulkCopy(connection, "e").WriteToServer(Enumerable.Range(rows, 20_000).Select(i => new object?[] { (long)i, Vector(random) }));
        rows += 20_000;
        Check();
        Execute(connection, "UPDATE e SET v = '" + Text(7) + "' WHERE id = 60000");
        Execute(connection, "DELETE FROM e WHERE id % 100 = 1");
        rows -= (rows + 98) / 100;
        Check();
        connection.Close();
        Assert.Equal(0, memory.UsedBytes);

        await connection.OpenAsync();
        Check();
        memory = connection.Session.Database.Store.Memory;
        await connection.CloseAsync();
        Assert.Equal(0, memory.UsedBytes);

        void Check()
        {
            Assert.Equal((long)rows, Scalar(connection, "SELECT count(*) FROM e"));
            Assert.Equal(12_345L, Scalar(connection, "SELECT id FROM e WHERE id = 12345"));
            Assert.Equal(5L, Scalar(connection, "SELECT count(*) FROM (SELECT id FROM e ORDER BY v <-> $1 LIMIT 5) AS t", Vector(random)));
            if (Scalar(connection, "SELECT id FROM e WHERE id = 1") is null)
            {
                Assert.Equal(60_000L, Scalar(connection, $"SELECT id FROM e ORDER BY v <-> '{Text(7)}' LIMIT 1"));
            }
        }
    }

    [Fact]
    public async Task A_statement_that_keeps_too_much_fails_alone_and_gives_its_memory_back()
    {
        await using var connection = Start();
        var memory = connection.Session.Database.Store.Memory;
        new EngramBulkCopy(connection, "e").WriteToServer(Enumerable.Range(0, 20_000).Select(i => new object?[] { (long)i, new float[Dimensions] }));
        var before = memory.UsedBytes;
        foreach (var sql in new[]
        {
            "SELECT v FROM e ORDER BY id % 7, v",
            "SELECT count(*) FROM e AS a JOIN e AS b ON a.id = b.id + 1 WHERE a.v = b.v OR a.id < b.id",
            "SELECT id + 0.5 AS k, v, count(*) FROM e GROUP BY id + 0.5, v",
            "UPDATE e SET id = id RETURNING *",
            "SELECT DISTINCT id || repeat('x', 1000) FROM e",
            "SELECT count(DISTINCT id || repeat('x', 1000)) FROM e",
            "SELECT array_agg(id || repeat('x', 1000)) FROM e",
            "SELECT string_agg(repeat('x', 1000), '-') FROM e",
            "SELECT jsonb_agg(repeat('x', 1000)) FROM e",
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id || repeat('x', 1000)) FROM e",
            "SELECT array_agg(id) OVER (ORDER BY id) FROM e",
            "SELECT array_agg(id) OVER (ORDER BY id ROWS BETWEEN 5000 PRECEDING AND CURRENT ROW) FROM e",
            "WITH RECURSIVE r (n, t) AS (SELECT 1, '' UNION SELECT n + 1, n || repeat('x', 1000) FROM r) SELECT count(*) FROM r",
        })
        {
            var error = Assert.Throws<EngramException>(() => Rows(connection, sql));
            Assert.Equal("53200", error.SqlState);
            Assert.True(error.IsTransient);
            Assert.Contains("Memory Limit", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, memory.ReservedBytes);
            Execute(connection, "CHECKPOINT");
            Assert.InRange(memory.UsedBytes, 0, before + (Limit / 2));
        }

        Assert.Equal(20_000L, Scalar(connection, "SELECT count(*) FROM e"));
        Assert.Equal(10, Rows(connection, "SELECT id FROM e ORDER BY id DESC LIMIT 10").Length);
    }

    [Fact]
    public async Task A_transaction_larger_than_the_limit_is_undone_and_what_it_took_comes_back()
    {
        await using var connection = Start();
        var memory = connection.Session.Database.Store.Memory;
        await using (var transaction = connection.BeginTransaction())
        {
            Execute(connection, "INSERT INTO e VALUES (1, $1)", new float[Dimensions]);
            var error = Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO e SELECT 2 + a.n + 100 * b.n, (SELECT v FROM e WHERE id = 1) FROM n AS a, n AS b"));
            Assert.Equal("53200", error.SqlState);
            Assert.Contains("EngramBulkCopy", error.Message, StringComparison.Ordinal);
            Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM e"));
            await transaction.RollbackAsync();
        }

        Assert.True(memory.DeltaBytes > Limit / 2);
        // The next writer needs no help: it waits until a checkpoint has dropped what was rolled back.
        Execute(connection, "INSERT INTO e VALUES (1, $1)", new float[Dimensions]);
        Execute(connection, "CHECKPOINT");
        Assert.InRange(memory.UsedBytes, 0, Limit / 2);
        Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM e"));
        Assert.Equal("23505", Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO e VALUES (1, NULL)")).SqlState);
    }

    [Fact]
    public async Task Writers_wait_at_the_limit_and_fail_when_an_old_reader_keeps_the_memory()
    {
        await using var connection = Start(";Default Timeout=1");
        var memory = connection.Session.Database.Store.Memory;
        memory.Charge(Limit);
        try
        {
            var error = Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO e VALUES (1, NULL)"));
            Assert.Equal("53200", error.SqlState);
            Assert.Contains("readers", error.Message, StringComparison.Ordinal);
            using var second = Command(connection, "INSERT INTO e VALUES (2, NULL)");
            second.CommandTimeout = 120;
            var waiting = Task.Run(second.ExecuteNonQuery);
            memory.Charge(-Limit);
            Assert.Equal(1, await waiting);
        }
        finally
        {
            memory.Charge(memory.DeltaBytes >= Limit ? -Limit : 0);
        }

        Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM e"));
    }

    /// <summary>Its own snapshot may be what keeps the memory, and it would be refused afterwards anyway.</summary>
    [Fact]
    public async Task A_transaction_whose_snapshot_is_older_than_the_checkpoint_is_refused_at_the_limit_and_does_not_wait()
    {
        await using var connection = Start();
        var memory = connection.Session.Database.Store.Memory;
        await using var other = Open(connection.ConnectionString);
        await using var transaction = other.BeginTransaction(System.Data.IsolationLevel.Snapshot);
        Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM e"));
        Execute(connection, "INSERT INTO e VALUES (1, NULL)");
        Execute(connection, "CHECKPOINT");
        memory.Charge(Limit);
        try
        {
            Assert.Equal("40001", Assert.Throws<EngramException>(() => Execute(other, "INSERT INTO e VALUES (2, NULL)")).SqlState);
        }
        finally
        {
            memory.Charge(-Limit);
        }

        Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM e"));
        await transaction.RollbackAsync();
        Execute(other, "INSERT INTO e VALUES (2, NULL)");
    }

    [Fact]
    public void The_limit_is_a_keyword()
    {
        Assert.Equal(0, new EngramConnectionStringBuilder().MemoryLimit);
        Assert.Equal(512, new EngramConnectionStringBuilder("memorylimit=512").MemoryLimit);
        Assert.Throws<ArgumentException>(() => new EngramConnectionStringBuilder("Memory Limit=-1"));
        Assert.Equal(MemoryBudget.LimitBytesDefault, Connection.Session.Database.Store.Memory.LimitBytes);
        Assert.True(MemoryBudget.LimitBytesDefault > 0);
    }

    private EngramConnection Start(string more = "")
    {
        var connection = Open($"Data Source={DiskPath};Keep Alive=0;Memory Limit=8" + more);
        Execute(connection, $"CREATE TABLE e (id bigint PRIMARY KEY, v vector({Dimensions}))");
        Execute(connection, "CREATE TABLE n (n integer)");
        Execute(connection, "INSERT INTO n VALUES " + string.Join(", ", Enumerable.Range(0, 100).Select(i => $"({i})")));
        return connection;
    }

    private static float[] Vector(Random random) => [.. Enumerable.Range(0, Dimensions).Select(_ => random.NextSingle())];

    private static string Text(int value) => "[" + string.Join(",", Enumerable.Repeat(value, Dimensions)) + "]";
}
