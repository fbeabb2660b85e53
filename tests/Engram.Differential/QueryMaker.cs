namespace Engram.Differential;

/// <summary>Makes queries and changes of rows.</summary>
internal sealed class QueryMaker
{
    private readonly Dice dice;
    private readonly IReadOnlyList<Table> tables;
    private readonly ExpressionMaker expressions;
    private readonly FamilyMaker families;
    private readonly bool isLarge;

    // Whether functions, windows and grouping sets are made that the reference evaluator of the tests does not know.
    private readonly bool isWide;
    private int aliasCount;
    private int nesting;
    private Kind[]? common;

    public QueryMaker(Dice dice, IReadOnlyList<Table> tables, bool hasOffsets, bool isWide = false)
    {
        this.isWide = isWide;
        this.dice = dice;
        this.tables = tables;
        isLarge = tables.Any(t => t.RowCount > 100);
        expressions = new ExpressionMaker(dice, hasOffsets, tables.Max(t => t.RowCount), isWide) { Subquery = Subquery };
        families = new FamilyMaker(dice, tables, expressions);
    }

    /// <summary>A query, and whether its rows come in a defined order.</summary>
    public (string Sql, bool IsOrdered) Query()
    {
        aliasCount = nesting = 0;
        if (isWide && dice.Percent(35))
        {
            return families.Query();
        }

        var depth = dice.Pick(1, 2, 2, 3, 4);
        var kinds = Enumerable.Range(0, dice.Between(1, 4)).Select(_ => dice.Percent(80) ? dice.Pick(dice.Pick(tables).Columns).Kind : dice.Pick(Kinds.All)).ToArray();
        string sql, with = "";
        common = null;
        if (dice.Percent(12))
        {
            var shared = Enumerable.Range(0, dice.Between(1, 4)).Select(_ => dice.Pick(dice.Pick(tables).Columns).Kind).ToArray();
            with = Select(shared, [], 2);
            with = $"WITH w AS ({with}{(isLarge || dice.Percent(20) ? Order(shared.Length) + " LIMIT 30" : "")}) ";
            common = shared;
        }

        if (dice.Percent(12))
        {
            var operation = dice.Pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT");
            kinds = kinds[..Math.Min(kinds.Length, 2)];
            sql = $"{Select(kinds, [], depth)} {operation} {Select(kinds, [], depth)}";
            if (dice.Percent(20))
            {
                sql = $"({sql}) {dice.Pick("UNION ALL", "EXCEPT", "UNION")} {Select(kinds, [], depth)}";
            }
        }
        else
        {
            sql = Select(kinds, [], depth);
        }

        if (with == "" && dice.Percent(10))
        {
            sql = $"WITH w AS ({sql}) SELECT * FROM w" + (dice.Percent(30) ? " WHERE c0 IS NOT NULL" : "");
        }

        if (!dice.Percent(50))
        {
            return (with + sql, false);
        }

        return (with + sql + Order(kinds.Length) + Limit(), true);
    }

    private string Order(int count)
    {
        var positions = Enumerable.Range(1, count).OrderBy(_ => dice.Next(1000)).ToArray();
        return " ORDER BY " + string.Join(", ", positions.Select(p => $"{(dice.Percent(70) ? p.ToString() : "c" + (p - 1))}{dice.Pick("", " ASC", " DESC")} NULLS {dice.Pick("FIRST", "LAST")}"));
    }

    private string Limit() => (dice.Percent(50) ? $" LIMIT {dice.Pick(0, 1, 3, 10, 100)}" : "") + (dice.Percent(25) ? $" OFFSET {dice.Pick(0, 1, 5, 50)}" : "");

    /// <summary>SELECT … with columns c0, c1 … of these types.</summary>
    private string Select(Kind[] kinds, List<Field> outer, int depth)
    {
        var (from, fields) = From(outer);
        var all = fields.Concat(outer.Count > 0 && dice.Percent(70) ? outer : []).ToList();
        var where = dice.Percent(65) ? " WHERE " + expressions.Condition(all, depth) : "";
        if (dice.Percent(35))
        {
            return Grouped(kinds, from, fields, all, where, depth);
        }

        var windows = isWide && dice.Percent(15) ? new WindowMaker(dice, fields) : null;
        var items = kinds.Select((k, i) => $"{(dice.Percent(60) ? windows?.Make(k) : null) ?? expressions.Make(k, all, depth)} AS c{i}");
        return $"SELECT {(dice.Percent(20) ? "DISTINCT " : "")}{string.Join(", ", items)} FROM {from}{where}";
    }

