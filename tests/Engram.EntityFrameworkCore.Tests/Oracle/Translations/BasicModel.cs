using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Translations;

public enum Kind
{
    None,
    Good,
    Bad,
}

[Flags]
public enum Marks
{
    None = 0,
    One = 1,
    Two = 2,
    Eight = 8,
}

/// <summary>One property of every type whose members are translated.</summary>
public sealed class Basic : IEntity
{
    public int Id { get; set; }

    public string Text { get; set; } = "";

    public string? Maybe { get; set; }

    public char Letter { get; set; }

    public bool Flag { get; set; }

    public byte Byte { get; set; }

    public short Short { get; set; }

    public int Int { get; set; }

    public int? MaybeInt { get; set; }

    public long Long { get; set; }

    public ulong ULong { get; set; }

    public float Float { get; set; }

    public double Double { get; set; }

    public decimal Decimal { get; set; }

    public Guid Guid { get; set; }

    public DateTime Time { get; set; }

    public DateTime? MaybeTime { get; set; }

    public DateTimeOffset Instant { get; set; }

    public DateOnly Day { get; set; }

    public TimeOnly Clock { get; set; }

    public TimeSpan Span { get; set; }

    public byte[] Bytes { get; set; } = [];

    public Kind Kind { get; set; }

    public Kind Named { get; set; }

    public Kind? MaybeKind { get; set; }

    public Marks Marks { get; set; }

    public string Number { get; set; } = "";

    public static List<Basic> CreateRows()
    {
        var random = new Random(99);
        string[] texts = ["", " ", "a", "Seattle", "  Seattle ", "seattle", "100%_\\x", "naïve Ünïcödé", "aXbXc", "xaab", "bab🙂", "\tTab\n", "O'Brien", "ends with a"];
        var rows = new List<Basic>();
        for (var i = 1; i <= 60; i++)
        {
            var text = texts[i % texts.Length];
            var number = (random.Next(-4000, 4000) / 8m) + (i % 3 == 0 ? 0.5m : 0);
            var time = new DateTime(1998, 5, 4, 15, 30, 10).AddDays(random.Next(-4000, 4000)).AddTicks(i % 4 == 0 ? 0 : random.NextInt64(TimeSpan.TicksPerDay));
            rows.Add(new Basic
            {
                Id = i, Text = text, Maybe = i % 5 == 0 ? null : texts[random.Next(texts.Length)], Letter = "aZ%é9"[i % 5], Flag = i % 3 == 1, Byte = (byte)random.Next(256), Short = (short)random.Next(-300, 300),
                Int = random.Next(-20, 21), MaybeInt = i % 4 == 0 ? null : random.Next(-9, 9), Long = random.NextInt64(-5_000_000_000, 5_000_000_000), ULong = i % 7 == 0 ? ulong.MaxValue - (ulong)i : (ulong)i,
                Float = (float)random.Next(-100, 100) / 4, Double = (double)number / 3, Decimal = number, Guid = new Guid(i, (short)i, 7, [1, 2, 3, 4, 5, 6, 7, (byte)i]), Time = time, MaybeTime = i % 6 == 0 ? null : time.AddHours(i),
                Instant = new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Unspecified), TimeSpan.FromMinutes(30 * (i % 7 - 3))), Day = DateOnly.FromDateTime(time), Clock = TimeOnly.FromDateTime(time),
                Span = new TimeSpan(random.NextInt64(-TimeSpan.TicksPerDay * 40, TimeSpan.TicksPerDay * 40)), Bytes = [.. Enumerable.Range(0, i % 5).Select(_ => (byte)random.Next(4)), .. new byte[i % 10 == 9 ? 56 : 0]], Kind = (Kind)(i % 3), Named = (Kind)(i % 3),
                MaybeKind = i % 4 == 0 ? null : (Kind)(i % 3), Marks = (Marks)(i % 4 | (i % 5 == 0 ? 8 : 0)), Number = (random.Next(-100, 100)).ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        return rows;
    }
}

public sealed class BasicContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Basic> Basics => Set<Basic>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Basic>().Property(b => b.Id).ValueGeneratedNever();
        modelBuilder.Entity<Basic>().Property(b => b.Named).HasConversion<string>();
    }
}

public sealed class BasicFixture : OracleFixture<BasicContext>
{
    public IQueryable<Basic> InMemory { get; } = new NullSafeQuery<Basic>(Basic.CreateRows());

    protected override BasicContext Create(DbContextOptions options) => new(options);

    protected override void Seed(BasicContext context)
    {
        context.AddRange(Basic.CreateRows());
        context.SaveChanges();
    }
}
