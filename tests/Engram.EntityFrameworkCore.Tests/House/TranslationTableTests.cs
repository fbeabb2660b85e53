using System.Text.RegularExpressions;
using Engram.EntityFrameworkCore.Tests.Samples;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>Every member of .NET that a translator names stands in the tables of docs/ef-core.md.</summary>
public sealed partial class TranslationTableTests
{
    [Fact]
    public void Every_member_that_a_translator_knows_is_in_the_documentation()
    {
        var page = File.ReadAllText(Path.Combine(SampleProcess.Root(), "docs", "ef-core.md"));
        var tables = page[page.IndexOf("## Embeddings", StringComparison.Ordinal)..page.IndexOf("## Saving", StringComparison.Ordinal)];
        var rows = tables.Split('\n').Where(l => l.StartsWith('|'));
        var listed = rows.SelectMany(r => Code().Matches(r)).SelectMany(m => Word().Matches(m.Value)).Select(m => m.Value).ToHashSet();
        var known = Directory.EnumerateFiles(Path.Combine(SampleProcess.Root(), "src", "Engram.EntityFrameworkCore", "Query", "Translators"), "*.cs")
            .SelectMany(f => Named().Matches(File.ReadAllText(f)))
            .Select(m => m.Groups[1].Value)
            .ToHashSet();

        // Found at all: a pattern that matches nothing would hold of anything.
        Assert.Superset(new HashSet<string> { "Abs", "Substring", "AddMonths", "TotalHours", "NewGuid", "CosineDistance", "IsMatch" }, known);
        Assert.Empty(known.Except(listed).Order());
    }

    [GeneratedRegex("`[^`]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    /// <summary><c>nameof(Math.Abs)</c>, of a type with or without arguments.</summary>
    [GeneratedRegex(@"nameof\((?:[\w<>?]+\.)*(\w+)\)")]
    private static partial Regex Named();
}
