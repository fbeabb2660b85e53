using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Migrations;

/// <summary>The names, and the order, of the versions. <c>dotnet ef migrations add</c> makes names like these from the clock.</summary>
public static class Versions
{
    public const string First = "20260101000000_First";
    public const string Wider = "20260201000000_Wider";
    public const string Topics = "20260301000000_Topics";
}

/// <summary>Version 1: notes with a title and a weight.</summary>
[DbContext(typeof(Notebook))]
[Migration(Versions.First)]
public sealed class First : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
        => migrationBuilder.CreateTable(
            "Notes",
            t => new
            {
                Id = t.Column<long>().Annotation("Engram:Identity", true),
                Title = t.Column<string>(maxLength: 40),
                Weight = t.Column<float>(),
            },
            constraints: t => t.PrimaryKey("PK_Notes", x => x.Id));

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("Notes");
}

/// <summary>Version 2: titles of any length, weights with more digits, a state that old notes get too, and a place for embeddings.</summary>
[DbContext(typeof(Notebook))]
[Migration(Versions.Wider)]
public sealed class Wider : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AlterColumn<string>("Title", "Notes", oldClrType: typeof(string), oldMaxLength: 40);
        migrationBuilder.AlterColumn<double>("Weight", "Notes", oldClrType: typeof(float));
        migrationBuilder.AddColumn<string>("State", "Notes", nullable: false, defaultValue: "new");
        migrationBuilder.AddColumn<float[]>("Embedding", "Notes", "vector(3)", nullable: true);
        migrationBuilder.CreateIndex("IX_Notes_Title", "Notes", "Title");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropIndex("IX_Notes_Title", "Notes");
        migrationBuilder.DropColumn("Embedding", "Notes");
        migrationBuilder.DropColumn("State", "Notes");
        migrationBuilder.AlterColumn<float>("Weight", "Notes", oldClrType: typeof(double));
        migrationBuilder.AlterColumn<string>("Title", "Notes", maxLength: 40, oldClrType: typeof(string));
    }
}

/// <summary>Version 3: topics, made from the titles that are there, and a foreign key from each note to its topic.</summary>
[DbContext(typeof(Notebook))]
[Migration(Versions.Topics)]
public sealed class Topics : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "Topics",
            t => new { Id = t.Column<int>().Annotation("Engram:Identity", true), Name = t.Column<string>() },
            constraints: t => t.PrimaryKey("PK_Topics", x => x.Id));
        migrationBuilder.CreateIndex("IX_Topics_Name", "Topics", "Name", unique: true);
        migrationBuilder.AddColumn<int>("TopicId", "Notes", nullable: true);

        // Data moves in SQL, in the same transaction as the change of the schema.
        migrationBuilder.Sql("""INSERT INTO "Topics" ("Name") SELECT DISTINCT split_part("Title", ' ', 1) FROM "Notes" ORDER BY 1""");
        migrationBuilder.Sql("""UPDATE "Notes" SET "TopicId" = t."Id" FROM "Topics" t WHERE t."Name" = split_part("Title", ' ', 1)""");
        migrationBuilder.CreateIndex("IX_Notes_TopicId", "Notes", "TopicId");
        migrationBuilder.AddForeignKey("FK_Notes_Topics_TopicId", "Notes", "TopicId", "Topics", principalColumn: "Id");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropForeignKey("FK_Notes_Topics_TopicId", "Notes");
        migrationBuilder.DropIndex("IX_Notes_TopicId", "Notes");
        migrationBuilder.DropColumn("TopicId", "Notes");
        migrationBuilder.DropTable("Topics");
    }
}
