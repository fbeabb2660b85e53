using System.Runtime.CompilerServices;

namespace Engram.Data.Tests.House;

/// <summary>One text file of the project, by its path from the root with forward slashes.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string[] Lines { get; } = Text.Split('\n');

    public bool IsUnder(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);

    /// <summary>The 1-based line of a position in the text.</summary>
    public int LineAt(int position) => Text.AsSpan(0, position).Count('\n') + 1;
}

/// <summary>What a rule found, where, and what to do about it.</summary>
internal sealed record Violation(string Path, int Line, string What)
{
    public override string ToString() => $"{Path}({Line}): {What}";

    public static void AssertNone(IEnumerable<Violation> violations)
    {
        var found = violations.ToList();
        Assert.True(found.Count == 0, $"{found.Count} violation(s) of a house rule (docs/contributing.md):\n{string.Join('\n', found)}");
    }
}

/// <summary>The project's own files, read from the working tree that the tests were compiled from.</summary>
internal static class SourceTree
{
    private static readonly HashSet<string> FoldersSkipped = ["bin", "obj", "TestResults", "node_modules", "BenchmarkDotNet.Artifacts"];

    private static readonly HashSet<string> TextExtensions =
        [".cs", ".md", ".csproj", ".props", ".targets", ".sln", ".json", ".yml", ".xml", ".sql", ".txt", ".sh", ".editorconfig", ".gitignore", ".gitattributes", ""];

    private static readonly Lazy<IReadOnlyList<SourceFile>> AllFiles = new(ReadAll);

    /// <summary>The folder that holds Engram.Data.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every text file, except what builds and test runs leave behind.</summary>
    public static IReadOnlyList<SourceFile> Files => AllFiles.Value;

    public static IEnumerable<SourceFile> CSharp(params string[] folders)
        => Files.Where(f => f.Path.EndsWith(".cs", StringComparison.Ordinal) && folders.Any(f.IsUnder));

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        foreach (var start in new[] { Path.GetDirectoryName(thisFile), AppContext.BaseDirectory })
        {
            for (var folder = start; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "Engram.Data.sln")))
                {
                    return folder;
                }
            }
        }

        throw new InvalidOperationException($"No folder above '{thisFile}' or '{AppContext.BaseDirectory}' holds Engram.Data.sln: run the tests from a working tree.");
    }

    private static List<SourceFile> ReadAll()
    {
        var files = new List<SourceFile>();
        Read(Root, "", files);
        return files;
    }

    private static void Read(string folder, string prefix, List<SourceFile> files)
    {
        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (TextExtensions.Contains(Path.GetExtension(file)) && Path.GetFileName(file) != ".git")
            {
                files.Add(new SourceFile(prefix + Path.GetFileName(file), File.ReadAllText(file)));
            }
        }

        foreach (var child in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(child);
            if (!FoldersSkipped.Contains(name) && !name.EndsWith(".engram", StringComparison.Ordinal) && (name == ".ci" || !name.StartsWith('.')))
            {
                Read(child, prefix + name + "/", files);
            }
        }
    }
}
