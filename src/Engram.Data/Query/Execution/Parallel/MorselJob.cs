using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Engram.Data.Query.Execution.Parallel;

/// <summary>Work that is cut into morsels, numbered from 0, which several threads take in turn; what comes of each is merged in the order of the numbers.</summary>
/// <remarks>
/// <para>A query over a large table must use all cores, give what one thread would give, and stand still for nobody. So:</para>
/// <code>
///   next ──►  0   1   2   3   4   5   6   7      taken in order, by the caller and by assistants from the thread pool
///            [P] [P] [-] [P] [ ] [ ]             parts: what came of them, kept until their turn
///   merged ──────────►  2                        the caller merges 2 when it is there, then 3
/// </code>
/// <list type="bullet">
/// <item>Parts are merged in the order of the morsels, by the calling thread, one at a time: the result does not depend on who ran what, and how fast.</item>
/// <item>No assistant is needed. The caller takes morsels like everyone; it waits only for a part that another thread is working on at that moment, never
/// for one to begin. A pool without a free thread makes it slower and nothing else. Assistants that come late find it closed and leave.</item>
/// <item>No assistant outlives <see cref="Run"/>: it returns, or throws, after the last one has left. So what the job reads (a snapshot, the parameters)
/// needs no further owner, and between two calls of an operator nothing runs.</item>
/// <item>No thread is further ahead of the merge than a window of morsels: memory is bounded by it.</item>
/// <item>Of several failures the one of the lowest morsel is thrown, as one thread would have met it. Later morsels are not begun then.</item>
/// <item>Assistants of all statements together are no more than the processors: a server with a hundred queries at once runs each on its own thread.</item>
/// </list>
/// <para>Cancellation needs nothing here: each morsel looks at the statement's token and fails, as the caller's do.</para>
/// </remarks>
/// <typeparam name="TWorker">What one thread works with; made for it, and used by one thread at a time.</typeparam>
/// <typeparam name="TPart">What comes of a morsel.</typeparam>
internal abstract class MorselJob<TWorker, TPart>(Parallelism options) : IDisposable
    where TWorker : class, IDisposable
    where TPart : class
{
    private const int WindowPerThread = 4;

    private readonly Lock workersGate = new();
    private readonly object gate = new();
    private readonly TPart?[] parts = new TPart?[WindowPerThread * options.MaxThreadCount];
    private readonly bool[] isDone = new bool[WindowPerThread * options.MaxThreadCount];
    private readonly Stack<TWorker> idle = new();

    // Under the gate.
    private int next;
    private int end;
    private int merged;
    private int active;
    private bool isOpen;
    private int run;
    private ExceptionDispatchInfo? failure;

    private int assistantsAsked;
    private bool isAlone;

    /// <summary>All workers that were made.</summary>
    protected List<TWorker> Workers { get; } = [];

    protected Parallelism Options => options;

    /// <summary>Runs the morsels from one number to another, that one not included.</summary>
    /// <exception cref="Exception">Whatever the lowest failing morsel, or a merge, threw.</exception>
    public void Run(int first, int endMorsel)
    {
        lock (gate)
        {
            (next, merged, end, failure, isOpen, assistantsAsked) = (first, first, endMorsel, null, true, 0);
            run++;
        }

        var started = Stopwatch.GetTimestamp();
        TWorker? worker = null;
        try
        {
            while (TryAdvance(out var morsel, out var part))
            {
                if (morsel < 0)
                {
                    MergeNext(part);
                    continue;
                }

                worker ??= TakeWorker();
                RunMorsel(worker, morsel, isCaller: true);
                if (assistantsAsked == 0 && !isAlone && Stopwatch.GetElapsedTime(started) >= options.HelpDelay)
                {
                    AskForHelp(endMorsel);
                }
            }
        }
        finally
        {
            Close();
            GiveBack(worker);
        }

        failure?.Throw();
    }

    public virtual void Dispose()
    {
        foreach (var worker in Workers)
        {
            worker.Dispose();
        }
    }

    protected abstract TWorker CreateWorker();

    /// <summary>Does one morsel; null when nothing came of it.</summary>
    protected abstract TPart? Process(TWorker worker, int morsel);

    /// <summary>Takes what came of the next morsel. On the calling thread.</summary>
    protected abstract void Merge(TPart part);

    /// <summary>Lets the calling thread do the rest by itself, in order: parts do not pay. Called by <see cref="Merge"/>.</summary>
    protected void GoOnAlone() => isAlone = true;

    /// <summary>Does one morsel with everything before it merged: for <see cref="GoOnAlone"/>.</summary>
    protected virtual void ProcessAlone(TWorker worker, int morsel)
    {
        if (Process(worker, morsel) is { } part)
        {
            Merge(part);
        }
    }

    /// <summary>What the caller does next: a part to merge, or a morsel to run; false at the end. Waits only for a morsel that is being run.</summary>
    private bool TryAdvance(out int morsel, out TPart? part)
    {
        lock (gate)
        {
            while (true)
            {
                (morsel, part) = (-1, null);
                // Beyond it when an assistant failed altogether while a part was being merged.
                if (merged >= end)
                {
                    return false;
                }

                var place = merged % parts.Length;
                if (isDone[place])
                {
                    part = parts[place];
                    (isDone[place], parts[place]) = (false, null);
                    return true;
                }

                if (next < end && next < merged + parts.Length && (!isAlone || next == merged))
                {
                    morsel = next++;
                    return true;
                }

                Monitor.Wait(gate);
            }
        }
    }

    private void MergeNext(TPart? part)
    {
        if (part is not null)
        {
            Merge(part);
        }

        lock (gate)
        {
            merged++;
            Monitor.PulseAll(gate);
        }
    }

    private void RunMorsel(TWorker worker, int morsel, bool isCaller)
    {
        TPart? part = null;
        try
        {
            if (isCaller && isAlone)
            {
                ProcessAlone(worker, morsel);
            }
            else
            {
                part = Process(worker, morsel);
            }
        }
        catch (Exception e)
        {
            var caught = ExceptionDispatchInfo.Capture(e);
            lock (gate)
            {
                // What comes after it is not wanted any more; what comes before may still fail, and then that counts.
                if (morsel < end)
                {
                    (end, failure) = (morsel, caught);
                }

                Monitor.PulseAll(gate);
            }

            return;
        }

        lock (gate)
        {
            if (morsel < end)
            {
                parts[morsel % parts.Length] = part;
                isDone[morsel % parts.Length] = true;
            }

            Monitor.PulseAll(gate);
        }
    }

    private void AskForHelp(int endMorsel)
    {
        int left, number;
        lock (gate)
        {
            left = endMorsel - next;
            number = run;
        }

        assistantsAsked = AssistantQuota.Take(Math.Min(options.MaxThreadCount - 1, left), options.MaxThreadCount);
        for (var i = 0; i < assistantsAsked; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(new Assistant(this, number), preferLocal: false);
        }

        // Not again when there was none to have: the next run may.
        assistantsAsked = Math.Max(assistantsAsked, 1);
    }

    /// <summary>Nobody begins anything any more; returns when everybody has left.</summary>
    private void Close()
    {
        lock (gate)
        {
            isOpen = false;
            end = Math.Min(end, next);
            next = end;

            // For those who wait for room: a merge that failed makes none any more.
            Monitor.PulseAll(gate);
            while (active > 0)
            {
                Monitor.Wait(gate);
            }

            Array.Clear(parts);
            Array.Clear(isDone);
        }
    }

    private void Help(int number)
    {
        lock (gate)
        {
            if (!isOpen || number != run)
            {
                return;
            }

            active++;
        }

        TWorker? worker = null;
        try
        {
            while (TakeMorsel() is >= 0 and var morsel)
            {
                worker ??= TakeWorker();
                RunMorsel(worker, morsel, isCaller: false);
            }
        }
        catch (Exception e)
        {
            // Making a worker failed: out of memory, most likely.
            FailAll(e);
        }
        finally
        {
            GiveBack(worker);
            lock (gate)
            {
                active--;
                Monitor.PulseAll(gate);
            }
        }
    }

    private int TakeMorsel()
    {
        lock (gate)
        {
            while (isOpen && !isAlone && next < end)
            {
                if (next < merged + parts.Length)
                {
                    return next++;
                }

                Monitor.Wait(gate);
            }

            return -1;
        }
    }

    private void FailAll(Exception e)
    {
        lock (gate)
        {
            // The morsel that was taken will never be done.
            failure ??= ExceptionDispatchInfo.Capture(e);
            end = merged;
            Monitor.PulseAll(gate);
        }
    }

    private TWorker TakeWorker()
    {
        lock (workersGate)
        {
            if (idle.TryPop(out var worker))
            {
                return worker;
            }
        }

        var made = CreateWorker();
        lock (workersGate)
        {
            Workers.Add(made);
        }

        return made;
    }

    private void GiveBack(TWorker? worker)
    {
        if (worker is not null)
        {
            lock (workersGate)
            {
                idle.Push(worker);
            }
        }
    }

    private sealed class Assistant(MorselJob<TWorker, TPart> job, int run) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                job.Help(run);
            }
            finally
            {
                AssistantQuota.Give();
            }
        }
    }
}

/// <summary>How many assistants there are in the process.</summary>
internal static class AssistantQuota
{
    private static int taken;

    /// <summary>Takes up to so many, as far as there are processors for them.</summary>
    public static int Take(int wanted, int maxThreadCount)
    {
        var limit = Math.Max(Environment.ProcessorCount, maxThreadCount) - 1;
        while (true)
        {
            var seen = Volatile.Read(ref taken);
            var count = Math.Min(wanted, limit - seen);
            if (count <= 0)
            {
                return 0;
            }

            if (Interlocked.CompareExchange(ref taken, seen + count, seen) == seen)
            {
                return count;
            }
        }
    }

    public static void Give() => Interlocked.Decrement(ref taken);
}
