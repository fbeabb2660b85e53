using System.Collections;
using System.Reflection;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Migrations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Design;

/// <summary>What the tools write is compiled and run: migrations, their snapshot, a compiled model, the classes of a scaffolded database.</summary>
public sealed class WrittenCodeTests
{
    [Fact]
    public void A_migration_makes_the_database_of_its_model_and_its_snapshot_is_the_model()
    {
        using var context = new AtlasContext();
        using var services = DesignTime.CreateServices(context);
        using var scope = services.CreateScope();
        var written = scope.ServiceProvider.GetRequiredService<IMigrationsScaffolder>().ScaffoldMigration("First", "Written");
        var assembly = DesignTime.Compile(written.MigrationCode, written.MetadataCode, written.SnapshotCode);

        var model = context.GetService<IDesignTimeModel>().Model;
        var snapshot = (ModelSnapshot)Activator.CreateInstance(assembly.GetTypes().Single(t => t.BaseType == typeof(ModelSnapshot)))!;
        var snapshotModel = context.GetService<IModelRuntimeInitializer>().Initialize(snapshot.Model);
        var differ = context.GetService<IMigrationsModelDiffer>();
        Assert.Empty(differ.GetDifferences(snapshotModel.GetRelationalModel(), model.GetRelationalModel()));

        var migration = (Migration)Activator.CreateInstance(assembly.GetTypes().Single(t => t.BaseType == typeof(Migration)))!;
        using var migrated = new ModelChange();
        using var created = new ModelChange();
        migrated.Execute(Script(context, migration.UpOperations, migration.TargetModel));
        created.Execute(context.Database.GenerateCreateScript());
        Assert.Equal(created.Describe(), migrated.Describe());
        Assert.Equal("1,it's,{2,3},18446744073709551615,0110,{1:2}/9", migrated.Query("""SELECT "Id", "Name", CAST("Heights" AS text), "Area", CAST("Flags" AS text), CAST("Terms" AS text) FROM "Place" """));
        migrated.Execute(Script(context, migration.DownOperations, null));
        Assert.Equal("", migrated.Describe());
    }