    private string Grouped(Kind[] kinds, string from, List<Field> fields, List<Field> all, string where, int depth)
    {
        var keys = Enumerable.Range(0, dice.Pick(0, 1, 1, 1, 2, 3)).Select(_ => dice.Pick(fields)).Distinct().ToList();
        if (keys.Count > 0 && dice.Percent(20))
        {
            var kind = dice.Pick(Kinds.All);
            keys.Add(new Field(expressions.Make(kind, fields, 1), kind));
            if (!keys[^1].Sql.Contains('('))
            {
                keys.RemoveAt(keys.Count - 1);
            }
        }

        var sets = isWide && keys.Count is 1 or 2 && keys.All(k => !k.Sql.Contains('(')) && dice.Percent(15)
            ? dice.Pick($"ROLLUP ({string.Join(", ", keys.Select(k => k.Sql))})", $"CUBE ({string.Join(", ", keys.Select(k => k.Sql))})", $"GROUPING SETS (({string.Join(", ", keys.Select(k => k.Sql))}), ({keys[0].Sql}), ())") : null;
        var results = keys.Concat(Enumerable.Range(0, 3).SelectMany(_ => Aggregates(fields))).ToList();
        var items = kinds.Select((k, i) =>
        {
            var candidates = results.Where(r => r.Kind == k).ToList();
            return $"{(candidates.Count > 0 && dice.Percent(70) ? dice.Pick(candidates).Sql : candidates.Count > 0 ? PostGroup(k, candidates) : PostGroup(k, results))} AS c{i}";
        });
        if (sets is not null)
        {
            results.Add(new Field($"grouping({keys[^1].Sql})", Kind.Int));
        }

        var having = dice.Percent(30) ? " HAVING " + HavingCondition(results) : "";
        var list = items.ToList();
        if (sets is null && keys.Count == 1 && dice.Percent(30) && !list[0].Contains("count(", StringComparison.Ordinal) && list[0].StartsWith(keys[0].Sql + " AS", StringComparison.Ordinal))
        {
            return $"SELECT {string.Join(", ", list)} FROM {from}{where} GROUP BY {dice.Pick("1", keys[0].Sql)}{having}";
        }

        return $"SELECT {(dice.Percent(8) ? "DISTINCT " : "")}{string.Join(", ", list)} FROM {from}{where}{(sets is not null ? " GROUP BY " + sets : keys.Count > 0 ? " GROUP BY " + string.Join(", ", keys.Select(k => k.Sql)) : "")}{having}";
    }

    private string HavingCondition(List<Field> results)
    {
        var r = dice.Pick(results);
        return dice.Next(3) switch
        {
            0 => $"{r.Sql} IS NOT NULL",
            1 => $"count(*) {dice.Pick(">", "<", "=")} {dice.Pick(1, 2, 5)}",
            _ => $"{r.Sql} {dice.Pick("=", "<>", "<", ">=")} {(dice.Percent(30) ? Subquery([], r.Kind, "scalar") : Literals.Any(dice, r.Kind))}",
        };
    }

    private string PostGroup(Kind kind, List<Field> results)
    {
        var keepsSubquery = expressions.Subquery;
        expressions.Subquery = null;
        var sql = expressions.Make(kind, results, 1);
        expressions.Subquery = keepsSubquery;
        return sql;
    }

