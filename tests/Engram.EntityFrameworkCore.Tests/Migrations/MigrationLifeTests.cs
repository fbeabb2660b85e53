using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Migrations that fail, models that have gone on, and rows that come with a database.</summary>
public sealed class MigrationLifeTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_migration_that_fails_leaves_schema_rows_and_history_as_they_were(bool isAsync)
    {
        await using var db = Context();
        await db.GetService<IMigrator>().MigrateAsync("20240101000000_Create");
        await db.Database.ExecuteSqlRawAsync("INSERT INTO \"Words\" (\"Id\", \"Text\") VALUES (1, 'a'), (2, 'a')");
        var before = Schema(db);

        var error = isAsync
            ? await Assert.ThrowsAsync<EngramException>(() => db.Database.MigrateAsync())
            : Assert.Throws<EngramException>(db.Database.Migrate);
        Assert.Equal("23505", error.SqlState);
        Assert.Equal(before, Schema(db));
        Assert.Equal(["20240101000000_Create"], db.Database.GetAppliedMigrations());
        Assert.Equal("a;a", string.Join(';', db.Words.Select(w => w.Text)));

        // What was in the way is mended, and the same migration runs.
        await db.Database.ExecuteSqlRawAsync("UPDATE \"Words\" SET \"Text\" = 'b' WHERE \"Id\" = 2");
        await db.Database.MigrateAsync();
        Assert.Equal(2, db.Database.GetAppliedMigrations().Count());
        Assert.Equal([7, 7], db.Database.SqlQuery<int>($"SELECT \"Extra\" AS \"Value\" FROM \"Words\""));
    }

    [Fact]
    public void A_model_that_has_gone_on_beyond_its_migrations_is_told()
    {
        using (var db = Context())
        {
            Assert.False(db.Database.HasPendingModelChanges());
        }

        using var changed = new ChangedWords(Options<ChangedWords>(o => o.UseOwnServices().ConfigureWarnings(w => w.Default(WarningBehavior.Throw))));
        Assert.True(changed.Database.HasPendingModelChanges());
        Assert.Contains("PendingModelChangesWarning", Assert.Throws<InvalidOperationException>(changed.Database.Migrate).Message, StringComparison.Ordinal);
        Assert.False(changed.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalDatabaseCreator>().Exists());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Seeding_runs_when_the_database_is_created_and_when_it_is_migrated(bool isAsync)
    {
        var runs = new List<(bool IsAsync, bool IsStoreManaged)>();
        await using var db = new WordContext(Options<WordContext>(o => o
            .UseSeeding((context, isStoreManaged) =>
            {
                runs.Add((false, isStoreManaged));
                Seed(context);
                context.SaveChanges();
            })
            .UseAsyncSeeding(async (context, isStoreManaged, cancellationToken) =>
            {
                runs.Add((true, isStoreManaged));
                Seed(context);
                await context.SaveChangesAsync(cancellationToken);
            })));
        _ = isAsync ? await db.Database.EnsureCreatedAsync() : db.Database.EnsureCreated();
        _ = isAsync ? await db.Database.EnsureCreatedAsync() : db.Database.EnsureCreated();
        Assert.Equal("seeded", Assert.Single(db.Words).Text);
        Assert.Equal([(isAsync, true), (isAsync, false)], runs);

        _ = isAsync ? await db.Database.EnsureDeletedAsync() : db.Database.EnsureDeleted();
        runs.Clear();
        if (isAsync)
        {
            await db.Database.MigrateAsync();
            await db.Database.MigrateAsync();
        }
        else
        {
            db.Database.Migrate();
            db.Database.Migrate();
        }

        Assert.Equal("seeded", Assert.Single(db.Words.AsNoTracking()).Text);
        Assert.Equal([isAsync, isAsync], runs.Select(r => r.IsAsync));

        void Seed(DbContext context)
        {
            if (!context.Set<Word>().Any(w => w.Text == "seeded"))
            {
                context.ChangeTracker.Clear();
                context.Add(new Word { Id = 7, Text = "seeded" });
            }
        }
    }

    [Fact]
    public void Rows_of_the_model_come_with_their_table_change_and_go()
    {
        using var change = new ModelChange();
        Action<ModelBuilder> none = b => b.Entity<Word>().Property(w => w.Id).ValueGeneratedNever();
        Action<ModelBuilder> two = b =>
        {
            none(b);
            b.Entity<Word>().HasData(new Word { Id = 1, Text = "it's" }, new Word { Id = 2, Text = "two" });
        };
        Action<ModelBuilder> changed = b =>
        {
            none(b);
            b.Entity<Word>().HasData(new Word { Id = 2, Text = "zwei" }, new Word { Id = 3, Text = "three" });
        };
        change.Apply(null, two);
        Assert.Equal("1,it's;2,two", Rows());
        change.Apply(two, changed);
        Assert.Equal("2,zwei;3,three", Rows());
        change.Apply(changed, two);
        Assert.Equal("1,it's;2,two", Rows());
        change.Apply(two, none);
        Assert.Equal("", Rows());

        string Rows() => change.Query("SELECT \"Id\", \"Text\" FROM \"Word\" ORDER BY \"Id\"");
    }

    private static string Schema(DbContext db)
    {
        db.Database.OpenConnection();
        try
        {
            var connection = db.Database.GetDbConnection();
            return string.Join('\n', new[] { "Tables", "Columns", "Indexes", "Sequences" }.SelectMany(c => connection.GetSchema(c).Rows.Cast<System.Data.DataRow>())
                .Select(r => string.Join('|', r.ItemArray)));
        }
        finally
        {
            db.Database.CloseConnection();
        }
    }

    private WordContext Context() => new(Options<WordContext>(_ => { }));

    private DbContextOptions<TContext> Options<TContext>(Action<DbContextOptionsBuilder> more)
        where TContext : DbContext
    {
        var builder = new DbContextOptionsBuilder<TContext>().UseEngram(database.ConnectionString);
        more(builder);
        return builder.Options;
    }

    private sealed class Word
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";
    }

    private sealed class WordContext(DbContextOptions options) : DbContext(options)
    {
        public DbSet<Word> Words => Set<Word>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Word>().ToTable("Words").Property(w => w.Id).ValueGeneratedNever();
            modelBuilder.Entity<Word>().Property<int>("Extra").HasDefaultValue(7);
            modelBuilder.Entity<Word>().HasIndex(w => w.Text).IsUnique();
        }
    }

    private sealed class ChangedWords(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Word>().Property<bool>("IsNew");
    }

    [DbContext(typeof(WordContext))]
    [Migration("20240101000000_Create")]
    private sealed class Create : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
            => migrationBuilder.CreateTable("Words", t => new { Id = t.Column<int>(), Text = t.Column<string>() }, constraints: t => t.PrimaryKey("PK_Words", x => x.Id));

        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("Words");
    }

    /// <summary>Everything before the last operation succeeds.</summary>
    [DbContext(typeof(WordContext))]
    [Migration("20240102000000_Unique")]
    private sealed class Unique : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>("Extra", "Words", defaultValue: 7);
            migrationBuilder.CreateSequence("Numbers");
            migrationBuilder.CreateTable("Others", t => new { Id = t.Column<int>() }, constraints: t => t.PrimaryKey("PK_Others", x => x.Id));
            migrationBuilder.Sql("UPDATE \"Words\" SET \"Text\" = upper(\"Text\")");
            migrationBuilder.Sql("INSERT INTO \"Others\" VALUES (1)");
            migrationBuilder.CreateIndex("IX_Words_Text", "Words", "Text", unique: true);
        }

        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropColumn("Extra", "Words");
    }

    [DbContext(typeof(WordContext))]
    private sealed class Snapshot : ModelSnapshot
    {
        protected override void BuildModel(ModelBuilder modelBuilder)
            => modelBuilder.Entity("Engram.EntityFrameworkCore.Tests.Migrations.MigrationLifeTests+Word", b =>
            {
                b.Property<int>("Id").ValueGeneratedNever().HasColumnType("integer");
                b.Property<int>("Extra").ValueGeneratedOnAdd().HasColumnType("integer").HasDefaultValue(7);
                b.Property<string>("Text").IsRequired().HasColumnType("text");
                b.HasKey("Id");
                b.HasIndex("Text").IsUnique();
                b.ToTable("Words");
            });
    }

    [DbContext(typeof(ChangedWords))]
    private sealed class ChangedSnapshot : ModelSnapshot
    {
        protected override void BuildModel(ModelBuilder modelBuilder)
            => modelBuilder.Entity("Engram.EntityFrameworkCore.Tests.Migrations.MigrationLifeTests+Word", b =>
            {
                b.Property<int>("Id").ValueGeneratedOnAdd().HasColumnType("integer");
                b.Property<string>("Text").IsRequired().HasColumnType("text");
                b.HasKey("Id");
                b.ToTable("Word");
            });
    }

    [DbContext(typeof(ChangedWords))]
    [Migration("20240101000000_Nothing")]
    private sealed class Nothing : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
        }
    }
}
