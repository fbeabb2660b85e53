namespace Engram.Data.Tests.Query;

public sealed partial class ErrorPositionTests
{
    private const string Statements = """
        42601 1 SELEC 1
        42601 14 SELECT 1 FROM
        42601 22 SELECT * FROM t WHERE
        42601 11 SELECT 1 +
        42601 10 SELECT (1
        42601 9 SELECT 1)
        42601 10 SELECT 1 1
        42601 12 SELECT a b c FROM t
        42601 22 SELECT * FROM t ORDER
        42601 23 SELECT * FROM t GROUP a
        42601 23 SELECT * FROM t LIMIT LIMIT 1
        42601 8 SELECT 'abc
        42601 8 SELECT "abc
        42601 8 SELECT "" FROM t
        42601 8 SELECT $$abc
        42601 8 SELECT $x$abc
        42601 8 SELECT /* abc
        22025 10 SELECT E'\u12'
        22025 10 SELECT E'\U0011FFFF'
        22025 13 SELECT E'abc\u00zz'
        22P02 8 SELECT x'GG'
        22P02 8 SELECT b'12'
        42601 8 SELECT 1a
        42601 8 SELECT 1e
        42601 11 SELECT 1.5.5
        42601 8 SELECT 0x
        42601 8 SELECT 1__0
        42601 9 SELECT @
        42601 8 INSERT t VALUES (1)
        42601 22 INSERT INTO t (id, a VALUES (1)
        42601 29 INSERT INTO t VALUES (1, 2),
        42601 12 UPDATE t a = 1
        42601 16 UPDATE t SET a 1
        42601 14 UPDATE t SET WHERE a = 1
        42601 8 DELETE t
        42601 20 DELETE FROM t WHERE
        42601 13 CREATE TABLE
        42601 15 CREATE TABLE x
        42601 19 CREATE TABLE x (a)
        42601 27 CREATE TABLE x (a integer,)
        42601 27 CREATE TABLE x (a integer b)
        42601 34 CREATE TABLE x (a integer PRIMARY)
        42601 37 CREATE TABLE x (a integer REFERENCES)
        42601 16 CREATE INDEX ON
        42601 17 CREATE VIEW x AS
        42601 15 CREATE VIEW x SELECT 1
        42601 6 DROP t
        42601 11 DROP TABLE
        42601 14 ALTER TABLE t
        42601 18 ALTER TABLE t ADD
        42601 26 ALTER TABLE t DROP COLUMN
        42601 9 WITH x (SELECT 1) SELECT * FROM x
        42601 11 WITH x AS SELECT 1 SELECT * FROM x
        42601 14 SELECT CASE 1
        42601 30 SELECT CASE WHEN 1 = 1 THEN 2
        42601 17 SELECT CAST(1 AS)
        42601 15 SELECT CAST(1 integer)
        42601 23 SELECT * FROM t JOIN u
        42601 22 SELECT * FROM t LEFT u ON true
        42601 21 SELECT EXTRACT(year d) FROM t
        42601 22 SELECT count(*) OVER FROM t
        42601 22 SELECT a FROM t UNION
        42601 33 SELECT a FROM t FETCH FIRST ROWS
        42601 20 SELECT a FROM t FOR
        42601 20 SELECT a BETWEEN 1 FROM t
        42601 14 SELECT a IN () FROM t
        42601 14 SELECT a NOT 1 FROM t
        42703 8 SELECT nosuch FROM t
        42703 8 SELECT t.nosuch FROM t
        42P01 8 SELECT x.a FROM t
        42P01 8 SELECT t.a FROM t AS y
        42P01 15 SELECT * FROM nosuch
        42P01 15 SELECT * FROM other.nosuch
        42P01 15 SELECT * FROM nosuch.t
        42703 23 SELECT 1 FROM t WHERE nosuch = 1
        42703 26 SELECT 1 FROM t GROUP BY nosuch
        42703 26 SELECT 1 FROM t ORDER BY nosuch
        42P10 26 SELECT a FROM t ORDER BY 3
        42P10 26 SELECT a FROM t GROUP BY 3
        42P10 26 SELECT a FROM t ORDER BY 0
        42702 26 SELECT a FROM t, u WHERE id = 1
        42702 8 SELECT id FROM t JOIN u ON true
        42P01 8 SELECT x.* FROM t
        42P01 8 SELECT t.* FROM t AS q
        42712 23 WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x
        42601 6 WITH x (a, b) AS (SELECT 1) SELECT * FROM x
        42601 32 SELECT * FROM (VALUES (1, 2), (3)) AS x
        42601 17 VALUES (1, 2), (3)
        42P01 13 INSERT INTO nosuch VALUES (1)
        42703 16 INSERT INTO t (nosuch) VALUES (1)
        42701 20 INSERT INTO t (id, id) VALUES (1, 2)
        42601 31 INSERT INTO t (id) VALUES (1, 2)
        42601 20 INSERT INTO t (id, a) VALUES (1)
        42601 20 INSERT INTO t (id, a) SELECT 1
        22P02 34 INSERT INTO t (id, a) VALUES (1, 'x')
        42804 34 INSERT INTO t (id, a) VALUES (1, true)
        42804 34 INSERT INTO t (id, a) VALUES (1, '2020-01-01'::date)
        42601 37 INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT DO UPDATE SET a = 1
        42703 68 INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET nosuch = 1
        42703 72 INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET a = excluded.nosuch
        42702 72 INSERT INTO t (id, a) VALUES (7, 1) ON CONFLICT (id) DO UPDATE SET a = a
        42703 47 INSERT INTO t (id, a) VALUES (7, 1) RETURNING nosuch
        42P01 8 UPDATE nosuch SET a = 1
        42703 14 UPDATE t SET nosuch = 1
        42703 18 UPDATE t SET a = nosuch
        22P02 18 UPDATE t SET a = 'x'
        42804 18 UPDATE t SET a = b
        42804 18 UPDATE t SET a = true
        42601 23 UPDATE t SET (a, b) = (1, 2, 3)
        42601 23 UPDATE t SET (a, b) = (SELECT 1)
        42P01 18 UPDATE t SET a = u.id
        42803 18 UPDATE t SET a = count(*)
        42P01 13 DELETE FROM nosuch
        42703 21 DELETE FROM t WHERE nosuch = 1
        42P01 21 DELETE FROM t USING nosuch
        42803 21 DELETE FROM t WHERE count(*) > 1
        42883 10 SELECT a + b FROM t
        42883 10 SELECT b + 1 FROM t
        42883 10 SELECT b * b FROM t
        42883 10 SELECT e + 1 FROM t
        42883 10 SELECT a = b FROM t
        42883 10 SELECT d = a FROM t
        42883 10 SELECT a || 1 FROM t
        42883 8 SELECT - b FROM t
        42804 12 SELECT NOT a FROM t
        42804 8 SELECT a AND e FROM t
        42804 13 SELECT e OR 1 FROM t
        42804 23 SELECT 1 FROM t WHERE a
        42804 23 SELECT 1 FROM t WHERE b
        42804 24 SELECT 1 FROM t HAVING a
        42804 27 SELECT 1 FROM t JOIN u ON t.a
        42804 18 SELECT CASE WHEN a THEN 1 END FROM t
        42883 15 SELECT CASE a WHEN true THEN 1 END FROM t
        42804 20 SELECT COALESCE(a, true) FROM t
        22P02 20 SELECT COALESCE(a, 'x') FROM t
        42804 20 SELECT GREATEST(a, d) FROM t
        42883 8 SELECT NULLIF(a, d) FROM t
        42883 10 SELECT a IN (1, true) FROM t
        22P02 17 SELECT a IN (1, 'x') FROM t
        42883 10 SELECT a IN (SELECT true) FROM t
        42601 10 SELECT a IN (SELECT 1, 2) FROM t
        42601 8 SELECT (SELECT 1, 2)
        42883 10 SELECT a BETWEEN 1 AND true FROM t
        42883 10 SELECT a LIKE 'x' FROM t
        42601 15 SELECT (a, b) = (1, 2, 3) FROM t
        42804 17 SELECT ARRAY[1, true]
        22P02 17 SELECT ARRAY[1, 'x']
        42601 8 SELECT ARRAY[]
        42883 8 SELECT a[1] FROM t
        42883 8 SELECT nosuch(1)
        42883 8 SELECT nosuch(a) FROM t
        42883 8 SELECT length(1)
        42883 8 SELECT length()
        42883 8 SELECT upper(d) FROM t
        42883 8 SELECT abs('x'::text)
        42883 8 SELECT sqrt(true)
        42883 8 SELECT substring(1, 2)
        42883 8 SELECT sum(b) FROM t
        42883 8 SELECT sum(a, a) FROM t
        42883 8 SELECT count() FROM t
        42601 8 SELECT sum(*) FROM t
        42883 8 SELECT avg(e) FROM t
        42803 12 SELECT sum(sum(a)) FROM t
        42803 8 SELECT a, count(*) FROM t
        42803 8 SELECT a FROM t GROUP BY b
        42803 8 SELECT t.a + 1 FROM t GROUP BY b
        42803 8 SELECT * FROM t GROUP BY b
        42803 37 SELECT b FROM t GROUP BY b ORDER BY a
        42803 35 SELECT b FROM t GROUP BY b HAVING a > 1
        42803 23 SELECT 1 FROM t WHERE count(*) > 1
        42803 26 SELECT 1 FROM t GROUP BY count(*)
        42803 27 SELECT 1 FROM t JOIN u ON count(*) > 1
        42803 16 SELECT 1 LIMIT count(*)
        42P10 23 SELECT 1 FROM t LIMIT a
        22P02 23 SELECT 1 FROM t LIMIT 'x'
        42804 23 SELECT 1 FROM t LIMIT true
        22P02 24 SELECT 1 FROM t OFFSET 'x'
        42P20 8 SELECT row_number() FROM t
        42704 26 SELECT row_number() OVER nosuch FROM t
        42809 8 SELECT length(b) OVER () FROM t
        42P20 23 SELECT 1 FROM t WHERE row_number() OVER () = 1
        42P20 12 SELECT sum(row_number() OVER ()) FROM t
        42P20 30 SELECT sum(a) OVER (ORDER BY sum(a) OVER ()) FROM t
        42P10 26 SELECT sum(a) OVER (ROWS a PRECEDING) FROM t
        0A000 38 SELECT sum(a) OVER (ORDER BY b RANGE 1 PRECEDING) FROM t
        42P20 35 SELECT sum(a) OVER x, sum(a) OVER (x PARTITION BY b) FROM t WINDOW x AS (PARTITION BY a)
        42804 29 SELECT sum(a) FILTER (WHERE a) FROM t
        42883 8 SELECT length(b) FILTER (WHERE e) FROM t
        42P10 35 SELECT DISTINCT a FROM t ORDER BY b
        42809 8 SELECT percentile_cont(0.5) FROM t
        42883 8 SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b) FROM t
        42804 30 SELECT a FROM t UNION SELECT b FROM t
        42601 30 SELECT a FROM t UNION SELECT a, b FROM t
        42804 30 SELECT a FROM t UNION SELECT true
        22P02 30 SELECT a FROM t UNION SELECT 'x'
        42P10 48 SELECT a FROM t UNION SELECT a FROM t ORDER BY b
        42P10 48 SELECT a FROM t UNION SELECT a FROM t ORDER BY a + 1
        42704 11 SELECT 1::nosuch
        42704 18 SELECT CAST(1 AS nosuch)
        42704 8 SELECT nosuch '1'
        22023 11 SELECT 1::varchar(0)
        22023 11 SELECT 1::numeric(0)
        22023 11 SELECT 1::numeric(5, 2, 3)
        42846 12 SELECT true::date
        42846 9 SELECT d::integer FROM t
        42846 9 SELECT a::date FROM t
        42846 9 SELECT j::date FROM t
        22P02 8 SELECT 'x'::integer
        22P02 16 SELECT integer 'x'
        22P02 13 SELECT CAST('x' AS integer)
        22P02 8 SELECT 'x'::numeric
        22P02 8 SELECT 'x'::boolean
        22P02 8 SELECT 'x'::uuid
        22P02 8 SELECT 'x'::date
        22P02 13 SELECT date '2020-13-01'
        22P02 8 SELECT '2020-02-30'::date
        22P02 18 SELECT timestamp 'x'
        22P02 13 SELECT time '25:00'
        22P02 17 SELECT interval 'x'
        22P02 8 SELECT '{'::jsonb
        22P02 14 SELECT jsonb '{"a":}'
        22P02 8 SELECT '{1,2'::integer[]
        22P02 8 SELECT '{1,x}'::integer[]
        22003 8 SELECT '99999999999'::integer
        22003 8 SELECT '40000'::smallint
        22003 8 SELECT '1e400'::double precision
        22P02 24 SELECT 'abc'::bytea || '\x0'::bytea
        22P02 12 SELECT a = 'x' FROM t
        22P02 8 SELECT 'x' = a FROM t
        22P02 12 SELECT a + 'x' FROM t
        22P02 12 SELECT 1 + 'x'
        22P02 12 SELECT a < 'x' FROM t
        22P02 12 SELECT d = 'x' FROM t
        22P02 12 SELECT e = 'maybe' FROM t
        22P02 12 SELECT abs('x')
        42601 30 SELECT jsonb_path_query('1', '$.')
        42601 30 SELECT jsonb_path_query('1', '$ +')
        42601 16 SET search_path
        42601 5 SHOW
        42703 21 PREPARE x AS SELECT nosuch
        42601 10 SAVEPOINT
        42704 19 CREATE TABLE x (a nosuch)
        42P16 50 CREATE TABLE x (a integer PRIMARY KEY, b integer PRIMARY KEY)
        22P02 35 CREATE TABLE x (a integer DEFAULT 'x')
        42P10 35 CREATE TABLE x (a integer DEFAULT b)
        42883 35 CREATE TABLE x (a integer DEFAULT nosuch(1))
        42601 37 CREATE TABLE x (a integer DEFAULT 1 DEFAULT 2)
        42601 32 CREATE TABLE x (a integer NULL NOT NULL)
        42601 36 CREATE TABLE x (a integer NOT NULL NULL)
        42703 34 CREATE TABLE x (a integer CHECK (b > 1))
        42804 34 CREATE TABLE x (a integer CHECK (a))
        42803 34 CREATE TABLE x (a integer CHECK (count(a) > 1))
        42703 48 CREATE TABLE x (a integer GENERATED ALWAYS AS (b) STORED)
        42P16 48 CREATE TABLE x (a integer GENERATED ALWAYS AS (a) STORED)
        42883 58 CREATE TABLE x (a integer, b text GENERATED ALWAYS AS (a + true) STORED)
        3F000 14 CREATE TABLE nosuch.x (a integer)
        42703 25 CREATE VIEW x AS SELECT nosuch
        42P01 32 CREATE VIEW x AS SELECT * FROM nosuch
        42883 22 CREATE INDEX x ON t (lower(a))
        42703 31 CREATE INDEX x ON t (a) WHERE nosuch
        42803 23 CREATE INDEX x ON t ((count(a)))
        42601 28 DROP SCHEMA other RESTRICT extra
        42704 28 ALTER TABLE t ADD COLUMN x nosuch
        42703 49 ALTER TABLE t ALTER COLUMN b TYPE integer USING nosuch
        42P01 12 MERGE INTO nosuch USING u ON true WHEN MATCHED THEN DELETE
        42P01 20 MERGE INTO t USING nosuch ON true WHEN MATCHED THEN DELETE
        42703 25 MERGE INTO t USING u ON nosuch WHEN MATCHED THEN DELETE
        42703 66 MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN UPDATE SET nosuch = 1
        42703 67 MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (nosuch) VALUES (1)
        42601 71 MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (id, a) VALUES (1)
        42P01 79 MERGE INTO t USING u ON t.id = u.id WHEN NOT MATCHED THEN INSERT (id) VALUES (t.id)
        42883 15 SELECT * FROM nosuch(1)
        42883 15 SELECT * FROM unnest(1)
        42P01 26 SELECT * FROM t, (SELECT t.a) AS x
        42601 15 SELECT * FROM json_to_record('{}')
        42883 8 SELECT unnest(1)
        0A000 16 SELECT 1 WHERE unnest(ARRAY[1]) = 1
        42P01 8 SELECT a.* FROM t
        0A000 17 SELECT ROW(1, 2).x
        42704 10 SELECT b COLLATE nosuch FROM t
        42804 10 SELECT a COLLATE "C" FROM t
        42704 28 SELECT a FROM t ORDER BY b COLLATE "nosuch"
        42P01 31 SELECT a FROM t FOR UPDATE OF nosuch
        42601 29 SELECT a FROM t TABLESAMPLE nosuch (1)
        22P02 53 WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT 'a' FROM x) SELECT * FROM x
        42P01 34 WITH x AS (SELECT 1) DELETE FROM x
        0A000 41 WITH x AS (DELETE FROM t) SELECT * FROM x
        42601 9 EXPLAIN SELEC 1
        42601 10 EXPLAIN (nosuch) SELECT 1
        42601 1 GROUP BY 1
        42703 27 SELECT 1 GROUP BY ROLLUP (nosuch)
        42601 12 SELECT 'a' 'b'
        42601 13 SELECT 1 AS 2
        42601 13 SELECT 1 AS 'x'
        42601 19 SELECT 1 FROM t x y
        42601 34 SELECT * FROM t LIMIT 1 OFFSET 1 LIMIT 1
        42601 20 SELECT DISTINCT ON a FROM t
        42601 12 SELECT TOP 5 a FROM t
        42601 11 SELECT a, FROM t
        42601 8 SELECT , a FROM t
        42601 22 INSERT INTO t DEFAULT
        42601 23 INSERT INTO t VALUES (DEFAULT + 1)
        42601 8 SELECT DEFAULT
        42601 23 BEGIN ISOLATION LEVEL NOSUCH
        42703 23 SELECT EXISTS (SELECT nosuch)
        42601 11 SELECT NOT
        42883 25 SELECT a FROM t WHERE a = ANY (1)
        22P02 32 SELECT a FROM t WHERE a = ANY ('{x}')
        42883 25 SELECT a FROM t WHERE a = ANY (SELECT b FROM t)
        42601 25 SELECT a FROM t WHERE a = ALL (SELECT 1, 2)
        42883 8 SELECT position(1 IN 'a')
        42883 8 SELECT trim(1)
        42883 8 SELECT overlay('a' PLACING 1 FROM 1)
        42883 10 SELECT j -> true FROM t
        42883 10 SELECT j ->> d FROM t
        42883 10 SELECT j @> 1 FROM t
        42883 10 SELECT 1 <=> 2
        42883 8 SELECT ~ 'x'::text
        42601 8 SELECT ! 1
        42P02 8 SELECT $1
        42P02 12 SELECT 1 + @nosuch
        """;
}
