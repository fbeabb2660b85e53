using System.Globalization;
using System.Text.RegularExpressions;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Plans are chosen by what is in the tables: by samples, sketches and zone maps, whether rows are in segments or not.</summary>
public sealed partial class StatisticsTests : IDisposable
{
    private const int RowCount = 20_000;

    private readonly EngramConnection connection = new("Data Source=statistics;Mode=Memory");

    public StatisticsTests()
    {
        connection.Open();
        Run("CREATE TABLE facts (id int PRIMARY KEY, kind int, code int, at timestamp, word text, maybe int)");
        Run("CREATE TABLE kinds (id int PRIMARY KEY, kind int, label text)");
        Run($"""
            INSERT INTO facts SELECT i, i % 10, i % 5000, TIMESTAMP '2024-01-01' + i * INTERVAL '1 minute', CASE WHEN i % 50 = 0 THEN 'rare ' || i ELSE 'plain ' || i END, NULLIF(i % 4, 0)
            FROM generate_series(1, {RowCount}) AS g (i)
            """);
        Run("INSERT INTO kinds SELECT i, i % 10, 'label ' || i FROM generate_series(1, 2000) AS g (i)");
    }

    public void Dispose() => connection.Dispose();

    [Theory]
    [InlineData("id > 0", RowCount, 1.05)]
    [InlineData("kind = 3", RowCount / 10, 1.6)]
    [InlineData("code = 77", RowCount / 5000, 8)]
    [InlineData("word LIKE 'rare%'", RowCount / 50, 2.5)]
    [InlineData("word LIKE 'plain%' AND kind < 5", RowCount * 0.48, 1.3)]
    [InlineData("maybe IS NULL", RowCount / 4, 1.4)]
    [InlineData("at < TIMESTAMP '2024-01-01 00:40:00'", 40, 60)]
    [InlineData("kind = 3 AND kind + 0 = 3", RowCount / 10, 1.6)]
    [InlineData("kind = @p", RowCount / 10, 1.3)]
    [InlineData("code = @p", RowCount / 5000, 1.5)]
    public void Conditions_are_estimated(string condition, double expected, double slack)
    {
        foreach (var place in new[] { "delta", "segment" })
        {
            var rows = Expected($"EXPLAIN SELECT * FROM facts WHERE {condition}", "on facts");
            Assert.True(rows >= (expected / slack) - 1 && rows <= (expected * slack) + 1, $"{condition} in the {place}: {rows}, not about {expected}");
            Run("CHECKPOINT");
        }
    }

    [Fact]
    public void Groups_and_joins_are_estimated_and_compared_with_what_came()
    {
        Assert.InRange(Expected("EXPLAIN SELECT kind, count(*) FROM facts GROUP BY kind", "Hash aggregate"), 9, 11);
        Assert.InRange(Expected("EXPLAIN SELECT * FROM facts f JOIN kinds k ON k.id = f.code", "join"), 5000, 13_000);
        Assert.Contains(Lines("EXPLAIN ANALYZE SELECT count(*) FROM facts WHERE kind = 3"), l => Measured().IsMatch(l));
        Assert.All(Lines("EXPLAIN ANALYZE SELECT id FROM kinds"), l => Assert.DoesNotContain("expected=0", l, StringComparison.Ordinal));
    }

    [Fact]
    public void A_join_begins_with_the_table_of_which_little_is_left()
    {
        // Rules of thumb take one condition for the other.
        const string Text = "SELECT count(*) FROM facts a JOIN facts b ON a.code = b.code WHERE a.word LIKE '{0}%' AND b.word LIKE '{1}%'";
        var first = Lines("EXPLAIN " + string.Format(CultureInfo.InvariantCulture, Text, "rare", "plain"));
        var second = Lines("EXPLAIN " + string.Format(CultureInfo.InvariantCulture, Text, "plain", "rare"));
        string[] Patterns(List<string> lines) => [.. lines.Where(l => l.Contains("filter:", StringComparison.Ordinal)).Select(l => l.Contains("rare", StringComparison.Ordinal) ? "rare" : "plain")];
        Assert.Equal(Patterns(first), Patterns(second));
    }

    [Fact]
    public void Of_two_indexes_the_one_that_leaves_less_is_read()
    {
        Run("CREATE INDEX facts_kind ON facts (kind)");
        Run("CREATE INDEX facts_code ON facts (code)");
        Assert.Contains(Lines("EXPLAIN SELECT * FROM facts WHERE kind = 3 AND code = 33"), l => l.Contains("Index scan of facts_code", StringComparison.Ordinal));
        Assert.Contains(Lines("EXPLAIN SELECT * FROM facts WHERE code = @p AND kind = @q"), l => l.Contains("Index scan of facts_code", StringComparison.Ordinal));
        Assert.Contains(Lines("EXPLAIN SELECT * FROM facts WHERE kind = 11 AND code >= 0"), l => l.Contains("Index scan of facts_kind", StringComparison.Ordinal));
    }

    [Fact]
    public void Analyze_takes_tables_or_none_and_a_condition_that_fails_is_no_error_of_the_plan()
    {
        Run("ANALYZE");
        Run("ANALYZE facts");
        Assert.NotEmpty(Lines("EXPLAIN SELECT * FROM facts WHERE 10 / kind > 2"));
        Assert.Equal("22012", Assert.Throws<EngramException>(() => Run("SELECT count(*) FROM facts WHERE 10 / kind > 2")).SqlState);
    }

    [GeneratedRegex(@"Scan on facts  \(expected=\d+ rows=2000 ")]
    private static partial Regex Measured();

    private double Expected(string sql, string node)
    {
        var line = Lines(sql).First(l => l.Contains(node, StringComparison.Ordinal));
        return double.Parse(Regex.Match(line, @"expected=(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private List<string> Lines(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in new[] { "p", "q" }.Where(n => sql.Contains("@" + n, StringComparison.Ordinal)))
        {
            command.Parameters.AddWithValue(name, 3);
        }

        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    private void Run(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
