using Engram.Data.Columns;

namespace Engram.Data.Storage.Transactions;

/// <summary>Holds writers up before they take the write lock while rows that are in no segment yet fill the memory.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows are written to memory faster than checkpoints move them into segments. Without a brake memory runs out; with an error at the limit every
/// program would need code for it.</para>
/// <code>
///   share of the limit     what happens
///   below 50 %             nothing
///   50 % and more          a checkpoint is asked for, which gives memory back
///   75 % and more          each writer waits a little first, up to 20 ms at the limit
///   100 %                  writers wait until memory was given back, for as long as their command may take; then 53200
/// </code>
/// <para><b>Before the lock</b>, so that whoever has it gets on, the checkpoint too, which needs it for moments. One transaction may go beyond the limit once it has begun, by as
/// much as the limit again; <c>WriteTransaction</c> ends it there. Memory that only an open snapshot still sees is not given back until that is closed. A transaction whose own
/// snapshot is such a one will be refused (40001), and is at once: waiting, it would keep from everybody what all wait for.</para>
/// </remarks>
internal sealed class WritePressure(DirectoryStore store, TimeSpan timeout, Lsn? asOf, CancellationToken cancellationToken)
{
    private static readonly TimeSpan DelayMax = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(5);

    private readonly long startedAt = store.Directory.Clock.GetTimestamp();
    private bool hasBeenDelayed;

    /// <summary>Whether anything is to be done.</summary>
    public static bool IsHigh(MemoryBudget memory) => memory.DeltaBytes >= memory.LimitBytes / 2;

    /// <returns>What is left of the timeout.</returns>
    /// <exception cref="EngramException">53200; 40001 when the transaction reads a moment from before the last checkpoint.</exception>
    public async ValueTask<TimeSpan> WaitAsync()
    {
        while (NextDelay() is { } delay)
        {
            await Task.Delay(delay, store.Directory.Clock, cancellationToken).ConfigureAwait(false);
        }

        return Left();
    }

    /// <inheritdoc cref="WaitAsync"/>
    public TimeSpan Wait()
    {
        while (NextDelay() is { } delay)
        {
            if (cancellationToken.WaitHandle.WaitOne(delay))
            {
                throw new OperationCanceledException(cancellationToken);
            }
        }

        return Left();
    }

    /// <summary>How long to wait before asking again; null to go on.</summary>
    private TimeSpan? NextDelay()
    {
        var memory = store.Memory;
        var used = memory.DeltaBytes;
        if (used >= memory.LimitBytes / 2)
        {
            store.RelieveMemory();
        }

        if (used < memory.LimitBytes)
        {
            var share = (double)used / memory.LimitBytes;
            if (hasBeenDelayed || share < 0.75)
            {
                return null;
            }

            hasBeenDelayed = true;
            return DelayMax * ((share - 0.75) * 4);
        }

        hasBeenDelayed = true;
        store.CheckOpen();
        store.CheckSnapshotIsWritable(asOf);
        store.Log?.ThrowIfPoisoned();
        return Left() == TimeSpan.Zero ? throw Error.MemoryNotGivenBack(timeout, used, memory.LimitBytes) : PollTime;
    }

    private TimeSpan Left()
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return timeout;
        }

        var left = timeout - store.Directory.Clock.GetElapsedTime(startedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
