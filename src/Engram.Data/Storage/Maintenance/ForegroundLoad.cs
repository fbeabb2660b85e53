namespace Engram.Data.Storage.Maintenance;

/// <summary>Measures in what part of the time statements run, so that background work can keep out of their way. Thread-safe, without locks.</summary>
/// <remarks>Time in which several statements run counts once. Entering and leaving cost an interlocked operation each, and a look at the clock when the first enters or
/// the last leaves.</remarks>
internal sealed class ForegroundLoad(TimeProvider clock)
{
    private readonly TimeProvider clock = clock;
    private int running;
    private long startedAt;
    private long busyTicks;

    /// <summary>A statement works until the result is disposed.</summary>
    public Work Enter()
    {
        if (Interlocked.Increment(ref running) == 1)
        {
            Volatile.Write(ref startedAt, clock.GetTimestamp());
        }

        return new Work(this);
    }

    /// <summary>Starts a measurement of its own.</summary>
    public Meter StartMeter() => new(this);

    private void Leave()
    {
        // Before the last one has left, no other can be the first.
        var since = Volatile.Read(ref startedAt);
        if (Interlocked.Decrement(ref running) == 0)
        {
            Interlocked.Add(ref busyTicks, Math.Max(clock.GetTimestamp() - since, 0));
        }
    }

    private long BusyTicks(long now)
    {
        var since = Volatile.Read(ref startedAt);
        return Volatile.Read(ref busyTicks) + (Volatile.Read(ref running) > 0 ? Math.Max(now - since, 0) : 0);
    }

    internal readonly struct Work(ForegroundLoad load) : IDisposable
    {
        public void Dispose() => load.Leave();
    }

    /// <summary>The load between one look and the next. For one thread at a time.</summary>
    internal sealed class Meter(ForegroundLoad load)
    {
        private long lookedAt = load.clock.GetTimestamp();
        private long busyBefore = load.BusyTicks(load.clock.GetTimestamp());

        /// <summary>Time since the last <see cref="Read"/>.</summary>
        public TimeSpan Elapsed => load.clock.GetElapsedTime(lookedAt);

        /// <summary>From 0 (no statement ran) to 1 (always one did), since the last call; 0 when no time has passed.</summary>
        public double Read()
        {
            var now = load.clock.GetTimestamp();
            var busy = load.BusyTicks(now);
            var fraction = now > lookedAt ? Math.Clamp((double)(busy - busyBefore) / (now - lookedAt), 0, 1) : 0;
            (lookedAt, busyBefore) = (now, busy);
            return fraction;
        }
    }
}
