using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Migrations from a database that is not there up to the last one, and back.</summary>
public sealed class MigrateTests : IDisposable
{
    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Migrations_are_applied_once_by_contexts_that_come_together()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            await using var context = CreateContext();
            await context.Database.MigrateAsync();
        })));

        await using var after = CreateContext();
        Assert.Equal(["20240101000000_Create", "20240102000000_Add"], after.Database.GetAppliedMigrations());
        Assert.Empty(after.Database.GetPendingMigrations());
        await after.Database.ExecuteSqlRawAsync("""INSERT INTO "Things" ("Name", "Rank") VALUES ('a', 1)""");
        Assert.Equal([7], after.Database.SqlQuery<int>($"""SELECT "Extra" AS "Value" FROM "Things" """));
    }

    [Fact]
    public void A_migration_is_undone()
    {
        using var context = CreateContext();
        context.Database.Migrate();
        context.GetService<IMigrator>().Migrate("20240101000000_Create");
        Assert.Equal(["20240101000000_Create"], context.Database.GetAppliedMigrations());
        Assert.Throws<EngramException>(() => context.Database.ExecuteSqlRaw("""SELECT "Extra" FROM "Things" """));
        context.GetService<IMigrator>().Migrate("0");
        Assert.Empty(context.Database.GetAppliedMigrations());
    }

    [Fact]
    public void An_idempotent_script_brings_any_database_up_to_date_and_back()
    {
        using var context = CreateContext();
        var migrator = context.GetService<IMigrator>();
        var script = migrator.GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);
        context.Database.EnsureDeleted();
        using var connection = new EngramConnection(database.ConnectionString);
        connection.Open();
        Run(connection, script);
        Assert.Equal(["20240101000000_Create", "20240102000000_Add"], context.Database.GetAppliedMigrations());
        Run(connection, script);
        migrator.Migrate("20240101000000_Create");
        Run(connection, script);
        Assert.Equal(2, context.Database.GetAppliedMigrations().Count());
        var back = migrator.GenerateScript("20240102000000_Add", "0", MigrationsSqlGenerationOptions.Idempotent);
        Run(connection, back);
        Run(connection, back);
        Assert.Empty(context.Database.GetAppliedMigrations());
    }

    private static void Run(EngramConnection connection, string script)
    {
        using var command = connection.CreateCommand();
        command.CommandText = script;
        command.ExecuteNonQuery();
    }

    private ThingContext CreateContext() => new(new DbContextOptionsBuilder<ThingContext>().UseEngram(database.ConnectionString).Options);

    private sealed class ThingContext(DbContextOptions options) : DbContext(options);

    [DbContext(typeof(ThingContext))]
    [Migration("20240101000000_Create")]
    private sealed class Create : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
            => migrationBuilder.CreateTable(
                "Things",
                t => new
                {
                    Id = t.Column<int>().Annotation("Engram:Identity", true),
                    Name = t.Column<string>(maxLength: 20),
                    Rank = t.Column<int>(nullable: true),
                },
                constraints: t => t.PrimaryKey("PK_Things", x => x.Id));

        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("Things");
    }

    [DbContext(typeof(ThingContext))]
    [Migration("20240102000000_Add")]
    private sealed class Add : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>("Extra", "Things", nullable: false, defaultValue: 7);
            migrationBuilder.CreateIndex("IX_Things_Name", "Things", "Name");
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex("IX_Things_Name", "Things");
            migrationBuilder.DropColumn("Extra", "Things");
        }
    }
}