    [Fact]
    public void A_compiled_model_writes_and_reads_as_the_model_does()
    {
        using var connection = new EngramConnection("Data Source=:memory:");
        connection.Open();
        using var context = new AtlasContext(new DbContextOptionsBuilder<AtlasContext>().UseEngram(connection).Options);
        context.Database.EnsureCreated();
        using var services = DesignTime.CreateServices();
        using var scope = services.CreateScope();
        var options = new CompiledModelCodeGenerationOptions { ModelNamespace = "Written", ContextType = typeof(AtlasContext), UseNullableReferenceTypes = true };
        var files = scope.ServiceProvider.GetRequiredService<ICompiledModelCodeGeneratorSelector>().Select(options)
            .GenerateModel(context.GetService<IDesignTimeModel>().Model, options);
        var assembly = DesignTime.Compile(files.Select(f => f.Code));
        var model = (IModel)assembly.GetType("Written.AtlasContextModel")!.GetProperty("Instance", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;

        using var compiled = new AtlasContext(new DbContextOptionsBuilder<AtlasContext>().UseEngram(connection).UseModel(model).Options);
        foreach (var property in context.Model.GetEntityTypes().SelectMany(t => t.GetProperties()))
        {
            var mapping = compiled.Model.FindEntityType(property.DeclaringType.Name)!.FindProperty(property.Name)!.GetRelationalTypeMapping();
            Assert.Equal((property.GetRelationalTypeMapping().StoreType, property.GetRelationalTypeMapping().GetType()), (mapping.StoreType, mapping.GetType()));
        }

        compiled.Add(new Place { Name = "b", Map = [0, 1, 0], Small = [(Half)1, (Half)2], Flags = new([true, false, false, true]), Mask = new([true]), Terms = EngramSparseVector.Parse("{2:1}/9"), Heights = [4], Kinds = [Kind.Hill], About = new About { Text = "x", Years = [1999] } });
        compiled.AddRange(new River { Length = 5 }, new Lake { Depth = 6 });
        compiled.SaveChanges();
        compiled.ChangeTracker.Clear();
        var nearest = compiled.Places.OrderBy(p => EF.Functions.CosineDistance(p.Map!, new[] { 0f, 1f, 0.1f })).First();
        Assert.Equal(("b", 1999, Kind.Hill, 4, nearest.Id * 2), (nearest.Name, nearest.About!.Years[0], nearest.Kinds[0], nearest.Heights[0], nearest.Twice));
        Assert.Equal([true, false, false, true], nearest.Flags!.Cast<bool>());
        Assert.Equal((true, "{2:1}/9"), (nearest.Mask![0], nearest.Terms!.ToString()));
        nearest.Mask[0] = false;
        Assert.Equal(1, compiled.SaveChanges());
        Assert.Equal([1, 2], compiled.Set<Water>().Select(w => w.Id).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_scaffolded_context_creates_the_database_that_it_was_written_for(bool usesAttributes)
    {
        var connectionString = $"Data Source=scaffolded-{Guid.NewGuid():N};Mode=Memory";
        using var original = new ModelChange(connectionString);
        original.Execute(
            """
            CREATE SCHEMA archive;
            CREATE SEQUENCE numbers START 5 INCREMENT 10;
            CREATE TABLE authors (
                id integer GENERATED BY DEFAULT AS IDENTITY (START 10 INCREMENT 2), name varchar(50) NOT NULL, rating numeric(5,2) DEFAULT 1.5, born date, awake boolean NOT NULL DEFAULT TRUE,
                since timestamptz DEFAULT now(), code text COLLATE nocase, CONSTRAINT authors_pkey PRIMARY KEY (id));
            COMMENT ON TABLE authors IS 'who "wrote"';
            COMMENT ON COLUMN authors.name IS 'as printed';
            CREATE UNIQUE INDEX authors_name ON authors (name);
            CREATE TABLE books (
                author_id integer NOT NULL, number integer NOT NULL, title text, embedding vector(3), half halfvec(4), length integer GENERATED ALWAYS AS (length(title)) STORED,
                twice integer GENERATED ALWAYS AS (number * 2) VIRTUAL, tags text[], doc jsonb, n bigint DEFAULT nextval('numbers'),
                CONSTRAINT books_pkey PRIMARY KEY (author_id, number), CONSTRAINT books_author FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE)
                WITH (cluster_by = 'embedding, number');
            CREATE UNIQUE INDEX books_title ON books (title DESC, number) WHERE title IS NOT NULL;
            CREATE INDEX books_embedding ON books USING hnsw (embedding vector_cosine_ops) WITH (m = 20);
            CREATE TABLE archive.notes (
                id bigint PRIMARY KEY, u ubigint, t tinyint, g uuid DEFAULT gen_random_uuid(), b bytea, i interval, tm time, r real, d double precision, s timestamp, j json);
            CREATE VIEW titles AS SELECT title, number FROM books;
            """);
        using var services = DesignTime.CreateServices();
        using var scope = services.CreateScope();
        var written = scope.ServiceProvider.GetRequiredService<IReverseEngineerScaffolder>().ScaffoldModel(
            connectionString, new DatabaseModelFactoryOptions(), new ModelReverseEngineerOptions(),
            new ModelCodeGenerationOptions
            {
                ContextName = "LibraryContext", ModelNamespace = "Written", ContextNamespace = "Written", ConnectionString = connectionString, RootNamespace = "Written",
                ProjectDir = Path.GetTempPath(), Language = "C#", UseNullableReferenceTypes = true, UseDataAnnotations = usesAttributes,
            });
        var assembly = DesignTime.Compile(["global using System.Linq;", written.ContextFile.Code, .. written.AdditionalFiles.Select(f => f.Code)]);
        using var context = (DbContext)Activator.CreateInstance(assembly.GetType("Written.LibraryContext")!)!;
        Assert.Equal(connectionString, context.Database.GetConnectionString());
        Assert.Equal("titles", context.Model.FindEntityType("Written.Title")!.GetViewName());

        using var copy = new ModelChange();
        copy.Execute(context.Database.GenerateCreateScript());
        Assert.Equal(string.Join('\n', original.Describe().Split('\n').Where(l => !l.StartsWith(".titles", StringComparison.Ordinal))), copy.Describe());
    }

    private static string Script(DbContext context, IReadOnlyList<Microsoft.EntityFrameworkCore.Migrations.Operations.MigrationOperation> operations, IModel? model)
        => string.Concat(context.GetService<IMigrationsSqlGenerator>().Generate(
            operations, model is null ? null : context.GetService<IModelRuntimeInitializer>().Initialize(model), MigrationsSqlGenerationOptions.Script).Select(c => c.CommandText));
}

public enum Kind
{
    Town,
    Hill,
}

public class Place
{
    public int Id { get; set; }

    public string? Name { get; set; }

    public float[]? Map { get; set; }

    public Half[]? Small { get; set; }

    public BitArray? Flags { get; set; }

    public BitArray? Mask { get; set; }

    public EngramSparseVector? Terms { get; set; }

    public List<int> Heights { get; set; } = [];

    public Kind[] Kinds { get; set; } = [];

    public Kind Main { get; set; }

    public ulong Area { get; set; }

    public DateTimeOffset Since { get; set; }

    public byte[]? Version { get; set; }

    public int Number { get; set; }

    public int Twice { get; set; }

    public About? About { get; set; }
}

public class About
{
    public string? Text { get; set; }

    public List<int> Years { get; set; } = [];
}

public abstract class Water
{
    public int Id { get; set; }
}

public class River : Water
{
    public int Length { get; set; }
}

public class Lake : Water
{
    public int Depth { get; set; }
}

/// <summary>A model of what the provider has of its own.</summary>
public class AtlasContext : DbContext
{
    public AtlasContext()
        : base(new DbContextOptionsBuilder<AtlasContext>().UseEngram("Data Source=never-opened.engram").Options)
    {
    }

    public AtlasContext(DbContextOptions<AtlasContext> options)
        : base(options)
    {
    }

    public DbSet<Place> Places => Set<Place>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.UseCollation("nocase");
        modelBuilder.Entity<Place>(place =>
        {
            place.ToTable("Place", t => t.HasComment("where"));
            place.Property(p => p.Id).UseIdentityColumn(7, 3);
            place.Property(p => p.Map).HasColumnType("vector(3)");
            place.Property(p => p.Small).HasColumnType("halfvec(2)");
            place.Property(p => p.Flags).HasMaxLength(4).IsFixedLength();
            place.Property(p => p.Terms).HasColumnType("sparsevec(9)");
            place.HasVectorIndex(p => p.Map, VectorMetric.Cosine).HasM(12).HasEfConstruction(99);
            place.HasClustering(p => new { p.Map, p.Since });
            place.Property(p => p.Main).HasConversion<string>().HasMaxLength(10);
            place.Property(p => p.Version).IsRowVersion();
            place.Property(p => p.Number).UseSequence("PlaceNumbers");
            place.Property(p => p.Twice).HasComputedColumnSql("\"Id\" * 2", stored: false);
            place.OwnsOne(p => p.About, a => a.ToJson());
            place.HasData(new { Id = 1, Name = "it's", Map = new[] { 1f, 2.5f, -3f }, Flags = new BitArray([false, true, true, false]), Terms = EngramSparseVector.Parse("{1:2}/9"), Heights = new List<int> { 2, 3 }, Kinds = new[] { Kind.Town }, Main = Kind.Hill, Area = ulong.MaxValue, Number = 9, Since = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)) });
        });
        modelBuilder.Entity<Water>().UseTpcMappingStrategy();
        modelBuilder.Entity<River>();
        modelBuilder.Entity<Lake>();
    }
}
