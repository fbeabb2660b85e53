using Engram.EntityFrameworkCore.Tests.Oracle.Harness;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Oracle.Nulls;

/// <summary>A row with what may and may not be null, of each type that is compared in its own way.</summary>
public sealed class Fact : IEntity
{
    public int Id { get; set; }

    public bool B1 { get; set; }

    public bool B2 { get; set; }

    public bool? N1 { get; set; }

    public bool? N2 { get; set; }

    public int I1 { get; set; }

    public int? M1 { get; set; }

    public int? M2 { get; set; }

    public string S1 { get; set; } = "";

    public string? T1 { get; set; }

    public string? T2 { get; set; }

    public static List<Fact> CreateRows()
    {
        bool?[] flags = [null, false, true];
        int?[] numbers = [null, 0, 1];
        string?[] texts = [null, "", "Foo"];
        return [.. Enumerable.Range(0, 27).Select(i => new Fact
        {
            Id = i + 1, B1 = i % 2 == 0, B2 = i % 4 < 2, N1 = flags[i % 3], N2 = flags[i / 3 % 3], I1 = i % 3, M1 = numbers[i % 3], M2 = numbers[i / 3 % 3], S1 = i % 2 == 0 ? "Foo" : "", T1 = texts[i / 9], T2 = texts[i / 3 % 3],
        })];
    }
}

public sealed class FactContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Fact> Facts => Set<Fact>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Fact>().Property(f => f.Id).ValueGeneratedNever();
}

public sealed class FactFixture : OracleFixture<FactContext>
{
    public IQueryable<Fact> InMemory { get; } = new NullSafeQuery<Fact>(Fact.CreateRows());

    protected override FactContext Create(DbContextOptions options) => new(options);

    protected override void Seed(FactContext context)
    {
        context.AddRange(Fact.CreateRows());
        context.SaveChanges();
    }
}
