using System.Data;
using Engram.Data.Columns;
using Engram.Data.Engine;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Tests.Ado;

/// <summary>Temporary tables beside what scripts show of them: where they end, and who sees them.</summary>
public sealed class TemporaryTableTests : AdoTest
{
    [Fact]
    public void They_end_with_the_connection_and_leave_nothing()
    {
        Execute("CREATE TABLE kept (a integer)");
        using (var other = Open())
        {
            Execute(other, "CREATE TEMP TABLE t (id integer PRIMARY KEY, n serial, w text)");
            Execute(other, "CREATE INDEX t_w ON t (lower(w))");
            Execute(other, "INSERT INTO t (id, w) VALUES (1, 'A')");
            Assert.Single(Left(Connection));
            Assert.Equal(["kept"], Rows(Connection, "SELECT table_name FROM engram_tables"));
            Assert.DoesNotContain(Connection.GetSchema("Tables").Rows.Cast<DataRow>(), r => (string)r["table_name"] == "t");
            Assert.Contains(other.GetSchema("Tables").Rows.Cast<DataRow>(), r => (string)r["table_name"] == "t" && (string)r["table_type"] == "LOCAL TEMPORARY");
            var schema = Left(Connection)[0];
            Assert.Equal(SqlStates.UndefinedTable, Assert.Throws<EngramException>(() => Execute($"SELECT * FROM {schema}.t")).SqlState);
        }

        AssertNothingIsLeft();
        Assert.Equal(SqlStates.UndefinedTable, Assert.Throws<EngramException>(() => Execute("SELECT * FROM t")).SqlState);
    }

    [Fact]
    public void A_connection_that_closes_while_another_writes_waits_for_nobody()
    {
        Execute("CREATE TABLE kept (a integer)");
        var other = Open();
        Execute(other, "CREATE TEMP TABLE t (id integer)");
        using (var transaction = Connection.BeginTransaction())
        {
            Execute("INSERT INTO kept VALUES (1)");
            other.Close();
            Assert.Single(Left(Connection));
            transaction.Commit();
        }

        AssertNothingIsLeft();
    }

    [Fact]
    public async Task What_a_process_left_behind_is_dropped_when_the_database_is_opened()
    {
        var connectionString = $"Data Source={DiskPath}";
        using (var connection = Open(connectionString))
        {
            Execute(connection, "CREATE TABLE kept (a integer)");
            Execute(connection, "CREATE TEMP TABLE t (id integer)");
            Execute(connection, "INSERT INTO t VALUES (1)");
            // As if the session had not been closed: a schema that no session of this process knows.
            using var interrupt = new Interrupt(TimeSpan.Zero, TimeProvider.System, CancellationToken.None);
            await connection.Session.WriteAsync("test", interrupt, isAsync: true, writer =>
            {
                writer.PutSchema("pg_temp_1234567");
                writer.PutTable(writer.Catalog.Tables.Values.Single(t => t.Name == "kept") with
                {
                    Id = new(writer.Catalog.TableIdNext), Schema = "pg_temp_1234567", Name = "left",
                });
            });
            Assert.Equal(2, Left(connection).Count);
        }

        ClearPool(connectionString);
        using (var connection = Open(connectionString))
        {
            Assert.Empty(Left(connection));
            Assert.Equal(["kept"], Rows(connection, "SELECT table_name FROM engram_tables"));
        }

        ClearPool(connectionString);
    }

    [Fact]
    public void A_session_of_temporary_tables_shares_plans_and_keeps_to_its_own_names()
    {
        Execute("CREATE TABLE t (a integer)");
        Execute("INSERT INTO t VALUES (1)");
        using var one = Open();
        using var two = Open();
        Execute(one, "CREATE TEMP TABLE t (a integer)");
        Execute(one, "INSERT INTO t VALUES (10)");
        Execute(two, "CREATE TEMP TABLE t (b text, a text)");
        Execute(two, "INSERT INTO t VALUES ('x', 'two')");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(["1"], Rows(Connection, "SELECT a FROM t"));
            Assert.Equal(["10"], Rows(one, "SELECT a FROM t"));
            Assert.Equal(["two"], Rows(two, "SELECT a FROM t"));
        }

