namespace Engram.Data.Engine;

/// <summary>Ends commands whose time is over, with one timer for all of them.</summary>
/// <remarks>
/// <para><b>The problem.</b> Nearly every command has a timeout of many seconds and ends within microseconds. A timer for each is started and stopped under a
/// lock that all threads share; with many readers they wait there, and for nothing else.</para>
/// <code>
///   Enter:  deadline := t ─► not watched yet? ─► push on the chain (compare and swap) ─► timer asleep? wake it
///   Leave:  deadline := 0
///   tick:   take the whole chain ─► deadline 0: forget it;  over: cancel it, forget it;  else: push it again ─► sleep when nothing is left
/// </code>
/// <para><b>Invariants.</b> A command whose deadline is not 0 is in the chain, or in the hands of the tick, or about to be pushed by who set the deadline: the mark
/// that it is watched is taken by compare and swap after the deadline is written, and given back before the deadline is read again. The tick is one at a time. It is late by up
/// to <see cref="PeriodMilliseconds"/>: what must end sooner than <see cref="ShortMilliseconds"/> has a timer of its own.</para>
/// </remarks>
internal static class Deadlines
{
    /// <summary>Below this the lateness of a tick would be much.</summary>
    public const int ShortMilliseconds = 1000;

    public const int PeriodMilliseconds = 50;

    private static readonly Timer Ticker = CreateTicker();
    private static Interrupt? chain;
    private static int isTicking;

    /// <summary>Puts a command on the chain, by whoever marked it as watched.</summary>
    public static void Watch(Interrupt interrupt)
    {
        Push(interrupt);
        if (Volatile.Read(ref isTicking) == 0 && Interlocked.Exchange(ref isTicking, 1) == 0)
        {
            Ticker.Change(PeriodMilliseconds, Timeout.Infinite);
        }
    }

    private static void Push(Interrupt interrupt)
    {
        var head = Volatile.Read(ref chain);
        while (true)
        {
            interrupt.NextWatched = head;
            var seen = Interlocked.CompareExchange(ref chain, interrupt, head);
            if (ReferenceEquals(seen, head))
            {
                return;
            }

            head = seen;
        }
    }

    private static void Tick()
    {
        var now = Environment.TickCount64;
        for (var next = Interlocked.Exchange(ref chain, null); next is not null;)
        {
            var interrupt = next;
            next = interrupt.NextWatched;
            interrupt.NextWatched = null;
            if (interrupt.EndIfOver(now))
            {
                Push(interrupt);
            }
        }

        if (Volatile.Read(ref chain) is null)
        {
            Interlocked.Exchange(ref isTicking, 0);
            // Who pushed before that saw a timer that ticks.
            if (Volatile.Read(ref chain) is null || Interlocked.Exchange(ref isTicking, 1) != 0)
            {
                return;
            }
        }

        Ticker.Change(PeriodMilliseconds, Timeout.Infinite);
    }

    /// <summary>Without the locals of whoever runs the first command.</summary>
    private static Timer CreateTicker()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return new Timer(static _ => Tick());
        }

        using (ExecutionContext.SuppressFlow())
        {
            return new Timer(static _ => Tick());
        }
    }
}
