using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Collections;

/// <summary>A number with a type of its own, which a converter stores.</summary>
public readonly record struct Mark(int Value);

public enum Grade
{
    Low,
    Middle,
    High,
}

/// <summary>Columns that are collections, and the scalars to ask them for.</summary>
public sealed class Shelf : IEntity
{
    public int Id { get; set; }

    public string Text { get; set; } = "";

    public string? MaybeText { get; set; }

    public int Int { get; set; }

    public int? MaybeInt { get; set; }

    public Mark Mark { get; set; }

    public Mark? MaybeMark { get; set; }

    public Grade Grade { get; set; }

    public string[] Texts { get; set; } = [];

    public int[] Ints { get; set; } = [];

    public DateTime[] Times { get; set; } = [];

    public bool[] Flags { get; set; } = [];

    public Grade[] Grades { get; set; } = [];

    public int?[] MaybeInts { get; set; } = [];

    public string?[] MaybeTexts { get; set; } = [];

    public List<long> Longs { get; set; } = [];

    public static List<Shelf> CreateRows()
    {
        var random = new Random(5);
        var day = new DateTime(2020, 1, 1, 12, 30, 0, DateTimeKind.Utc);
        return [.. Enumerable.Range(1, 24).Select(i => new Shelf
        {
            Id = i, Int = i % 6, Text = "t" + (i % 5), MaybeInt = i % 3 == 0 ? null : i % 7, MaybeText = i % 4 == 0 ? null : "t" + (i % 3), Mark = new Mark(i % 5), MaybeMark = i % 3 == 1 ? null : new Mark(i % 4), Grade = (Grade)(i % 3),
            Ints = [.. Enumerable.Range(0, i % 6).Select(_ => random.Next(8))], Texts = [.. Enumerable.Range(0, i % 5).Select(_ => "t" + random.Next(6))], Times = [.. Enumerable.Range(0, i % 4).Select(_ => day.AddDays(random.Next(5)))],
            Flags = [.. Enumerable.Range(0, i % 3).Select(_ => random.Next(2) == 0)], Grades = [.. Enumerable.Range(0, i % 4).Select(_ => (Grade)random.Next(3))], MaybeInts = [.. Enumerable.Range(0, i % 5).Select(_ => random.Next(3) == 0 ? (int?)null : random.Next(5))],
            MaybeTexts = [.. Enumerable.Range(0, i % 4).Select(_ => random.Next(3) == 0 ? null : "t" + random.Next(4))], Longs = [.. Enumerable.Range(0, i % 4).Select(_ => random.NextInt64(6))],
        })];
    }
}

public sealed class ShelfContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Shelf> Shelves => Set<Shelf>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
        => modelBuilder.Entity<Shelf>(s =>
        {
            s.Property(x => x.Id).ValueGeneratedNever();
            s.Property(x => x.Mark).HasConversion<MarkConverter>();
            s.Property(x => x.MaybeMark).HasConversion<MarkConverter>();
        });

    private sealed class MarkConverter() : ValueConverter<Mark, int>(m => m.Value, v => new Mark(v));
}

public sealed class ShelfFixture : OracleFixture<ShelfContext>
{
    public IQueryable<Shelf> InMemory { get; } = new NullSafeQuery<Shelf>(Shelf.CreateRows());

    protected override ShelfContext Create(DbContextOptions options) => new(options);

    protected override void Seed(ShelfContext context)
    {
        context.AddRange(Shelf.CreateRows());
        context.SaveChanges();
    }
}