        using (var copy = new EngramBulkCopy(one) { DestinationTableName = "t" })
        {
            copy.WriteToServer(Enumerable.Range(20, 5).Select(i => new object?[] { i }));
        }

        Assert.Equal(6L, Scalar(one, "SELECT count(*) FROM t"));
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void On_commit_acts_in_transactions_of_the_api_too_and_not_at_a_rollback()
    {
        Execute("CREATE TEMP TABLE t (a integer) ON COMMIT DELETE ROWS");
        using (var transaction = Connection.BeginTransaction())
        {
            Execute("INSERT INTO t VALUES (1)");
            Execute("CREATE TEMP TABLE gone (a integer) ON COMMIT DROP");
            Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
            transaction.Commit();
        }

        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
        Assert.Equal(SqlStates.UndefinedTable, Assert.Throws<EngramException>(() => Execute("SELECT * FROM gone")).SqlState);
        using (var transaction = Connection.BeginTransaction())
        {
            Execute("CREATE TEMP TABLE back (a integer) ON COMMIT DROP");
            transaction.Rollback();
        }

        // Another session's table may get the id that the rollback took back.
        using var other = Open();
        Execute(other, "CREATE TABLE permanent (a integer)");
        Execute("INSERT INTO t VALUES (5)");
        Assert.Equal(0L, Scalar("SELECT count(*) FROM permanent"));
    }

    [Fact]
    public void They_are_of_no_concern_to_the_snapshots_of_others()
    {
        Execute("CREATE TABLE kept (a integer)");
        using var other = Open();
        using (var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot))
        {
            Assert.Equal(0L, Scalar("SELECT count(*) FROM kept"));
            Execute(other, "CREATE TEMP TABLE t (id integer PRIMARY KEY, n serial)");
            Execute(other, "INSERT INTO t VALUES (1)");
            Execute("INSERT INTO kept VALUES (1)");
            transaction.Commit();
        }