    private IEnumerable<Field> Aggregates(List<Field> fields)
    {
        var subquery = expressions.Subquery;
        expressions.Subquery = null;
        var filter = dice.Percent(20) ? $" FILTER (WHERE {expressions.Condition(fields, 1)})" : "";
        var distinct = dice.Percent(20) ? "DISTINCT " : "";
        var kind = dice.Pick(fields).Kind;
        var e = expressions.Make(kind, fields, dice.Next(2));
        expressions.Subquery = subquery;
        yield return new Field($"count(*){filter}", Kind.Big);
        yield return new Field($"count({distinct}{e}){filter}", Kind.Big);
        if (kind is not (Kind.Uuid or Kind.Bool or Kind.Bytea))
        {
            yield return new Field($"{dice.Pick("min", "max")}({distinct}{e}){filter}", kind);
        }

        if (kind == Kind.Int)
        {
            yield return new Field($"sum({distinct}{e}){filter}", Kind.Big);
        }
        else if (kind is Kind.Big or Kind.Num)
        {
            yield return new Field($"sum({distinct}{e}){filter}", Kind.Num);
        }
        else if (kind is Kind.Real or Kind.Double && !e.Contains("sqrt"))
        {
            yield return new Field($"sum({distinct}{e}){filter}", kind);
            yield return new Field($"avg({distinct}{e}){filter}", Kind.Double);
        }
        else if (kind is Kind.Small)
        {
            yield return new Field($"sum({distinct}{e}){filter}", Kind.Big);
        }
        else if (kind is Kind.Free or Kind.Interval)
        {
            yield return new Field($"sum({distinct}{e}){filter}", kind);
        }
        else if (kind == Kind.Bool)
        {
            yield return new Field($"{dice.Pick("bool_and", "bool_or", "every")}({e}){filter}", Kind.Bool);
        }
        else if (isWide && kind == Kind.Text && distinct.Length == 0 && dice.Percent(25))
        {
            yield return new Field(dice.Percent(50) ? $"CAST(jsonb_agg({e} ORDER BY {e} NULLS FIRST){filter} AS text)" : $"array_to_string(array_agg({e} ORDER BY {e} NULLS FIRST){filter}, ',', '?')", Kind.Text);
        }
        else if (kind == Kind.Text && dice.Percent(40))
        {
            yield return new Field($"string_agg({distinct}{e}, ',' ORDER BY {e} NULLS FIRST){filter}", Kind.Text);
        }

        if (kind is Kind.Int or Kind.Big or Kind.Num)
        {
            yield return new Field($"round(avg({distinct}{e}){filter}, 4)", Kind.Num);
        }
    }

    private (string Sql, List<Field> Fields) From(List<Field> outer)
    {
        var (sql, fields) = Source(outer, []);
        var joins = nesting > 0 ? dice.Pick(0, 0, 0, 1) : dice.Pick(0, 0, 1, 1, 2, 3);
        for (var i = 0; i < joins; i++)
        {
            var (right, more) = Source(outer, fields);
            var isLateral = right.StartsWith("LATERAL", StringComparison.Ordinal);
            var both = fields.Concat(more).ToList();
            var kind = isLateral ? dice.Pick("JOIN", "LEFT JOIN") : dice.Pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN");
            var on = Equality(fields, more);
            if (kind == "CROSS JOIN" && (isLarge || i > 0))
            {
                kind = "JOIN";
            }

            // PostgreSQL does FULL JOIN only on conditions that it can merge or hash.
            if (kind is not "FULL JOIN" && (on is null || (!isLarge && dice.Percent(25))))
            {
                on = isLarge ? on ?? "FALSE" : expressions.Condition(both, 1);
            }
            else if (dice.Percent(30) && kind is not "FULL JOIN")
            {
                on += " AND " + expressions.Condition(both, 1);
            }

            if (on is null)
            {
                continue;
            }

            if (kind is "JOIN" or "LEFT JOIN" && fields.Count > 0 && dice.Percent(12) && joins == 1 && more.Count(m => m.Sql.EndsWith(".id", StringComparison.Ordinal)) == 1 && fields.Count(m => m.Sql.EndsWith(".id", StringComparison.Ordinal)) == 1)
            {
                return ($"{sql} {kind} {right} USING (id)", fields.Concat(more).Concat([new Field("id", fields.First(f => f.Sql.EndsWith(".id", StringComparison.Ordinal)).Kind == Kind.Int && more.First(f => f.Sql.EndsWith(".id", StringComparison.Ordinal)).Kind == Kind.Int ? Kind.Int : Kind.Big)]).ToList());
            }

            sql += kind == "CROSS JOIN" ? $" CROSS JOIN {right}" : $" {kind} {right} ON {on}";
            fields = both;
        }

        return (sql, fields);
    }

