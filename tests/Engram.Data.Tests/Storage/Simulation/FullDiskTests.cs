using Engram.Data.Storage;
using Engram.Data.Tests.Storage.Faults;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>ENOSPC from any call that may give it: the call that met it fails with 53100, nothing is poisoned, and the same store goes on.</summary>
/// <remarks>
/// Excepted are writes and syncs of a log file that has its name, and of CURRENT: both are overwritten in place, in blocks that were written before, so a
/// file system that keeps blocks in place has their room. Where it does not (copy on write), the write's outcome is as unknown as after
/// any other error, and poisons; the workload "failing writes" has that.
/// </remarks>
public sealed class FullDiskTests
{
    private const int CallCountMax = 24;

    [Theory]
    [InlineData(FaultPoint.Create, "")]
    [InlineData(FaultPoint.Write, ".tmp")]
    [InlineData(FaultPoint.Write, "segments/")]
    [InlineData(FaultPoint.Write, "MANIFEST")]
    [InlineData(FaultPoint.Sync, ".tmp")]
    [InlineData(FaultPoint.Sync, "segments/")]
    [InlineData(FaultPoint.Sync, "MANIFEST")]
    [InlineData(FaultPoint.Rename, "")]
    internal async Task A_full_disk_at_any_call_fails_that_call_alone(FaultPoint point, string file)
    {
        var refused = 0;
        for (var nth = 1; nth <= CallCountMax; nth++)
        {
            await using var run = new SimulatedRun(nth);
            await run.OpenAsync();
            await run.CommitAsync(w => w.CreateTable(1));
            run.Directory.Faults.Fail(point, nth, DiskFaults.NoSpace, nameContains: file);
            var errors = new List<string?>();
            for (var i = 0; i < 12; i++)
            {
                errors.Add(i % 4 == 3 ? await run.CheckpointAsync() : await run.CommitAsync(w => { w.Insert(1, 60); w.Update(1, 20); }));
                run.Observe();
                // The very next call: the disk has room again.
                Assert.True(errors[^1] is null || errors.Count(e => e is not null) == 1, string.Join(", ", errors));
            }

            Assert.All(errors, e => Assert.True(e is null or "53100", e));
            Assert.False(run.Store.IsPoisoned);
            refused += errors.Count(e => e is not null);
            if (run.Directory.Faults.Count(point) == 0)
            {
                break;
            }
        }

        Assert.True(refused > 0);
    }

    /// <summary>Full from any byte on, for a while; then the same store takes commits and a checkpoint.</summary>
    [Fact]
    public async Task A_disk_that_is_full_from_any_byte_on_is_no_end()
    {
        for (var room = 0; room < 100; room += 3)
        {
            await using var run = new SimulatedRun(room + 1);
            await run.OpenAsync();
            await run.CommitAsync(w =>
            {
                w.CreateTable(1);
                w.Insert(1, 50);
            });
            run.Directory.Faults.CapacityBytes = run.Directory.Freeze().SizeBytes + (room * 1024L);
            for (var i = 0; i < 4; i++)
            {
                var error = i == 2 ? await run.CheckpointAsync() : await run.CommitAsync(w => w.Insert(1, 300));
                Assert.True(error is null or "53100", error);
                run.Observe();
            }

            Assert.False(run.Store.IsPoisoned);
            run.Directory.Faults.Heal();
            Assert.Null(await run.CommitAsync(w => w.Insert(1, 300)));
            Assert.Null(await run.CheckpointAsync());
            await run.CloseAsync();
            await run.OpenAsync();
        }
    }
}
