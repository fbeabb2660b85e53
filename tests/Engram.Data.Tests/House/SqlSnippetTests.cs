using System.Text.RegularExpressions;
using Engram.Data.Tests.Scripts;

namespace Engram.Data.Tests.House;

/// <summary>Every block of SQL in the documentation runs: those of a page one after the other, in a database of their own. Where a block of text stands right under one,
/// it is what the last of its statements that gives rows gives, a row a line.</summary>
/// <remarks>Parameters that a page uses have the values of <see cref="Given"/>. Outlines of a syntax, with brackets and ellipses, are blocks without a language.</remarks>
public sealed partial class SqlSnippetTests
{
    private static readonly Dictionary<string, object> Given = new(StringComparer.Ordinal)
    {
        ["q"] = Enumerable.Range(0, 768).Select(i => i % 7 / 7f).ToArray(),
        ["lastMonth"] = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    [Fact]
    public void Every_block_of_sql_in_the_documentation_runs_and_gives_what_stands_under_it()
    {
        var pages = SourceTree.Files.Where(f => f.Path.EndsWith(".md", StringComparison.Ordinal) && Block().IsMatch(f.Text)).ToList();
        Assert.True(pages.Count >= 3, $"{pages.Count} pages with SQL were found");
        Violation.AssertNone(pages.SelectMany(Check));
    }

    [Theory]
    [InlineData("SELECT 1 AS a, NULL AS b", "1 | NULL", 0)]
    [InlineData("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT a FROM t ORDER BY a", "1\n2", 0)]
    [InlineData("SELECT 1", "2", 1)]
    [InlineData("SELECT 1", "1\n1", 1)]
    [InlineData("SELECT missing", "1", 1)]
    public void What_a_block_gives_otherwise_is_found_with_its_line(string sql, string expected, int count)
    {
        var found = Check(new SourceFile("docs/a.md", $"# A\n\n```sql\n{sql}\n```\n```text\n{expected}\n```\n")).ToList();
        Assert.Equal(count, found.Count);
        Assert.All(found, v => Assert.Equal(4, v.Line));
    }

    private static IEnumerable<Violation> Check(SourceFile page)
    {
        using var connection = new EngramConnection("Data Source=:memory:");
        connection.Open();
        var text = page.Text.ReplaceLineEndings("\n");
        foreach (Match block in Block().Matches(text))
        {
            var line = text.AsSpan(0, block.Groups["sql"].Index).Count('\n') + 1;
            if (Difference(connection, block.Groups["sql"].Value, block.Groups["rows"] is { Success: true } rows ? rows.Value.TrimEnd('\n') : null) is { } difference)
            {
                yield return new Violation(page.Path, line, difference);
            }
        }
    }

    private static string? Difference(EngramConnection connection, string sql, string? expected)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in Given.Where(p => sql.Contains("@" + p.Key, StringComparison.Ordinal)))
        {
            command.Parameters.AddWithValue(name, value);
        }

        var given = new List<string>();
        try
        {
            using var reader = command.ExecuteReader();
            do
            {
                if (reader.FieldCount > 0)
                {
                    given.Clear();
                }

                while (reader.Read())
                {
                    var values = new object[reader.FieldCount];
                    reader.GetValues(values);
                    given.Add(string.Join(" | ", values.Select(v => v as string ?? ScriptText.Value(v, '?'))));
                }
            }
            while (reader.NextResult());
        }
        catch (EngramException e)
        {
            return $"{e.SqlState}: {e.Message}";
        }

        return expected is null || expected == string.Join('\n', given) ? null : $"It gives\n{string.Join('\n', given)}\nand not what stands under it.";
    }

    [GeneratedRegex("^```sql\n(?<sql>.*?)^```\n(```text\n(?<rows>.*?)^```)?", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
