SELECT a.id, count(*) FILTER (WHERE b.m > 1), string_agg(a.s, ', ' ORDER BY a.id DESC) FROM a LEFT JOIN b ON b.n = a.id WHERE a.s LIKE 'o%' OR a.tags @> ARRAY['x'] GROUP BY a.id HAVING count(*) < 10 ORDER BY 1 NULLS LAST LIMIT 5 OFFSET 1

SELECT id, v <=> '[1,0,0]' AS distance FROM c WHERE v IS NOT NULL ORDER BY distance LIMIT 3

WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t LIMIT 10

SELECT CAST('{"a": {"b": [1, 2, {"c": null}]}}' AS json) #> '{a,b,2}', '[1]'::json -> 0, '{"k": 1}'::json ? 'k'

SELECT * FROM a x CROSS JOIN LATERAL (SELECT count(*) FROM b WHERE b.n = x.id) y, generate_series(1, 3) WITH ORDINALITY AS g (v, i)

SELECT row_number() OVER w, sum(n) OVER (w ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) FROM a WINDOW w AS (PARTITION BY s ORDER BY id)

SELECT regexp_replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', '(a+)+$', 'x', 'g'), 'aaaaaaaaaaaaaaaaaaaaaaaa' ~ '(a|aa)+$', repeat('x', 100000000)

SELECT lpad('', 200000000), lpad('', 2000000000), repeat(repeat('x', 1000000), 1000000), array_fill(0, ARRAY[1000000000])

SELECT E'\x41\u00e9\U0001F600\101', U&'\0041\+01F600', B'101', X'1F', $a$ $b$ $a$, 1_000, 0b11, 0o17, .5e-3

SELECT /* a /* nested */ comment */ 1 -- and the rest
+ 1

SELECT 10000000000 * 10000000000, 79228162514264337593543950335 + 1, 1e308::float8 * 10, '9999-12-31'::date + 1, power(10, 400), 1 / 0
