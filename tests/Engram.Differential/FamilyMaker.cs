namespace Engram.Differential;

/// <summary>Makes queries and changes of shapes that <see cref="QueryMaker"/> comes upon seldom or never.</summary>
/// <remarks>
/// Lateral sources, subqueries in each clause, windows over groups, recursion, DISTINCT ON, rows and arrays as values, json made of rows and taken apart again, texts without
/// case, numbers that are none. What depends on an order is ordered by all columns of its table; what a group or a limit leaves open is not asked for.
/// </remarks>
internal sealed class FamilyMaker(Dice dice, IReadOnlyList<Table> tables, ExpressionMaker expressions)
{
    private static readonly Kind[] Ordered = [Kind.Int, Kind.Big, Kind.Num, Kind.Text, Kind.Ts, Kind.Date, Kind.Small, Kind.Double];

    private int aliases;

    public (string Sql, bool IsOrdered) Query()
    {
        aliases = 0;
        return dice.Next(14) switch
        {
            0 => (Lateral(), false),
            1 => (LateralRows(), false),
            2 or 3 => (Subqueries(), false),
            4 => (WindowsOverGroups(), false),
            5 => (Recursive(), false),
            6 => DistinctOn(),
            7 => (RowValues(), false),
            8 => (Arrays(), false),
            9 => (Json(), false),
            10 => (NoCase(), false),
            11 => (NotANumber(), false),
            12 => (ValuesJoin(), false),
            _ => (Sets(), false),
        };
    }

    private (Table Table, string Alias, List<Field> Fields) Source()
    {
        var table = dice.Pick(tables);
        var alias = "f" + aliases++;
        return (table, alias, table.Columns.Select(c => new Field($"{alias}.{c.Name}", c.Kind)).ToList());
    }

    private string Make(Kind kind, List<Field> fields, int depth = 1)
    {
        // No subqueries but those that a family makes itself.
        var kept = expressions.Subquery;
        expressions.Subquery = null;
        var sql = kind == Kind.Bool && depth > 0 ? expressions.Condition(fields, depth) : expressions.Make(kind, fields, depth);
        expressions.Subquery = kept;
        return sql;
    }

    private string Where(List<Field> fields, int chance = 60) => dice.Percent(chance) ? " WHERE " + Make(Kind.Bool, fields) : "";

    private static string All(List<Field> fields) => string.Join(", ", fields.Select(f => f.Sql));

    private string Total(List<Field> fields) => string.Join(", ", fields.OrderBy(_ => dice.Next(1000)).Select(f => $"{f.Sql}{dice.Pick("", " DESC")} NULLS {dice.Pick("FIRST", "LAST")}"));

    /// <summary>A link between two sources by their keys, which leaves few pairs.</summary>
    private string Link(List<Field> left, List<Field> right)
    {
        static bool Integer(Field f) => f.Kind is Kind.Int or Kind.Big;
        var (l, r) = (left.Where(Integer).ToList(), right.Where(Integer).ToList());
        return dice.Next(4) switch
        {
            0 => $"{dice.Pick(r).Sql} = {dice.Pick(l).Sql}",
            1 => $"{right[0].Sql} = {dice.Pick(l).Sql} % 50",
            2 => $"{right[0].Sql} BETWEEN {dice.Pick(l).Sql} - 1 AND {dice.Pick(l).Sql} + 1",
            _ => $"{right[0].Sql} = {left[0].Sql}",
        };
    }

