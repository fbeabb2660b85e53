using System.Transactions;

namespace Engram.Data.Tests.Ado;

/// <summary>Connections inside of a TransactionScope.</summary>
public sealed class AmbientTransactionTests : AdoTest
{
    public AmbientTransactionTests() => Execute("CREATE TABLE t (id integer PRIMARY KEY)");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_one_connection_after_another_does_is_committed_as_a_whole_or_not_at_all(bool isCompleted)
    {
        using (var scope = new TransactionScope())
        {
            using (var first = new EngramConnection(ConnectionString))
            {
                first.Open();
                Execute(first, "INSERT INTO t VALUES (1)");
            }

            using (var second = new EngramConnection(ConnectionString))
            {
                second.Open();
                Execute(second, "INSERT INTO t VALUES (2)");
                Assert.Equal(2L, Command(second, "SELECT count(*) FROM t").ExecuteScalar());
                // Another connection that is open at the same time shares the transaction too.
                using var third = new EngramConnection(ConnectionString);
                third.Open();
                Execute(third, "INSERT INTO t VALUES (3)");
            }

            Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
            if (isCompleted)
            {
                scope.Complete();
            }
        }

        Assert.Equal(isCompleted ? 3L : 0L, Scalar("SELECT count(*) FROM t"));
        // The write lock is free again.
        Execute("INSERT INTO t VALUES (4)");
    }

    [Fact]
    public async Task Asynchronous_work_flows_with_its_scope()
    {
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            for (var i = 0; i < 3; i++)
            {
                await using var connection = new EngramConnection(ConnectionString);
                await connection.OpenAsync();
                await Task.Yield();
                await Command(connection, "INSERT INTO t VALUES ($1)", i).ExecuteNonQueryAsync();
            }

            scope.Complete();
        }

        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_connection_that_stays_open_works_alone_after_the_scope()
    {
        using var connection = new EngramConnection(ConnectionString);
        using (var scope = new TransactionScope())
        {
            connection.Open();
            Execute(connection, "INSERT INTO t VALUES (1)");
            scope.Complete();
        }

        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        Execute(connection, "INSERT INTO t VALUES (2)");
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
        using (new TransactionScope())
        {
            connection.EnlistTransaction(Transaction.Current);
            Execute(connection, "INSERT INTO t VALUES (3)");
        }

        Assert.Equal(2L, Command(connection, "SELECT count(*) FROM t").ExecuteScalar());
    }

    [Fact]
    public void Inside_of_a_scope_that_was_rolled_back_nothing_is_written()
    {
        using var connection = new EngramConnection(ConnectionString);
        using (new TransactionScope())
        {
            connection.Open();
            Execute(connection, "INSERT INTO t VALUES (1)");
            Transaction.Current!.Rollback();
            Assert.Equal("25P02", Assert.Throws<EngramException>(() => Execute(connection, "INSERT INTO t VALUES (2)")).SqlState);
        }

        Execute(connection, "INSERT INTO t VALUES (3)");
        Assert.Equal(["3"], Rows("SELECT id FROM t"));
    }

    [Fact]
    public async Task A_rollback_from_another_thread_waits_for_the_statement_that_runs()
    {
        using var transaction = new CommittableTransaction();
        using var connection = new EngramConnection(ConnectionString);
        connection.Open();
        connection.EnlistTransaction(transaction);
        Execute(connection, "INSERT INTO t VALUES (1)");
        var reader = Command(connection, "SELECT a.id FROM t a, (SELECT i FROM (VALUES (1), (2), (3)) AS v (i)) b").ExecuteReader();
        Assert.True(reader.Read());
        await Task.Run(transaction.Rollback);
        // The row at hand can still be looked at; no other comes. A new statement of this thread, which has no scope, is on its own.
        Assert.Equal(1, reader.GetInt32(0));
        Assert.Equal("25P02", Assert.Throws<EngramException>(() =>
        {
            while (reader.Read())
            {
            }
        }).SqlState);
        await reader.DisposeAsync();
        Assert.Equal(0L, Command(connection, "SELECT count(*) FROM t").ExecuteScalar());
        Execute(connection, "INSERT INTO t VALUES (5)");
        Assert.Equal(["5"], Rows("SELECT id FROM t"));
    }

    [Fact]
    public async Task A_rollback_from_another_thread_is_done_when_the_connection_goes_on_or_closes()
    {
        for (var i = 0; i < 2; i++)
        {
            using var transaction = new CommittableTransaction();
            var connection = Open();
            connection.EnlistTransaction(transaction);
            Execute(connection, "INSERT INTO t VALUES (1)");
            var reader = Command(connection, "SELECT id FROM t").ExecuteReader();
            Assert.True(reader.Read());
            await Task.Run(transaction.Rollback);
            if (i == 0)
            {
                // The open reader's rows are taken away now, by the thread that would read them.
                Execute(connection, "INSERT INTO t VALUES (2)");
                Assert.Equal("25000", Assert.Throws<EngramException>(() => reader.Read()).SqlState);
            }
            else
            {
                await connection.CloseAsync();
            }

            Assert.Equal(["2"], Rows("SELECT id FROM t"));
        }

        Execute("INSERT INTO t VALUES (3)");
    }

