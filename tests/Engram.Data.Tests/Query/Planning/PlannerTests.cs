using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Whole plans, as <see cref="PlanShape"/> writes them: what is bound, where conditions went, which operators were chosen.</summary>
public class PlannerTests
{
    private static readonly (string Name, DataType Type)[] Parameters =
    [
        ("p", DataType.Int32), ("q", DataType.Vector(0)), ("s", DataType.Text), ("f", DataType.Single), ("t", DataType.TimestampTz), ("n", DataType.Unknown),
        ("ids", DataType.ArrayOf(TypeKind.Int32)), ("d", DataType.Double), ("m", DataType.Decimal), ("l", DataType.Int64),
    ];

    [Theory]
    [InlineData("""SELECT 1""", """project(?column?=1 values())""")]
    [InlineData("""SELECT id, name FROM people""", """scan(people: id name)""")]
    [InlineData(
        """SELECT CASE WHEN age > 18 THEN 'adult' ELSE NULL END, COALESCE(name, '-'), NULLIF(age, 0) FROM people""",
        """project(case=case(>(age#1, 18:smallint): 'adult' else null), coalesce=coalesce(name#0, '-'), nullif=nullif(age#1::integer, 0) scan(people: name age))""")]
    [InlineData("""SELECT CASE age WHEN 1 THEN 2 END FROM people""", """project(case=case(=(age#0, 1:smallint): 2 else null) scan(people: age))""")]
    [InlineData(
        """SELECT age + 1, age::bigint, -age, - 5, age * 1.5, 7 / 2, 'a' || age FROM people""",
        """project(?column?=+(age#0::integer, 1), age=age#0::bigint!, ?column?=-(age#0), ?column?=-5, ?column?=*(age#0::numeric, 1.5:numeric), ?column?=3, ?column?=||('a', age#0::text!) scan(people: age))""")]
    [InlineData(
        """SELECT "U1" + 1, "U8" + 1, "U8" = 5, "U1" = 300 FROM odd""",
        """project(?column?=+(U1#0::integer, 1), ?column?=+(U8#1, 1:ubigint), ?column?==(U8#1, 5:ubigint), ?column?==(U1#0::usmallint, 300:usmallint) scan(odd: U1 U8))""")]
    [InlineData("""SELECT A FROM odd""", """scan(odd: a)""")]
    [InlineData("""SELECT @n, @p, @s""", """project(?column?=$0:text, ?column?=$1:integer, ?column?=$2:text values())""")]
    [InlineData("""SELECT id FROM people LIMIT '3'""", """limit(3:bigint scan(people: id))""")]
    [InlineData("""EXPLAIN SELECT 1""", """explain(project(?column?=1 values()))""")]
    [InlineData(
        """SELECT substring(name from 2 for 3), extract(year from born), position('a' in name), trim(name), now(), greatest(age, 1, 2) FROM people""",
        """project(substring=substring(name#0, 2, 3), extract=date_part('year', born#2), position=strpos(name#0, 'a'), btrim=btrim(name#0), now=now(), greatest=greatest(age#1::integer, 1, 2) scan(people: name age born))""")]
    [InlineData(
        """SELECT upper(@n), @p + 1, @n + 1, 'a' = 'b', NULL = 1""",
        """project(upper=upper($0:text), ?column?=+($1:integer, 1), ?column?=+($2:integer, 1), ?column?=false, ?column?=null values())""")]
    [InlineData(
        """SELECT '5'::int + 1, CAST(@s AS date), @f::double precision""",
        """project(?column?=6, date=$0:text::date!, double precision=$1:double precision values())""")]
    [InlineData("""SELECT name COLLATE "C" FROM people""", """project(name=collate(name#0) scan(people: name))""")]
    public void Expressions_and_projections(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData("""SELECT * FROM people WHERE id = @p""", """probe(people_pkey [$0:integer]: id name age boss_id born)""")]
    [InlineData(
        """SELECT name FROM people p WHERE p.ID IN (1, 2, @p) AND age > 5""",
        """project(name=name#0 probe(people_pkey [1; 2; $0:integer]: name age where >(age#1, 5:smallint)))""")]
    [InlineData(
        """SELECT NAME FROM PEOPLE WHERE age >= 18 AND 65 > age AND name LIKE 'a%'""",
        """project(name=name#0 scan(people: name age where and(>=(age#1, 18:smallint), >(65:smallint, age#1), like(name#0, 'a%')) bounds c3 GreaterOrEqual 18:smallint, c3 Less 65:smallint))""")]
    [InlineData("""SELECT "A" FROM odd WHERE a = 1 AND "U8" = 2""", """probe(odd_a_u8 [1, 2:ubigint]: A)""")]
    [InlineData(
        """SELECT "A" FROM odd WHERE a IN (1, 2) AND "U8" = @p""",
        """probe(odd_a_u8 [1, $0:numeric; 2, $0:numeric]: A)""")]
    [InlineData("""SELECT id FROM people WHERE id = ANY(@ids)""", """index(people_pkey any =$0:integer[] else scan(people: id where any_equal(id#0, $0:integer[])))""")]
    [InlineData("""SELECT id FROM people WHERE id <> ALL(@ids)""", """scan(people: id where not(any_equal(id#0, $0:integer[])))""")]
    [InlineData("""SELECT id FROM people WHERE id = ANY(ARRAY[1,2])""", """probe(people_pkey [1; 2]: id)""")]
    [InlineData("""SELECT id FROM people WHERE id = @l""", """probe(people_pkey [$0:bigint]: id)""")]
    [InlineData("""SELECT id FROM people WHERE id = @n""", """probe(people_pkey [$0:integer]: id)""")]
    [InlineData(
        """SELECT id FROM people WHERE born >= '2000-01-01' AND born < DATE '2001-01-01'""",
        """project(id=id#0 scan(people: id born where and(>=(born#1, '2000-01-01'::date), <(born#1, '2001-01-01'::date!)) bounds c5 GreaterOrEqual '2000-01-01'::date, c5 Less '2001-01-01'::date!))""")]
    [InlineData("""SELECT id FROM people WHERE born + 1 > current_date""", """project(id=id#0 scan(people: id born where >(+(born#1, 1), current_date())))""")]
    [InlineData(
        """SELECT "Id" FROM "Episodes" WHERE "Confidence" > @d AND "Amount" > 5 AND "Double" > 5""",
        """project(Id=Id#0 scan(Episodes: Id Confidence Amount Double where and(>(Confidence#1::double precision, $0:double precision), >(Amount#2, 5:numeric), >(Double#3, 5:double precision)) bounds c7 Greater 5:numeric, c8 Greater 5:double precision))""")]
    [InlineData(
        """SELECT "Id" FROM "Episodes" WHERE "Confidence" > 5 AND "Confidence" <> 0.7""",
        """project(Id=Id#0 scan(Episodes: Id Confidence where and(>(Confidence#1, 5:real), <>(Confidence#1::double precision, 0.7:double precision)) bounds c3 Greater 5:real))""")]
    [InlineData(
        """SELECT "Id" FROM "Episodes" WHERE ("PersonId", "Id") > (1, 2)""",
        """project(Id=Id#0 scan(Episodes: Id PersonId where or(>(PersonId#1, 1), and(=(PersonId#1, 1), >(Id#0, 2:bigint)))))""")]
    [InlineData("""SELECT id FROM people WHERE TRUE""", """scan(people: id)""")]
    [InlineData("""SELECT id FROM people WHERE FALSE""", """values()""")]
    [InlineData(
        """SELECT name FROM people WHERE born BETWEEN '2000-01-01' AND '2001-01-01' AND NOT (age IN (1, 2)) AND name IS NOT DISTINCT FROM @s AND (age > 1) IS NOT TRUE""",
        """project(name=name#0 scan(people: name age born where and(>=(born#2, '2000-01-01'::date), <=(born#2, '2001-01-01'::date), not(in(age#1 [1:smallint, 2:smallint])), same(name#0, $0:text), distinct(>(age#1, 1:smallint), true)) bounds c5 GreaterOrEqual '2000-01-01'::date, c5 LessOrEqual '2001-01-01'::date))""")]
    [InlineData("""SELECT id FROM people WHERE boss_id = 1 AND id = 2""", """project(id=id#0 probe(people_pkey [2]: id boss_id where =(boss_id#1, 1)))""")]
    [InlineData("""SELECT id FROM people WHERE boss_id = 1 OR id = 2""", """project(id=id#0 scan(people: id boss_id where or(=(boss_id#1, 1), =(id#0, 2))))""")]
    [InlineData("""SELECT "J" FROM odd WHERE "Tags" = @n""", """project(J=J#1 scan(odd: Tags J where =(Tags#0, $0:text[])))""")]
    public void Filters_and_indexes(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData(
        """SELECT e."Id", e."Text" FROM "Episodes" AS e WHERE e."Confidence" >= REAL '0.7' AND e."At" > @t ORDER BY e."Embedding" <=> @q LIMIT 5""",
        """topk(Episodes.c5 Cosine $0:vector limit 5:bigint: Id Text where and(>=(Confidence#0, 0.7:real), >(At#1, $1:timestamptz)) bounds c3 GreaterOrEqual 0.7:real, c4 Greater $1:timestamptz)""")]
    [InlineData(
        """SELECT e."Id", e."Embedding" <=> @q AS d FROM "Episodes" AS e ORDER BY d LIMIT @p OFFSET 2""",
        """topk(Episodes.c5 Cosine $0:vector limit $1:bigint offset 2:bigint: Id d +distance)""")]
    [InlineData(
        """SELECT id, 1 - (embedding <=> @q) AS score FROM episodes WHERE confidence >= 0.5 ORDER BY score DESC LIMIT 3""",
        """project(Id=Id#0, score=-(1:double precision, distance#1) topk(Episodes.c5 Cosine $0:vector limit 3:bigint: Id distance +distance where >=(Confidence#0, 0.5:real) bounds c3 GreaterOrEqual 0.5:real))""")]
    [InlineData("""SELECT id FROM episodes ORDER BY embedding <-> '[1,2,3]' LIMIT 3""", """topk(Episodes.c5 L2 '[1,2,3]'::vector limit 3:bigint: Id)""")]
    [InlineData(
        """SELECT id FROM episodes ORDER BY embedding <-> @q, id LIMIT 3""",
        """project(Id=Id#0 sort(<->(Embedding#1, $0:vector) nulls-last, Id#0 limit 3:bigint topk(Episodes.c5 L2 $0:vector limit 3:bigint ties: Id Embedding)))""")]
    [InlineData("""SELECT id FROM episodes WHERE embedding <-> @q < 0.5""", """topk(Episodes.c5 L2 $0:vector within Distance Less 0.5:double precision: Id)""")]
    [InlineData(
        """SELECT id FROM episodes WHERE cosine_similarity(embedding, @q) > 0.5 AND confidence > 0.5 ORDER BY embedding <=> @q LIMIT 3""",
        """topk(Episodes.c5 Cosine $0:vector limit 3:bigint within OneMinus Greater 0.5:double precision: Id where >(Confidence#0, 0.5:real) bounds c3 Greater 0.5:real)""")]
    [InlineData(
        """SELECT id FROM episodes WHERE embedding <-> @q > 0.5""",
        """project(Id=Id#0 scan(Episodes: Id Embedding where >(<->(Embedding#1, $0:vector), 0.5:double precision)))""")]
    [InlineData(
        """SELECT id FROM episodes ORDER BY embedding <-> @q NULLS FIRST LIMIT 3""",
        """project(Id=Id#0 sort(<->(Embedding#1, $0:vector) limit 3:bigint scan(Episodes: Id Embedding)))""")]
    [InlineData("""SELECT x.id FROM (SELECT id, embedding <-> @q AS d FROM episodes) x ORDER BY x.d LIMIT 3""", """topk(Episodes.c5 L2 $0:vector limit 3:bigint: Id)""")]
    [InlineData(
        """SELECT x.d FROM (SELECT id, embedding <-> @q AS d FROM episodes) x ORDER BY x.d LIMIT 3""",
        """topk(Episodes.c5 L2 $0:vector limit 3:bigint: d +distance)""")]
    public void Vector_search(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData("""SELECT count(*) FROM people""", """aggregate([] [count()] scan(people: ))""")]
    [InlineData(
        """SELECT count(*), avg(age), min(name) FROM people WHERE boss_id IS NULL""",
        """aggregate([] [count(), avg(age#1), min(name#0)] index(people_boss null else scan(people: name age boss_id where is-null(boss_id#2))))""")]
    [InlineData(
        """SELECT boss_id, count(*) AS n FROM people GROUP BY boss_id HAVING count(*) > 1 ORDER BY n DESC, boss_id LIMIT 3""",
        """sort(count#1 desc, boss_id#0 limit 3:bigint filter(>(count#1, 1:bigint) aggregate([boss_id#0] [count()] scan(people: boss_id))))""")]
    [InlineData(
        """SELECT age / 10 AS decade, sum(age + 1) FROM people GROUP BY age / 10 ORDER BY age / 10""",
        """sort(key#0 aggregate([/(age#0::integer, 10)] [sum(+(age#0::integer, 1))] scan(people: age)))""")]
    [InlineData("""SELECT DISTINCT name FROM people ORDER BY name""", """sort(name#0 distinct(scan(people: name)))""")]
    [InlineData(
        """SELECT e."PersonId", count(*), avg(e."Confidence") FROM "Episodes" e GROUP BY e."PersonId" ORDER BY avg(e."Confidence") DESC LIMIT 3""",
        """sort(avg#2 desc limit 3:bigint aggregate([PersonId#1] [count(), avg(Confidence#0)] scan(Episodes: Confidence PersonId)))""")]
    [InlineData(
        """SELECT count(DISTINCT name) FILTER (WHERE age > 5), string_agg(name, ',' ORDER BY age DESC) FROM people""",
        """aggregate([] [count(distinct name#0 filter >(age#1, 5:smallint)), string_agg(name#0, ',' by age#1 desc)] scan(people: name age))""")]
    [InlineData("""SELECT random() AS r FROM people ORDER BY r""", """sort(r#0 project(r=random() scan(people: )))""")]
    [InlineData(
        """SELECT id FROM people GROUP BY id HAVING max(age) > 5 AND id > 3""",
        """project(id=id#0 filter(>(max#1, 5:smallint) aggregate([id#0] [max(age#1)] index(people_pkey >3 else scan(people: id age where >(id#0, 3) bounds c1 Greater 3)))))""")]
    public void Grouping_and_ordering(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData(
        """SELECT p.name, b.name AS boss FROM people p LEFT JOIN people b ON p.boss_id = b.id AND b.age > 3 WHERE p.age > 1""",
        """project(name=name#0, boss=name#4 left(boss_id#2=id#0 scan(people: name age boss_id where >(age#1, 1:smallint) bounds c3 Greater 1:smallint) keyed(people_pkey 0 else scan(people: id name age where >(age#2, 3:smallint) bounds c3 Greater 3:smallint))))""")]
    [InlineData(
        """SELECT p.name, e."Text" FROM people p INNER JOIN "Episodes" e ON p.id = e."PersonId" WHERE e."Confidence" > 0.5 ORDER BY p.name""",
        """project(name=name#1, Text=Text#2 sort(name#1 inner(id#0=PersonId#2 scan(people: id name) scan(Episodes: Text Confidence PersonId where >(Confidence#1, 0.5:real) bounds c3 Greater 0.5:real))))""")]
    [InlineData(
        """SELECT p.name FROM people p LEFT JOIN "Episodes" e ON p.id = e."PersonId" WHERE e."Confidence" > 0.5""",
        """project(name=name#1 inner(id#0=PersonId#1 scan(people: id name) scan(Episodes: Confidence PersonId where >(Confidence#0, 0.5:real) bounds c3 Greater 0.5:real)))""")]
    [InlineData(
        """SELECT t.id, t.name, e."Id" FROM (SELECT p.id, p.name FROM people AS p ORDER BY p.name LIMIT @p OFFSET @p) AS t LEFT JOIN "Episodes" AS e ON t.id = e."PersonId" ORDER BY t.name, t.id""",
        """project(id=id#0, name=name#1, Id=Id#2 sort(name#1, id#0 left(id#0=PersonId#1 sort(name#1 limit $0:bigint offset $0:bigint scan(people: id name)) scan(Episodes: Id PersonId))))""")]
    [InlineData(
        """SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM "Episodes" e WHERE e."PersonId" = p.id AND e."Confidence" > 0.5)""",
        """project(name=name#1 semi(id#0=PersonId#1 scan(people: id name) scan(Episodes: Confidence PersonId where >(Confidence#0, 0.5:real) bounds c3 Greater 0.5:real)))""")]
    [InlineData(
        """SELECT name FROM people p WHERE NOT EXISTS (SELECT 1 FROM "Episodes" e WHERE e."PersonId" = p.id)""",
        """project(name=name#1 anti(id#0=PersonId#0 scan(people: id name) scan(Episodes: PersonId)))""")]
    [InlineData(
        """SELECT name FROM people WHERE id IN (SELECT "PersonId" FROM "Episodes")""",
        """project(name=name#1 semi(id#0=PersonId#0 scan(people: id name) scan(Episodes: PersonId)))""")]
    [InlineData(
        """SELECT name FROM people WHERE id NOT IN (SELECT "PersonId" FROM "Episodes")""",
        """project(name=name#1 scan(people: id name where not-in-query(id#0 scan(Episodes: PersonId))))""")]
    [InlineData(
        """SELECT name, (SELECT count(*) FROM "Episodes" e WHERE e."PersonId" = p.id) AS n FROM people p""",
        """project(name=name#1, n=coalesce(count#3, 0:bigint) left(id#0=PersonId#0 scan(people: id name) aggregate([PersonId#0] [count()] scan(Episodes: PersonId))))""")]
    [InlineData(
        """SELECT name FROM people p WHERE (SELECT max(e."Confidence") FROM "Episodes" e WHERE e."PersonId" = p.id) > 0.5""",
        """project(name=name#1 inner(id#0=PersonId#0 scan(people: id name) filter(>(max#1, 0.5:real) aggregate([PersonId#1] [max(Confidence#0)] scan(Episodes: Confidence PersonId)))))""")]
    [InlineData(
        """SELECT name, n FROM people p CROSS JOIN LATERAL (SELECT e."Id" AS n FROM "Episodes" e WHERE e."PersonId" = p.id ORDER BY e."At" LIMIT 2) l""",
        """project(name=name#1, n=n#2 apply-inner({slot0=id#0} scan(people: id name) project(n=Id#0 sort(At#1 limit 2:bigint scan(Episodes: Id At PersonId where =(PersonId#2, slot0) bounds c6 Equal slot0)))))""")]
    [InlineData("""SELECT p.*, e."Id" FROM people p JOIN "Episodes" e ON true""", """inner( scan(people: id name age boss_id born) scan(Episodes: Id))""")]
    [InlineData(
        """SELECT * FROM people JOIN (SELECT id, 'x' AS y FROM people) z USING (id)""",
        """project(id=id#0, name=name#1, age=age#2, boss_id=boss_id#3, born=born#4, y=y#6 inner(id#0=id#0 scan(people: id name age boss_id born) project(id=id#0, y='x' keyed(people_pkey 0 else scan(people: id)))))""")]
    [InlineData(
        """WITH a AS (SELECT id, name FROM people WHERE age > 3) SELECT x.name, y.name FROM a x JOIN a y ON x.id = y.id""",
        """project(name=name#1, name=name#3 inner(id#0=id#0 project(id=id#0, name=name#1 scan(people: id name age where >(age#2, 3:smallint) bounds c3 Greater 3:smallint)) project(id=id#0, name=name#1 keyed(people_pkey 0 else scan(people: id name age where >(age#2, 3:smallint) bounds c3 Greater 3:smallint)))))""")]
    [InlineData(
        """SELECT name FROM people ORDER BY (SELECT count(*) FROM "Episodes" e WHERE e."PersonId" = people.id), name""",
        """project(name=name#0 sort(order#1, name#0 project(name=name#1, order=coalesce(count#3, 0:bigint) left(id#0=PersonId#0 scan(people: id name) aggregate([PersonId#0] [count()] scan(Episodes: PersonId))))))""")]
    [InlineData(
        """SELECT p.id FROM people p LEFT JOIN "Episodes" e ON e."PersonId" = p.id AND FALSE""",
        """project(id=id#0 left(id#0=PersonId#0 scan(people: id) values()))""")]
    [InlineData(
        """SELECT EXISTS (SELECT 1 FROM people WHERE age > 5)""",
        """project(exists=exists-query( scan(people: age where >(age#0, 5:smallint) bounds c3 Greater 5:smallint)) values())""")]
    [InlineData("""SELECT count(*) FROM (SELECT 1 AS empty FROM people LIMIT 5) t""", """aggregate([] [count()] limit(5:bigint scan(people: )))""")]
    [InlineData(
        """SELECT p.id FROM people p RIGHT JOIN "Episodes" e ON p.id = e."PersonId" WHERE p.age > 1""",
        """project(id=id#0 filter(>(age#1, 1:smallint) right(id#0=PersonId#0 scan(people: id age) scan(Episodes: PersonId))))""")]
    [InlineData(
        @"SELECT p.id FROM people p FULL JOIN ""Episodes"" e ON p.id = e.""PersonId""",
        """project(id=id#0 full(id#0=PersonId#0 scan(people: id) scan(Episodes: PersonId)))""")]
    [InlineData(
        """SELECT a.id FROM people a, people b, "Episodes" e WHERE a.boss_id = b.id AND e."PersonId" = b.id AND a.age > 3""",
        """project(id=id#0 inner(id#3=PersonId#0 inner(boss_id#2=id#0 scan(people: id age boss_id where >(age#1, 3:smallint) bounds c3 Greater 3:smallint) keyed(people_pkey 0 else scan(people: id))) scan(Episodes: PersonId)))""")]
    [InlineData(
        """SELECT p.name, l.n FROM people p LEFT JOIN LATERAL (SELECT count(*) AS n FROM "Episodes" e WHERE e."PersonId" = p.id) l ON l.n > 1""",
        """project(name=name#1, n=n#2 apply-left({slot0=id#0} scan(people: id name) filter(>(count#0, 1:bigint) aggregate([] [count()] scan(Episodes: PersonId where =(PersonId#0, slot0) bounds c6 Equal slot0)))))""")]
    [InlineData(
        """SELECT (SELECT (SELECT p.age + q.age FROM people r WHERE r.id = q.id) FROM people q WHERE q.boss_id = p.id) FROM people p""",
        """project(?column?=scalar-query({slot0=id#0, slot1=age#1} project(?column?=scalar-query({slot2=slot1, slot3=id#0, slot4=age#1} project(?column?=+(slot2, slot4) probe(people_pkey [slot3]: ))) index(people_boss =slot0 else scan(people: id age boss_id where =(boss_id#2, slot0) bounds c4 Equal slot0)))) scan(people: id age))""")]
    [InlineData(
        """SELECT a.id FROM people a WHERE EXISTS (SELECT 1 FROM people b WHERE b.boss_id = a.id AND EXISTS (SELECT 1 FROM people c WHERE c.id = a.id AND c.age > b.age))""",
        """semi(id#0=boss_id#1 where exists-query({slot0=id#0, slot1=age#1} probe(people_pkey [slot0]: age where >(age#0, slot1))) scan(people: id) keyed(people_boss 0 else scan(people: age boss_id)))""")]
    [InlineData(
        """SELECT id FROM people WHERE name IN (SELECT name FROM people ORDER BY age LIMIT 3)""",
        """project(id=id#0 semi(name#1=name#0 scan(people: id name) sort(age#1 limit 3:bigint scan(people: name age))))""")]
    [InlineData(
        """SELECT k, n FROM (SELECT age % 10 AS k, count(*) AS n FROM people GROUP BY age % 10) g WHERE k = 3 AND n > 1""",
        """filter(>(count#1, 1:bigint) aggregate([%(age#0::integer, 10)] [count()] scan(people: age where =(%(age#0::integer, 10), 3))))""")]
    [InlineData(
        """SELECT * FROM people NATURAL JOIN (SELECT id, age FROM people) x""",
        """project(id=id#0, age=age#2, name=name#1, boss_id=boss_id#3, born=born#4 inner(id#0=id#0, age#2=age#1 scan(people: id name age boss_id born) keyed(people_pkey 0 else scan(people: id age))))""")]
    [InlineData(
        """SELECT id FROM people FULL JOIN (SELECT id FROM people) x USING (id)""",
        """project(id=coalesce(id#0, id#1) full(id#0=id#0 scan(people: id) scan(people: id)))""")]
    public void Joins_and_subqueries(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData(
        """SELECT name FROM people UNION ALL SELECT "Text" FROM "Episodes" ORDER BY 1 LIMIT 4""",
        """sort(name#0 limit 4:bigint union(sort(name#0 limit 4:bigint scan(people: name)) project(Text=Text#0::text sort(Text#0::text limit 4:bigint scan(Episodes: Text)))))""")]
    [InlineData(@"SELECT id FROM people UNION SELECT ""Id"" FROM ""Episodes""", """distinct(union(project(id=id#0::bigint scan(people: id)) scan(Episodes: Id)))""")]
    [InlineData(
        @"SELECT id FROM people INTERSECT SELECT ""PersonId"" FROM ""Episodes""",
        """project(id=id#0 filter(and(=(min#1, 0), =(max#2, 1)) aggregate([id#0] [min(side#1), max(side#1)] union(project(id=id#0, side=0 scan(people: id)) project(PersonId=PersonId#0, side=1 scan(Episodes: PersonId))))))""")]
    [InlineData("""SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v (x, y) WHERE x > 1""", """filter(>(x#0, 1) values(1, 'a'; 2, null))""")]
    [InlineData(
        """SELECT id FROM (SELECT id FROM people UNION ALL SELECT boss_id FROM people) u WHERE id > 5""",
        """union(index(people_pkey >5 else scan(people: id where >(id#0, 5) bounds c1 Greater 5)) index(people_boss >5 else scan(people: boss_id where >(boss_id#0, 5) bounds c4 Greater 5)))""")]
    [InlineData(
        """SELECT id FROM people EXCEPT SELECT id FROM people WHERE age > 3""",
        """project(id=id#0 filter(=(max#1, 0) aggregate([id#0] [max(side#1)] union(project(id=id#0, side=0 scan(people: id)) project(id=id#0, side=1 project(id=id#0 scan(people: id age where >(age#1, 3:smallint) bounds c3 Greater 3:smallint)))))))""")]
    public void Set_operations_and_values(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Theory]
    [InlineData(
        """INSERT INTO people (id, name) VALUES (1, 'a'), (@p, DEFAULT) RETURNING id, name || '!' AS n""",
        """insert(people #0, #1, null:smallint, null, null:date check >=(age#2, 0:smallint), <>(name#1, '') returning id#0, ||(name#1, '!') values(1, 'a'; $0:integer, ||('?', 1::text!)))""")]
    [InlineData(
        """INSERT INTO people VALUES (1)""",
        """insert(people #0, ||('?', 1::text!), null:smallint, null, null:date check >=(age#2, 0:smallint), <>(name#1, '') values(1))""")]
    [InlineData(
        @"INSERT INTO ""Episodes"" (""Text"", ""Confidence"", ""At"", ""Embedding"", ""Amount"") VALUES (@s, @f, @t, @q, @m) RETURNING ""Id""",
        """insert(Episodes identity, #0, #1, #2, #3, null, #4, *(Amount#6, 2:numeric)::double precision returning Id#0 values($0:text::varchar(100), $1:real, $2:timestamptz, $3:vector::vector(3), $4:numeric::numeric(18,2)))""")]
    [InlineData(
        """INSERT INTO "Episodes" ("Text", "Amount") VALUES (@n, 5)""",
        """insert(Episodes identity, #0, null:real, null:timestamptz, null:vector(3), null, #1, *(Amount#6, 2:numeric)::double precision values($0:text::varchar(100), 5.00:numeric(18,2)))""")]
    [InlineData(
        """INSERT INTO "Episodes" ("Id", "Text") VALUES (DEFAULT, 'a'), (5, DEFAULT)""",
        """insert(Episodes #0, #1, null:real, null:timestamptz, null:vector(3), null, null:numeric(18,2), *(Amount#6, 2:numeric)::double precision values(null:bigint, 'a'::varchar(100); 5:bigint, null))""")]
    [InlineData(
        """INSERT INTO "Episodes" DEFAULT VALUES""",
        """insert(Episodes identity, null, null:real, null:timestamptz, null:vector(3), null, null:numeric(18,2), *(Amount#6, 2:numeric)::double precision values())""")]
    [InlineData(
        """INSERT INTO people (id, name) SELECT "PersonId", "Text" FROM "Episodes" WHERE "Confidence" > 0.5""",
        """insert(people #0, #1, null:smallint, null, null:date check >=(age#2, 0:smallint), <>(name#1, '') project(PersonId=PersonId#0, Text=Text#1::text project(PersonId=PersonId#2, Text=Text#0 scan(Episodes: Text Confidence PersonId where >(Confidence#1, 0.5:real) bounds c3 Greater 0.5:real))))""")]
    [InlineData(
        """UPDATE people SET age = age + 1, name = @s WHERE id = @p RETURNING age""",
        """update(people c3=+(age#3::integer, 1)::smallint, c2=$1:text check >=(age#2, 0:smallint), <>(name#1, '') returning age#2 probe(people_pkey [$0:integer]: rowid id name age boss_id born))""")]
    [InlineData(
        """UPDATE "Episodes" SET "Amount" = "Amount" + 1 WHERE "Id" = 5 AND "Confidence" = REAL '0.5'""",
        """update(Episodes c7=+(Amount#7, 1:numeric)::numeric(18,2) then c8=*(Amount#6, 2:numeric)::double precision probe(PK_Episodes [5:bigint]: rowid Id Text Confidence At Embedding PersonId Amount Double where =(Confidence#3, 0.5:real)))""")]
    [InlineData(
        """UPDATE people SET name = DEFAULT, (age, born) = (1, NULL)""",
        """update(people c2=||('?', 1::text!), c3=1:smallint, c5=null:date check >=(age#2, 0:smallint), <>(name#1, '') scan(people: rowid id name age boss_id born))""")]
    [InlineData(
        """UPDATE people AS p SET name = e."Text" FROM "Episodes" e WHERE e."PersonId" = p.id""",
        """update(people c2=Text#6::text check <>(name#1, '') project(rowid=rowid#0, id=id#1, name=name#2, age=age#3, boss_id=boss_id#4, born=born#5, Text=Text#6 inner(id#1=PersonId#1 scan(people: rowid id name age boss_id born) scan(Episodes: Text PersonId))))""")]
    [InlineData(
        """UPDATE people AS p SET age = 5 FROM "Episodes" e WHERE e."PersonId" = p.id""",
        """update(people c3=5:smallint check >=(age#2, 0:smallint) semi(id#1=PersonId#0 scan(people: rowid id name age boss_id born) scan(Episodes: PersonId)))""")]
    [InlineData(
        """UPDATE people SET age = (SELECT count(*) FROM "Episodes" e WHERE e."PersonId" = people.id)""",
        """update(people c3=scalar-query({slot0=id#1} aggregate([] [count()] scan(Episodes: PersonId where =(PersonId#0, slot0) bounds c6 Equal slot0)))::smallint check >=(age#2, 0:smallint) scan(people: rowid id name age boss_id born))""")]
    [InlineData(
        """DELETE FROM people WHERE id = 1 RETURNING *""",
        """delete(people returning id#0, name#1, age#2, boss_id#3, born#4 probe(people_pkey [1]: rowid id name age boss_id born))""")]
    [InlineData(
        """DELETE FROM people p USING "Episodes" e WHERE e."PersonId" = p.id AND p.age > 3""",
        """delete(people semi(id#1=PersonId#0 scan(people: rowid id name age boss_id born where >(age#3, 3:smallint) bounds c3 Greater 3:smallint) scan(Episodes: PersonId)))""")]
    [InlineData(
        """DELETE FROM people WHERE EXISTS (SELECT 1 FROM "Episodes" WHERE "PersonId" = people.id)""",
        """delete(people semi(id#1=PersonId#0 scan(people: rowid id name age boss_id born) scan(Episodes: PersonId)))""")]
    [InlineData("""CREATE TABLE x (a int)""", """ddl(CreateTableSyntax)""")]
    [InlineData("""BEGIN""", """session(BeginSyntax)""")]
    [InlineData("""TRUNCATE people""", """ddl(TruncateSyntax)""")]
    [InlineData(
        """INSERT INTO odd ("J", "Tags") VALUES (@s, ARRAY['a', 'b'])""",
        """insert(odd null, null, null:utinyint, null:ubigint, #1, #0 values($0:json, [a b]:text[]))""")]
    public void Changes_and_others(string sql, string plan) => Assert.Equal(plan, PlanningSchema.Plan(sql, Parameters));

