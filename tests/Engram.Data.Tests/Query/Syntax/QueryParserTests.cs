using Engram.Data.Query.Syntax;

namespace Engram.Data.Tests.Query.Syntax;

public class QueryParserTests
{
    [Theory]
    [InlineData("SELECT 1", "{select 1}")]
    [InlineData("SELECT *, t.*, a AS b, c d, e \"F\" FROM t", "{select *, t.*, a as b, c as d, e as \"F\" from t}")]
    [InlineData("SELECT a AS select, b value FROM t", "{select a as select, b as value from t}")]
    [InlineData("SELECT DISTINCT a FROM t", "{select distinct a from t}")]
    [InlineData("SELECT DISTINCT ON (a, b) c FROM t", "{select distinct-on(a b) c from t}")]
    [InlineData("SELECT ALL a FROM s.t AS x (p, q)", "{select a from s.t x(p,q)}")]
    [InlineData("SELECT a FROM t, u v WHERE a = b", "{select a from t, u v where (= a b)}")]
    [InlineData("SELECT a, count(*) FROM t GROUP BY a HAVING count(*) > 1", "{select a, (count *) from t group [a] having (> (count *) 1)}")]
    [InlineData("SELECT 1 FROM t GROUP BY ()", "{select 1 from t group []}")]
    [InlineData("SELECT a FROM t WINDOW w AS (PARTITION BY a), v AS (w ORDER BY b)", "{select a from t window w=<partition a>, v=<w order b>}")]
    [InlineData("SELECT a FROM t ORDER BY a, 2 DESC NULLS LAST LIMIT 5 OFFSET 10", "{select a from t order a, 2 desc nulls-last limit 5 offset 10}")]
    [InlineData("SELECT a FROM t OFFSET @p ROWS FETCH NEXT @q ROWS ONLY", "{select a from t limit @q offset @p}")]
    [InlineData("SELECT a FROM t FETCH FIRST ROW WITH TIES", "{select a from t limit 1 ties}")]
    [InlineData("SELECT a FROM t LIMIT ALL", "{select a from t}")]
    [InlineData("SELECT a FROM t ORDER BY e <=> @q LIMIT 5 WITH APPROXIMATE", "{select a from t order (<=> e @q) limit 5 approximate -}")]
    [InlineData("SELECT a FROM t ORDER BY e <=> @q LIMIT 5 WITH APPROXIMATE (100) OFFSET 2", "{select a from t order (<=> e @q) limit 5 approximate 100 offset 2}")]
    [InlineData("SELECT a FROM t FOR UPDATE OF t SKIP LOCKED", "{select a from t}")]
    [InlineData("SELECT FROM t", "{select  from t}")]
    [InlineData("VALUES (1, 'a'), (2, 'b')", "{values (1 'a') (2 'b')}")]
    [InlineData("TABLE s.t", "{select * from s.t}")]
    [InlineData("(SELECT 1)", "{select 1}")]
    [InlineData("(SELECT 1) LIMIT 1", "{select 1 limit 1}")]
    public void Clauses(string sql, string shape) => Assert.Equal(shape, Shape.OfQuery(sql));

