using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Whether opening takes longer when there is more to open.</summary>
internal sealed class OpenLargeWorkload : Workload
{
    private const int OpenCount = 7;
    private const int SmallMiB = 10;

    public override string Name => "open-large";

    public override string Description => "cold opening of a large database of 768-d episodes against one of 10 MiB, both checkpointed";

    protected override void Measure(RunOptions options, Section section)
    {
        var largeMiB = options.DataMiB ?? (options.IsPartOfAll ? 256 : 1024);
        var embeddings = Episodes.Embeddings(1024);
        var small = Fill(options, embeddings, SmallMiB);
        var large = Fill(options, embeddings, largeMiB);
        foreach (var isCold in new[] { false, true })
        {
            var (smallLog, largeLog) = (new LatencyLog(), new LatencyLog());
            var phases = new List<EngramRecoveryPhases>();

            // In turns, so that both meet the same machine.
            for (var i = 0; i <= OpenCount; i++)
            {
                var (a, b) = (Open(small, isCold), Open(large, isCold));
                if (a is null || b is null)
                {
                    section.Note("Out of the page cache: skipped, this system cannot take files out of its cache.");
                    return;
                }

                if (i > 0)
                {
                    smallLog.Add(a.Value.Ticks);
                    largeLog.Add(b.Value.Ticks);
                    phases.Add(b.Value.Phases);
                }
            }

            var title = isCold ? "out of the page cache" : "in the page cache";
            var (s, l) = (smallLog.Percentiles(0.5)[0], largeLog.Percentiles(0.5)[0]);
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{SmallMiB} MiB, {title}"), [.. smallLog.ToBestAndMedian()]);
            section.Add(Subject, string.Create(CultureInfo.InvariantCulture, $"{largeMiB:N0} MiB, {title}"),
                [.. largeLog.ToBestAndMedian(), new("longer by", (l - s).TotalMilliseconds, "ms"), new("manifest", Median(phases, p => p.Manifest), "ms"), new("segments", Median(phases, p => p.Segments), "ms"),
                new("log", Median(phases, p => p.LogSync + p.LogRead + p.Apply + p.LogStart), "ms"), new("cleanup", Median(phases, p => p.Cleanup), "ms")]);
        }

        section.Note("Cold: the database is closed in this process too, and the code is compiled already. Each opening is followed by a count and by one row read by its key, which are checked and not timed. Phases are medians of LastRecovery.Phases.");
    }

    private static double Median(List<EngramRecoveryPhases> phases, Func<EngramRecoveryPhases, TimeSpan> of)
        => phases.Select(p => of(p).TotalMilliseconds).Order().ElementAt(phases.Count / 2);

    private static (string Path, long Rows) Fill(RunOptions options, float[][] embeddings, int sizeMiB)
    {
        var path = options.NewPath("large.engram");
        var rows = (long)sizeMiB * 1048576 / (4 * Episodes.Dimensions) / 500 * 500;
        using var connection = EpisodeStore.Open(path);
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, embeddings, rows);
        EpisodeStore.Execute(connection, "CHECKPOINT");
        return (path, rows);
    }

    private static (long Ticks, EngramRecoveryPhases Phases)? Open((string Path, long Rows) database, bool isCold)
    {
        using var connection = new EngramConnection(EpisodeStore.ConnectionString(database.Path));
        EngramConnection.ClearPool(connection);
        if (isCold && !PageCache.TryEvict(database.Path))
        {
            return null;
        }

        var elapsed = Repetition.Once(connection.Open);
        Check("rows", database.Rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        Check("the last row", Episodes.Content(database.Rows), EpisodeStore.Scalar(connection, string.Create(CultureInfo.InvariantCulture, $"SELECT content FROM episode WHERE id = {database.Rows}")));
        return ((long)(elapsed.TotalSeconds * System.Diagnostics.Stopwatch.Frequency), connection.LastRecovery!.Phases);
    }
}
