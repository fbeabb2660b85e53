using Engram.Packaging;

namespace Engram.DotnetEf;

/// <summary>Two versions of a model, and the migrations between them.</summary>
internal sealed class MigrationLife
{
    // "read" prints the notes of a database, and "script" runs a file of SQL in it.
    private const string FirstProgram = """
        using System.ComponentModel.DataAnnotations.Schema;
        using Engram.Data;
        using Microsoft.EntityFrameworkCore;

        namespace Memory;

        public static class Program
        {
            public static void Main(string[] args)
            {
                using var notes = new Notes(args[1]);
                if (args[0] == "script")
                {
                    notes.Database.ExecuteSqlRaw(File.ReadAllText(args[2]).Replace("{", "{{").Replace("}", "}}"));
                }

                var rows = notes.Database.SqlQueryRaw<string>("SELECT to_json(n) :: text AS \"Value\" FROM (SELECT * FROM \"Items\" ORDER BY \"Id\") AS n");
                Console.WriteLine(string.Join("\n", rows));
            }
        }

        public class Notes(string path) : DbContext
        {
            public Notes() : this("notes.engram") { }
            public DbSet<Note> Items => Set<Note>();
            protected override void OnConfiguring(DbContextOptionsBuilder options) => options.UseEngram($"Data Source={path}");
            protected override void OnModelCreating(ModelBuilder model)
            {
                model.Entity<Note>().HasVectorIndex(n => n.Embedding, VectorMetric.Cosine).HasM(8);
                model.Entity<Note>().HasData(new Note { Id = 1, Text = "first", Embedding = [1, 0, 0] });
            }
        }

        public class Note
        {
            public int Id { get; set; }
            public required string Text { get; set; }
            [Column(TypeName = "vector(3)")]
            public float[] Embedding { get; set; } = [];
            public DateTimeOffset? At { get; set; }
            public List<string> Tags { get; set; } = [];
        }
        """;

    private readonly Tool ef;

    public MigrationLife(Tool ef, string folder)
    {
        (this.ef, Folder) = (ef, folder);
        Project.Create(folder, "Memory", FirstProgram);
    }

    public string Folder { get; }

    public void AddFirst()
    {
        ef.Run(Folder, "migrations", "add", "First");
        Shell.Check("the migration and its snapshot are written", Migrations("*_First.cs") == 1 && Migrations("*_First.Designer.cs") == 1 && Migrations("NotesModelSnapshot.cs") == 1);
        Shell.Check("it is listed as pending", ef.Run(Folder, "migrations", "list").Contains("_First (Pending)", StringComparison.Ordinal));
        Shell.Check("listing makes no database", !Directory.Exists(Database));
        ef.Run(Folder, "database", "update", "--no-build");
        var list = ef.Run(Folder, "migrations", "list", "--no-build");
        Shell.Check("it is listed as applied", list.Contains("_First", StringComparison.Ordinal) && !list.Contains("Pending", StringComparison.Ordinal), list);
        ef.Run(Folder, "migrations", "has-pending-model-changes", "--no-build");
        var rows = Project.Run(Folder, "read", Database);
        Shell.Check("the row of the model is there", rows.Contains("\"first\"", StringComparison.Ordinal) && rows.Contains("[1,0,0]", StringComparison.Ordinal), rows);
    }

    /// <summary>Another column, another name of one, another type of one, and another option of the vector index.</summary>
    public void AddSecond()
    {
        var file = Path.Combine(Folder, "Program.cs");
        File.WriteAllText(
            file,
            File.ReadAllText(file)
                .Replace("public DateTimeOffset? At { get; set; }", "public DateOnly? At { get; set; }\n    public bool IsPinned { get; set; } = true;", StringComparison.Ordinal)
                .Replace(".HasM(8)", ".HasM(24)", StringComparison.Ordinal));
        ef.RunAndExpect(1, Folder, "migrations", "has-pending-model-changes");
        ef.Run(Folder, "migrations", "add", "Second", "--no-build");
        Shell.Check("the second migration is listed as pending", ef.Run(Folder, "migrations", "list").Contains("_Second (Pending)", StringComparison.Ordinal));
    }

