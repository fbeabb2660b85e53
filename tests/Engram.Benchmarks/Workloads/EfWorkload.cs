using System.ComponentModel.DataAnnotations.Schema;
using System.Data.Common;
using System.Globalization;
using System.Runtime.InteropServices;
using Engram.Benchmarks.Engines;
using Engram.Benchmarks.Measuring;
using Microsoft.EntityFrameworkCore;

namespace Engram.Benchmarks.Workloads;

/// <summary>EF Core over the engine and over SQLite: one entity by its key, saving, and reading all of a table beside a hand-written reader loop.</summary>
internal sealed class EfWorkload : Workload
{
    private const int SavedAtOnce = 1000;

    public override string Name => "ef";

    public override string Description => "EF Core: a compiled query by key, SaveChanges of 1 and of 1,000 entities, ToList of all rows";

    protected override void Measure(RunOptions options, Section section)
    {
        var rows = options.Rows ?? 100_000;
        var duration = options.Duration ?? TimeSpan.FromSeconds(1);
        using (var connection = EpisodeStore.Open(options.NewPath("ef.engram")))
        {
            Measure(section, Subject, connection, new DbContextOptionsBuilder<EfContext>().UseEngram(connection).Options, rows, duration);
        }

        if (options.WithPeers)
        {
            using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={options.NewPath("ef.sqlite")};Pooling=False");
            connection.Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, "PRAGMA synchronous = FULL");
            Measure(section, $"SQLite {connection.ServerVersion}", connection, new DbContextOptionsBuilder<EfContext>().UseSqlite(connection).Options, rows, duration);
        }

        section.Note(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows of a text, a time and three numbers; connections stay open; nothing is tracked when reading. The 768-d embeddings of the last case are vector(768) here, and bytes in SQLite."));
    }

    private static void Measure(Section section, string subject, DbConnection connection, DbContextOptions options, int rows, TimeSpan duration)
    {
        using (var context = new EfContext(options))
        {
            foreach (var statement in context.Database.GenerateCreateScript().Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Execute(connection, statement);
            }

            for (var key = 1; key <= rows; key += SavedAtOnce)
            {
                context.AddRange(Enumerable.Range(key, Math.Min(SavedAtOnce, rows - key + 1)).Select(k => NewNote(k)));
                context.SaveChanges();
                context.ChangeTracker.Clear();
            }
        }

        // A compiled query belongs to one model, and so to one provider.
        var byKey = EF.CompileQuery((EfContext context, long id) => context.Notes.AsNoTracking().FirstOrDefault(n => n.Id == id));
        using (var context = new EfContext(options))
        {
            var log = Repetition.For(duration, number =>
            {
                var key = 1 + (number * 7919L % rows);
                if (byKey(context, key) is not { } note || note.Topic != Facts.Topic(key))
                {
                    throw new WrongAnswerException($"note {key}");
                }
            }, out var allocated);
            section.Add(subject, "compiled query by key", [.. log.ToMicroseconds(), new("allocated", allocated, "B")]);
        }

        ReadAll(section, subject, connection, options, rows);
        var saved = 0L;
        section.Add(subject, "SaveChanges, 1 entity", [.. Repetition.For(duration, _ => Save(options, 1, _ => NewNote(++saved)), out var _).ToMicroseconds()]);
        section.Add(subject, "SaveChanges, 1,000 entities", [.. Repetition.For(duration, _ => Save(options, SavedAtOnce, _ => NewNote(++saved)), out var _).ToMicroseconds()]);
        using (var check = new EfContext(options))
        {
            Check("notes saved", rows + saved, check.Notes.LongCount());
        }

        var embeddings = Episodes.Embeddings(64);
        section.Add(subject, "SaveChanges, 1,000 entities with 768-d embeddings",
            [.. Repetition.For(duration, _ => Save(options, SavedAtOnce, i => new Memory { Text = "memory", Embedding = embeddings[i % embeddings.Length] }), out var _).ToMicroseconds()]);
    }

    private static void ReadAll(Section section, string subject, DbConnection connection, DbContextOptions options, int rows)
    {
        const int times = 20;
        var logs = Repetition.InTurns(
            times,
            () =>
            {
                using var context = new EfContext(options);
                Check("rows", rows, context.Notes.AsNoTracking().ToListAsync().GetAwaiter().GetResult().Count);
            },
            () => Check("rows", rows, ReadByHand(connection).Count));
        section.Add(subject, "all rows, ToListAsync", [.. logs[0].ToMicroseconds()]);
        section.Add(subject, "all rows, a reader loop", [.. logs[1].ToMicroseconds()]);
    }

    private static List<Note> ReadByHand(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT \"Id\", \"Confidence\", \"Content\", \"OccurredAt\", \"Topic\", \"Weight\" FROM \"Notes\"";
        using var reader = command.ExecuteReader();
        var notes = new List<Note>();
        while (reader.Read())
        {
            notes.Add(new Note
            {
                Id = reader.GetInt64(0), Confidence = reader.GetFloat(1), Content = reader.GetString(2), OccurredAt = reader.GetDateTime(3), Topic = reader.GetInt32(4), Weight = reader.GetInt64(5),
            });
        }

        return notes;
    }

    private static void Save(DbContextOptions options, int count, Func<int, object> create)
    {
        using var context = new EfContext(options);
        for (var i = 0; i < count; i++)
        {
            context.Add(create(i));
        }

        context.SaveChanges();
    }

    private static Note NewNote(long key)
        => new() { Content = Episodes.Content(key), OccurredAt = Episodes.Moment(key).UtcDateTime, Confidence = Episodes.Confidence(key), Topic = Facts.Topic(key), Weight = Facts.Weight(key) };

    private static void Execute(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static byte[] ToBytes(float[] embedding) => MemoryMarshal.AsBytes(embedding.AsSpan()).ToArray();

    private static float[] ToFloats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private sealed class EfContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Note> Notes => Set<Note>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            var memory = modelBuilder.Entity<Memory>();
            if (!Database.IsEngram())
            {
                memory.Property(m => m.Embedding).HasColumnType("BLOB").HasConversion(v => ToBytes(v), v => ToFloats(v));
            }
        }
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

    private sealed class Memory
    {
        public long Id { get; set; }

        public required string Text { get; set; }

        [Column(TypeName = "vector(768)")]
        public required float[] Embedding { get; set; }
    }
}
