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
            ALTER TABLE "Note" RESET (cluster_by);
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
    public void A_column_may_become_of_a_type_that_no_table_is_clustered_by()
        => AssertDifference(
            b => b.Entity<Note>().HasClustering(n => new { n.Embedding, n.Created }),
            b => b.Entity<Note>(n =>
            {
                n.Property(e => e.Embedding).HasColumnType("real[]");
                n.HasClustering(e => e.Created);
            }),
            """
            ALTER TABLE "Note" RESET (cluster_by);
            ALTER TABLE "Note" ALTER COLUMN "Embedding" TYPE real[];
            ALTER TABLE "Note" SET (cluster_by = '"made, at"');
            """);

    [Fact]
    public void A_column_with_another_expression_stays_in_it()
        => AssertDifference(
            b => Year(b, "1"),
            b => Year(b, "2"),
            """
            ALTER TABLE "Note" DROP COLUMN "Year";
            ALTER TABLE "Note" ADD "Year" integer GENERATED ALWAYS AS ("Id" + 2) STORED NOT NULL;
            ALTER TABLE "Note" SET (cluster_by = '"Year", "made, at"');
            """);

    [Fact]
    public void Of_several_tables_of_an_entity_the_main_one_is_clustered()
    {
        using var derived = Context(b =>
        {
            b.Entity<Note>().UseTptMappingStrategy();
            b.Entity<Letter>().ToTable("Letter").HasClustering(l => l.Sent);
        });
        AssertTables(derived, "Letter", "\"Sent\"");

        using var both = Context(b =>
        {
            b.Entity<Note>().UseTptMappingStrategy().HasClustering(n => n.Created);
            b.Entity<Letter>().ToTable("Letter");
        });
        AssertTables(both, "Note", "\"made, at\"");

        using var split = Context(b => b.Entity<Note>().HasClustering(n => n.Created).SplitToTable("Vectors", t => t.Property(n => n.Embedding)));
        AssertTables(split, "Note", "\"made, at\"");

        static void AssertTables(NoteContext db, string table, string clustering)
        {
            var script = db.Database.GenerateCreateScript();
            Assert.Equal(2, script.Split("CREATE TABLE").Length - 1);
            var clustered = Assert.Single(script.Split("CREATE TABLE"), t => t.Contains("cluster_by", StringComparison.Ordinal));
            Assert.StartsWith($" \"{table}\"", clustered, StringComparison.Ordinal);
            Assert.Contains($"cluster_by = '{clustering}'", clustered, StringComparison.Ordinal);
            db.Database.EnsureDeleted();
            Assert.True(db.Database.EnsureCreated());
        }
    }

    [Fact]
    public void What_is_taken_back_leaves_nothing_in_the_model()
    {
        using var db = Context(b => b.Entity<Note>().HasClustering(nameof(Note.Created)).HasClustering());
        Assert.Null(db.GetService<IDesignTimeModel>().Model.FindEntityType(typeof(Note))!.FindAnnotation("Engram:ClusteredBy"));
    }

    [Fact]
    public void What_is_no_property_is_refused()
    {
        using var db = Context(b => b.Entity<Note>().HasClustering("Nothing"));
        Assert.Contains("clustered by 'Nothing'", Assert.Throws<InvalidOperationException>(() => db.Database.GenerateCreateScript()).Message, StringComparison.Ordinal);
    }

    private static void Year(ModelBuilder builder, string years)
        => builder.Entity<Note>(n =>
        {
            n.Property<int>("Year").HasComputedColumnSql($"\"Id\" + {years}", stored: true);
            n.HasClustering("Year", "Created");
        });

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
        => new(new DbContextOptionsBuilder().UseEngram(database.ConnectionString).UseModelOfEachContext().Options, configure);

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

    private sealed class Letter : Note
    {
        public DateTime Sent { get; set; }
    }

    private class Note
    {
        public int Id { get; set; }

        public DateTime Created { get; set; }

        public float[] Embedding { get; set; } = [];
    }
}
