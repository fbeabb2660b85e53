using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Operations of migrations, run against tables with rows: what they say is what the database then is.</summary>
public sealed class AllOperationsTests : IDisposable
{
    private readonly TestDatabase database = new();
    private readonly MemoryContext db;

    public AllOperationsTests()
    {
        db = database.CreateContext();
        db.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalDatabaseCreator>().Create();
        Execute("CREATE TABLE \"T\" (\"Id\" integer PRIMARY KEY, \"A\" integer, \"B\" text); INSERT INTO \"T\" VALUES (1, 10, 'x'), (2, 20, 'yy'), (3, NULL, 'z')");
    }

    public void Dispose()
    {
        db.Dispose();
        database.Dispose();
    }

    [Fact]
    public void Comments_come_change_and_go()
    {
        Run(
            new AlterTableOperation { Name = "T", Comment = "it's a table" },
            new AlterColumnOperation { Table = "T", Name = "A", ClrType = typeof(int), IsNullable = true, Comment = "a", OldColumn = new AddColumnOperation { ClrType = typeof(int), IsNullable = true } },
            new AddColumnOperation { Table = "T", Name = "C", ClrType = typeof(int), IsNullable = true, Comment = "c" });
        Assert.Equal("it's a table", Schema("Tables", "T")["comment"]);
        Assert.Equal("a", Schema("Columns", "T", "A")["comment"]);
        Assert.Equal("c", Schema("Columns", "T", "C")["comment"]);
        Run(new AlterTableOperation { Name = "T", OldTable = new CreateTableOperation { Name = "T", Comment = "it's a table" } });
        Assert.Equal(DBNull.Value, Schema("Tables", "T")["comment"]);
    }

    [Fact]
    public void Sequences_are_created_altered_restarted_renamed_and_dropped()
    {
        Run(new CreateSequenceOperation { Name = "S", ClrType = typeof(int), StartValue = 5, IncrementBy = 2, MaxValue = 9, IsCyclic = true });
        Assert.Equal([5L, 7L, 9L, 1L], Take("S", 4));
        Run(
            new AlterSequenceOperation { Name = "S", IncrementBy = 10, OldSequence = new CreateSequenceOperation { IncrementBy = 2, MaxValue = 9, IsCyclic = true } },
            new RestartSequenceOperation { Name = "S", StartValue = 100 },
            new RenameSequenceOperation { Name = "S", NewName = "R" });
        Assert.Equal([100L, 110L], Take("R", 2));
        Run(new EnsureSchemaOperation { Name = "other" }, new RenameSequenceOperation { Name = "R", NewName = "R", NewSchema = "other" });
        Run(new DropSequenceOperation { Name = "R", Schema = "other" }, new DropSchemaOperation { Name = "other" });

        long[] Take(string name, int count) => [.. Enumerable.Range(0, count).Select(_ => db.Database.SqlQueryRaw<long>($"SELECT nextval('\"{name}\"') AS \"Value\"").Single())];
    }

    [Fact]
    public void Constraints_come_and_go_and_a_table_moves_to_another_schema()
    {
        Run(
            new AddUniqueConstraintOperation { Table = "T", Name = "AK", Columns = ["B"] },
            new AddCheckConstraintOperation { Table = "T", Name = "CK", Sql = "\"A\" > 5" });
        Refused("23505", "INSERT INTO \"T\" VALUES (4, 10, 'x')");
        Refused("23514", "INSERT INTO \"T\" VALUES (4, 1, 'q')");
        Run(
            new DropUniqueConstraintOperation { Table = "T", Name = "AK" },
            new DropCheckConstraintOperation { Table = "T", Name = "CK" },
            new DropPrimaryKeyOperation { Table = "T", Name = "T_pkey" });
        Execute("INSERT INTO \"T\" VALUES (1, 1, 'x')");
        Execute("DELETE FROM \"T\" WHERE \"A\" = 1");
        Run(
            new AddPrimaryKeyOperation { Table = "T", Name = "PK_T", Columns = ["Id"] },
            new EnsureSchemaOperation { Name = "s" },
            new RenameTableOperation { Name = "T", NewName = "U", NewSchema = "s" });
        Assert.Equal(3, db.Database.SqlQueryRaw<long>("SELECT count(*) AS \"Value\" FROM s.\"U\"").Single());
        Refused("23505", "INSERT INTO s.\"U\" VALUES (1, 10, 'x')");
    }

