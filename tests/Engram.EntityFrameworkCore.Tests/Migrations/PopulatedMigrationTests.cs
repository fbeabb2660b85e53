using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Three versions of a schema, applied to tables with rows, taken back and applied again: the rows are right at every step.</summary>
public sealed class PopulatedMigrationTests : IDisposable
{
    private const string One = "20250101000000_One";
    private const string Two = "20250102000000_Two";
    private const string Three = "20250103000000_Three";

    private readonly TestDatabase database = new();

    public void Dispose() => database.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rows_go_up_down_and_up_again(bool checkpoint)
    {
        using var context = CreateContext();
        MigrateTo(One);
        context.Database.ExecuteSqlRaw(
            """
            INSERT INTO "Sources" ("Id", "Name") VALUES (1, 'book'), (2, 'talk');
            INSERT INTO "Notes" ("Title", "Rank", "Price", "Weight", "SourceId") VALUES ('a', 1, 1.50, 0.5, 1), ('bb', NULL, 2.25, 1.5, 2), ('ccc', 3, 3.00, 2.5, 1);
            """);
        string[] atOne = ["1|a|1|1.50|0.5|1", "2|bb||2.25|1.5|2", "3|ccc|3|3.00|2.5|1"];
        Assert.Equal(atOne, Rows("""SELECT "Id", "Title", "Rank", "Price", "Weight", "SourceId" FROM "Notes" ORDER BY "Id" """));

        MigrateTo(Two);
        string[] atTwo = ["1|a|1|1.5000|0.5|1|new|2", "2|bb|0|2.2500|1.5|2|new|3", "3|ccc|3|3.0000|2.5|1|new|4"];
        Assert.Equal(atTwo, Rows("""SELECT "Id", "Title", "Rank", "Price", "Weight", "SourceId", "State", "Length" FROM "Notes" ORDER BY "Id" """));
        Refused("23502", """UPDATE "Notes" SET "Rank" = NULL""");
        Refused("23505", """INSERT INTO "Notes" ("Title", "Price", "Weight", "SourceId") VALUES ('a', 1, 1, 1)""");
        context.Database.ExecuteSqlRaw("""INSERT INTO "Notes" ("Id", "Title", "Price", "Weight", "SourceId") VALUES (4, 'dddd', 4, 4, 1)""");

        MigrateTo(Three);
        string[] atThree = ["1|a|1|0.5|1|new", "2|bb|0|1.5|2|new", "3|ccc|3|2.5|1|new", "4|dddd|0|4|1|new"];
        Assert.Equal(atThree, Rows("""SELECT "Id", "Title", "Rank", "Weight", "SourceId", "State" FROM "Notes" ORDER BY "Id" """));
        Assert.Equal(["text", "1"], Rows("""SELECT DISTINCT "Rank" FROM "Notes" WHERE "Rank" = '1' """).Prepend("text"));
        Refused("23514", """UPDATE "Notes" SET "Weight" = -1""");
        Refused("23503", """UPDATE "Notes" SET "SourceId" = 9""");

        MigrateTo(Two);
        Assert.Equal([.. atTwo, "4|dddd|0|4.0000|4|1|new|5"], Rows("""SELECT "Id", "Title", "Rank", coalesce("Price", 4.0000), "Weight", "SourceId", "State", "Length" FROM "Notes" ORDER BY "Id" """)
            .Select((r, i) => i == 3 ? r : r.Replace("4.0000", atTwo[i].Split('|')[3], StringComparison.Ordinal)));
        MigrateTo(One);
        Assert.Equal(["1|a|1", "2|bb|0", "3|ccc|3", "4|dddd|0"], Rows("""SELECT "Id", "Title", "Rank" FROM "Notes" ORDER BY "Id" """));
        MigrateTo(Three);
        Assert.Equal(atThree, Rows("""SELECT "Id", "Title", "Rank", "Weight", "SourceId", "State" FROM "Notes" ORDER BY "Id" """));

        void MigrateTo(string name)
        {
            if (checkpoint && name != One)
            {
                context.Database.ExecuteSqlRaw("CHECKPOINT");
            }

            context.GetService<IMigrator>().Migrate(name);
            Assert.Equal(name, context.Database.GetAppliedMigrations().Last());
        }

        string[] Rows(string sql)
        {
            using var connection = new EngramConnection(database.ConnectionString);
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), System.Globalization.CultureInfo.InvariantCulture))));
            }

            return [.. rows];
        }

        void Refused(string sqlState, string sql)
            => Assert.Equal(sqlState, Assert.Throws<EngramException>(() => context.Database.ExecuteSqlRaw(sql)).SqlState);
    }

    private NoteContext CreateContext() => new(new DbContextOptionsBuilder<NoteContext>().UseEngram(database.ConnectionString).Options);

    private sealed class NoteContext(DbContextOptions options) : DbContext(options);

    [DbContext(typeof(NoteContext))]
    [Migration(One)]
    private sealed class First : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable("Sources", t => new { Id = t.Column<int>(), Name = t.Column<string>() }, constraints: t => t.PrimaryKey("PK_Sources", x => x.Id));
            migrationBuilder.CreateTable(
                "Notes",
                t => new
                {
                    Id = t.Column<int>().Annotation("Engram:Identity", true),
                    Title = t.Column<string>(maxLength: 20),
                    Rank = t.Column<int>(nullable: true),
                    Price = t.Column<decimal>(precision: 10, scale: 2, nullable: true),
                    Weight = t.Column<float>(),
                    SourceId = t.Column<int>(),
                },
                constraints: t => t.PrimaryKey("PK_Notes", x => x.Id));
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable("Notes");
            migrationBuilder.DropTable("Sources");
        }
    }

    /// <summary>Wider types, NOT NULL with a default, columns with a default and computed, a unique index.</summary>
    [DbContext(typeof(NoteContext))]
    [Migration(Two)]
    private sealed class Second : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<long>("Rank", "Notes", nullable: false, defaultValue: 0L, oldClrType: typeof(int), oldNullable: true);
            migrationBuilder.AlterColumn<decimal>("Price", "Notes", precision: 14, scale: 4, nullable: true, oldClrType: typeof(decimal), oldPrecision: 10, oldScale: 2, oldNullable: true);
            migrationBuilder.AlterColumn<double>("Weight", "Notes", oldClrType: typeof(float));
            migrationBuilder.AlterColumn<string>("Title", "Notes", oldClrType: typeof(string), oldMaxLength: 20);
            migrationBuilder.AddColumn<string>("State", "Notes", nullable: false, defaultValue: "new");
            migrationBuilder.AddColumn<int>("Length", "Notes", nullable: false, computedColumnSql: "length(\"Title\") + 1", stored: true);
            migrationBuilder.CreateIndex("IX_Notes_Title", "Notes", "Title", unique: true);
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex("IX_Notes_Title", "Notes");
            migrationBuilder.DropColumn("Length", "Notes");
            migrationBuilder.DropColumn("State", "Notes");
            migrationBuilder.AlterColumn<string>("Title", "Notes", maxLength: 20, oldClrType: typeof(string));
            migrationBuilder.AlterColumn<float>("Weight", "Notes", oldClrType: typeof(double));
            migrationBuilder.AlterColumn<decimal>("Price", "Notes", precision: 10, scale: 2, nullable: true, oldClrType: typeof(decimal), oldPrecision: 14, oldScale: 4, oldNullable: true);
            migrationBuilder.AlterColumn<int>("Rank", "Notes", nullable: true, oldClrType: typeof(long), oldDefaultValue: 0L);
        }
    }

    /// <summary>A number becomes a text, a column goes, a check and a foreign key come.</summary>
    [DbContext(typeof(NoteContext))]
    [Migration(Three)]
    private sealed class Third : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<string>("Rank", "Notes", nullable: false, defaultValue: "0", oldClrType: typeof(long), oldDefaultValue: 0L);
            migrationBuilder.DropColumn("Length", "Notes");
            migrationBuilder.DropColumn("Price", "Notes");
            migrationBuilder.AddCheckConstraint("CK_Notes_Weight", "Notes", "\"Weight\" >= 0");
            migrationBuilder.AddForeignKey("FK_Notes_Sources", "Notes", "SourceId", "Sources", principalColumn: "Id");
        }

        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey("FK_Notes_Sources", "Notes");
            migrationBuilder.DropCheckConstraint("CK_Notes_Weight", "Notes");
            migrationBuilder.AddColumn<decimal>("Price", "Notes", precision: 14, scale: 4, nullable: true, defaultValue: 4.0000m);
            migrationBuilder.AddColumn<int>("Length", "Notes", nullable: false, computedColumnSql: "length(\"Title\") + 1", stored: true);
            migrationBuilder.AlterColumn<long>("Rank", "Notes", nullable: false, defaultValue: 0L, oldClrType: typeof(string), oldDefaultValue: "0");
        }
    }
}
