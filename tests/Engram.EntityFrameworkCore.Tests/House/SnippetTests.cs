using System.Text;
using System.Text.RegularExpressions;
using Engram.EntityFrameworkCore.Tests.Samples;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>Every block of C# in the documentation compiles: as members of a class, as statements, as what follows a <c>try</c>, or as a program of its own.</summary>
/// <remarks>Blocks speak of things that their page does not declare, such as <c>connection</c> or <c>db</c>: these stand in <see cref="Scenery"/>. A block that needs
/// more declares it. All are compiled as one program, each as a class of its own, with the page and its lines as the place of what is wrong.</remarks>
public sealed class SnippetTests
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.ComponentModel.DataAnnotations.Schema;
        using System.Data;
        using System.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using Engram.Data;
        using Engram.EntityFrameworkCore;
        using Microsoft.EntityFrameworkCore;
        using Microsoft.EntityFrameworkCore.Migrations;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Logging;

        """;

    /// <summary>What the pages take for granted. Of OpenTelemetry, which this project does not refer to, the shape of what is called.</summary>
    private const string Scenery = """
        public class Episode
        {
            public long Id { get; set; }
            public string Content { get; set; } = "";
            public float Confidence { get; set; }
            public float[] Embedding { get; set; } = [];
        }

        public class MemoryContext(DbContextOptions<MemoryContext> options) : DbContext(options)
        {
            public DbSet<Episode> Episodes => Set<Episode>();
        }

        public class App
        {
            public IServiceProvider Services { get; } = null!;
        }

        public class Tracing { public Tracing AddSource(string name) => this; }

        public class Metering { public Metering AddMeter(string name) => this; }

        public class Telemetry
        {
            public Telemetry WithTracing(Action<Tracing> configure) => this;
            public Telemetry WithMetrics(Action<Metering> configure) => this;
        }

        public static class TelemetryExtensions
        {
            public static Telemetry AddOpenTelemetry(this IServiceCollection services) => new();
        }

        public class Scene
        {
            protected EngramConnection connection = null!;
            protected EngramDataSource dataSource = null!;
            protected MemoryContext db = null!;
            protected DbContextOptionsBuilder options = null!;
            protected IServiceCollection services = null!;
            protected ModelBuilder modelBuilder = null!;
            protected MigrationBuilder migrationBuilder = null!;
            protected ILoggerFactory loggerFactory = null!;
            protected App app = null!;
            protected CancellationToken cancellationToken;
            protected IEnumerable<object?[]> rows = [];
            protected float[] query = [];
            protected float[] queryVector = [];
            protected long from, to;
            protected decimal amount;
            protected static void Transfer(EngramConnection connection, long from, long to, decimal amount) { }
        }

        """;

    [Fact]
    public void Every_snippet_of_the_documentation_compiles()
    {
        var root = SampleProcess.Root();
        var pages = Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(root, "README.md"));
        var snippets = pages.SelectMany(page => Snippets(Path.GetRelativePath(root, page).Replace('\\', '/'), File.ReadAllText(page).ReplaceLineEndings("\n"))).ToArray();

        Assert.True(snippets.Length >= 15, $"{snippets.Length} snippets were found");
        var mistakes = Mistakes(snippets);
        Assert.True(mistakes.Count == 0, string.Join("\n", mistakes));
    }

    [Theory]
    [InlineData("connection.Open();", 0)]
    [InlineData("connection.Opened();", 1)]
    [InlineData("public float[] Embedding { get; set; } = [];", 0)]
    [InlineData("catch (EngramException e) when (e.IsTransient) { }", 0)]
    [InlineData("options.UseEngram(connection)", 1)]
    public void A_snippet_that_does_not_compile_is_found_with_its_line(string code, int count)
    {
        var mistakes = Mistakes([.. Snippets("docs/a.md", $"# A\n\n```csharp\n{code}\n```\n")]);
        Assert.Equal(count, mistakes.Count);
        Assert.All(mistakes, m => Assert.StartsWith("docs/a.md(4,", m, StringComparison.Ordinal));
    }

    private static IEnumerable<(string Page, int Line, string Code)> Snippets(string page, string text)
        => from Match match in Regex.Matches(text, "^```csharp\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
           select (page, text.AsSpan(0, match.Groups[1].Index).Count('\n') + 1, match.Groups[1].Value);

    private static List<string> Mistakes(IReadOnlyList<(string Page, int Line, string Code)> snippets)
    {
        // A block with classes or usings of its own is a program: a tree of its own, and programs have one entry each.
        var programs = snippets.Where(s => Regex.IsMatch(s.Code, "^(using [A-Z][\\w.]*;|(sealed |public )*class )", RegexOptions.Multiline)).ToArray();
        var text = new StringBuilder(Usings).Append(Scenery);
        foreach (var (index, snippet) in snippets.Except(programs).Index())
        {
            text.Append($"public class Snippet{index} : Scene\n{{\n{Framed(snippet)}\n}}\n");
        }

        var results = programs.Select(p => Compile($"{Usings}#line {p.Line} \"{p.Page}\"\n{p.Code}", OutputKind.ConsoleApplication))
            .Append(Compile(text.ToString(), OutputKind.DynamicallyLinkedLibrary));
        return [.. results.SelectMany(d => d)];
    }

    /// <summary>What it is follows from how it begins.</summary>
    private static string Framed((string Page, int Line, string Code) snippet)
    {
        var code = $"#line {snippet.Line} \"{snippet.Page}\"\n{snippet.Code}\n#line hidden\n";
        return Regex.IsMatch(snippet.Code, @"^(\[|public |protected |private )") ? code
            : $"async Task Run()\n{{\nawait Task.Yield();\n{(snippet.Code.StartsWith("catch", StringComparison.Ordinal) ? "try { }\n" : "")}{code}\n}}";
    }

    private static IEnumerable<string> Compile(string code, OutputKind kind)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p));
        return from diagnostic in CSharpCompilation.Create("Snippets", [CSharpSyntaxTree.ParseText(code)], references, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable)).GetDiagnostics()
               where diagnostic.Severity == DiagnosticSeverity.Error
               let place = diagnostic.Location.GetMappedLineSpan()
               select $"{place.Path}({place.StartLinePosition.Line + 1},{place.StartLinePosition.Character + 1}): {diagnostic.GetMessage()}";
    }
}
