using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engram.Data.Tests.House;

/// <summary>
/// Names say what a thing is. A public type of the engine starts with Engram, so that it is found by typing; an internal one never does, so
/// that a reader sees at once what users can reach. Namespaces follow folders.
/// </summary>
public sealed class NameTests
{
    private const string Engine = "src/Engram.Data";

    private static readonly string[] EmptySuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Service"];

    /// <summary>A type that is named for the contract it implements (EF Core's ISqlGenerationHelper) had no choice.</summary>
    internal static IEnumerable<Violation> CheckSuffixes(SourceCode code)
        => from found in code.Nodes<BaseTypeDeclarationSyntax>()
           let name = found.Node.Identifier.Text
           let suffix = EmptySuffixes.FirstOrDefault(s => name.EndsWith(s, StringComparison.Ordinal))
           where suffix is not null && found.Node.BaseList?.Types.Any(t => t.Type.ToString().EndsWith(suffix, StringComparison.Ordinal)) != true
           select new Violation(found.File.Path, SourceCode.LineOf(found.Node), $"'{name}' ends in {suffix}, which says nothing. Name what it is.");

    internal static IEnumerable<Violation> CheckPrefix(SourceCode code)
        => from found in TopLevelTypes(code)
           let isPublic = found.Symbol.DeclaredAccessibility == Accessibility.Public
           let hasPrefix = found.Symbol.Name.StartsWith("Engram", StringComparison.Ordinal)
           where isPublic ? !hasPrefix && found.File.IsUnder(Engine) : hasPrefix
           select new Violation(found.File.Path, found.Line, isPublic
               ? $"The public type '{found.Symbol.Name}' does not start with Engram: rename it, or make it internal."
               : $"The internal type '{found.Symbol.Name}' starts with Engram, which is for what users can reach.");

    internal static IEnumerable<Violation> CheckNamespaces(SourceCode code)
        => from found in TopLevelTypes(code)
           where found.File.IsUnder(Engine)
           let expected = NamespaceOf(found.File.Path)
           let actual = found.Symbol.ContainingNamespace.ToDisplayString()
           where actual != expected
           select new Violation(found.File.Path, found.Line, $"'{found.Symbol.Name}' is in namespace {actual}; its folder says {expected}.");

    [Fact]
    public void No_type_is_named_for_nothing() => Violation.AssertNone(CheckSuffixes(SourceCode.Src));

    [Fact]
    public void Public_types_carry_the_prefix_and_internal_ones_do_not() => Violation.AssertNone(CheckPrefix(SourceCode.Src));

    [Fact]
    public void Namespaces_follow_folders() => Violation.AssertNone(CheckNamespaces(SourceCode.Src));

    [Theory]
    [InlineData("class WalManager;", 1)]
    [InlineData("static class PathUtils;", 1)]
    [InlineData("interface IWalService;", 1)]
    [InlineData("class Outer { class StringHelper; }", 1)]
    [InlineData("class EngramSqlGenerationHelper : RelationalSqlGenerationHelper;", 0)]
    [InlineData("class EngramDesignTimeServices; class ManagerOfNothing;", 0)]
    public void An_empty_suffix_is_found(string text, int count)
        => Assert.Equal(count, CheckSuffixes(SourceCode.Sample(Engine + "/Storage/A.cs", text)).Count());

    [Theory]
    [InlineData("public class Connection;", 1)]
    [InlineData("internal class EngramWal;", 1)]
    [InlineData("struct EngramWal;", 1)]
    [InlineData("public class EngramConnection { public enum State { } } internal class Wal;", 0)]
    public void A_wrong_prefix_is_found(string text, int count)
        => Assert.Equal(count, CheckPrefix(SourceCode.Sample(Engine + "/A.cs", text)).Count());

    [Theory]
    [InlineData("/Storage/Wal/A.cs", "namespace Engram.Data.Storage; class A;", 1)]
    [InlineData("/Storage/Wal/A.cs", "namespace Engram.Data.Storage.Wal; class A;", 0)]
    [InlineData("/Errors/A.cs", "namespace Engram.Data; class A;", 0)]
    [InlineData("/Columns/EngramA.cs", "namespace Engram.Data; public class EngramA;", 0)]
    [InlineData("/Columns/EngramA.cs", "namespace Engram.Data.Columns; public class EngramA;", 1)]
    [InlineData("/A.cs", "namespace Engram.Data; class A;", 0)]
    [InlineData("/A.cs", "class A;", 1)]
    public void A_namespace_beside_its_folder_is_found(string path, string text, int count)
        => Assert.Equal(count, CheckNamespaces(SourceCode.Sample(Engine + path, text)).Count());

    /// <summary>Public types stand in Engram.Data, also those that lower levels make: the errors, and values of types that .NET has not.</summary>
    private static string NamespaceOf(string path)
    {
        var folders = path.Split('/')[2..^1];
        return folders is [] or ["Errors"] || path[(path.LastIndexOf('/') + 1)..].StartsWith("Engram", StringComparison.Ordinal) ? "Engram.Data" : "Engram.Data." + string.Join('.', folders);
    }

    private static IEnumerable<(SourceFile File, int Line, INamedTypeSymbol Symbol)> TopLevelTypes(SourceCode code)
    {
        foreach (var (file, node) in code.Nodes<MemberDeclarationSyntax>())
        {
            if (node is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax && code.Declared(node) is INamedTypeSymbol { ContainingType: null } symbol)
            {
                yield return (file, SourceCode.LineOf(node), symbol);
            }
        }
    }
}
