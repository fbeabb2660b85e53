using System.Globalization;

namespace Engram.Data.Tests.Storage.Model;

/// <summary>Long random sequences against a dictionary. ENGRAM_SEED replays the one that failed.</summary>
public sealed class ModelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_database_shows_what_a_dictionary_holds(int seed)
    {
        var replayed = Environment.GetEnvironmentVariable("ENGRAM_SEED");
        using var run = new ModelRun(replayed is null ? seed : int.Parse(replayed, CultureInfo.InvariantCulture));
        run.Run(1000);
        // Nothing that was meant to be done was left out.
        Assert.All(["INSERT", "UPDATE", "DELETE", "SELECT", "ALTER TABLE", "CREATE INDEX", "BEGIN", "SAVEPOINT", "ROLLBACK", "COMMIT", "CHECKPOINT", "compaction", "reopened"],
            kind => Assert.True(run.Done.ContainsKey(kind), $"{kind} is not among {string.Join(", ", run.Done.Keys)}"));
    }
}
