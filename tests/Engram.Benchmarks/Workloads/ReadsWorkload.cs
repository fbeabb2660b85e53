using System.Globalization;
using System.Text;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Data;

namespace Engram.Benchmarks.Workloads;

/// <summary>Reading narrow rows: one by its key, and all of them.</summary>
internal sealed class ReadsWorkload : Workload
{
    private static readonly DateTimeOffset s_since = Episodes.FirstMoment.AddDays(3);
    private static readonly DateTimeOffset s_until = Episodes.FirstMoment.AddDays(5);

    // The same question in both dialects; all answers are text, so that they compare as one string.
    private static readonly (string Title, string Sql, string SqliteSql)[] s_scans =
    [
        ("count", "SELECT count(*) FROM fact", ""),
        ("filter: confidence >= 0.9", "SELECT count(*), sum(weight) FROM fact WHERE confidence >= 0.9::real", $"SELECT count(*), sum(weight) FROM fact WHERE confidence >= {(double)0.9f:R}"),
        ("group by topic", "SELECT topic, count(*), sum(weight) FROM fact GROUP BY topic ORDER BY topic", ""),
        ("two days and confidence >= 0.7", "SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= @since AND occurred_at < @until AND confidence >= 0.7::real",
            $"SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= {s_since.UtcTicks} AND occurred_at < {s_until.UtcTicks} AND confidence >= {(double)0.7f:R}"),
        ("newest ten above 0.5", "SELECT id FROM fact WHERE confidence >= 0.5::real ORDER BY occurred_at DESC, id DESC LIMIT 10",
            "SELECT id FROM fact WHERE confidence >= 0.5 ORDER BY occurred_at DESC, id DESC LIMIT 10"),
    ];

    public override string Name => "reads";

    public override string Description => "one row by its key; all of a table of narrow rows (numbers and a time)";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 1_000_000;
        var duration = options.Duration ?? TimeSpan.FromSeconds(1);
        using var connection = EpisodeStore.Open(options.NewPath("reads.engram"));
        Facts.Create(connection, rows);
        var sqlite = SqliteLibrary.TryLoad(options);
        using var peer = sqlite?.Open(options.NewPath("reads.sqlite"));
        if (peer is not null)
        {
            peer.Execute(SqliteEpisodes.CreateFacts);
            SqliteEpisodes.LoadFacts(peer, rows);
        }

        PointReads(section, connection, peer, rows, duration);
        foreach (var (title, sql, sqliteSql) in s_scans)
        {
            using var command = new EngramCommand(sql, connection);
            command.Parameters.Add(new EngramParameter("since", s_since));
            command.Parameters.Add(new EngramParameter("until", s_until));
            command.Prepare();
            var answer = "";
            var log = Repetition.For(duration, _ => answer = Answer(command), out var allocated);
            section.Add(Subject, title, [.. log.ToMicroseconds(), new("allocated", allocated, "B")]);
            if (peer is not null)
            {
                using var statement = peer.Prepare(sqliteSql.Length == 0 ? sql : sqliteSql);
                Check($"the answer to '{title}' beside SQLite's", Answer(statement), answer);
                section.Add(peer.Library.Title, title, [.. Repetition.For(duration, _ => Answer(statement), out var _).ToMicroseconds()]);
            }
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows, checkpointed, in memory; no index but the primary key. Engram.Data through ADO.NET."));
        section.Note(SqliteLibrary.NoteOn(sqlite, options));
    }

    private static void PointReads(Section section, EngramConnection connection, SqliteConnection? peer, int rows, TimeSpan duration)
    {
        using var command = new EngramCommand("SELECT id, topic, weight, confidence FROM fact WHERE id = @id", connection);
        var parameter = new EngramParameter("id", 1L);
        command.Parameters.Add(parameter);
        command.Prepare();
        var log = Repetition.For(duration, number =>
        {
            var key = Key(number, rows);
            parameter.Value = key;
            using var reader = command.ExecuteReader();
            if (!reader.Read() || reader.GetInt64(0) != key || reader.GetInt32(1) != Facts.Topic(key) || reader.GetInt64(2) != Facts.Weight(key) || reader.GetFloat(3) != Episodes.Confidence(key))
            {
                throw new WrongAnswerException($"row {key}");
            }
        }, out var allocated);
        section.Add(Subject, "by key", [.. log.ToMicroseconds(), new("allocated", allocated, "B")]);
        if (peer is null)
        {
            return;
        }

        using var statement = peer.Prepare("SELECT id, topic, weight, confidence FROM fact WHERE id = ?1");
        var peerLog = Repetition.For(duration, number =>
        {
            var key = Key(number, rows);
            statement.Bind(1, key);
            if (!statement.Step() || statement.Int64(0) != key || statement.Int64(1) != Facts.Topic(key) || statement.Int64(2) != Facts.Weight(key) || (float)statement.Double(3) != Episodes.Confidence(key))
            {
                throw new WrongAnswerException($"row {key} (SQLite)");
            }

            statement.Reset();
        }, out _);
        section.Add(peer.Library.Title, "by key", [.. peerLog.ToMicroseconds()]);
    }

    /// <summary>All over the table, without the cost of a random generator.</summary>
    private static long Key(int number, int rows) => (long)((uint)number * 2_654_435_761UL % (ulong)rows) + 1;

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
