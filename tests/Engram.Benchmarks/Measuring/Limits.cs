using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Engram.Data.Storage.Files;

namespace Engram.Benchmarks.Measuring;

/// <summary>What the machine can do at most, measured in the same run as everything else, since virtual machines differ from hour to hour.</summary>
internal static class Limits
{
    private const int BlockSizeBytes = 4096;
    private const int FileSizeBytes = 4 * 1024 * 1024;

    public static Section Measure(string directory, TimeSpan duration)
    {
        var section = new Section("limits", "what this machine can do, in this run");
        section.Add("disk", "overwrite 4 KiB of zeros, sync", [.. SyncLatency(directory, duration)]);
        foreach (var threads in new[] { 1, 2 })
        {
            section.Add("memory", threads == 1 ? "read, 1 thread" : $"read, {threads} threads", new Metric("rate", ReadBandwidth(threads), "GB/s"));
        }

        if (Load() is { } load)
        {
            section.Note(string.Create(CultureInfo.InvariantCulture, $"Other work on the machine: {load:0.0} threads ready to run, on average over the last minute, on {Environment.ProcessorCount} cores. Above zero, figures are floors."));
        }

        return section;
    }

    /// <summary>The load average of one minute, where the system tells it.</summary>
    private static double? Load()
        => File.Exists("/proc/loadavg") && double.TryParse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture, out var load) ? load : null;

    /// <summary>Overwrites the blocks of a file that was written with zeros before, one after the other, with a sync after each.</summary>
    private static List<Metric> SyncLatency(string directory, TimeSpan duration)
    {
        using var disk = new DiskDirectory(Path.Combine(directory, "limits"));
        disk.CreateSubdirectory("");
        using var file = disk.Create("blocks");
        var bytes = new byte[1024 * 1024];
        for (var offset = 0L; offset < FileSizeBytes; offset += bytes.Length)
        {
            file.Write(offset, bytes);
        }

        file.Sync();
        Random.Shared.NextBytes(bytes);
        var latencies = new LatencyLog();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(start) < duration; i++)
        {
            var before = Stopwatch.GetTimestamp();
            file.Write((long)i * BlockSizeBytes % FileSizeBytes, bytes.AsSpan(i % 128 * BlockSizeBytes, BlockSizeBytes));
            file.Sync();
            latencies.Add(Stopwatch.GetTimestamp() - before);
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return [new("rate", latencies.Count / seconds, "1/s"), .. latencies.ToMetrics()];
    }

    /// <summary>The best of five passes over memory that is far larger than the caches, in GB (10^9 bytes) a second.</summary>
    private static unsafe double ReadBandwidth(int threads)
    {
        const long sizeBytes = 256L * 1024 * 1024;
        var buffers = Enumerable.Range(0, threads).Select(_ => (nint)NativeMemory.AlignedAlloc((nuint)sizeBytes, 64)).ToArray();
        try
        {
            foreach (var buffer in buffers)
            {
                new Span<byte>((void*)buffer, (int)sizeBytes).Fill(1);
            }

            var best = 0.0;
            for (var pass = 0; pass < 5; pass++)
            {
                var start = Stopwatch.GetTimestamp();
                Parallel.ForEach(buffers, new ParallelOptions { MaxDegreeOfParallelism = threads }, buffer => GC.KeepAlive(Fold((byte*)buffer, sizeBytes)));
                best = Math.Max(best, threads * sizeBytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
            }

            return best;
        }
        finally
        {
            foreach (var buffer in buffers)
            {
                NativeMemory.AlignedFree((void*)buffer);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static unsafe ulong Fold(byte* bytes, long length)
    {
        var a = Vector512<ulong>.Zero;
        var b = Vector512<ulong>.Zero;
        var c = Vector512<ulong>.Zero;
        var d = Vector512<ulong>.Zero;
        for (var end = bytes + length; bytes < end; bytes += 256)
        {
            a ^= Vector512.Load((ulong*)bytes);
            b ^= Vector512.Load((ulong*)(bytes + 64));
            c ^= Vector512.Load((ulong*)(bytes + 128));
            d ^= Vector512.Load((ulong*)(bytes + 192));
        }

        return Vector512.Sum(a ^ b ^ c ^ d);
    }
}
