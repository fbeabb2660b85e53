namespace Engram.Data.Tests.Query.Reference;

/// <summary>Random queries give what a deliberately simple evaluator gives. <c>tests/Engram.Differential -- reference</c> runs as many as wanted.</summary>
public sealed class ReferenceTests
{
    private const int SeedCount = 10;
    private const int QueryCount = 50;

    [Fact]
    public void Random_queries_give_what_the_reference_gives()
    {
        var (compared, findings, skipped) = (0, new List<string>(), new Dictionary<string, int>());
        for (var seed = 1; seed <= SeedCount; seed++)
        {
            using var run = new ReferenceRun(seed).Run(QueryCount);
            compared += run.Compared;
            findings.AddRange(run.Findings);
            foreach (var (why, count) in run.Skipped)
            {
                skipped[why] = skipped.GetValueOrDefault(why) + count;
            }
        }

        Assert.True(findings.Count == 0, $"{findings.Count} findings\n" + string.Join("\n\n", findings.Take(5)));
        Assert.True(compared > SeedCount * QueryCount * 8 / 10, $"only {compared} compared; " + string.Join("; ", skipped.OrderByDescending(s => s.Value).Take(8)));
    }
}
