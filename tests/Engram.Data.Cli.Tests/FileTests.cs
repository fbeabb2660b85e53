namespace Engram.Data.Cli.Tests;

/// <summary>Import and export.</summary>
public sealed class FileTests : CommandTest
{
    private const string Difference = "SELECT count(*) FROM ((SELECT * FROM a EXCEPT SELECT * FROM b) UNION ALL (SELECT * FROM b EXCEPT SELECT * FROM a)) AS d";

    [Theory]
    [InlineData("rows.csv")]
    [InlineData("rows.ndjson")]
    public async Task What_is_exported_is_imported_the_same(string file)
    {
        CreateNotes(5_000);
        Assert.Equal(0, (await RunAsync("query", Database, "-w", "INSERT INTO notes VALUES (-1, 'comma, \"quote\" and\nline', NULL, NULL, NULL), (-2, '', 3.4e38, NULL, '[1e-3,2,3]')")).Code);
        var (code, _, error) = await RunAsync("export", Database, "notes", PathOf(file));
        Assert.Equal((0, "5,002 rows exported.\n"), (code, error));
        Assert.Equal(0, (await RunAsync("query", Database, "-w", "CREATE TABLE a (id bigint, text text, confidence real, at timestamptz, embedding vector(3)); INSERT INTO a SELECT * FROM notes; CREATE TABLE b (id bigint, text text, confidence real, at timestamptz, embedding vector(3))")).Code);
        var (imported, output, _) = await RunAsync("import", Database, "b", PathOf(file));
        Assert.Equal(0, imported);
        Assert.StartsWith("5,002 rows imported into b", output, StringComparison.Ordinal);
        Assert.Equal("count\n0\n", (await RunAsync("query", Database, Difference, "-m", "csv")).Output);
    }

    [Fact]
    public async Task A_table_is_made_from_a_file()
    {
        var file = Write("a.ndjson", """
            {"id": 1, "n": 1.5, "big": 1e300, "flag": true, "key": "0f8fad5b-d9cb-469f-a165-70867728950e", "at": "2026-01-02T03:04:05Z", "v": [1, 2], "doc": {"a": [1]}, "text": "x", "none": null}
            {"id": 2, "n": 2, "v": [3, 4]}
            """);
        Assert.Equal(0, (await RunAsync("import", Database, "t", file, "--create")).Code);
        Assert.Equal(
            "column_name,data_type\nid,bigint\nn,numeric\nbig,double precision\nflag,boolean\nkey,uuid\nat,timestamptz\nv,vector(2)\ndoc,json\ntext,text\nnone,text\n",
            "column_name,data_type\n" + string.Concat(Columns("t").Select(c => $"{c.Name},{c.Type}\n")));
        Assert.Equal("id,n\n2,2\n", (await RunAsync("query", Database, "SELECT id, n FROM t WHERE flag IS NULL", "-m", "csv")).Output);

        var csv = Write("b.csv", "zip,n,at\n01234,1,2026-01-02\n99999,,\n");
        Assert.Equal(0, (await RunAsync("import", Database, "u", csv, "--create")).Code);
        Assert.Equal(["zip text", "n bigint", "at text"], Columns("u").Select(c => $"{c.Name} {c.Type}"));
    }

    [Fact]
    public async Task A_mistake_in_a_file_is_told_with_its_line_and_nothing_is_imported()
    {
        CreateNotes();
        var file = Write("a.csv", "id,text,confidence\n10,a,0.5\n11,b,much\n");
        var (code, _, error) = await RunAsync("import", Database, "notes", file);
        Assert.Equal(1, code);
        Assert.Contains("Line 3: 'much' is no real, which column 'confidence' takes", error, StringComparison.Ordinal);
        Assert.Contains("no column 'txt'", (await RunAsync("import", Database, "notes", Write("b.csv", "id,txt\n1,x\n"))).Error, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("import", Database, "notes", Write("c.csv", "id,text\n1\n"))).Code);
        Assert.Equal(1, (await RunAsync("import", Database, "notes", Write("d.ndjson", "{\"id\": 20, \"text\": \"x\"}\n{\"id\": 21, \"texd\": \"x\"}\n"))).Code);
        Assert.Equal(1, (await RunAsync("import", Database, "notes", Write("e.ndjson", "[]\n"))).Code);
        Assert.Equal(1, (await RunAsync("import", Database, "missing", file)).Code);
        Assert.Equal(1, (await RunAsync("import", Database, "notes", Write("f.csv", ""))).Code);
        // The key 1 is there.
        Assert.Contains("23505", (await RunAsync("import", Database, "notes", Write("g.csv", "id,text\n30,x\n1,y\n"))).Error, StringComparison.Ordinal);
        Assert.Equal("count\n3\n", (await RunAsync("query", Database, "SELECT count(*) FROM notes", "-m", "csv")).Output);
    }

    private IEnumerable<(string Name, string Type)> Columns(string table)
    {
        using var connection = new EngramConnection($"Data Source={Database};Keep Alive=0");
        connection.Open();
        return [.. Import.TableColumns.Find(connection, table).Select(c => (c.Name, c.Type))];
    }
}
