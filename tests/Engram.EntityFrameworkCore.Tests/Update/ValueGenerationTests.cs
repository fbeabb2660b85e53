using System.ComponentModel.DataAnnotations;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Values that the database, or a sequence of it, makes: identities with options, sequences, blocks of values, row versions.</summary>
public sealed class ValueGenerationTests : IDisposable
{
    private readonly TestDatabase database = new();

    public ValueGenerationTests()
    {
        using var db = CreateContext();
        db.Database.EnsureCreated();
    }

    public void Dispose() => database.Dispose();

    [Fact]
    public void Identities_start_and_step_as_the_model_says()
    {
        using var db = CreateContext();
        db.AddRange(new Stepped { Name = "a" }, new Stepped { Name = "b" });
        db.SaveChanges();
        Assert.Equal([100, 105], db.Set<Stepped>().OrderBy(s => s.Id).Select(s => s.Id));
    }

    [Fact]
    public async Task Blocks_of_a_sequence_are_given_out_before_saving()
    {
        var ids = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            await using var db = CreateContext();
            for (var i = 0; i < 7; i++)
            {
                var order = new Order { Name = $"{round}.{i}" };
                if (i % 2 == 0)
                {
                    db.Add(order);
                }
                else
                {
                    await db.AddAsync(order);
                }

                Assert.False(db.Entry(order).Property(o => o.Id).IsTemporary);
                ids.Add(order.Id);
            }

            await db.SaveChangesAsync();
        }

