using System.Diagnostics;

namespace Engram.Benchmarks.Measuring;

/// <summary>One thing done again and again on one thread.</summary>
internal static class Repetition
{
    /// <summary>Repeats for a while, after a third of that while as warm-up.</summary>
    /// <param name="allocated">Bytes allocated on this thread for each.</param>
    public static LatencyLog For(TimeSpan duration, Action<int> work, out double allocated)
    {
        var log = new LatencyLog();
        var number = 0;
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration / 3;)
        {
            work(number++);
        }

        var bytesBefore = GC.GetAllocatedBytesForCurrentThread();
        var first = number;
        for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
        {
            var before = Stopwatch.GetTimestamp();
            work(number++);
            log.Add(Stopwatch.GetTimestamp() - before);
        }

        // The log of latencies grows itself too, rarely: that is within the error.
        allocated = (GC.GetAllocatedBytesForCurrentThread() - bytesBefore) / (double)(number - first);
        return log;
    }

    /// <summary>Repeats a number of times, after one time that is not counted.</summary>
    public static LatencyLog Times(int count, Action work)
    {
        var log = new LatencyLog();
        for (var i = 0; i <= count; i++)
        {
            var before = Stopwatch.GetTimestamp();
            work();
            if (i > 0)
            {
                log.Add(Stopwatch.GetTimestamp() - before);
            }
        }

        return log;
    }

    /// <summary>Repeats several things in turns, so that their ratio is of the same moments, after half as many turns that are not counted: the first ones run code that is not optimized yet.</summary>
    public static LatencyLog[] InTurns(int count, params Action[] works)
    {
        var logs = Array.ConvertAll(works, _ => new LatencyLog());
        for (var turn = -count / 2; turn < count; turn++)
        {
            for (var i = 0; i < works.Length; i++)
            {
                var before = Stopwatch.GetTimestamp();
                works[i]();
                if (turn >= 0)
                {
                    logs[i].Add(Stopwatch.GetTimestamp() - before);
                }
            }
        }

        return logs;
    }

    public static TimeSpan Once(Action work)
    {
        var before = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(before);
    }
}
