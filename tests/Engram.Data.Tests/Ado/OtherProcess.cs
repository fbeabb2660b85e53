using System.Diagnostics;

namespace Engram.Data.Tests.Ado;

/// <summary>Another process with the same database, killed at the end of the test if it still runs.</summary>
internal sealed class OtherProcess : IDisposable
{
    private readonly Process process;

    /// <param name="does">One of the commands of Engram.Data.TestProcess.</param>
    /// <param name="environment">What its environment has beside or instead of this process's, as name=value.</param>
    public OtherProcess(string does, string connectionString, params string[] environment)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(TestProcess.Program).Assembly.Location, does, connectionString },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var variable in environment)
        {
            var at = variable.IndexOf('=', StringComparison.Ordinal);
            start.Environment[variable[..at]] = variable[(at + 1)..];
        }

        process = Process.Start(start)!;
    }

    public int Id => process.Id;

    /// <summary>The next line that it prints; null when it has ended.</summary>
    public string? ReadLine() => process.StandardOutput.ReadLine();

    public void Continue() => process.StandardInput.WriteLine();

    /// <summary>SIGKILL: it has no time for anything.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }
}
