namespace Engram.Data.Storage.Transactions;

/// <summary>The writers' queue: one holder, the others in the order in which they came, waiting without a thread.</summary>
/// <remarks>
/// Handing over goes straight to the first in the queue, so nobody overtakes and nobody starves. Waiting ends with the lock, with the time-out or with
/// cancellation, whichever comes first; a waiter that gave up is skipped. The lock inside is held for a few instructions only.
/// </remarks>
internal sealed class WriteLock
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> queue = new();
    private bool isHeld;

    /// <summary>How many are waiting.</summary>
    public int WaiterCount
    {
        get
        {
            lock (gate)
            {
                return queue.Count;
            }
        }
    }

    /// <summary>Takes the lock, or waits for it. Zero or negative time-outs other than infinite do not wait.</summary>
    /// <exception cref="EngramException">55P03 when the time ran out.</exception>
    public ValueTask AcquireAsync(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (gate)
        {
            if (!isHeld)
            {
                isHeld = true;
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter();
            waiter.Node = queue.AddLast(waiter);
        }

        return new ValueTask(WaitAsync(waiter, timeout, clock, cancellationToken));
    }

    public void Release()
    {
        while (true)
        {
            Waiter next;
            lock (gate)
            {
                if (queue.First is not { } first)
                {
                    isHeld = false;
                    return;
                }

                next = first.Value;
                queue.RemoveFirst();
                next.Node = null;
            }

            if (next.Turn.TrySetResult())
            {
                return;
            }
        }
    }

    private async Task WaitAsync(Waiter waiter, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            if (timeout == Timeout.InfiniteTimeSpan)
            {
                await waiter.Turn.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await waiter.Turn.Task.WaitAsync(timeout < TimeSpan.Zero ? TimeSpan.Zero : timeout, clock, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (!GiveUp(waiter))
            {
                // The lock was handed over in the same instant: it is ours, and must not be lost.
                return;
            }

            throw e is TimeoutException ? Error.WriteLockTimeout(timeout) : e;
        }
    }

    /// <summary>Leaves the queue; false when the lock has already been handed over.</summary>
    private bool GiveUp(Waiter waiter)
    {
        lock (gate)
        {
            if (waiter.Node is { } node)
            {
                queue.Remove(node);
                waiter.Node = null;
            }
        }

        return waiter.Turn.TrySetCanceled();
    }

    private sealed class Waiter
    {
        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Node { get; set; }
    }
}
