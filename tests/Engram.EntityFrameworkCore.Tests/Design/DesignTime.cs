using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Engram.EntityFrameworkCore.Design;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
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

    private static MemoryStream Image(string name, OutputKind kind, params string[] code)
    {
        var compilation = CSharpCompilation.Create(
            name, code.Select(c => CSharpSyntaxTree.ParseText(c)), References.Value, new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.Empty(result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()));
        image.Position = 0;
        return image;
    }
}