    [Fact]
    public async Task Connections_that_join_at_once_join_one_transaction()
    {
        for (var round = 0; round < 20; round++)
        {
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            var current = Transaction.Current;
            var connections = Enumerable.Range(0, 4).Select(_ => new EngramConnection(ConnectionString + ";Enlist=False")).ToArray();
            Array.ForEach(connections, c => c.Open());
            await Task.WhenAll(connections.Select(c => Task.Run(() => c.EnlistTransaction(current))));
            Assert.All(connections, c => Assert.Same(connections[0].Session, c.Session));
            for (var i = 0; i < connections.Length; i++)
            {
                Execute(connections[i], "INSERT INTO t VALUES ($1)", (round * 4) + i);
            }

            Array.ForEach(connections, c => c.Dispose());
            scope.Complete();
        }

        Assert.Equal(80L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Two_databases_in_one_scope_are_refused_and_nothing_is_committed()
    {
        using var other = Open("Data Source=ambient-other;Mode=Memory");
        Execute(other, "CREATE TABLE u (id integer)");
        var error = Assert.Throws<TransactionAbortedException>(() =>
        {
            using var scope = new TransactionScope();
            using var first = new EngramConnection(ConnectionString);
            first.Open();
            Execute(first, "INSERT INTO t VALUES (1)");
            using var second = new EngramConnection("Data Source=ambient-other;Mode=Memory");
            second.Open();
            Execute(second, "INSERT INTO u VALUES (1)");
            scope.Complete();
        });
        Assert.Equal("0A000", Assert.IsType<EngramException>(error.InnerException).SqlState);
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
        Assert.Equal(0L, Command(other, "SELECT count(*) FROM u").ExecuteScalar());
        Execute("INSERT INTO t VALUES (2)");
        Execute(other, "INSERT INTO u VALUES (2)");
    }

    [Fact]
    public void What_cannot_take_part_says_why()
    {
        using var scope = new TransactionScope();
        using var connection = new EngramConnection(ConnectionString);
        Assert.Throws<InvalidOperationException>(() => connection.EnlistTransaction(Transaction.Current));
        connection.Open();
        Assert.Throws<InvalidOperationException>(connection.BeginTransaction);
        Assert.Equal("25000", Assert.Throws<EngramException>(() => Execute(connection, "COMMIT")).SqlState);
        Assert.Equal("25000", Assert.Throws<EngramException>(() => Execute(connection, "ROLLBACK")).SqlState);
        Execute(connection, "INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO SAVEPOINT s");
        using var other = new CommittableTransaction();
        Assert.Throws<InvalidOperationException>(() => connection.EnlistTransaction(other));
        Assert.Throws<InvalidOperationException>(() => connection.EnlistTransaction(null));

        using var apart = new EngramConnection(ConnectionString + ";Enlist=False");
        apart.Open();
        Assert.Equal(0L, Command(apart, "SELECT count(*) FROM t").ExecuteScalar());
        using var begun = apart.BeginTransaction();
        Assert.Throws<InvalidOperationException>(() => apart.EnlistTransaction(other));
        scope.Complete();
    }

    [Fact]
    public void A_database_on_the_disk_stays_open_until_the_scope_ends()
    {
        var connectionString = $"Data Source={DiskPath};Keep Alive=0";
        using (var scope = new TransactionScope(TransactionScopeOption.Required, new TransactionOptions { IsolationLevel = IsolationLevel.ReadCommitted }))
        {
            using (var connection = new EngramConnection(connectionString))
            {
                connection.Open();
                Execute(connection, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1)");
            }

            Assert.Equal("55006", Assert.Throws<EngramException>(() => EngramConnection.DeleteDatabase(connectionString)).SqlState);
            scope.Complete();
        }

        using (var reopened = Open(connectionString))
        {
            Assert.Equal(1L, Command(reopened, "SELECT count(*) FROM t").ExecuteScalar());
        }

        Assert.True(EngramConnection.DeleteDatabase(connectionString));
    }

    [Fact]
    public void Bulk_copies_are_part_of_it()
    {
        using (new TransactionScope())
        {
            using var connection = new EngramConnection(ConnectionString);
            connection.Open();
            using var copy = new EngramBulkCopy(connection, "t");
            copy.WriteToServer(Enumerable.Range(0, 20_000).Select(i => new object?[] { i }));
            Assert.Equal(20_000L, Command(connection, "SELECT count(*) FROM t").ExecuteScalar());
        }

        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
    }
}
