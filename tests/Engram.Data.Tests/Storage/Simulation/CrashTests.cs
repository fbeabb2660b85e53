using Xunit.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A slice of the crash simulation; <c>tests/Engram.Simulation</c> runs all of it.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    public static TheoryData<int> WorkloadNumbers => [.. Enumerable.Range(0, Workloads.All.Count)];

    [Theory]
    [MemberData(nameof(WorkloadNumbers))]
    public async Task Acknowledged_commits_survive_and_survivors_are_a_prefix(int workload)
    {
        var replayed = CrashSimulation.SeedToReplay;
        if (replayed is { } only && only.Workload != workload)
        {
            return;
        }

        var random = new Random(workload);
        var (images, failures) = await CrashSimulation.RunAsync(
            replayed?.RunSeed ?? 1, workload, CrashSeed.ModeCount, seed => replayed is null ? random.Next(8) == 0 : seed == replayed);
        output.WriteLine($"{Workloads.All[workload]}: {images} images");
        Assert.True(failures.Count == 0, $"{failures.Count} of {images} crashes went wrong. The first:\n{string.Join('\n', failures.Take(3))}");
    }

    [Theory]
    [InlineData("wal/", true)]
    [InlineData("wal/", false)]
    [InlineData("segments/", true)]
    [InlineData("segments/", false)]
    [InlineData("CURRENT", true)]
    [InlineData("CURRENT", false)]
    [InlineData("MANIFEST", true)]
    public async Task A_write_that_the_disk_lost_or_misdirected_is_never_served(string file, bool isLost)
    {
        var images = 0;
        for (var nth = 1; nth < 30; nth += nth < 5 ? 1 : 4)
        {
            var (count, failures) = await CrashSimulation.RunErringAsync(nth, Workloads.NumberOf("checkpoints"), file, nth, isLost);
            images += count;
            Assert.True(failures.Count == 0, string.Join('\n', failures.Take(3)));
        }

        output.WriteLine($"{images} images");
        Assert.True(images > 5);
    }
}
