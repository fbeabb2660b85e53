using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query;

/// <summary>Queries from their text to their rows, over tables of values: what binder, planner and operators make together.</summary>
public sealed class QueryResultTests : AdoTest
{
    /// <summary>Four people; a is the boss of b and c, and b of d.</summary>
    private const string People = "WITH p (id, name, boss, age) AS (VALUES (1, 'a', NULL, 50), (2, 'b', 1, 30), (3, 'c', 1, 20), (4, 'd', 2, 10)) ";

    [Theory]
    [InlineData("JOIN", "2")]
    [InlineData("LEFT JOIN", "1", "2")]
    [InlineData("RIGHT JOIN", "2", "3")]
    [InlineData("FULL JOIN", "1", "2", "3")]
    public void USING_finds_columns_by_their_aliases(string join, params string[] rows)
        => Assert.Equal(rows, Rows($"SELECT k FROM (VALUES (1), (2)) a (k) {join} (VALUES (2), (3)) b (k) USING (k) ORDER BY k"));

    [Fact]
    public void An_aggregate_of_an_outer_query_is_not_computed_in_the_inner_one()
    {
        Assert.Equal(["3"], Rows("SELECT (SELECT sum(t.x) FROM (VALUES (1)) u (y)) FROM (VALUES (1), (2)) t (x)"));
        Assert.Equal(["3", "5"], Rows("SELECT (SELECT sum(t.x + u.y) FROM (VALUES (1), (0)) u (y)) FROM (VALUES (1), (2)) t (x) ORDER BY 1"));
    }

    [Fact]
    public void Columns_keep_the_names_that_a_list_of_aliases_gives_them()
    {
        Execute("CREATE TABLE named (a integer, b integer)");
        Execute("INSERT INTO named VALUES (1, 2)");
        foreach (var from in new[] { "named t (x, y)", "(VALUES (1, 2)) t (x, y)", "(SELECT a, b FROM named) t (x, y)" })
        {
            using var reader = Command($"SELECT x, y, * FROM {from}").ExecuteReader();
            Assert.Equal(["x", "y", "x", "y"], Enumerable.Range(0, 4).Select(reader.GetName));
            reader.Close();
            Assert.Equal(["2"], Rows($"SELECT s.y FROM (SELECT x, y FROM {from}) s WHERE s.x = 1 ORDER BY s.y"));
        }
    }

    [Fact]
    public void Large_floats_are_written_with_an_exponent()
    {
        Assert.Equal(
            ["100000000000000,1e+15,-1.2345678901234568e+17,123456.789,1e+300,1e-05"],
            Rows("SELECT CAST(1e14::float8 AS text), CAST(1e15::float8 AS text), CAST(-123456789012345680::float8 AS text), CAST(123456.789::float8 AS text), CAST(1e300::float8 AS text), CAST(1e-5::float8 AS text)"));
        Assert.Equal(
            ["100000,1e+06,1.234567e+06,123456.79,1.2345678e+06"],
            Rows("SELECT CAST(1e5::real AS text), CAST(1e6::real AS text), CAST(1234567::real AS text), CAST(123456.789::real AS text), CAST(1234567.8::real AS text)"));
    }

    [Theory]
    [InlineData("SELECT COALESCE(s, 'longer') FROM short", "longer", "ab")]
    [InlineData("SELECT CASE WHEN s IS NULL THEN 'longer' ELSE s END FROM short", "longer", "ab")]
    [InlineData("SELECT s FROM short UNION ALL SELECT 'longer'", "NULL", "ab", "longer")]
    [InlineData("SELECT x FROM (VALUES (CAST('ab' AS varchar(2))), ('longer'), (NULL)) t (x)", "NULL", "ab", "longer")]
    [InlineData("SELECT greatest(s, 'aaa') FROM short", "aaa", "ab")]
    [InlineData("SELECT COALESCE(n, '1.25') FROM short", "1.25", "7.5")]
    public void Literals_beside_short_columns_may_be_longer(string sql, params string[] rows)
    {
        Execute("CREATE TABLE short (s varchar(2), n numeric(3,1))");
        Execute("INSERT INTO short VALUES ('ab', 7.5), (NULL, NULL)");
        Assert.Equal(rows.Order(), Rows(sql).Order());
    }

