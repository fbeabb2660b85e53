namespace Engram.Data.Tests.Ado;

/// <summary>Operators of point queries are used again: with other values, after other commits, by others, and beside themselves.</summary>
// Not beside the tests of spans: while somebody listens, commands of the whole process make them.
[Collection(nameof(ObservabilityTests))]
public sealed class ReuseTests : AdoTest
{
    private const int RowCount = 5_000;

    public ReuseTests()
    {
        Execute("CREATE TABLE p (id bigint PRIMARY KEY, name text, value double precision, code int)");
        new EngramBulkCopy(Connection, "p").WriteToServer(Enumerable.Range(1, RowCount).Select(i => new object?[] { (long)i, i % 7 == 0 ? null : $"name {i}", i * 0.5, i }));
        Execute("CHECKPOINT");
        Execute("INSERT INTO p VALUES (5001, 'in the delta', 1, 1)");
    }

    [Fact]
    public void Statements_that_write_run_again_with_other_values_after_failures_and_beside_others()
    {
        using var other = Open();
        using var command = Command("INSERT INTO p VALUES ($1, $2, $3, $4), ($5, $2, $3, $4) RETURNING id, name, value, code", 10_001L, "first", 1.5, 7, 10_002L);
        command.Prepare();
        Assert.Equal(["10001|first|1.5|7", "10002|first|1.5|7"], Run());

        // NULL where a value was, another text, another type for the same place.
        Set(10_003L, null, 2, DBNull.Value, 10_004L);
        Assert.Equal(["10003||2|", "10004||2|"], Run());
        Set(10_005L, new string('x', 200_000), 2.5, 8, 10_001L);
        AssertState(SqlStates.UniqueViolation, () => Run());
        Set(10_005L, "text", "no number", 8, 10_006L);
        Assert.Throws<EngramException>(Run);
        Set(10_005L, "text", 2.5, 9, 10_006L);
        using (var elsewhere = Command(other, command.CommandText, 10_007L, "elsewhere", 3.5, 1, 10_008L))
        using (var reader = elsewhere.ExecuteReader())
        {
            // Its values are out while this one runs, and its rows are its own afterwards.
            Assert.Equal(["10005|text|2.5|9", "10006|text|2.5|9"], Run());
            Assert.True(reader.Read());
            Assert.Equal("elsewhere", reader.GetString(1));
        }

        Assert.Equal(8L, Scalar("SELECT count(*) FROM p WHERE id > 10000"));
        Assert.Equal(["10005|text", "10006|text", "10007|elsewhere", "10008|elsewhere"], Rows("SELECT id || '|' || name FROM p WHERE id > 10004 ORDER BY id"));

        // Another name for the same place is another statement.
        using var named = Command("UPDATE p SET code = @code WHERE id = @id");
        var id = named.Parameters.AddWithValue("@id", 10_001L);
        var code = named.Parameters.AddWithValue("@code", 70);
        Assert.Equal(1, named.ExecuteNonQuery());
        (id.ParameterName, code.ParameterName) = (":code", ":id");
        (id.Value, code.Value) = (71, 10_002L);
        Assert.Equal(1, named.ExecuteNonQuery());
        Assert.Equal(["70", "71"], Rows("SELECT code FROM p WHERE id IN (10001, 10002) ORDER BY id"));

        void Set(params object?[] values)
        {
            for (var i = 0; i < values.Length; i++)
            {
                command.Parameters[i].Value = values[i];
            }
        }

        string[] Run()
        {
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(string.Join('|', Enumerable.Range(0, 4).Select(i => reader.IsDBNull(i) ? "" : Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))));
            }

            return [.. rows];
        }
    }

    [Fact]
    public void A_prepared_point_query_allocates_less_than_a_kibibyte()
    {
        using var command = Command("SELECT name, value, code FROM p WHERE id = $1", 1L);
        command.Prepare();
        object[] keys = [.. Enumerable.Range(1, 5001).Select(i => (object)(long)i)];
        for (var i = 0; i < 300; i++)
        {
            Read(i);
        }

        const int count = 1_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < count; i++)
        {
            Read(i);
        }

        var allocated = (GC.GetAllocatedBytesForCurrentThread() - before) / count;
#if DEBUG
        // Without optimisation the state of each asynchronous method on the way is an object.
        const int allowed = 2048;
#else
        const int allowed = 1024;
