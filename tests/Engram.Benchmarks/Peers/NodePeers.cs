using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Engram.Benchmarks.Measuring;
using Engram.Benchmarks.Workloads;

namespace Engram.Benchmarks.Peers;

/// <summary>The engines that Node drives: SQLite with sqlite-vec, DuckDB, hnswlib. Their packages are installed once, in the user's cache of local data.</summary>
/// <remarks>Each engine has a process of its own, one after the other, so that none has another's memory or threads beside it. The process tells its answers with
/// each figure, a JSON object a line. What is missing (Node, its package manager, a package) is said, and the run goes on without it.</remarks>
internal static class NodePeers
{
    private static readonly TimeSpan s_installTimeMax = TimeSpan.FromMinutes(30);
    private static readonly (string Script, string Subject)[] s_peers = [("sqlite", Comparison.Sqlite), ("duckdb", Comparison.DuckDb), ("hnswlib", Comparison.Hnswlib)];

    public static void Run(PeerData data, string scratch, Comparison comparison, Section section, Action<string> progress)
    {
        if (Install(section, progress) is not { } home)
        {
            return;
        }

        foreach (var (script, subject) in s_peers)
        {
            progress(subject);
            var directory = Path.Combine(scratch, script);
            Directory.CreateDirectory(directory);
            var start = new ProcessStartInfo("node") { WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["UV_THREADPOOL_SIZE"] = "64";
            foreach (var argument in (string[])["--max-old-space-size=12288", "peers.mjs", script, data.Path, directory])
            {
                start.ArgumentList.Add(argument);
            }

            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            try
            {
                while (process.StandardOutput.ReadLine() is { } line)
                {
                    Take(JsonDocument.Parse(line).RootElement, subject, comparison, section);
                }
            }
            catch
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                section.Note($"{subject}: ended early with exit code {process.ExitCode}: {errors.Result.Split('\n').FirstOrDefault(l => l.Contains("rror", StringComparison.Ordinal)) ?? "no message"}");
            }

            Directory.Delete(directory, recursive: true);
        }
    }

    private static void Take(JsonElement message, string subject, Comparison comparison, Section section)
    {
        if (message.TryGetProperty("subject", out var title))
        {
            comparison.Introduce(subject, title.GetString()!);
            return;
        }

        if (message.TryGetProperty("note", out var note))
        {
            section.Note(note.GetString()!);
            return;
        }

        var task = message.GetProperty("task").GetString()!;
        var value = message.GetProperty("value").GetDouble();
        Metric[] more = [.. message.GetProperty("more").EnumerateObject().Select(p => new Metric(p.Name == "p99" ? "P99" : p.Name, p.Value.GetDouble(), p.Name == "p99" ? "µs" : ""))];
        var answer = message.GetProperty("answer");
        if (answer.ValueKind == JsonValueKind.Array)
        {
            comparison.TakeSearch(subject, task, [.. answer.EnumerateArray().Select(keys => keys.EnumerateArray().Select(k => k.GetInt64()).ToArray())], value, more);
        }
        else
        {
            comparison.Take(subject, task, answer.GetString(), value, more);
        }
    }

    /// <summary>The directory with scripts and packages; null, and a note, when there is none.</summary>
    private static string? Install(Section section, Action<string> progress)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Peers", "node");
        var version = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(source, "package.json"))))[..12];
        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "engram-benchmarks", version);
        Directory.CreateDirectory(home);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.Copy(file, Path.Combine(home, Path.GetFileName(file)), overwrite: true);
        }

        var done = Path.Combine(home, "installed");
        try
        {
            if (Start("node", home, "--version") != 0)
            {
                section.Note("SQLite, DuckDB and hnswlib: skipped, Node does not run.");
                return null;
            }

            if (!File.Exists(done))
            {
                progress("installing the peers' packages, once; some are compiled");
                if (Start("npm", home, "install", "--no-package-lock", "--no-audit", "--no-fund") != 0)
                {
                    section.Note("SQLite, DuckDB and hnswlib: skipped, their packages could not be installed (npm install in tests/Engram.Benchmarks/Peers/node says why).");
                    return null;
                }

                File.WriteAllText(done, "");
            }

            return home;
        }
        catch (Win32Exception)
        {
            section.Note("SQLite, DuckDB and hnswlib: skipped, Node and npm are not installed.");
            return null;
        }
    }

    private static int Start(string program, string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() && program == "npm" ? "npm.cmd" : program) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit((int)s_installTimeMax.TotalMilliseconds))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{program} did not end within {s_installTimeMax.TotalMinutes} minutes."));
        }

        return process.ExitCode;
    }
}
