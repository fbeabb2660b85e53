namespace Engram.Data.Storage.Segments;

/// <summary>Work that is offered to the thread pool, and done by whoever waits for it when no thread of the pool has begun it by then.</summary>
/// <remarks>
/// A task that a thread outside the pool waits for is done by the pool or not at all. The thread that writes a checkpoint is such a one, and the threads of the pool may all be writers that
/// wait for its end: so it must never need one of them.
/// </remarks>
internal sealed class OfferedWork(Action work) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action? work = work;

    /// <summary>Offers the work.</summary>
    public static OfferedWork Start(Action work)
    {
        var offered = new OfferedWork(work);
        ThreadPool.UnsafeQueueUserWorkItem(offered, preferLocal: false);
        return offered;
    }

    /// <summary>Does the work, unless somebody has begun it. What goes wrong is for those who wait.</summary>
    public void Execute()
    {
        // What was done is not kept alive by the pool's queue.
        if (Interlocked.Exchange(ref work, null) is not { } mine)
        {
            return;
        }

        try
        {
            mine();
            done.SetResult();
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    /// <summary>Returns when the work is done, and throws what it threw.</summary>
    public void Wait()
    {
        Execute();
        done.Task.GetAwaiter().GetResult();
    }

    /// <summary>As <see cref="Wait"/>, for whom it does not matter any more what became of it.</summary>
    public void WaitQuietly()
    {
        Execute();
        done.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
    }
}
