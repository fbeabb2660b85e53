using Engram.Packaging;

namespace Engram.DotnetEf;

/// <summary>A project outside of this repository that refers to the provider and to the design package, as docs/ef-core.md says.</summary>
/// <remarks>
/// Two packages that the design package names are not to be had: that of text templates, which scaffolding only names unless there are templates, has empty
/// types here in its place; the other is for queries that are compiled beforehand (<c>--precompile-queries</c>), which is not run.
/// </remarks>
internal static class Project
{
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

    public static void Create(string folder, string name, string program)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in (string[])["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"])
        {
            // Nothing of a folder above reaches the project.
            File.WriteAllText(Path.Combine(folder, file), "<Project />");
        }

        var templating = Path.Combine(folder, "templating");
        Directory.CreateDirectory(templating);
        File.WriteAllText(Path.Combine(templating, "Types.cs"), TextTemplating);
        File.WriteAllText(Path.Combine(templating, "Mono.TextTemplating.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <GenerateAssemblyVersionAttribute>false</GenerateAssemblyVersionAttribute>
              </PropertyGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        File.WriteAllText(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <NoWarn>$(NoWarn);NU1603;CS1030</NoWarn>
              </PropertyGroup>
              <ItemGroup>
                <Compile Remove="templating/**" />
                <ProjectReference Include="templating/Mono.TextTemplating.csproj" />
                <Reference Include="{Path.Combine(AppContext.BaseDirectory, "Engram.Data.dll")}" />
                <Reference Include="{Path.Combine(AppContext.BaseDirectory, "Engram.EntityFrameworkCore.dll")}" />
                <PackageReference Include="Microsoft.EntityFrameworkCore.Relational" Version="10.0.14" />
                <PackageDownload Include="Microsoft.EntityFrameworkCore.Design" Version="[10.0.14]" />
                <PackageReference Include="Microsoft.CodeAnalysis.Analyzers" Version="5.12.0" ExcludeAssets="all" PrivateAssets="all" />
                <PackageReference Include="Microsoft.CodeAnalysis.CSharp.Workspaces" Version="5.12.0" />
                <PackageReference Include="Humanizer.Core" Version="2.14.1" />
                <PackageReference Include="System.CodeDom" Version="6.0.0" />
                <Reference Include="Microsoft.EntityFrameworkCore.Design" HintPath="$(NuGetPackageRoot)microsoft.entityframeworkcore.design/10.0.14/lib/net10.0/Microsoft.EntityFrameworkCore.Design.dll" />
              </ItemGroup>
            </Project>
            """);
        // The tool reads the project before it builds it, and finds nothing in one that was never restored.
        var (code, output) = Shell.Run(folder, null, "dotnet", "restore", "-v", "q", "-nologo");
        Shell.Check("the project is restored", code == 0, output);
    }

    /// <summary>Builds the project and runs it.</summary>
    public static string Run(string folder, params string[] arguments)
    {
        var (code, output) = Shell.Run(folder, null, "dotnet", ["run", "--", .. arguments]);
        Shell.Check($"the project runs{string.Concat(arguments.Select(a => " " + Path.GetFileName(a)))}", code == 0, output);
        return output;
    }
}
