using Engram.Data.Storage.Maintenance;
using Engram.Data.Tests.Storage.Simulation;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>When background work runs, rule by rule.</summary>
public sealed class MaintenanceRulesTests
{
    private const long MiB = 1024 * 1024;

    /// <summary>Time has come, nobody works, and there is something to do.</summary>
    private static readonly MaintenanceState s_due = new()
    {
        Interval = TimeSpan.FromSeconds(300),
        Load = 0,
        WalSizeBytes = 10 * MiB,
        CheckpointSizeBytes = 64 * MiB,
        SinceCheckpoint = TimeSpan.FromSeconds(300),
        SinceCompaction = TimeSpan.FromSeconds(300),
        CompactableCount = 4,
        DeletedSizeBytes = MiB,
        SegmentSizeBytes = 1000 * MiB,
    };

    private static readonly MaintenanceState s_tooEarly = s_due with { SinceCheckpoint = TimeSpan.FromSeconds(299), SinceCompaction = TimeSpan.FromSeconds(299) };

    [Fact]
    public void A_checkpoint_comes_first_when_both_are_due() => Assert.Equal(MaintenanceWork.Checkpoint, MaintenanceRules.Next(s_due));

    [Fact]
    public void A_compaction_follows() => Assert.Equal(MaintenanceWork.Compaction, MaintenanceRules.Next(s_due with { SinceCheckpoint = default }));

    [Fact]
    public void Nothing_runs_before_the_interval_has_passed() => Assert.Equal(MaintenanceWork.None, MaintenanceRules.Next(s_tooEarly));

    [Theory]
    [InlineData(0.49, true)]
    [InlineData(0.5, false)]
    [InlineData(1.0, false)]
    public void Nothing_runs_while_statements_take_half_of_the_time(double load, bool runs)
        => Assert.Equal(runs ? MaintenanceWork.Checkpoint : MaintenanceWork.None, MaintenanceRules.Next(s_due with { Load = load }));

    [Fact]
    public void A_small_log_is_left_alone()
        => Assert.Equal(MaintenanceWork.None, MaintenanceRules.Next(s_due with { WalSizeBytes = 3 * MiB, CompactableCount = 0 }));

    [Fact]
    public void The_logs_size_forces_a_checkpoint()
        => Assert.Equal(MaintenanceWork.Checkpoint, MaintenanceRules.Next(s_tooEarly with { Load = 1, WalSizeBytes = 64 * MiB, Interval = Timeout.InfiniteTimeSpan }));

    [Theory]
    [InlineData(256, true)]
    [InlineData(255, false)]
    public void The_memory_of_new_rows_forces_a_checkpoint(long deltaMiB, bool isForced)
        => Assert.Equal(isForced ? MaintenanceWork.Checkpoint : MaintenanceWork.None, MaintenanceRules.Next(s_tooEarly with
        {
            Load = 1, WalSizeBytes = MiB, Interval = Timeout.InfiniteTimeSpan, DeltaSizeBytes = deltaMiB * MiB, CheckpointDeltaSizeBytes = 256 * MiB,
        }));

    [Theory]
    [InlineData(500, true)]
    [InlineData(499, false)]
    public void Deleted_rows_that_take_half_of_the_room_force_a_compaction(long deletedMiB, bool isForced)
        => Assert.Equal(isForced ? MaintenanceWork.Compaction : MaintenanceWork.None, MaintenanceRules.Next(s_tooEarly with { Load = 1, DeletedSizeBytes = deletedMiB * MiB }));

    [Fact]
    public void A_little_room_forces_nothing()
        => Assert.Equal(MaintenanceWork.None, MaintenanceRules.Next(s_tooEarly with { DeletedSizeBytes = 63 * MiB, SegmentSizeBytes = 64 * MiB }));

    [Theory]
    [InlineData(16, true)]
    [InlineData(15, false)]
    public void Many_segments_that_wait_to_be_one_force_a_compaction(int count, bool isForced)
        => Assert.Equal(isForced ? MaintenanceWork.Compaction : MaintenanceWork.None, MaintenanceRules.Next(s_tooEarly with { Load = 1, CompactableCount = count }));

    [Fact]
    public void Without_an_interval_nothing_runs_by_itself_but_for_the_log()
        => Assert.Equal(MaintenanceWork.None, MaintenanceRules.Next(s_due with { Interval = Timeout.InfiniteTimeSpan, CompactableCount = 100, SinceCompaction = TimeSpan.MaxValue }));

    [Fact]
    public void Load_is_the_time_in_which_at_least_one_statement_ran()
    {
        var clock = new ManualClock();
        var load = new ForegroundLoad(clock);
        var meter = load.StartMeter();
        Assert.Equal(0, meter.Read());
        using (load.Enter())
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            using (load.Enter())
            {
                clock.Advance(TimeSpan.FromSeconds(1));
            }
        }

        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0.5, meter.Read());
        var work = load.Enter();
        clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(1, meter.Read());
        work.Dispose();
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, meter.Read());
    }
}