    [Fact]
    public void A_written_cast_to_varchar_cuts_where_storing_refuses()
    {
        Assert.Equal(["a😀|abc||2"], Rows("SELECT concat(CAST(x AS varchar(2)), '|', 'abcdef'::varchar(3), '|', CAST(n AS varchar(1)), '|', length(x::varchar(2))) FROM (VALUES ('a😀b', NULL)) t (x, n)"));
        Execute("CREATE TABLE short (s varchar(2))");
        AssertState("22001", () => Execute("INSERT INTO short VALUES ('abc')"));
        Assert.Equal(1, Execute("INSERT INTO short VALUES (CAST('abc' AS varchar(2)))"));
        Assert.Equal("ab", Scalar("SELECT s FROM short"));
    }

    [Theory]
    [InlineData("SELECT p.name, b.name FROM p LEFT JOIN p b ON p.boss = b.id ORDER BY p.id", "a,NULL", "b,a", "c,a", "d,b")]
    [InlineData("SELECT p.name, b.name FROM p RIGHT JOIN p b ON p.boss = b.id ORDER BY b.id, p.id", "b,a", "c,a", "d,b", "NULL,c", "NULL,d")]
    [InlineData(
        "SELECT p.name, b.name FROM p FULL JOIN p b ON p.boss = b.id AND b.id > 1 ORDER BY p.id, b.id",
        "NULL,a", "NULL,c", "NULL,d", "a,NULL", "b,NULL", "c,NULL", "d,b")]
    [InlineData(
        "SELECT boss, count(*), sum(age), avg(age), min(name), max(age) FROM p GROUP BY boss ORDER BY boss",
        "NULL,1,50,50,a,50", "1,2,50,25,b,30", "2,1,10,10,d,10")]
    [InlineData("SELECT boss, count(*) AS n FROM p GROUP BY boss HAVING count(*) > 1 ORDER BY n DESC", "1,2")]
    [InlineData("SELECT age / 20 AS k, count(*) FROM p GROUP BY age / 20 ORDER BY k", "0,1", "1,2", "2,1")]
    [InlineData("SELECT name FROM p WHERE EXISTS (SELECT 1 FROM p c WHERE c.boss = p.id) ORDER BY name", "a", "b")]
    [InlineData("SELECT name FROM p WHERE NOT EXISTS (SELECT 1 FROM p c WHERE c.boss = p.id) ORDER BY name", "c", "d")]
    [InlineData("SELECT name FROM p WHERE id IN (SELECT boss FROM p) ORDER BY name", "a", "b")]
    [InlineData("SELECT name FROM p WHERE id NOT IN (SELECT boss FROM p) ORDER BY name")]
    [InlineData("SELECT name FROM p WHERE id NOT IN (SELECT boss FROM p WHERE boss IS NOT NULL) ORDER BY name", "c", "d")]
    [InlineData("SELECT name, (SELECT count(*) FROM p c WHERE c.boss = p.id) AS n FROM p ORDER BY n DESC, name", "a,2", "b,1", "c,0", "d,0")]
    [InlineData("SELECT p.name, l.name FROM p CROSS JOIN LATERAL (SELECT c.name FROM p c WHERE c.boss = p.id ORDER BY c.age LIMIT 1) l ORDER BY p.id", "a,c", "b,d")]
    [InlineData(
        "SELECT p.name, l.name FROM p LEFT JOIN LATERAL (SELECT c.name FROM p c WHERE c.boss = p.id ORDER BY c.age LIMIT 1) l ON true ORDER BY p.id",
        "a,c", "b,d", "c,NULL", "d,NULL")]
    [InlineData("SELECT name FROM p ORDER BY age LIMIT 2 OFFSET 1", "c", "b")]
    [InlineData("SELECT DISTINCT boss FROM p ORDER BY boss DESC", "2", "1", "NULL")]
    [InlineData("SELECT id FROM p UNION SELECT boss FROM p ORDER BY 1", "NULL", "1", "2", "3", "4")]
    [InlineData("SELECT id FROM p INTERSECT SELECT boss FROM p ORDER BY 1", "1", "2")]
    [InlineData("SELECT boss FROM p EXCEPT SELECT id FROM p", "NULL")]
    [InlineData("SELECT name FROM p WHERE (boss, age) > (1, 20) ORDER BY id", "b", "d")]
    [InlineData("SELECT name FROM p WHERE (boss, age) IN ((1, 20), (2, 10)) ORDER BY id", "c", "d")]
    [InlineData("SELECT count(*), count(boss), count(DISTINCT boss), sum(age) FILTER (WHERE boss = 1), string_agg(name, '-' ORDER BY age) FROM p", "4,3,2,50,d-c-b-a")]
    [InlineData("SELECT x.name, y.n FROM p x JOIN (SELECT boss, count(*) AS n FROM p GROUP BY boss) y ON x.id = y.boss ORDER BY 1", "a,2", "b,1")]
    [InlineData(
        "SELECT t.name, c.name FROM (SELECT id, name FROM p ORDER BY age DESC LIMIT 2) t LEFT JOIN p c ON c.boss = t.id ORDER BY t.id, c.id",
        "a,b", "a,c", "b,d")]
    [InlineData("SELECT name FROM p p1 WHERE age = (SELECT max(age) FROM p p2 WHERE p2.boss = p1.boss)", "b", "d")]
    [InlineData(
        "SELECT (SELECT (SELECT q.age + p.age + r.age FROM p r WHERE r.id = q.id) FROM p q WHERE q.id = p.boss) FROM p ORDER BY p.id",
        "NULL", "130", "120", "70")]
    [InlineData("SELECT * FROM p JOIN (SELECT id, age AS a2 FROM p) z USING (id) WHERE id < 3 ORDER BY id", "1,a,NULL,50,50", "2,b,1,30,30")]
    [InlineData(
        "SELECT id, a.boss FROM (SELECT id, boss FROM p WHERE id < 3) a FULL JOIN (SELECT id FROM p WHERE id > 1) b USING (id) ORDER BY id",
        "1,NULL", "2,1", "3,NULL", "4,NULL")]
    [InlineData("SELECT name FROM p ORDER BY (SELECT count(*) FROM p c WHERE c.boss = p.id), name DESC", "d", "c", "b", "a")]
    [InlineData(
        "SELECT CASE WHEN age > 25 THEN 'old' WHEN age > 15 THEN 'mid' END, COALESCE(boss, 0), NULLIF(age, 10) FROM p ORDER BY id",
        "old,0,50", "old,1,30", "mid,1,20", "NULL,2,NULL")]
    [InlineData("SELECT EXISTS (SELECT 1 FROM p WHERE age > 40), NOT EXISTS (SELECT 1 FROM p WHERE age > 60)", "True,True")]
    [InlineData("SELECT count(*) FROM (SELECT 1 AS empty FROM p LIMIT 3) t", "3")]
    [InlineData("SELECT a.name FROM p a, p b WHERE a.boss = b.id AND b.age > 40 ORDER BY 1", "b", "c")]
    [InlineData("SELECT name FROM p WHERE id = ANY (ARRAY[1, 3]) OR name LIKE '%d' ORDER BY name", "a", "c", "d")]
    public void People_are_queried(string sql, params string[] rows) => Assert.Equal(rows, Rows(People + sql));

