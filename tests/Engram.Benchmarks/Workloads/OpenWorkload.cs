using System.Diagnostics;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Opening a connection: to a database that the process has just closed, and to one that no process has open.</summary>
internal sealed class OpenWorkload : Workload
{
    public override string Name => "open";

    public override string Description => "opening a connection and closing it again";

    protected override void Measure(RunOptions options, Section section)
    {
        var path = options.NewPath("open.engram");
        var embeddings = Episodes.Embeddings(256);
        EpisodeStore.Create(path);
        using (var connection = EpisodeStore.Open(path))
        {
            EpisodeStore.Load(connection, embeddings, 10_000);
            EpisodeStore.Execute(connection, "CHECKPOINT");
        }

        var duration = options.Duration ?? TimeSpan.FromSeconds(1);
        using (var reused = new EngramConnection(EpisodeStore.ConnectionString(path)))
        {
            var log = Repetition.For(duration, _ => OpenAndClose(reused), out var allocated);
            section.Add(Subject, "warm, same object", [.. log.ToMicroseconds(), new("allocated", allocated, "B")]);
        }

        var anew = Repetition.For(duration, _ =>
        {
            using var connection = new EngramConnection(EpisodeStore.ConnectionString(path));
            connection.Open();
        }, out var allocatedAnew);
        section.Add(Subject, "warm, new object", [.. anew.ToMicroseconds(), new("allocated", allocatedAnew, "B")]);

        section.Add(Subject, "cold, empty log", [.. OpenCold(path, 20, 10_000, out _).ToBestAndMedian()]);
        var full = options.NewPath("open.engram");
        EpisodeStore.Create(full);
        var rows = FillLog(full, embeddings, 64L * 1024 * 1024);
        section.Add(Subject, "cold, log of 64 MiB", [.. OpenCold(full, 5, rows, out var replayed).ToBestAndMedian(), new("replayed", replayed / 1048576.0, "MiB")]);
        section.Note("Cold: the database is closed in this process too, its files are in the system's page cache, and the code is compiled already.");
    }

    /// <summary>Opens and closes a database that nothing keeps warm; the opening is timed.</summary>
    private static LatencyLog OpenCold(string path, int count, long rows, out long replayedSizeBytes)
    {
        var log = new LatencyLog();
        replayedSizeBytes = 0;
        for (var i = 0; i <= count; i++)
        {
            using var connection = new EngramConnection(EpisodeStore.ConnectionString(path));
            EngramConnection.ClearPool(connection);
            var before = Stopwatch.GetTimestamp();
            connection.Open();
            var elapsed = Stopwatch.GetTimestamp() - before;
            if (i > 0)
            {
                log.Add(elapsed);
            }

            Check("rows after opening", rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
            replayedSizeBytes = connection.LastRecovery!.Bytes;
        }

        return log;
    }

    private static long FillLog(string path, float[][] embeddings, long sizeBytes)
    {
        using var lease = new Held(EpisodeStore.OpenWithoutCheckpoints(path));
        using var insert = new EpisodeInsert(EpisodeStore.Open(path), embeddings);
        using var connection = EpisodeStore.Open(path);
        var key = 0L;
        while (EpisodeStore.LogSizeBytes(connection) < sizeBytes)
        {
            for (var i = 0; i < 16; i++)
            {
                insert.Run(++key);
            }
        }

        return key;
    }

    private static void OpenAndClose(EngramConnection connection)
    {
        connection.Open();
        connection.Close();
    }
}
