using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Engram.Packaging;

/// <summary>Runs programs, and says what held and what did not.</summary>
internal static class Shell
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(30);

    public static int Passed { get; private set; }

    public static int Failed { get; private set; }

    /// <summary>The folder that holds the solution.</summary>
    public static string Root([CallerFilePath] string thisFile = "")
    {
        var root = new DirectoryInfo(Path.GetDirectoryName(thisFile)!);
        while (!File.Exists(Path.Combine(root.FullName, "Engram.Data.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("No folder above this file holds Engram.Data.sln.");
        }

        return root.FullName;
    }

    public static void Check(string what, bool holds, string details = "")
    {
        if (holds)
        {
            Passed++;
        }
        else
        {
            Failed++;
        }

        Console.WriteLine($"{(holds ? "  ok  " : "FAILED")} {what}");
        if (!holds && details.Length > 0)
        {
            Console.WriteLine(details.Length > 4000 ? "… " + details[^4000..] : details);
        }
    }

    /// <summary>The name of a program's file.</summary>
    public static string Program(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    public static void Say(string what) => Console.WriteLine($"       {what}");

    /// <summary>Runs a program to its end; gives its exit code and everything that it wrote.</summary>
    /// <param name="packages">The folder of the package cache; null for the user's.</param>
    public static (int Code, string Output) Run(string directory, string? packages, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What this process was started with by the SDK must not reach the next build.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["CI"] = "true";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";

        // Nor may the compiler's server stay: it would keep the output of this one open.
        start.Environment["UseSharedCompilation"] = "false";
        if (packages is not null)
        {
            start.Environment["NUGET_PACKAGES"] = packages;
        }

        var text = new StringBuilder();
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            return (-1, $"{program} did not end within {s_patience.TotalMinutes} minutes.\n{text}");
        }

        process.WaitForExit();
        return (process.ExitCode, text.ToString());

        void Add(string? line)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }
}
