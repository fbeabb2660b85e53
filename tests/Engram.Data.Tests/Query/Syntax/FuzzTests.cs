using Engram.Fuzzing;

namespace Engram.Data.Tests.Query.Syntax;

/// <summary>A slice of what <c>tests/Engram.Fuzzing</c> does for as long as wanted.</summary>
public sealed class FuzzTests
{
    private const int InputCount = 2000;

    [Fact]
    public void Every_text_gives_rows_or_an_error_with_a_code()
    {
        using var run = new FuzzRun(Corpus.Read(AppContext.BaseDirectory), lastSeedPath: null);
        for (var seed = 0; seed < InputCount; seed++)
        {
            run.Run(seed);
        }

        Assert.True(run.Findings.Count == 0, string.Join("\n\n", run.Findings.Take(5)));
        // Not all of it may be noise.
        Assert.InRange(run.Succeeded, InputCount / 40, InputCount);
    }
}
