using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>The README's program is compiled as it stands, with the usings of a new console project, and run.</summary>
public sealed class ReadmeTests
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    [Fact]
    public void The_program_of_the_readme_works_when_pasted()
    {
        var folder = Directory.CreateTempSubdirectory("readme");
        try
        {
            var database = Path.Combine(folder.FullName, "memory.engram");
            var program = Snippet();
            Assert.Contains("Data Source=memory.engram", program, StringComparison.Ordinal);
            program = program.Replace("Data Source=memory.engram", "Data Source=" + database.Replace('\\', '/'), StringComparison.Ordinal);

            var output = Run(Compile(program));

            var line = Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Contains("0.9  The deploy failed: disk full", line, StringComparison.Ordinal);
            Assert.True(Directory.Exists(database));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_program_of_the_readme_is_short()
        => Assert.InRange(Snippet().Split('\n').Count(l => l.Length > 0), 15, 22);

    private static string Snippet([CallerFilePath] string thisFile = "")
    {
        var root = new DirectoryInfo(Path.GetDirectoryName(thisFile)!);
        while (!File.Exists(Path.Combine(root.FullName, "Engram.Data.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("No folder above this file holds Engram.Data.sln.");
        }

        var readme = File.ReadAllText(Path.Combine(root.FullName, "README.md")).ReplaceLineEndings("\n");
        return Regex.Matches(readme, "^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Single().Groups[1].Value;
    }

    private static Assembly Compile(string program)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "Readme",
            [CSharpSyntaxTree.ParseText(ImplicitUsings), CSharpSyntaxTree.ParseText(program)],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));

        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.Empty(result.Diagnostics.Where(d => d.Severity >= DiagnosticSeverity.Warning));
        image.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(image);
    }

    private static string Run(Assembly program)
    {
        var entry = program.EntryPoint!;
        var (console, output) = (Console.Out, new StringWriter());
        Console.SetOut(output);
        try
        {
            entry.Invoke(null, entry.GetParameters().Length == 0 ? [] : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }

        return output.ToString();
    }
}
