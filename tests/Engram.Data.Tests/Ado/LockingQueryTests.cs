using System.Data;

namespace Engram.Data.Tests.Ado;

/// <summary>FOR UPDATE takes the write lock wherever it stands, or is refused: what was read under it is what is changed.</summary>
public sealed class LockingQueryTests : AdoTest
{
    public LockingQueryTests() => Execute("CREATE TABLE acc (id integer PRIMARY KEY, n integer); INSERT INTO acc VALUES (1, 10)");

    [Theory]
    [InlineData("SELECT * FROM acc WHERE id = 1 FOR UPDATE")]
    [InlineData("WITH p AS (SELECT * FROM acc WHERE id = 1 FOR UPDATE), q AS (SELECT 1 AS one) SELECT * FROM p, q")]
    [InlineData("SELECT * FROM (SELECT * FROM acc FOR UPDATE) s WHERE EXISTS (WITH c AS (SELECT 1) SELECT * FROM c)")]
    public async Task It_is_found_wherever_it_stands(string sql)
    {
        using var other = Open();
        using var transaction = Connection.BeginTransaction();
        Rows(sql);
        using var command = Command(other, "UPDATE acc SET n = n - 1");
        var waiting = command.ExecuteNonQueryAsync();
        Assert.False(waiting.IsCompleted);
        transaction.Commit();
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public void A_snapshot_that_others_have_gone_on_from_cannot_be_locked()
    {
        using var other = Open();
        using (Connection.BeginTransaction(IsolationLevel.Snapshot))
        {
            Scalar("SELECT 1 FROM acc");
            Execute(other, "UPDATE acc SET n = 0 WHERE id = 1");
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE id = 1 FOR UPDATE"));
        }

        using (Connection.BeginTransaction(IsolationLevel.Snapshot))
        {
            Assert.Equal(["0"], Rows("SELECT n FROM acc WHERE id = 1 FOR UPDATE"));
        }
    }

    [Fact]
    public void An_expression_of_a_block_has_none()
        => AssertState("0A000", () => Execute("DO $$ BEGIN IF (SELECT n FROM acc WHERE id = 1 FOR UPDATE) >= 10 THEN UPDATE acc SET n = n - 10; END IF; END $$"));
}
