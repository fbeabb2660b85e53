using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engram.Data.Tests.House;

/// <summary>Rules about files as text: their size, what they swallow, and what they must not mention.</summary>
public sealed partial class FileTests
{
    private const int LineCountMax = 800;

    internal static IEnumerable<Violation> CheckSize(IEnumerable<SourceFile> files)
        => from file in files
           let count = file.Lines.Length - (file.Text.EndsWith('\n') ? 1 : 0)
           where count > LineCountMax
           select new Violation(file.Path, count, $"{count} lines; the most is {LineCountMax}. Split it where its topics part.");

    internal static IEnumerable<Violation> CheckCatches(SourceCode code)
        => from found in code.Nodes<CatchClauseSyntax>()
           where found.Node.Block.Statements.Count == 0
           select new Violation(found.File.Path, SourceCode.LineOf(found.Node), "An empty catch hides an error. Handle it, or let it pass.");

    internal static IEnumerable<Violation> CheckRegions(IEnumerable<SourceFile> files)
        => from file in files
           from match in Region().Matches(file.Text)
           select new Violation(file.Path, file.LineAt(match.Index), "Regions hide code. Split the file.");

    /// <summary>What is true on one machine only has no place in a project that is built on others.</summary>
    internal static IEnumerable<Violation> CheckPlaces(IEnumerable<SourceFile> files)
        => from file in files
           from match in MachinePath().Matches(file.Text).Concat(RegistryHost().Matches(file.Text))
           select new Violation(file.Path, file.LineAt(match.Index), $"'{match.Value}' names a place that only one machine knows.");

    internal static IEnumerable<Violation> CheckFriends(IEnumerable<SourceFile> files)
        => from file in files
           where file.IsUnder("src")
           from match in Friend().Matches(file.Text)
           where !match.Groups[1].Value.EndsWith(".Tests", StringComparison.Ordinal) && match.Groups[1].Value is not ("Engram.Benchmarks" or "Engram.Differential" or "Engram.Data.TestProcess")
           select new Violation(file.Path, file.LineAt(match.Index), $"'{match.Groups[1].Value}' sees internals: only tests and benchmarks do, other projects use the public surface.");

    [Fact]
    public void No_file_is_too_long() => Violation.AssertNone(CheckSize(SourceTree.CSharp("src", "tests", "samples")));

    [Fact]
    public void No_catch_is_empty() => Violation.AssertNone(CheckCatches(new SourceCode(SourceTree.CSharp("src", "tests", "samples"))));

    [Fact]
    public void There_are_no_regions() => Violation.AssertNone(CheckRegions(SourceTree.CSharp("src", "tests", "samples")));

    [Fact]
    public void Nothing_names_a_place_that_one_machine_knows() => Violation.AssertNone(CheckPlaces(SourceTree.Files));

    [Fact]
    public void Only_programs_of_the_tests_see_internals() => Violation.AssertNone(CheckFriends(SourceTree.Files));

    [Theory]
    [InlineData(800, 0)]
    [InlineData(801, 1)]
    public void A_file_that_is_too_long_is_found(int lineCount, int count)
        => Assert.Equal(count, CheckSize([new("src/A.cs", string.Concat(Enumerable.Repeat("//\n", lineCount)))]).Count());

    [Theory]
    [InlineData("try { } catch { }", 1)]
    [InlineData("try { } catch (Exception) { /* nothing */ }", 1)]
    [InlineData("try { } catch (Exception e) when (e is not null) { throw; }", 0)]
    [InlineData("try { } finally { }", 0)]
    public void An_empty_catch_is_found(string statement, int count)
        => Assert.Equal(count, CheckCatches(SourceCode.Sample("src/A.cs", $"class A {{ void B() {{ {statement} }} }}")).Count());

    [Fact]
    public void A_region_is_found() => Assert.Single(CheckRegions([new("src/A.cs", "  #" + "region Fields\n")]));

    [Theory]
    [InlineData("see /" + "home/me/notes.txt", 1)]
    [InlineData("\"/" + "tmp/a.engram\"", 1)]
    [InlineData("C:\\" + "Users\\me", 1)]
    [InlineData("restore from api.nuget" + ".org", 1)]
    [InlineData("the frame/work/of things, and docs/home/index.md", 0)]
    public void A_place_of_one_machine_is_found(string text, int count) => Assert.Equal(count, CheckPlaces([new("README.md", text)]).Count());

    [Theory]
    [InlineData("<InternalsVisibleTo Include=\"Engram.EntityFrameworkCore\" />", 1)]
    [InlineData("[assembly: InternalsVisibleTo(\"Engram.EntityFrameworkCore\")]", 1)]
    [InlineData("<InternalsVisibleTo Include=\"Engram.Data.Tests\" />", 0)]
    public void A_friend_that_is_no_test_is_found(string text, int count)
        => Assert.Equal(count, CheckFriends([new("src/Engram.Data/A", text)]).Count());

    [GeneratedRegex(@"^[ \t]*#\s*region\b", RegexOptions.Multiline)]
    private static partial Regex Region();

    [GeneratedRegex(@"(?<![\w.\-/*~])/(?:home|root|tmp|work|Users)/\w+|\b[A-Z]:\\Users\\\w+")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\b[\w.]*(?:nuget\.org|npmjs\.org|npmjs\.com|pypi\.org|debian\.org)\b")]
    private static partial Regex RegistryHost();

    [GeneratedRegex(@"InternalsVisibleTo(?: Include=|\()""([^"",]+)")]
    private static partial Regex Friend();
}
