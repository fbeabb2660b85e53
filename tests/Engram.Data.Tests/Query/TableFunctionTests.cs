using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query;

/// <summary>Functions that return rows: in FROM, with the tables to their left in reach, and in select lists.</summary>
public sealed class TableFunctionTests : AdoTest
{
    private const string Arrays = "(VALUES (1, ARRAY[10, 20]), (2, ARRAY[30]), (3, NULL), (4, ARRAY[]::integer[])) t (id, a)";

    [Theory]
    [InlineData("SELECT * FROM generate_series(1, 4)", "1", "2", "3", "4")]
    [InlineData("SELECT * FROM generate_series(4, 1, -2) n", "4", "2")]
    [InlineData("SELECT n FROM generate_series(1, 0) n")]
    [InlineData("SELECT n FROM generate_series(1, NULL) n")]
    [InlineData("SELECT g.n * 2 FROM generate_series(1, 2) g (n)", "2", "4")]
    [InlineData("SELECT * FROM generate_series(9223372036854775806, 9223372036854775807)", "9223372036854775806", "9223372036854775807")]
    [InlineData("SELECT * FROM generate_series(2147483645, 2147483647, 2)", "2147483645", "2147483647")]
    [InlineData("SELECT * FROM generate_series(1.0, 2.0, 0.4)", "1.0", "1.4", "1.8")]
    [InlineData("SELECT count(*), sum(n) FROM generate_series(1, 100000) n", "100000,5000050000")]
    [InlineData("SELECT CAST(d AS text) FROM generate_series(DATE '2024-02-28', DATE '2024-03-01', INTERVAL '1 day') d", "2024-02-28 00:00:00", "2024-02-29 00:00:00", "2024-03-01 00:00:00")]
    [InlineData("SELECT CAST(d AS text) FROM generate_series(TIMESTAMP '2024-01-01', '2024-01-01 12:00', '5 hours') d", "2024-01-01 00:00:00", "2024-01-01 05:00:00", "2024-01-01 10:00:00")]
    [InlineData("SELECT CAST(d AS text) FROM generate_series(TIMESTAMPTZ '2024-01-01 00:00:00+02', '2024-01-01 00:00:00+00', '1 hour') d", "2024-01-01 00:00:00+02", "2024-01-01 01:00:00+02", "2024-01-01 02:00:00+02")]
    public void Series_go_from_the_first_to_the_last(string sql, params string[] rows) => Assert.Equal(rows, Rows(sql));

    [Theory]
    [InlineData("SELECT * FROM unnest(ARRAY['a', NULL, 'c'])", "a", "NULL", "c")]
    [InlineData("SELECT x, y FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b']) AS t (x, y)", "1,a", "2,b", "3,NULL")]
    [InlineData("SELECT x, o FROM unnest(ARRAY[7, 8]) WITH ORDINALITY AS t (x, o)", "7,1", "8,2")]
    [InlineData("SELECT ordinality FROM unnest(ARRAY[7, 8]) WITH ORDINALITY", "1", "2")]
    [InlineData("SELECT e FROM unnest(ARRAY[7, 8]) e WHERE e > 7", "8")]
    [InlineData("SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['x', 'y', 'z'])) WITH ORDINALITY AS t (n, s, o)", "1,x,1", "2,y,2", "NULL,z,3")]
    [InlineData("SELECT * FROM abs(-3)", "3")]
    [InlineData("SELECT n + 1 FROM abs(-3) AS n", "4")]
    [InlineData("SELECT id, e FROM " + Arrays + ", unnest(t.a) e ORDER BY id, e", "1,10", "1,20", "2,30")]
    [InlineData("SELECT id, e FROM " + Arrays + " LEFT JOIN unnest(t.a) e ON true ORDER BY id, e", "1,10", "1,20", "2,30", "3,NULL", "4,NULL")]
    [InlineData("SELECT id, e FROM " + Arrays + " LEFT JOIN LATERAL unnest(t.a) e ON e > 10 ORDER BY id, e", "1,20", "2,30", "3,NULL", "4,NULL")]
    [InlineData("SELECT id FROM " + Arrays + " WHERE EXISTS (SELECT 1 FROM unnest(t.a) e WHERE e = 20)", "1")]
    [InlineData("SELECT id FROM " + Arrays + " WHERE 30 IN (SELECT e FROM unnest(a) AS e)", "2")]
    [InlineData("SELECT (SELECT sum(e) FROM unnest(a) e) FROM " + Arrays + " ORDER BY id", "30", "30", "NULL", "NULL")]
    [InlineData("SELECT s FROM generate_subscripts(ARRAY['a', 'b'], 1) s", "1", "2")]
    public void Functions_stand_in_FROM(string sql, params string[] rows) => Assert.Equal(rows, Rows(sql));

    [Theory]
    [InlineData("SELECT unnest(ARRAY[1, 2])", "1", "2")]
    [InlineData("SELECT unnest(ARRAY[1, 2]) * 10 AS x ORDER BY x DESC", "20", "10")]
    [InlineData("SELECT generate_series(1, 3), unnest(ARRAY['a', 'b'])", "1,a", "2,b", "3,NULL")]
    [InlineData("SELECT id, unnest(a) FROM " + Arrays + " ORDER BY 2 DESC LIMIT 2", "2,30", "1,20")]
    [InlineData("SELECT unnest(array_agg(id ORDER BY id DESC)) FROM " + Arrays, "4", "3", "2", "1")]
    [InlineData("SELECT id / 3, generate_series(1, count(*)) FROM " + Arrays + " GROUP BY 1 ORDER BY 1, 2", "0,1", "0,2", "1,1", "1,2")]
    [InlineData("SELECT DISTINCT unnest(ARRAY[1, 1, 2])", "1", "2")]
    [InlineData("SELECT count(*) FROM (SELECT unnest(ARRAY[1, 1, 2])) t", "3")]
    [InlineData("SELECT CAST(ARRAY(SELECT unnest(ARRAY[3, 1]) ORDER BY 1) AS text)", "{1,3}")]
    public void Functions_stand_in_select_lists(string sql, params string[] rows) => Assert.Equal(rows, Rows(sql));

    [Theory]
    [InlineData("SELECT * FROM generate_series(1, 5, 0)", "22023")]
    [InlineData("SELECT 1 WHERE unnest(ARRAY[1]) = 1", "0A000")]
    [InlineData("SELECT CASE WHEN true THEN unnest(ARRAY[1]) END", "0A000")]
    [InlineData("SELECT count(unnest(ARRAY[1]))", "0A000")]
    [InlineData("SELECT * FROM nothing(1)", "42883")]
    [InlineData("SELECT * FROM generate_series(1, 2) AS t (a integer)", "42601")]
    [InlineData("SELECT * FROM generate_series(1, 2) AS t (a, b)", "42601")]
    public void What_cannot_be_is_said(string sql, string state) => AssertState(state, () => Rows(sql));

    [Fact]
    public void An_array_parameter_becomes_rows()
    {
        Execute("CREATE TABLE item (id integer PRIMARY KEY, name text)");
        Execute("INSERT INTO item SELECT n, 'i' || n FROM generate_series(1, 3000) n");
        using var command = Command("SELECT i.name FROM unnest(@ids) AS k JOIN item i ON i.id = k ORDER BY k");
        command.Parameters.AddWithValue("ids", new[] { 2, 2999, 7000, 1 });
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        Assert.Equal(["i1", "i2", "i2999"], names);
    }
}
