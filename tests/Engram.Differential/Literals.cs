namespace Engram.Differential;

/// <summary>Values as literals that both databases read alike: few distinct ones, so that joins and groups meet. Fractions are sums of powers of two, so that sums are exact in any order.</summary>
internal static class Literals
{
    private static readonly string[] Texts =
        ["''", "'a'", "'A'", "'b'", "'ab'", "'Ab'", "'abc'", "'a%b'", "'a_c'", "' x '", "'é'", "'É'", "'ß'", "'😀'", "'a😀b'", "'zz'", "'12'", "'-3'", "'O''Neil'", "'a\\b'", "'longer text than the others'"];

    private static readonly string[] Reals = ["0", "1", "-1", "0.5", "1.25", "-2.75", "3", "100.5", "1024", "7.125"];

    private static readonly string[] Numerics = ["0", "1", "-1", "0.5", "1.500", "2.125", "-7.25", "10.001", "999999.999", "0.001", "2.5", "3.5"];

    private static readonly string[] Days = ["1970-01-01", "2000-02-29", "2023-12-31", "2024-01-01", "2024-02-29", "1969-12-31", "1999-12-31", "2024-03-31"];

    private static readonly string[] Times = ["00:00:00", "12:34:56", "23:59:59.999", "06:00:00.5", "12:00:00"];

    public static string Any(Dice dice, Kind kind, bool hasOffsets = false) => kind switch
    {
        Kind.Int => Integer(dice),
        Kind.Big => dice.Percent(15) ? dice.Pick("3000000000", "-5000000000", "9007199254740993") : "CAST(" + Integer(dice) + " AS bigint)",
        Kind.Real => "CAST(" + dice.Pick(Reals) + " AS real)",
        Kind.Double => "CAST(" + dice.Pick(Reals) + " AS double precision)",
        Kind.Num => "CAST(" + dice.Pick(Numerics) + " AS numeric(12,3))",
        Kind.Text => dice.Pick(Texts),
        Kind.Small => "CAST(" + dice.Pick("0", "1", "-1", "7", "32767", "-32768", "100") + " AS smallint)",
        Kind.Free => "CAST(" + dice.Pick("0", "1.0", "1.00", "1", "-2.5", "0.0000001", "123456789.123456789", "2.50", "1e3") + " AS numeric)",
        Kind.Time => "TIME '" + dice.Pick(Times) + "'",
        Kind.Interval => "INTERVAL '" + dice.Pick("0 seconds", "1 day", "24 hours", "-90 minutes", "1.5 seconds", "3 days 04:05:06") + "'",
        Kind.Bytea => "CAST('" + dice.Pick("\\x", "\\x00", "\\x0001", "\\xff", "\\xfe00", "\\x616263") + "' AS bytea)",
        Kind.Short => "CAST(" + dice.Pick("''", "'a'", "'abcde'", "'ß'", "'😀b'", "'B'", "'a '", "'ab'") + " AS varchar(5))",
        Kind.Bool => dice.Pick("TRUE", "FALSE"),
        Kind.Date => "DATE '" + dice.Pick(Days) + "'",
        Kind.Ts => "TIMESTAMP '" + dice.Pick(Days) + " " + dice.Pick(Times) + "'",
        Kind.Tz => "TIMESTAMPTZ '" + dice.Pick(Days) + " " + dice.Pick(Times) + (hasOffsets ? dice.Pick("+00", "+02", "-05:30") : "+00") + "'",
        _ => "UUID '" + dice.Pick("0", "1", "7", "8", "a", "f") + "0000000-0000-4000-8000-00000000000" + dice.Next(3) + "'",
    };

    private static string Integer(Dice dice)
        => dice.Percent(80) ? dice.Between(-3, 12).ToString() : dice.Pick("100", "-100", "1000", "32768", "-70000", "2147483", "-2147483");

    /// <summary>A value that an id or a reference to one may have.</summary>
    public static string Id(Dice dice, int rowCount) => dice.Next(Math.Max(1, rowCount + 2)).ToString();

    public static string Pattern(Dice dice)
        => dice.Pick("'%'", "'a%'", "'%b'", "'_'", "'__'", "'%a%'", "'A_'", "'a\\%b'", "'%\\_%'", "''", "'é%'", "'_😀_'", "'%x%'", "'a%b%'", "'%\\\\%'");
}