    private string Lateral()
    {
        var (outer, a, of) = Source();
        var (inner, b, own) = Source();
        var both = of.Concat(own).ToList();
        var kind = dice.Pick(own).Kind;
        var body = dice.Next(5) switch
        {
            0 => $"SELECT {Make(kind, both)} AS x, {b}.id AS y FROM {inner.Name} {b} WHERE {Link(of, own)} ORDER BY {Total(own)} LIMIT {dice.Between(1, 3)}",
            1 => $"SELECT count(*) AS x, max({b}.id) AS y FROM {inner.Name} {b} WHERE {Link(of, own)} AND {Make(Kind.Bool, both)}",
            2 => $"SELECT {b}.id AS x, row_number() OVER (ORDER BY {Total(own)}) AS y FROM {inner.Name} {b} WHERE {Link(of, own)}",
            3 => $"SELECT {b}.id % 5 AS x, count(*) AS y FROM {inner.Name} {b} WHERE {Link(of, own)} GROUP BY {b}.id % 5 HAVING count(*) >= {dice.Between(0, 2)}",
            _ => $"SELECT {b}.id AS x, 1 AS y FROM {inner.Name} {b} WHERE {Link(of, own)} {dice.Pick("UNION ALL", "UNION", "EXCEPT")} SELECT {a}.id, 1",
        };
        var on = dice.Percent(50) ? "TRUE" : $"x.y IS NOT NULL AND {Make(Kind.Bool, of)}";
        var from = $"{outer.Name} {a} {dice.Pick("JOIN", "LEFT JOIN")} LATERAL ({body}) x ON {on}";
        return dice.Percent(40) ? $"SELECT x.x, count(*), sum(x.y) FROM {from}{Where(of, 30)} GROUP BY x.x" : $"SELECT {a}.id, x.x, x.y FROM {from}{Where(of, 30)}";
    }

    private string LateralRows()
    {
        var (table, a, of) = Source();
        var rows = dice.Next(5) switch
        {
            0 => $"generate_series(1, ({a}.id % 4)::integer)",
            1 => $"unnest(ARRAY[{Make(Kind.Int, of)}, {Make(Kind.Int, of)}])",
            2 => $"unnest(string_to_array({Make(Kind.Text, of)}, 'b'))",
            3 => $"jsonb_array_elements_text(jsonb_build_array({Make(Kind.Int, of)}, {Make(Kind.Text, of)}, {Make(Kind.Bool, of)}))",
            _ => $"(VALUES ({Make(Kind.Int, of)}, 1), ({Make(Kind.Int, of)}, 2))",
        };
        return dice.Next(3) switch
        {
            0 when !rows.StartsWith('(') => $"SELECT {a}.id, x.v, x.n FROM {table.Name} {a}, {rows} WITH ORDINALITY AS x (v, n){Where(of, 30)}",
            1 when !rows.StartsWith('(') => $"SELECT x.v, count(*) FROM {table.Name} {a} CROSS JOIN LATERAL {rows} AS x (v){Where(of, 30)} GROUP BY x.v",
            _ => rows.StartsWith('(') ? $"SELECT {a}.id, x.v, x.w FROM {table.Name} {a} LEFT JOIN LATERAL {rows} AS x (v, w) ON x.v > x.w{Where(of, 30)}"
                : $"SELECT {a}.id, x.v FROM {table.Name} {a} LEFT JOIN LATERAL {rows} AS x (v) ON {Make(Kind.Bool, of)}",
        };
    }

    /// <summary>A correlated subquery with one value.</summary>
    private string Scalar(List<Field> of, Kind kind)
    {
        var (inner, b, own) = Source();
        var both = of.Concat(own).ToList();
        return dice.Next(4) switch
        {
            0 when kind == Kind.Big => $"(SELECT count({dice.Pick("*", dice.Pick(own).Sql)}) FROM {inner.Name} {b} WHERE {Link(of, own)})",
            1 when kind is not (Kind.Bool or Kind.Uuid or Kind.Bytea) => $"(SELECT {dice.Pick("min", "max")}({Make(kind, own)}) FROM {inner.Name} {b} WHERE {Link(of, own)}{(dice.Percent(40) ? " AND " + Make(Kind.Bool, both) : "")})",
            2 => $"(SELECT {Make(kind, both)} FROM {inner.Name} {b} WHERE {Link(of, own)} ORDER BY {Total(own)} LIMIT 1)",
            _ => $"(SELECT {Make(kind, both)} FROM {inner.Name} {b} WHERE {b}.id = {of[0].Sql} ORDER BY {Total(own)} LIMIT 1)",
        };
    }