    [Theory]
    [InlineData("SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL", "1", "2.5", "NULL")]
    [InlineData("SELECT 7 / 2, 7 % 3, -7 / 2, 7.0 / 2, 2 ^ 10, 1 + 1.5, 0.1 + 0.2", "3,1,-3,3.5,1024,2.5,0.3")]
    [InlineData(
        "SELECT 1 = 1, 1 <> 1, NULL = NULL, NULL IS NULL, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, (NULL = 1) IS UNKNOWN, true IS NOT FALSE",
        "True,False,NULL,True,True,True,True,True")]
    [InlineData("SELECT 5 BETWEEN 1 AND 10, 5 NOT BETWEEN 6 AND 10, 3 IN (1, 2, NULL), 3 NOT IN (1, 2), 1 IN (1, NULL)", "True,True,NULL,True,True")]
    [InlineData(
        "SELECT substring('hello' from 2 for 3), position('l' in 'hello'), trim(both 'x' from 'xxaxx'), upper('abc'), length('naïve'), left('hello', 2)",
        "ell,3,a,ABC,5,he")]
    [InlineData(
        "SELECT CAST('12' AS int) + 1, '1.5'::numeric(10,3), 1.005::numeric(10,2), 'true'::boolean, 300::smallint, '[1,2,3]'::vector(3) <-> '[1,2,4]'",
        "13,1.500,1.01,True,300,1")]
    [InlineData("SELECT greatest(1, 5, 3), least(2.5, 1), coalesce(NULL, NULL, 3)", "5,1,3")]
    [InlineData("SELECT REAL '0.7' >= 0.7, REAL '0.5' = 0.5, REAL '0.7' = REAL '0.7'", "False,True,True")]
    [InlineData("SELECT x FROM (VALUES (3), (1), (NULL), (2)) v (x) ORDER BY x", "NULL", "1", "2", "3")]
    [InlineData("SELECT x FROM (VALUES (3), (1), (NULL), (2)) v (x) ORDER BY x DESC", "3", "2", "1", "NULL")]
    [InlineData("SELECT x FROM (VALUES (3), (1), (NULL), (2)) v (x) ORDER BY x NULLS LAST", "1", "2", "3", "NULL")]
    [InlineData("SELECT x FROM (VALUES (3), (1), (NULL), (2)) v (x) ORDER BY -x LIMIT 2", "NULL", "3")]
    [InlineData("SELECT sum(x), avg(x), min(x), max(x), count(x) FROM (VALUES (3), (1), (NULL), (2)) v (x) WHERE false", "NULL,NULL,NULL,NULL,0")]
    [InlineData("SELECT x, count(*) FROM (VALUES (3), (1), (NULL), (2)) v (x) WHERE false GROUP BY x")]
    [InlineData("SELECT 1 WHERE 1 = 2")]
    [InlineData("SELECT count(*) WHERE 1 = 2", "0")]
    [InlineData("SELECT e <=> '[1,0]' FROM (VALUES ('[1,0]'::vector), ('[0,1]'), (NULL)) v (e) ORDER BY e <=> '[1,0]'", "0", "1", "NULL")]
    [InlineData("SELECT -9223372036854775808, 18446744073709551615", "-9223372036854775808,18446744073709551615")]
    [InlineData("SELECT a.x, b.y FROM (VALUES (1), (2)) a (x) JOIN (VALUES (2::bigint, 'b')) b (z, y) ON a.x = b.z", "2,b")]
    [InlineData("SELECT count(*) FROM (VALUES (1), (2), (3)) a (x) CROSS JOIN (VALUES (1), (2)) b (y)", "6")]
    [InlineData(@"SELECT 'abc' LIKE 'a_c', 'abc' ILIKE 'A%', 'a%c' LIKE 'a\%c', 'abc' NOT LIKE 'b%', 'a%' LIKE 'a!%' ESCAPE '!'", "True,True,True,True,True")]
    [InlineData("SELECT 1 AS x, NULL AS y UNION ALL SELECT NULL, 'b' UNION ALL SELECT 3, 'c' ORDER BY x", "NULL,b", "1,NULL", "3,c")]
    [InlineData("SELECT 'a' UNION SELECT NULL ORDER BY 1", "NULL", "a")]
    [InlineData("SELECT DISTINCT NULL UNION ALL SELECT 'x'", "NULL", "x")]
    public void Expressions_and_values(string sql, params string[] rows) => Assert.Equal(rows, Rows(sql));

    [Theory]
    [InlineData("SELECT (SELECT name FROM p)", "21000")]
    [InlineData("SELECT 9223372036854775807 + 1", "22003")]
    [InlineData("SELECT x FROM (VALUES (1), (2), (3)) a (x) WHERE x > ANY (SELECT 1, 2)", "42601")]
    public void Mistakes_that_the_rows_show(string sql, string sqlState) => AssertState(sqlState, () => Rows(People + sql));

    [Fact]
    public void Dates_are_counted_and_cut()
    {
        Assert.Equal(new DateOnly(2024, 2, 1), Scalar("SELECT DATE '2024-01-31' + 1"));
        Assert.Equal(29, Scalar("SELECT DATE '2024-03-01' - DATE '2024-02-01'"));
        Assert.Equal(new DateTime(2024, 1, 1, 11, 0, 0), Scalar("SELECT TIMESTAMP '2024-01-01 10:00:00' + INTERVAL '1 hour'"));
        Assert.Equal(2024.0, Scalar("SELECT extract(year FROM DATE '2024-05-06')"));
        Assert.Equal(["True,True"], Rows("SELECT now() > TIMESTAMPTZ '2020-01-01 00:00:00+00', current_date > DATE '2020-01-01'"));
    }
}
