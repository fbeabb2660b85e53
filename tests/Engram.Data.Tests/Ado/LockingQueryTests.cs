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
    public void A_snapshot_is_refused_only_when_a_row_that_it_would_lock_was_changed()
    {
        Execute("INSERT INTO acc VALUES (2, 20), (3, 30), (4, 40); CREATE VIEW all_acc AS SELECT * FROM acc");
        using var other = Open();
        using (Connection.BeginTransaction(IsolationLevel.Snapshot))
        {
            Scalar("SELECT 1 FROM acc");
            Execute(other, "UPDATE acc SET n = n + 1 WHERE id = 1");
            Execute(other, "DELETE FROM acc WHERE id = 4");
            Execute(other, "INSERT INTO acc VALUES (5, 50)");
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE n = 10 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE id = 4 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM acc FOR UPDATE"));

            // Of these nobody knows which rows they lock.
            AssertState("40001", () => Rows("SELECT a.n FROM acc a, acc b WHERE a.id = 2 AND b.id = 2 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM all_acc WHERE id = 2 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE id IN (SELECT id FROM acc WHERE id = 1 FOR UPDATE) AND id > 1 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE id = 2 AND random() < 2 FOR UPDATE"));
            AssertState("40001", () => Rows("SELECT n FROM acc WHERE id = 2 AND now() > timestamptz '2001-01-01 00:00:00Z' FOR UPDATE"));
            Assert.Equal(["20"], Rows("SELECT n FROM acc WHERE id = 2 FOR UPDATE"));
            Assert.Equal(["30"], Rows("SELECT x.n FROM acc AS x WHERE x.id = $1 AND x.id IN (SELECT id FROM acc WHERE n > 20) FOR UPDATE NOWAIT", 3));
            Execute("UPDATE acc SET n = 0 WHERE id IN (2, 3)");
        }
    }

    [Fact]
    public void An_expression_of_a_block_has_none()
        => AssertState("0A000", () => Execute("DO $$ BEGIN IF (SELECT n FROM acc WHERE id = 1 FOR UPDATE) >= 10 THEN UPDATE acc SET n = n - 10; END IF; END $$"));
}
