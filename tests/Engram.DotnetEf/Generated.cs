using Engram.Packaging;

namespace Engram.DotnetEf;

/// <summary>Code that the tool writes: a compiled model, and the classes of a database that is there.</summary>
internal sealed class Generated(Tool ef, MigrationLife life, string reader)
{
    private const string EmptyProgram = "System.Console.WriteLine();";

    private const string ReaderProgram = """
        using var scaffolded = new Reader.Scaffolded();
        scaffolded.Items.Add(new Reader.Item { Text = "second", Embedding = [0, 1, 0], Tags = ["a"] });
        scaffolded.SaveChanges();
        Console.WriteLine(string.Join("\n", scaffolded.Items.OrderBy(i => i.Id).Select(i => i.Id + " " + i.Text + " " + i.Embedding.Length + " " + i.IsPinned)));
        """;

    public void Run()
    {
        var before = Project.Run(life.Folder, "read", life.Database);
        ef.Run(life.Folder, "dbcontext", "optimize", "-o", "Compiled", "-n", "Memory.Compiled");
        Shell.Check("a compiled model is written", File.Exists(Path.Combine(life.Folder, "Compiled", "NotesModel.cs")));
        Shell.Check("the project runs with it", Project.Run(life.Folder, "read", life.Database) == before);

        Project.Create(reader, "Reader", EmptyProgram);
        ef.Run(reader, "dbcontext", "scaffold", $"Data Source={life.Database}", "Engram.EntityFrameworkCore", "-c", "Scaffolded", "-n", "Reader", "-o", "Classes", "--table", "Items");
        var context = File.ReadAllText(Path.Combine(reader, "Classes", "Scaffolded.cs"));
        Shell.Check("the vector index and the type of the embedding are in the scaffolded context", context.Contains("VectorMetric.Cosine", StringComparison.Ordinal) && context.Contains("vector(3)", StringComparison.Ordinal), context);
        File.WriteAllText(Path.Combine(reader, "Program.cs"), ReaderProgram);
        var rows = Project.Run(reader);
        Shell.Check("the scaffolded classes read and write the database", rows.Contains("1 first 3 True", StringComparison.Ordinal) && rows.Contains("2 second 3 ", StringComparison.Ordinal), rows);
    }
}
