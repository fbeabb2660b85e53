using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Engram.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>What a context writes to its log, and what it keeps to itself.</summary>
public sealed class LoggingTests : IDisposable
{
    private const string Secret = "a secret that nobody else should read";

    private readonly TestDatabase database = TestDatabase.Create();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Values_are_logged_only_where_the_application_says_so(bool isAllowed)
    {
        var lines = new List<string>();
        var options = new DbContextOptionsBuilder<MemoryContext>().UseEngram(database.ConnectionString).LogTo(lines.Add, LogLevel.Debug);
        await using (var context = new MemoryContext((isAllowed ? options.EnableSensitiveDataLogging() : options).Options))
        {
            context.Add(new Note { Tags = [Secret] });
            await context.SaveChangesAsync();
            var text = Secret;
            Assert.Single(context.Set<Note>().Where(n => n.Tags.Contains(text)));
            await context.Database.ExecuteSqlAsync($"""UPDATE "Notes" SET "Tags" = array_append("Tags", {Secret})""");
            await Assert.ThrowsAsync<Engram.Data.EngramException>(() => context.Database.ExecuteSqlAsync($"""UPDATE "Nowhere" SET "Text" = {Secret}"""));
        }

        Assert.Contains(lines, l => l.Contains("INSERT INTO", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("Failed executing", StringComparison.Ordinal));
        Assert.Equal(isAllowed, lines.Any(l => l.Contains(Secret, StringComparison.Ordinal)));
    }
}
