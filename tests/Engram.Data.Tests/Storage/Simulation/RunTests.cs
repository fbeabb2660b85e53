using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The runs do what they are for, and the same again for the same seed.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task A_seed_gives_the_same_run_again()
    {
        foreach (var workload in Enumerable.Range(0, Workloads.All.Count).Where(w => Workloads.All[w].IsRepeatable))
        {
            var first = await RunAsync(workload);
            var second = await RunAsync(workload);
            Assert.Equal(first.Points.Select(p => p.Point), second.Points.Select(p => p.Point));
            Assert.Equal(first.History.Mark.States.Count, second.History.Mark.States.Count);
            Assert.All(first.Points.Zip(second.Points), p => Assert.Equal(p.First.Disk.SizeBytes, p.Second.Disk.SizeBytes));
        }
    }

    [Fact]
    public async Task Commits_that_wait_share_a_sync()
    {
        await using var run = new SimulatedRun(1);
        await run.OpenAsync();
        await run.CommitAsync(w => w.CreateTable(1));
        var before = run.Points.Count;
        await run.CommitTogetherAsync(5, w => w.Insert(1, 1));
        Assert.Equal(2, run.Points.Skip(before).Count(p => p.Point.Kind == FaultPoint.Sync && p.Point.Name.EndsWith(".wal", StringComparison.Ordinal)));
        Assert.Equal(6, run.History.Mark.Acknowledged);
    }

    [Fact]
    public async Task An_idle_log_is_sealed()
    {
        await using var run = new SimulatedRun(1);
        await run.OpenAsync();
        await run.CommitAsync(w => w.CreateTable(1));
        var points = run.Directory.Points;
        run.Idle();
        Assert.Equal(points + 2, run.Directory.Points);
    }

    [Theory]
    [InlineData("checkpoints", nameof(FaultPoint.Delete))]
    [InlineData("bulk load", nameof(FaultPoint.Rename))]
    [InlineData("reopening", nameof(FaultPoint.DirectorySync))]
    [InlineData("power cuts", nameof(FaultPoint.Create))]
    public async Task Workloads_reach_what_they_are_for(string name, string kind)
    {
        var run = await RunAsync(Workloads.NumberOf(name));
        Assert.InRange(run.Points.Count, 50, 5000);
        Assert.True(run.Points.Count(p => p.Point.Kind.ToString() == kind) > 3);
        Assert.Equal(run.History.Mark.States.Count - 1, run.History.Mark.Acknowledged);
    }

    [Fact]
    public async Task Failing_syncs_leave_outcomes_unknown()
    {
        var isUnknown = false;
        for (var seed = 1; seed < 6 && !isUnknown; seed++)
        {
            await using var run = new SimulatedRun(seed);
            await run.OpenAsync();
            await run.CommitAsync(w => w.CreateTable(1));
            run.Directory.Faults.Fail(FaultPoint.Sync, 1, DiskFaults.InputOutput);
            Assert.Equal("08007", await run.CommitAsync(w => w.Insert(1, 1)));
            Assert.Equal("EG003", await run.CommitAsync(w => w.Insert(1, 1)));
            isUnknown = run.History.Mark is { Acknowledged: 1, States.Count: 3 };
        }

        Assert.True(isUnknown);
    }

    private static async Task<SimulatedRun> RunAsync(int workload)
    {
        var run = new SimulatedRun(workload + 1, Workloads.All[workload].Options);
        await using (run)
        {
            await Workloads.All[workload].Run(run);
        }

        return run;
    }
}
