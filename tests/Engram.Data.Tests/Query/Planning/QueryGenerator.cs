namespace Engram.Data.Tests.Query.Planning;

/// <summary>Writes random queries over the tables of <see cref="OptimizationTests"/>: valid, and free of errors that depend on the order of evaluation.</summary>
internal sealed class QueryGenerator(Random random)
{
    private int aliasNext;

    /// <summary>A column in reach: its SQL, and whether it is text.</summary>
    private readonly record struct Reachable(string Sql, bool IsText);

    /// <summary>A query whose rows are the same in every order of evaluation.</summary>
    public string Query()
    {
        var (sql, types) = Body(3, []);
        return random.Next(3) == 0 ? $"{sql} ORDER BY {Positions(types)} LIMIT {random.Next(8)} OFFSET {random.Next(3)}" : sql;
    }

    private static string Positions(List<bool> types) => string.Join(", ", types.Select((_, i) => i + 1));

    private (string Sql, List<bool> Types) Body(int depth, List<Reachable> outer)
    {
        var (sql, types) = Select(depth, outer, null);
        if (depth > 1 && random.Next(6) == 0)
        {
            var (right, _) = Select(depth - 1, outer, types);
            sql = $"{sql} {Pick("UNION ALL", "UNION", "EXCEPT", "INTERSECT")} {right}";
        }

        return (sql, types);
    }

    /// <param name="types">The types that the select list must have; null for any.</param>
    private (string Sql, List<bool> Types) Select(int depth, List<Reachable> outer, List<bool>? types)
    {
        var (from, own) = From(depth, outer);
        List<Reachable> all = [.. own, .. outer];
        var where = random.Next(4) == 0 ? "" : $" WHERE {Condition(depth, all)}";
        types ??= [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(4) == 0)];
        if (random.Next(4) == 0)
        {
            return (Grouped(depth, from, where, own, types), types);
        }

