using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Loading many rows through ADO.NET.</summary>
internal sealed class LoadWorkload : Workload
{
    private const int RowsPerCommit = 500;

    public override string Name => "load";

    public override string Description => "bulk insert by statements of 500 rows (narrow: 1,000) with parameters, and by EngramBulkCopy";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? (options.IsPartOfAll ? 20_000 : 100_000);
        var narrowRows = rows * 5;
        var embeddings = Episodes.Embeddings(4096);
        var sqlite = SqliteLibrary.TryLoad(options);
        foreach (var inOneTransaction in new[] { false, true })
        {
            var title = $"768-d, {(inOneTransaction ? "one transaction" : "a commit every 500 rows")}";
            var path = options.NewPath("load.engram");
            using (var connection = EpisodeStore.Open(path))
            {
                EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
                using var load = EpisodeStore.PrepareLoad(connection, embeddings, RowsPerCommit);
                var elapsed = Repetition.Once(() => load.Run(rows, inOneTransaction));
                Check("rows loaded", (long)rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
                section.Add(Subject, title, [.. Rate(rows, elapsed), new("embeddings", rows * 4.0 * Episodes.Dimensions / 1e6 / elapsed.TotalSeconds, "MB/s")]);
                section.Add(Subject, "   then its checkpoint", new Metric("elapsed", Repetition.Once(() => EpisodeStore.Execute(connection, "CHECKPOINT")).TotalSeconds, "s"));
            }

            if (sqlite is not null)
            {
                using var connection = sqlite.Open(options.NewPath("load.sqlite"));
                connection.Execute(SqliteEpisodes.CreateTable);
                var elapsed = Repetition.Once(() => SqliteEpisodes.Load(connection, embeddings, rows, inOneTransaction ? rows : RowsPerCommit));
                Check("rows loaded (SQLite)", rows, connection.ScalarInt64("SELECT count(*) FROM episode"));
                section.Add(sqlite.Title, title, [.. Rate(rows, elapsed), new("embeddings", rows * 4.0 * Episodes.Dimensions / 1e6 / elapsed.TotalSeconds, "MB/s")]);
            }
        }

        BulkCopy(options, section, rows, embeddings);
        LoadNarrow(options, section, narrowRows, sqlite);
        section.Note("SQLite inserts rows one by one with a prepared statement, which is its fastest way.");
        section.Note(SqliteLibrary.NoteOn(sqlite, options));
    }

    /// <summary>Segments are written beside the log, so that no checkpoint has to follow.</summary>
    private static void BulkCopy(RunOptions options, Section section, int rows, float[][] embeddings)
    {
        using var connection = EpisodeStore.Open(options.NewPath("load.engram"));
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        using var copy = new EngramBulkCopy(connection, "episode");
        var row = new object?[EpisodeStore.Columns.Length];
        var elapsed = Repetition.Once(() => copy.WriteToServer(Enumerable.Range(1, rows).Select(key =>
        {
            row[0] = (long)key;
            row[1] = Episodes.Content(key);
            row[2] = Episodes.Moment(key);
            row[3] = Episodes.Confidence(key);
            row[4] = embeddings[key % embeddings.Length];
            return row;
        })));
        Check("rows loaded", (long)rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        Check("the last row", Episodes.Content(rows), EpisodeStore.Scalar(connection, string.Create(CultureInfo.InvariantCulture, $"SELECT content FROM episode WHERE id = {rows}")));
        section.Add(Subject, "768-d, EngramBulkCopy", [.. Rate(rows, elapsed), new("embeddings", rows * 4.0 * Episodes.Dimensions / 1e6 / elapsed.TotalSeconds, "MB/s")]);
    }

    private static void LoadNarrow(RunOptions options, Section section, int rows, SqliteLibrary? sqlite)
    {
        using (var connection = EpisodeStore.Open(options.NewPath("load.engram")))
        {
            EpisodeStore.Execute(connection, Facts.CreateTable);
            using var load = Facts.PrepareLoad(connection);
            var elapsed = Repetition.Once(() => load.Run(rows, inOneTransaction: true));
            Check("rows loaded", (long)rows, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM fact")!);
            section.Add(Subject, "narrow, one transaction", [.. Rate(rows, elapsed)]);
        }

        if (sqlite is not null)
        {
            using var connection = sqlite.Open(options.NewPath("load.sqlite"));
            connection.Execute(SqliteEpisodes.CreateFacts);
            var elapsed = Repetition.Once(() => SqliteEpisodes.LoadFacts(connection, rows));
            section.Add(sqlite.Title, "narrow, one transaction", [.. Rate(rows, elapsed)]);
        }
    }

    private static Metric[] Rate(int rows, TimeSpan elapsed) => [new("rows", rows), new("elapsed", elapsed.TotalSeconds, "s"), new("rate", rows / elapsed.TotalSeconds, "rows/s")];
}