    private string? Equality(List<Field> left, List<Field> right)
    {
        var isKey = isLarge || dice.Percent(50);
        bool Fits(Field f) => !isKey || f.Sql.EndsWith(".id", StringComparison.Ordinal) || f.Sql.EndsWith(".ref", StringComparison.Ordinal);
        var pairs = (from l in left from r in right where l.Kind == r.Kind || (Integer(l) && Integer(r)) where Fits(l) && Fits(r) select (l, r)).ToList();
        if (pairs.Count == 0)
        {
            return null;
        }

        var (a, b) = dice.Pick(pairs);
        var sql = dice.Percent(50) ? $"{a.Sql} = {b.Sql}" : $"{b.Sql} = {a.Sql}";
        if (dice.Percent(20))
        {
            var (c, d) = dice.Pick(pairs);
            sql += $" AND {c.Sql} = {d.Sql}";
        }

        return sql;

        static bool Integer(Field f) => f.Kind is Kind.Int or Kind.Big;
    }

    private (string Sql, List<Field> Fields) Source(List<Field> outer, List<Field> lateral)
    {
        var alias = "a" + aliasCount++;
        if (nesting < 2 && dice.Percent(18))
        {
            nesting++;
            var kinds = Enumerable.Range(0, dice.Between(1, 3)).Select(_ => dice.Percent(80) ? dice.Pick(dice.Pick(tables).Columns).Kind : dice.Pick(Kinds.All)).ToArray();
            var isLateral = lateral.Count > 0 && dice.Percent(50);
            var sql = Select(kinds, isLateral ? lateral : outer, 1);
            if (dice.Percent(30))
            {
                sql += Order(kinds.Length) + $" LIMIT {dice.Pick(1, 2, 5, 20)}";
            }
            else if (isLarge)
            {
                sql += Order(kinds.Length) + " LIMIT 50";
            }

            nesting--;
            return ($"{(isLateral ? "LATERAL " : "")}({sql}) {alias}", kinds.Select((k, i) => new Field($"{alias}.c{i}", k)).ToList());
        }

        if (dice.Percent(6))
        {
            var kinds = Enumerable.Range(0, dice.Between(1, 3)).Select(_ => dice.Pick(dice.Pick(tables).Columns).Kind).ToArray();
            var rows = Enumerable.Range(0, dice.Between(1, 4)).Select(r => "(" + string.Join(", ", kinds.Select(k => dice.Percent(15) ? $"CAST(NULL AS {k.Sql()})" : Literals.Any(dice, k))) + ")");
            return ($"(VALUES {string.Join(", ", rows)}) AS {alias} ({string.Join(", ", kinds.Select((_, i) => "c" + i))})", kinds.Select((k, i) => new Field($"{alias}.c{i}", k)).ToList());
        }

        if (common is { } c && nesting == 0 && dice.Percent(60))
        {
            return ($"w {alias}", c.Select((k, i) => new Field($"{alias}.c{i}", k)).ToList());
        }

        var table = dice.Pick(tables);
        return ($"{table.Name} {alias}", table.Columns.Select(c => new Field($"{alias}.{c.Name}", c.Kind)).ToList());
    }

