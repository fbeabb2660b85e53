using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Engram.EntityFrameworkCore.Tests.Samples;

/// <summary>A sample in a process of its own, with a scratch folder that goes with it. The build of the tests has built the samples.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process process;
    private readonly StringBuilder text = new();

    public SampleProcess(string name, string workingFolder, params string[] arguments)
    {
        // bin/<configuration>/<framework> is the same for the tests and for the samples.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(Root(), "samples", name, "bin", output.Parent!.Name, output.Name, name + ".dll");
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = workingFolder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments.Prepend(assembly))
        {
            start.ArgumentList.Add(argument);
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Heard(e.Data);
        process.ErrorDataReceived += (_, e) => Heard(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

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

    /// <summary>Runs a sample to its end, which must be a good one, and gives what it wrote.</summary>
    public static string Run(string name, string workingFolder, params string[] arguments)
    {
        using var sample = new SampleProcess(name, workingFolder, arguments);
        Assert.True(sample.process.WaitForExit(Patience), $"{name} did not end:\n{sample.Text}");

        // Once more without a limit: only then are the last lines here.
        sample.process.WaitForExit();
        Assert.True(sample.process.ExitCode == 0, $"{name} ended with {sample.process.ExitCode}:\n{sample.Text}");
        return sample.Text;
    }

    /// <summary>Waits for a line that holds some text.</summary>
    public string WaitFor(string part)
    {
        lock (text)
        {
            var clock = Stopwatch.StartNew();
            while (true)
            {
                if (text.ToString().Split('\n').FirstOrDefault(l => l.Contains(part, StringComparison.Ordinal)) is { } line)
                {
                    return line;
                }

                Assert.True(!process.HasExited && clock.Elapsed < Patience, $"'{part}' was not written:\n{text}");
                Monitor.Wait(text, TimeSpan.FromSeconds(1));
            }
        }
    }

    /// <summary>Ends it as a crash would.</summary>
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

    private string Text
    {
        get
        {
            lock (text)
            {
                return text.ToString();
            }
        }
    }

    private void Heard(string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
                Monitor.PulseAll(text);
            }
        }
    }
}
