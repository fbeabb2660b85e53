using System.Reflection;
using System.Text.RegularExpressions;

namespace Engram.Data.Tests.House;

/// <summary>Documentation is part of the product: its links lead somewhere, and every error that can be raised is explained.</summary>
public sealed partial class DocumentationTests
{
    /// <summary>Relative links to files and to headings, in Markdown text outside code.</summary>
    internal static IEnumerable<Violation> CheckLinks(IReadOnlyList<SourceFile> files, Func<string, bool> exists)
    {
        var pages = files.Where(f => f.Path.EndsWith(".md", StringComparison.Ordinal)).ToDictionary(f => f.Path);
        foreach (var page in pages.Values)
        {
            foreach (Match match in Link().Matches(WithoutCode(page.Text)))
            {
                var target = match.Groups["target"].Value;
                if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
                {
                    continue;
                }

                var parts = target.Split('#', 2);
                var path = parts[0].Length == 0 ? page.Path : Resolve(page.Path, parts[0]);
                var line = page.LineAt(match.Index);
                if (path is null || !(pages.ContainsKey(path) || exists(path)))
                {
                    yield return new Violation(page.Path, line, $"The link to '{target}' leads nowhere.");
                }
                else if (parts.Length == 2 && pages.TryGetValue(path, out var other) && !Anchors(other.Text).Contains(parts[1]))
                {
                    yield return new Violation(page.Path, line, $"The link to '{target}': '{path}' has no such heading.");
                }
            }
        }
    }

    internal static IEnumerable<Violation> CheckErrorCodes(IEnumerable<(string Name, string Code)> codes, string page)
        => from code in codes
           where !page.Contains($"| `{code.Code}` |", StringComparison.Ordinal)
           select new Violation("docs/errors.md", 1, $"SqlStates.{code.Name} ('{code.Code}') is not explained. Add a row to the table: code, name, when it is raised, what to do.");

    /// <summary>Messages and docstrings send readers to pages by name.</summary>
    internal static IEnumerable<Violation> CheckPagesNamed(IEnumerable<SourceFile> sources, Func<string, bool> exists)
        => from file in sources
           from match in Page().Matches(file.Text)
           where !exists(match.Value)
           select new Violation(file.Path, file.LineAt(match.Index), $"'{match.Value}' is named here and does not exist.");

    [Fact]
    public void Every_page_that_the_code_names_exists()
        => Violation.AssertNone(CheckPagesNamed(SourceTree.CSharp("src", "samples"), path => SourceTree.Files.Any(f => f.Path == path)));

    [Fact]
    public void A_page_that_does_not_exist_is_found()
        => Assert.Single(CheckPagesNamed([new("src/A.cs", "// see docs/a.md and docs/decisions/b-1.md")], path => path == "docs/a.md"));

    [Fact]
    public void Every_link_leads_somewhere()
        => Violation.AssertNone(CheckLinks(SourceTree.Files, path => Path.Exists(Path.Combine(SourceTree.Root, path))));

    [Fact]
    public void Every_error_code_is_explained()
    {
        var codes = typeof(SqlStates).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(f => f.IsLiteral && f.FieldType == typeof(string))
            .Select(f => (f.Name, (string)f.GetRawConstantValue()!))
            .ToList();

        Assert.NotEmpty(codes);
        Violation.AssertNone(CheckErrorCodes(codes, SourceTree.Files.Single(f => f.Path == "docs/errors.md").Text));
    }

    [Theory]
    [InlineData("[a](b.md)", 0)]
    [InlineData("[a](./b.md#a-heading-of-b-1)", 0)]
    [InlineData("[a](../README.md) and [b](../src)", 0)]
    [InlineData("[a](#here)\n\n## Here", 0)]
    [InlineData("[a](https://example.com/none)", 0)]
    [InlineData("`[a](none.md)`\n```\n[a](none.md)\n```", 0)]
    [InlineData("[a](none.md)", 1)]
    [InlineData("[a](b.md#none)", 1)]
    [InlineData("![a](none.png)", 1)]
    [InlineData("[a][r]\n\n[r]: none.md", 1)]
    [InlineData("[a](../../../outside.md)", 1)]
    public void A_link_that_leads_nowhere_is_found(string text, int count)
    {
        SourceFile[] files = [new("docs/a.md", text), new("docs/b.md", "# B\n\n## A heading, of `b` (1)\n"), new("README.md", "")];
        Assert.Equal(count, CheckLinks(files, path => path == "src").Count());
    }

    [Fact]
    public void An_error_code_without_explanation_is_found()
    {
        var violation = Assert.Single(CheckErrorCodes([("Known", "00001"), ("Unknown", "00002")], "| `00001` | Known | when | what |"));
        Assert.Contains("00002", violation.What, StringComparison.Ordinal);
    }

    private static string? Resolve(string from, string target)
    {
        var parts = from.Split('/')[..^1].ToList();
        foreach (var part in Uri.UnescapeDataString(target).TrimEnd('/').Split('/'))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    return null;
                }

                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ""))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    /// <summary>The same text with code blanked out, so that positions stay.</summary>
    private static string WithoutCode(string text)
        => Code().Replace(text, m => NotNewline().Replace(m.Value, " "));

    /// <summary>Headings as the usual renderers turn them into anchors: lower case, words joined by hyphens, punctuation dropped.</summary>
    private static HashSet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match match in Heading().Matches(FencedCode().Replace(text, "")))
        {
            var anchor = NotInAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-');
            for (var i = 1; !anchors.Add(anchor); i++)
            {
                anchor = i == 1 ? anchor + "-1" : anchor[..anchor.LastIndexOf('-')] + "-" + i;
            }
        }

        return anchors;
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)(?:\s+""[^""]*"")?\)|^\[[^\]]+\]:\s*(?<target>\S+)", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"\bdocs/[\w/-]+\.md\b")]
    private static partial Regex Page();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FencedCode();

    [GeneratedRegex(@"[^\n]")]
    private static partial Regex NotNewline();

    [GeneratedRegex(@"^#{1,6}\s+(.+?)\s*#*\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
