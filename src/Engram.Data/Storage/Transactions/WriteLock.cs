namespace Engram.Data.Storage.Transactions;

/// <summary>The writers' queue: one holder, the others in the order in which they came, waiting without a thread.</summary>
/// <remarks>
/// Those of the synchronous API block on the turn itself, so that no thread of the pool is needed to wake them.
/// Handing over goes straight to the first in the queue, so nobody overtakes and nobody starves. Waiting ends with the lock, with the time-out or with
/// cancellation, whichever comes first; a waiter that gave up is skipped. The lock inside is held for a few instructions only.
/// </remarks>
internal sealed class WriteLock
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> queue = new();
    private bool isHeld;
    private long heldSince;

    /// <summary>Takes the lock, or waits for it. Zero or negative time-outs other than infinite do not wait.</summary>
    /// <exception cref="EngramException">55P03 when the time ran out.</exception>
    public ValueTask AcquireAsync(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
        => Enter(clock, cancellationToken) is { } waiter ? new ValueTask(WaitAsync(waiter, timeout, clock, cancellationToken)) : ValueTask.CompletedTask;

    /// <summary>As <see cref="AcquireAsync"/>, blocking the calling thread.</summary>
    /// <exception cref="EngramException">55P03 when the time ran out.</exception>
    public void Acquire(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (Enter(clock, cancellationToken) is not { } waiter)
        {
            return;
        }

        try
        {
            var limit = timeout == Timeout.InfiniteTimeSpan || timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero;
            if (waiter.Turn.Task.Wait(limit, cancellationToken) || !GiveUp(waiter))
            {
                Started(clock);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            if (GiveUp(waiter))
            {
                throw;
            }

            Started(clock);
            return;
        }

        throw Timedout(timeout, clock);
    }

    /// <summary>The error of one who waited in vain: how long the lock has been held, and how many others want it.</summary>
    public EngramException Timedout(TimeSpan waited, TimeProvider clock)
    {
        lock (gate)
        {
            return Error.WriteLockTimeout(waited, isHeld ? clock.GetElapsedTime(heldSince) : TimeSpan.Zero, queue.Count);
        }
    }

    /// <summary>Takes the lock when it is free (then null), or joins the queue.</summary>
    private Waiter? Enter(TimeProvider clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (!isHeld)
            {
                isHeld = true;
                heldSince = clock.GetTimestamp();
                return null;
            }

            var waiter = new Waiter();
            waiter.Node = queue.AddLast(waiter);
            return waiter;
        }
    }

    private void Started(TimeProvider clock)
    {
        lock (gate)
        {
            heldSince = clock.GetTimestamp();
        }
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
                Started(clock);
                return;
            }

            if (e is TimeoutException)
            {
                throw Timedout(timeout, clock);
            }

            throw;
        }

        Started(clock);
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
