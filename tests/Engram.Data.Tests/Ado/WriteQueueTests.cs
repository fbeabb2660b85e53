using Engram.Data.Engine;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Ado;

/// <summary>Writers that wait for one another: in order, without threads, for as long as they said, and not after their commit is in the log.</summary>
public sealed class WriteQueueTests : AdoTest
{
    public WriteQueueTests() => Execute("CREATE TABLE t (id integer PRIMARY KEY)");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Waiting_too_long_is_a_lock_error_that_tells_who_has_it(bool isAsync)
    {
        using var other = Open(ConnectionString + ";Default Timeout=1");
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1)");
        using var command = Command(other, "INSERT INTO t VALUES (2)");
        var error = await Assert.ThrowsAsync<EngramException>(() => isAsync ? command.ExecuteNonQueryAsync() : Task.FromResult(command.ExecuteNonQuery()));
        Assert.Equal("55P03", error.SqlState);
        Assert.True(error.IsTransient);
        Assert.Matches(@"within (1|0\.\d+) s: another transaction of this process has held it for \d", error.Message);

        transaction.Commit();
        command.CommandTimeout = 0;
        Assert.Equal(1, command.ExecuteNonQuery());
        Assert.Equal(["1", "2"], Rows("SELECT id FROM t ORDER BY id"));
    }

    [Fact]
    public async Task Cancelling_one_who_waits_is_57014()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (1)");
        using var command = Command(other, "INSERT INTO t VALUES (2)");
        using var source = new CancellationTokenSource();
        var waiting = command.ExecuteNonQueryAsync(source.Token);
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal("57014", Assert.IsType<EngramException>(cancelled.InnerException).SqlState);

        waiting = command.ExecuteNonQueryAsync();
        Assert.False(waiting.IsCompleted);
        command.Cancel();
        Assert.Equal("57014", (await Assert.ThrowsAsync<EngramException>(() => waiting)).SqlState);

        var blocked = Task.Factory.StartNew(command.ExecuteNonQuery, TaskCreationOptions.LongRunning);
        while (!blocked.IsCompleted)
        {
            command.Cancel();
            await Task.Yield();
        }

        Assert.Equal("57014", (await Assert.ThrowsAsync<EngramException>(() => blocked)).SqlState);
        transaction.Commit();
        Assert.Equal(["1"], Rows("SELECT id FROM t"));
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    [Fact]
    public async Task Two_hundred_writers_wait_without_threads_and_come_in_order()
    {
        const int Count = 200;
        var connections = Enumerable.Range(0, Count).Select(_ => Open()).ToArray();
        using var transaction = Connection.BeginTransaction();
        Execute("INSERT INTO t VALUES (-1)");
        // All from this one thread: a call that blocked it would be the last.
        var writing = connections.Select((c, i) => Command(c, "INSERT INTO t VALUES ($1)", i).ExecuteNonQueryAsync()).ToArray();
        Assert.All(writing, w => Assert.False(w.IsCompleted));
        Assert.True(ThreadPool.ThreadCount < Count);
        transaction.Commit();
        Assert.All(await Task.WhenAll(writing), n => Assert.Equal(1, n));
        // In the order of their row ids, which is the order of their commits.
        Assert.Equal(Enumerable.Range(-1, Count + 1).Select(i => $"{i}"), Rows("SELECT id FROM t"));
    }

    [Fact]
    public async Task Blocking_and_asynchronous_writers_share_one_queue()
    {
        const int Rounds = 200;
        var threads = Enumerable.Range(0, 8).Select(w => Task.Factory.StartNew(
            () =>
            {
                using var connection = new EngramConnection(ConnectionString);
                connection.Open();
                for (var i = 0; i < Rounds; i++)
                {
                    Execute(connection, "INSERT INTO t VALUES ($1)", (w * Rounds) + i);
                }
            },
            TaskCreationOptions.LongRunning));
        var tasks = Enumerable.Range(8, 8).Select(async w =>
        {
            await using var connection = new EngramConnection(ConnectionString);
            await connection.OpenAsync();
            for (var i = 0; i < Rounds; i++)
            {
                await using var command = Command(connection, "INSERT INTO t VALUES ($1)", (w * Rounds) + i);
                await command.ExecuteNonQueryAsync();
            }
        });
        await Task.WhenAll([.. threads, .. tasks]);
        Assert.Equal(16L * Rounds, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_commit_in_the_log_is_neither_cancelled_nor_timed_out()
    {
        using var memory = new MemoryDirectory("queue");
        using var disk = new FaultyDirectory(memory.Share());
        var target = new DatabaseTarget(DiskPath, IsMemory: false);
        Database.Substitute(target, () => disk);
        try
        {
            using var connection = new EngramConnection($"Data Source={DiskPath};Keep Alive=0");
            connection.Open();
            Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY)");
            // Else the hook below could meet the sync of the seal.
            var log = ((DirectoryStore)connection.Session.Database.Store).Log!;
            SpinWait.SpinUntil(() => log.IsSealed);
            using var syncing = new ManualResetEventSlim();
            using var goOn = new ManualResetEventSlim();
            disk.BeforeSync = _ =>
            {
                syncing.Set();
                goOn.Wait();
            };
            using var source = new CancellationTokenSource();
            using var command = Command(connection, "INSERT INTO t VALUES (1)");
            var writing = Task.Run(() => command.ExecuteNonQueryAsync(source.Token));
            syncing.Wait();
            await source.CancelAsync();
            command.Cancel();
            Assert.False(writing.IsCompleted);
            goOn.Set();
            Assert.Equal(1, await writing);

            SpinWait.SpinUntil(() => log.IsSealed);
            syncing.Reset();
            goOn.Reset();
            using var second = Command(connection, "INSERT INTO t VALUES (2) RETURNING id");
            using var cancelled = new CancellationTokenSource();
            var returning = Task.Run(() => second.ExecuteScalarAsync(cancelled.Token));
            syncing.Wait();
            await cancelled.CancelAsync();
            goOn.Set();
            Assert.Equal(2, await returning);
            disk.BeforeSync = null;
            Assert.Equal(2L, Scalar(connection, "SELECT count(*) FROM t"));
        }
        finally
        {
            Database.Substitute(target, null);
        }
    }
}
