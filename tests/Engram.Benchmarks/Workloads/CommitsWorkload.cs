using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Durable commits of one episode each, by writers that have a connection each.</summary>
internal sealed class CommitsWorkload : Workload
{
    public override string Name => "commits";

    public override string Description => "durable commits of one row with a 768-d embedding, each acknowledged after its sync";

    protected override void Measure(RunOptions options, Section section)
    {
        var duration = options.Duration ?? TimeSpan.FromSeconds(options.IsPartOfAll ? 2 : 4);
        var embeddings = Episodes.Embeddings(1024);
        var sqlite = SqliteLibrary.TryLoad(options);
        foreach (var writers in options.Writers)
        {
            section.Add(Subject, Title(writers, "threads, sync"), [.. RunEngram(options, embeddings, writers, duration, isAsync: false)]);
            section.Add(Subject, Title(writers, "tasks, async"), [.. RunEngram(options, embeddings, writers, duration, isAsync: true)]);
            if (sqlite is not null)
            {
                section.Add(sqlite.Title, Title(writers, "threads, sync"), [.. RunSqlite(options, sqlite, embeddings, writers, duration)]);
            }
        }

        section.Note(SqliteLibrary.NoteOn(sqlite, options));
    }

    private static string Title(int writers, string how) => $"{writers} {(writers == 1 ? "writer" : "writers")}, {how}";

    private static List<Metric> RunEngram(RunOptions options, float[][] embeddings, int writers, TimeSpan duration, bool isAsync)
    {
        var path = options.NewPath("commits.engram");
        EpisodeStore.Create(path);
        var race = new Race(writers, duration);
        var metrics = Run(race, path, embeddings, writers, isAsync);

        // Once more after the log was read back, which is what durable means short of a power cut.
        using var reopened = new EngramConnection(EpisodeStore.ConnectionString(path));
        EngramConnection.ClearPool(reopened);
        reopened.Open();
        Check("rows after reopening", race.KeyCount, (long)EpisodeStore.Scalar(reopened, "SELECT count(*) FROM episode")!);
        return metrics;
    }

    private static List<Metric> Run(Race race, string path, float[][] embeddings, int writers, bool isAsync)
    {
        using var first = EpisodeStore.Open(path);
        var connections = Enumerable.Range(0, writers).Select(_ => new EpisodeInsert(EpisodeStore.Open(path), embeddings)).ToArray();
        try
        {
            var before = default(LogCounts);
            var after = default(LogCounts);
            race.Started = () => before = LogCounts.Of(first);
            race.Ended = () => after = LogCounts.Of(first);
            if (isAsync)
            {
                race.RunTasks((writer, key) => connections[writer].RunAsync(key));
            }
            else
            {
                race.RunThreads((writer, key) => connections[writer].Run(key));
            }

            Check("rows after the run", race.KeyCount, (long)EpisodeStore.Scalar(first, "SELECT count(*) FROM episode")!);
            return [.. race.ToMetrics(), new("syncs/commit", (after.Syncs - before.Syncs) / (double)(after.Commits - before.Commits))];
        }
        finally
        {
            foreach (var connection in connections)
            {
                connection.Dispose();
            }
        }
    }

    private static List<Metric> RunSqlite(RunOptions options, SqliteLibrary sqlite, float[][] embeddings, int writers, TimeSpan duration)
    {
        var path = options.NewPath("commits.sqlite");
        using var first = sqlite.Open(path);
        first.Execute(SqliteEpisodes.CreateTable);
        var inserts = Enumerable.Range(0, writers).Select(_ => new SqliteEpisodeInsert(sqlite.Open(path), embeddings)).ToArray();
        try
        {
            var race = new Race(writers, duration);
            race.RunThreads((writer, key) => inserts[writer].Run(key));
            Check("rows after the run (SQLite)", race.KeyCount, first.ScalarInt64("SELECT count(*) FROM episode"));
            return race.ToMetrics();
        }
        finally
        {
            foreach (var insert in inserts)
            {
                insert.Dispose();
            }
        }
    }
}