    private string Subqueries()
    {
        var (table, a, of) = Source();
        var kind = dice.Pick(Ordered);
        var s = Scalar(of, kind);
        switch (dice.Next(9))
        {
            case 0:
                return $"SELECT {a}.id, {s} AS x, COALESCE({Scalar(of, kind)}, {Make(kind, of)}) AS y FROM {table.Name} {a}";
            case 1:
                return $"SELECT {a}.id FROM {table.Name} {a} WHERE {s} {dice.Pick("=", "<", ">=", "IS DISTINCT FROM")} {Make(kind, of)}";
            case 2:
                return $"SELECT x, count(*) FROM (SELECT {s} AS x FROM {table.Name} {a}) g GROUP BY x";
            case 3:
                return $"SELECT {a}.id % 7, count({Scalar(of, Kind.Big)}), sum({Scalar(of, Kind.Big)}) FILTER (WHERE {Scalar(of, Kind.Int)} IS NOT NULL) FROM {table.Name} {a} GROUP BY {a}.id % 7";
            case 4:
                var (other, b, own) = Source();
                return $"SELECT {a}.id, {b}.id FROM {table.Name} {a} {dice.Pick("JOIN", "LEFT JOIN")} {other.Name} {b} ON {b}.id = {a}.id AND {Scalar(own, kind)} {dice.Pick("=", "<", ">=")} {Make(kind, own)}";
            case 5:
                return $"SELECT {a}.id, CASE WHEN EXISTS {Exists(of)} THEN {Scalar(of, kind)} ELSE {Make(kind, of)} END AS x FROM {table.Name} {a}";
            case 6:
                return $"SELECT {a}.id % 5 AS g, max({a}.id) FROM {table.Name} {a} GROUP BY {a}.id % 5 HAVING (SELECT count(*) FROM {dice.Pick(tables).Name} h WHERE h.id % 5 = min({a}.id) % 5) > count(*) - {dice.Next(3)}";
            case 7:
                return $"SELECT {a}.id, rank() OVER (PARTITION BY {s} ORDER BY {Scalar(of, Kind.Int)} NULLS LAST) AS r FROM {table.Name} {a}";
            default:
                var (inner, c, more) = Source();
                var quantified = $"{Make(kind, of)} {dice.Pick("=", "<>", "<", ">=")} {dice.Pick("ANY", "ALL")} (SELECT {Make(kind, more)} FROM {inner.Name} {c} WHERE {Link(of, more)})";
                return $"SELECT {a}.id, {quantified} AS q FROM {table.Name} {a} WHERE {dice.Pick("", "NOT ")}EXISTS {Exists(of)} OR ({quantified}) IS NOT TRUE";
        }
    }

    private string Exists(List<Field> of)
    {
        var (inner, b, own) = Source();
        var both = of.Concat(own).ToList();
        var nested = dice.Percent(30) && tables.Count > 1 ? $" AND {dice.Pick("", "NOT ")}EXISTS (SELECT 1 FROM {tables[0].Name} z WHERE z.id = {own[0].Sql} AND z.id <> {of[0].Sql} + 1)" : "";
        return $"(SELECT 1 FROM {inner.Name} {b} WHERE {Link(of, own)}{(dice.Percent(40) ? " AND " + Make(Kind.Bool, both) : "")}{nested})";
    }

