using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Engram.EntityFrameworkCore.Tests.Samples;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>The README's programs, and those that pages mark, are compiled as they stand, with the usings of a new console project, and run.</summary>
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

    [Theory]
    [InlineData("README.md", 0, "0.9  The deploy failed: disk full")]
    [InlineData("README.md", 1, "The deploy failed: disk full")]
    [InlineData("docs/getting-started.md", 0, "2: Call Ada")]
    [InlineData("docs/getting-started.md", 1, "0.006 The deploy failed: disk full")]
    public void A_program_of_the_documentation_works_when_pasted(string page, int index, string expected)
    {
        var folder = Directory.CreateTempSubdirectory("readme");
        var database = Path.Combine(folder.FullName, "some.engram");
        try
        {
            var program = Snippets(page)[index];
            var source = Assert.Single(Regex.Matches(program, "Data Source=[a-z]+\\.engram")).Value;
            program = program.Replace(source, "Data Source=" + database.Replace('\\', '/'), StringComparison.Ordinal);

            var output = Run(Compile(program));

            var line = Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.Contains(expected, line, StringComparison.Ordinal);
            Assert.True(Directory.Exists(database));
        }
        finally
        {
            using (var connection = new Engram.Data.EngramConnection($"Data Source={database}"))
            {
                Engram.Data.EngramConnection.ClearPool(connection);
            }

            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_program_of_the_readme_is_short()
        => Assert.InRange(Snippets("README.md")[0].Split('\n').Count(l => l.Length > 0), 15, 22);

    /// <summary>The blocks of C# that follow a comment which says that a test compiles and runs them.</summary>
    private static List<string> Snippets(string page)
    {
        var text = File.ReadAllText(Path.Combine(SampleProcess.Root(), page)).ReplaceLineEndings("\n");
        return [.. Regex.Matches(text, "^<!-- Compiled and run by a test[^\n]*-->\n```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(m => m.Groups[1].Value)];
    }

    private static Assembly Compile(string program)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            // A name of its own: the default context takes a name once.
            "Snippet" + Guid.NewGuid().ToString("N"),
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