    [Theory]
    [InlineData("SELECT 1 FROM a JOIN b ON x", "(inner a b on x)")]
    [InlineData("SELECT 1 FROM a LEFT OUTER JOIN b USING (x, y)", "(left a b using(x,y))")]
    [InlineData("SELECT 1 FROM a RIGHT JOIN b ON x FULL JOIN c ON y", "(full (right a b on x) c on y)")]
    [InlineData("SELECT 1 FROM a CROSS JOIN b NATURAL LEFT JOIN c", "(natural-left (cross a b) c)")]
    [InlineData("SELECT 1 FROM a JOIN b JOIN c ON x ON y", "(inner a (inner b c on x) on y)")]
    [InlineData("SELECT 1 FROM a JOIN (b CROSS JOIN c) ON x", "(inner a (cross b c) on x)")]
    [InlineData("SELECT 1 FROM a JOIN LATERAL (SELECT 1) AS l ON TRUE", "(inner a lateral {select 1} l on true)")]
    [InlineData("SELECT 1 FROM (SELECT 1) AS x (a)", "{select 1} x(a)")]
    [InlineData("SELECT 1 FROM ((SELECT 1) UNION ALL (SELECT 2)) x", "{(union-all select 1 select 2)} x")]
    [InlineData("SELECT 1 FROM ((SELECT 1) x JOIN y ON z)", "(inner {select 1} x y on z)")]
    [InlineData("SELECT 1 FROM ((a JOIN b ON x) JOIN c ON y)", "(inner (inner a b on x) c on y)")]
    [InlineData("SELECT 1 FROM unnest(@ids) WITH ORDINALITY AS u (id, n)", "(unnest @ids) ordinality u(id,n)")]
    [InlineData("SELECT 1 FROM a, LATERAL generate_series(1, a.n) g", "a, lateral (generate_series 1 a.n) g")]
    public void Tables(string sql, string shape) => Assert.Equal("{select 1 from " + shape + "}", Shape.OfQuery(sql));

    [Theory]
    [InlineData("SELECT 1 UNION SELECT 2 UNION ALL SELECT 3", "{(union-all (union select 1 select 2) select 3)}")]
    [InlineData("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "{(union select 1 (intersect select 2 select 3))}")]
    [InlineData("SELECT 1 EXCEPT (SELECT 2 UNION SELECT 3) ORDER BY 1", "{(except select 1 (union select 2 select 3)) order 1}")]
    [InlineData("(SELECT 1 LIMIT 1) UNION (SELECT 2 ORDER BY 1) LIMIT 3", "{(union {select 1 limit 1} {select 2 order 1}) limit 3}")]
    [InlineData("WITH a AS (SELECT 1), b (x) AS MATERIALIZED (SELECT 2) SELECT * FROM a, b", "{with a()={select 1} b(x)={select 2} select * from a, b}")]
    [InlineData(
        "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT n FROM t",
        "{with-recursive t(n)={(union-all values (1) select (+ n 1) from t)} select n from t}")]
    [InlineData("WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "{with d()=DeleteSyntax select * from d}")]
    public void Set_operations_and_common_tables(string sql, string shape) => Assert.Equal(shape, Shape.OfQuery(sql));

    [Fact]
    public void Words_that_are_not_reserved_are_names()
    {
        Assert.Equal("{select value, key, type, name, date, time, text from data}", Shape.OfQuery("SELECT value, key, type, name, date, time, text FROM data"));
        Assert.Equal("{select filter, over2 from index index2}", Shape.OfQuery("SELECT filter, over2 FROM index index2"));
    }

    [Theory]
    [InlineData("SELECT 1 1", 10)]
    [InlineData("SELECT a FROM", 14)]
    [InlineData("SELECT a FROM t WHERE", 22)]
    [InlineData("SELECT a FROM t JOIN u", 23)]
    [InlineData("SELECT a FROM t LIMIT 1 LIMIT 2", 25)]
    [InlineData("SELECT a FROM t LIMIT 1, 2", 24)]
    [InlineData("SELECT a FROM t ORDER a", 23)]
    [InlineData("VALUES (1), (1, 2)", 14)]
    [InlineData("SELECT a FROM t GROUP a", 23)]
    [InlineData("SELECT 1 UNION", 15)]
    [InlineData("SELECT a FORM t", 15)]
    [InlineData("WITH a AS SELECT 1 SELECT 2", 11)]
    [InlineData("SELECT a FROM select", 15)]
    [InlineData("hello", 1)]
    [InlineData("SELECT 1) ", 9)]
    public void Mistakes(string sql, int position)
    {
        var error = Assert.Throws<EngramException>(() => Parser.ParseScript(sql));
        Assert.Equal("42601", error.SqlState);
        Assert.Equal(position, error.Position);
    }
}
