using System.Globalization;
using System.Text;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Questions about all of a table of narrow rows, on one thread and on all: grouping, counting, and finding a hundred rows.</summary>
internal sealed class AnalyticsWorkload : Workload
{
    // Two hours of moments: with the confidence about a hundred rows of a million.
    private static readonly DateTimeOffset s_since = Episodes.FirstMoment.AddDays(3);
    private static readonly DateTimeOffset s_until = Episodes.FirstMoment.AddDays(3).AddMinutes(20);

    // All answers are text, so that they compare as one string; averages of floats are left to the sums.
    private static readonly (string Title, string Sql, string SqliteSql)[] s_questions =
    [
        ("count, avg, min, max by topic", "SELECT topic, count(*), avg(weight) > 0, min(confidence) > -1, max(weight) FROM fact GROUP BY topic ORDER BY topic",
            "SELECT topic, count(*), iif(avg(weight) > 0, 'True', 'False'), iif(min(confidence) > -1, 'True', 'False'), max(weight) FROM fact GROUP BY topic ORDER BY topic"),
        ("count where confidence > 0.7", "SELECT count(*) FROM fact WHERE confidence > 0.7::real", $"SELECT count(*) FROM fact WHERE confidence > {(double)0.7f:R}"),
        ("rows of twenty minutes and confidence >= 0.5", "SELECT id, weight FROM fact WHERE occurred_at >= @since AND occurred_at < @until AND confidence >= 0.5::real",
            $"SELECT id, weight FROM fact WHERE occurred_at >= {s_since.UtcTicks} AND occurred_at < {s_until.UtcTicks} AND confidence >= 0.5"),
        ("ten heaviest", "SELECT id, weight FROM fact ORDER BY weight DESC, id LIMIT 10", ""),
        ("joined by topic with itself, counted", "SELECT count(*) FROM fact AS a JOIN fact AS b ON b.id = a.weight WHERE a.confidence >= 0.9::real",
            $"SELECT count(*) FROM fact AS a JOIN fact AS b ON b.id = a.weight WHERE a.confidence >= {(double)0.9f:R}"),
    ];

    public override string Name => "analytics";

    public override string Description => "questions about all of a table of narrow rows, on one thread and on all";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 1_000_000;
        var duration = options.Duration ?? TimeSpan.FromSeconds(1);
        using var connection = EpisodeStore.Open(options.NewPath("analytics.engram"));
        Facts.Create(connection, rows);
        var sqlite = SqliteLibrary.TryLoad(options);
        using var peer = sqlite?.Open(options.NewPath("analytics.sqlite"));
        if (peer is not null)
        {
            peer.Execute(SqliteEpisodes.CreateFacts);
            SqliteEpisodes.LoadFacts(peer, rows);
        }

        foreach (var (title, sql, sqliteSql) in s_questions)
        {
            using var command = new EngramCommand(sql, connection);
            command.Parameters.Add(new EngramParameter("since", s_since));
            command.Parameters.Add(new EngramParameter("until", s_until));
            command.Prepare();
            EpisodeStore.Execute(connection, "SET max_parallelism = 1");
            var expected = Answer(command);
            var alone = Repetition.For(duration, _ => Answer(command), out var aloneAllocated);
            section.Add(Subject, $"{title}: one thread", [.. alone.ToMicroseconds(), new("allocated", aloneAllocated, "B")]);
            EpisodeStore.Execute(connection, "SET max_parallelism TO DEFAULT");
            Check($"the answer to '{title}' on all threads", Answer(command), expected);
            var all = Repetition.For(duration, _ => Answer(command), out var allocated);
            section.Add(Subject, $"{title}: all threads", [.. all.ToMicroseconds(), new("allocated", allocated, "B")]);
            if (peer is not null)
            {
                using var statement = peer.Prepare(sqliteSql.Length == 0 ? sql : sqliteSql);
                Check($"the answer to '{title}' beside SQLite's", Answer(statement), expected);
                section.Add(peer.Library.Title, title, [.. Repetition.For(duration, _ => Answer(statement), out var _).ToMicroseconds()]);
            }
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows, checkpointed, in memory; no index but the primary key; {Environment.ProcessorCount} processors. Engram.Data through ADO.NET."));
        section.Note(SqliteLibrary.NoteOn(sqlite, options));
    }

    private static string Answer(EngramCommand command)
    {
        var text = new StringBuilder();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            for (var i = 0; i < reader.FieldCount; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{reader.GetValue(i)} ");
            }
        }

        return text.ToString();
    }

    private static string Answer(SqliteStatement statement)
    {
        var text = new StringBuilder();
        while (statement.Step())
        {
            for (var i = 0; i < statement.ColumnCount; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{statement.Text(i)} ");
            }
        }

        return text.ToString();
    }
}
