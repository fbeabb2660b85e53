using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>What the database makes of LINQ: that the questions which matter are answered by the operators that were built for them.</summary>
public sealed class PlanTests : IDisposable
{
    private readonly TestDatabase database = TestDatabase.Create();
    private readonly MemoryContext db;
    private readonly float[] question = new float[EpisodeSource.Dimensions];

    public PlanTests() => db = database.CreateContext();

    public void Dispose()
    {
        db.Dispose();
        database.Dispose();
    }

    [Fact]
    public void The_nearest_with_filters_are_one_scan()
    {
        var since = DateTimeOffset.UnixEpoch;
        var plan = Explain(db.Episodes.Where(e => e.Confidence >= 0.7f && e.HappenedAt > since)
            .OrderByDescending(e => EF.Functions.CosineSimilarity(e.Embedding, question)).Take(5));
        Assert.Contains("Vector top-k on \"Episodes\"", plan, StringComparison.Ordinal);
        Assert.Contains("zone maps: \"Confidence\"", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_looked_up()
    {
        var id = 7;
        Assert.Contains("Index probe of \"PK_Episodes\"", Explain(db.Episodes.Where(e => e.Id == id)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_collection_is_joined_by_its_key()
        => Assert.Contains("Index or hash left join", Explain(db.Episodes.Include(e => e.Files)), StringComparison.Ordinal);

    private string Explain<T>(IQueryable<T> query)
    {
        using var command = query.CreateDbCommand();
        command.CommandText = "EXPLAIN " + command.CommandText;
        db.Database.OpenConnection();
        using var reader = command.ExecuteReader();
        var lines = new List<string>();
        while (reader.Read())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
