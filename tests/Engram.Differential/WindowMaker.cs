namespace Engram.Differential;

/// <summary>Makes calls with OVER whose results do not depend on how ties are broken.</summary>
/// <remarks>Ranks and frames by RANGE and GROUPS take peers together. What goes by single rows is ordered by all fields, so that ties are rows that are alike; and only one order is used in a query.</remarks>
internal sealed class WindowMaker(Dice dice, List<Field> fields)
{
    private readonly string total = string.Join(", ", fields.OrderBy(_ => dice.Next(1000)).Select(f => Key(dice, f.Sql)));

    /// <summary>A call that gives a kind; null when there is none.</summary>
    public string? Make(Kind kind)
    {
        var of = fields.Where(f => f.Kind == kind).ToList();
        var any = dice.Pick(fields);
        switch (dice.Next(4))
        {
            case 0 when kind == Kind.Big:
                return dice.Next(3) switch
                {
                    0 => $"row_number() OVER ({Partition()}ORDER BY {total})",
                    1 => $"{dice.Pick("rank", "dense_rank")}() OVER ({Partition()}ORDER BY {Some()})",
                    _ => $"count({dice.Pick("*", any.Sql)}){Filter()} OVER ({Partition()}{Frame()})",
                };
            case 0 when kind == Kind.Int:
                return $"ntile({dice.Between(1, 4)}) OVER ({Partition()}ORDER BY {total})";
            case 0 when kind == Kind.Double:
                return $"{dice.Pick("percent_rank", "cume_dist")}() OVER ({Partition()}ORDER BY {Some()})";
            case 1 when kind == Kind.Big && fields.Where(f => f.Kind is Kind.Int or Kind.Small).ToList() is { Count: > 0 } integers:
                return $"sum({dice.Pick(integers).Sql}){Filter()} OVER ({Partition()}{Frame()})";
            case 1 when kind is Kind.Num && of.Count > 0:
                return $"CAST(sum({dice.Pick(of).Sql}){Filter()} OVER ({Partition()}{Frame()}) AS numeric(20,3))";
            case 2 when of.Count > 0:
                return dice.Next(3) switch
                {
                    0 => $"{dice.Pick("lag", "lead")}({dice.Pick(of).Sql}{dice.Pick("", ", 2", ", 0")}) OVER ({Partition()}ORDER BY {total})",
                    1 => $"{dice.Pick("first_value", "last_value")}({dice.Pick(of).Sql}) OVER ({Partition()}ORDER BY {total}{dice.Pick("", " ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")})",
                    _ => $"nth_value({dice.Pick(of).Sql}, {dice.Between(1, 3)}) OVER ({Partition()}ORDER BY {total})",
                };
            default:
                return of.Count > 0 && kind is not (Kind.Uuid or Kind.Bool or Kind.Bytea)
                    ? $"{dice.Pick("min", "max")}({dice.Pick(of).Sql}){Filter()} OVER ({Partition()}{Frame()})"
                    : kind == Kind.Bool && of.Count > 0 ? $"{dice.Pick("bool_and", "bool_or")}({dice.Pick(of).Sql}) OVER ({Partition()}{Frame()})" : null;
        }
    }

    private static string Key(Dice dice, string sql) => $"{sql}{dice.Pick("", " DESC")} NULLS {dice.Pick("FIRST", "LAST")}";

    private string Some() => string.Join(", ", Enumerable.Range(0, dice.Between(1, 2)).Select(_ => Key(dice, dice.Pick(fields).Sql)));

    private string Partition() => dice.Percent(50) ? $"PARTITION BY {dice.Pick(fields).Sql}{(dice.Percent(20) ? ", " + dice.Pick(fields).Sql : "")} " : "";

    private string Filter() => dice.Percent(15) ? $" FILTER (WHERE {dice.Pick(fields).Sql} IS NOT NULL)" : "";

    private string Frame()
    {
        var exclude = dice.Percent(15) ? dice.Pick(" EXCLUDE GROUP", " EXCLUDE NO OTHERS") : "";
        switch (dice.Next(6))
        {
            case 0:
                return "";
            case 1:
                return $"ORDER BY {Some()}";
            case 2:
                return $"ORDER BY {Some()} RANGE BETWEEN {dice.Pick("UNBOUNDED PRECEDING", "CURRENT ROW")} AND {dice.Pick("CURRENT ROW", "UNBOUNDED FOLLOWING")}{exclude}";
            case 3:
                return $"ORDER BY {Some()} GROUPS BETWEEN {dice.Pick("UNBOUNDED PRECEDING", "2 PRECEDING", "CURRENT ROW")} AND {dice.Pick("CURRENT ROW", "1 FOLLOWING", "UNBOUNDED FOLLOWING")}{exclude}";
            case 4 when fields.Where(f => f.Kind is Kind.Int or Kind.Big).ToList() is { Count: > 0 } integers:
                return $"ORDER BY {Key(dice, dice.Pick(integers).Sql)} RANGE BETWEEN {dice.Pick("3", "0", "100")} PRECEDING AND {dice.Pick("2 FOLLOWING", "CURRENT ROW")}{exclude}";
            default:
                return $"ORDER BY {total} ROWS BETWEEN {dice.Pick("UNBOUNDED PRECEDING", "3 PRECEDING", "CURRENT ROW")} AND {dice.Pick("CURRENT ROW", "2 FOLLOWING", "UNBOUNDED FOLLOWING")}";
        }
    }
}
