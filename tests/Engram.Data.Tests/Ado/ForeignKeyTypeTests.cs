namespace Engram.Data.Tests.Ado;

/// <summary>Foreign keys whose two sides are integers of different sizes, and columns of keys that get another type.</summary>
public sealed class ForeignKeyTypeTests : AdoTest
{
    [Theory]
    [InlineData("integer", "bigint")]
    [InlineData("bigint", "integer")]
    [InlineData("smallint", "bigint")]
    [InlineData("bigint", "smallint")]
    [InlineData("integer", "numeric(10, 2)")]
    public async Task Both_sides_may_be_integers(string child, string parent)
    {
        Run($"CREATE TABLE p (id {parent} PRIMARY KEY)");
        Run($"CREATE TABLE c (id integer PRIMARY KEY, p {child} REFERENCES p ON UPDATE CASCADE)");
        Run($"CREATE TABLE d (id integer PRIMARY KEY, p {child} REFERENCES p ON DELETE CASCADE)");
        Run("INSERT INTO p VALUES (1), (2), (3), (4), (300)");
        Run("INSERT INTO c VALUES (1, 1), (2, 2), (3, NULL), (4, 300)");
        Run("INSERT INTO d VALUES (1, 4), (2, 4), (3, 300)");
        Refused("23503", "INSERT INTO c VALUES (5, 5)");
        Refused("23503", "UPDATE c SET p = 44 WHERE id = 1");
        Refused("23503", "DELETE FROM p WHERE id = 1");
        Run("CHECKPOINT");
        Refused("23503", "DELETE FROM p WHERE id = 300");
        Run("DELETE FROM p WHERE id IN (3, 4)");
        Assert.Equal("3", Scalar("SELECT string_agg(id::text, ',' ORDER BY id) FROM d"));
        Run("UPDATE p SET id = id + 10 WHERE id < 100");
        Assert.Equal("11,12,300", Scalar("SELECT string_agg(p::text, ',' ORDER BY p) FROM c"));
        Assert.Empty((await Connection.VerifyAsync()).Problems);
    }

    [Fact]
    public void A_key_that_the_other_side_cannot_hold_is_in_no_row()
    {
        Run("CREATE TABLE p (id bigint PRIMARY KEY)");
        Run("CREATE TABLE c (p smallint REFERENCES p ON DELETE CASCADE)");
        Run("INSERT INTO p VALUES (1), (65537), (4294967297)");
        Run("INSERT INTO c VALUES (1)");
        Run("DELETE FROM p WHERE id > 1");
        Assert.Equal(1L, Scalar("SELECT count(*) FROM c"));
        Run("CREATE TABLE q (id smallint PRIMARY KEY)");
        Run("CREATE TABLE e (q bigint REFERENCES q)");
        Run("INSERT INTO q VALUES (1)");
        Refused("23503", "INSERT INTO e VALUES (65537)");
        Run("INSERT INTO e VALUES (1)");
        Run("CREATE TABLE n (id numeric PRIMARY KEY)");
        Run("CREATE TABLE f (n integer REFERENCES n ON UPDATE CASCADE)");
        Run("INSERT INTO n VALUES (1.5), (2.00)");
        Run("INSERT INTO f VALUES (2)");
        Refused("23503", "INSERT INTO f VALUES (1)");
        Run("UPDATE n SET id = id + 1 WHERE id < 2");
        Refused("23503", "UPDATE n SET id = 3.25 WHERE id = 2");
        Refused("42830", "CREATE TABLE g (n numeric REFERENCES q)");
    }

    [Fact]
    public void Keys_of_several_columns_mix_types_in_some()
    {
        Run("CREATE TABLE p (a bigint, b text, c smallint, PRIMARY KEY (a, b, c))");
        Run("CREATE TABLE q (id integer, b text, a integer, c bigint, FOREIGN KEY (a, b, c) REFERENCES p ON DELETE SET NULL)");
        Run("INSERT INTO p VALUES (1, 'x', 1), (2, 'y', 2), (5000000000, 'z', 1)");
        Run("INSERT INTO q VALUES (1, 'x', 1, 1), (2, 'y', 2, 2), (3, 'y', NULL, 2)");
        Refused("23503", "INSERT INTO q VALUES (4, 'x', 1, 2)");
        Refused("23503", "INSERT INTO q VALUES (4, 'x', 1, 65537)");
        Run("DELETE FROM p WHERE a <> 2");
        Assert.Equal("2", Scalar("SELECT string_agg(id::text, ',' ORDER BY id) FROM q WHERE a IS NOT NULL"));
    }

    [Fact]
    public async Task Either_side_gets_another_type()
    {
        Run("CREATE TABLE p (id integer PRIMARY KEY, up integer REFERENCES p)");
        Run("CREATE TABLE c (id integer PRIMARY KEY, p integer REFERENCES p)");
        Run("INSERT INTO p VALUES (1, NULL), (2, 1), (3, 2)");
        Run("INSERT INTO c VALUES (1, 1), (2, 3)");
        Run("CHECKPOINT");
        Run("ALTER TABLE p ALTER COLUMN id TYPE bigint");
        Refused("23503", "DELETE FROM p WHERE id = 3");
        Refused("23503", "INSERT INTO c VALUES (3, 4)");
        Run("INSERT INTO p VALUES (5000000000, 3)");
        Run("ALTER TABLE c ALTER COLUMN p TYPE bigint");
        Run("ALTER TABLE p ALTER COLUMN up TYPE bigint");
        Run("INSERT INTO c VALUES (3, 5000000000)");
        Refused("22003", "ALTER TABLE p ALTER COLUMN id TYPE integer");
        Refused("2BP01", "ALTER TABLE c ALTER COLUMN p TYPE text");
        Refused("2BP01", "ALTER TABLE p ALTER COLUMN id TYPE text");
        Refused("2BP01", "ALTER TABLE c ALTER COLUMN p TYPE numeric");
        Run("DELETE FROM c WHERE id = 3");
        Run("DELETE FROM p WHERE id = 5000000000");
        Run("ALTER TABLE p ALTER COLUMN id TYPE numeric");
        Refused("23503", "DELETE FROM p WHERE id = 1");
        Refused("23503", "ALTER TABLE p ALTER COLUMN id TYPE integer USING (id + 1)::integer");
        Run("ALTER TABLE p ALTER COLUMN id TYPE integer");
        Assert.Empty((await Connection.VerifyAsync()).Problems);
        Refused("23503", "DELETE FROM p WHERE id = 1");
    }

    [Fact]
    public void What_refers_to_values_that_a_new_type_changes_is_looked_at()
    {
        Run("CREATE TABLE p (id integer PRIMARY KEY)");
        Run("CREATE TABLE c (p integer REFERENCES p)");
        Run("INSERT INTO p VALUES (1), (2)");
        Run("INSERT INTO c VALUES (2)");
        Refused("23503", "ALTER TABLE p ALTER COLUMN id TYPE bigint USING id + 10");
        Run("ALTER TABLE p ALTER COLUMN id TYPE bigint USING 3 - id");
        Refused("23503", "DELETE FROM p WHERE id = 2");
        Run("DELETE FROM p WHERE id = 1");
    }

    private void Refused(string state, string sql) => Assert.Equal(state, Assert.Throws<EngramException>(() => Run(sql)).SqlState);

    private void Run(string sql) => Command(sql).ExecuteNonQuery();

    private object? Scalar(string sql) => Command(sql).ExecuteScalar();
}
