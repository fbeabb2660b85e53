using System.Data;

namespace Engram.Data.Tests.Ado;

public sealed class CommandTests : AdoTest
{
    [Fact]
    public void A_scalar_is_the_first_value_of_the_first_row()
    {
        Assert.Equal(1, Scalar("SELECT 1, 2"));
        Assert.Equal("a", Scalar("SELECT 'a'"));
        Assert.Equal(DBNull.Value, Scalar("SELECT NULL"));
        FillTable(0);
        Assert.Null(Scalar("SELECT id FROM t"));
        Assert.Null(Scalar("INSERT INTO t VALUES (1, 'a')"));
        Assert.Equal(2, Scalar("INSERT INTO t VALUES (2, 'b') RETURNING id"));
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Changes_are_counted()
    {
        Assert.Equal(-1, Execute("CREATE TABLE t (id integer, v integer)"));
        Assert.Equal(3, Execute("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)"));
        Assert.Equal(2, Execute("UPDATE t SET v = v + 1 WHERE id > 1"));
        Assert.Equal(0, Execute("DELETE FROM t WHERE id > 9"));
        Assert.Equal(-1, Execute("SELECT * FROM t"));
        Assert.Equal(4, Execute("INSERT INTO t VALUES (4, 4); DELETE FROM t WHERE id <= 2; SELECT 1; UPDATE t SET v = 0 WHERE id = 3"));
        Assert.Equal(["3,0", "4,4"], Rows("SELECT id, v FROM t ORDER BY id"));
    }

    [Fact]
    public void An_error_tells_which_statement_it_is_of()
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY)");
        Assert.Equal(0, Failing("INSERT INTO t VALUES (NULL)").StatementIndex);
        Assert.Equal(1, Failing("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").StatementIndex);
        Assert.Equal(3, Failing("SELECT 1; INSERT INTO t VALUES (3); SELECT 2; INSERT INTO t VALUES (3) RETURNING id").StatementIndex);
        Assert.Equal(-1, Failing("SELECT 1; SELEKT 2").StatementIndex);

        using var batch = Connection.CreateBatch();
        foreach (var sql in (string[])["SELECT 1", "SELECT 2; INSERT INTO t VALUES (1)", "SELECT 3"])
        {
            batch.BatchCommands.Add(new EngramBatchCommand(sql));
        }

        var e = Assert.Throws<EngramException>(() => batch.ExecuteNonQuery());
        Assert.Equal(1, e.StatementIndex);
        Assert.Same(batch.BatchCommands[1], e.BatchCommand);

        // The last row is in another batch than those that the reader has when it opens.
        using var reader = Command("SELECT 1; SELECT 1 / (5000 - i) FROM generate_series(1, 5000) AS s(i)").ExecuteReader();
        Assert.True(reader.NextResult());
        Assert.True(reader.Read());
        Assert.Equal(1, Assert.Throws<EngramException>(() => ReadAll(reader)).StatementIndex);

        static void ReadAll(EngramDataReader reader)
        {
            while (reader.Read())
            {
            }
        }

