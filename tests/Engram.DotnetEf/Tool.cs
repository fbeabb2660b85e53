using Engram.Packaging;

namespace Engram.DotnetEf;

/// <summary>The tool, in a folder of its own.</summary>
internal sealed class Tool
{
    private const string Version = "10.0.14";

    private readonly string program;

    private Tool(string program) => this.program = program;

    public static Tool? Install(string folder)
    {
        var (code, output) = Shell.Run(Path.GetTempPath(), null, "dotnet", "tool", "install", "dotnet-ef", "--version", Version, "--tool-path", folder);
        Shell.Check("dotnet-ef is installed", code == 0, output);
        return code == 0 ? new Tool(Path.Combine(folder, Shell.Program("dotnet-ef"))) : null;
    }

    /// <summary>Runs a command that is to succeed, and gives what it wrote.</summary>
    public string Run(string folder, params string[] arguments) => RunAndExpect(0, folder, arguments);

    /// <summary>Runs a command that is to end with a code.</summary>
    public string RunAndExpect(int expected, string folder, params string[] arguments)
    {
        var (code, output) = Shell.Run(folder, null, program, arguments);
        Shell.Check($"dotnet ef {string.Join(' ', arguments.Where(a => !a.StartsWith("--no-build", StringComparison.Ordinal)))}{(expected == 0 ? "" : $" ends with {expected}")}", code == expected, output);
        return output;
    }
}
