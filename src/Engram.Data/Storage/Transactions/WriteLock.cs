using System.Diagnostics;

namespace Engram.Data.Storage.Transactions;

/// <summary>The writers' queue: one holder, the others in the order in which they came, blocking their thread or waiting without one.</summary>
/// <remarks>
/// <para><b>The problem.</b> A write transaction holds the lock for microseconds, and waking whoever waits takes longer than that. When each release hands
/// the lock to the first of the queue, it lies idle until that one has woken; meanwhile everybody who comes queues up behind, and from then on each
/// commit costs a wake-up (a lock convoy). When whoever comes may take a free lock, somebody may wait for ever.</para>
/// <para><b>So:</b> a release frees the lock and <i>calls</i> the first of the queue, who tries again when it has woken; others may take the lock until then.
/// But one who has waited for <see cref="OvertakenMax"/> is not overtaken any more: the next release hands the lock to it. So nobody waits longer
/// than that plus the transactions of those before it in the queue.</para>
/// <code>
///   free ──Acquire──► held ──Release, nobody waits──────────────► free
///                      │  ──Release, first is young: call it────► free, first wakes and tries; on failure it is first again
///                      └  ──Release, first is old───────────────► held, by the first
/// </code>
/// <para>Waiting ends with the lock, with the time-out or with cancellation, whichever comes first. One who gives up after it was called passes the call
/// on, else a free lock could lie there with everybody asleep. The lock inside is held for a few instructions only. Thread-safe.</para>
/// </remarks>
internal sealed class WriteLock
{
    /// <summary>How long the first of the queue lets others take the lock before it.</summary>
    public static readonly TimeSpan OvertakenMax = TimeSpan.FromMilliseconds(1);

    private readonly Lock gate = new();
    private readonly LinkedList<WriteLockWaiter> queue = new();
    private bool isHeld;
    private long heldSince;

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

    /// <summary>Whether a release is likely soon: the lock is held, not for long yet, or somebody is about to take it. A glance, without a lock.</summary>
    public bool IsReleaseExpected
        => Volatile.Read(ref isHeld) ? Stopwatch.GetElapsedTime(Volatile.Read(ref heldSince)) < OvertakenMax : queue.Count > 0;

    /// <summary>The error of one who waited in vain: how long the lock has been held, and how many others want it.</summary>
    public EngramException Timedout(TimeSpan waited)
    {
        lock (gate)
        {
            return Error.WriteLockTimeout(waited, isHeld ? Stopwatch.GetElapsedTime(heldSince) : TimeSpan.Zero, queue.Count);
        }
    }

    /// <summary>Takes the lock, or waits for it without a thread. Zero or negative time-outs other than infinite do not wait.</summary>
    /// <exception cref="EngramException">55P03 when the time ran out.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public ValueTask AcquireAsync(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryAcquire(isBlocking: false) is { } waiter
            ? new ValueTask(WaitAsync(waiter, timeout, clock, cancellationToken))
            : ValueTask.CompletedTask;
    }

    /// <summary>As <see cref="AcquireAsync"/>, blocking the calling thread; no other thread is needed for it to go on.</summary>
    public void Acquire(TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (TryAcquire(isBlocking: true) is not { } waiter)
        {
            return;
        }

        using var limits = new Limits(waiter, timeout, clock, cancellationToken);
        do
        {
            waiter.Block();
        }
        while (!TryEnter(waiter, timeout, cancellationToken));
    }

    /// <summary>Takes the lock if nobody has it and nobody waits.</summary>
    public bool TryAcquireAtOnce()
    {
        lock (gate)
        {
            if (isHeld || queue.Count > 0)
            {
                return false;
            }

            Hold();
            return true;
        }
    }

    public void Release()
    {
        WriteLockWaiter called;
        lock (gate)
        {
            if (queue.First is not { } first)
            {
                isHeld = false;
                return;
            }

            called = first.Value;
            if (Stopwatch.GetElapsedTime(called.Since) >= OvertakenMax)
            {
                queue.RemoveFirst();
                called.IsGranted = true;
                Hold();
            }
            else
            {
                isHeld = false;
                if (called.IsCalled)
                {
                    return;
                }

                called.IsCalled = true;
            }
        }

        called.Wake();
    }

    private void Hold()
    {
        Volatile.Write(ref heldSince, Stopwatch.GetTimestamp());
        Volatile.Write(ref isHeld, true);
    }

    /// <summary>Takes the lock (then null) or joins the queue.</summary>
    private WriteLockWaiter? TryAcquire(bool isBlocking)
    {
        lock (gate)
        {
            if (!isHeld && (queue.First is not { } first || Stopwatch.GetElapsedTime(first.Value.Since) < OvertakenMax))
            {
                Hold();
                return null;
            }

            var waiter = new WriteLockWaiter(isBlocking);
            queue.AddLast(waiter.Node);
            return waiter;
        }
    }

    /// <summary>What one does who was woken: whether it has the lock now.</summary>
    private bool TryEnter(WriteLockWaiter waiter, TimeSpan timeout, CancellationToken cancellationToken)
    {
        WriteLockWaiter? next = null;
        lock (gate)
        {
            if (waiter.IsGranted)
            {
                return true;
            }

            waiter.IsCalled = false;
            if (waiter.Node == queue.First && !isHeld)
            {
                queue.RemoveFirst();
                Hold();
                return true;
            }

            // Rearmed first: an end that comes after this line wakes it, and one that came before is seen on the next.
            waiter.Rearm();
            if (!waiter.HasExpired)
            {
                return false;
            }

            queue.Remove(waiter.Node);
            if (!isHeld && queue.First is { Value.IsCalled: false } first)
            {
                next = first.Value;
                next.IsCalled = true;
            }
        }

        next?.Wake();
        cancellationToken.ThrowIfCancellationRequested();
        throw Timedout(timeout);
    }

    private async Task WaitAsync(WriteLockWaiter waiter, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var limits = new Limits(waiter, timeout, clock, cancellationToken);
        do
        {
            await waiter.WaitAsync().ConfigureAwait(false);
        }
        while (!TryEnter(waiter, timeout, cancellationToken));
    }

    /// <summary>Wakes a waiter when its time is over or its token is cancelled.</summary>
    private readonly struct Limits : IDisposable
    {
        private readonly ITimer? timer;
        private readonly CancellationTokenRegistration registration;

        public Limits(WriteLockWaiter waiter, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
        {
            registration = cancellationToken.UnsafeRegister(static w => ((WriteLockWaiter)w!).Expire(), waiter);
            if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
            {
                waiter.Expire();
            }
            else if (timeout != Timeout.InfiniteTimeSpan)
            {
                timer = clock.CreateTimer(static w => ((WriteLockWaiter)w!).Expire(), waiter, timeout, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            registration.Dispose();
            timer?.Dispose();
        }
    }
}
