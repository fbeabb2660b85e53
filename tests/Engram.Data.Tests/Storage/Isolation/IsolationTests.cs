using Engram.Data.Tests.Ado;
using Level = Engram.Data.Engine.Isolation;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Recorded histories of concurrent transactions show nothing that their levels forbid; and histories of weaker levels do.</summary>
public sealed class IsolationTests : AdoTest
{
    [Fact]
    public async Task Threads_see_nothing_that_their_levels_forbid()
    {
        using var workload = new ListWorkload(ConnectionString, 1);
        await workload.RunThreadsAsync(6, 120);
        Assert.Empty(HistoryChecker.Check(workload.History));
        Assert.True(workload.Committed > 300);
    }

    [LinuxFact]
    public async Task On_the_disk_neither()
    {
        using var workload = new ListWorkload($"Data Source={DiskPath};Keep Alive=0", 2);
        await workload.RunThreadsAsync(6, 40);
        Assert.Empty(HistoryChecker.Check(workload.History));
        Assert.True(workload.Committed > 100);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Steps_in_any_order_see_nothing_that_their_levels_forbid(int seed)
    {
        using var workload = new ListWorkload(ConnectionString, seed);
        await workload.RunStepsAsync(5, 1500);
        Assert.Empty(HistoryChecker.Check(workload.History));
        Assert.True(workload.Committed > 100);
        Assert.True(workload.Refused > 0);
    }

    /// <summary>The levels differ, and the checker sees it: else the tests above would prove nothing.</summary>
    [Theory]
    [InlineData((int)Level.Snapshot, (int)Level.Serializable, "G2")]
    [InlineData((int)Level.ReadCommitted, (int)Level.Snapshot, "G-single")]
    [InlineData((int)Level.ReadCommitted, (int)Level.Serializable, "G-single")]
    public async Task A_history_of_a_weaker_level_is_none_of_a_stronger_one(int run, int claimed, string anomaly)
    {
        using var workload = new ListWorkload(ConnectionString, 7, _ => (Level)run);
        await workload.RunStepsAsync(5, 1500);
        Assert.Empty(HistoryChecker.Check(workload.History));
        var found = HistoryChecker.Check(workload.History, _ => (Level)claimed);
        Assert.Contains(found, a => a.Name.StartsWith(anomaly, StringComparison.Ordinal));
    }
}
