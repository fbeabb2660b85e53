using System.Text.Json;

namespace Engram.Data.Cli.Tests;

/// <summary>Info, verify, repair, backup and compact.</summary>
public sealed class CareTests : CommandTest
{
    [Fact]
    public async Task Info_tells_tables_rows_and_room()
    {
        CreateNotes();
        var (code, output, _) = await RunAsync("info", Database);
        Assert.Equal(0, code);
        Assert.Contains("notes", output, StringComparison.Ordinal);
        Assert.Contains("embedding vector(3)", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await RunAsync("info", Database, "--json")).Output);
        Assert.Equal(3, json.RootElement.GetProperty("tables")[0].GetProperty("rows").GetInt64());
        Assert.True(json.RootElement.GetProperty("sizeBytes").GetInt64() > 0);
        (code, output, _) = await RunAsync("info", Database, "--columns");
        Assert.Equal(0, code);
        Assert.Contains("blocks by encoding", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Info_tells_segments_and_encodings()
    {
        CreateNotes(10_000);
        using var json = JsonDocument.Parse((await RunAsync("info", Database, "--json")).Output);
        var table = json.RootElement.GetProperty("tables")[0];
        Assert.True(table.GetProperty("segments").GetInt64() > 0);
        Assert.Equal(0, table.GetProperty("memoryRows").GetInt64());
        var embedding = table.GetProperty("storage").EnumerateArray().Single(c => c.GetProperty("column").GetString() == "embedding");
        Assert.True(embedding.GetProperty("sizeBytes").GetInt64() >= 10_000 * 3 * sizeof(float));
        Assert.Equal(5, embedding.GetProperty("encodings").GetProperty("stride").GetInt64());
        Assert.True(json.RootElement.GetProperty("folders").GetProperty("segments").GetProperty("files").GetInt32() > 0);
    }

    [Fact]
    public async Task Damage_is_found_and_repaired_as_far_as_it_goes()
    {
        CreateNotes(20_000);
        var (code, output, _) = await RunAsync("verify", Database);
        Assert.Equal(0, code);
        Assert.StartsWith("Intact: ", output, StringComparison.Ordinal);

        var segment = Directory.EnumerateFiles(Path.Combine(Database, "segments"), "*", SearchOption.AllDirectories).OrderBy(f => new FileInfo(f).Length).Last();
        using (var file = File.OpenWrite(segment))
        {
            file.Position = file.Length / 2;
            file.Write(Enumerable.Repeat((byte)0xA5, 4096).ToArray());
        }

        (code, output, _) = await RunAsync("verify", Database);
        Assert.Equal(3, code);
        Assert.Contains("segments", output, StringComparison.Ordinal);
        using (var json = JsonDocument.Parse((await RunAsync("verify", Database, "--json")).Output))
        {
            Assert.NotEqual(0, json.RootElement.GetProperty("problems").GetArrayLength());
        }

        (code, output, _) = await RunAsync("repair", Database, "--backup", PathOf("before"));
        Assert.Equal(3, code);
        Assert.Contains("LostRows", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(PathOf("before"), "CURRENT")));
        Assert.Equal(0, (await RunAsync("verify", Database)).Code);
        Assert.Equal(0, (await RunAsync("repair", Database)).Code);
        Assert.Equal(1, (await RunAsync("repair", Database, "--backup", PathOf("before"))).Code);
    }

    [Fact]
    public async Task A_backup_is_a_database()
    {
        CreateNotes();
        var (code, output, error) = await RunAsync("backup", Database, PathOf("copy.engram"));
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("Copied to", output, StringComparison.Ordinal);
        Assert.Equal("count\n3\n", (await RunAsync("query", PathOf("copy.engram"), "SELECT count(*) FROM notes", "-m", "csv")).Output);
        Assert.Equal(1, (await RunAsync("backup", Database, PathOf("copy.engram"))).Code);
    }

    [Fact]
    public async Task Compaction_gives_room_back()
    {
        CreateNotes(50_000);
        Assert.Equal(0, (await RunAsync("query", Database, "-w", "DELETE FROM notes WHERE id > 100")).Code);
        var before = new DirectoryInfo(Path.Combine(Database, "segments")).EnumerateFiles().Sum(f => f.Length);
        var (code, output, _) = await RunAsync("compact", Database);
        Assert.Equal(0, code);
        Assert.StartsWith("Compacted: ", output, StringComparison.Ordinal);
        Assert.True(new DirectoryInfo(Path.Combine(Database, "segments")).EnumerateFiles().Sum(f => f.Length) < before / 10);
    }

    [Fact]
    public async Task What_was_done_is_told_as_json_where_asked()
    {
        CreateNotes();
        var copy = PathOf("copy.engram");
        var done = await JsonOfAsync("backup", Database, copy);
        Assert.Equal(copy, done.GetProperty("target").GetString());
        Assert.Equal(new DirectoryInfo(copy).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length), done.GetProperty("bytes").GetInt64());

        done = await JsonOfAsync("compact", Database);
        Assert.True(done.GetProperty("bytesBefore").GetInt64() > 0);
        Assert.Equal(new DirectoryInfo(Database).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length), done.GetProperty("bytesAfter").GetInt64());

        var file = PathOf("notes.csv");
        done = await JsonOfAsync("export", Database, "notes", file);
        Assert.Equal((file, 3), (done.GetProperty("target").GetString(), done.GetProperty("rows").GetInt32()));
        done = await JsonOfAsync("import", Database, "again", file, "--create");
        Assert.Equal(("again", 3), (done.GetProperty("table").GetString(), done.GetProperty("rows").GetInt32()));

        // Rows that go to the output are alone there.
        var (code, output, error) = await RunAsync("export", Database, "SELECT id FROM notes WHERE id = 1", "--json");
        Assert.Equal((0, "id\n1\n"), (code, output));
        Assert.Contains("\"rows\": 1", error, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> JsonOfAsync(params string[] arguments)
    {
        var (code, output, error) = await RunAsync([.. arguments, "--json"]);
        Assert.Equal((0, ""), (code, error));
        using var json = JsonDocument.Parse(output);
        return json.RootElement.Clone();
    }

    [Fact]
    public async Task The_log_is_shown_as_text_and_as_json_lines()
    {
        CreateNotes();
        Assert.Equal(0, (await RunAsync("query", Database, "-w", "UPDATE notes SET confidence = 1 WHERE id < 3")).Code);
        var (code, output, error) = await RunAsync("wal", Database, "--table", "notes");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("update         notes (confidence)  2 rows from row id 1", output, StringComparison.Ordinal);
        Assert.Contains("insert         notes  3 rows from row id 1", output, StringComparison.Ordinal);
        var lines = (await RunAsync("wal", Database, "--json")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line =>
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty("transactions").EnumerateArray().SelectMany(t => t.GetProperty("records").EnumerateArray()).Any(r => r.GetProperty("kind").GetString() == "Update");
        });
        Assert.Equal(4, (await RunAsync("wal", PathOf("none.engram"))).Code);
    }
}