    private string WindowsOverGroups()
    {
        var (table, a, of) = Source();
        var key = dice.Percent(50) ? $"{a}.id % {dice.Between(3, 9)}" : dice.Pick(of).Sql;
        var frame = dice.Pick("", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", " ROWS UNBOUNDED PRECEDING", " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW", " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", " ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW");
        var order = $"ORDER BY {key}{dice.Pick("", " DESC")} NULLS {dice.Pick("FIRST", "LAST")}{frame}";
        var call = dice.Pick("sum(count(*))", "max(count(*))", $"sum(max({a}.id))", $"first_value(min({a}.id))", "count(*)", $"last_value(count({a}.id))");
        return dice.Next(3) switch
        {
            0 => $"SELECT {key} AS k, count(*), {call} OVER ({order}) AS w FROM {table.Name} {a}{Where(of)} GROUP BY {key}",
            1 => $"SELECT w.k, w.s FROM (SELECT {key} AS k, {call} OVER ({order}) AS s, dense_rank() OVER (ORDER BY count(*) DESC, {key} NULLS LAST) AS r FROM {table.Name} {a}{Where(of)} GROUP BY {key}) w WHERE w.r <= {dice.Between(1, 5)}",
            _ => $"SELECT {key} AS k, {a}.id % 2 AS p, {call} OVER (PARTITION BY {a}.id % 2 {order}) AS w, lag(count(*)) OVER (PARTITION BY {a}.id % 2 ORDER BY {key} NULLS FIRST) AS l FROM {table.Name} {a}{Where(of)} GROUP BY {key}, {a}.id % 2",
        };
    }

    private string Recursive()
    {
        var union = dice.Pick("UNION", "UNION ALL");
        if (tables.Count < 2 || dice.Percent(40))
        {
            return dice.Next(3) switch
            {
                0 => $"WITH RECURSIVE r (n, s) AS (VALUES (1, 'a') {union} SELECT n + 1, left(s || n, 12) FROM r WHERE n < {dice.Between(1, 20)}) SELECT * FROM r",
                1 => $"WITH RECURSIVE r (n) AS (SELECT {dice.Between(0, 9)} UNION SELECT (n * 3 + 1) % {dice.Between(5, 40)} FROM r) SELECT r.n, count(t.id) FROM r LEFT JOIN {tables[0].Name} t ON t.id = r.n GROUP BY r.n",
                _ => $"WITH RECURSIVE r (a, b) AS (SELECT 0::bigint, 1::bigint {union} SELECT b, a + b FROM r WHERE b < {dice.Between(10, 5000)}), e AS (SELECT a FROM r WHERE a % 2 = 0) SELECT (SELECT sum(a) FROM e), count(*) FROM r",
            };
        }

        var (child, parent) = (tables[1], tables[0]);
        return dice.Next(2) == 0
            ? $"WITH RECURSIVE r (id, depth) AS (SELECT p.id, 0 FROM {parent.Name} p WHERE p.id < {dice.Between(1, 6)} {union} SELECT c.ref + 1, r.depth + 1 FROM {child.Name} c JOIN r ON c.id = r.id WHERE r.depth < 3 AND c.ref IS NOT NULL) SELECT depth, id, count(*) FROM r GROUP BY depth, id"
            : $"WITH RECURSIVE r (id) AS (SELECT {dice.Next(5)}::bigint UNION SELECT c.id FROM r, {child.Name} c WHERE c.ref = r.id) SELECT id FROM r {dice.Pick("", "WHERE id IN (SELECT id FROM " + parent.Name + ")")}";
    }

    private (string Sql, bool IsOrdered) DistinctOn()
    {
        var (table, a, of) = Source();
        var on = dice.Percent(50) ? dice.Pick(of).Sql : $"{a}.id % {dice.Between(2, 9)}";
        var sql = $"SELECT DISTINCT ON ({on}) {on} AS k, {All(of)} FROM {table.Name} {a}{Where(of)} ORDER BY {on}{dice.Pick("", " DESC")} NULLS {dice.Pick("FIRST", "LAST")}, {Total(of)}";
        return dice.Percent(40) ? ($"SELECT count(*), count(d.k), min(d.id) FROM ({sql}{dice.Pick("", " LIMIT 5")}) d", false) : (sql + dice.Pick("", " LIMIT 4", " LIMIT 7 OFFSET 2"), true);
    }

    private string RowValues()
    {
        var (table, a, of) = Source();
        var (inner, b, own) = Source();
        var (k, l) = (dice.Pick(Ordered), dice.Pick(Ordered));
        var where = dice.Percent(50) ? $" WHERE {Link(of, own)}" : "";
        var row = $"({Make(k, of)}, {Make(l, of)})";
        return dice.Next(4) switch
        {
            0 => $"SELECT {a}.id, {row} {dice.Pick("IN", "NOT IN")} (SELECT {Make(k, own)}, {Make(l, own)} FROM {inner.Name} {b}{where}) AS q FROM {table.Name} {a}",
            1 => $"SELECT {a}.id FROM {table.Name} {a} WHERE {row} {dice.Pick("IN", "NOT IN")} (SELECT {Make(k, own)}, {Make(l, own)} FROM {inner.Name} {b}{where})",
            2 => $"SELECT {a}.id, {b}.id FROM {table.Name} {a} JOIN {inner.Name} {b} ON ({a}.id, {Make(k, of)}) {dice.Pick("=", "<>", "<", ">=")} ({b}.id, {Make(k, own)}) AND {b}.id % 50 = {a}.id % 50",
            _ => $"SELECT {a}.id, ({Make(k, of)}, {Make(l, of)}, {a}.id) {dice.Pick("<", "<=", ">", "=", "<>")} ({Make(k, of)}, {Make(l, of)}, {dice.Between(0, 9)}) AS q, ({Make(k, of)}, {Make(l, of)}) IS {dice.Pick("", "NOT ")}DISTINCT FROM {row} AS d FROM {table.Name} {a}",
        };
    }

    private string Arrays()
    {
        var (table, a, of) = Source();
        var kind = dice.Pick(Kind.Int, Kind.Text, Kind.Big, Kind.Date);
        var array = $"ARRAY[{Make(kind, of)}, {Make(kind, of)}, {Make(kind, of)}]";
        return dice.Next(7) switch
        {
            0 => $"SELECT {a}.id % 5, array_agg({Make(kind, of)} ORDER BY {Total(of)}) FROM {table.Name} {a} GROUP BY {a}.id % 5",
            1 => $"SELECT {a}.id, {array}, ({array})[{dice.Between(0, 4)}], ({array})[{dice.Between(0, 2)}:{dice.Between(1, 4)}] FROM {table.Name} {a}",
            2 => $"SELECT {a}.id, {array} {dice.Pick("=", "<", ">=", "@>", "&&", "||")} {array} FROM {table.Name} {a}",
            3 => $"SELECT u, count(*) FROM (SELECT unnest({array}) AS u FROM {table.Name} {a}) x GROUP BY u",
            4 => $"SELECT {a}.id FROM {table.Name} {a} WHERE {Make(kind, of)} {dice.Pick("= ANY", "<> ALL", "< ANY", ">= ALL")} ({array})",
            5 => $"SELECT {a}.id, array_remove({array}, {Make(kind, of)}), array_replace({array}, {Make(kind, of)}, {Make(kind, of)}), array_positions({array}, {Make(kind, of)}) FROM {table.Name} {a}",
            _ => $"SELECT {a}.id, ARRAY(SELECT {Make(kind, of)} FROM {tables[0].Name} z WHERE z.id < {dice.Between(0, 4)} AND z.id <> {a}.id) FROM {table.Name} {a}",
        };
    }

    private string Json()
    {
        var (table, a, of) = Source();
        var made = $"jsonb_build_object('i', {Make(Kind.Int, of)}, 't', {Make(Kind.Text, of)}, 'b', {Make(Kind.Bool, of)}, 'a', jsonb_build_array({Make(Kind.Int, of)}, {Make(Kind.Text, of)}))";
        return dice.Next(6) switch
        {
            0 => $"SELECT {a}.id % 4, CAST(jsonb_agg({made} ORDER BY {Total(of)}) AS text) FROM {table.Name} {a}{Where(of)} GROUP BY {a}.id % 4",
            1 => $"SELECT e.key, count(*), count(e.value) FROM {table.Name} {a}, jsonb_each_text({made}) e{Where(of)} GROUP BY e.key",
            2 => $"SELECT {a}.id, ({made} ->> 'i')::integer + 1, {made} #>> '{{a,1}}', {made} -> 'b' = 'true' FROM {table.Name} {a}",
            3 => $"SELECT CAST(jsonb_object_agg({a}.id, {Make(Kind.Int, of)}) AS text) FROM {table.Name} {a} WHERE {a}.id < 20{(table.Key.Count > 1 ? $" AND {a}.part = 'odd'" : "")}",
            4 => $"SELECT {a}.id, CAST(jsonb_set({made}, '{{a,0}}', to_jsonb({Make(Kind.Text, of)}), {dice.Pick("TRUE", "FALSE")}) AS text) FROM {table.Name} {a} WHERE {Make(Kind.Text, of)} IS NOT NULL",
            _ => $"SELECT x.v, count(*) FROM {table.Name} {a}, jsonb_array_elements({made} -> 'a') AS x (v) GROUP BY x.v",
        };
    }

    /// <summary>Texts between « and » are compared without case: by a collation here, by their upper case there.</summary>
    private string NoCase()
    {
        var (table, a, of) = Source();
        var (inner, b, own) = Source();
        string Text(List<Field> fields) => $"«{Make(Kind.Text, fields)}»";
        return dice.Next(5) switch
        {
            0 => $"SELECT {a}.id, {Text(of)} {dice.Pick("=", "<", ">=", "<>", "IS DISTINCT FROM")} {Text(of)} AS q FROM {table.Name} {a}",
            1 => $"SELECT upper(g.x), g.n FROM (SELECT {Text(of)} AS x, count(*) AS n FROM {table.Name} {a} GROUP BY 1) g",
            2 => $"SELECT {a}.id, {b}.id FROM {table.Name} {a} JOIN {inner.Name} {b} ON {Text(of)} = {Text(own)} AND {a}.id % 20 = {b}.id % 20",
            3 => $"SELECT count(DISTINCT {Text(of)}), upper(min({Text(of)})), upper(max({Text(of)})) FROM {table.Name} {a}",
            _ => $"SELECT {a}.id, {Text(of)} IN ({Text(of)}, {Text(of)}), rank() OVER (ORDER BY {Text(of)} NULLS FIRST) FROM {table.Name} {a} WHERE {Text(of)} {dice.Pick("IN", "NOT IN")} (SELECT {Text(own)} FROM {inner.Name} {b} WHERE {b}.id < 10)",
        };
    }

    private string NotANumber()
    {
        var (table, a, of) = Source();
        string Odd() => $"CASE {a}.id % {dice.Between(3, 6)} WHEN 0 THEN CAST('NaN' AS double precision) WHEN 1 THEN CAST('{dice.Pick("Infinity", "-Infinity", "-0")}' AS double precision) ELSE {Make(Kind.Double, of, 0)} END";
        return dice.Next(5) switch
        {
            0 => $"SELECT x, count(*) FROM (SELECT {Odd()} AS x FROM {table.Name} {a}) g GROUP BY x",
            1 => $"SELECT {a}.id, {Odd()} {dice.Pick("=", "<", "<=", ">", "<>", "IS DISTINCT FROM")} {Odd()} FROM {table.Name} {a}",
            2 => $"SELECT min(x), max(x), count(DISTINCT x), count(*) FILTER (WHERE x = 'NaN') FROM (SELECT {Odd()} AS x FROM {table.Name} {a}) g",
            3 => $"SELECT g.i, dense_rank() OVER (ORDER BY g.x {dice.Pick("ASC", "DESC")} NULLS LAST) FROM (SELECT {a}.id AS i, {Odd()} AS x FROM {table.Name} {a}) g",
            _ => $"SELECT g.i, h.i FROM (SELECT {a}.id AS i, {Odd()} AS x FROM {table.Name} {a}) g JOIN (SELECT {a}.id AS i, {Odd()} AS x FROM {table.Name} {a}) h ON g.x = h.x AND g.i % 20 = h.i % 20",
        };
    }

    private string ValuesJoin()
    {
        var (table, a, of) = Source();
        var kind = dice.Pick(of).Kind;
        var rows = string.Join(", ", Enumerable.Range(0, dice.Between(1, 5)).Select(i => $"({i}, {(dice.Percent(15) ? $"CAST(NULL AS {kind.Sql()})" : Literals.Any(dice, kind))})"));
        var values = $"(VALUES {rows}) AS v (i, x)";
        return dice.Next(3) switch
        {
            0 => $"SELECT v.i, {a}.id FROM {values} {dice.Pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")} {table.Name} {a} ON v.x = {Make(kind, of, 0)} AND v.i = {a}.id % 3",
            1 => $"SELECT v.i, count({a}.id), min({a}.id) FROM {values} LEFT JOIN {table.Name} {a} ON v.i = {a}.id % 5 AND {Make(Kind.Bool, of)} GROUP BY v.i",
            _ => $"SELECT {a}.id FROM {table.Name} {a} WHERE ({a}.id % 3, {Make(kind, of, 0)}) {dice.Pick("IN", "NOT IN")} (SELECT v.i, v.x FROM {values})",
        };
    }

    private string Sets()
    {
        var (table, a, of) = Source();
        var (inner, b, own) = Source();
        var (k, l) = (dice.Pick(Ordered), dice.Pick(of).Kind);
        string Left() => $"SELECT {Make(k, of)} AS x, {Make(l, of)} AS y FROM {table.Name} {a}{Where(of)}";
        string Right() => $"SELECT {Make(k, own)}, {Make(l, own)} FROM {inner.Name} {b}{Where(own)}";
        string Set() => dice.Pick("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL");
        return dice.Next(3) switch
        {
            0 => $"{Left()} {Set()} {Right()} {Set()} {Left()}",
            1 => $"SELECT s.x, count(*), count(s.y) FROM ({Left()} {Set()} ({Right()} {Set()} {Left()})) s GROUP BY s.x",
            _ => $"SELECT {a}.id FROM {table.Name} {a} WHERE {Make(k, of)} IN (SELECT s.x FROM ({Left()} {Set()} {Right()}) s)",
        };
    }

    /// <summary>A change of rows: MERGE, ON CONFLICT, UPDATE … FROM, with subqueries in what is set.</summary>
    public string Change()
    {
        aliases = 0;
        var table = dice.Pick(tables);
        var t = table.Name;
        var own = table.Columns.Select(c => new Field($"{t}.{c.Name}", c.Kind)).ToList();
        var free = table.Columns.Where(c => c.Name.StartsWith('c') && c.IsNullable).ToList();
        if (free.Count == 0)
        {
            return $"DELETE FROM {t} WHERE {Make(Kind.Bool, own)} AND {t}.id % 9 = 4 RETURNING *";
        }

        var c = dice.Pick(free);
        var key = string.Join(", ", table.Key);
        var columns = string.Join(", ", table.Columns.Select(x => x.Name));
        var other = dice.Pick(tables);
        var source = $"(SELECT DISTINCT ON (o.id) o.* FROM {other.Name} o ORDER BY o.id, {string.Join(", ", other.Key.Select(k => "o." + k))}) s";
        var more = other.Columns.Select(x => new Field($"s.{x.Name}", x.Kind)).ToList();
        var both = own.Concat(more).ToList();
        var sameKey = table.Key.Count > 1 ? $"s.id = {t}.id AND {t}.part = 'odd'" : $"s.id = {t}.id";
        var excluded = table.Columns.Select(x => new Field($"excluded.{x.Name}", x.Kind)).ToList();
        var returning = dice.Percent(50) ? $" RETURNING {t}.*" : "";
        // What is proposed: rows that are there, and the same moved to keys that are not.
        var moved = string.Join(", ", table.Columns.Select(x => x.Name == "id" ? $"{t}.id + {dice.Pick("0", "0", "20000")}" : x == c ? Make(c.Kind, own) : $"{t}.{x.Name}"));
        switch (dice.Next(6))
        {
            case 0:
                return $"UPDATE {t} SET {c.Name} = {Make(c.Kind, both)} FROM {source} WHERE {sameKey} AND {Make(Kind.Bool, both)}{returning}";
            case 1:
                return $"UPDATE {t} SET {c.Name} = {Scalar(own, c.Kind)} WHERE {t}.id % 3 = {dice.Next(3)}{returning}";
            case 2:
                return $"INSERT INTO {t} ({columns}) SELECT {moved} FROM {t} WHERE {t}.id < 100 AND {Make(Kind.Bool, own)} ON CONFLICT ({key}) DO UPDATE SET {c.Name} = {Make(c.Kind, own.Concat(excluded).ToList())}{(dice.Percent(50) ? " WHERE " + Make(Kind.Bool, own) : "")}{returning}";
            case 3:
                return $"INSERT INTO {t} ({columns}) SELECT {moved} FROM {t} WHERE {t}.id % 7 = 1 AND {t}.id < 10000 ON CONFLICT {dice.Pick("", $"({key}) ")}DO NOTHING{returning}";
            case 4:
                return $"DELETE FROM {t} USING {source} WHERE {sameKey} AND {t}.id % 11 = {dice.Next(3)} AND {Make(Kind.Bool, both)}{returning}";
            default:
                return $"MERGE INTO {t} USING {source} ON {sameKey} WHEN MATCHED AND {Make(Kind.Bool, both)} THEN UPDATE SET {c.Name} = {Make(c.Kind, both)} WHEN MATCHED AND {t}.id % 13 = 2 THEN DELETE WHEN MATCHED THEN DO NOTHING";
        }
    }
}
