namespace Engram.Differential;

/// <summary>Makes calls of functions beside those of <see cref="ExpressionMaker"/>: of texts, numbers, arrays and json. All of them are total.</summary>
internal static class FunctionMaker
{
    /// <summary>An expression of a kind; null when there is none of that kind here.</summary>
    /// <param name="of">Makes an operand of a kind.</param>
    public static string? Make(Dice dice, Kind kind, Func<Kind, string> of) => kind switch
    {
        Kind.Int => dice.Next(12) switch
        {
            0 => $"jsonb_array_length({Array(dice, of)})",
            1 => $"ascii({of(Kind.Text)})",
            2 => $"cardinality(ARRAY[{of(Kind.Int)}, {of(Kind.Int)}])",
            3 => $"array_position(ARRAY[{of(Kind.Int)}, {of(Kind.Int)}, 3], {of(Kind.Int)})",
            4 => $"(ARRAY[{of(Kind.Int)}, {of(Kind.Int)}])[{dice.Between(0, 3)}]",
            5 => $"CAST({Object(dice, of)} ->> 'n' AS integer)",
            6 => $"bit_length({of(Kind.Text)})",
            7 => $"width_bucket({of(Kind.Double)}, CAST(-10 AS double precision), CAST(10 AS double precision), 5)",
            8 => $"num_nulls({of(Kind.Int)}, {of(Kind.Text)})",
            9 => $"gcd({of(Kind.Int)} % 1000, {of(Kind.Int)} % 1000)",
            10 => $"length({of(Kind.Bytea)})",
            _ => $"sign({of(Kind.Int)})::integer",
        },
        Kind.Text => dice.Next(18) switch
        {
            0 => $"initcap({of(Kind.Text)})",
            1 => $"translate({of(Kind.Text)}, 'ab', {dice.Pick("'xy'", "'x'", "''")})",
            2 => $"split_part({of(Kind.Text)}, {dice.Pick("'b'", "'a'", "' '", "'zz'")}, {dice.Pick("1", "2", "-1")})",
            3 => $"md5({of(Kind.Text)})",
            4 => $"regexp_replace({of(Kind.Text)}, {dice.Pick("'a'", "'[A-Z]'", "'b+'", "'(a)(b)'")}, {dice.Pick("'x'", "''", "'<\\&>'")}{dice.Pick("", ", 'g'")})",
            5 => $"overlay({of(Kind.Text)} PLACING {of(Kind.Text)} FROM {dice.Between(1, 3)}{dice.Pick("", " FOR 2")})",
            6 => $"encode({of(Kind.Bytea)}, {dice.Pick("'hex'", "'base64'")})",
            7 => $"quote_literal({of(Kind.Text)})",
            8 => $"to_hex({of(Kind.Int)})",
            9 => $"array_to_string(ARRAY[{of(Kind.Text)}, {of(Kind.Text)}, {of(Kind.Text)}], {dice.Pick("','", "''")}{dice.Pick("", ", '?'")})",
            10 => $"({Object(dice, of)} ->> {dice.Pick("'a'", "'n'", "'b'", "'none'")})",
            11 => $"CAST({Object(dice, of)} AS text)",
            12 => $"CAST({Array(dice, of)} AS text)",
            13 => $"jsonb_typeof({Object(dice, of)} -> {dice.Pick("'a'", "'n'", "'b'", "'l'", "'none'")})",
            14 => $"({Object(dice, of)} #>> {dice.Pick("'{l,0}'", "'{l,-1}'", "'{a}'", "'{l,5}'", "'{}'")})",
            15 => $"CAST(jsonb_set({Object(dice, of)}, {dice.Pick("'{n}'", "'{l,0}'", "'{new}'")}, to_jsonb({of(Kind.Int)})) AS text)",
            16 => $"CAST({Object(dice, of)} {dice.Pick("- 'a'", "- 'none'", "|| jsonb_build_object('a', 1)")} AS text)",
            _ => $"CAST(to_jsonb({of(dice.Pick(Kind.Int, Kind.Text, Kind.Bool))}) AS text)",
        },
        Kind.Bool => dice.Next(7) switch
        {
            0 => $"starts_with({of(Kind.Text)}, {of(Kind.Text)})",
            1 => $"({of(Kind.Text)} {dice.Pick("~", "!~", "~*")} {dice.Pick("'^a'", "'b$'", "'[0-9]'", "'^.?$'", "'a|b'")})",
            2 => $"({Object(dice, of)} @> {Object(dice, of)})",
            3 => $"({Object(dice, of)} @> jsonb_build_object('n', {of(Kind.Int)}))",
            4 => $"(({Object(dice, of)} -> {dice.Pick("'a'", "'none'")}) IS NULL)",
            5 => $"(ARRAY[{of(Kind.Int)}, {of(Kind.Int)}] {dice.Pick("@>", "<@", "&&")} ARRAY[{of(Kind.Int)}, 1])",
            _ => $"({Array(dice, of)} = {Array(dice, of)})",
        },
        Kind.Num => dice.Next(3) switch
        {
            0 => $"CAST(div({of(Kind.Num)}, {dice.Pick("2", "-1.5")}) AS numeric(12,3))",
            1 => $"CAST(CAST(jsonb_build_object('v', {of(Kind.Num)}) ->> 'v' AS numeric) AS numeric(12,3))",
            _ => $"CAST(extract(epoch FROM {of(Kind.Date)}) / 100000 AS numeric(12,3))",
        },
        Kind.Date => $"make_date({dice.Between(1970, 2030)}, {dice.Between(1, 12)}, abs({of(Kind.Int)} % 28) + 1)",
        _ => null,
    };

    private static string Object(Dice dice, Func<Kind, string> of)
        => $"jsonb_build_object('a', {of(Kind.Text)}, 'n', {of(Kind.Int)}, 'b', {of(Kind.Bool)}, 'l', jsonb_build_array({of(Kind.Int)}, {dice.Pick("NULL", "'x'", "1.50", "true")}))";

    private static string Array(Dice dice, Func<Kind, string> of)
        => $"jsonb_build_array({of(Kind.Int)}{(dice.Percent(60) ? ", " + of(Kind.Text) : "")}{(dice.Percent(30) ? ", " + of(Kind.Bool) : "")})";
}
