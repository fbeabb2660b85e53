namespace Engram.Differential;

/// <summary>Makes expressions of a type over the columns in reach. All of them are total: nothing divides by zero or overflows on the data there is.</summary>
internal sealed class ExpressionMaker(Dice dice, bool hasOffsets, int idMax, bool isWide = false)
{
    private readonly bool isLarge = idMax > 100;

    /// <summary>Makes a subquery that may name these columns of outer queries: one that gives a column of a type, or any.</summary>
    public Func<List<Field>, Kind?, string, string>? Subquery { get; set; }

    public string Make(Kind kind, List<Field> fields, int depth)
    {
        var candidates = fields.Where(f => f.Kind == kind).ToList();
        if (depth <= 0 || dice.Percent(25))
        {
            return candidates.Count > 0 && dice.Percent(85) ? dice.Pick(candidates).Sql
                : candidates.Count == 0 && depth >= -1 && Relative(kind, fields) is { } relative ? relative
                : dice.Percent(6) ? $"CAST(NULL AS {kind.Sql()})"
                : Literals.Any(dice, kind, hasOffsets);
        }

        string Of(Kind k) => Make(k, fields, depth - 1);
        string Same() => Of(kind);
        switch (dice.Next(12))
        {
            case 0:
                return $"CASE WHEN {Of(Kind.Bool)} THEN {Same()} {(dice.Percent(30) ? $"WHEN {Of(Kind.Bool)} THEN {Same()} " : "")}{(dice.Percent(70) ? $"ELSE {Same()} " : "")}END";
            case 1:
                var k = AnyKind(fields);
                return $"CASE {Of(k)} WHEN {Of(k)} THEN {Same()} WHEN {Of(k)} THEN {Same()} ELSE {Same()} END";
            case 2:
                return $"COALESCE({Same()}, {Same()}{(dice.Percent(30) ? ", " + Same() : "")})";
            case 3:
                return $"NULLIF({Same()}, {Same()})";
            case 4:
                return $"{dice.Pick("greatest", "least")}({Same()}, {Same()}{(dice.Percent(30) ? ", " + Same() : "")})";
            case 5 when Subquery != null && depth > 1 && dice.Percent(50):
                return Subquery(fields, kind, "scalar");
        }

        if (isWide && dice.Percent(12) && FunctionMaker.Make(dice, kind, Of) is { } call)
        {
            return call;
        }

        return kind switch
        {
            Kind.Int => dice.Next(13) switch
            {
                0 => $"({Of(Kind.Int)} {dice.Pick("+", "-")} {Small(fields)})",
                1 => $"({Small(fields)} * {dice.Pick("2", "3", "-1")})",
                2 => $"({Of(Kind.Int)} {dice.Pick("/", "%")} {dice.Pick("2", "3", "-4", "7")})",
                3 => $"length({Of(Kind.Text)})",
                4 => $"abs({Of(Kind.Int)})",
                5 => $"({Of(Kind.Int)} {dice.Pick("&", "|", "#")} {Of(Kind.Int)})",
                6 => $"strpos({Of(Kind.Text)}, {Of(Kind.Text)})",
                7 => $"({Of(Kind.Date)} - {Of(Kind.Date)})",
                8 => $"CAST({Of(dice.Pick(Kind.Num, Kind.Real, Kind.Double, Kind.Bool))} AS integer)",
                9 => $"octet_length({Of(Kind.Text)})",
                10 => $"position({Of(Kind.Text)} IN {Of(Kind.Text)})",
                11 => $"CAST(extract({dice.Pick("year", "month", "day", "dow", "doy", "quarter", "week")} FROM {Of(Kind.Date)}) AS integer)",
                _ => $"(- {Of(Kind.Int)})",
            },
            Kind.Big => dice.Next(6) switch
            {
                0 => $"({Of(Kind.Big)} {dice.Pick("+", "-")} {Of(Kind.Int)})",
                1 => $"CAST({Of(Kind.Int)} AS bigint)",
                2 => $"mod({Of(Kind.Big)}, {dice.Pick("5", "-3")})",
                3 => $"({Of(Kind.Big)} / {dice.Pick("2", "-3")})",
                4 => $"abs({Of(Kind.Big)})",
                _ => $"({Of(Kind.Int)} * 1000000)".Replace("* 1000000", "* CAST(1000000 AS bigint)"),
            },
            Kind.Real => dice.Next(3) switch
            {
                0 => $"({Of(Kind.Real)} {dice.Pick("+", "-")} {Of(Kind.Real)})",
                1 => $"abs({Of(Kind.Real)})",
                _ => $"CAST({Of(dice.Pick(Kind.Int, Kind.Num, Kind.Double))} AS real)",
            },
            Kind.Double => dice.Next(8) switch
            {
                0 => $"({Of(Kind.Double)} {dice.Pick("+", "-")} {Of(dice.Pick(Kind.Double, Kind.Real, Kind.Int, Kind.Num))})",
                1 => $"({Of(dice.Pick(Kind.Double, Kind.Int, Kind.Real))} * CAST({dice.Pick("0.5", "2", "-4")} AS double precision))",
                2 => $"CAST({Of(dice.Pick(Kind.Int, Kind.Big, Kind.Real, Kind.Num))} AS double precision)",
                3 => $"{dice.Pick("floor", "ceil", "round", "trunc", "abs", "sign")}({Of(Kind.Double)})",
                4 => $"({Of(Kind.Double)} / {dice.Pick("2", "4.0", "-8")})",
                5 => $"sqrt(abs({Of(Kind.Double)}))",
                6 => $"({Of(Kind.Real)} + {Of(Kind.Int)})",
                _ => $"(- {Of(Kind.Double)})",
            },
            Kind.Num => dice.Next(9) switch
            {
                0 => $"({Of(Kind.Num)} {dice.Pick("+", "-")} {Of(dice.Pick(Kind.Num, Kind.Int))})",
                1 => $"({Of(Kind.Num)} * {dice.Pick("2", "0.5", "-1.25", "3.001")})",
                2 => $"round({Of(Kind.Num)} / {dice.Pick("3", "7.5", "-2")}, {dice.Next(4)})",
                3 => $"{dice.Pick("floor", "ceil", "round", "trunc", "abs", "sign")}({Of(Kind.Num)})",
                // PostgreSQL keeps six digits of a real that is cast to numeric, and all of a double precision.
                4 => $"CAST({Of(dice.Pick(Kind.Int, Kind.Double, Kind.Num))} AS numeric(14,{dice.Next(4)}))",
                5 => $"({Of(Kind.Num)} % {dice.Pick("2", "1.5", "-0.7")})",
                6 => $"round({Of(Kind.Num)}, {dice.Between(-1, 3)})",
                7 => $"trunc({Of(Kind.Num)}, {dice.Between(0, 2)})",
                _ => $"(- {Of(Kind.Num)})",
            },
            Kind.Text => dice.Next(17) switch
            {
                0 => $"({Of(Kind.Text)} || {Of(Kind.Text)})",
                1 => $"{dice.Pick("lower", "upper", "reverse", "btrim", "ltrim", "rtrim", "trim")}({Of(Kind.Text)})",
                2 => $"substr({Of(Kind.Text)}, {dice.Between(-2, 3)}{(dice.Percent(60) ? ", " + dice.Between(0, 4) : "")})",
                3 => $"{dice.Pick("left", "right")}({Of(Kind.Text)}, {dice.Between(-2, 3)})",
                4 => $"replace({Of(Kind.Text)}, {Of(Kind.Text)}, {Of(Kind.Text)})",
                5 => $"{dice.Pick("lpad", "rpad")}({Of(Kind.Text)}, {dice.Between(-1, 6)}{(dice.Percent(50) ? ", " + Of(Kind.Text) : "")})",
                6 => $"concat({Of(Kind.Text)}, {Of(dice.Pick(Kind.Text, Kind.Int))}, {Of(Kind.Text)})",
                7 => $"concat_ws({Literals.Any(dice, Kind.Text)}, {Of(Kind.Text)}, {Of(Kind.Text)})",
                8 => $"CAST({Of(dice.Pick(Kind.Int, Kind.Big, Kind.Bool, Kind.Date, Kind.Uuid, Kind.Ts))} AS text)",
                9 => $"({Of(Kind.Text)} || {Of(dice.Pick(Kind.Int, Kind.Bool, Kind.Date))})",
                10 => $"substring({Of(Kind.Text)} FROM {dice.Between(0, 3)} FOR {dice.Between(0, 3)})",
                11 => $"trim({dice.Pick("LEADING", "TRAILING", "BOTH")} 'ab' FROM {Of(Kind.Text)})",
                12 => $"repeat({Of(Kind.Text)}, {dice.Between(-1, 2)})",
                13 => $"btrim({Of(Kind.Text)}, {Of(Kind.Text)})",
                14 => $"CAST({Of(Kind.Text)} AS varchar({dice.Between(1, 4)}))",
                15 => $"CAST({Of(dice.Pick(Kind.Double, Kind.Real))} AS text)",
                _ => $"CAST(CAST({Of(dice.Pick(Kind.Num))} AS numeric(14,2)) AS text)",
            },
            Kind.Bool => Condition(fields, depth),
            Kind.Date => dice.Next(3) switch
            {
                0 => $"({Of(Kind.Date)} {dice.Pick("+", "-")} {Small(fields)})",
                1 => $"CAST({Of(Kind.Ts)} AS date)",
                _ => $"({dice.Between(0, 40)} + {Of(Kind.Date)})",
            },
            Kind.Ts => dice.Next(4) switch
            {
                0 => $"date_trunc('{dice.Pick("year", "quarter", "month", "week", "day", "hour", "minute", "second")}', {Of(Kind.Ts)})",
                1 => $"({Of(Kind.Ts)} {dice.Pick("+", "-")} INTERVAL '{dice.Pick("1 day", "90 minutes", "36 hours", "0.25 seconds")}')",
                2 => $"CAST({Of(Kind.Date)} AS timestamp)",
                _ => $"({Of(Kind.Date)} + INTERVAL '{dice.Pick("1 day", "30 minutes")}')",
            },
            Kind.Tz => hasOffsets
                ? $"({Of(Kind.Tz)} {dice.Pick("+", "-")} INTERVAL '{dice.Pick("1 day", "90 minutes", "36 hours")}')"
                : dice.Next(3) switch
                {
                    0 => $"date_trunc('{dice.Pick("year", "month", "day", "hour")}', {Of(Kind.Tz)})",
                    1 => $"CAST({Of(dice.Pick(Kind.Ts, Kind.Date))} AS timestamptz)",
                    _ => $"({Of(Kind.Tz)} {dice.Pick("+", "-")} INTERVAL '{dice.Pick("1 day", "90 minutes", "36 hours")}')",
                },
            Kind.Small => dice.Next(3) switch
            {
                0 => $"({Of(Kind.Small)} {dice.Pick("%", "/", "&", "|")} CAST({dice.Pick("3", "-7")} AS smallint))",
                1 => $"CAST({dice.Pick(fields).Sql} IS NULL AS integer)::smallint",
                _ => Of(Kind.Small),
            },
            Kind.Free => dice.Next(5) switch
            {
                0 => $"({Of(Kind.Free)} {dice.Pick("+", "-", "*")} {dice.Pick("1.5", "2", "-0.25")})",
                1 => $"CAST({Of(dice.Pick(Kind.Int, Kind.Num, Kind.Small))} AS numeric)",
                2 => $"{dice.Pick("floor", "ceil", "round", "trunc", "abs", "sign")}({Of(Kind.Free)})",
                3 => $"({Of(Kind.Free)} % {dice.Pick("1.5", "7")})",
                _ => $"(- {Of(Kind.Free)})",
            },
            Kind.Time => dice.Next(2) switch
            {
                0 => $"CAST({Of(Kind.Ts)} AS time)",
                _ => $"({Of(Kind.Time)} {dice.Pick("+", "-")} INTERVAL '{dice.Pick("30 minutes", "25 hours", "1.5 seconds")}')",
            },
            Kind.Interval => dice.Next(5) switch
            {
                0 => $"({Of(Kind.Ts)} - {Of(Kind.Ts)})",
                1 => $"({Of(Kind.Tz)} - {Of(Kind.Tz)})",
                2 => $"({Of(Kind.Interval)} {dice.Pick("+", "-")} {Of(Kind.Interval)})",
                3 => $"({Of(Kind.Time)} - {Of(Kind.Time)})",
                _ => $"({Of(Kind.Interval)} * {dice.Pick("2", "0.5", "-1")})",
            },
            Kind.Bytea => $"({Of(Kind.Bytea)} || {Of(Kind.Bytea)})",
            Kind.Short => $"CAST({Of(Kind.Text)} AS varchar(5))",
            _ => $"CAST({Of(Kind.Uuid)} AS uuid)",
        };
    }

