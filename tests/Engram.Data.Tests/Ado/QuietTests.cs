using Engram.Data.Engine;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Storage;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Ado;

/// <summary>After the last connection was closed nothing writes the directory until the next opens.</summary>
public sealed class QuietTests : AdoTest
{
    [Fact]
    public void A_warm_database_does_not_seal_its_log_until_it_is_used_or_closed()
    {
        using var memory = new MemoryDirectory("quiet");
        using var disk = new FaultyDirectory(memory.Share());
        var target = new DatabaseTarget(DiskPath, IsMemory: false);
        Database.Substitute(target, () => disk);
        try
        {
            using var connection = new EngramConnection($"Data Source={DiskPath};Keep Alive=600");
            connection.Open();
            Execute(connection, "CREATE TABLE t (id integer); INSERT INTO t VALUES (1)");
            connection.Close();
            var before = Changes(disk);
            AwaitASeal();
            Assert.Equal(before, Changes(disk));

            connection.Open();
            Assert.Equal(1L, Scalar(connection, "SELECT count(*) FROM t"));
            Execute(connection, "INSERT INTO t VALUES (2)");
            connection.Close();
            EngramConnection.ClearPool(connection);
        }
        finally
        {
            Database.Substitute(target, null);
        }
    }

    [Fact]
    public async Task A_checkpoint_that_runs_while_connections_come_and_go_ends_and_loses_nothing()
    {
        using var connection = new EngramConnection($"Data Source={DiskPath};Keep Alive=600");
        connection.Open();
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
        for (var i = 0; i < 300; i++)
        {
            Execute(connection, "INSERT INTO t VALUES ($1, $2)", i, new string('x', 1000));
            if (i % 50 == 0)
            {
                // A second connection checkpoints; it is waited for by nobody and closes with the first.
                var other = new EngramConnection($"Data Source={DiskPath};Keep Alive=600");
                other.Open();
                var running = Command(other, "CHECKPOINT").ExecuteNonQueryAsync();
                connection.Close();
                connection.Open();
                await running;
                other.Close();
            }

            connection.Close();
            connection.Open();
        }

        Assert.Equal(300L, Scalar(connection, "SELECT count(*) FROM t"));
        connection.Close();
        var before = Listing();
        AwaitASeal();
        Assert.Equal(before, Listing());
        EngramConnection.ClearPool(connection);
        connection.Open();
        Assert.Equal(300L, Scalar(connection, "SELECT count(v) FROM t"));
    }

    [Fact]
    public async Task What_is_paused_waits_between_two_calls_and_goes_on()
    {
        using var memory = new MemoryDirectory("pause");
        using var inner = new FaultyDirectory(memory.Share());
        using var directory = new PausableDirectory(inner);
        using var file = directory.Create("a");
        using var stop = new CancellationTokenSource();
        var writing = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    file.Write(0, [1, 2, 3]);
                }
            },
            TaskCreationOptions.LongRunning);
        for (var i = 0; i < 200; i++)
        {
            directory.Pause();
            directory.AwaitQuiet();
            var count = inner.Count(FaultPoint.Write);
            file.Sync();
            for (var j = 0; j < 100; j++)
            {
                Assert.Equal(count, inner.Count(FaultPoint.Write));
            }

            directory.Resume();
            Assert.True(SpinWait.SpinUntil(() => inner.Count(FaultPoint.Write) > count, TimeSpan.FromSeconds(120)));
        }

        await stop.CancelAsync();
        await writing;
    }

    /// <summary>Lets pass the time after which a log that was written now is sealed: waits for another log's seal.</summary>
    private static void AwaitASeal()
    {
        using var directory = new TemporaryDirectory();
        using var memory = new MemoryDirectory("other");
        using var disk = new FaultyDirectory(memory.Share());
        var target = new DatabaseTarget(Path.Combine(directory.Path, "other"), IsMemory: false);
        Database.Substitute(target, () => disk);
        try
        {
            using var connection = new EngramConnection($"Data Source={target.Path};Keep Alive=0");
            connection.Open();
            var before = disk.Count(FaultPoint.Write);
            Execute(connection, "CREATE TABLE t (id integer)");
            // The commit, then the seal.
            Assert.True(SpinWait.SpinUntil(() => disk.Count(FaultPoint.Write) >= before + 2, TimeSpan.FromSeconds(120)));
        }
        finally
        {
            Database.Substitute(target, null);
        }
    }

    private static int Changes(FaultyDirectory disk)
        => disk.Count(FaultPoint.Write) + disk.Count(FaultPoint.Create) + disk.Count(FaultPoint.Rename) + disk.Count(FaultPoint.Delete);

    private string[] Listing()
        => [.. new DirectoryInfo(DiskPath).GetFiles("*", SearchOption.AllDirectories).Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}").Order(StringComparer.Ordinal)];
}
