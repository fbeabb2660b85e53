using Engram.Data.Tests.Storage.Faults;
using Xunit.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Protocols that are wrong on purpose are found wrong: the simulation would notice if the engine's were.</summary>
/// <remarks>Each is broken from below, by a disk that turns the engine's right calls into the wrong ones.</remarks>
public sealed class BrokenProtocolTests(ITestOutputHelper output)
{
    [Fact]
    public Task Acknowledging_before_the_sync_is_caught() => AssertCaughtAsync("inserts", faults => faults.SyncDoesNothing = true);

    [Fact]
    public Task Not_syncing_directories_is_caught() => AssertCaughtAsync("inserts", faults => faults.DirectorySyncDoesNothing = true);

    [Fact]
    public Task Checkpoints_that_do_not_sync_directories_are_caught() => AssertCaughtAsync("checkpoints", faults => faults.DirectorySyncDoesNothing = true);

    [Fact]
    public Task Retrying_a_failed_sync_is_caught() => AssertCaughtAsync("inserts", faults =>
    {
        faults.RetriesFailedSync = true;
        for (var i = 5; i < 60; i += 7)
        {
            faults.Fail(FaultPoint.Sync, i, DiskFaults.InputOutput, nameContains: ".wal");
        }
    });

    [Fact]
    public async Task The_right_protocol_is_not()
    {
        foreach (var workload in new[] { "inserts", "checkpoints" })
        {
            var (_, failures) = await RunAsync(workload, _ => { });
            Assert.Empty(failures);
        }
    }

    private async Task AssertCaughtAsync(string workload, Action<DiskFaults> lies)
    {
        var (images, failures) = await RunAsync(workload, lies);
        output.WriteLine($"{failures.Count} of {images}; the first: {failures.FirstOrDefault()}");
        Assert.Contains(failures, f => f.What.Contains("was acknowledged, but the state is that after commit", StringComparison.Ordinal) || f.What.Contains("SQLSTATE XX001", StringComparison.Ordinal));
    }

    /// <summary>Every tenth point, every way: enough for what is wrong everywhere.</summary>
    private static Task<(int Images, List<CrashFailure> Failures)> RunAsync(string workload, Action<DiskFaults> lies) => CrashSimulation.RunAsync(
        1, Workloads.NumberOf(workload), CrashSeed.ModeCount, seed => seed.Point % 10 == 0, lies);
}
