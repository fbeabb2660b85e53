namespace Engram.Data.Tests.Ado;

/// <summary>What a changed definition promises of the rows that are there is looked at; what cannot be is refused, and nothing has changed.</summary>
public sealed class AlterTableTests : AdoTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Not_null_is_refused_while_there_are_nulls(bool checkpoint)
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, NULL), (3, NULL)");
        if (checkpoint)
        {
            Execute("CHECKPOINT");
        }

        var error = Assert.Throws<EngramException>(() => Execute("ALTER TABLE t ALTER COLUMN a SET NOT NULL"));
        Assert.Equal(("23502", "Column 't.a' is NULL in 2 rows and so cannot become NOT NULL. Give them a value first: UPDATE … SET a = … WHERE a IS NULL."), (error.SqlState, error.Message));
        Execute("INSERT INTO t VALUES (4, NULL); DELETE FROM t WHERE id = 3; UPDATE t SET a = 5 WHERE id = 2");
        AssertState("23502", () => Execute("ALTER TABLE t ALTER COLUMN a SET NOT NULL"));
        Execute("UPDATE t SET a = 6 WHERE id = 4; ALTER TABLE t ALTER COLUMN a SET NOT NULL");
        AssertState("23502", () => Execute("UPDATE t SET a = NULL"));
        Execute("ALTER TABLE t ALTER COLUMN a DROP NOT NULL; UPDATE t SET a = NULL WHERE id = 1");
        Assert.Equal(["1,NULL", "2,5", "4,6"], Rows("SELECT id, a FROM t ORDER BY id"));
    }

    [Theory]
    [InlineData("ADD COLUMN c int NOT NULL", "23502")]
    [InlineData("ADD COLUMN c int NOT NULL DEFAULT NULL", "23502")]
    [InlineData("ADD COLUMN c int UNIQUE DEFAULT 3", "23505")]
    [InlineData("ADD COLUMN c int DEFAULT 3 CHECK (c > 3)", "23514")]
    [InlineData("ADD COLUMN c int DEFAULT 3 REFERENCES p", "23503")]
    [InlineData("ADD CONSTRAINT x CHECK (a < 2)", "23514")]
    [InlineData("ADD CONSTRAINT x UNIQUE (b)", "23505")]
    [InlineData("ADD CONSTRAINT x FOREIGN KEY (a) REFERENCES p (id)", "23503")]
    [InlineData("ADD CONSTRAINT x PRIMARY KEY (a)", "42P16")]
    [InlineData("ALTER COLUMN b TYPE int", "42804")]
    [InlineData("ALTER COLUMN b TYPE int USING b::int", "22P02")]
    [InlineData("ALTER COLUMN a TYPE tinyint USING a * 1000", "22003")]
    [InlineData("ALTER COLUMN a TYPE int USING NULL", "23502")]
    [InlineData("ALTER COLUMN a TYPE int USING a / 0", "22012")]
    [InlineData("ALTER COLUMN b TYPE varchar(1)", "22001")]
    [InlineData("ALTER COLUMN e TYPE vector(3)", "22000")]
    [InlineData("ALTER COLUMN e TYPE vector", "42P16")]
    [InlineData("ALTER COLUMN id TYPE text", "2BP01")]
    [InlineData("ALTER COLUMN k TYPE bigint", "2BP01")]
    [InlineData("ALTER COLUMN u TYPE int USING 1", "23505")]
    [InlineData("ALTER COLUMN a TYPE int USING -a", "23514")]
    [InlineData("ALTER COLUMN b ADD GENERATED ALWAYS AS IDENTITY", "42P16")]
    [InlineData("ALTER COLUMN a DROP IDENTITY", "42P16")]
    [InlineData("ALTER COLUMN a DROP EXPRESSION", "42P16")]
    public async Task What_the_rows_do_not_allow_changes_nothing(string change, string sqlState)
    {
        Execute("""
            CREATE TABLE p (id int PRIMARY KEY);
            CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0), b text, e vector(2), k int GENERATED ALWAYS AS IDENTITY, u int UNIQUE, d bigint GENERATED ALWAYS AS (k + 1) STORED);
            CREATE TABLE child (x int REFERENCES t);
            INSERT INTO p VALUES (1);
            INSERT INTO t (id, a, b, e, u) VALUES (1, 1, 'x', '[1,2]', 1);
            CHECKPOINT;
            INSERT INTO t (id, a, b, e, u) VALUES (2, 2, 'yy', '[3,4]', 2), (3, 1, 'yy', NULL, 3);
            """);
        var before = Rows("SELECT * FROM t ORDER BY id");
        AssertState(sqlState, () => Execute("ALTER TABLE t " + change));
        Assert.Equal(before, Rows("SELECT * FROM t ORDER BY id"));
        Execute("INSERT INTO t (id, a, b, e, u) VALUES (4, 4, 'z', '[5,6]', 4)");
        Assert.Equal(["4,4,z,4,4,5"], Rows("SELECT id, a, b, k, u, d FROM t WHERE u = 4"));
        Assert.Empty((await Connection.VerifyAsync()).Problems);
    }

    [Fact]
    public void Errors_name_the_constraint_and_the_first_row()
    {
        Execute("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, 5)");
        Assert.Equal("Check 'small' cannot be added to table 't': the row with (id)=(2) does not meet it. Correct the rows first.",
            Assert.Throws<EngramException>(() => Execute("ALTER TABLE t ADD CONSTRAINT small CHECK (a < 5)")).Message);
        Assert.Equal("Foreign key 'fk' cannot be added to table 't': (a)=(1) is not in table 'p'. Insert those rows first, or correct the values.",
            Assert.Throws<EngramException>(() => Execute("ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p")).Message);
        Execute("INSERT INTO p VALUES (1), (5); ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES p, ADD CONSTRAINT large CHECK (a < 9), ADD UNIQUE (a)");
        AssertState("23503", () => Execute("DELETE FROM p WHERE id = 5"));
        AssertState("23514", () => Execute("UPDATE t SET a = 10"));
        AssertState("23505", () => Execute("UPDATE t SET a = 1"));
        Execute("ALTER TABLE t RENAME CONSTRAINT fk TO \"FK2\"; ALTER TABLE t DROP CONSTRAINT \"FK2\"; DELETE FROM p");
    }

    [Fact]
    public void Every_row_gets_a_value_of_its_own_from_a_volatile_default_or_an_identity()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (10), (20); CHECKPOINT; INSERT INTO t VALUES (30); DELETE FROM t WHERE id = 20");
        Execute("ALTER TABLE t ADD COLUMN g uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), ADD COLUMN n int GENERATED BY DEFAULT AS IDENTITY, ADD COLUMN moment timestamptz NOT NULL DEFAULT now()");
        Assert.Equal(["2,2,1"], Rows("SELECT count(*), count(DISTINCT g), count(DISTINCT moment) FROM t"));
        Assert.Equal(["10,1", "30,2"], Rows("SELECT id, n FROM t ORDER BY id"));
        Execute("INSERT INTO t (id) VALUES (40)");
        Assert.Equal(["40,3"], Rows("SELECT id, n FROM t WHERE id = 40"));
    }

    [Fact]
    public void An_identity_comes_and_goes()
    {
        Execute("CREATE TABLE t (id int NOT NULL, a int); INSERT INTO t VALUES (4, 1), (9, 2); CHECKPOINT");
        Execute("ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY; INSERT INTO t (a) VALUES (3)");
        AssertState("428C9", () => Execute("INSERT INTO t (id, a) VALUES (1, 1)"));
        Execute("ALTER TABLE t ALTER COLUMN id SET GENERATED BY DEFAULT; INSERT INTO t VALUES (20, 4); INSERT INTO t (a) VALUES (5)");
        Execute("ALTER TABLE t ALTER COLUMN id TYPE bigint; INSERT INTO t (a) VALUES (6)");
        Assert.Equal(["4,1", "9,2", "10,3", "20,4", "21,5", "22,6"], Rows("SELECT id, a FROM t ORDER BY id"));
        Execute("ALTER TABLE t ALTER COLUMN id DROP IDENTITY");
        AssertState("23502", () => Execute("INSERT INTO t (a) VALUES (7)"));
        Execute("ALTER TABLE t ALTER COLUMN id DROP IDENTITY IF EXISTS");
    }

    [Fact]
    public void An_identity_that_comes_again_goes_on_behind_what_it_had_or_starts_where_it_is_told()
    {
        Execute("CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a int); INSERT INTO t (a) VALUES (1), (2)");
        Execute("ALTER TABLE t ALTER COLUMN id DROP IDENTITY; ALTER TABLE t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY 5)");
        Execute("INSERT INTO t (a) VALUES (3), (4)");
        Execute("ALTER TABLE t ALTER COLUMN id DROP IDENTITY; ALTER TABLE t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 7); INSERT INTO t (a) VALUES (5)");
        Execute("ALTER TABLE t ALTER COLUMN id DROP IDENTITY; ALTER TABLE t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH -1 INCREMENT BY -1); INSERT INTO t (a) VALUES (6), (7)");
        Assert.Equal(["1,1", "2,2", "100,3", "105,4", "110,5", "-1,6", "-2,7"], Rows("SELECT id, a FROM t ORDER BY a"));
    }

    [Fact]
    public void A_computed_column_becomes_a_plain_one()
    {
        Execute("CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t (a) VALUES (1)");
        Execute("ALTER TABLE t ALTER COLUMN b DROP EXPRESSION; INSERT INTO t VALUES (2, 7)");
        Assert.Equal(["1,2", "2,7"], Rows("SELECT a, b FROM t ORDER BY a"));
    }

    [Fact]
    public async Task Changes_that_are_taken_back_leave_nothing_behind()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1), (2, 2); CHECKPOINT; INSERT INTO t VALUES (3, 3)");
        Execute("BEGIN; ALTER TABLE t ADD COLUMN b int DEFAULT 1; UPDATE t SET b = 5; CREATE INDEX i ON t (b); SAVEPOINT s; ALTER TABLE t ALTER COLUMN a TYPE text; ALTER TABLE t ALTER COLUMN b TYPE text; UPDATE t SET b = 'x'");
        Assert.Equal(["1,1,x", "2,2,x", "3,3,x"], Rows("SELECT id, a, b FROM t ORDER BY id"));
        Execute("ROLLBACK TO SAVEPOINT s");
        Assert.Equal(["1,1,5", "2,2,5", "3,3,5"], Rows("SELECT id, a, b FROM t ORDER BY id"));
        Execute("ROLLBACK");
        // The same places, with values of another kind.
        Execute("ALTER TABLE t ADD COLUMN b text DEFAULT 'long enough to lie elsewhere'; UPDATE t SET b = b || id; CREATE INDEX i ON t (b); INSERT INTO t VALUES (4, 4, 'w')");
        Assert.Equal(["1,1,long enough to lie elsewhere1", "2,2,long enough to lie elsewhere2", "3,3,long enough to lie elsewhere3", "4,4,w"], Rows("SELECT id, a, b FROM t ORDER BY id"));
        Assert.Equal(["4"], Rows("SELECT id FROM t WHERE b = 'w'"));
        Assert.Empty((await Connection.VerifyAsync()).Problems);
    }

    [Fact]
    public void A_type_may_grow_again_and_again()
    {
        Execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); CHECKPOINT");
        Execute("ALTER TABLE t ADD COLUMN a tinyint UNIQUE; UPDATE t SET a = id; INSERT INTO t VALUES (3, 3)");
        Execute("ALTER TABLE t ALTER COLUMN a TYPE smallint; UPDATE t SET a = 300 WHERE id = 1; INSERT INTO t VALUES (4, 400); CHECKPOINT");
        Execute("INSERT INTO t VALUES (5, 500); ALTER TABLE t ALTER COLUMN a TYPE int; UPDATE t SET a = 70000 WHERE id = 3; ALTER TABLE t ALTER COLUMN a TYPE bigint; INSERT INTO t VALUES (6, 5000000000)");
        string[] expected = ["1,300", "2,2", "3,70000", "4,400", "5,500", "6,5000000000"];
        Assert.Equal(expected, Rows("SELECT id, a FROM t ORDER BY id"));
        foreach (var row in expected)
        {
            Assert.Equal([row], Rows($"SELECT id, a FROM t WHERE a = {row[2..]}"));
        }

        AssertState("23505", () => Execute("INSERT INTO t VALUES (7, 300)"));
        AssertState("23505", () => Execute("UPDATE t SET a = 2 WHERE id = 6"));
        Execute("CHECKPOINT; VACUUM");
        Assert.Equal(expected, Rows("SELECT id, a FROM t ORDER BY id"));
        Assert.Equal(["3", "6"], Rows("SELECT id FROM t WHERE a > 600 ORDER BY a"));
    }

    [Fact]
    public void Blocks_without_the_column_are_skipped_by_what_their_rows_have()
    {
        FillTable(10_000);
        Execute("CHECKPOINT; ALTER TABLE t ADD COLUMN a int DEFAULT 5, ALTER COLUMN id TYPE bigint");
        string Skipped(string condition) => Rows("EXPLAIN ANALYZE SELECT name FROM t WHERE " + condition).Single(l => l.Contains("blocks", StringComparison.Ordinal));
        Assert.Contains("blocks=5 skipped=5 ", Skipped("a > 5"), StringComparison.Ordinal);
        Assert.Contains("blocks=5 skipped=0 ", Skipped("a >= 5"), StringComparison.Ordinal);
        Assert.Equal(["10000"], Rows("SELECT count(*) FROM t WHERE a = 5"));
        Assert.Equal(["9995,9996,9997,9998,9999,10000".Split(',').Length.ToString(System.Globalization.CultureInfo.InvariantCulture)], Rows("SELECT count(*) FROM t WHERE id + 0 >= 9995"));
    }

    [Fact]
    public async Task A_column_computed_for_large_segments_is_taken_back_with_its_savepoint_and_kept_across_maintenance()
    {
        FillTable(5000);
        Execute("CHECKPOINT; DELETE FROM t WHERE id BETWEEN 10 AND 20; UPDATE t SET name = 'changed' WHERE id = 30; INSERT INTO t VALUES (9001, 'later')");
        Execute("BEGIN; ALTER TABLE t ADD COLUMN n int; SAVEPOINT s; ALTER TABLE t ALTER COLUMN name TYPE int USING length(name), ADD COLUMN g uuid DEFAULT gen_random_uuid(); CREATE INDEX i ON t (name)");
        Assert.Equal(["4990,1,2,4990"], Rows("SELECT count(*), min(id), count(DISTINCT name) - 3, count(DISTINCT g) FROM t"));
        Assert.Equal(["9001"], Rows("SELECT id FROM t WHERE name = 5"));
        Execute("ROLLBACK TO SAVEPOINT s");
        Assert.Equal(["changed"], Rows("SELECT name FROM t WHERE id = 30"));
        Execute("ROLLBACK");
        using var reader = Open();
        Execute(reader, "BEGIN ISOLATION LEVEL SNAPSHOT");
        Assert.Equal(["4990"], Rows(reader, "SELECT count(*) FROM t"));
        Execute("ALTER TABLE t ALTER COLUMN name TYPE int USING length(name); UPDATE t SET name = -1 WHERE id = 40");
        Assert.Equal(["name 40"], Rows(reader, "SELECT name FROM t WHERE id = 40"));
        Execute("VACUUM; CHECKPOINT; VACUUM");
        Assert.Equal(["changed", "name 40"], Rows(reader, "SELECT name FROM t WHERE id IN (30, 40) ORDER BY id"));
        Execute(reader, "COMMIT");
        Assert.Equal(["1,6", "30,7", "40,-1", "5000,9", "9001,5"], Rows("SELECT id, name FROM t WHERE id IN (1, 15, 30, 40, 5000, 9001) ORDER BY id"));
        Assert.Empty((await Connection.VerifyAsync()).Problems);
    }

    [Fact]
    public void A_renamed_column_keeps_its_checks_computed_columns_and_conditions()
    {
        Execute("""
            CREATE TABLE t (id int PRIMARY KEY, text text, other int CHECK (other > 0), CHECK (length(text) < 9 AND TEXT <> 'text' AND t.text <> CAST(other AS text)),
                up text GENERATED ALWAYS AS (upper("text") || text::text) STORED);
            CREATE UNIQUE INDEX i ON t (other) WHERE text IS NOT NULL;
            INSERT INTO t (id, text, other) VALUES (1, 'a', 1), (2, NULL, 1);
            ALTER TABLE t RENAME COLUMN text TO "the name";
            ALTER TABLE t RENAME COLUMN other TO number;
            INSERT INTO t (id, "the name", number) VALUES (3, 'c', 3);
            """);
        Assert.Equal(["1,Aa", "2,NULL", "3,Cc"], Rows("SELECT id, up FROM t ORDER BY id"));
        AssertState("23514", () => Execute("UPDATE t SET \"the name\" = 'text' WHERE id = 1"));
        AssertState("23514", () => Execute("UPDATE t SET number = 0"));
        AssertState("23505", () => Execute("UPDATE t SET \"the name\" = 'b' WHERE id = 2"));
    }
}