    [Fact]
    public void Computed_columns_change_and_become_plain()
    {
        Run(new AddColumnOperation { Table = "T", Name = "C", ClrType = typeof(int), IsNullable = true, ComputedColumnSql = "\"A\" * 2", IsStored = true });
        Assert.Equal("20,40,", Values("C"));
        Run(new AlterColumnOperation
        {
            Table = "T", Name = "C", ClrType = typeof(int), IsNullable = true, ComputedColumnSql = "\"A\" * 3", IsStored = true,
            OldColumn = new AddColumnOperation { ClrType = typeof(int), IsNullable = true, ComputedColumnSql = "\"A\" * 2", IsStored = true },
        });
        Assert.Equal("30,60,", Values("C"));
        Run(new AlterColumnOperation
        {
            Table = "T", Name = "C", ClrType = typeof(int), IsNullable = true,
            OldColumn = new AddColumnOperation { ClrType = typeof(int), IsNullable = true, ComputedColumnSql = "\"A\" * 3", IsStored = true },
        });
        Execute("UPDATE \"T\" SET \"C\" = 7 WHERE \"Id\" = 3");
        Assert.Equal("30,60,7", Values("C"));
    }

    [Fact]
    public void Changes_of_the_definition_alone_write_no_column()
    {
        Execute("INSERT INTO \"T\" SELECT n, n, 'text ' || n FROM generate_series(4, 50000) AS n; CHECKPOINT");
        var before = Files();
        Assert.NotEmpty(before);
        Run(
            new AddColumnOperation { Table = "T", Name = "New", ClrType = typeof(int), IsNullable = true },
            new AddColumnOperation { Table = "T", Name = "WithDefault", ClrType = typeof(int), DefaultValue = 7 },
            new RenameColumnOperation { Table = "T", Name = "B", NewName = "Text" },
            new AlterColumnOperation { Table = "T", Name = "A", ClrType = typeof(long), IsNullable = true, OldColumn = new AddColumnOperation { ClrType = typeof(int), IsNullable = true } },
            new DropColumnOperation { Table = "T", Name = "New" },
            new RenameTableOperation { Name = "T", NewName = "U" });
        Assert.Equal(before, Files());
        Assert.Equal(50000 * 7, db.Database.SqlQueryRaw<long>("SELECT sum(\"WithDefault\") AS \"Value\" FROM \"U\"").Single());

        // Files of columns: the log and the state of the database are written by every commit.
        string[] Files() => [.. Directory.EnumerateFiles(database.DatabasePath, "*", SearchOption.AllDirectories)
            .Where(f => f.Contains("seg", StringComparison.OrdinalIgnoreCase)).Select(f => $"{f} {new FileInfo(f).Length} {File.GetLastWriteTimeUtc(f).Ticks}").Order(StringComparer.Ordinal)];
    }

    private void Run(params MigrationOperation[] operations)
    {
        var commands = db.GetService<IMigrationsSqlGenerator>().Generate(operations, db.GetService<IDesignTimeModel>().Model);
        db.GetService<IMigrationCommandExecutor>().ExecuteNonQuery(commands, db.GetService<Microsoft.EntityFrameworkCore.Storage.IRelationalConnection>());
    }

    private void Execute(string sql) => db.Database.ExecuteSqlRaw(sql);

    private void Refused(string sqlState, string sql) => Assert.Equal(sqlState, Assert.Throws<EngramException>(() => Execute(sql)).SqlState);

    private string Values(string column)
        => db.Database.SqlQueryRaw<string>($"SELECT string_agg(coalesce(CAST(\"{column}\" AS text), ''), ',' ORDER BY \"Id\") AS \"Value\" FROM \"T\"").Single();

    private System.Data.DataRow Schema(string collection, params string[] names)
    {
        db.Database.OpenConnection();
        var rows = db.Database.GetDbConnection().GetSchema(collection, [null, .. names]).Rows;
        db.Database.CloseConnection();
        return rows.Cast<System.Data.DataRow>().Single();
    }
}
