namespace Engram.Data.Storage.Wal;

/// <summary>How the log is read when a database is opened. Tests make everything small.</summary>
internal sealed record ReplayOptions
{
    public static readonly ReplayOptions Default = new();

    /// <summary>Threads that check and copy, the opening one included. With 1 that thread does everything, reading too, in one order.</summary>
    public int ThreadsMax { get; init; } = Math.Min(Environment.ProcessorCount, 16);

    /// <summary>Threads that read ahead, when others check: two keep a disk busy.</summary>
    public int ReaderThreads { get; init; } = 2;

    /// <summary>Shorter logs are read by the opening thread alone, before other threads could begin.</summary>
    public long ParallelSizeBytesMin { get; init; } = 4 * 1024 * 1024;

    /// <summary>What is read with one call.</summary>
    public int PieceSizeBytes { get; init; } = 1024 * 1024;

    /// <summary>What one thread checks or copies at a time.</summary>
    public int RunSizeBytes { get; init; } = 1024 * 1024;

    /// <summary>How many runs are checked ahead of the one that is applied.</summary>
    public int RunsAheadMax { get; init; } = 4;

    /// <summary>How many tasks may wait for a thread; whoever adds more does one himself.</summary>
    public int QueuedTasksMax { get; init; } = 8;

    /// <summary>How far reading goes ahead of what is applied: enough to keep a disk busy, and little enough that the processor's cache still has it.</summary>
    public long ReadAheadSizeBytesMax { get; init; } = 16 * 1024 * 1024;
}
