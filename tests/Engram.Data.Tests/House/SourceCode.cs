using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engram.Data.Tests.House;

/// <summary>A name in a source file, and what the compiler says that it means.</summary>
internal readonly record struct Mention(SourceFile File, int Line, ISymbol Symbol)
{
    /// <summary>The type that is named, or the type whose member is named; null for a namespace or a local.</summary>
    public INamedTypeSymbol? Type => Symbol switch
    {
        INamedTypeSymbol type => type.OriginalDefinition,
        ILocalSymbol or IParameterSymbol or IRangeVariableSymbol or ITypeParameterSymbol => null,
        _ => Symbol.ContainingType?.OriginalDefinition,
    };
}

/// <summary>C# files bound by the compiler, so that rules judge what a name means and not how it is spelled.</summary>
/// <remarks>
/// Source generators do not run, and Entity Framework's assemblies are not referenced: both leave compile errors that do not matter here,
/// because a rule asks only about names of our own and of the base class library.
/// </remarks>
internal sealed class SourceCode
{
    private const string ImplicitUsings = """
        global using global::System;
        global using global::System.Collections.Generic;
        global using global::System.IO;
        global using global::System.Linq;
        global using global::System.Threading;
        global using global::System.Threading.Tasks;
        """;

    private static readonly Lazy<MetadataReference[]> References = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("Engram.", StringComparison.Ordinal))
            .Select(p => MetadataReference.CreateFromFile(p)),
    ]);

    private static readonly Lazy<SourceCode> OfSrc = new(() => new SourceCode(SourceTree.CSharp("src")));

    private readonly Dictionary<SyntaxTree, SourceFile> files = [];
    private readonly Lazy<IReadOnlyList<Mention>> mentions;

    public SourceCode(IEnumerable<SourceFile> sources)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview, preprocessorSymbols: ["NET", "NET10_0", "NET10_0_OR_GREATER", "DEBUG"]);
        foreach (var file in sources)
        {
            files.Add(CSharpSyntaxTree.ParseText(file.Text, options, file.Path), file);
        }

        Compilation = CSharpCompilation.Create(
            "House",
            [CSharpSyntaxTree.ParseText(ImplicitUsings, options), .. files.Keys],
            References.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        mentions = new(FindMentions);
    }

    /// <summary>Everything under src, bound once for all rules.</summary>
    public static SourceCode Src => OfSrc.Value;

    public CSharpCompilation Compilation { get; }

    /// <summary>Every name whose meaning the compiler knows, in all files. Names in comments are not looked at.</summary>
    public IReadOnlyList<Mention> Mentions => mentions.Value;

    /// <summary>A file that stands nowhere, to show a rule what it must catch.</summary>
    public static SourceCode Sample(string path, string text) => new([new SourceFile(path, text)]);

    public IEnumerable<(SourceFile File, T Node)> Nodes<T>()
        where T : SyntaxNode
        => files.SelectMany(f => f.Key.GetRoot().DescendantNodes().OfType<T>().Select(n => (f.Value, n)));

    public static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    public ISymbol? Declared(SyntaxNode declaration) => Compilation.GetSemanticModel(declaration.SyntaxTree).GetDeclaredSymbol(declaration);

    private List<Mention> FindMentions()
        => [.. files.AsParallel().AsOrdered().SelectMany(f =>
        {
            var model = Compilation.GetSemanticModel(f.Key);
            var found = new List<Mention>();
            foreach (var node in f.Key.GetRoot().DescendantNodes())
            {
                // A creation means a constructor; everything else that matters has a name of its own.
                if (node is not (SimpleNameSyntax or BaseObjectCreationExpressionSyntax))
                {
                    continue;
                }

                var info = model.GetSymbolInfo(node);
                var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault();
                if (symbol is not null)
                {
                    found.Add(new Mention(f.Value, LineOf(node), symbol is IAliasSymbol alias ? alias.Target : symbol));
                }
            }

            return found;
        })];
}
