using System.Data;

namespace Engram.Data.Tests.Ado;

public sealed class TransactionTests : AdoTest
{
    public TransactionTests() => Execute("CREATE TABLE t (id integer PRIMARY KEY, v integer)");

    [Fact]
    public void Commit_keeps_and_rollback_undoes()
    {
        using (var transaction = Connection.BeginTransaction())
        {
            Assert.Same(Connection, transaction.Connection);
            Assert.Equal(IsolationLevel.ReadCommitted, transaction.IsolationLevel);
            Execute("INSERT INTO t VALUES (1, 1)");
            transaction.Commit();
            Assert.Null(transaction.Connection);
            Assert.Throws<InvalidOperationException>(transaction.Commit);
            Assert.Throws<InvalidOperationException>(transaction.Rollback);
        }

        using (var transaction = Connection.BeginTransaction())
        {
            Execute("INSERT INTO t VALUES (2, 2)");
            Execute("UPDATE t SET v = 9");
            Assert.Equal(["1,9", "2,9"], Rows("SELECT id, v FROM t ORDER BY id"));
            transaction.Rollback();
        }

        using (Connection.BeginTransaction())
        {
            Execute("DELETE FROM t");
        }

        Assert.Equal(["1,1"], Rows("SELECT id, v FROM t"));
    }