    public void Remove()
    {
        ef.Run(Folder, "migrations", "remove", "--no-build");
        Shell.Check("the second migration is removed", Migrations("*_Second.cs") == 0 && Migrations("*_First.cs") == 1);
        ef.Run(Folder, "migrations", "add", "Second");
        ef.Run(Folder, "database", "update");
        ef.RunAndExpect(1, Folder, "migrations", "remove", "--no-build");
        Shell.Check("one that is applied is not removed", Migrations("*_Second.cs") == 1);
        ef.Run(Folder, "migrations", "remove", "--force", "--no-build");
        var list = ef.Run(Folder, "migrations", "list");
        Shell.Check("unless it may be undone", Migrations("*_Second.cs") == 0 && !list.Contains("Second", StringComparison.Ordinal), list);
        ef.Run(Folder, "migrations", "add", "Second", "--no-build");
    }

    /// <summary>A script from nothing, and one that may run in any database: in a new one, in that of the first migration, and once more.</summary>
    public void WriteScripts()
    {
        ef.Run(Folder, "migrations", "script", "-o", "plain.sql");
        ef.Run(Folder, "migrations", "script", "--idempotent", "-o", "idempotent.sql", "--no-build");
        ef.Run(Folder, "migrations", "script", "Second", "First", "-o", "back.sql", "--no-build");
        ef.Run(Folder, "dbcontext", "script", "-o", "create.sql", "--no-build");
        var expected = Project.Run(Folder, "script", "plain.engram", "plain.sql");
        Shell.Check("a script makes the tables and rows", expected.Contains("\"IsPinned\"", StringComparison.Ordinal) && expected.Contains("\"first\"", StringComparison.Ordinal), expected);
        Shell.Check("so does that of the model", Project.Run(Folder, "script", "created.engram", "create.sql").Contains("\"IsPinned\"", StringComparison.Ordinal));
        Shell.Check("and an idempotent one", Project.Run(Folder, "script", "idempotent.engram", "idempotent.sql") == expected);
        Shell.Check("which changes nothing the second time", Project.Run(Folder, "script", "idempotent.engram", "idempotent.sql") == expected);
        Shell.Check("one back undoes the second migration", !Project.Run(Folder, "script", "idempotent.engram", "back.sql").Contains("IsPinned", StringComparison.Ordinal));
        Shell.Check("and from there the idempotent one does it again", Project.Run(Folder, "script", "idempotent.engram", "idempotent.sql") == expected);
    }

    public void GoBackAndForth()
    {
        ef.Run(Folder, "database", "update", "--no-build");
        Shell.Check("the database is at the second migration", Project.Run(Folder, "read", Database).Contains("\"IsPinned\"", StringComparison.Ordinal));
        ef.Run(Folder, "database", "update", "First", "--no-build");
        var rows = Project.Run(Folder, "read", Database);
        Shell.Check("and back at the first", !rows.Contains("IsPinned", StringComparison.Ordinal) && rows.Contains("\"first\"", StringComparison.Ordinal), rows);
        ef.Run(Folder, "database", "update", "0", "--no-build");
        Shell.Check("and at none", ef.Run(Folder, "migrations", "list", "--no-build").Split("(Pending)").Length == 3);
        ef.Run(Folder, "database", "update", "--no-build");
        ef.Run(Folder, "database", "update", "--no-build", "--connection", "Data Source=other.engram");
        Shell.Check("a connection string of one's own is used", Directory.Exists(Path.Combine(Folder, "other.engram")));
    }

    public void Describe()
    {
        Shell.Check("the context is listed", ef.Run(Folder, "dbcontext", "list", "--no-build").Contains("Memory.Notes", StringComparison.Ordinal));
        var info = ef.Run(Folder, "dbcontext", "info", "--no-build");
        Shell.Check("and described", info.Contains("Engram.EntityFrameworkCore", StringComparison.Ordinal) && info.Contains("notes.engram", StringComparison.Ordinal), info);
    }

    public void Drop()
    {
        ef.Run(Folder, "database", "drop", "--force", "--context", "Notes");
        Shell.Check("the database is gone", !Directory.Exists(Database));
    }

    public string Database => Path.Combine(Folder, "notes.engram");

    private int Migrations(string pattern)
    {
        var folder = Path.Combine(Folder, "Migrations");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, pattern).Length : 0;
    }
}
