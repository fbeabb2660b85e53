using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>What a context's Database does with the database beyond its rows, and plans of its queries.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly TestDatabase database = TestDatabase.Create();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task A_database_is_checkpointed_compacted_verified_and_copied()
    {
        await using var db = database.CreateContext();
        db.AddRange(Enumerable.Range(0, 50).Select(i => new Note { Tags = [$"n{i}"] }));
        await db.SaveChangesAsync();
        await db.Database.CheckpointAsync();
        await db.Notes.Where(n => n.Id % 2 == 0).ExecuteDeleteAsync();
        await db.Database.CompactAsync();
        Assert.True((await db.Database.VerifyAsync()).IsIntact);
        var copy = database.DatabasePath + ".copy";
        await db.Database.BackupAsync(copy);
        await using var copied = new MemoryContext(new DbContextOptionsBuilder<MemoryContext>().UseEngram($"Data Source={copy};Keep Alive=0").Options);
        Assert.Equal(25, await copied.Notes.CountAsync());
    }

    [Fact]
    public async Task A_query_is_explained()
    {
        await using var db = database.CreateContext();
        var least = 3;
        var query = db.Notes.Where(n => n.Id > least);
        Assert.Contains("Notes", query.Explain(), StringComparison.Ordinal);
        Assert.Equal(query.Explain(), await query.ExplainAsync());
        Assert.Contains("Notes", await query.ExplainAsync(analyze: true), StringComparison.Ordinal);
    }
}