        Assert.Equal(Enumerable.Range(1, 21).Select(i => (long)i), ids.Order());
        await using var after = CreateContext();
        Assert.Equal(21, await after.Set<Order>().CountAsync());
        Assert.Equal(1, await after.Set<Order>().CountAsync(o => o.Id == 17));
    }

    [Fact]
    public void Two_tables_share_a_sequence_and_so_do_the_classes_of_a_hierarchy()
    {
        using var db = CreateContext();
        db.AddRange(new Left { Name = "l" }, new Right { Name = "r" }, new Left { Name = "m" });
        db.AddRange(new Circle { Name = "c", Radius = 1 }, new Square { Name = "s", Side = 2 }, new Circle { Name = "d", Radius = 3 });
        db.SaveChanges();
        var ids = db.Set<Left>().Select(l => l.Id).ToList().Concat(db.Set<Right>().Select(r => r.Id)).ToList();
        Assert.Equal(3, ids.Distinct().Count());
        db.ChangeTracker.Clear();
        Assert.Equal([1, 2, 3], db.Set<Figure>().Select(s => s.Id).ToList().Order());
    }

    [Fact]
    public void A_row_version_changes_with_every_update_and_a_stale_one_is_a_conflict()
    {
        using var db = CreateContext();
        var page = new Page { Text = "one" };
        db.Add(page);
        db.SaveChanges();
        Assert.Equal(1, page.Version);
        Assert.Equal(16, page.Token.Length);
        var token = page.Token;
        page.Text = "two";
        db.SaveChanges();
        Assert.Equal(2, page.Version);
        Assert.NotEqual(token, page.Token);

        using var other = CreateContext();
        other.Set<Page>().Single().Text = "theirs";
        other.SaveChanges();
        page.Text = "mine";
        var conflict = Assert.Throws<DbUpdateConcurrencyException>(() => db.SaveChanges());
        Assert.Same(page, Assert.Single(conflict.Entries).Entity);
        db.Entry(page).Reload();
        Assert.Equal(("theirs", 3), (page.Text, page.Version));
        db.Remove(page);
        other.Set<Page>().Single().Text = "again";
        other.SaveChanges();
        conflict = Assert.Throws<DbUpdateConcurrencyException>(() => db.SaveChanges());
        Assert.Same(page, Assert.Single(conflict.Entries).Entity);
        db.Entry(page).Reload();
        db.Remove(page);
        db.SaveChanges();
        Assert.Empty(db.Set<Page>());
    }

    [Fact]
    public void A_failed_save_within_a_transaction_leaves_it_usable()
    {
        using var db = CreateContext();
        using var transaction = db.Database.BeginTransaction();
        db.Add(new Left { Name = "kept" });
        db.SaveChanges();
        var twice = new Stepped { Id = 1, Name = "x" };
        db.Add(twice);
        db.SaveChanges();
        db.ChangeTracker.Clear();
        db.AddRange(new Left { Name = "lost" }, new Stepped { Id = 1, Name = "x" });
        Assert.Throws<DbUpdateException>(() => db.SaveChanges());
        db.ChangeTracker.Clear();
        db.Add(new Left { Name = "after" });
        db.SaveChanges();
        transaction.Commit();
        Assert.Equal(["after", "kept"], db.Set<Left>().Select(l => l.Name).OrderBy(n => n));
    }

    [Fact]
    public void Operations_that_fail_for_a_passing_reason_are_run_again()
    {
        using var db = new GenerationContext(new DbContextOptionsBuilder().UseEngram(
            database.ConnectionString, o => o.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(1), ["P0001"])).Options);
        var tries = 0;
        db.Database.CreateExecutionStrategy().Execute(() =>
        {
            db.ChangeTracker.Clear();
            using var transaction = db.Database.BeginTransaction();
            db.Add(new Left { Name = "tried" });
            db.SaveChanges();
            if (++tries < 3)
            {
                db.Database.ExecuteSqlRaw("DO $$ BEGIN RAISE EXCEPTION 'not yet' USING ERRCODE = '40001'; END $$");
            }

            transaction.Commit();
        });
        Assert.Equal(3, tries);
        Assert.Equal(1, db.Set<Left>().Count(l => l.Name == "tried"));
        Assert.Throws<RetryLimitExceededException>(() => Run("DO $$ BEGIN RAISE EXCEPTION 'never'; END $$"));
        Assert.Throws<Data.EngramException>(() => Run("SELECT 1 / 0"));

        void Run(string sql) => db.Database.CreateExecutionStrategy().Execute(() => db.Database.ExecuteSqlRaw(sql));
    }

    [Fact]
    public void Hi_lo_is_for_keys_and_other_numbers_stay_identities()
    {
        using (var wrong = new HiLoContext(database.ConnectionString, m => m.Entity<Ticket>().Property(t => t.Number).UseHiLo("Numbers")))
        {
            Assert.Contains("hi-lo without being a part of a key", Assert.Throws<InvalidOperationException>(() => wrong.Model).Message, StringComparison.Ordinal);
        }

        // Set for the whole model, it leaves them as they are.
        using var context = new HiLoContext(database.ConnectionString, m => m.UseHiLo("Numbers").Entity<Ticket>().Property(t => t.Number).ValueGeneratedOnAdd());
        context.GetService<IRelationalDatabaseCreator>().CreateTables();
        context.AddRange(new Ticket(), new Ticket());
        context.SaveChanges();
        Assert.Equal([(1, 1), (2, 2)], context.Set<Ticket>().OrderBy(t => t.Id).AsEnumerable().Select(t => (t.Id, t.Number)));
        Assert.Equal(11L, context.Database.SqlQuery<long>($"SELECT nextval('\"Numbers\"') AS \"Value\"").Single());
    }

    private GenerationContext CreateContext() => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).Options);

    private sealed class GenerationContext(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Stepped>().Property(s => s.Id).UseIdentityColumn(100, 5);
            modelBuilder.Entity<Order>().Property(o => o.Id).UseHiLo("OrderNumbers");
            modelBuilder.Entity<Left>().Property(l => l.Id).UseSequence("Shared");
            modelBuilder.Entity<Right>().Property(r => r.Id).UseSequence("Shared");
            modelBuilder.Entity<Page>().Property(p => p.Version).IsRowVersion();
            modelBuilder.Entity<Figure>().UseTpcMappingStrategy();
            modelBuilder.Entity<Circle>();
            modelBuilder.Entity<Square>();
        }
    }

    private sealed class Stepped
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class Order
    {
        public long Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class Left
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class Right
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class Page
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";

        public long Version { get; set; }

        [Timestamp]
        public byte[] Token { get; set; } = [];
    }

    private abstract class Figure
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class Circle : Figure
    {
        public double Radius { get; set; }
    }

    private sealed class Square : Figure
    {
        public double Side { get; set; }
    }

    private sealed class HiLoContext(string connectionString, Action<ModelBuilder> configure) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseEngram(connectionString).UseModelOfEachContext();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => configure(modelBuilder);
    }

    private sealed class Ticket
    {
        public int Id { get; set; }

        public int Number { get; set; }
    }
}
