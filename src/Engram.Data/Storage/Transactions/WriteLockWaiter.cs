using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace Engram.Data.Storage.Transactions;

/// <summary>One who waits for the <see cref="WriteLock"/>. It is woken any number of times, and looks each time whether it may go on.</summary>
/// <remarks>A wake-up that comes while nobody sleeps is kept for the next sleep; several count as one.</remarks>
internal sealed class WriteLockWaiter : IValueTaskSource
{
    private readonly bool isBlocking;
    private readonly object gate = new();

    // Continuations never run on the thread that wakes: it may hold other people up.
    private ManualResetValueTaskSourceCore<bool> core = new() { RunContinuationsAsynchronously = true };
    private bool isAwake;
    private volatile bool hasExpired;

    public WriteLockWaiter(bool isBlocking)
    {
        this.isBlocking = isBlocking;
        Node = new LinkedListNode<WriteLockWaiter>(this);
    }

    public LinkedListNode<WriteLockWaiter> Node { get; }

    /// <summary>When it came.</summary>
    public long Since { get; } = Stopwatch.GetTimestamp();

    /// <summary>Whether the time is over or the wait was cancelled.</summary>
    public bool HasExpired => hasExpired;

    // Under the lock's gate.

    /// <summary>Whether it was told that the lock is free, and has not tried since.</summary>
    public bool IsCalled { get; set; }

    /// <summary>Whether the lock was handed to it.</summary>
    public bool IsGranted { get; set; }

    public void Expire()
    {
        hasExpired = true;
        Wake();
    }

    public void Wake()
    {
        lock (gate)
        {
            if (isAwake)
            {
                return;
            }

            isAwake = true;
            if (isBlocking)
            {
                Monitor.Pulse(gate);
                return;
            }
        }

        core.SetResult(true);
    }

    public void Block()
    {
        lock (gate)
        {
            while (!isAwake)
            {
                Monitor.Wait(gate);
            }
        }
    }

    public ValueTask WaitAsync() => new(this, core.Version);

    /// <summary>Makes ready for another sleep. Called under the lock's gate by the waiter itself, after it woke.</summary>
    public void Rearm()
    {
        lock (gate)
        {
            isAwake = false;
            if (!isBlocking)
            {
                core.Reset();
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => core.OnCompleted(continuation, state, token, flags);
}