    private string Subquery(List<Field> outer, Kind? kind, string use)
    {
        if (nesting >= (isLarge ? 1 : 2))
        {
            return use == "exists" ? "(SELECT 1 WHERE FALSE)" : $"(SELECT {Literals.Any(dice, kind!.Value)})";
        }

        nesting++;
        string sql;
        if (isLarge || dice.Percent(60))
        {
            // The plain forms, which plans rewrite.
            var table = dice.Pick(tables);
            var alias = "a" + aliasCount++;
            var fields = table.Columns.Select(c => new Field($"{alias}.{c.Name}", c.Kind)).ToList();
            var on = isLarge ? null : Equality(outer, fields);
            var where = string.Join(" AND ", new[] { on, dice.Percent(40) ? expressions.Condition(fields, 1) : null }.Where(c => c != null));
            where = where.Length > 0 ? " WHERE " + where : "";
            var own = kind is { } k ? fields.Where(f => f.Kind == k).ToList() : [];
            sql = use switch
            {
                "exists" => $"SELECT {dice.Pick("1", "*", "NULL")} FROM {table.Name} {alias}{where}",
                "in" => $"SELECT {(own.Count > 0 ? dice.Pick(own).Sql : expressions.Make(kind!.Value, fields, 1))} FROM {table.Name} {alias}{where}",
                _ when kind is Kind.Uuid or Kind.Bool or Kind.Bytea => $"SELECT {expressions.Make(kind.Value, fields, 1)} FROM {table.Name} {alias}{where} ORDER BY 1 NULLS LAST LIMIT 1",
                _ => $"SELECT {dice.Pick("min", "max")}({expressions.Make(kind!.Value, fields, 1)}) FROM {table.Name} {alias}{where}",
            };
        }
        else
        {
            sql = Select([kind ?? Kind.Int], dice.Percent(60) ? outer : [], 1);
            if (use == "scalar")
            {
                sql += $" ORDER BY 1 {dice.Pick("ASC", "DESC")} NULLS {dice.Pick("FIRST", "LAST")} LIMIT 1";
            }
        }

        nesting--;
        return $"({sql})";
    }

    /// <summary>INSERT, UPDATE or DELETE.</summary>
    public string Change()
    {
        aliasCount = nesting = 0;
        if (isWide && dice.Percent(35))
        {
            return families.Change();
        }

        var table = dice.Pick(tables);
        var fields = table.Columns.Select(c => new Field($"{table.Name}.{c.Name}", c.Kind)).ToList();
        var plain = table.Columns.Where(c => c.Name.StartsWith('c')).ToList();
        var where = dice.Percent(90) ? " WHERE " + expressions.Condition(fields, dice.Between(0, 2)) : "";
        var returning = dice.Percent(40) ? $" RETURNING {string.Join(", ", fields.Take(dice.Between(1, fields.Count)).Select(f => f.Sql))}, {expressions.Make(dice.Pick(Kinds.All), fields, 1)} AS x" : "";
        switch (dice.Next(10))
        {
            case 0 or 1:
                return $"DELETE FROM {table.Name} WHERE {expressions.Condition(fields, 1)} AND {table.Name}.id % {dice.Between(3, 7)} = {dice.Next(3)}{returning}";
            case 2 when tables.Count > 1:
                var other = dice.Pick(tables);
                var more = other.Columns.Select(c => new Field($"o.{c.Name}", c.Kind)).ToList();
                return $"DELETE FROM {table.Name} USING {other.Name} o WHERE {Equality(fields, more) ?? "FALSE"} AND {expressions.Condition(more, 1)} AND {table.Name}.id % 5 = {dice.Next(3)}{(returning.Contains("o.", StringComparison.Ordinal) ? "" : returning)}";
            case 3 or 4:
                var offset = dice.Between(1, 9) * 10000;
                var columns = string.Join(", ", table.Columns.Select(c => c.Name));
                var values = table.Columns.Select(c => c.Name == "id" ? $"{table.Name}.id + {offset}" : c.Name is "ref" or "part" || !c.IsNullable ? $"{table.Name}.{c.Name}" : expressions.Make(c.Kind, fields, 1));
                return $"INSERT INTO {table.Name} ({columns}) SELECT {string.Join(", ", values)} FROM {table.Name}{where}{(where.Length > 0 ? " AND" : " WHERE")} {table.Name}.id < 10000{(isLarge ? $" AND {table.Name}.id % 10 = 3" : "")}{returning}";
            default:
                var set = plain.OrderBy(_ => dice.Next(1000)).Take(dice.Between(1, 3)).Select(c => $"{c.Name} = {(c.IsNullable ? expressions.Make(c.Kind, fields, 2) : Literals.Any(dice, c.Kind))}");
                if (dice.Percent(10) && table.Columns.FirstOrDefault(c => c.Name == "ref") is { IsNullable: true })
                {
                    set = set.Append("ref = NULL");
                }

                return $"UPDATE {table.Name} SET {string.Join(", ", set)}{where}{returning}";
        }
    }
}
