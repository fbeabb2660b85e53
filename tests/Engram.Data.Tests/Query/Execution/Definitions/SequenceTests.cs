using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Execution.Definitions;

/// <summary>Sequences: their numbers, and when they come again and when they do not.</summary>
public sealed class SequenceTests : AdoTest
{
    [Fact]
    public void Numbers_follow_the_options()
    {
        Execute("CREATE SEQUENCE a; CREATE SEQUENCE b START 10 INCREMENT BY -5 MINVALUE -3 MAXVALUE 10; CREATE SEQUENCE IF NOT EXISTS a; CREATE SEQUENCE c AS smallint MINVALUE 5 MAXVALUE 7 CYCLE");
        Assert.Equal(["1", "2", "3"], Rows("SELECT nextval('a') FROM (VALUES (1), (2), (3)) x"));
        Assert.Equal("10,5,0", string.Join(",", Next("b", 3)));
        AssertState("2200H", () => Scalar("SELECT nextval('b')"));
        Assert.Equal("5,6,7,5,6,7,5", string.Join(",", Next("c", 7)));
        Assert.Equal(3L, Scalar("SELECT currval('a')"));
        Assert.Equal(5L, Scalar("SELECT lastval()"));
        Assert.Equal(41L, Scalar("SELECT setval('a', 41)"));
        Assert.Equal(42L, Scalar("SELECT nextval('a')"));
        Scalar("SELECT setval('a', 7, false)");
        Assert.Equal("7,8", string.Join(",", Next("a", 2)));
        AssertState("22003", () => Scalar("SELECT setval('c', 8)"));
        AssertState("55000", () => Scalar(Open(), "SELECT currval('a')"));
        AssertState("55000", () => Scalar(Open(), "SELECT lastval()"));
        AssertState("42P01", () => Scalar("SELECT nextval('x')"));
        Assert.Equal(DBNull.Value, Scalar("SELECT nextval(NULL::text)"));
        AssertState("22023", () => Execute("CREATE SEQUENCE d INCREMENT 0"));
        AssertState("22023", () => Execute("CREATE SEQUENCE d MAXVALUE 5 START 6"));
        AssertState("22023", () => Execute("CREATE SEQUENCE d AS smallint MAXVALUE 50000"));
        AssertState("42P07", () => Execute("CREATE SEQUENCE a"));
        Execute("CREATE TABLE d (i int)");
        AssertState("42P07", () => Execute("CREATE SEQUENCE d"));
        AssertState("42P07", () => Execute("CREATE TABLE a (i int)"));
        AssertState("42809", () => Execute("INSERT INTO a VALUES (1)"));
    }

    [Fact]
    public void A_default_takes_numbers_and_holds_on_to_its_sequence()
    {
        Execute("CREATE SEQUENCE \"Orders Seq\" START 100; CREATE TABLE t (id bigint DEFAULT nextval('\"Orders Seq\"'), s text)");
        Assert.Equal(["100,a", "101,b"], Rows("INSERT INTO t (s) VALUES ('a'), ('b') RETURNING id, s"));
        Assert.Equal(["102,c", "7,d"], Rows("INSERT INTO t VALUES (DEFAULT, 'c'), (7, 'd') RETURNING id, s"));
        AssertState("2BP01", () => Execute("DROP SEQUENCE \"Orders Seq\""));
        AssertState("0A000", () => Execute("ALTER SEQUENCE \"Orders Seq\" RENAME TO o"));
        Execute("DROP SEQUENCE \"Orders Seq\" CASCADE");
        Assert.Equal(["NULL"], Rows("INSERT INTO t (s) VALUES ('e') RETURNING id"));

        Execute("CREATE SEQUENCE o OWNED BY t.id; ALTER SEQUENCE o RENAME TO p; ALTER TABLE t DROP COLUMN id");
        AssertState("42P01", () => Scalar("SELECT nextval('p')"));
        Execute("CREATE SEQUENCE o OWNED BY t.s; DROP TABLE t; DROP SEQUENCE IF EXISTS o");
        AssertState("42P01", () => Execute("DROP SEQUENCE o"));
    }

    [Fact]
    public void A_rollback_takes_back_definitions_and_restarts_but_no_numbers()
    {
        Execute("CREATE SEQUENCE a");
        Execute("BEGIN; CREATE SEQUENCE b; ALTER SEQUENCE a RESTART WITH 500");
        Assert.Equal(500L, Scalar("SELECT nextval('a')"));
        Assert.Equal(1L, Scalar("SELECT nextval('b')"));
        Execute("ROLLBACK");
        Assert.Equal(1L, Scalar("SELECT nextval('a')"));
        Execute("BEGIN");
        Assert.Equal(2L, Scalar("SELECT nextval('a')"));
        Execute("ROLLBACK; CREATE SEQUENCE c; ALTER SEQUENCE a INCREMENT BY 10");
        Assert.Equal(1L, Scalar("SELECT nextval('c')"));
        Assert.Equal(12L, Scalar("SELECT nextval('a')"));
        Execute("ALTER SEQUENCE a RESTART");
        Assert.Equal("1,11", string.Join(",", Next("a", 2)));
    }

    [Fact]
    public void Reading_numbers_waits_for_no_writer_and_each_is_given_once()
    {
        Execute("CREATE SEQUENCE a; CREATE TABLE t (i int)");
        Execute("BEGIN; INSERT INTO t VALUES (1)");
        var connections = Enumerable.Range(0, 3).Select(_ => Open()).ToArray();
        var given = new System.Collections.Concurrent.ConcurrentBag<long>();
        System.Threading.Tasks.Parallel.ForEach(connections, connection =>
        {
            for (var i = 0; i < 200; i++)
            {
                given.Add((long)Scalar(connection, "SELECT nextval('a')")!);
            }
        });
        Execute("COMMIT");
        Assert.Equal(Enumerable.Range(1, 600).Select(i => (long)i), given.Order());
    }

    [Fact]
    public void A_clean_end_skips_nothing_and_a_checkpoint_keeps_what_was_logged()
    {
        var path = $"Data Source={DiskPath}";
        using (var connection = new EngramConnection(path))
        {
            connection.Open();
            Execute(connection, "CREATE SEQUENCE a; CREATE SEQUENCE b INCREMENT 3");
            Assert.Equal(1L, Scalar(connection, "SELECT nextval('a')"));
            Scalar(connection, "SELECT nextval('b') FROM (VALUES (1), (2)) x");
            Execute(connection, "CHECKPOINT");
            Assert.Equal(2L, Scalar(connection, "SELECT nextval('a')"));
        }

        ClearPool(path);
        using (var connection = new EngramConnection(path))
        {
            connection.Open();
            Assert.Equal(3L, Scalar(connection, "SELECT nextval('a')"));
            AssertState("25006", () => Scalar(Open(path + ";Mode=ReadOnly"), "SELECT nextval('a')"));
        }

        ClearPool(path);
        using (var connection = new EngramConnection(path))
        {
            connection.Open();
            Assert.Equal(4L, Scalar(connection, "SELECT nextval('a')"));
            Assert.Equal(7L, Scalar(connection, "SELECT nextval('b')"));
        }

        ClearPool(path);
    }

    private long[] Next(string sequence, int count) => [.. Enumerable.Range(0, count).Select(_ => (long)Scalar($"SELECT nextval('{sequence}')")!)];
}
