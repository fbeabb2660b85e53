using System.Runtime.CompilerServices;

namespace Engram.Data.Tests.Ado;

/// <summary>What becomes of connections, transactions and readers that nobody closes.</summary>
public sealed class ForgottenTests : AdoTest
{
    [Fact]
    public async Task A_forgotten_write_transaction_is_rolled_back_and_lets_others_write()
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)");
        WriteAndForget(ConnectionString);
        using var command = Command("INSERT INTO t VALUES (2)");
        var waiting = command.ExecuteNonQueryAsync();
        Assert.False(waiting.IsCompleted);
        CollectUntil(() => waiting.IsCompleted);
        Assert.Equal(1, await waiting);
        Assert.Equal(["1", "2"], Rows("SELECT id FROM t ORDER BY id"));
    }

    [Fact]
    public void A_forgotten_connection_gives_its_database_back()
    {
        var text = $"Data Source={DiskPath};Keep Alive=0";
        OpenAndForget(text);
        AssertState("55006", () => EngramConnection.DeleteDatabase(text));
        using var directory = new Engram.Data.Storage.Files.DiskDirectory(DiskPath);
        CollectUntil(() => !directory.IsLocked("LOCK"));
        Assert.True(EngramConnection.DeleteDatabase(text));
    }

    [Fact]
    public void A_forgotten_data_source_gives_its_database_back()
    {
        var text = $"Data Source={DiskPath};Keep Alive=60";
        UseSourceAndForget(text);
        using var directory = new Engram.Data.Storage.Files.DiskDirectory(DiskPath);
        Assert.True(directory.IsLocked("LOCK"));
        CollectUntil(() =>
        {
            try
            {
                return EngramConnection.DeleteDatabase(text);
            }
            catch (EngramException e) when (e.SqlState == "55006")
            {
                return false;
            }
        });
        Assert.False(Directory.Exists(DiskPath));
    }

    [Fact]
    public void Forgotten_readers_go_while_their_connection_stays_open()
    {
        FillTable(5000);
        var forgotten = Enumerable.Range(0, 50).Select(_ => ReadAndForget(Connection)).ToList();
        using var kept = Command("SELECT id FROM t ORDER BY id").ExecuteReader();
        Assert.True(kept.Read());
        CollectUntil(() => forgotten.All(f => !f.IsAlive));
        Execute("DELETE FROM t");
        for (var i = 2; i <= 5000; i++)
        {
            Assert.True(kept.Read());
            Assert.Equal(i, kept.GetInt32(0));
        }

        var last = Command("SELECT 1").ExecuteReader();
        Connection.Close();
        Assert.True(last.IsClosed);
        Assert.True(kept.IsClosed);
    }

    [Fact]
    public async Task Collecting_in_the_midst_of_work_takes_nothing_away()
    {
        Execute("CREATE TABLE t (id integer PRIMARY KEY, v integer)");
        using var stop = new CancellationTokenSource();
        var collecting = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                }
            },
            TaskCreationOptions.LongRunning);
        for (var i = 0; i < 50; i++)
        {
            InsertWithoutKeeping(ConnectionString, i);
        }

        await stop.CancelAsync();
        await collecting;
        Assert.Equal(100L, Scalar("SELECT count(*) FROM t"));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteAndForget(string connectionString)
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        connection.BeginTransaction();
        Execute(connection, "INSERT INTO t SELECT i FROM (VALUES (10), (11), (12)) AS v (i)");
        Execute(connection, "UPDATE t SET id = id + 100");
        Execute(connection, "CREATE TABLE u (id integer); INSERT INTO u VALUES (1)");
        Command(connection, "SELECT id FROM t").ExecuteReader().Read();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void OpenAndForget(string connectionString) => new EngramConnection(connectionString).Open();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void UseSourceAndForget(string connectionString)
    {
        using var connection = new EngramDataSource(connectionString).OpenConnection();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ReadAndForget(EngramConnection connection)
    {
        var reader = Command(connection, "SELECT id, name FROM t").ExecuteReader();
        Assert.True(reader.Read());
        return new WeakReference(reader);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void InsertWithoutKeeping(string connectionString, int i)
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        var transaction = connection.BeginTransaction();
        Assert.Equal(1, Command(connection, "INSERT INTO t VALUES ($1, 0)", 2 * i).ExecuteNonQuery());
        Assert.Equal(1, Command(connection, "INSERT INTO t VALUES ($1, 0)", (2 * i) + 1).ExecuteNonQuery());
        transaction.Commit();
    }

    private static void CollectUntil(Func<bool> isDone)
        => Assert.True(SpinWait.SpinUntil(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return isDone();
            },
            TimeSpan.FromSeconds(60)));
}
