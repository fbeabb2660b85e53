using System.Data;

namespace Engram.Data.Tests.Ado;

public sealed class ConnectionTests : AdoTest
{
    [Fact]
    public void Opening_and_closing_change_the_state_and_say_so()
    {
        using var connection = new EngramConnection(ConnectionString);
        var changes = new List<(ConnectionState, ConnectionState)>();
        connection.StateChange += (_, e) => changes.Add((e.OriginalState, e.CurrentState));
        Assert.Equal(ConnectionState.Closed, connection.State);
        connection.Open();
        Assert.Equal(ConnectionState.Open, connection.State);
        Assert.Throws<InvalidOperationException>(connection.Open);
        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = "Data Source=other");
        connection.Close();
        connection.Close();
        Assert.Equal([(ConnectionState.Closed, ConnectionState.Open), (ConnectionState.Open, ConnectionState.Closed)], changes);
        connection.Open();
        Assert.Equal(1, Scalar(connection, "SELECT 1"));
    }

    [Fact]
    public async Task Everything_has_an_async_form()
    {
        await using var connection = new EngramConnection(ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE a (x integer); INSERT INTO a VALUES (1), (2); SELECT x FROM a ORDER BY x";
        await using (var reader = await command.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal(1, await reader.GetFieldValueAsync<int>(0));
            Assert.False(await reader.IsDBNullAsync(0));
            Assert.True(await reader.ReadAsync());
            Assert.False(await reader.ReadAsync());
            Assert.False(await reader.NextResultAsync());
        }

        command.CommandText = "INSERT INTO a VALUES (3)";
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
        command.CommandText = "SELECT max(x) FROM a";
        Assert.Equal(3, await command.ExecuteScalarAsync());
        await transaction.CommitAsync();
        await connection.CloseAsync();
        Assert.Equal(ConnectionState.Closed, connection.State);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.OpenAsync(source.Token));
        Assert.Equal(ConnectionState.Closed, connection.State);
    }

    [Fact]
    public void A_closed_connection_says_what_to_do()
    {
        using var connection = new EngramConnection("Data Source=a");
        Assert.Contains("Open", Assert.Throws<InvalidOperationException>(() => connection.BeginTransaction()).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Scalar(connection, "SELECT 1"));
        Assert.Throws<InvalidOperationException>(() => connection.GetSchema());
        Assert.Contains("Data Source", Assert.Throws<InvalidOperationException>(() => new EngramConnection("").Open()).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => connection.ChangeDatabase("b"));
        Assert.Null(connection.LastRecovery);
    }

    [Fact]
    public void Names_and_versions()
    {
        using var connection = Open($"Data Source={DiskPath}/");
        Assert.Equal("db.engram", connection.Database);
        Assert.Equal(DiskPath, connection.DataSource);
        Assert.Matches(@"^\d+\.\d+\.\d+$", connection.ServerVersion);
        Assert.Equal(connection.ServerVersion, Scalar(connection, "SHOW server_version"));
        Assert.Equal("Engram.Data " + connection.ServerVersion, Scalar(connection, "SELECT version()"));
        Assert.Equal(30, connection.ConnectionTimeout);
        Assert.True(connection.CanCreateBatch);
    }

    [Fact]
    public void What_was_committed_is_there_after_reopening_and_recovery_tells()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        using (var first = Open(text))
        {
            Assert.True(first.LastRecovery!.WasCreated);
            Execute(first, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
            Execute(first, "INSERT INTO t VALUES (1, 'one'), (2, 'two')");
        }

        using var second = Open(text);
        Assert.False(second.LastRecovery!.WasCreated);
        Assert.Equal(2, second.LastRecovery.Transactions);
        var phases = second.LastRecovery.Phases;
        Assert.All([phases.Manifest, phases.LogSync, phases.LogRead, phases.Apply, phases.LogStart], p => Assert.True(p > TimeSpan.Zero));
        var sum = phases.Manifest + phases.Segments + phases.LogSync + phases.LogRead + phases.Apply + phases.LogStart + phases.Cleanup;
        Assert.InRange(sum, TimeSpan.Zero, second.LastRecovery.Duration);
        Assert.Equal(["1,one", "2,two"], Rows(second, "SELECT id, v FROM t ORDER BY id"));
    }

    [Fact]
    public void A_database_that_stays_warm_is_the_same_one()
    {
        var text = $"Data Source={DiskPath};Keep Alive=60";
        Execute(Open(text), "CREATE TABLE t (id integer)");
        using (var first = new EngramConnection(text))
        {
            first.Open();
        }

        using var second = Open(text);
        Assert.True(second.LastRecovery!.WasCreated);
        Assert.Equal(0L, Scalar(second, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_database_that_nobody_uses_is_let_go_after_its_keep_alive()
    {
        using var connection = Open($"Data Source={DiskPath};Keep Alive=1");
        Execute(connection, "CREATE TABLE t (id integer)");
        connection.Close();
        using var directory = new Engram.Data.Storage.Files.DiskDirectory(DiskPath);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                using var taken = directory.TryLock("LOCK", out _);
                return taken is not null;
            },
            TimeSpan.FromSeconds(120)));
        connection.Open();
        Assert.False(connection.LastRecovery!.WasCreated);
    }

    [Fact]
    public void Clearing_the_pool_lets_go_of_the_directory()
    {
        var text = $"Data Source={DiskPath};Keep Alive=60";
        using var connection = Open(text);
        Execute(connection, "CREATE TABLE t (id integer)");
        connection.Close();
        EngramConnection.ClearPool(connection);
        Directory.Delete(DiskPath, recursive: true);
        connection.Open();
        Assert.True(connection.LastRecovery!.WasCreated);
        AssertState("42P01", () => Scalar(connection, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_directory_that_was_deleted_while_warm_is_opened_anew()
    {
        var text = $"Data Source={DiskPath};Keep Alive=60";
        using var connection = Open(text);
        Execute(connection, "CREATE TABLE t (id integer)");
        connection.Close();
        Directory.Delete(DiskPath, recursive: true);
        connection.Open();
        Assert.True(connection.LastRecovery!.WasCreated);
        AssertState("42P01", () => Scalar(connection, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void Modes_say_what_may_be_done()
    {
        AssertState("EG004", () => Open($"Data Source={DiskPath};Mode=ReadWrite"));
        AssertState("EG004", () => Open($"Data Source={DiskPath};Mode=ReadOnly"));
        Assert.False(Directory.Exists(DiskPath));
        Execute(Open($"Data Source={DiskPath}"), "CREATE TABLE t (id integer); INSERT INTO t VALUES (1)");
        using var reading = Open($"Data Source={DiskPath};Mode=ReadOnly");
        Assert.Equal(1L, Scalar(reading, "SELECT count(*) FROM t"));
        AssertState("25006", () => Execute(reading, "INSERT INTO t VALUES (2)"));
        AssertState("25006", () => Execute(reading, "CREATE TABLE u (id integer)"));
        AssertState("25006", () => Execute(reading, "CHECKPOINT"));
        using (var transaction = reading.BeginTransaction(IsolationLevel.Serializable))
        {
            Assert.Equal(1L, Scalar(reading, "SELECT count(*) FROM t"));
            AssertState("25006", () => Execute(reading, "DELETE FROM t"));
        }

        using var writing = Open($"Data Source={DiskPath};Mode=ReadWrite");
        Assert.Equal(1, Execute(writing, "INSERT INTO t VALUES (2)"));
        Assert.Equal(2L, Scalar(reading, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_read_only_database_is_read_and_not_changed()
    {
        using (var writing = Open($"Data Source={DiskPath};Keep Alive=0"))
        {
            Execute(writing, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1)");
        }

        var before = Directory.GetFiles(DiskPath, "*", SearchOption.AllDirectories).Order().ToArray();
        using var reading = Open($"Data Source={DiskPath};Mode=ReadOnly;Keep Alive=0");
        Assert.Equal(1L, Scalar(reading, "SELECT count(*) FROM t"));
        reading.Close();
        Assert.Equal(before, Directory.GetFiles(DiskPath, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public void Connections_agree_on_durability_while_the_database_is_in_use()
    {
        using var first = Open($"Data Source={DiskPath};Durability=None");
        AssertState("55006", () => Open($"Data Source={DiskPath}"));
        using var same = Open($"Data Source={DiskPath};Durability=None");
        same.Close();
        first.Close();
        using var other = Open($"Data Source={DiskPath}");
        Assert.False(other.LastRecovery!.WasCreated);
    }

    [Fact]
    public void A_failed_open_is_not_remembered()
    {
        var path = DiskPath;
        File.WriteAllText(path, "not a directory");
        Assert.Throws<EngramException>(() => Open($"Data Source={path}"));
        File.Delete(path);
        Assert.Equal(1, Scalar(Open($"Data Source={path}"), "SELECT 1"));
    }

    [Fact]
    public void A_private_database_in_memory_belongs_to_one_connection()
    {
        using var one = Open("Data Source=:memory:");
        using var two = Open("Data Source=:memory:");
        Execute(one, "CREATE TABLE t (id integer)");
        AssertState("42P01", () => Scalar(two, "SELECT count(*) FROM t"));
        one.Close();
        one.Open();
        AssertState("42P01", () => Scalar(one, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_shared_database_in_memory_lives_as_long_as_a_connection()
    {
        var text = $"Data Source={nameof(A_shared_database_in_memory_lives_as_long_as_a_connection)};Mode=Memory";
        using var one = Open(text);
        using var two = Open(text);
        Execute(one, "CREATE TABLE t (id integer); INSERT INTO t VALUES (7)");
        one.Close();
        Assert.Equal(7, Scalar(two, "SELECT id FROM t"));
        two.Close();
        two.Open();
        AssertState("42P01", () => Scalar(two, "SELECT id FROM t"));
    }

    [Fact]
    public void A_data_source_keeps_its_database()
    {
        using var source = new EngramDataSource("Data Source=:memory:");
        using (var one = source.OpenConnection())
        {
            Execute(one, "CREATE TABLE t (id integer); INSERT INTO t VALUES (7)");
        }

        using (var two = source.OpenConnection())
        {
            Assert.Equal(7, Scalar(two, "SELECT id FROM t"));
        }

        using var command = source.CreateCommand("SELECT id FROM t");
        Assert.Equal(7, command.ExecuteScalar());
        source.Dispose();
        Assert.Throws<ObjectDisposedException>(() => source.CreateConnection());
    }

    [Fact]
    public async Task Disposing_a_data_source_lets_go_of_the_directory()
    {
        await using (var source = new EngramDataSource($"Data Source={DiskPath};Keep Alive=60"))
        {
            await using var connection = await source.OpenConnectionAsync();
            Execute(connection, "CREATE TABLE t (id integer)");
        }

        Assert.True(EngramConnection.DeleteDatabase($"Data Source={DiskPath}"));
        Assert.False(Directory.Exists(DiskPath));
    }

    [Fact]
    public void Deleting_a_database_leaves_what_is_not_part_of_it()
    {
        var text = $"Data Source={DiskPath}";
        Assert.False(EngramConnection.DatabaseExists(text));
        Assert.False(EngramConnection.DeleteDatabase(text));
        Assert.False(Directory.Exists(DiskPath));
        using var connection = Open(text);
        Execute(connection, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1); CHECKPOINT");
        Assert.True(EngramConnection.DatabaseExists(text));
        AssertState("55006", () => EngramConnection.DeleteDatabase(text));
        connection.Close();
        var note = Path.Combine(DiskPath, "note.txt");
        File.WriteAllText(note, "mine");
        Assert.True(EngramConnection.DeleteDatabase(text));
        Assert.False(EngramConnection.DatabaseExists(text));
        Assert.Equal([note], Directory.GetFileSystemEntries(DiskPath));
        File.Delete(note);
        connection.Open();
        Assert.True(connection.LastRecovery!.WasCreated);
        connection.Close();
        Assert.True(EngramConnection.DeleteDatabase(text));
        Assert.False(Directory.Exists(DiskPath));
    }

    [Fact]
    public void Closing_ends_what_is_open()
    {
        FillTable(5000);
        using var connection = Open();
        var command = Command(connection, "SELECT id FROM t");
        var reader = command.ExecuteReader();
        Assert.True(reader.Read());
        var transaction = connection.BeginTransaction();
        Execute(connection, "DELETE FROM t");
        connection.Close();
        Assert.True(reader.IsClosed);
        Assert.Throws<InvalidOperationException>(() => reader.Read());
        Assert.Throws<InvalidOperationException>(() => reader.GetInt32(0));
        Assert.Throws<InvalidOperationException>(transaction.Commit);
        transaction.Dispose();
        Assert.Equal(5000L, Scalar("SELECT count(*) FROM t"));
        Assert.Equal(1, Execute("INSERT INTO t VALUES (0, 'zero')"));
    }

    [Fact]
    public void Many_threads_open_and_close_one_database()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        Parallel.For(0, 100, i =>
        {
            using var connection = new EngramConnection(text);
            connection.Open();
            Assert.Equal(i, Scalar(connection, "SELECT $1", i));
        });
    }
}
