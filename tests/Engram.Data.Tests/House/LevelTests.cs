using Microsoft.CodeAnalysis;

namespace Engram.Data.Tests.House;

/// <summary>
/// The engine is a house of seven levels, one a folder; a level uses lower levels only. A file that names anything of a higher level,
/// by a using or by a type, breaks the rule. Errors and the public types share the namespace Engram.Data, so levels are read from the
/// folder in which a type is declared, not from its namespace.
/// </summary>
public sealed class LevelTests
{
    private const string Engine = "src/Engram.Data";
    private const int LevelPublic = 6;

    private static readonly Dictionary<string, int> Levels = new()
    {
        ["Errors"] = 0,
        ["Kernels"] = 1,
        ["Columns"] = 2,
        ["Storage"] = 3,
        ["Query"] = 4,
        ["Engine"] = 5,
        ["Properties"] = LevelPublic,
    };

    internal static IEnumerable<Violation> Check(SourceCode code)
        => code.Mentions.Select(CheckMention).OfType<Violation>().Distinct();

    internal static IEnumerable<Violation> CheckFolders(IEnumerable<SourceFile> files)
        => files.Where(f => f.IsUnder(Engine) && LevelOf(f.Path) is null)
            .Select(f => new Violation(f.Path, 1, $"This folder has no level. The engine's folders are {string.Join(", ", Levels.Keys)}."));

    [Fact]
    public void Each_level_uses_lower_levels_only() => Violation.AssertNone(Check(SourceCode.Src));

    [Fact]
    public void Every_folder_of_the_engine_has_a_level() => Violation.AssertNone(CheckFolders(SourceTree.CSharp(Engine)));

    [Theory]
    [InlineData("using Engram.Data.Query;\nnamespace Engram.Data.Storage;")]
    [InlineData("namespace Engram.Data.Storage; class A { Engram.Data.Query.Plan? p; }")]
    [InlineData("namespace Engram.Data.Storage; class A { Query.Plan? p; }")]
    [InlineData("namespace Engram.Data.Storage; class A { object p = Query.Plan.Empty; }")]
    [InlineData("using P = Engram.Data.Query.Plan;\nnamespace Engram.Data.Storage; class A { P? p; }")]
    [InlineData("namespace Engram.Data.Storage; class A { EngramConnection? c; }")]
    public void A_name_of_a_higher_level_is_found(string text)
    {
        var code = new SourceCode(
        [
            new(Engine + "/Query/Plan.cs", "namespace Engram.Data.Query; class Plan { public static readonly Plan Empty = new(); }"),
            new(Engine + "/EngramConnection.cs", "namespace Engram.Data; public class EngramConnection;"),
            new(Engine + "/Storage/A.cs", text),
        ]);

        Assert.Equal(Engine + "/Storage/A.cs", Assert.Single(Check(code).Select(v => v.Path).Distinct()));
    }

    [Fact]
    public void Names_of_lower_levels_and_locals_that_happen_to_be_called_like_a_type_above_are_free()
    {
        var code = new SourceCode(
        [
            new(Engine + "/Errors/Error.cs", "namespace Engram.Data; static class Error { public static Exception Internal() => new(); }"),
            new(Engine + "/Query/Plan.cs", "namespace Engram.Data.Query; class Plan { public int Rows; }"),
            new(Engine + "/Storage/A.cs", "namespace Engram.Data.Storage; class A { int Plan => 1; int B() { var x = Plan; throw Error.Internal(); } }"),
            new(Engine + "/Engine/C.cs", "using Engram.Data.Query;\nnamespace Engram.Data.Engine; class C { Plan? p; int R => p!.Rows; }"),
        ]);

        Assert.Empty(Check(code));
    }

    [Fact]
    public void A_folder_without_a_level_is_found()
        => Assert.Single(CheckFolders([new(Engine + "/Misc/A.cs", ""), new(Engine + "/Query/B.cs", ""), new(Engine + "/EngramConnection.cs", "")]));

    /// <summary>Names that do not bind are names that no rule sees, so all of the engine's must.</summary>
    [Fact]
    public void The_rules_see_every_type_that_the_engine_names()
    {
        var blind = SourceCode.Src.Compilation.GetDeclarationDiagnostics()
            .Where(d => d.Id is "CS0246" or "CS0234" && d.Location.SourceTree?.FilePath.StartsWith(Engine + "/", StringComparison.Ordinal) == true);
        Assert.Empty(blind);
    }

    private static Violation? CheckMention(Mention mention)
    {
        if (LevelOf(mention.File.Path) is not { } level)
        {
            return null;
        }

        var (used, name) = mention.Symbol is INamespaceSymbol space
            ? (LevelOfNamespace(space.ToDisplayString()), "namespace " + space.ToDisplayString())
            : (mention.Type is { } type ? LevelOf(type) : null, mention.Type?.Name);
        return used > level
            ? new Violation(mention.File.Path, mention.Line, $"Level {level} uses {name} of level {used}. A level uses lower levels only: pass in what is needed, or move it down.")
            : null;
    }

    private static int? LevelOf(INamedTypeSymbol type)
        => type.DeclaringSyntaxReferences.Select(r => LevelOf(r.SyntaxTree.FilePath)).Min();

    private static int? LevelOf(string path)
    {
        if (!path.StartsWith(Engine + "/", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = path[(Engine.Length + 1)..].Split('/');
        return parts.Length == 1 ? LevelPublic : Levels.TryGetValue(parts[0], out var level) ? level : null;
    }

    private static int? LevelOfNamespace(string name)
    {
        var parts = name.Split('.');
        return parts is ["Engram", "Data", var folder, ..] && Levels.TryGetValue(folder, out var level) ? level : null;
    }
}
