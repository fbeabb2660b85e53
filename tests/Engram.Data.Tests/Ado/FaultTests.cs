using Engram.Data.Engine;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Ado;

/// <summary>What an application sees when the disk fails under its connection.</summary>
public sealed class FaultTests : AdoTest
{
    private readonly FaultyDirectory disk;
    private readonly MemoryDirectory memory = new("faults");
    private readonly DatabaseTarget target;
    private readonly string text;

    public FaultTests()
    {
        text = $"Data Source={DiskPath};Keep Alive=60";
        target = new DatabaseTarget(DiskPath, IsMemory: false);
        disk = new FaultyDirectory(memory.Share());
        var isFirst = true;
        Database.Substitute(target, () =>
        {
            // A directory goes with the store that it was opened for.
            var next = isFirst ? disk : new FaultyDirectory(memory.Share());
            isFirst = false;
            return next;
        });
    }

    [Fact]
    public void A_failed_sync_is_no_commit_and_ends_all_writing_until_the_database_is_reopened()
    {
        using var connection = Open(text);
        using var other = Open(text);
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY)");
        Execute(connection, "INSERT INTO t VALUES (1)");
        disk.FailNext(FaultPoint.Sync, "wal/", "58030", forever: true);
        var transaction = connection.BeginTransaction();
        Execute(connection, "INSERT INTO t VALUES (2)");
        AssertState("08007", transaction.Commit);
        Assert.Throws<InvalidOperationException>(transaction.Commit);
        disk.Heal();

        AssertState("EG003", () => Execute(connection, "INSERT INTO t VALUES (3)"));
        AssertState("EG003", () => Execute(other, "INSERT INTO t VALUES (4)"));
        Assert.Equal(["1"], Rows(connection, "SELECT id FROM t"));
        connection.Close();
        connection.Open();
        AssertState("EG003", () => Execute(connection, "INSERT INTO t VALUES (5)"));

        // Though it would stay warm for a minute: nobody joins a poisoned database.
        connection.Close();
        other.Close();
        connection.Open();
        var ids = Rows(connection, "SELECT id FROM t ORDER BY id");
        Assert.True(ids is ["1"] or ["1", "2"], string.Join(",", ids));
        Assert.Equal(1, Execute(connection, "INSERT INTO t VALUES (6)"));
    }

    [Fact]
    public async Task Rows_returned_wait_for_the_disk()
    {
        using var connection = Open(text);
        using var other = Open(text);
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY)");
        using var syncing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        disk.BeforeSync = _ =>
        {
            syncing.Set();
            goOn.Wait();
        };
        var inserting = Task.Run(() => Scalar(connection, "INSERT INTO t VALUES (7) RETURNING id"));
        syncing.Wait();
        Assert.False(inserting.IsCompleted);
        Assert.Equal(0L, Scalar(other, "SELECT count(*) FROM t"));
        goOn.Set();
        Assert.Equal(7, await inserting);
        Assert.Equal(1L, Scalar(other, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_full_disk_fails_the_transaction_alone()
    {
        using var connection = Open(text);
        Execute(connection, "CREATE TABLE t (id integer PRIMARY KEY, v text)");
        disk.FailNext(FaultPoint.Create, "wal/", "53100", forever: true);
        var filler = new string('x', 100_000);
        var inserted = 0L;
        var error = Assert.Throws<EngramException>(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                Execute(connection, "INSERT INTO t VALUES ($1, $2)", i, filler);
                inserted++;
            }
        });
        Assert.Equal("53100", error.SqlState);
        Assert.True(error.IsTransient);
        Assert.Equal(inserted, Scalar(connection, "SELECT count(*) FROM t"));
        disk.Heal();
        Assert.Equal(1, Execute(connection, "INSERT INTO t VALUES (-1, 'room again')"));
        connection.Close();
        EngramConnection.ClearPool(connection);
        connection.Open();
        Assert.Equal(inserted + 1, Scalar(connection, "SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_failed_opening_leaves_nothing_locked()
    {
        disk.FailNext(FaultPoint.Sync, "", "58030");
        AssertState("58030", () => Open(text));
        using var connection = Open(text);
        Assert.Equal(1, Scalar(connection, "SELECT 1"));
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Database.Substitute(target, null);
        memory.Dispose();
    }
}