#endif
        Assert.True(allocated < allowed, $"{allocated} bytes a query");

        void Read(int i)
        {
            command.Parameters[0].Value = keys[i * 31 % keys.Length];
            using var reader = command.ExecuteReader();
            if (!reader.Read() || reader.GetDouble(1) < 0 || reader.GetInt32(2) < 0)
            {
                throw new InvalidOperationException("The row is not there.");
            }
        }
    }

    [Fact]
    public void A_query_that_met_damage_leaves_nothing_to_the_next()
    {
        const int count = 20_000;
        var text = $"Data Source={DiskPath};Keep Alive=0";
        using (var connection = new EngramConnection(text))
        {
            connection.Open();
            Execute(connection, "CREATE TABLE d (id bigint PRIMARY KEY, name text)");
            new EngramBulkCopy(connection, "d").WriteToServer(Enumerable.Range(1, count).Select(i => new object?[] { (long)i, $"{i} {new string((char)('a' + (i % 26)), 100)}" }));
            Execute(connection, "CHECKPOINT");
        }

        var file = Directory.GetFiles(Path.Combine(DiskPath, "segments"), "*.seg").Single();
        using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite))
        {
            stream.Position = stream.Length / 2;
            stream.WriteByte(0x01);
        }

        using var damaged = Open(text);
        // Each with a text, and so a plan, of its own.
        var ids = Enumerable.Range(1, count / 250).Select(i => (long)i * 250).ToLookup(id => IsReadable($"SELECT name FROM d WHERE id = $1 -- {id}", id));
        Assert.NotEmpty(ids[true]);
        Assert.NotEmpty(ids[false]);
        foreach (var (good, bad) in ids[true].Zip(ids[false]))
        {
            Assert.False(IsReadable("SELECT name FROM d WHERE id = $1", bad));
            Assert.True(IsReadable("SELECT name FROM d WHERE id = $1", good));
        }

        bool IsReadable(string sql, long id)
        {
            try
            {
                Assert.StartsWith($"{id} ", (string?)Scalar(damaged, sql, id));
                return true;
            }
            catch (EngramException e) when (e.SqlState == "XX001")
            {
                return false;
            }
        }
    }

    [Fact]
    public void A_query_that_failed_is_not_used_again()
    {
        Execute("INSERT INTO p VALUES (6000, 'great', 1, 100000)");
        const string Sql = "SELECT name FROM p WHERE id = $1 AND CAST(code AS smallint) > 0";
        var session = Connection.Session;
        var parameters = new Engram.Data.Engine.ParameterList([new("1", 1L, Engram.Data.Columns.DataType.Int64)]);
        Engram.Data.Engine.CachedPlan Plan() => session.Prepare(Sql).Statements[0].Find(session.ReadCatalog(), parameters, session.Settings.Optimizes);
        Assert.Equal("name 1", Scalar(Connection, Sql, 1L));
        var rested = Plan().Stash!.TryTake();
        Assert.NotNull(rested);
        rested.Dispose();
        AssertState("22003", () => Scalar(Connection, Sql, 6000L));
        Assert.Null(Plan().Stash!.TryTake());
    }

    [Fact]
    public void Each_execution_has_its_own_values_and_sees_what_was_committed_before_it()
    {
        using var command = Command("SELECT id, name FROM p WHERE id = $1 AND code > $2 LIMIT $3", 1L, 0, 10L);
        Assert.Equal("1|name 1", One(command));
        command.Parameters[0].Value = 14L;
        Assert.Equal("14|NULL", One(command));
        command.Parameters[1].Value = 14;
        Assert.Equal("", One(command));
        command.Parameters[1].Value = DBNull.Value;
        Assert.Equal("", One(command));
        command.Parameters[1].Value = 13;
        command.Parameters[2].Value = 0L;
        Assert.Equal("", One(command));
        command.Parameters[2].Value = -1L;
        Assert.Equal("2201W", Assert.Throws<EngramException>(() => One(command)).SqlState);
        command.Parameters[2].Value = 1L;
        Execute("UPDATE p SET name = 'new' WHERE id = 14");
        Assert.Equal("14|new", One(command));
        Execute("DELETE FROM p WHERE id = 14");
        Assert.Equal("", One(command));
        Execute("INSERT INTO p VALUES (14, 'again', 1, 14)");
        Assert.Equal("14|again", One(command));
        Execute("CHECKPOINT");
        Assert.Equal("14|again", One(command));
        Execute("VACUUM p");
        Assert.Equal("14|again", One(command));
        Execute("ALTER TABLE p ADD COLUMN more int");
        Assert.Equal("14|again", One(command));
        command.Parameters[0].Value = "no number";
        Assert.ThrowsAny<Exception>(() => One(command));
        command.Parameters[0].Value = 3L;
        Assert.Equal("", One(command));
    }

    [Fact]
    public void Readers_of_one_statement_may_be_open_beside_each_other_in_a_transaction_too()
    {
        using var other = Open();
        Execute("BEGIN");
        Execute("UPDATE p SET name = 'mine' WHERE id = 2");
        using var first = Command("SELECT name FROM p WHERE id = $1", 2L);
        using var second = Command("SELECT name FROM p WHERE id = $1", 3L);
        using var third = Command(other, "SELECT name FROM p WHERE id = $1", 2L);
        using var a = first.ExecuteReader();
        using var b = second.ExecuteReader();
        using var c = third.ExecuteReader();
        Assert.True(a.Read() && b.Read() && c.Read());
        Assert.Equal(("mine", "name 3", "name 2"), (a.GetString(0), b.GetString(0), c.GetString(0)));
        Execute("ROLLBACK");
        Assert.Equal("name 2", c.GetString(0));
        a.Close();
        Assert.Equal("name 2", (string?)Scalar("SELECT name FROM p WHERE id = $1", 2L));
    }

    [Fact]
    public async Task Many_threads_use_one_statement_while_rows_change()
    {
        var writer = Task.Run(() =>
        {
            using var connection = Open();
            for (var i = 0; i < 300; i++)
            {
                Execute(connection, "UPDATE p SET name = $2 WHERE id = $1", (long)(i % 10) + 1, $"changed {i % 10 + 1}");
                if (i % 100 == 50)
                {
                    Execute(connection, "CHECKPOINT");
                }
            }
        });
        var readers = Enumerable.Range(0, 4).Select(t => Task.Run(() =>
        {
            using var connection = Open();
            var random = new Random(t);
            for (var i = 0; i < 3_000; i++)
            {
                var id = (long)random.Next(1, 12);
                var name = Scalar(connection, "SELECT name FROM p WHERE id = $1", id);
                Assert.True((name is DBNull && id == 7) || (string)name! == $"name {id}" || (string)name! == $"changed {id}");
            }
        })).ToArray();
        await Task.WhenAll([writer, .. readers]);
    }

    private static string One(EngramCommand command)
    {
        using var reader = command.ExecuteReader();
        return reader.Read() ? $"{reader.GetInt64(0)}|{(reader.IsDBNull(1) ? "NULL" : reader.GetString(1))}" : "";
    }
}