        var items = types.Select((isText, i) => $"{Value(depth, all, isText)} AS c{i}");
        return ($"SELECT {(random.Next(6) == 0 ? "DISTINCT " : "")}{string.Join(", ", items)} FROM {from}{where}", types);
    }

    private string Grouped(int depth, string from, string where, List<Reachable> own, List<bool> types)
    {
        var keys = own.OrderBy(_ => random.Next()).Take(random.Next(3)).ToList();
        var numbers = own.Where(o => !o.IsText).Select(o => o.Sql).Append("1").ToList();
        string Aggregate() => Pick("count(*)", $"count({Pick([.. own.Select(o => o.Sql)])})", $"sum({Pick([.. numbers])})", $"max({Pick([.. numbers])})", $"count(DISTINCT {Pick([.. numbers])})");
        string Item(bool isText)
        {
            var fitting = keys.Where(k => k.IsText == isText).ToList();
            return fitting.Count > 0 && random.Next(2) == 0 ? Pick([.. fitting.Select(k => k.Sql)]) : isText ? $"min({Pick([.. own.Where(o => o.IsText).Select(o => o.Sql).Append("'x'")])})" : Aggregate();
        }

        var items = types.Select((isText, i) => $"{Item(isText)} AS c{i}");
        var groupBy = keys.Count == 0 ? " GROUP BY ()" : $" GROUP BY {string.Join(", ", keys.Select(k => k.Sql))}";
        var having = random.Next(3) switch
        {
            0 => $" HAVING {Aggregate()} > {random.Next(4)}",
            1 when keys.Count > 0 => $" HAVING {Condition(0, keys)}",
            _ => "",
        };
        return $"SELECT {string.Join(", ", items)} FROM {from}{where}{groupBy}{having}";
    }

    private (string Sql, List<Reachable> Columns) From(int depth, List<Reachable> outer)
    {
        var (sql, columns) = Table(depth, outer, [], canBeLateral: false);
        for (var i = random.Next(depth > 1 ? 3 : 2); i > 0; i--)
        {
            var kind = Pick("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", ",");
            var (right, rightColumns) = Table(depth, outer, columns, canBeLateral: kind is "JOIN" or "LEFT JOIN" or "CROSS JOIN");
            List<Reachable> both = [.. columns, .. rightColumns];
            if (kind == ",")
            {
                // A comma binds looser than JOIN: keep the whole a valid chain by making it a cross join.
                kind = "CROSS JOIN";
            }

            sql = $"{sql} {kind} {right}{(kind == "CROSS JOIN" ? "" : $" ON {JoinCondition(columns, rightColumns, both)}")}";
            columns = both;
        }

        return (sql, columns);
    }

    private string JoinCondition(List<Reachable> left, List<Reachable> right, List<Reachable> both)
    {
        var (a, b) = (left.Where(c => !c.IsText).ToList(), right.Where(c => !c.IsText).ToList());
        var equality = a.Count > 0 && b.Count > 0 ? $"{Pick([.. a.Select(c => c.Sql)])} = {Pick([.. b.Select(c => c.Sql)])}" : "TRUE";
        return random.Next(3) switch
        {
            0 => equality,
            1 => $"{equality} AND {Condition(0, both)}",
            _ => Condition(1, both),
        };
    }

    private (string Sql, List<Reachable> Columns) Table(int depth, List<Reachable> outer, List<Reachable> left, bool canBeLateral)
    {
        var alias = $"t{aliasNext++}";
        if (depth <= 1 || random.Next(4) != 0)
        {
            return random.Next(2) == 0
                ? ($"one AS {alias}", [new($"{alias}.id", false), new($"{alias}.n", false), new($"{alias}.s", true), new($"{alias}.k", false)])
                : ($"two AS {alias}", [new($"{alias}.id", false), new($"{alias}.one_id", false), new($"{alias}.s", true)]);
        }

        var isLateral = canBeLateral && random.Next(2) == 0;
        var (sql, types) = Body(depth - 1, isLateral ? [.. left, .. outer] : outer);
        if (random.Next(3) == 0)
        {
            sql = $"{sql} ORDER BY {Positions(types)} LIMIT {random.Next(1, 6)}";
        }

        return ($"{(isLateral ? "LATERAL " : "")}({sql}) AS {alias}", [.. types.Select((isText, i) => new Reachable($"{alias}.c{i}", isText))]);
    }

    private string Condition(int depth, List<Reachable> columns)
    {
        var numbers = columns.Where(c => !c.IsText).Select(c => c.Sql).ToList();
        var number = numbers.Count > 0 ? Pick([.. numbers]) : "1";
        switch (random.Next(depth > 0 ? 15 : 9))
        {
            case 0: return $"{Value(0, columns, false)} {Pick("=", "<>", "<", "<=", ">", ">=")} {Value(0, columns, false)}";
            case 1: return $"{number} = {random.Next(6)}";
            case 2: return $"{number} IN ({random.Next(6)}, {random.Next(6)}{Pick("", ", NULL")})";
            case 3: return $"{number} IS {Pick("", "NOT ")}NULL";
            case 4: return $"{number} BETWEEN {random.Next(4)} AND {random.Next(2, 8)}";
            case 5: return $"{Value(0, columns, true)} = {Value(0, columns, true)}";
            case 6: return $"{number} IS {Pick("", "NOT ")}DISTINCT FROM {Value(0, columns, false)}";
            case 7: return Pick("TRUE", "FALSE", "NULL", $"{number} = ANY (ARRAY[1, 3, 5])");
            case 8: return $"{Value(0, columns, true)} LIKE '{Pick("a", "b", "%")}%'";
            case 9: return $"NOT ({Condition(depth - 1, columns)})";
            case 10: return $"({Condition(depth - 1, columns)} OR {Condition(depth - 1, columns)})";
            case 11: return $"({Condition(depth - 1, columns)} AND {Condition(depth - 1, columns)})";
            case 12: return $"{Pick("", "NOT ")}EXISTS ({Correlated(depth - 1, columns, null)})";
            case 13: return $"{number} {Pick("", "NOT ")}IN ({Correlated(depth - 1, columns, [false])})";
            default: return $"{Scalar(depth - 1, columns)} {Pick("=", "<", ">")} {number}";
        }
    }

    /// <summary>A subquery that is likely to be correlated by an equality.</summary>
    private string Correlated(int depth, List<Reachable> columns, List<bool>? types)
    {
        if (depth > 0 && random.Next(3) == 0)
        {
            return Select(depth, columns, types ?? [false]).Sql;
        }

        var alias = $"t{aliasNext++}";
        var number = Pick([.. columns.Where(c => !c.IsText).Select(c => c.Sql).Append("2")]);
        List<Reachable> own = [new($"{alias}.id", false), new($"{alias}.one_id", false), new($"{alias}.s", true)];
        var more = random.Next(2) == 0 ? "" : $" AND {Condition(Math.Max(depth - 1, 0), [.. own, .. columns])}";
        return $"SELECT {Pick([$"{alias}.id", $"{alias}.one_id", $"{alias}.one_id + 1"])} FROM two AS {alias} WHERE {alias}.one_id = {number}{more}";
    }

    private string Scalar(int depth, List<Reachable> columns)
    {
        var alias = $"t{aliasNext++}";
        List<Reachable> own = [new($"{alias}.id", false), new($"{alias}.n", false), new($"{alias}.s", true)];
        return $"(SELECT {Pick("count(*)", $"max({alias}.n)", $"sum({alias}.id)")} FROM one AS {alias} WHERE {Condition(Math.Max(depth, 0), [.. own, .. columns])})";
    }

    private string Value(int depth, List<Reachable> columns, bool isText)
    {
        var fitting = columns.Where(c => c.IsText == isText).Select(c => c.Sql).ToList();
        if (fitting.Count > 0 && random.Next(3) != 0)
        {
            return Pick([.. fitting]);
        }

        if (isText)
        {
            return random.Next(3) switch
            {
                0 => Pick("'a'", "'b'", "'ab'", "NULL::text"),
                1 when fitting.Count > 0 => $"{Pick([.. fitting])} || 'x'",
                _ => $"COALESCE({(fitting.Count > 0 ? Pick([.. fitting]) : "NULL")}, 'none')",
            };
        }

        var number = fitting.Count > 0 ? Pick([.. fitting]) : "3";
        return random.Next(depth > 1 ? 7 : 5) switch
        {
            0 => random.Next(8).ToString(System.Globalization.CultureInfo.InvariantCulture),
            1 => $"({number} + {random.Next(4)})",
            2 => $"COALESCE({number}, {random.Next(4)})",
            3 => $"CASE WHEN {Condition(0, columns)} THEN {number} ELSE {random.Next(4)} END",
            4 => $"({number} % 3)",
            _ => Scalar(depth - 2, columns),
        };
    }

    private string Pick(params string[] choices) => choices[random.Next(choices.Length)];
}
