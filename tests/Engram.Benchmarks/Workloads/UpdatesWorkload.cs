using System.Diagnostics;
using System.Globalization;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Changing one narrow column of rows that also have an embedding, and of every row of a table.</summary>
internal sealed class UpdatesWorkload : Workload
{
    private const int EpisodeCount = 10_000;

    public override string Name => "updates";

    public override string Description => "UPDATE of one narrow column, each acknowledged after its sync";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? (options.IsPartOfAll ? 200_000 : 1_000_000);
        var duration = options.Duration ?? TimeSpan.FromSeconds(2);
        var embeddings = Episodes.Embeddings(1024);
        var sqlite = SqliteLibrary.TryLoad(options);
        using var connection = EpisodeStore.Open(options.NewPath("updates.engram"));
        EpisodeStore.Execute(connection, EpisodeStore.CreateTable);
        EpisodeStore.Load(connection, embeddings, EpisodeCount);
        EpisodeStore.Execute(connection, "CHECKPOINT");
        using var peer = sqlite?.Open(options.NewPath("updates.sqlite"));
        if (peer is not null)
        {
            peer.Execute(SqliteEpisodes.CreateTable);
            SqliteEpisodes.Load(peer, embeddings, EpisodeCount, EpisodeCount);
        }

        foreach (var isSame in new[] { true, false })
        {
            var title = isSame ? "one row of 768-d episodes, the same again and again" : "one row of 768-d episodes, another each time";
            UpdateOne(section, connection, title, isSame, duration);
            if (peer is not null)
            {
                UpdateOne(section, peer, title, isSame, duration);
            }
        }

        UpdateOften(section, connection);
        UpdateAll(options, section, rows, sqlite);
        section.Note("record: bytes that a commit puts into the log; log: bytes written, since each sync writes whole blocks of 4 KiB.");
        section.Note(SqliteLibrary.NoteOn(sqlite, options));
    }

    private static void UpdateOne(Section section, EngramConnection connection, string title, bool isSame, TimeSpan duration)
    {
        using var command = new EngramCommand("UPDATE episode SET confidence = @confidence WHERE id = @id", connection);
        var confidence = new EngramParameter("confidence", null);
        var id = new EngramParameter("id", 1L);
        command.Parameters.Add(confidence);
        command.Parameters.Add(id);
        command.Prepare();
        var before = LogCounts.Of(connection);
        var last = (Key: 0L, Value: 0f);
        var log = Repetition.For(duration, number =>
        {
            last = (isSame ? 1 : number % EpisodeCount + 1, number % 997 / 997f);
            id.Value = last.Key;
            confidence.Value = last.Value;
            Check("rows updated", 1, command.ExecuteNonQuery());
        }, out var allocated);
        var after = LogCounts.Of(connection);
        Check("the last value", last.Value, (float)EpisodeStore.Scalar(connection, string.Create(CultureInfo.InvariantCulture, $"SELECT confidence FROM episode WHERE id = {last.Key}"))!);
        Check("rows", (long)EpisodeCount, (long)EpisodeStore.Scalar(connection, "SELECT count(*) FROM episode")!);
        var rate = 1 / log.Percentiles(0.5)[0].TotalSeconds;
        var commits = (double)(after.Commits - before.Commits);
        section.Add(Subject, title, [.. log.ToMicroseconds(), new("at P50", rate, "1/s"), new("record", (after.PayloadBytes - before.PayloadBytes) / commits, "B/row"), new("log", (after.Bytes - before.Bytes) / commits, "B/row"), new("allocated", allocated, "B")]);
    }

    private static void UpdateOne(Section section, SqliteConnection peer, string title, bool isSame, TimeSpan duration)
    {
        using var statement = peer.Prepare("UPDATE episode SET confidence = ?1 WHERE id = ?2");
        var log = Repetition.For(duration, number =>
        {
            statement.Bind(1, number % 997 / 997.0);
            statement.Bind(2, isSame ? 1L : number % EpisodeCount + 1);
            statement.Step();
        }, out _);
        var rate = 1 / log.Percentiles(0.5)[0].TotalSeconds;
        section.Add(peer.Library.Title, title, [.. log.ToMicroseconds(), new("at P50", rate, "1/s")]);
    }

    /// <summary>The first and the last tenth of many updates of one row, while a checkpoint comes only by itself.</summary>
    private static void UpdateOften(Section section, EngramConnection connection)
    {
        const int tenths = 10;
        const int each = 1_000;
        using var command = new EngramCommand("UPDATE episode SET confidence = @confidence WHERE id = 2", connection);
        command.Parameters.Add(new EngramParameter("confidence", null));
        command.Prepare();
        var medians = new TimeSpan[tenths];
        for (var tenth = 0; tenth < tenths; tenth++)
        {
            var log = new LatencyLog();
            for (var i = 0; i < each; i++)
            {
                command.Parameters[0].Value = ((tenth * each) + i) / (float)(tenths * each);
                var before = Stopwatch.GetTimestamp();
                Check("rows updated", 1, command.ExecuteNonQuery());
                log.Add(Stopwatch.GetTimestamp() - before);
            }

            medians[tenth] = log.Percentiles(0.5)[0];
        }

        Check("the last value", ((tenths * each) - 1) / (float)(tenths * each), (float)EpisodeStore.Scalar(connection, "SELECT confidence FROM episode WHERE id = 2")!);
        section.Add(Subject, "one row 10,000 times: the first 1,000", new Metric("P50", medians[0].TotalMicroseconds, "µs"));
        section.Add(Subject, "   the last 1,000", new Metric("P50", medians[^1].TotalMicroseconds, "µs"), new Metric("against the first", medians[^1] / medians[0]));
    }

    private static void UpdateAll(RunOptions options, Section section, int rows, SqliteLibrary? sqlite)
    {
        const string update = "UPDATE fact SET weight = weight + 1";
        const string sum = "SELECT sum(weight) FROM fact";
        var title = string.Create(CultureInfo.InvariantCulture, $"all of {rows:N0} narrow rows");
        var expected = 0L;
        for (var key = 1L; key <= rows; key++)
        {
            expected += Facts.Weight(key) + 1;
        }

        using (var connection = EpisodeStore.Open(options.NewPath("updates.engram")))
        {
            Facts.Create(connection, rows);
            var before = LogCounts.Of(connection);
            var elapsed = Repetition.Once(() => EpisodeStore.Execute(connection, update));
            var after = LogCounts.Of(connection);
            Check("the sum after the update", expected, Convert.ToInt64(EpisodeStore.Scalar(connection, sum), CultureInfo.InvariantCulture));
            section.Add(Subject, title, new("elapsed", elapsed.TotalMilliseconds, "ms"), new("rate", rows / elapsed.TotalSeconds, "rows/s"), new("log", (after.Bytes - before.Bytes) / (double)rows, "B/row"));
            section.Add(Subject, "   then its checkpoint", new Metric("elapsed", Repetition.Once(() => EpisodeStore.Execute(connection, "CHECKPOINT")).TotalMilliseconds, "ms"));
        }

        if (sqlite is not null)
        {
            using var peer = sqlite.Open(options.NewPath("updates.sqlite"));
            peer.Execute(SqliteEpisodes.CreateFacts);
            SqliteEpisodes.LoadFacts(peer, rows);
            var elapsed = Repetition.Once(() => peer.Execute(update));
            Check("the sum after the update (SQLite)", expected, peer.ScalarInt64(sum));
            section.Add(sqlite.Title, title, new("elapsed", elapsed.TotalMilliseconds, "ms"), new("rate", rows / elapsed.TotalSeconds, "rows/s"));
        }
    }
}
