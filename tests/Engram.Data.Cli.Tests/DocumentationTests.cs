using System.CommandLine.Parsing;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Engram.Data.Cli.Tests;

/// <summary>Command lines that the documentation gives are command lines that the tool takes, and its page names every command and option.</summary>
public sealed class DocumentationTests
{
    private static readonly string s_root = Root();

    [Fact]
    public void Every_command_line_of_the_documentation_is_understood()
    {
        var lines = Directory.EnumerateFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories).Append(Path.Combine(s_root, "README.md"))
            .SelectMany(page => CommandLines(File.ReadAllText(page)).Select(line => (Page: Path.GetFileName(page), Line: line)))
            .ToArray();
        Assert.True(lines.Length >= 5, $"{lines.Length} command lines were found");
        Assert.All(lines, l => Assert.True(Errors(l.Line).Length == 0, $"{l.Page}: engram {l.Line}: {string.Join(" ", Errors(l.Line))}"));
    }

    [Fact]
    public void The_page_of_the_tool_names_every_command_and_option()
    {
        var page = File.ReadAllText(Path.Combine(s_root, "docs", "cli.md"));
        foreach (var command in CommandLine.Create().Subcommands)
        {
            var line = Assert.Single(page.Split('\n'), l => l.StartsWith($"| `engram {command.Name} ", StringComparison.Ordinal));
            Assert.All(command.Options.Where(o => !o.Hidden), o => Assert.True(line.Contains(o.Name, StringComparison.Ordinal), $"engram {command.Name}: {o.Name} is not explained"));
        }
    }

    [Fact]
    public void Every_project_that_a_command_runs_is_there()
    {
        var projects = Directory.EnumerateFiles(s_root, "*.md", SearchOption.TopDirectoryOnly).Concat(Directory.EnumerateFiles(Path.Combine(s_root, "docs"), "*.md", SearchOption.AllDirectories))
            .SelectMany(page => Regex.Matches(File.ReadAllText(page), "(?:--project|dotnet test|dotnet pack|dotnet build) ((?:src|tests|samples)/[\\w./]+)").Select(m => m.Groups[1].Value))
            .Distinct().ToArray();
        Assert.NotEmpty(projects);
        Assert.All(projects, p => Assert.True(Path.Exists(Path.Combine(s_root, p)), $"{p} is not there"));
    }

    [Theory]
    [InlineData("info memory.engram", true)]
    [InlineData("info memory.engram --jsom", false)]
    [InlineData("inform memory.engram", false)]
    public void A_command_line_that_is_not_understood_is_found(string line, bool isUnderstood)
        => Assert.Equal(isUnderstood, Errors(line).Length == 0);

    /// <summary>What follows <c>engram</c> in blocks of the shell, and in code within a line that has a database and more than a name.</summary>
    private static IEnumerable<string> CommandLines(string text)
        => Regex.Matches(text, @"^(?:engram|dotnet run --project src/Engram\.Data\.Cli --) (?<line>[^\n#|]+)", RegexOptions.Multiline)
            .Concat(Regex.Matches(text, @"(?<!\|\s*)`engram (?<line>[a-z]+ [^`\[\n…]+)`"))
            .Select(m => m.Groups["line"].Value.Trim());

    private static string[] Errors(string line)
        => [.. CommandLine.Create().Parse([.. CommandLineParser.SplitCommandLine(line)]).Errors.Select(e => e.Message)];

    private static string Root([CallerFilePath] string thisFile = "")
    {
        var root = new DirectoryInfo(Path.GetDirectoryName(thisFile)!);
        while (!File.Exists(Path.Combine(root.FullName, "Engram.Data.sln")))
        {
            root = root.Parent!;
        }

        return root.FullName;
    }
}
