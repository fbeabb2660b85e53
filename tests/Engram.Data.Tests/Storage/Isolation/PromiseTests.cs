using System.Data;
using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>What docs/transactions.md says beside the anomalies.</summary>
public sealed class PromiseTests : AdoTest
{
    public PromiseTests() => FillTable(3);

    [Theory]
    [InlineData("BEGIN READ ONLY")]
    [InlineData("BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY")]
    public void A_transaction_that_only_reads_takes_no_lock(string begin)
    {
        using var other = Open();
        Execute(begin);
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        Execute(other, "DELETE FROM t WHERE id = 1");
        Assert.Equal(begin.Contains("SERIALIZABLE", StringComparison.Ordinal) ? 3L : 2L, Scalar("SELECT count(*) FROM t"));
        AssertState("25006", () => Execute("DELETE FROM t"));
        Execute("COMMIT");
    }

    [Fact]
    public void A_key_that_another_inserted_since_the_snapshot_is_a_duplicate()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot);
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        Execute(other, "INSERT INTO t VALUES (4, 'other')");
        AssertState("23505", () => Execute("INSERT INTO t VALUES (4, 'mine')"));
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        Execute("INSERT INTO t VALUES (5, 'mine')");
        transaction.Commit();
        Assert.Equal(5L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_snapshot_reads_on_over_a_checkpoint_and_writes_no_more()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot);
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        Execute(other, "DELETE FROM t WHERE id = 1; CHECKPOINT");
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        AssertState("40001", () => Execute("UPDATE t SET name = 'x' WHERE id = 2"));
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_rollback_to_a_savepoint_keeps_lock_and_snapshot()
    {
        using var other = Open(ConnectionString + ";Default Timeout=1");
        using var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot);
        transaction.Save("s");
        Execute("DELETE FROM t");
        transaction.Rollback("s");
        AssertState("55P03", () => Execute(other, "DELETE FROM t"));
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        transaction.Save("s");
        Execute("DELETE FROM t WHERE id = 1");
        transaction.Save("s");
        Execute("DELETE FROM t");
        transaction.Rollback("s");
        transaction.Release("s");
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
        transaction.Rollback("s");
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_snapshot_reads_by_its_own_schema_and_does_not_write_by_it()
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction(IsolationLevel.Snapshot);
        Assert.Equal(3L, Scalar("SELECT count(*) FROM t"));
        Execute(other, "ALTER TABLE t ADD COLUMN added integer");
        Assert.Equal("1,name 1", Rows("SELECT * FROM t ORDER BY id")[0]);
        AssertState("40001", () => Execute("DELETE FROM t"));
    }
}
