using System.ComponentModel.DataAnnotations.Schema;
using Engram.Data;
using Engram.EntityFrameworkCore.Design;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Vector indexes from the model to the database and back.</summary>
public sealed class VectorIndexTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void An_index_is_declared_by_the_builder_and_by_the_attribute()
    {
        using var db = Context(b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.L2).HasM(24).HasEfConstruction(200));
        var script = db.Database.GenerateCreateScript();
        Assert.Contains("CREATE INDEX \"IX_Memory_Whole\" ON \"Memory\" USING hnsw (\"Whole\" vector_l2_ops) WITH (m = 24, ef_construction = 200);", script, StringComparison.Ordinal);
        Assert.Contains("CREATE INDEX near_half ON \"Memory\" USING hnsw (\"Half\" halfvec_ip_ops) WITH (m = 8);".Replace("near_half", "\"near_half\"", StringComparison.Ordinal), script, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_has_an_index_for_each_metric()
    {
        using var db = Context(b =>
        {
            b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine, "near_cosine");
            b.Entity<Memory>().HasVectorIndex(nameof(Memory.Whole), VectorMetric.InnerProduct, "near_product");
        });
        db.Database.EnsureCreated();
        Assert.Equal(["near_cosine Cosine", "near_half InnerProduct M 8", "near_product InnerProduct"], Indexes());
    }

    [Theory]
    [InlineData("unnamed", "must be over one embedding")]
    [InlineData("unique", "cannot be unique")]
    [InlineData("ordinary", "Declare it with HasVectorIndex(e => e.Whole")]
    [InlineData("options", "without being one")]
    public void An_index_that_no_database_would_take_is_refused_by_the_model(string what, string message)
    {
        using var db = Context(b => _ = what switch
        {
            "unnamed" => b.Entity<Memory>().HasVectorIndex(m => m.Text, VectorMetric.Cosine),
            "unique" => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine).IsUnique(),
            "ordinary" => b.Entity<Memory>().HasIndex(m => m.Whole),
            _ => b.Entity<Memory>().HasIndex(m => m.Text).HasM(5),
        });
        Assert.Contains(message, Assert.Throws<InvalidOperationException>(() => db.Model).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_refused_where_they_are_written()
    {
        using var db = Context(b =>
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine).HasM(1));
            Assert.Throws<ArgumentOutOfRangeException>(() => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine).HasEfConstruction(1001));
        });
        Assert.NotNull(db.Model);
    }

    [Fact]
    public void A_changed_index_is_made_anew_and_a_retyped_column_takes_it_along()
    {
        AssertDifference(
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine),
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine).HasM(32),
            """
            DROP INDEX "IX_Memory_Whole";
            CREATE INDEX "IX_Memory_Whole" ON "Memory" USING hnsw ("Whole" vector_cosine_ops) WITH (m = 32);
            """);
        AssertDifference(
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine),
            b => b.Entity<Memory>(m =>
            {
                m.Property(e => e.Whole).HasColumnType("vector(4)");
                m.HasVectorIndex(e => e.Whole, VectorMetric.Cosine);
            }),
            """
            DROP INDEX "IX_Memory_Whole";
            ALTER TABLE "Memory" ALTER COLUMN "Whole" TYPE vector(4);
            CREATE INDEX "IX_Memory_Whole" ON "Memory" USING hnsw ("Whole" vector_cosine_ops);
            """);
        AssertDifference(
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine),
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine).HasDatabaseName("near"),
            "ALTER INDEX \"IX_Memory_Whole\" RENAME TO \"near\";");
        AssertDifference(
            b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.Cosine), _ => { }, "DROP INDEX \"IX_Memory_Whole\";");
    }

    [Fact]
    public void A_snapshot_says_the_index_by_its_calls()
    {
        using var db = Context(b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.L2).HasM(24).HasEfConstruction(200));
        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        var code = provider.GetRequiredService<Microsoft.EntityFrameworkCore.Design.IAnnotationCodeGenerator>();
        var index = db.GetService<IDesignTimeModel>().Model.FindEntityType(typeof(Memory))!.GetIndexes().Single(i => i.Properties[0].Name == nameof(Memory.Whole));
        var calls = code.GenerateFluentApiCalls(index, index.GetAnnotations().ToDictionary(a => a.Name, a => a));
        Assert.Equal(["HasVectorMetric(L2)", "HasM(24)", "HasEfConstruction(200)"], calls.Select(c => $"{c.Method}({c.Arguments[0]})"));
    }

    [Fact]
    public void Scaffolding_reads_what_was_declared()
    {
        using var db = Context(b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.L2).HasM(24).HasEfConstruction(200));
        db.Database.EnsureCreated();
        Assert.Equal(["IX_Memory_Whole L2 EfConstruction 200 M 24", "near_half InnerProduct M 8"], Indexes());
    }

    [Fact]
    public void A_query_says_that_it_may_be_approximate()
    {
        using var db = Context(b => b.Entity<Memory>().HasVectorIndex(m => m.Whole, VectorMetric.L2));
        db.Database.EnsureCreated();
        db.AddRange(Enumerable.Range(1, 50).Select(i => new Memory { Text = "m" + i, Whole = [i, 0, 1], Half = [(Half)i, (Half)1] }));
        db.SaveChanges();
        float[] near = [7.2f, 0, 1];
        var query = db.Set<Memory>().Where(m => m.Id > 0).OrderBy(m => EF.Functions.L2Distance(m.Whole, near)).Take(3).WithApproximate(100);
        Assert.EndsWith("LIMIT @p WITH APPROXIMATE (100)", query.ToQueryString(), StringComparison.Ordinal);
        Assert.Contains("approximate: \"IX_Memory_Whole\" with breadth 100", query.Explain(), StringComparison.Ordinal);
        Assert.Equal([7, 8, 6], query.Select(m => m.Id));

        var breadth = 80;
        var before = db.Set<Memory>().OrderBy(m => EF.Functions.L2Distance(m.Whole, near)).WithApproximate(breadth).Where(m => m.Id != 7);
        Assert.Equal([8, 6], before.Take(2).Select(m => m.Id));
        Assert.EndsWith("WITH APPROXIMATE (80)", before.Take(2).ToQueryString(), StringComparison.Ordinal);
        Assert.Equal(8, before.First().Id);
        Assert.Equal([8, 6], before.Where(m => db.Set<Memory>().Select(o => o.Id).Contains(m.Id)).Take(2).Select(m => m.Id));
        Assert.Equal(["m6", "m9"], before.Skip(1).Take(2).AsNoTracking().ToList().Select(m => m.Text));

        // The word goes where the limit goes: into the subquery.
        var joined = db.Set<Memory>().OrderBy(m => EF.Functions.L2Distance(m.Whole, near)).Take(3).WithApproximate(50).OrderBy(m => m.Id).Select(m => m.Id);
        Assert.Contains("WITH APPROXIMATE (50)\n) AS", joined.ToQueryString().ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal([6, 7, 8], joined);
        var nearest = db.Set<Memory>().Where(m => m.Id <= 2).OrderBy(m => m.Id)
            .Select(m => db.Set<Memory>().Where(o => o.Id != m.Id).OrderBy(o => EF.Functions.L2Distance(o.Whole, m.Whole)).Take(1).WithApproximate(20).Select(o => o.Id).First());
        Assert.Equal([2, 1], nearest.ToList());
    }

    [Fact]
    public async Task A_query_without_a_number_of_rows_or_with_a_wrong_breadth_is_refused()
    {
        await using var db = Context(_ => { });
        var query = db.Set<Memory>().OrderBy(m => m.Id).WithApproximate(10);
        Assert.Contains("call Take", Assert.Throws<InvalidOperationException>(() => query.ToQueryString()).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => query.ToListAsync());
        Assert.Throws<ArgumentOutOfRangeException>(() => db.Set<Memory>().Take(3).WithApproximate(0));
        Assert.Equal([1, 2], new[] { 1, 2, 3 }.AsQueryable().Take(2).WithApproximate(10));
    }

    private IEnumerable<string> Indexes()
    {
        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        var model = provider.GetRequiredService<IDatabaseModelFactory>().Create(database.ConnectionString, new DatabaseModelFactoryOptions());
        return [.. model.Tables.Single().Indexes.OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => string.Join(
            ' ', i.GetAnnotations().OrderBy(a => a.Name == "Engram:VectorMetric" ? "" : a.Name, StringComparer.Ordinal)
                .Select(a => a.Name == "Engram:VectorMetric" ? $"{a.Value}" : $"{a.Name["Engram:".Length..]} {a.Value}").Prepend(i.Name)))];
    }

    private void AssertDifference(Action<ModelBuilder> before, Action<ModelBuilder> after, string expected)
    {
        using var source = Context(before);
        using var target = Context(after);
        var operations = target.GetService<IMigrationsModelDiffer>().GetDifferences(
            source.GetService<IDesignTimeModel>().Model.GetRelationalModel(), target.GetService<IDesignTimeModel>().Model.GetRelationalModel());
        var commands = target.GetService<IMigrationsSqlGenerator>().Generate(operations, target.GetService<IDesignTimeModel>().Model);
        Assert.Equal(expected.ReplaceLineEndings("\n"), string.Concat(commands.Select(c => c.CommandText)).ReplaceLineEndings("\n").TrimEnd());

        // The database agrees: what was made by one model and changed is what the other makes.
        source.Database.EnsureDeleted();
        source.Database.EnsureCreated();
        target.GetService<IMigrationCommandExecutor>().ExecuteNonQuery(commands, target.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalConnection>());
        var changed = Indexes().ToList();
        target.Database.EnsureDeleted();
        target.Database.EnsureCreated();
        Assert.Equal(Indexes(), changed);
    }

    private MemoryModelContext Context(Action<ModelBuilder> configure)
        => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).UseModelOfEachContext().Options, configure);

    private sealed class MemoryModelContext(DbContextOptions options, Action<ModelBuilder> configure) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Memory>();
            configure(modelBuilder);
        }
    }

    private sealed class Memory
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";

        [Column(TypeName = "vector(3)")]
        public float[] Whole { get; set; } = [];

        [Column(TypeName = "halfvec(2)")]
        [VectorIndex(VectorMetric.InnerProduct, Name = "near_half", M = 8)]
        public Half[] Half { get; set; } = [];
    }
}