        EngramException Failing(string sql) => Assert.Throws<EngramException>(() => Execute(sql));
    }

    [Fact]
    public void Several_statements_give_several_results()
    {
        using var command = Command("CREATE TABLE a (x integer); INSERT INTO a VALUES (1), (2); SELECT x FROM a ORDER BY x; INSERT INTO a VALUES (3) RETURNING x, x * 2 AS d; SELECT count(*) FROM a;");
        using var reader = command.ExecuteReader();
        Assert.Equal(2, reader.RecordsAffected);
        Assert.Equal("x", reader.GetName(0));
        Assert.True(reader.Read());
        Assert.True(reader.Read());
        Assert.Equal(2, reader.GetInt32(0));
        Assert.True(reader.NextResult());
        Assert.Equal(2, reader.FieldCount);
        Assert.True(reader.HasRows);
        Assert.True(reader.Read());
        Assert.Equal(6, reader["d"]);
        Assert.Equal(3, reader.RecordsAffected);
        Assert.True(reader.NextResult());
        Assert.True(reader.Read());
        Assert.Equal(3L, reader.GetInt64(0));
        Assert.False(reader.Read());
        Assert.False(reader.NextResult());
        Assert.Equal(0, reader.FieldCount);
        Assert.False(reader.HasRows);
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_mistake_ends_the_text_and_what_was_committed_stays()
    {
        using var command = Command("CREATE TABLE a (x integer); INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (2); INSERT INTO a VALUES (3)");
        AssertState("42P01", () => command.ExecuteNonQuery());
        Assert.Equal(["1"], Rows("SELECT x FROM a"));
        Assert.Equal(1, Scalar("SELECT 1"));
    }

    [Fact]
    public void A_syntax_error_has_a_position_and_runs_nothing()
    {
        var error = Assert.Throws<EngramException>(() => Execute("CREATE TABLE a (x integer); SELEC 1"));
        Assert.Equal("42601", error.SqlState);
        Assert.Equal(29, error.Position);
        AssertState("42P01", () => Rows("SELECT * FROM a"));
        AssertState("42601", () => Command("SELECT (").Prepare());
        Command("SELECT 1").Prepare();
    }

    [Fact]
    public void Closing_a_reader_runs_what_is_left()
    {
        FillTable(1);
        using (var reader = Command("SELECT 1; INSERT INTO t VALUES (2, 'b'); SELECT 2; INSERT INTO t VALUES (3, 'c')").ExecuteReader())
        {
            Assert.True(reader.Read());
            Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        }

        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Texts_without_statements_do_nothing()
    {
        Assert.Equal(-1, Execute("-- nothing"));
        Assert.Equal(-1, Execute(";;"));
        Assert.Null(Scalar(" /* nothing */ "));
        Assert.Throws<InvalidOperationException>(() => Execute(""));
    }

    [Fact]
    public void Parameters_by_name_and_by_place()
    {
        using var command = Connection.CreateCommand();
        command.CommandText = "SELECT @a + :b, @a";
        command.Parameters.AddWithValue("@a", 1);
        command.Parameters.AddWithValue("b", 2);
        using (var reader = command.ExecuteReader())
        {
            Assert.True(reader.Read());
            Assert.Equal(3, reader.GetInt32(0));
            Assert.Equal(1, reader.GetInt32(1));
        }

        command.Parameters["a"].Value = 10;
        Assert.Equal(12, command.ExecuteScalar());
        Assert.Equal("x-y", Scalar("SELECT $2 || '-' || $1", "y", "x"));
        AssertState("42P02", () => Scalar("SELECT @missing"));
        Assert.Equal(1, Scalar("SELECT 1", "a parameter too many"));
    }

    [Fact]
    public void The_same_command_runs_with_parameters_of_other_types()
    {
        using var command = Command("SELECT $1", 1);
        Assert.Equal(1, command.ExecuteScalar());
        command.Parameters[0].Value = "text";
        Assert.Equal("text", command.ExecuteScalar());
        command.Parameters[0].Value = 1.5m;
        Assert.Equal(1.5m, command.ExecuteScalar());
        command.Parameters[0].Value = null;
        Assert.Equal(DBNull.Value, command.ExecuteScalar());
        command.Parameters[0].Value = 2;
        Assert.Equal(2, command.ExecuteScalar());
    }

    [Fact]
    public void Plans_follow_the_schema()
    {
        Execute("CREATE TABLE a (x integer); INSERT INTO a VALUES (1)");
        using var command = Command("SELECT * FROM a");
        Assert.Equal(1, command.ExecuteScalar());
        Execute("DROP TABLE a; CREATE TABLE a (y text); INSERT INTO a VALUES ('new')");
        Assert.Equal("new", command.ExecuteScalar());
        using (Connection.BeginTransaction())
        {
            Execute("DROP TABLE a; CREATE TABLE a (z boolean); INSERT INTO a VALUES (true)");
            Assert.Equal(true, command.ExecuteScalar());
        }

        Assert.Equal("new", command.ExecuteScalar());
        Execute("DROP TABLE a; CREATE TABLE a (w bigint); INSERT INTO a VALUES (5)");
        Assert.Equal(5L, command.ExecuteScalar());
    }

    [Fact]
    public void Behaviours_are_heeded()
    {
        FillTable(3);
        using (var schema = Command("SELECT id, name FROM t; INSERT INTO t VALUES (9, 'x')").ExecuteReader(CommandBehavior.SchemaOnly))
        {
            Assert.Equal(2, schema.FieldCount);
            Assert.False(schema.HasRows);
            Assert.False(schema.Read());
        }

        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        using (var single = Command("SELECT id FROM t ORDER BY id; SELECT 2").ExecuteReader(CommandBehavior.SingleRow))
        {
            Assert.True(single.Read());
            Assert.Equal(1, single.GetInt32(0));
            Assert.False(single.Read());
            Assert.False(single.NextResult());
        }

        var connection = Open();
        using (var closing = Command(connection, "SELECT 1").ExecuteReader(CommandBehavior.CloseConnection))
        {
            Assert.Equal(ConnectionState.Open, connection.State);
        }

        Assert.Equal(ConnectionState.Closed, connection.State);
    }

    [Fact]
    public void A_command_has_one_reader_at_a_time_and_a_connection_several()
    {
        FillTable(5000);
        using var command = Command("SELECT id FROM t ORDER BY id");
        using var reader = command.ExecuteReader();
        Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
        Assert.Throws<InvalidOperationException>(() => command.CommandText = "SELECT 1");
        using var other = Command("SELECT id FROM t ORDER BY id DESC").ExecuteReader();
        for (var i = 1; i <= 5000; i++)
        {
            Assert.True(reader.Read());
            Assert.True(other.Read());
            Assert.Equal(i, reader.GetInt32(0));
            Assert.Equal(5001 - i, other.GetInt32(0));
            if (i % 1000 == 0)
            {
                Execute("UPDATE t SET name = 'changed' WHERE id = $1", i);
            }
        }

        Assert.False(reader.Read());
        reader.Close();
        Assert.Equal(1, command.ExecuteScalar());
    }

    [Fact]
    public void A_reader_does_not_see_later_writes()
    {
        FillTable(5000);
        using var reader = Command("SELECT name FROM t ORDER BY id").ExecuteReader();
        Assert.True(reader.Read());
        Execute("UPDATE t SET name = 'changed'");
        Execute("DELETE FROM t WHERE id > 100");
        var count = 1;
        do
        {
            Assert.Equal($"name {count}", reader.GetString(0));
            count++;
        }
        while (reader.Read());

        Assert.Equal(5001, count);
    }

    [Fact]
    public void A_transaction_must_be_the_connections_own()
    {
        using var other = Open();
        using var transaction = other.BeginTransaction();
        using var command = Command("SELECT 1");
        command.Transaction = transaction;
        Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
        transaction.Rollback();
        command.Connection = other;
        Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
        command.Transaction = null;
        Assert.Equal(1, command.ExecuteScalar());
        Assert.Throws<ArgumentException>(() => command.CommandType = CommandType.StoredProcedure);
        Assert.Throws<ArgumentOutOfRangeException>(() => command.CommandTimeout = -1);
        Assert.Throws<InvalidOperationException>(() => new EngramCommand("SELECT 1").ExecuteScalar());
    }

    [Fact]
    public void Cancelling_ends_the_command_and_not_the_connection()
    {
        FillTable(3000);
        using var command = Command("SELECT a.id FROM t a, t b, t c");
        using (var reader = command.ExecuteReader())
        {
            Assert.True(reader.Read());
            command.Cancel();
            AssertState("57014", () =>
            {
                while (reader.Read())
                {
                }
            });
        }

        Assert.Equal(3000L, Scalar("SELECT count(*) FROM t"));
        command.Cancel();
    }

    /// <summary>Days of work on any machine: 3,000 rows to the fourth power, none of which a hash could find.</summary>
    private const string Endless = "SELECT count(*) FROM t a, t b, t c, t d WHERE a.id + b.id + c.id + d.id < 0";

    [Fact]
    public async Task A_token_cancels_with_its_own_exception()
    {
        FillTable(3000);
        using var source = new CancellationTokenSource();
        using var command = Command(Endless);
        source.CancelAfter(50);
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command.ExecuteScalarAsync(source.Token));
        Assert.Equal("57014", Assert.IsType<EngramException>(error.InnerException).SqlState);
        Assert.Equal(1, await Command("SELECT 1").ExecuteScalarAsync(CancellationToken.None));
    }

    [Fact]
    public void A_command_that_takes_too_long_is_ended()
    {
        FillTable(3000);
        using var command = Command(Endless);
        command.CommandTimeout = 1;
        var error = Assert.Throws<EngramException>(() => command.ExecuteScalar());
        Assert.Equal("57014", error.SqlState);
        Assert.Contains("1 s", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, error.StatementIndex);
        Execute("SET statement_timeout = 100");
        command.CommandTimeout = 0;
        Assert.Contains("0.1 s", Assert.Throws<EngramException>(() => command.ExecuteScalar()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_shown_and_set()
    {
        Assert.Equal("0ms", Scalar("SHOW statement_timeout"));
        Execute("SET statement_timeout = '2s'");
        Assert.Equal("2000ms", Scalar("SHOW statement_timeout"));
        Execute("RESET statement_timeout");
        Assert.Equal("0ms", Scalar("SHOW statement_timeout"));
        Assert.Equal("read committed", Scalar("SHOW transaction_isolation"));
        AssertState("42704", () => Execute("SET nothing_known = 1"));
        AssertState("42704", () => Scalar("SHOW nothing_known"));
        AssertState("22023", () => Execute("SET statement_timeout = 'soon'"));
        AssertState("22023", () => Execute("SET timezone = 'Europe/Zurich'"));
        Execute("SET timezone = 'UTC'");
    }

    [Fact]
    public void Explain_gives_text()
    {
        FillTable(1);
        using var reader = Command("EXPLAIN SELECT id FROM t WHERE id = 1").ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(typeof(string), reader.GetFieldType(0));
        Assert.NotEmpty(reader.GetString(0));
    }

    [Fact]
    public void Explain_analyze_does_what_it_explains()
    {
        FillTable(1);
        Assert.NotEmpty(Rows("EXPLAIN DELETE FROM t"));
        Assert.Equal(1L, Scalar("SELECT count(*) FROM t"));
        Assert.NotEmpty(Rows("EXPLAIN ANALYZE DELETE FROM t"));
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
        Assert.NotEmpty(Rows("EXPLAIN ANALYZE SELECT * FROM t"));
    }

    [Fact]
    public void Conflicts_are_resolved_as_written()
    {
        FillTable(2);
        AssertState("23505", () => Execute("INSERT INTO t VALUES (1, 'again')"));
        AssertState("23502", () => Execute("INSERT INTO t (name) VALUES ('no key')"));
        Assert.Equal(1, Execute("INSERT INTO t VALUES (3, 'three')"));
        Assert.Equal(["1,name 1", "2,name 2", "3,three"], Rows("SELECT id, name FROM t ORDER BY id"));
    }

    [Fact]
    public void Values_returned_come_in_the_order_of_values_given()
    {
        Execute("CREATE TABLE g (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, v integer)");
        var values = string.Join(", ", Enumerable.Range(0, 3000).Select(i => $"({(i * 7919) % 3000})"));
        using var reader = Command($"INSERT INTO g (v) VALUES {values} RETURNING id, v").ExecuteReader();
        for (var i = 0; i < 3000; i++)
        {
            Assert.True(reader.Read());
            Assert.Equal(i + 1, reader.GetInt32(0));
            Assert.Equal((i * 7919) % 3000, reader.GetInt32(1));
        }

        Assert.False(reader.Read());
    }

    [Fact]
    public void A_text_may_have_thousands_of_parameters()
    {
        Execute("CREATE TABLE p (a integer, b text)");
        using var command = Connection.CreateCommand();
        command.CommandText = "INSERT INTO p VALUES " + string.Join(", ", Enumerable.Range(0, 5000).Select(i => $"(@a{i}, @b{i})"));
        for (var i = 0; i < 5000; i++)
        {
            command.Parameters.AddWithValue($"b{i}", $"text {i}");
            command.Parameters.AddWithValue($"a{i}", i);
        }

        Assert.Equal(5000, command.ExecuteNonQuery());
        Assert.Equal(5000L, Scalar("SELECT count(*) FROM p WHERE b = 'text ' || a::text"));
    }

    [Fact]
    public void A_checkpoint_changes_nothing_that_is_seen()
    {
        using var connection = Open($"Data Source={DiskPath}");
        Execute(connection, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1), (2)");
        Assert.Equal(-1, Execute(connection, "CHECKPOINT"));
        Assert.Equal(["1", "2"], Rows(connection, "SELECT id FROM t ORDER BY id"));
        using var transaction = connection.BeginTransaction();
        Execute(connection, "INSERT INTO t VALUES (3)");
        AssertState("25001", () => Execute(connection, "CHECKPOINT"));
    }

    [Fact]
    public void Batches_run_in_order_with_their_own_parameters()
    {
        using var batch = Connection.CreateBatch();
        batch.BatchCommands.Add("CREATE TABLE t (id integer, v text)");
        batch.BatchCommands.Add("INSERT INTO t VALUES (@id, @v), (@id + 1, @v)").Parameters.AddRange([new EngramParameter("id", 1), new EngramParameter("v", "a")]);
        batch.BatchCommands.Add("SELECT id FROM t WHERE id = @id").Parameters.AddWithValue("id", 2);
        batch.BatchCommands.Add("DELETE FROM t WHERE id = $1").Parameters.AddWithValue(null, 1);
        using (var reader = batch.ExecuteReader())
        {
            Assert.True(reader.Read());
            Assert.Equal(2, reader.GetInt32(0));
            Assert.False(reader.Read());
            Assert.False(reader.NextResult());
            Assert.Equal(3, reader.RecordsAffected);
        }

        Assert.Equal([-1, 2, -1, 1], batch.BatchCommands.Select(c => c.RecordsAffected));
        Assert.Equal(["2,a"], Rows("SELECT id, v FROM t"));
    }
}
