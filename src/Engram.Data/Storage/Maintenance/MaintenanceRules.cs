namespace Engram.Data.Storage.Maintenance;

/// <summary>What background maintenance does next.</summary>
internal enum MaintenanceWork : byte
{
    None,
    Checkpoint,
    Compaction,
}

/// <summary>What the rules look at.</summary>
internal readonly record struct MaintenanceState
{
    /// <summary>Least time between two jobs of a kind that nothing forces; infinite when there are none.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>The part of the time in which statements ran, from 0 to 1.</summary>
    public double Load { get; init; }

    /// <summary>Bytes of log that recovery would read.</summary>
    public long WalSizeBytes { get; init; }

    /// <summary>Whether new rows take half of the memory limit.</summary>
    public bool IsMemoryShort { get; init; }

    /// <summary>The size of the log that forces a checkpoint.</summary>
    public long CheckpointSizeBytes { get; init; }

    /// <summary>Memory of rows that are in no segment yet.</summary>
    public long DeltaSizeBytes { get; init; }

    /// <summary>The memory of new rows that forces a checkpoint.</summary>
    public long CheckpointDeltaSizeBytes { get; init; }

    public TimeSpan SinceCheckpoint { get; init; }

    /// <summary>Since compaction last found nothing more to do, or failed.</summary>
    public TimeSpan SinceCompaction { get; init; }

    /// <summary>Segments that the rules want to compact together; 0 for none.</summary>
    public int CompactableCount { get; init; }

    /// <summary>Bytes of files that hold deleted rows, in proportion.</summary>
    public long DeletedSizeBytes { get; init; }

    /// <summary>Bytes of all segments.</summary>
    public long SegmentSizeBytes { get; init; }
}

/// <summary>When checkpoints and compactions run by themselves.</summary>
/// <remarks>
/// <para>A job runs when its time has come: after the interval, and only while statements run in less than half of the time. Five things force one, whatever the
/// clock and the load say: a log of the configured size forces a checkpoint, because recovery reads it and the rows after the last checkpoint are in memory; so do new rows that take half of the memory limit, or more than a size of their own: many short rows make a short log and a large
/// delta, which every scan reads whole, without zone maps; deleted
/// rows that take half of the room, or many segments waiting to be merged, force a compaction, because they grow without end otherwise.</para>
/// <para>A log so small that recovery reads it in a moment is left alone.</para>
/// </remarks>
internal static class MaintenanceRules
{
    public const double LoadMax = 0.5;

    /// <summary>Deleted rows below this many bytes force nothing.</summary>
    public const long DeletedSizeBytesMin = 64L * 1024 * 1024;

    /// <summary>So many segments waiting for one merge force it.</summary>
    public const int CompactableCountMax = 4 * CompactionRules.MergeCountMin;

    /// <summary>The part of the log size that forces a checkpoint from which on one is worth its while.</summary>
    private const int WorthwhileDivisor = 16;

    public static MaintenanceWork Next(in MaintenanceState state)
    {
        if (state.WalSizeBytes >= state.CheckpointSizeBytes || state.IsMemoryShort || IsDeltaLarge(state.DeltaSizeBytes, state.CheckpointDeltaSizeBytes))
        {
            return MaintenanceWork.Checkpoint;
        }

        if (state.CompactableCount > 0 && IsCompactionForced(state))
        {
            return MaintenanceWork.Compaction;
        }

        if (state.Interval == Timeout.InfiniteTimeSpan || state.Load >= LoadMax)
        {
            return MaintenanceWork.None;
        }

        if (state.SinceCheckpoint >= state.Interval && state.WalSizeBytes >= WorthwhileSizeBytes(state.CheckpointSizeBytes))
        {
            return MaintenanceWork.Checkpoint;
        }

        return state.SinceCompaction >= state.Interval && state.CompactableCount > 0 ? MaintenanceWork.Compaction : MaintenanceWork.None;
    }

    /// <summary>The size of the log from which on a checkpoint is worth its while.</summary>
    public static long WorthwhileSizeBytes(long checkpointSizeBytes) => checkpointSizeBytes / WorthwhileDivisor;

    /// <param name="checkpointDeltaSizeBytes">0 for no such limit.</param>
    public static bool IsDeltaLarge(long deltaSizeBytes, long checkpointDeltaSizeBytes) => checkpointDeltaSizeBytes > 0 && deltaSizeBytes >= checkpointDeltaSizeBytes;

    public static bool IsCompactionForced(in MaintenanceState state)
        => state.Interval != Timeout.InfiniteTimeSpan
            && (state.CompactableCount >= CompactableCountMax
                || (state.DeletedSizeBytes >= DeletedSizeBytesMin && state.DeletedSizeBytes * 2 >= state.SegmentSizeBytes));
}