        using (var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot))
        {
            Assert.Equal(1L, Scalar("SELECT count(*) FROM kept"));
            Execute(other, "ALTER TABLE kept ADD COLUMN b integer");
            Execute(other, "DROP TABLE t");
            Assert.Equal(SqlStates.SerializationFailure, Assert.Throws<EngramException>(() => Execute("INSERT INTO kept VALUES (1)")).SqlState);
        }
    }

    [Fact]
    public void What_keeps_its_rows_does_not_refer_to_what_a_commit_empties()
    {
        Execute("CREATE TEMP TABLE parent (id integer PRIMARY KEY) ON COMMIT DELETE ROWS");
        AssertUnsupported("CREATE TEMP TABLE child (id integer REFERENCES parent)");
        Execute("CREATE TEMP TABLE child (id integer)");
        AssertUnsupported("ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES parent");
        AssertUnsupported("ALTER TABLE child ADD COLUMN parent integer REFERENCES parent");
        Execute("CREATE TEMP TABLE emptied (id integer REFERENCES parent, self integer) ON COMMIT DELETE ROWS");
        Execute("ALTER TABLE emptied ADD COLUMN again integer REFERENCES parent");
        using var transaction = Connection.BeginTransaction();
        Execute("CREATE TEMP TABLE gone (id integer REFERENCES parent) ON COMMIT DROP");
        Execute("INSERT INTO parent VALUES (1)");
        Execute("INSERT INTO emptied (id) VALUES (1)");
        transaction.Commit();
        Assert.Equal(0L, Scalar("SELECT count(*) FROM emptied"));

        void AssertUnsupported(string sql) => Assert.Equal(SqlStates.FeatureNotSupported, Assert.Throws<EngramException>(() => Execute(sql)).SqlState);
    }

    [Fact]
    public async Task A_commit_that_fails_in_what_it_does_with_them_ends_the_transaction()
    {
        Execute("CREATE TABLE kept (a integer)");
        Execute("CREATE TEMP TABLE t (a integer) ON COMMIT DELETE ROWS");
        TableDefinition table;
        using (var snapshot = Connection.Session.Database.Store.OpenSnapshot())
        {
            table = snapshot.Catalog.Tables.Values.Single(t => t.Name == "t");
        }

        RowIdRange rows = default;
        using var value = new ColumnBuffer(table.Columns[0].Type);
        value.Append(1);
        var batch = new Batch(1) { RowCount = 1, Columns = { [0] = value.Column } };
        await WriteAsync(t => rows = t.Insert(table.Id, batch));
        using var other = Open();
        using var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot);
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));

        // No session can do so to another; what deletes the row finds that it has changed.
        await WriteAsync(t => t.Update(table.Id, [rows.First], [table.Columns[0].Id], batch));
        Execute("INSERT INTO kept VALUES (1)");
        Assert.Equal(SqlStates.SerializationFailure, Assert.Throws<EngramException>(transaction.Commit).SqlState);
        Assert.Null(Connection.Session.Transaction);
        Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM kept"));
        Execute(other, "INSERT INTO kept VALUES (2)");

        async Task WriteAsync(Action<Transaction> work)
        {
            await using var writer = await Connection.Session.Database.Store.BeginWriteAsync(TimeSpan.FromMinutes(1), null, default);
            using (writer.BeginStatement())
            {
                work(writer);
                writer.EndStatement();
            }

            await writer.CommitAsync();
        }
    }

    [Fact]
    public void On_commit_acts_after_a_bulk_copy_too()
    {
        Execute("CREATE TEMP TABLE t (a integer) ON COMMIT DELETE ROWS");
        using (var copy = new EngramBulkCopy(Connection) { DestinationTableName = "t" })
        {
            copy.WriteToServer(Enumerable.Range(0, 5).Select(i => new object?[] { i }));
        }

        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Sessions_that_look_along_other_paths_keep_each_other_s_plans()
    {
        Execute("CREATE TABLE kept (a integer)");
        using var one = Open();
        using var two = Open();
        Execute(one, "CREATE TEMP TABLE t (a integer)");
        Execute(two, "CREATE TEMP TABLE t (a text)");
        var statement = one.Session.Prepare("SELECT a FROM t").Statements[0];
        var first = statement.Bind(one.Session.ReadCatalog(), ParameterList.Empty);
        var second = statement.Bind(two.Session.ReadCatalog(), ParameterList.Empty);
        Assert.NotSame(first, second);
        Assert.Same(first, statement.Bind(one.Session.ReadCatalog(), ParameterList.Empty));
        Assert.Same(second, statement.Bind(two.Session.ReadCatalog(), ParameterList.Empty));

        // Nothing is kept of a schema that is no more.
        Execute("CREATE TABLE more (a integer)");
        Assert.NotSame(first, statement.Bind(one.Session.ReadCatalog(), ParameterList.Empty));
    }

    /// <summary>Each session that ends drops what is left, unless somebody writes at that moment: maintenance may.</summary>
    private void AssertNothingIsLeft()
    {
        for (var round = 0; round < 10_000 && Left(Connection).Count > 0; round++)
        {
            Open().Close();
            Thread.Yield();
        }

        Assert.Empty(Left(Connection));
    }

    private static List<string> Left(EngramConnection connection)
    {
        using var snapshot = connection.Session.Database.Store.OpenSnapshot();
        return [.. snapshot.Catalog.Schemas.Where(s => s.StartsWith(DatabaseCatalog.TemporaryPrefix, StringComparison.Ordinal))];
    }
}
