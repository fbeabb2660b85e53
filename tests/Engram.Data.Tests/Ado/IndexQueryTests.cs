using System.Globalization;

namespace Engram.Data.Tests.Ado;

/// <summary>Queries over a table with indexes give what they give over the same rows without any, and read little where little is asked for.</summary>
public sealed class IndexQueryTests : IDisposable
{
    private const int RowCount = 12_000;

    private static readonly string[] s_words = ["alpha", "alphabet", "beta", "béta", "gamma", "a_b", "a%b", "", "the same long beginning of a text", "the same long beginning of another"];

    private readonly EngramConnection connection = new("Data Source=index-queries;Mode=Memory");

    public IndexQueryTests()
    {
        connection.Open();
        Run("CREATE TABLE bare (id integer PRIMARY KEY, n integer, s smallint, w text, x double precision, p numeric(10,2), u uinteger, d timestamp)");
        Run("CREATE TABLE things (id integer PRIMARY KEY, n integer, s smallint, w text, x double precision, p numeric(10,2), u uinteger, d timestamp)");
        Run("CREATE INDEX things_n ON things (n)");
        Run("CREATE INDEX things_w_n ON things (w, n DESC)");
        Run("CREATE INDEX things_x ON things (x DESC)");
        Run("CREATE INDEX things_d_id ON things (d, id)");
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData(1, "delta")]
    [InlineData(2, "segment")]
    [InlineData(3, "both")]
    public void Results_do_not_depend_on_indexes(int seed, string place)
    {
        var random = new Random(seed);
        Fill(random, place);
        // Made when rows are there already.
        Run("CREATE INDEX things_p ON things (p)");
        Run("CREATE INDEX things_s_u ON things (s, u)");
        foreach (var table in new[] { "bare", "things" })
        {
            Run($"DELETE FROM {table} WHERE id % 7 = 3");
            Run($"UPDATE {table} SET n = n + 5000, w = 'alpha' || w WHERE id % 11 = 5");
        }

        for (var i = 0; i < 100; i++)
        {
            var query = Query(random);
            Assert.Equal(Read(query.Replace("$T", "bare", StringComparison.Ordinal)), Read(query.Replace("$T", "things", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void What_is_narrow_reads_the_index_and_what_is_wide_the_table()
    {
        Fill(new Random(9), "both");
        AssertUsed("SELECT count(*) FROM things WHERE n BETWEEN 100 AND 102", "things_n", 80);
        AssertUsed("SELECT count(*) FROM things WHERE n = 100::bigint", "things_n", 40);
        AssertUsed("SELECT count(*) FROM things WHERE n = ANY (ARRAY[5, 6, 7]::bigint[])", "things_n", 80);
        AssertUsed("SELECT id FROM things WHERE x IS NULL ORDER BY id LIMIT 1", "things_pkey", 300);
        AssertUsed("SELECT id FROM things ORDER BY d, id LIMIT 10", "things_d_id", 30);
        AssertUsed("SELECT id FROM things ORDER BY d DESC, id DESC LIMIT 5 OFFSET 20", "things_d_id", 50);
        AssertUsed("SELECT id FROM things WHERE w = 'beta' ORDER BY n DESC LIMIT 3", "things_w_n", 40);
        AssertUsed("SELECT max(n) FROM things", "things_n", 40);
        AssertUsed("SELECT min(x) FROM things", "things_x", 40);
        AssertUsed("SELECT min(n) FROM things WHERE w = 'beta1'", "things_w_n", 80);
        AssertUsed("SELECT id FROM things WHERE w LIKE 'no such%'", "things_w_n", 0);
        Assert.Contains("index not used", Explain("SELECT sum(id) FROM things WHERE n > 100"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_says_which_index_and_which_range()
    {
        var plan = string.Join('\n', Read("EXPLAIN SELECT id FROM things WHERE w = 'a' AND n > 4 AND n <= 9 ORDER BY id"));
        Assert.Contains("Index scan of things_w_n on things", plan, StringComparison.Ordinal);
        Assert.Contains("keys: w = 'a' AND n > 4 AND n <= 9", plan, StringComparison.Ordinal);
        plan = string.Join('\n', Read("EXPLAIN SELECT id FROM things ORDER BY x LIMIT 3"));
        Assert.Contains("in order: backwards, the first 3", plan, StringComparison.Ordinal);
    }

    private void AssertUsed(string query, string index, int examinedMax)
    {
        var plan = Explain(query);
        Assert.Contains(index, plan, StringComparison.Ordinal);
        var at = plan.IndexOf("examined=", StringComparison.Ordinal);
        Assert.True(at > 0, plan);
        var examined = int.Parse(plan[(at + 9)..].Split(')', ' ')[0], CultureInfo.InvariantCulture);
        Assert.True(examined <= examinedMax, plan);
    }

    private string Explain(string query) => string.Join('\n', Read("EXPLAIN ANALYZE " + query));

    private void Fill(Random random, string place)
    {
        for (var first = 0; first < RowCount; first += 2000)
        {
            var rows = Enumerable.Range(first, 2000).Select(id =>
                $"({id}, {Or(random, random.Next(4000))}, {Or(random, random.Next(-5, 300))}, '{s_words[random.Next(s_words.Length)]}{random.Next(40)}', "
                + $"{Or(random, random.Next(-5000, 5000))} / 4.0, {random.Next(-5000, 5000)} / 100.0, {random.Next(5000)}, timestamp '2026-01-01' + interval '00:01:00' * {random.Next(20_000)})");
            Run("INSERT INTO bare VALUES " + string.Join(", ", rows));
            if (place == "both" && first == RowCount / 2)
            {
                Run("INSERT INTO things SELECT * FROM bare");
                Run("CHECKPOINT");
            }
        }

        Run("INSERT INTO things SELECT * FROM bare b WHERE NOT EXISTS (SELECT 1 FROM things t WHERE t.id = b.id)");
        if (place == "segment")
        {
            Run("CHECKPOINT");
        }
    }

    private static string Or(Random random, int value) => random.Next(20) == 0 ? "NULL" : value.ToString(CultureInfo.InvariantCulture);

    private static string Query(Random random)
    {
        string Range(string column, double width)
        {
            var low = random.Next(-200, 4200);
            string[] from = [$"{column} > {low}", $"{column} >= {low}", $"{column} >= {low}.5", $"{column} > {low}::bigint", $"{low} < {column}"];
            var high = low + random.Next(0, (int)(width * 40));
            string[] to = [$"{column} < {high}", $"{column} <= {high}", $"{column} < {high}.5", $"{column} <= {high}::bigint"];
            return $"{from[random.Next(from.Length)]} AND {to[random.Next(to.Length)]}";
        }

        var word = s_words[random.Next(s_words.Length)];
        string[] conditions =
        [
            Range("n", 1), Range("n", 100), Range("x", 2), Range("u", 1), Range("p", 0.1), Range("id", 3),
            $"n = {random.Next(-10, 4100)}", $"n = {random.Next(4000)}::bigint", "n = 5000000000", "n > 5000000000", "n < 5000000000", "n IS NULL", $"n = {random.Next(4000)}.5",
            $"n IN ({random.Next(4000)}, NULL, {random.Next(4000)}, 9999999999)", $"n = ANY (ARRAY[{random.Next(4000)}, {random.Next(4000)}, NULL])",
            $"w = '{word}{random.Next(40)}'", $"w LIKE '{word}%'", $"w LIKE '{word}1_'", $"starts_with(w, '{word}')", @"w LIKE 'a\_b%'", "w LIKE '%eta3'",
            $"w = '{word}{random.Next(40)}' AND {Range("n", 20)}", $"s = {random.Next(-5, 300)} AND {Range("u", 10)}", $"s = {random.Next(-5, 300)} AND u = {random.Next(5000)}",
            $"w >= '{word}' AND w < '{word}2' AND n IS NOT NULL", "x = -0.0", "x > 1249", $"d >= timestamp '2026-01-10' AND d < timestamp '2026-01-10 0{random.Next(1, 9)}:00:00'",
            "n > NULL", "w LIKE NULL", "n = 3 AND n = 4", "n > 50 AND n < 20", "n > 10 AND n > 3990", "true",
        ];
        string[] orders = ["n", "n DESC", "n, id", "x", "x DESC", "x DESC NULLS FIRST", "w, n DESC", "w DESC, n", "w, n", "d, id", "d DESC, id DESC", "d, id DESC", "id", "id DESC", "p DESC, s", "n NULLS LAST"];
        var condition = conditions[random.Next(conditions.Length)];
        if (random.Next(4) == 0)
        {
            condition += " AND " + conditions[random.Next(conditions.Length)];
        }

        string[] folds = ["min(n)", "max(n)", "min(x)", "max(x)", "min(w)", "max(w)", "min(d)", "max(p)", "max(id)", "min(u)"];
        return random.Next(4) switch
        {
            3 => $"SELECT {folds[random.Next(folds.Length)]} FROM $T WHERE {condition}",
            0 => $"SELECT id, n, w, p FROM $T WHERE {condition} ORDER BY {orders[random.Next(orders.Length)]}",
            1 => $"SELECT id, n, w, x FROM $T WHERE {condition} ORDER BY {orders[random.Next(orders.Length)]} LIMIT {random.Next(30)} OFFSET {random.Next(3) * 10}",
            _ => $"SELECT count(*), min(n), max(n), sum(u), min(x), max(d) FROM $T WHERE {condition}",
        };
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private List<string> Read(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return rows;
    }
}
