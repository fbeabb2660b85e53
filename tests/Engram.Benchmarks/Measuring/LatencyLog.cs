using System.Diagnostics;

namespace Engram.Benchmarks.Measuring;

/// <summary>Every single latency of a run, so that the percentiles are exact. One writer each; merged afterwards.</summary>
internal sealed class LatencyLog
{
    private long[] ticks = new long[1 << 16];

    public int Count { get; private set; }

    public void Add(long elapsedTicks)
    {
        if (Count == ticks.Length)
        {
            Array.Resize(ref ticks, ticks.Length * 2);
        }

        ticks[Count++] = elapsedTicks;
    }

    public void Clear() => Count = 0;

    public static LatencyLog Merge(IEnumerable<LatencyLog> logs)
    {
        var merged = new LatencyLog();
        foreach (var log in logs)
        {
            for (var i = 0; i < log.Count; i++)
            {
                merged.Add(log.ticks[i]);
            }
        }

        return merged;
    }

    /// <summary>Sorts, then reads percentiles off by nearest rank.</summary>
    public TimeSpan[] Percentiles(params double[] ranks)
    {
        if (Count == 0)
        {
            return [.. ranks.Select(_ => TimeSpan.Zero)];
        }

        Array.Sort(ticks, 0, Count);
        return [.. ranks.Select(rank => Stopwatch.GetElapsedTime(0, ticks[Math.Clamp((int)Math.Ceiling(rank * Count) - 1, 0, Count - 1)]))];
    }

    /// <summary>P50, P99 and P999 in milliseconds.</summary>
    public IEnumerable<Metric> ToMetrics()
    {
        var found = Percentiles(0.5, 0.99, 0.999);
        return [new("P50", found[0].TotalMilliseconds, "ms"), new("P99", found[1].TotalMilliseconds, "ms"), new("P999", found[2].TotalMilliseconds, "ms")];
    }

    /// <summary>P50 and P99 in microseconds, for what takes some.</summary>
    public IEnumerable<Metric> ToMicroseconds()
    {
        var found = Percentiles(0.5, 0.99);
        return [new("P50", found[0].TotalMicroseconds, "µs"), new("P99", found[1].TotalMicroseconds, "µs")];
    }

    /// <summary>The fastest and the median in milliseconds, for what is repeated a few times only.</summary>
    public IEnumerable<Metric> ToBestAndMedian()
    {
        var found = Percentiles(0, 0.5);
        return [new("best", found[0].TotalMilliseconds, "ms"), new("median", found[1].TotalMilliseconds, "ms")];
    }
}
