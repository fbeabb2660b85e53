using Engram.Data.Cli.Commands;

namespace Engram.Data.Cli.Tests;

public sealed class ShellTests : CommandTest
{
    [Fact]
    public async Task Statements_may_span_lines_and_mistakes_do_not_end_the_session()
    {
        CreateNotes();
        var (code, output, error) = await RunWithInputAsync(
            """
            .mode csv
            SELECT count(*) -- ; not here
            FROM notes
            WHERE text <> 'a;b';
            SELEC;
            .tables
            .nonsense
            .schema notes
            SELECT 1 AS last
            """,
            "shell", Database);
        Assert.Equal(1, code);
        Assert.StartsWith("count\n3\nnotes\nnotes\n  id bigint NOT NULL\n", output, StringComparison.Ordinal);
        Assert.EndsWith("last\n1\n", output, StringComparison.Ordinal);
        Assert.Contains("Error 42601", error, StringComparison.Ordinal);
        Assert.Contains("'.nonsense' is no command", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_created_only_when_asked_for()
    {
        Assert.Equal(4, (await RunWithInputAsync("SELECT 1;", "shell", Database)).Code);
        Assert.Equal(0, (await RunWithInputAsync("CREATE TABLE t (id integer); INSERT INTO t VALUES (1);", "shell", Database, "--create")).Code);
        Assert.Equal(1, (await RunWithInputAsync("INSERT INTO t VALUES (2);", "shell", Database, "--read-only")).Code);
        Assert.Equal("count\n1\n", (await RunAsync("query", Database, "SELECT count(*) FROM t", "-m", "csv")).Output);
    }

    [Theory]
    [InlineData("SELECT 1;", true)]
    [InlineData("SELECT 1; -- done", true)]
    [InlineData("SELECT 1; /* done */\n", true)]
    [InlineData("SELECT 1", false)]
    [InlineData("SELECT ';'", false)]
    [InlineData("SELECT ';';", true)]
    [InlineData("SELECT 'it''s;", false)]
    [InlineData("SELECT \"a;\"\n", false)]
    [InlineData("SELECT 1 -- ;", false)]
    [InlineData("SELECT 1 /* ; /* ; */", false)]
    [InlineData("SELECT $1;", true)]
    [InlineData("DO $$ BEGIN x; END;", false)]
    [InlineData("DO $a$ BEGIN x; END; $a$;", true)]
    [InlineData("SELECT 1; SELECT 2", false)]
    public void A_statement_ends_with_a_semicolon_that_is_one(string text, bool isComplete) => Assert.Equal(isComplete, StatementEnd.IsComplete(text));
}
