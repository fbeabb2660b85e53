using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Text;
using Engram.EntityFrameworkCore.Design;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Editing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Design.Internal;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.Extensions.DependencyInjection;

namespace Engram.EntityFrameworkCore.Tests.Design;

/// <summary>The services behind <c>dotnet ef</c>, in this process, and a compiler for what they write.</summary>
internal static class DesignTime
{
    /// <summary>What the generators of scaffolded classes name of a package that is not to be had; it runs templates, of which there are none.</summary>
    private const string TextTemplating =
        """
        [assembly: System.Reflection.AssemblyVersion("3.0.0.0")]
        namespace Microsoft.VisualStudio.TextTemplating
        {
            public interface ITextTemplatingEngineHost { string ResolveParameterValue(string directiveId, string processorName, string parameterName); }
            public interface ITextTemplatingSession : System.Collections.Generic.IDictionary<string, object> { }
            public interface ITextTemplatingSessionHost { }
            public sealed class TextTemplatingSession : System.Collections.Generic.Dictionary<string, object>, ITextTemplatingSession { }
            public class CompiledTemplate { }
            public class TemplatingEngine { }
        }
        """;

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))]);

    private static readonly Lazy<byte[]> TextTemplatingImage = new(() => Image("Mono.TextTemplating", OutputKind.DynamicallyLinkedLibrary, TextTemplating).ToArray());

    [ModuleInitializer]
    internal static void ResolveTextTemplating()
        => AssemblyLoadContext.Default.Resolving += (context, name) =>
            name.Name == "Mono.TextTemplating" ? context.LoadFromStream(new MemoryStream(TextTemplatingImage.Value)) : null;

    /// <summary>As <c>dotnet ef</c> makes them: EF Core's, a context's where there is one, and the provider's.</summary>
    public static ServiceProvider CreateServices(DbContext? context = null)
    {
        var services = new ServiceCollection().AddEntityFrameworkDesignTimeServices();
        if (context is not null)
        {
            services.AddDbContextDesignTimeServices(context);
        }

        new EngramDesignTimeServices().ConfigureDesignTimeServices(services);
        return services.BuildServiceProvider(validateScopes: true);
    }

    /// <summary>Compiles what was written, which must not give a warning of its own making.</summary>
    public static Assembly Compile(params IEnumerable<string> code)
        => AssemblyLoadContext.Default.LoadFromStream(Image("Written" + Guid.NewGuid().ToString("N"), OutputKind.DynamicallyLinkedLibrary, [.. code]));

    /// <summary>Compiles a program whose queries are compiled ahead of time, as <c>dbcontext optimize --precompile-queries</c> does: as it is, with them, and how many there were.</summary>
    public static (Assembly Plain, Assembly Precompiled, int Count) Precompile(string program, DbContext context)
    {
        var options = new CSharpParseOptions().WithFeatures([new("InterceptorsNamespaces", "Microsoft.EntityFrameworkCore.GeneratedInterceptors")]);
        var name = "Ahead" + Guid.NewGuid().ToString("N");
        var compilation = CSharpCompilation.Create(
            name, [Parse(program, "Program.cs")], References.Value,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var plain = AssemblyLoadContext.Default.LoadFromStream(Emit(compilation));
        using var workspace = new AdhocWorkspace();
#pragma warning disable EF1001 // There is no other way to what the tool does.
        var errors = new List<PrecompiledQueryCodeGenerator.QueryPrecompilationError>();
        var files = new PrecompiledQueryCodeGenerator().GeneratePrecompiledQueries(
            compilation, SyntaxGenerator.GetGenerator(workspace, LanguageNames.CSharp), context, new Dictionary<MemberInfo, QualifiedName>(), errors, new HashSet<string>(), plain);
        Assert.True(errors.Count == 0, string.Join("\n", errors.Select(e => $"{e.SyntaxNode}: {e.Exception}")));
#pragma warning restore EF1001
        var precompiled = AssemblyLoadContext.Default.LoadFromStream(Emit(compilation.WithAssemblyName(name + "Queries").AddSyntaxTrees(files.Select(f => Parse(f.Code, f.Path)))));
        return (plain, precompiled, files.Sum(f => f.Code.Split("_GenerateExecutor(DbContext").Length - 1));

        SyntaxTree Parse(string code, string path) => CSharpSyntaxTree.ParseText(code, options, path, Encoding.UTF8);
    }

    private static MemoryStream Image(string name, OutputKind kind, params string[] code)
    {
        var compilation = CSharpCompilation.Create(
            name, code.Select(c => CSharpSyntaxTree.ParseText(c)), References.Value, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
        return Emit(compilation);
    }

    private static MemoryStream Emit(CSharpCompilation compilation)
    {
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.Empty(result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()));
        image.Position = 0;
        return image;
    }
}