    /// <summary>A column of a kindred type, cast; null when there is none.</summary>
    private string? Relative(Kind kind, List<Field> fields)
    {
        Kind[] kin = kind switch
        {
            Kind.Big or Kind.Double or Kind.Real => [Kind.Int, Kind.Num],
            Kind.Int => [Kind.Num, Kind.Bool],
            Kind.Num => [Kind.Int],
            Kind.Text => [Kind.Int, Kind.Date, Kind.Uuid, Kind.Bool, Kind.Big],
            Kind.Ts => [Kind.Date],
            Kind.Date => [Kind.Ts],
            _ => [],
        };
        var candidates = fields.Where(f => kin.Contains(f.Kind)).ToList();
        return candidates.Count == 0 ? null : $"CAST({dice.Pick(candidates).Sql} AS {kind.Sql()})";
    }

    /// <summary>Mostly a type of which there are columns: conditions on constants find little.</summary>
    private Kind AnyKind(List<Field> fields) => dice.Percent(92) && fields.Count > 0 ? dice.Pick(fields).Kind : dice.Pick(Kinds.All);

    /// <summary>An integer that stays small enough for products and for days.</summary>
    private string Small(List<Field> fields)
        => dice.Percent(50) ? dice.Between(-5, 20).ToString() : $"({Make(Kind.Int, fields, 0)} % 50)";

