using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Engram.EntityFrameworkCore.Tests.Samples;

/// <summary>Each sample does what it says, as whoever types its command would see it.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly string scratch = Directory.CreateTempSubdirectory("samples").FullName;

    public void Dispose() => Directory.Delete(scratch, recursive: true);

    [Fact]
    public void AdoNet_shows_commands_batches_bulk_copy_Dapper_and_transactions()
    {
        var text = SampleProcess.Run("AdoNet", scratch, "readings.engram");

        Assert.Contains("3 sensors", text, StringComparison.Ordinal);
        Assert.Contains("100000 rows so far", text, StringComparison.Ordinal);
        Assert.Contains("cellar: 5562 readings above 20", text, StringComparison.Ordinal);
        Assert.Contains("most like (0, 0.5, 0.5): garden", text, StringComparison.Ordinal);
        Assert.Contains("Refused       23503", text, StringComparison.Ordinal);
        Assert.Contains("wine cellar", text, StringComparison.Ordinal);
        Assert.Contains("Scope         5 sensors", text, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(scratch, "readings.engram")));
    }

    [Fact]
    public void Migrations_keeps_every_row()
    {
        var text = SampleProcess.Run("Migrations", scratch, "4000");

        Assert.Equal(4, text.Split('\n').Count(l => l.Contains("kept: 4000 notes, 39890 letters, weight 3500, ids 8002000", StringComparison.Ordinal)));
        Assert.Contains("topic travel: 1000 notes", text, StringComparison.Ordinal);
        Assert.Contains("20260101000000_First, 20260201000000_Wider, 20260301000000_Topics", text, StringComparison.Ordinal);
    }

    [Fact]
    public void DocumentSearch_finds_the_chunk_and_reads_what_changed()
    {
        var folder = Directory.CreateDirectory(Path.Combine(scratch, "notes"));
        File.WriteAllText(Path.Combine(folder.FullName, "a.md"), "# Apples\n\nApple trees want sun.\n\n# Pears\n\nPear trees want a wall behind them.\n");
        File.WriteAllText(Path.Combine(folder.FullName, "b.md"), "# Boats\n\nA boat wants water.\n");

        var text = SampleProcess.Run("DocumentSearch", scratch, "notes", "where do pear trees grow?");
        Assert.Contains("Read 2 new or changed documents, 0 unchanged, 0 removed or replaced", text, StringComparison.Ordinal);
        Assert.Contains("a.md  Pears", FirstAnswer(text), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(folder.FullName, "b.md"), "# Boats\n\nA boat under pear trees.\n");
        text = SampleProcess.Run("DocumentSearch", scratch, "notes", "where do pear trees grow?", "--in", "b");
        Assert.Contains("Read 1 new or changed documents, 1 unchanged, 1 removed or replaced", text, StringComparison.Ordinal);
        Assert.Contains("; 3 chunks", text, StringComparison.Ordinal);
        Assert.Contains("b.md  Boats", FirstAnswer(text), StringComparison.Ordinal);
        Assert.Contains("A boat under pear trees.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a.md", text, StringComparison.Ordinal);

        text = SampleProcess.Run("DocumentSearch", scratch, "notes", "where do pear trees grow?", "--in", "a", "--approximate");
        Assert.Contains("2 unchanged", text, StringComparison.Ordinal);
        Assert.Contains("ms, approximate)", text, StringComparison.Ordinal);
        Assert.Contains("a.md  Pears", FirstAnswer(text), StringComparison.Ordinal);

        static string FirstAnswer(string text) => text.Split('\n').First(l => l.StartsWith("0.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AgentMemory_remembers_recalls_and_forgets_and_survives_a_kill()
    {
        using (var running = await StartAsync())
        {
            var (sample, client) = running;
            Assert.Equal(1, await RememberAsync(client, "The deploy failed: disk full", 0.9f, "2026-03-01T10:00:00Z"));
            Assert.Equal(2, await RememberAsync(client, "Somebody thinks that the disk is slow", 0.2f, "2026-03-02T10:00:00Z"));
            Assert.Equal(3, await RememberAsync(client, "Lunch was late", 0.9f, "2025-03-02T10:00:00Z"));
            using (var refused = await client.PostAsJsonAsync("/episodes", new { text = "sure", confidence = 2 }))
            {
                Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            }

            sample.WaitFor("INSERT memory.engram took");
            sample.Kill();
        }

        using (var running = await StartAsync())
        {
            var client = running.Client;
            Assert.Equal("Healthy", await client.GetStringAsync("/health"));
            Assert.Equal([1L, 2, 3], (await RecallAsync(client, "question=disk%20full")).Order());
            Assert.Equal([1L], await RecallAsync(client, "question=disk%20full&count=1"));
            Assert.Equal([1L, 3], await RecallAsync(client, "question=disk%20full&confidence=0.7"));
            Assert.Equal([1L], await RecallAsync(client, "question=disk%20full&confidence=0.7&since=2026-01-01T00:00:00Z"));

            using var forgotten = await client.DeleteAsync("/episodes/1");
            using var again = await client.DeleteAsync("/episodes/1");
            using var faded = await client.DeleteAsync("/episodes?before=2026-12-31T00:00:00Z&below=0.3");
            Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (forgotten.StatusCode, again.StatusCode));
            Assert.Equal("1", await faded.Content.ReadAsStringAsync());
            Assert.Equal([3L], await RecallAsync(client, "question=disk%20full"));
        }
    }

    private async Task<Running> StartAsync()
    {
        var sample = new SampleProcess("AgentMemory", scratch, "--urls", "http://127.0.0.1:0", "--database", Path.Combine(scratch, "memory.engram"));
        const string Mark = "Now listening on: ";
        var line = await Task.Run(() => sample.WaitFor(Mark));
        return new Running(sample, new HttpClient { BaseAddress = new Uri(line[(line.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)..].Trim()) });
    }

    private static async Task<long> RememberAsync(HttpClient client, string text, float confidence, string time)
    {
        using var answer = await client.PostAsJsonAsync("/episodes", new { text, confidence, time });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetInt64();
    }

    private static async Task<List<long>> RecallAsync(HttpClient client, string query)
        => [.. (await client.GetFromJsonAsync<JsonElement>("/recall?" + query)).EnumerateArray().Select(e => e.GetProperty("id").GetInt64())];

    private sealed record Running(SampleProcess Sample, HttpClient Client) : IDisposable
    {
        public void Dispose()
        {
            Client.Dispose();
            Sample.Dispose();
        }
    }
}