    [Fact]
    public void A_statement_knows_its_kind_and_its_parameters()
    {
        var bound = PlanningSchema.Bind("SELECT id FROM people WHERE age > @a AND id = @b AND boss_id = @b", ("a", DataType.Int64), ("b", DataType.Unknown));
        Assert.Equal(StatementKind.Query, bound.Kind);
        Assert.Equal([new StatementParameter("b", DataType.Int32), new StatementParameter("a", DataType.Int64)], bound.Parameters.OrderByDescending(p => p.Name));
        Assert.Equal(StatementKind.Dml, PlanningSchema.Bind("DELETE FROM people").Kind);
        Assert.Equal(StatementKind.Query, PlanningSchema.Bind("EXPLAIN DELETE FROM people").Kind);
        Assert.Equal(StatementKind.Dml, PlanningSchema.Bind("EXPLAIN ANALYZE DELETE FROM people").Kind);
        Assert.Equal(StatementKind.Ddl, PlanningSchema.Bind("DROP TABLE people").Kind);
        Assert.Equal(StatementKind.Session, PlanningSchema.Bind("COMMIT").Kind);
    }

    [Fact]
    public void Output_columns_tell_where_they_come_from()
    {
        var output = PlanningSchema.Bind("SELECT p.id AS key, e.\"Id\", p.age + 1 FROM people p LEFT JOIN \"Episodes\" e ON p.id = e.\"PersonId\"").Plan.Output;
        Assert.Equal(["key", "Id", "?column?"], output.Select(c => c.Name));
        Assert.Equal(("people", "id", false), (output[0].Table!.Name, output[0].Column!.Name, output[0].IsNullable));
        Assert.True(output[1].IsNullable);
        Assert.Null(output[2].Table);
        Assert.Equal(DataType.Int32, output[2].Type);
    }

