using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Execution.Definitions;

/// <summary>Views, and the statements about schemas, comments and whole tables.</summary>
public sealed class ViewTests : AdoTest
{
    [Fact]
    public void A_view_is_read_like_a_table()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, \"Name\" text, n int); INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30)");
        Execute("CREATE VIEW v AS SELECT id, \"Name\" AS label, n * 2 AS twice FROM t WHERE n > 10");
        Execute("CREATE VIEW w (a, b) AS SELECT v.id, count(*) FROM v JOIN t ON t.id >= v.id GROUP BY v.id");
        Assert.Equal(["2,b,40", "3,c,60"], Rows("SELECT * FROM v ORDER BY id"));
        Assert.Equal(["3,c"], Rows("SELECT x.id, x.label FROM v AS x WHERE x.twice = 60"));
        Assert.Equal(["2,2", "3,1"], Rows("SELECT a, b FROM w ORDER BY a"));
        Assert.Equal(["2,b"], Rows("SELECT v.id, v.label FROM v JOIN w ON w.a = v.id WHERE w.b = $1", 2L));
        Assert.Equal(1, Execute("UPDATE t SET n = 0 FROM v WHERE v.id = t.id AND v.label = 'b'"));
        Assert.Equal(["3"], Rows("SELECT id FROM v"));
        AssertState("55000", () => Execute("INSERT INTO w VALUES (1, 2)"));
        AssertState("42809", () => Execute("DROP TABLE v"));
        AssertState("42P07", () => Execute("CREATE VIEW v AS SELECT 1 AS x"));
        AssertState("42P16", () => Execute("CREATE VIEW z AS SELECT @p AS x", 1));
        AssertState("42701", () => Execute("CREATE VIEW z AS SELECT 1 AS x, 2 AS x"));
        AssertState("42P01", () => Execute("CREATE VIEW z AS SELECT * FROM nothing"));
    }

    [Fact]
    public void A_view_follows_renames_and_keeps_its_columns()
    {
        Execute("CREATE TABLE t (id int, a text); INSERT INTO t VALUES (1, 'x')");
        Execute("CREATE VIEW v AS SELECT * FROM t WHERE public.t.id > 0; CREATE VIEW w AS SELECT q.a FROM v q");
        Execute("ALTER TABLE t RENAME TO s; ALTER TABLE s RENAME COLUMN a TO b; ALTER TABLE s ADD COLUMN c int; ALTER VIEW v RENAME TO u; CREATE TABLE t (other int)");
        Assert.Equal(["1,x"], Rows("SELECT id, a FROM u"));
        Assert.Equal(["x"], Rows("SELECT * FROM w"));
        Assert.Equal(2, Rows("SELECT * FROM u")[0].Split(',').Length);
        Execute("CREATE SCHEMA other; ALTER VIEW u SET SCHEMA other");
        Assert.Equal(["1,x"], Rows("SELECT * FROM other.u"));
        Assert.Equal(["x"], Rows("SELECT * FROM w"));
    }

    [Fact]
    public void What_a_view_reads_is_not_dropped_under_it()
    {
        Execute("CREATE TABLE t (id int, a int, b int); CREATE VIEW v AS SELECT id, a FROM t; CREATE VIEW w AS SELECT id FROM v");
        AssertState("2BP01", () => Execute("DROP TABLE t"));
        AssertState("2BP01", () => Execute("ALTER TABLE t DROP COLUMN a"));
        AssertState("2BP01", () => Execute("ALTER TABLE t ALTER COLUMN a TYPE text"));
        AssertState("2BP01", () => Execute("DROP VIEW v"));
        Execute("ALTER TABLE t DROP COLUMN b");
        Execute("DROP VIEW v, w; CREATE VIEW v AS SELECT id, a FROM t; CREATE VIEW w AS SELECT id FROM v");
        Execute("ALTER TABLE t DROP COLUMN a CASCADE");
        AssertState("42P01", () => Rows("SELECT * FROM w"));
        Execute("CREATE VIEW v AS SELECT id FROM t; DROP TABLE t CASCADE");
        AssertState("42P01", () => Rows("SELECT * FROM v"));
        Execute("DROP VIEW IF EXISTS v");
        AssertState("42P01", () => Execute("DROP VIEW v"));
    }

    [Fact]
    public void A_view_is_replaced_by_one_with_its_columns_and_more()
    {
        Execute("CREATE TABLE t (id int, a text); INSERT INTO t VALUES (1, 'x')");
        Execute("CREATE OR REPLACE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT * FROM v; CREATE OR REPLACE VIEW v AS SELECT id, a FROM t");
        Assert.Equal(["1,x"], Rows("SELECT * FROM v"));
        Assert.Equal(["1"], Rows("SELECT * FROM w"));
        AssertState("42P16", () => Execute("CREATE OR REPLACE VIEW v AS SELECT a FROM t"));
        AssertState("42P16", () => Execute("CREATE OR REPLACE VIEW v AS SELECT id, 'x'::text AS a FROM w"));
        Execute("BEGIN; CREATE OR REPLACE VIEW v AS SELECT 7 AS id, 'y'::text AS a; ROLLBACK");
        Assert.Equal(["1,x"], Rows("SELECT * FROM v"));
    }

    [Fact]
    public void Views_sequences_and_comments_come_back_after_reopening()
    {
        var path = $"Data Source={DiskPath}";
        foreach (var last in new[] { false, true })
        {
            using (var connection = new EngramConnection(path))
            {
                connection.Open();
                if (!last)
                {
                    Execute(connection, "CREATE SCHEMA s; CREATE TABLE s.t (id int, a text); CREATE VIEW s.v AS SELECT * FROM s.t; CREATE SEQUENCE s.q START 5");
                    Execute(connection, "COMMENT ON COLUMN s.t.a IS 'words'; COMMENT ON VIEW s.v IS 'seen'; INSERT INTO s.t VALUES (1, 'x')");
                }

                Assert.Equal(["1,x"], Rows(connection, "SELECT * FROM s.v"));
                Assert.Equal(last ? 6L : 5L, Scalar(connection, "SELECT nextval('s.q')"));
            }

            ClearPool(path);
        }
    }

    [Fact]
    public void Get_schema_lists_views_sequences_and_comments()
    {
        Execute("CREATE TABLE t (a int); COMMENT ON COLUMN t.a IS 'one'; CREATE VIEW v AS SELECT a FROM t; CREATE SEQUENCE q INCREMENT 7; COMMENT ON SEQUENCE q IS 'two'");
        Assert.Equal("one", Connection.GetSchema("Columns", [null, "t"]).Rows[0]["comment"]);
        Assert.Equal("SELECT a FROM t", Connection.GetSchema("Views").Rows[0]["view_definition"]);
        Assert.Equal("integer", Connection.GetSchema("ViewColumns", [null, "v", "a"]).Rows[0]["data_type"]);
        var sequence = Connection.GetSchema("Sequences", [null, "q"]).Rows[0];
        Assert.Equal((7L, "two"), (sequence["increment"], sequence["comment"]));
    }

    [Fact]
    public void Schemas_hold_their_own_names()
    {
        Execute("CREATE SCHEMA a; CREATE SCHEMA IF NOT EXISTS a; CREATE TABLE a.t (id int); CREATE TABLE t (id int); CREATE SEQUENCE a.s; CREATE VIEW a.v AS SELECT id FROM a.t; CREATE VIEW w AS SELECT id FROM a.v");
        Execute("INSERT INTO a.t VALUES (1); ALTER SCHEMA a RENAME TO b");
        Assert.Equal(["1"], Rows("SELECT b.t.id FROM b.t"));
        Assert.Equal(["1"], Rows("SELECT * FROM w"));
        AssertState("2BP01", () => Execute("DROP SCHEMA b"));
        Execute("DROP SCHEMA b CASCADE");
        AssertState("3F000", () => Execute("DROP SCHEMA b"));
        AssertState("42P01", () => Rows("SELECT * FROM w"));
        AssertState("42939", () => Execute("CREATE SCHEMA pg_mine"));
        Assert.Equal(0L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_table_is_made_of_a_query()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, s varchar(5)); INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        Assert.Equal(2, Execute("CREATE TABLE u AS SELECT id, s, id * 1.5 AS x, NULL AS nothing FROM t"));
        Assert.Equal(["1,a,1.5,NULL", "2,b,3.0,NULL"], Rows("SELECT * FROM u ORDER BY id"));
        AssertState("22001", () => Execute("INSERT INTO u (s) VALUES ('too long')"));
        Execute("CREATE TABLE w (a) AS SELECT id FROM t WITH NO DATA; CREATE TABLE IF NOT EXISTS w AS SELECT 1 AS a");
        Assert.Equal(0L, Scalar("SELECT count(a) FROM w"));
        AssertState("42P07", () => Execute("CREATE TABLE w AS SELECT 1 AS a"));
        AssertState("42701", () => Execute("CREATE TABLE x AS SELECT 1 AS a, 2 AS a"));
        AssertState("22012", () => Execute("CREATE TABLE x AS SELECT 1 / (id - 1) AS a FROM t"));
        AssertState("42P01", () => Rows("SELECT * FROM x"));
    }

    [Fact]
    public void Truncate_empties_tables_with_those_that_refer_to_them()
    {
        Execute("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)");
        AssertState("0A000", () => Execute("TRUNCATE p"));
        Execute("BEGIN; TRUNCATE TABLE p, c; ROLLBACK");
        Assert.Equal(1L, Scalar("SELECT count(*) FROM c"));
        Execute("TRUNCATE p CASCADE");
        Assert.Equal(["0,0"], Rows("SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM c)"));
        Execute("CREATE SEQUENCE s OWNED BY c.p; SELECT nextval('s'); TRUNCATE c RESTART IDENTITY");
        Assert.Equal(1L, Scalar("SELECT nextval('s')"));
    }
}
