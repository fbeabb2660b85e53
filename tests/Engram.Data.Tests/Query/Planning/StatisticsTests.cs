using System.Globalization;
using System.Text.RegularExpressions;
using Engram.Data.Columns;
using Engram.Data.Engine;

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
    public void Ranges_of_parameters_are_estimated_by_their_values()
    {
        foreach (var place in new[] { "delta", "segment" })
        {
            Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE at > @p", Minute(19_900)), "on facts"), 1, 400);
            Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE at > @p", Minute(100)), "on facts"), 19_000, RowCount);
            Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE @p <= id AND id < @q", 5000, 9000), "on facts"), 3500, 4500);
            Run("CHECKPOINT");
        }

        // A fourth place of the same statement, and a NULL, have the plan for all values.
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", 19_999), "on facts"), 1, 400);
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", 19_500), "on facts"), 200, 1000);
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", 10_500), "on facts"), 9000, 10_000);
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", 100), "on facts"), 5900, 6100);
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", 19_600), "on facts"), 200, 1000);
        Assert.InRange(Expected(LinesOf("EXPLAIN SELECT * FROM facts WHERE id > @p", [null]), "on facts"), 5900, 6100);
    }

    [Fact]
    public void A_join_is_ordered_by_what_the_values_leave_and_gives_the_same_rows_for_all()
    {
        const string Text = "SELECT count(*), min(a.id), max(b.id) FROM facts a JOIN facts b ON a.code = b.code WHERE a.at > @p AND b.id > @q";
        bool IsFirst(string condition, object p, object q)
        {
            var lines = LinesOf("EXPLAIN " + Text, p, q);
            int PlaceOf(string part) => lines.FindIndex(l => l.Contains(part, StringComparison.Ordinal));
            return PlaceOf(condition) < PlaceOf(condition == "at >" ? "id >" : "at >");
        }

        // The hash table is over the few.
        Assert.True(IsFirst("id >", Minute(19_990), 10));
        Assert.True(IsFirst("at >", Minute(10), 19_990));
        foreach (var p in new[] { -1, 10, 300, 15_000, 19_500, 19_999, 30_000 })
        {
            foreach (var q in new[] { 19_990, 12_000 })
            {
                var literal = Text.Replace("@p", $"TIMESTAMP '{Minute(p):yyyy-MM-dd HH:mm:ss}'", StringComparison.Ordinal).Replace("@q", q.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
                Assert.Equal(LinesOf(literal), LinesOf(Text, Minute(p), q));
            }
        }
    }

    [Fact]
    public void Nulls_have_a_plan_of_their_own()
    {
        const string Text = "EXPLAIN SELECT count(*) FROM facts x JOIN facts y ON x.code = y.code WHERE x.id > @p";
        double Filtered(params object?[] values)
        {
            var lines = LinesOf(Text, values);
            return Expected([lines.TakeWhile(l => !l.Contains("filter:", StringComparison.Ordinal)).Last(l => l.Contains("on facts", StringComparison.Ordinal))], "expected");
        }

        Assert.InRange(Filtered([null]), 5900, 6100);
        Assert.InRange(Filtered(19_990), 1, 400);
        Assert.InRange(Filtered(100), 19_000, RowCount);
        Assert.InRange(Filtered([null]), 5900, 6100);
    }

    [Fact]
    public void A_plan_fits_the_values_that_it_was_made_for_however_they_are_given()
    {
        using var held = connection.Session.Database.Store.OpenSnapshot();
        foreach (var (value, type) in new (object, DataType)[]
        {
            (Late.Here, new DataType(TypeKind.Int32)), ("19990", new DataType(TypeKind.Int32)), (19_990L, new DataType(TypeKind.Int32)), (19_990, new DataType(TypeKind.Int32)),
        })
        {
            foreach (var text in new[] { "SELECT count(*) FROM facts x JOIN facts y ON x.code = y.code WHERE x.id > @p", "UPDATE facts SET maybe = y.id FROM facts x, kinds y WHERE x.code = facts.code AND y.id = x.kind AND x.id > @p" })
            {
                var statement = Script.Parse(text).Statements[0];
                var parameters = new ParameterList([new ParameterInput("p", value, type)]);
                var made = statement.Find(held.Catalog, parameters, true, held);
                Assert.Single(made.Bound.Probes);
                Assert.Same(made, statement.Find(held.Catalog, parameters, true, held));
                // As it is found again by who holds the lock for writing.
                Assert.Same(made.Bound, statement.Bind(held.Catalog, parameters));
            }
        }
    }

    [Fact]
    public void Values_without_an_order_are_left_for_the_execution()
    {
        Run("CREATE TABLE bytes (i int PRIMARY KEY, b bytea)");
        Run(@"INSERT INTO bytes SELECT i, decode(lpad(to_hex(i), 4, '0'), 'hex') FROM generate_series(1, 1200) AS g (i)");
        for (var i = 0; i < 3; i++)
        {
            // A stream can be read only once.
            using var stream = new MemoryStream([2, 0]);
            Assert.Equal([(1200 - 512).ToString(CultureInfo.InvariantCulture)], LinesOf("SELECT count(*) FROM bytes x JOIN bytes y ON x.i = y.i WHERE x.b > @p", stream));
        }
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

    private double Expected(string sql, string node) => Expected(Lines(sql), node);

    private static double Expected(List<string> lines, string node)
    {
        var line = lines.First(l => l.Contains(node, StringComparison.Ordinal));
        return double.Parse(Regex.Match(line, @"expected=(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private enum Late
    {
        Here = 19_990,
    }

    private static DateTime Minute(int number) => new DateTime(2024, 1, 1).AddMinutes(number);

    /// <summary>The rows of a statement with the values of @p and @q.</summary>
    private List<string> LinesOf(string sql, params object?[] values)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue(i == 0 ? "p" : "q", values[i] ?? DBNull.Value);
            if (values[i] is null)
            {
                command.Parameters[i].DbType = System.Data.DbType.Int32;
            }
        }

        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return lines;
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
