using System.Data.Common;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Engram.Benchmarks.Peers;

/// <summary>EF Core's <c>SaveChanges</c> over each provider: a new context, so many new entities with keys of the database, one durable commit; over a connection that stays open.</summary>
internal static class SavingPeers
{
    public static void Run(PeerData data, RunOptions options, Comparison comparison, string? postgres)
    {
        using (var connection = EpisodeStore.Open(options.NewPath("saving.engram")))
        {
            Measure(data, comparison, Comparison.Engram, connection, b => b.UseEngram(connection));
        }

        if (!options.WithPeers)
        {
            return;
        }

        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection(new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder { DataSource = options.NewPath("saving.sqlite"), Pooling = false }.ConnectionString))
        {
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = FULL");
            comparison.Introduce(Comparison.Sqlite, $"SQLite {connection.ServerVersion}");
            Measure(data, comparison, Comparison.Sqlite, connection, b => b.UseSqlite(connection));
        }

        if (postgres is not null)
        {
            using var connection = new NpgsqlConnection(postgres);
            connection.Open();
            Measure(data, comparison, Comparison.Postgres, connection, b => b.UseNpgsql(connection));
        }
    }

    private static void Measure(PeerData data, Comparison comparison, string subject, DbConnection connection, Func<DbContextOptionsBuilder<NoteContext>, DbContextOptionsBuilder> use)
    {
        var builder = new DbContextOptionsBuilder<NoteContext>();
        use(builder);
        using (var context = new NoteContext(builder.Options))
        {
            context.Database.ExecuteSqlRaw(context.Database.GenerateCreateScript());
        }

        var saved = 0L;
        foreach (var (task, count) in new[] { (PeerTask.SaveOne, 1), (PeerTask.SaveMany, 1000) })
        {
            var times = Repetition.For(TimeSpan.FromSeconds(data.Seconds), number =>
            {
                using var context = new NoteContext(builder.Options);
                for (var i = 0; i < count; i++)
                {
                    var key = ++saved;
                    context.Notes.Add(new Note { Content = Episodes.Content(key), OccurredAt = Episodes.Moment(key).UtcDateTime, Confidence = Episodes.Confidence(key), Topic = Facts.Topic(key), Weight = Facts.Weight(key) });
                }

                context.SaveChanges();
            }, out _).Percentiles(0.5, 0.99);
            using var check = new NoteContext(builder.Options);
            var found = check.Notes.LongCount();
            if (found != saved)
            {
                throw new WrongAnswerException($"{comparison.TitleOf(subject)}, {task}: {saved} entities were saved and {found} are there");
            }

            comparison.Take(subject, task, null, times[0].TotalMicroseconds, new Metric("P99", times[1].TotalMicroseconds, "µs"));
        }

        GC.KeepAlive(connection);
    }

    private static void Execute(Microsoft.Data.Sqlite.SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed class NoteContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Note> Notes => Set<Note>();
    }

    private sealed class Note
    {
        public long Id { get; set; }

        public required string Content { get; set; }

        public DateTime OccurredAt { get; set; }

        public float Confidence { get; set; }

        public int Topic { get; set; }

        public long Weight { get; set; }
    }
}
