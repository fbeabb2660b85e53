using Engram.Data;
using Engram.EntityFrameworkCore.Design;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>The order in which rows lie, from the model to the database and back.</summary>
public sealed class ClusteringTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public void The_model_says_it_by_properties_and_the_table_by_columns()
    {
        using var db = Context(b => b.Entity<Note>().HasClustering(n => new { n.Embedding, n.Created }));
        Assert.Contains(") WITH (cluster_by = '\"Embedding\", \"made, at\"');", db.Database.GenerateCreateScript(), StringComparison.Ordinal);
        db.Database.EnsureCreated();
        Assert.Equal(["Embedding", "made, at"], Clustering());
        Assert.Equal(["HasClustering(Embedding, Created)"], Calls(db));

        using var one = Context(b => b.Entity<Note>().HasClustering(n => n.Created));
        Assert.Equal(["HasClustering(Created)"], Calls(one));
        using var none = Context(b => b.Entity<Note>().HasClustering(nameof(Note.Created)).HasClustering());
        Assert.DoesNotContain("WITH (", none.Database.GenerateCreateScript(), StringComparison.Ordinal);
        Assert.Empty(Calls(none));
    }

    [Fact]
    public void Migrations_change_it_when_the_columns_are_there()
    {
        AssertDifference(
            _ => { },
            b => b.Entity<Note>().HasClustering(n => n.Created),
            """ALTER TABLE "Note" SET (cluster_by = '"made, at"');""");
        AssertDifference(
            b => b.Entity<Note>().HasClustering(n => n.Created),
            b => b.Entity<Note>(n =>
            {
                n.Property<int>("Person");
                n.HasClustering("Person", "Created");
            }),
            """
            ALTER TABLE "Note" ADD "Person" integer NOT NULL DEFAULT 0;
            ALTER TABLE "Note" SET (cluster_by = '"Person", "made, at"');
            """);
        AssertDifference(
            b => b.Entity<Note>().HasClustering(n => n.Created),
            _ => { },
            """ALTER TABLE "Note" RESET (cluster_by);""");
        AssertDifference(b => b.Entity<Note>().HasClustering(n => n.Created), b => b.Entity<Note>().HasClustering(n => n.Created), "");
    }

    [Fact]
    public void What_is_no_property_is_refused()
    {
        using var db = Context(b => b.Entity<Note>().HasClustering("Nothing"));
        Assert.Contains("clustered by 'Nothing'", Assert.Throws<InvalidOperationException>(() => db.Database.GenerateCreateScript()).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Calls(DbContext db)
    {
        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        var entity = db.GetService<IDesignTimeModel>().Model.FindEntityType(typeof(Note))!;
        var calls = provider.GetRequiredService<IAnnotationCodeGenerator>().GenerateFluentApiCalls(entity, entity.GetAnnotations().ToDictionary(a => a.Name, a => a));
        return [.. calls.Where(c => c.Method == "HasClustering").Select(c => $"{c.Method}({string.Join(", ", (string[])c.Arguments[0]!)})")];
    }

    private string[] Clustering()
    {
        var services = new ServiceCollection();
        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        var model = provider.GetRequiredService<IDatabaseModelFactory>().Create(database.ConnectionString, new DatabaseModelFactoryOptions());
        return (string[]?)model.Tables.Single()["Engram:ClusteredBy"] ?? [];
    }

    private void AssertDifference(Action<ModelBuilder> before, Action<ModelBuilder> after, string expected)
    {
        using var source = Context(before);
        using var target = Context(after);
        var operations = target.GetService<IMigrationsModelDiffer>().GetDifferences(
            source.GetService<IDesignTimeModel>().Model.GetRelationalModel(), target.GetService<IDesignTimeModel>().Model.GetRelationalModel());
        var commands = target.GetService<IMigrationsSqlGenerator>().Generate(operations, target.GetService<IDesignTimeModel>().Model);
        Assert.Equal(expected.ReplaceLineEndings("\n"), string.Concat(commands.Select(c => c.CommandText)).ReplaceLineEndings("\n").TrimEnd());
        source.Database.EnsureDeleted();
        source.Database.EnsureCreated();
        target.GetService<IMigrationCommandExecutor>().ExecuteNonQuery(commands, target.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalConnection>());
        var changed = Clustering();
        target.Database.EnsureDeleted();
        target.Database.EnsureCreated();
        Assert.Equal(Clustering(), changed);
    }

    private NoteContext Context(Action<ModelBuilder> configure)
        => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).ReplaceService<IModelCacheKeyFactory, EachContext>().Options, configure);

    private sealed class EachContext : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context, designTime);
    }

    private sealed class NoteContext(DbContextOptions options, Action<ModelBuilder> configure) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Note>(n =>
            {
                n.Property(e => e.Embedding).HasColumnType("vector(3)");
                n.Property(e => e.Created).HasColumnName("made, at");
            });
            configure(modelBuilder);
        }
    }

    private sealed class Note
    {
        public int Id { get; set; }

        public DateTime Created { get; set; }

        public float[] Embedding { get; set; } = [];
    }
}
