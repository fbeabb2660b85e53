using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Bulk loads of entities: the rows are those that SaveChanges would have written.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly TestDatabase database = new();

    public ImportTests()
    {
        using var db = CreateContext();
        db.Database.EnsureCreated();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Entities_are_imported_with_converters_owned_values_references_and_generated_keys()
    {
        await using var db = CreateContext();
        var box = new Box { Name = "box" };
        db.Add(box);
        await db.SaveChangesAsync();
        var things = Enumerable.Range(0, 3000).Select(i => new Thing
        {
            Kind = (Kind)(i % 2), Size = new Size { Width = i, Height = i * 2 }, Box = i % 3 == 0 ? box : null, Embedding = [i, 1], Price = i / 4m,
        }).ToList();
        Assert.Equal(3000, await db.Things.ImportFromAsync(things));
        Assert.All(things, t => Assert.NotEqual(Guid.Empty, t.Id));
        Assert.Empty(db.ChangeTracker.Entries<Thing>());
        var read = await db.Things.AsNoTracking().Include(t => t.Box).ToDictionaryAsync(t => t.Id);
        Assert.Equal(3000, read.Count);
        foreach (var thing in things)
        {
            var stored = read[thing.Id];
            Assert.Equal((thing.Kind, thing.Size!.Width, thing.Size.Height, thing.Price), (stored.Kind, stored.Size!.Width, stored.Size.Height, stored.Price));
            Assert.Equal(thing.Embedding, stored.Embedding);
            Assert.Equal(thing.Box?.Name, stored.Box?.Name);
            Assert.Equal(1, stored.Version);
        }

        Assert.Equal(1500, await db.Things.CountAsync(t => t.Kind == Kind.Large));
        Assert.Equal(["Large", "Small"], await db.Database.SqlQueryRaw<string>("SELECT DISTINCT \"Kind\" AS \"Value\" FROM \"Things\" ORDER BY 1").ToListAsync());
    }

    [Fact]
    public async Task A_hierarchy_is_imported_with_identities_and_a_failure_leaves_nothing()
    {
        await using var db = CreateContext();
        Assert.Equal(4, await db.Set<Animal>().ImportFromAsync([new Cat { Lives = 9 }, new Dog { Barks = true }, new Cat { Lives = 7 }, new Dog()]));
        Assert.Equal([9, 7], await db.Set<Cat>().OrderBy(c => c.Id).Select(c => c.Lives).ToListAsync());
        Assert.Equal([1, 2, 3, 4], await db.Set<Animal>().OrderBy(a => a.Id).Select(a => a.Id).ToListAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.Set<Animal>().ImportFromAsync([new Cat(), new Cat { Id = 77 }]));
        await Assert.ThrowsAsync<EngramException>(() => db.Set<Animal>().ImportFromAsync([new Cat { Id = 50 }, new Cat { Id = 1 }]));
        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            Assert.Equal(1, await db.Set<Animal>().ImportFromAsync([new Cat { Id = 60 }]));
            await transaction.RollbackAsync();
        }

        Assert.Equal(4, await db.Set<Animal>().CountAsync());
        Assert.Equal(0, await db.Set<Animal>().ImportFromAsync(Array.Empty<Animal>()));
    }

    private ImportContext CreateContext() => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).Options);

    private sealed class ImportContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Thing> Things => Set<Thing>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Thing>(b =>
            {
                b.Property(t => t.Kind).HasConversion<string>();
                b.Property(t => t.Embedding).HasColumnType("vector(2)");
                b.Property(t => t.Version).IsRowVersion();
                b.OwnsOne(t => t.Size);
            });
            modelBuilder.Entity<Animal>();
            modelBuilder.Entity<Cat>();
            modelBuilder.Entity<Dog>();
        }
    }

    private enum Kind
    {
        Small,
        Large,
    }

    private sealed class Thing
    {
        public Guid Id { get; set; }

        public Kind Kind { get; set; }

        public Size? Size { get; set; }

        public Box? Box { get; set; }

        public float[] Embedding { get; set; } = [];

        public decimal Price { get; set; }

        public long Version { get; set; }
    }

    private sealed class Size
    {
        public int Width { get; set; }

        public int Height { get; set; }
    }

    private sealed class Box
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private abstract class Animal
    {
        public int Id { get; set; }
    }

    private sealed class Cat : Animal
    {
        public int Lives { get; set; }
    }

    private sealed class Dog : Animal
    {
        public bool Barks { get; set; }
    }
}