    [Fact]
    public void An_insert_of_65_535_parameters_is_planned_in_linear_time()
    {
        var rows = string.Join(", ", Enumerable.Range(0, 21_845).Select(i => $"(@p{i * 3}, @p{(i * 3) + 1}, @p{(i * 3) + 2})"));
        var parameters = Enumerable.Range(0, 65_535).Select(i => ($"p{i}", i % 3 == 1 ? DataType.Text : DataType.Int32)).ToArray();
        var bound = PlanningSchema.Bind($"INSERT INTO people (id, name, boss_id) VALUES {rows} RETURNING id", parameters);
        Assert.Equal(65_535, bound.Parameters.Length);
        Assert.Equal("p65534", bound.Parameters[^1].Name);
        Assert.Equal(21_845, Assert.IsType<ValuesPlan>(Assert.IsType<InsertPlan>(bound.Plan).Source).Rows.Length);
    }

    [Theory]
    [InlineData("SELECT ", "1 + ", "1", "")]
    [InlineData("SELECT ", "CASE WHEN TRUE THEN ", "1", " END")]
    [InlineData("SELECT id FROM people WHERE ", "NOT ", "TRUE", "")]
    [InlineData("SELECT ", "(SELECT ", "1", ")")]
    [InlineData("", "SELECT id FROM people UNION ALL ", "SELECT id FROM people", "")]
    [InlineData("SELECT 1 FROM people a0", " CROSS JOIN people", "", "")]
    public void The_deepest_statement_that_is_parsed_is_planned_on_a_small_stack(string start, string before, string middle, string after)
    {
        // Joins need a name each; all else repeats as it is.
        static string Repeat(string text, int count) => string.Concat(Enumerable.Range(1, count).Select(i => text.EndsWith("people", StringComparison.Ordinal) ? $"{text} a{i}" : text));
        Exception? thrown = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    for (var depth = 50; depth <= 400; depth += 50)
                    {
                        PlanningSchema.Bind(start + Repeat(before, depth) + middle + Repeat(after, depth));
                    }
                }
                catch (Exception error)
                {
                    thrown = error;
                }
            },
            maxStackSize: 1024 * 1024);
        thread.Start();
        thread.Join();
        Assert.True(thrown is null or EngramException { SqlState: "54001" }, thrown?.ToString());
    }
}
