using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Engram.Benchmarks.Measuring;

/// <summary>Several writers that work as fast as they can for a while; only what starts after the warm-up is counted.</summary>
internal sealed class Race(int writers, TimeSpan duration)
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);

    private readonly LatencyLog[] logs = [.. Enumerable.Range(0, writers).Select(_ => new LatencyLog())];
    private long nextKey;
    private long measured;
    private TimeSpan elapsed;
    private TimeSpan processorTime;
    private int phase;

    /// <summary>Called when the measured time begins.</summary>
    public Action? Started { get; set; }

    /// <summary>Called when the measured time ends, before the writers have stopped.</summary>
    public Action? Ended { get; set; }

    /// <summary>All calls that returned, warm-up included. Keys were 1 to this.</summary>
    public long KeyCount => nextKey;

    public void RunThreads(Action<int, long> work)
    {
        var failures = new Exception?[writers];
        var threads = Enumerable.Range(0, writers).Select(writer => new Thread(() =>
        {
            try
            {
                while (Volatile.Read(ref phase) < 2)
                {
                    var isMeasured = Volatile.Read(ref phase) == 1;
                    var start = Stopwatch.GetTimestamp();
                    work(writer, Interlocked.Increment(ref nextKey));
                    Count(writer, start, isMeasured);
                }
            }
            catch (Exception e)
            {
                failures[writer] = e;
                Volatile.Write(ref phase, 2);
            }
        })).ToArray();
        Array.ForEach(threads, t => t.Start());
        Time();
        Array.ForEach(threads, t => t.Join());
        if (failures.FirstOrDefault(f => f is not null) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void RunTasks(Func<int, long, Task> work)
    {
        var tasks = Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            try
            {
                while (Volatile.Read(ref phase) < 2)
                {
                    var isMeasured = Volatile.Read(ref phase) == 1;
                    var start = Stopwatch.GetTimestamp();
                    await work(writer, Interlocked.Increment(ref nextKey));
                    Count(writer, start, isMeasured);
                }
            }
            finally
            {
                // When one fails all stop.
                Volatile.Write(ref phase, 2);
            }
        })).ToArray();
        Time();
        Task.WhenAll(tasks).GetAwaiter().GetResult();
    }

    public List<Metric> ToMetrics()
        => [new("commits", measured / elapsed.TotalSeconds, "1/s"), .. LatencyLog.Merge(logs).ToMetrics(), new("CPU/commit", processorTime.TotalMicroseconds / measured, "µs")];

    /// <summary>The rate counts what returned within the measured time; the latencies are of what also began in it.</summary>
    private void Count(int writer, long start, bool isMeasured)
    {
        if (Volatile.Read(ref phase) != 1)
        {
            return;
        }

        Interlocked.Increment(ref measured);
        if (isMeasured)
        {
            logs[writer].Add(Stopwatch.GetTimestamp() - start);
        }
    }

    private void Time()
    {
        Thread.Sleep(s_warmUp);
        Started?.Invoke();
        var processorTimeBefore = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        Interlocked.CompareExchange(ref phase, 1, 0);
        Thread.Sleep(duration);
        Volatile.Write(ref phase, 2);
        elapsed = Stopwatch.GetElapsedTime(start);
        processorTime = Environment.CpuUsage.TotalTime - processorTimeBefore;
        Ended?.Invoke();
    }
}
