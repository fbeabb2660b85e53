using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>What can end a running command early: its timeout, a call of Cancel, the caller's token.</summary>
/// <remarks>
/// The timeout counts the time that the engine works or waits for a lock, not the time that the application takes between two rows: the
/// clock runs between <see cref="Enter"/> and <see cref="Leave"/> only. <see cref="Cancel"/> may come from any thread; the rest from the one that runs the command.
/// </remarks>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly CancellationTokenRegistration registration;
    private readonly TimeProvider clock;
    private CancellationToken userToken;
    private TimeSpan used;
    private long enteredAt;
    private volatile bool isCancelled;
    private bool hasTimer;
    // In milliseconds of the system's tick count; 0 while the engine does not work.
    private long deadline;
    // Whether it is in the chain of Deadlines, or somebody is about to put it there.
    private int isWatched;

    /// <param name="timeout">Zero for none.</param>
    public Interrupt(TimeSpan timeout, TimeProvider clock, CancellationToken userToken)
    {
        Timeout = timeout;
        this.clock = clock;
        this.userToken = userToken;
        registration = Register(userToken);
    }

    public TimeSpan Timeout { get; }

    /// <summary>The next one in the chain of <see cref="Deadlines"/>.</summary>
    public Interrupt? NextWatched { get; set; }

    /// <summary>What operators and waits look at.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>What is left of the timeout, for waits that take one; infinite when there is none.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (Timeout == TimeSpan.Zero)
            {
                return System.Threading.Timeout.InfiniteTimeSpan;
            }

            var left = Timeout - used - (enteredAt == 0 ? TimeSpan.Zero : clock.GetElapsedTime(enteredAt));
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Lets the token of a later call end the command too, until the registration is disposed.</summary>
    public CancellationTokenRegistration Listen(CancellationToken token)
    {
        if (token.CanBeCanceled)
        {
            userToken = token;
        }

        return Register(token);
    }

    /// <summary>The engine begins to work.</summary>
    public void Enter()
    {
        if (Timeout == TimeSpan.Zero)
        {
            return;
        }

        enteredAt = clock.GetTimestamp();
        var left = Remaining;
        if (left.TotalMilliseconds < Deadlines.ShortMilliseconds)
        {
            hasTimer = true;
            source.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
            return;
        }

        // A full fence between the two: the tick gives the mark back first and looks at the deadline then.
        Interlocked.Exchange(ref deadline, Environment.TickCount64 + (long)left.TotalMilliseconds);
        if (Interlocked.CompareExchange(ref isWatched, 1, 0) == 0)
        {
            Deadlines.Watch(this);
        }
    }

    /// <summary>Cancels what is over. For the tick of <see cref="Deadlines"/>.</summary>
    /// <returns>Whether it must be looked at again; else it has left the chain.</returns>
    public bool EndIfOver(long now)
    {
        var seen = Volatile.Read(ref deadline);
        if (seen != 0 && now < seen)
        {
            return true;
        }

        if (seen != 0)
        {
            EndSoon();
        }

        Interlocked.Exchange(ref isWatched, 0);
        // It may have been entered again meanwhile, by one who still found it watched.
        return seen == 0 && Volatile.Read(ref deadline) != 0 && Interlocked.CompareExchange(ref isWatched, 1, 0) == 0;
    }

    /// <summary>The engine hands over to the application.</summary>
    public void Leave()
    {
        if (enteredAt == 0)
        {
            return;
        }

        Volatile.Write(ref deadline, 0);
        if (hasTimer)
        {
            source.CancelAfter(System.Threading.Timeout.InfiniteTimeSpan);
        }

        used += clock.GetElapsedTime(enteredAt);
        enteredAt = 0;
    }

    /// <summary>Waits for the write lock, for as long as the command may still take.</summary>
    /// <exception cref="EngramException">55P03 when the time runs out, whichever clock notices first.</exception>
    public async ValueTask<Transaction> BeginWriteAsync(Store store, Lsn? asOf, bool isAsync)
    {
        try
        {
            return isAsync
                ? await store.BeginWriteAsync(Remaining, asOf, Token).ConfigureAwait(false)
                : store.BeginWrite(Remaining, asOf, Token);
        }
        catch (OperationCanceledException) when (!isCancelled && !userToken.IsCancellationRequested)
        {
            throw store.WriteLockTimedOut(Timeout);
        }
    }

    /// <summary>Ends the command at its next check. Nothing happens when it has ended.</summary>
    public void Cancel()
    {
        isCancelled = true;
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended while another thread cancelled it, as the caller of Cancel cannot know.
            return;
        }
    }

    /// <summary>Cancels on another thread: what waits for the token goes on there, and the tick has others to look at.</summary>
    private void EndSoon()
    {
        try
        {
            source.CancelAfter(TimeSpan.Zero);
        }
        catch (ObjectDisposedException)
        {
            // It ended in time after all.
            return;
        }
    }

    /// <summary>The error that tells the caller what ended the command.</summary>
    public Exception ToException(OperationCanceledException cause)
    {
        if (userToken.IsCancellationRequested)
        {
            return new OperationCanceledException(cause.Message, Error.QueryCanceled(), userToken);
        }

        return isCancelled || Timeout == TimeSpan.Zero ? Error.QueryCanceled() : Error.StatementTimeout(Timeout);
    }

    private CancellationTokenRegistration Register(CancellationToken token)
        => token.CanBeCanceled ? token.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), source) : default;

    public void Dispose()
    {
        Volatile.Write(ref deadline, 0);
        registration.Dispose();
        source.Dispose();
    }
}
