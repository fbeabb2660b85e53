namespace Engram.Data.Cli.Tests;

public sealed class QueryTests : CommandTest
{
    [Fact]
    public async Task Results_are_printed_in_every_mode()
    {
        CreateNotes();
        const string Sql = "SELECT id, text, confidence, embedding FROM notes ORDER BY id";
        Assert.Equal(
            """
            ╭────┬────────┬────────────┬──────────────╮
            │ id │ text   │ confidence │ embedding    │
            ├────┼────────┼────────────┼──────────────┤
            │  1 │ note 1 │       0.25 │ [1, 0.5, -1] │
            │  2 │ note 2 │        0.5 │ [2, 0.5, -1] │
            │  3 │ note 3 │       NULL │ [3, 0.5, -1] │
            ╰────┴────────┴────────────┴──────────────╯

            """.ReplaceLineEndings("\n"),
            (await RunAsync("query", Database, Sql)).Output);
        Assert.Equal(
            "id,text,confidence,embedding\n1,note 1,0.25,\"[1,0.5,-1]\"\n2,note 2,0.5,\"[2,0.5,-1]\"\n3,note 3,,\"[3,0.5,-1]\"\n",
            (await RunAsync("query", Database, Sql, "--mode", "csv")).Output);
        Assert.Equal(
            "{\"id\":1,\"text\":\"note 1\",\"confidence\":0.25,\"embedding\":[1,0.5,-1]}\n",
            (await RunAsync("query", Database, Sql + " LIMIT 1", "-m", "ndjson")).Output);
        Assert.Equal(
            "[\n  {\"id\":3,\"text\":\"note 3\",\"confidence\":null,\"embedding\":[3,0.5,-1]}\n]\n",
            (await RunAsync("query", Database, Sql + " OFFSET 2", "--json")).Output);
        Assert.Equal("[]\n", (await RunAsync("query", Database, Sql + " OFFSET 3", "--json")).Output);
        Assert.Equal(
            "        id = 1\n      text = note 1\nconfidence = 0.25\n embedding = [1, 0.5, -1]\n",
            (await RunAsync("query", Database, Sql + " LIMIT 1", "--mode", "lines")).Output);
    }

    [Fact]
    public async Task Statements_come_from_the_input_or_a_file_too_and_parameters_by_name()
    {
        CreateNotes();
        Assert.Equal("n\n3\n", (await RunWithInputAsync("SELECT count(*) AS n FROM notes", "query", Database, "-m", "csv")).Output);
        var file = Write("q.sql", "SELECT id FROM notes WHERE text = @t OR confidence > @c ORDER BY embedding <-> @q");
        var (code, output, error) = await RunAsync("query", Database, "-f", file, "-m", "csv", "-p", "t=note 3", "-p", "c=0.3", "-p", "q=[3, 0.5, -1]");
        Assert.Equal((0, "id\n3\n2\n", ""), (code, output, error));
        Assert.Equal(1, (await RunAsync("query", Database, "SELECT @t", "-p", "t")).Code);
        Assert.Equal(1, (await RunAsync("query", Database, "SELECT 1", "-f", file)).Code);
    }

    [Fact]
    public async Task What_goes_wrong_ends_with_its_code_and_shows_the_place()
    {
        CreateNotes();
        var (code, _, error) = await RunAsync("query", Database, "SELECT id\nFROM nots");
        Assert.Equal(1, code);
        Assert.EndsWith("Did you mean notes?\n  FROM nots\n       ^\n", error, StringComparison.Ordinal);
        Assert.StartsWith("Error 42P01", error, StringComparison.Ordinal);
        (code, _, error) = await RunAsync("query", Database, "DELETE FROM notes");
        Assert.Equal(1, code);
        Assert.StartsWith("Error 25006", error, StringComparison.Ordinal);
        Assert.Equal("3 rows changed.\n", (await RunAsync("query", Database, "DELETE FROM notes", "--write")).Output);

        Assert.Equal(4, (await RunAsync("query", PathOf("nothing"), "SELECT 1")).Code);
        Assert.False(Directory.Exists(PathOf("nothing")));
        Directory.CreateDirectory(PathOf("other"));
        Write("other/file.txt", "x");
        Assert.Equal(4, (await RunAsync("query", PathOf("other"), "SELECT 1", "--write")).Code);
        Assert.Equal(2, (await RunAsync("query")).Code);
        Assert.Equal(2, (await RunAsync("qwery", Database)).Code);
        Assert.Equal(1, (await RunAsync("query", Database, "SELECT 1", "--mode", "xml")).Code);
        Assert.Equal(0, (await RunAsync("query", "--help")).Code);
    }

    [Fact]
    public async Task Databases_that_are_open_can_be_read()
    {
        CreateNotes();
        using var connection = new EngramConnection($"Data Source={Database}");
        connection.Open();
        using var insert = new EngramCommand("INSERT INTO notes (id, text) VALUES (4, 'x')", connection);
        insert.ExecuteNonQuery();
        Assert.Equal("count\n4\n", (await RunAsync("query", Database, "SELECT count(*) FROM notes", "-m", "csv")).Output);
    }

    [Fact]
    public async Task Plans_are_explained()
    {
        CreateNotes();
        var (code, output, _) = await RunAsync("explain", Database, "SELECT id FROM notes WHERE confidence > 0.3", "--analyze");
        Assert.Equal(0, code);
        Assert.Contains("Scan on notes", output, StringComparison.Ordinal);
        Assert.Contains("rows=1", output, StringComparison.Ordinal);
        Assert.DoesNotContain("rows=", (await RunAsync("explain", Database, "SELECT id FROM notes")).Output, StringComparison.Ordinal);
    }
}