    public string Condition(List<Field> fields, int depth)
    {
        string Of(Kind k) => Make(k, fields, depth - 1);
        var kind = AnyKind(fields);
        var other = Kinds.Numbers.Contains(kind) && dice.Percent(30) ? dice.Pick(Kinds.Numbers)
            : kind == Kind.Date && dice.Percent(20) ? Kind.Ts
            : kind == Kind.Ts && dice.Percent(20) ? Kind.Date : kind;
        if (depth <= 0)
        {
            var of = fields.Where(f => f.Kind == kind).ToList();
            var left = of.Count > 0 ? dice.Pick(of).Sql : Literals.Any(dice, kind, hasOffsets);
            return $"({left} {Comparison()} {Literals.Any(dice, kind, hasOffsets)})";
        }

        if (dice.Percent(isLarge ? 25 : 6) && fields.Where(f => f.Sql.EndsWith(".id", StringComparison.Ordinal) || f.Sql.EndsWith(".ref", StringComparison.Ordinal)).ToList() is { Count: > 0 } ids)
        {
            // What keys and zone maps answer.
            var id = dice.Pick(ids).Sql;
            string Id() => Literals.Id(dice, idMax);
            return dice.Next(5) switch
            {
                0 => $"({id} = {Id()})",
                1 => $"({id} IN ({Id()}, {Id()}, {Id()}))",
                2 => $"({id} {dice.Pick("<", ">=", ">", "<=")} {Id()})",
                3 => $"({id} BETWEEN {Id()} AND {Id()})",
                _ => $"({id} = {Id()} AND {Of(Kind.Bool)})",
            };
        }

        if (isWide && dice.Percent(5) && FunctionMaker.Make(dice, Kind.Bool, Of) is { } call)
        {
            return call;
        }

        switch (dice.Next(17))
        {
            case 0:
            case 1:
                return $"({Of(Kind.Bool)} AND {Of(Kind.Bool)})";
            case 2:
            case 3:
                return $"({Of(Kind.Bool)} OR {Of(Kind.Bool)})";
            case 4:
                return $"(NOT {Of(Kind.Bool)})";
            case 5:
            case 6:
                return $"({Of(kind)} IS {dice.Pick("", "NOT ")}NULL)";
            case 7:
                return $"({Of(kind)} IS {dice.Pick("", "NOT ")}DISTINCT FROM {Of(other)})";
            case 8:
                return $"({Of(kind)} {dice.Pick("", "NOT ")}BETWEEN {Of(other)} AND {Of(other)})";
            case 9:
                return $"({Of(kind)} {dice.Pick("", "NOT ")}IN ({string.Join(", ", Enumerable.Range(0, dice.Between(1, 5)).Select(_ => dice.Percent(12) ? "NULL" : dice.Percent(80) ? Literals.Any(dice, kind, hasOffsets) : Of(kind)))}))";
            case 10 when fields.Any(f => f.Kind == Kind.Text):
                return $"({Of(Kind.Text)} {dice.Pick("", "NOT ")}{dice.Pick("LIKE", "LIKE", "ILIKE")} {(dice.Percent(85) ? Literals.Pattern(dice) : "CAST(" + Of(Kind.Int) + " AS text)")})";
            case 11:
                return $"({Of(Kind.Bool)} IS {dice.Pick("", "NOT ")}{dice.Pick("TRUE", "FALSE", "UNKNOWN")})";
            case 12 when Subquery != null && depth > 1:
                return dice.Next(3) switch
                {
                    0 => $"{dice.Pick("", "NOT ")}EXISTS {Subquery(fields, null, "exists")}",
                    1 => $"({Of(kind)} {dice.Pick("", "NOT ")}IN {Subquery(fields, kind, "in")})",
                    _ => $"({Of(kind)} {Comparison()} {Subquery(fields, kind, "scalar")})",
                };
            case 13 when dice.Percent(60):
                var second = AnyKind(fields);
                return dice.Next(4) switch
                {
                    0 => $"(({Of(kind)}, {Of(second)}) {Comparison()} ({Of(kind)}, {Of(second)}))",
                    1 => $"(({Of(kind)}, {Of(second)}) {dice.Pick("", "NOT ")}IN (({Of(kind)}, {Of(second)}), ({Of(kind)}, {Of(second)})))",
                    2 => $"({Of(kind)} = ANY (ARRAY[{Of(kind)}, {Of(kind)}, {Of(kind)}]))",
                    _ => $"({Of(kind)} {dice.Pick("", "NOT ")}BETWEEN SYMMETRIC {Of(kind)} AND {Of(kind)})",
                };
            case 14 when Subquery != null && depth > 1:
                return dice.Percent(60) ? $"{dice.Pick("", "NOT ")}EXISTS {Subquery(fields, null, "exists")}" : $"({Of(kind)} {dice.Pick("", "NOT ")}IN {Subquery(fields, kind, "in")})";
            default:
                return $"({Of(kind)} {Comparison()} {Of(other)})";
        }
    }

    private string Comparison() => dice.Pick("=", "=", "<>", "<", "<=", ">", ">=");
}
