using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Reopening a database whose log no checkpoint has shortened.</summary>
internal sealed class RecoveryWorkload : Workload
{
    private const int Writers = 64;

    public override string Name => "recovery";

    public override string Description => "opening after a log of 768-d episodes was written without a checkpoint";

    protected override void Measure(RunOptions options, Section section)
    {
        var logSizeBytes = (options.LogMiB ?? (options.IsPartOfAll ? 256 : 1024)) * 1024L * 1024;
        var embeddings = Episodes.Embeddings(1024);
        MeasureLog(options, section, logSizeBytes, embeddings, isBulk: false);
        MeasureLog(options, section, logSizeBytes, embeddings, isBulk: true);
        section.Note("log sync, log read, apply: phases on the opening thread; reading ahead and checking run beside applying, and count only where it waited for them.");
        section.Note("Cold: the files are taken out of the system's page cache before; a virtual disk may still have them in its host's.");
    }

    private static void MeasureLog(RunOptions options, Section section, long logSizeBytes, float[][] embeddings, bool isBulk)
    {
        var path = options.NewPath("recovery.engram");
        var title = isBulk ? "500 rows a commit" : "1 row a commit";
        var rows = Write(path, embeddings, logSizeBytes, isBulk);
        for (var i = 0; i < 2; i++)
        {
            section.Add(Subject, $"{title}, warm", [.. Reopen(path, rows)]);
        }

        EngramConnection.ClearAllPools();
        if (PageCache.TryEvict(path))
        {
            section.Add(Subject, $"{title}, cold", [.. Reopen(path, rows)]);
        }
        else
        {
            section.Note("Cold: skipped, this system cannot take files out of its cache.");
        }

        EngramConnection.ClearAllPools();
        Directory.Delete(path, recursive: true);
    }

    private static long Write(string path, float[][] embeddings, long logSizeBytes, bool isBulk)
    {
        using var lease = new Held(EpisodeStore.OpenWithoutCheckpoints(path));
        using var connection = EpisodeStore.Open(path);
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        var rows = 0L;
        if (isBulk)
        {
            using var load = EpisodeStore.PrepareLoad(connection, embeddings);
            while (EpisodeStore.LogSizeBytes(connection) < logSizeBytes)
            {
                load.Run(rows + 1, 500);
                rows += 500;
            }

            return rows;
        }

        var tasks = Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            using var insert = new EpisodeInsert(EpisodeStore.Open(path), embeddings);
            while (EpisodeStore.LogSizeBytes(connection) < logSizeBytes)
            {
                for (var i = 0; i < 16; i++)
                {
                    await insert.RunAsync(Interlocked.Increment(ref rows));
                }
            }
        })).ToArray();
        Task.WaitAll(tasks);
        return rows;
    }

    private static List<Metric> Reopen(string path, long rows)
    {
        using var connection = new EngramConnection(EpisodeStore.ConnectionString(path));
        EngramConnection.ClearPool(connection);
        GC.Collect();
        var elapsed = Repetition.Once(connection.Open);
        var recovery = connection.LastRecovery!;
        Check("rows after recovery", rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        Check("the last row after recovery", Episodes.Content(rows), EpisodeStore.Scalar(connection, string.Create(CultureInfo.InvariantCulture, $"SELECT content FROM episode WHERE id = {rows}")));
        return
        [
            new("open", elapsed.TotalMilliseconds, "ms"),
            new("log", recovery.Bytes / 1048576.0, "MiB"),
            new("rate", recovery.Bytes / 1e9 / elapsed.TotalSeconds, "GB/s"),
            new("groups", recovery.Groups),
            new("rows", recovery.Rows),
            new("log sync", recovery.Phases.LogSync.TotalMilliseconds, "ms"),
            new("log read", recovery.Phases.LogRead.TotalMilliseconds, "ms"),
            new("apply", recovery.Phases.Apply.TotalMilliseconds, "ms"),
            new("rest", (recovery.Duration - recovery.Phases.LogSync - recovery.Phases.LogRead - recovery.Phases.Apply).TotalMilliseconds, "ms"),
        ];
    }
}
