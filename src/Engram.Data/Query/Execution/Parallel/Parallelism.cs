namespace Engram.Data.Query.Execution.Parallel;

/// <summary>On how many threads a statement may run, and from what size on.</summary>
internal sealed record Parallelism
{
    /// <summary>Everything on the thread that calls.</summary>
    public static readonly Parallelism Off = new() { MaxThreadCount = 1 };

    /// <summary>More threads than this are of no use to one statement.</summary>
    public const int MaxThreadCountMax = 256;

    /// <summary>Threads that work on one statement, the caller's included; 1 turns it off.</summary>
    public int MaxThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Tables with fewer rows are read by one thread.</summary>
    public long RowCountMin { get; init; } = 64 * 1024;

    /// <summary>Blocks of 2,048 rows that a thread takes at a time.</summary>
    public int MorselBlockCount { get; init; } = 16;

    /// <summary>How long the calling thread works alone before it asks for help: what is done sooner does not pay for waking others.</summary>
    public TimeSpan HelpDelay { get; init; } = TimeSpan.FromMicroseconds(60);
}
