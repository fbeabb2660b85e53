using System.Text;

namespace Engram.Fuzzing;

/// <summary>Makes statements from a grammar: mostly well formed, rarely meaningful.</summary>
internal sealed class Grammar(Random random)
{
    private const int DepthMax = 5;
    private const int LengthMax = 4000;

    // Alternatives are separated by |, what is expanded stands in angle brackets, and ¦ is a bar in the text.
    private static readonly Dictionary<string, string[]> Rules = new()
    {
        ["statement"] = ["<query>", "<query>", "<query>", "<query>", "<insert>", "<update>", "<delete>", "<definition>", "<session>", "EXPLAIN <query>", "EXPLAIN ANALYZE <query>", "<query>; <query>"],
        ["query"] = ["<with><select><order><limit>", "<select>", "<select> <set> <select><order>", "VALUES (<e>, <e>), (<e>, <e>)", "<with>(<select><order>) <set> <select>"],
        ["with"] = ["", "", "", "WITH w AS (<query>) ", "WITH w (a, b) AS (<select>), v AS (SELECT * FROM w) ", "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < <n>) "],
        ["select"] = ["SELECT <items> FROM <from><where><group>", "SELECT <items> FROM <from><where>", "SELECT <items> FROM <from><where>", "SELECT <e>, <e>", "SELECT DISTINCT <items> FROM <from>", "SELECT DISTINCT ON (<e>) <items> FROM <from>", "SELECT <items> FROM <from> WHERE <e> GROUP BY <e>, <e> HAVING <e>"],
        ["set"] = ["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"],
        ["items"] = ["*", "<e>", "<e> AS c, <e>", "a.*, <e>", "<aggregate>, <column>", "<aggregate>", "<window>", "<e>, <e>, <e>"],
        ["from"] = ["a", "a", "a <join>", "<table>", "<table> <join>", "<table>, <table>", "<table> <join> <join>"],
        ["table"] = ["a", "a", "a", "b", "c", "a AS b", "(<query>) x", "(VALUES (<e>), (<e>)) AS v (n)", "LATERAL (<query>) y", "generate_series(<n>, <n>) g", "unnest(ARRAY[<e>, <e>]) u"],
        ["join"] = ["JOIN <table> ON <e>", "LEFT JOIN <table> ON a.id = b.id", "RIGHT JOIN <table> ON <e>", "FULL JOIN <table> ON <e>", "CROSS JOIN <table>", "JOIN <table> USING (id)", "NATURAL JOIN <table>", "LEFT JOIN LATERAL (<query>) z ON TRUE"],
        ["where"] = ["", " WHERE <e>", " WHERE <e> <compare> <e>", " WHERE EXISTS (<query>)", " WHERE id IN (<query>)"],
        ["group"] = ["", "", " GROUP BY <e>", " GROUP BY <column> HAVING <aggregate> > <n>", " GROUP BY ROLLUP (<column>, <column>)", " GROUP BY GROUPING SETS ((<column>), ())"],
        ["order"] = ["", " ORDER BY <e>", " ORDER BY <n>", " ORDER BY <column> DESC NULLS LAST, <e>"],
        ["limit"] = ["", "", " LIMIT <n>", " OFFSET <n>", " LIMIT <e>", " FETCH FIRST <n> ROWS ONLY"],
        ["e"] = ["<p>", "<p>", "<p> <operator> <p>", "<p> <compare> <p>", "<p>::<type>", "<p> IS NULL", "NOT <p>", "<p> AND <p>", "<p> OR <p>", "<p> IN (<e>, <e>)", "<p> BETWEEN <p> AND <p>", "<p> LIKE <p>", "<p> = ANY (<query>)", "<p> = ANY (<array>)", "-<p>", "<p> IS DISTINCT FROM <p>", "<p> ~ <p>", "<p> AT TIME ZONE <p>"],
        ["p"] = ["<column>", "<column>", "<column>", "<literal>", "<literal>", "(<e>)", "(<e>)", "<function>", "CAST(<e> AS <type>)", "CASE WHEN <e> THEN <e> ELSE <e> END", "(<query>)", "EXISTS (<query>)", "<array>", "(<array>)[<n>]", "((<e>, <e>) = (<e>, <e>))", "COALESCE(<e>, <e>)", "NULLIF(<e>, <e>)", "@p", "$1"],
        ["array"] = ["ARRAY[<e>, <e>]", "ARRAY[]::<type>[]", "'{1,2,3}'::integer[]"],
        ["operator"] = ["+", "-", "*", "/", "%", "^", "¦¦", "&", "¦", "#", "<<", ">>", "<=>", "<->", "@>", "->>", "#>"],
        ["compare"] = ["=", "<>", "<", "<=", ">", ">=", "IS NOT DISTINCT FROM", "~", "LIKE", "ILIKE", "!="],
        ["function"] = ["abs(<e>)", "length(<e>)", "substring(<e> FROM <n> FOR <n>)", "upper(<e>)", "round(<e>, <n>)", "date_trunc('month', <e>)", "extract(year FROM <e>)", "now()", "repeat(<e>, <n>)", "lpad(<e>, <n>, <e>)", "replace(<e>, <e>, <e>)", "regexp_replace(<e>, <e>, <e>)", "to_char(<e>, <e>)", "jsonb_build_object(<e>, <e>)", "array_append(<array>, <e>)", "string_to_array(<e>, <e>)", "nextval('s')", "unknown_function(<e>)", "greatest(<e>, <e>)", "concat(<e>, <e>)", "power(<e>, <e>)", "chr(<n>)", "format(<e>, <e>)", "encode(<e>, <e>)", "md5(<e>)"],
        ["aggregate"] = ["count(*)", "sum(<e>)", "avg(<e>)", "min(<e>)", "max(DISTINCT <e>)", "string_agg(<e>, <e> ORDER BY <e>)", "array_agg(<e>)", "count(<e>) FILTER (WHERE <e>)", "percentile_cont(<e>) WITHIN GROUP (ORDER BY <e>)", "bool_and(<e>)", "stddev(<e>)"],
        ["window"] = ["row_number() OVER (ORDER BY <e>)", "sum(<e>) OVER (PARTITION BY <e> ORDER BY <e> ROWS BETWEEN <n> PRECEDING AND CURRENT ROW)", "lag(<e>, <n>, <e>) OVER (ORDER BY <column>)", "rank() OVER (PARTITION BY <e>)", "ntile(<n>) OVER ()"],
        ["column"] = ["id", "n", "s", "n", "s", "d", "a.id", "a.n", "a.s", "a.d", "b.n", "c.v", "j", "tags", "\"Id\"", "missing"],
        ["literal"] = ["1", "0", "-1", "2147483647", "9223372036854775807", "1.5", "1e308", "79228162514264337593543950335", "'text'", "''", "'2024-02-29'", "NULL", "TRUE", "FALSE", "'[1,2,3]'", "'{\"a\": [1, null]}'", "DATE '2024-01-01'", "INTERVAL '1 day'", "TIMESTAMP '9999-12-31 23:59:59'", "'\\x00ff'::bytea", "E'\\u0041'", "$$dollar$$", "'NaN'::double precision", "'(a+)+$'", "'%_\\'"],
        ["type"] = ["integer", "bigint", "smallint", "text", "varchar(3)", "numeric", "numeric(5,2)", "double precision", "real", "boolean", "date", "timestamp", "timestamptz", "time", "interval", "uuid", "bytea", "json", "integer[]", "vector(3)", "ubigint", "nonsense"],
        ["n"] = ["0", "1", "2", "3", "10", "100", "-1", "1000000"],
        ["insert"] = ["INSERT INTO <name> VALUES (<e>, <e>, <e>)", "INSERT INTO a (id, n) VALUES (<n>, <e>) ON CONFLICT (id) DO UPDATE SET n = excluded.n", "INSERT INTO a (id) <query> RETURNING *", "INSERT INTO b SELECT * FROM b", "INSERT INTO a (id, s) VALUES (<n>, <e>), (<n>, <e>) ON CONFLICT DO NOTHING"],
        ["update"] = ["UPDATE <name> SET n = <e><where>", "UPDATE a SET s = <e>, n = <e> WHERE <e> RETURNING <items>", "UPDATE a SET n = b.n FROM b WHERE a.id = b.id AND <e>"],
        ["delete"] = ["DELETE FROM <name><where>", "DELETE FROM a USING b WHERE <e>", "TRUNCATE <name>"],
        ["name"] = ["a", "b", "c", "missing", "\"a\"", "public.a", "x.y.z"],
        ["definition"] = ["CREATE TABLE <new> (id <type> PRIMARY KEY, x <type> DEFAULT <e>, CHECK (<e>))", "CREATE TABLE <new> (id <type>, y <type> GENERATED ALWAYS AS (<e>) STORED)", "ALTER TABLE <name> ADD COLUMN x <type> DEFAULT <e>", "ALTER TABLE <name> ALTER COLUMN n TYPE <type> USING <e>", "ALTER TABLE <name> DROP COLUMN <column>", "ALTER TABLE <name> ADD CONSTRAINT k CHECK (<e>)", "CREATE INDEX ON <name> (<column>)", "CREATE UNIQUE INDEX i ON <name> (<column>) WHERE <e>", "CREATE VIEW <new> AS <query>", "DROP TABLE <new>", "CREATE SEQUENCE s", "COMMENT ON TABLE <name> IS <literal>", "CREATE TABLE <new> AS <query>"],
        ["new"] = ["f", "g", "h"],
        ["session"] = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT p", "ROLLBACK TO p", "RELEASE p", "SET statement_timeout = <n>", "SHOW ALL", "SHOW timezone", "CHECKPOINT", "VACUUM", "ANALYZE", "PREPARE q AS <query>", "DO $$ BEGIN <query>; END $$"],
    };

    public string Statement()
    {
        var text = new StringBuilder();
        Expand("statement", 0, text);
        return text.ToString();
    }

    private string Shortest(string[] alternatives)
    {
        var least = alternatives.Min(a => a.Count(c => c == '<'));
        var shortest = Array.FindAll(alternatives, a => a.Count(c => c == '<') == least);
        return shortest[random.Next(shortest.Length)];
    }

    private void Expand(string rule, int depth, StringBuilder text)
    {
        var alternatives = Rules[rule];
        // Deep down, only what ends soon.
        var chosen = depth > DepthMax || text.Length > LengthMax
            ? Shortest(alternatives)
            : alternatives[random.Next(alternatives.Length)];
        for (var i = 0; i < chosen.Length; i++)
        {
            var end = chosen[i] == '<' ? chosen.IndexOf('>', i) : -1;
            if (end > 0 && Rules.ContainsKey(chosen[(i + 1)..end]))
            {
                Expand(chosen[(i + 1)..end], depth + 1, text);
                i = end;
            }
            else
            {
                text.Append(chosen[i] == '¦' ? '|' : chosen[i]);
            }
        }
    }
}