    [Fact]
    public void Others_see_a_transaction_when_it_is_committed()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1, 1)");
        Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM t"));
        using (var readers = other.BeginTransaction())
        {
            Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM t"));
            transaction.Commit();
            Assert.Equal(1L, Scalar(other, "SELECT count(*) FROM t"));
        }
    }

    [Fact]
    public void Transactions_do_not_nest()
    {
        using var transaction = Connection.BeginTransaction();
        Assert.Throws<InvalidOperationException>(() => Connection.BeginTransaction());
        AssertState("25001", () => Execute("BEGIN"));
        transaction.Rollback();
        Connection.BeginTransaction().Dispose();
        Assert.Throws<ArgumentException>(() => Connection.BeginTransaction(IsolationLevel.Chaos));
    }

    [Fact]
    public void A_statement_that_fails_is_undone_alone()
    {
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1, 1)");
        AssertState("23505", () => Execute("INSERT INTO t VALUES (2, 2), (1, 0), (3, 3)"));
        AssertState("42P01", () => Execute("INSERT INTO nowhere VALUES (1)"));
        AssertState("22012", () => Execute("UPDATE t SET v = 1 / (v - 1)"));
        Assert.Equal(["1,1"], Rows("SELECT id, v FROM t"));
        Execute("INSERT INTO t VALUES (2, 2)");
        transaction.Commit();
        Assert.Equal(["1,1", "2,2"], Rows("SELECT id, v FROM t ORDER BY id"));
    }

    [Fact]
    public void Savepoints_nest()
    {
        using var transaction = Connection.BeginTransaction();
        Assert.True(transaction.SupportsSavepoints);
        transaction.Save("before");
        Execute("INSERT INTO t VALUES (1, 1)");
        transaction.Save("one");
        Execute("INSERT INTO t VALUES (2, 2)");
        transaction.Save("two");
        Execute("INSERT INTO t VALUES (3, 3)");
        transaction.Rollback("two");
        Assert.Equal(["1", "2"], Rows("SELECT id FROM t ORDER BY id"));
        transaction.Rollback("one");
        Assert.Equal(["1"], Rows("SELECT id FROM t ORDER BY id"));
        AssertState("3B001", () => transaction.Rollback("two"));
        transaction.Rollback("one");
        transaction.Release("one");
        AssertState("3B001", () => transaction.Rollback("one"));
        Execute("INSERT INTO t VALUES (4, 4)");
        transaction.Rollback("before");
        Assert.Empty(Rows("SELECT id FROM t"));
        Execute("INSERT INTO t VALUES (5, 5)");
        transaction.Commit();
        Assert.Equal(["5"], Rows("SELECT id FROM t"));
    }

    [Fact]
    public void The_same_in_sql()
    {
        Execute("BEGIN; INSERT INTO t VALUES (1, 1); SAVEPOINT s; INSERT INTO t VALUES (2, 2); ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s; COMMIT");
        Assert.Equal(["1"], Rows("SELECT id FROM t"));
        Execute("START TRANSACTION; DELETE FROM t; ROLLBACK");
        Assert.Equal(["1"], Rows("SELECT id FROM t"));
        AssertState("25P01", () => Execute("COMMIT"));
        AssertState("25P01", () => Execute("ROLLBACK"));
        AssertState("25P01", () => Execute("SAVEPOINT s"));
        Execute("BEGIN ISOLATION LEVEL SERIALIZABLE");
        Assert.Equal("serializable", Scalar("SHOW transaction_isolation"));
        Execute("ROLLBACK");
        Execute("BEGIN READ ONLY");
        AssertState("25006", () => Execute("DELETE FROM t"));
        Execute("COMMIT");
        using var transaction = Connection.BeginTransaction();
        Execute("COMMIT");
        Assert.Throws<InvalidOperationException>(transaction.Commit);
    }

    [Fact]
    public void Schema_changes_are_part_of_a_transaction()
    {
        using (Connection.BeginTransaction())
        {
            Execute("CREATE TABLE u (x integer); INSERT INTO u VALUES (1); DROP TABLE t");
            Assert.Equal(1, Scalar("SELECT x FROM u"));
            AssertState("42P01", () => Scalar("SELECT count(*) FROM t"));
        }

        AssertState("42P01", () => Scalar("SELECT x FROM u"));
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_writer_waits_for_the_one_before_and_not_for_ever()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1, 1)");
        using var command = Command(other, "INSERT INTO t VALUES (2, 2)");
        command.CommandTimeout = 2;
        var error = Assert.Throws<EngramException>(() => command.ExecuteNonQuery());
        Assert.Equal("55P03", error.SqlState);
        Assert.True(error.IsTransient);
        command.CommandTimeout = 30;
        var waiting = command.ExecuteNonQueryAsync();
        Assert.False(waiting.IsCompleted);
        transaction.Commit();
        Assert.Equal(1, await waiting);
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Waiting_for_the_lock_can_be_cancelled()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1, 1)");
        using var source = new CancellationTokenSource();
        var waiting = Command(other, "INSERT INTO t VALUES (2, 2)").ExecuteNonQueryAsync(source.Token);
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        using var command = Command(other, "INSERT INTO t VALUES (3, 3)");
        var second = command.ExecuteNonQueryAsync();
        command.Cancel();
        Assert.Equal("57014", (await Assert.ThrowsAsync<EngramException>(() => second)).SqlState);
        transaction.Commit();
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Reading_takes_no_lock()
    {
        using var other = Open();
        using var reading = Connection.BeginTransaction();
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1, Execute(other, "INSERT INTO t VALUES (1, 1)"));
        using var writing = other.BeginTransaction();
        Execute(other, "INSERT INTO t VALUES (2, 2)");
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        reading.Commit();
    }

    [Theory]
    [InlineData(IsolationLevel.Snapshot)]
    [InlineData(IsolationLevel.RepeatableRead)]
    public void A_snapshot_sees_one_moment(IsolationLevel level)
    {
        using var other = Open();
        Execute("INSERT INTO t VALUES (1, 1), (2, 2)");
        using (var transaction = Connection.BeginTransaction(level))
        {
            Assert.Equal(IsolationLevel.Snapshot, transaction.IsolationLevel);
            Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
            Execute(other, "INSERT INTO t VALUES (3, 3); UPDATE t SET v = 10 WHERE id = 1");
            Assert.Equal(["1,1", "2,2"], Rows("SELECT id, v FROM t ORDER BY id"));
            Assert.Equal(1, Execute("UPDATE t SET v = 20 WHERE id = 2"));
            Assert.Equal(["1,1", "2,20"], Rows("SELECT id, v FROM t ORDER BY id"));
            var error = Assert.Throws<EngramException>(() => Execute("UPDATE t SET v = v + 1 WHERE id = 1"));
            Assert.Equal("40001", error.SqlState);
            Assert.True(error.IsTransient);
            transaction.Commit();
        }

        Assert.Equal(["1,10", "2,20", "3,3"], Rows("SELECT id, v FROM t ORDER BY id"));
    }

    [Fact]
    public async Task Serializable_takes_the_lock_with_its_first_statement()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction(IsolationLevel.Serializable);
        Assert.Equal(1, Execute(other, "INSERT INTO t VALUES (1, 1)"));
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        using var command = Command(other, "INSERT INTO t VALUES (2, 2)");
        var waiting = command.ExecuteNonQueryAsync();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        transaction.Commit();
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public void Read_committed_does_not_lose_updates()
    {
        Execute("INSERT INTO t VALUES (1, 0)");
        Parallel.For(0, 4, _ =>
        {
            using var connection = new EngramConnection(ConnectionString);
            connection.Open();
            for (var i = 0; i < 50; i++)
            {
                using var transaction = connection.BeginTransaction();
                Scalar(connection, "SELECT v FROM t WHERE id = 1");
                Execute(connection, "UPDATE t SET v = v + 1 WHERE id = 1");
                transaction.Commit();
            }
        });
        Assert.Equal(200, Scalar("SELECT v FROM t WHERE id = 1"));
    }

    [Fact]
    public async Task Many_writers_wait_without_threads()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            await using var connection = new EngramConnection(ConnectionString);
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await Command(connection, "INSERT INTO t VALUES ($1, 0)", i).ExecuteNonQueryAsync();
            await Task.Yield();
            await Command(connection, "UPDATE t SET v = $1 WHERE id = $1", i).ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        }));
        Assert.Equal(64L, Scalar("SELECT count(*) FROM t WHERE v = id"));
    }

    [Fact]
    public void A_reader_of_own_rows_goes_on_after_the_commit()
    {
        using var other = Open();
        var transaction = Connection.BeginTransaction();
        for (var first = 0; first < 6000; first += 1000)
        {
            Execute("INSERT INTO t VALUES " + string.Join(", ", Enumerable.Range(first, 1000).Select(i => $"({i}, {i})")));
        }

        using var reader = Command("SELECT id, v FROM t WHERE id % 2 = 1 ORDER BY id").ExecuteReader();
        for (var i = 0; i < 1500; i++)
        {
            Assert.True(reader.Read());
        }

        Assert.Equal(2999, reader.GetInt32(0));
        transaction.Commit();
        Assert.Equal(2999, reader.GetInt32(0));
        Execute(other, "UPDATE t SET v = -1; DELETE FROM t WHERE id > 4000");
        for (var i = 1500; i < 3000; i++)
        {
            Assert.True(reader.Read());
            Assert.Equal((2 * i) + 1, reader.GetInt32(0));
            Assert.Equal((2 * i) + 1, reader.GetInt32(1));
        }

        Assert.False(reader.Read());
    }

    [Fact]
    public void What_fails_in_an_open_reader_does_not_fail_the_commit()
    {
        var transaction = Connection.BeginTransaction();
        for (var first = 0; first < 6000; first += 1000)
        {
            Execute("INSERT INTO t VALUES " + string.Join(", ", Enumerable.Range(first, 1000).Select(i => $"({i}, {i})")));
        }

        using var reader = Command("SELECT 10 / (v - 5000) FROM t").ExecuteReader();
        Assert.True(reader.Read());
        transaction.Commit();
        Assert.Equal(6000L, Scalar("SELECT count(*) FROM t"));
        AssertState("22012", () =>
        {
            while (reader.Read())
            {
            }
        });
    }

    [Fact]
    public void A_reader_of_own_rows_ends_with_a_rollback()
    {
        var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1, 1), (2, 2)");
        using var reader = Command("SELECT id FROM t").ExecuteReader();
        Assert.True(reader.Read());
        transaction.Rollback();
        Assert.Throws<InvalidOperationException>(() => reader.GetInt32(0));
        AssertState("25000", () => reader.Read());
        reader.Close();
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_reader_of_what_others_committed_outlives_its_transaction()
    {
        Execute("INSERT INTO t VALUES (1, 1), (2, 2)");
        foreach (var level in new[] { IsolationLevel.ReadCommitted, IsolationLevel.Snapshot })
        {
            var transaction = Connection.BeginTransaction(level);
            using var reader = Command("SELECT id FROM t ORDER BY id").ExecuteReader();
            Assert.True(reader.Read());
            transaction.Rollback();
            Assert.Equal(1, reader.GetInt32(0));
            Assert.True(reader.Read());
            Assert.Equal(2, reader.GetInt32(0));
        }
    }

    [Fact]
    public void A_reader_in_a_transaction_does_not_see_what_the_transaction_writes_later()
    {
        Execute("INSERT INTO t VALUES (1, 1), (2, 2)");
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (3, 3)");
        using var reader = Command("SELECT id, v FROM t ORDER BY id").ExecuteReader();
        Assert.True(reader.Read());
        Execute("UPDATE t SET v = 100");
        Execute("DELETE FROM t WHERE id = 2");
        Execute("INSERT INTO t VALUES (4, 4)");
        Assert.True(reader.Read());
        Assert.Equal(2, reader.GetInt32(1));
        Assert.True(reader.Read());
        Assert.Equal(3, reader.GetInt32(1));
        Assert.False(reader.Read());
        transaction.Commit();
    }

    [Fact]
    public void An_insert_from_its_own_table_ends()
    {
        Execute("INSERT INTO t VALUES (1, 1), (2, 2)");
        Assert.Equal(2, Execute("INSERT INTO t SELECT id + 100, v FROM t"));
        Assert.Equal(4L, Scalar("SELECT count(*) FROM t"));
    }
}
