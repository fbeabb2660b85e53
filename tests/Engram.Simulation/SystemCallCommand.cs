using System.Diagnostics;
using System.Globalization;
using Engram.Data;

namespace Engram.Simulation;

/// <summary>Lets the n-th system call of a writing process fail, by strace, and checks what the writer said and what it left.</summary>
/// <remarks>
/// strace counts the calls of each thread by itself. The kernel is not really out of order: the failed call just does not happen, so what an
/// actual failing disk leaves is the simulated disk's matter. Here it is shown that the errors of the real calls arrive: none is overlooked, none is
/// taken for something else, and none ends the process.
/// </remarks>
internal static class SystemCallCommand
{
    private const int CallCountMax = 50;
    private const int WaitMillisecondsMax = 60_000;

    private static readonly (string Call, string Error)[] s_faults =
    [
        ("fdatasync", "EIO"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"), ("fsync", "EIO"), ("openat", "ENOSPC"), ("rename", "ENOSPC"), ("unlink", "EIO"), ("pread64", "EIO"),
    ];

    public static int Run(string[] arguments, TextWriter output)
    {
        var callCount = Arguments.Number(arguments, 0, CallCountMax);
        var started = Stopwatch.StartNew();
        if (!IsStraceThere())
        {
            output.WriteLine("skipped: strace is missing, or may not trace processes here");
            return 0;
        }

        using var scratch = new ScratchDirectory("syscalls");
        var (runs, injected, failures) = (0, 0, 0);
        foreach (var (call, error) in s_faults)
        {
            var tally = new Tally();
            Parallel.For(1, callCount + 1, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, n =>
            {
                // Every other run has several writers, whose commits share syncs.
                var path = Path.Combine(scratch.Path, string.Create(CultureInfo.InvariantCulture, $"{call}-{error}-{n}"));
                var trace = Trace(path, call, error, n, threadCount: n % 2 == 0 ? 3 : 1);
                var wrong = trace.FindWrong() ?? trace.FindLoss();
                tally.Add(trace, wrong);
                if (wrong is not null)
                {
                    scratch.IsKept = true;
                    lock (output)
                    {
                        output.WriteLine($"{call} {error} at call {n}: {wrong}\n  {string.Join("\n  ", trace.Lines)}\n  The database is kept: {path}");
                    }
                }
                else
                {
                    Directory.Delete(path, recursive: true);
                }
            });
            output.WriteLine($"{call} {error} at call 1 to {callCount}: {tally}");
            runs += tally.Runs;
            injected += tally.Injected;
            failures += tally.Failures;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs} runs, {injected} with a failing call, {failures} failures, {started.Elapsed.TotalSeconds:N1} s"));
        return failures == 0 && injected > 0 ? 0 : 1;
    }

    private static bool IsStraceThere()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("strace") { ArgumentList = { "-f", "-o", "/dev/null", "true" }, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static FaultTrace Trace(string path, string call, string error, int n, int threadCount)
    {
        Directory.CreateDirectory(path);
        var log = Path.Combine(path, "strace.txt");
        var calls = call switch { "rename" => "rename,renameat,renameat2", "unlink" => "unlink,unlinkat", _ => call };
        var start = new ProcessStartInfo("strace")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-f", "--seccomp-bpf", "-qq", "-o", log, "-e", $"trace={calls}", "-e", $"inject={calls}:error={error}:when={n}",
            },
        };
        if (call is "openat" or "pread64")
        {
            // The runtime opens and reads its own files too: only the database's may fail.
            foreach (var name in new[] { "CURRENT", "wal/00000001.tmp", "wal/00000001.wal", "wal/00000002.tmp", "MANIFEST-2", "segments" })
            {
                start.ArgumentList.Add("-P");
                start.ArgumentList.Add($"{path}/db.engram/{name}");
            }
        }

        foreach (var argument in new[] { "dotnet", typeof(CrashWriter.Experience).Assembly.Location, "faults", $"Data Source={path}/db.engram", threadCount.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var killer = new Timer(_ => process.Kill(entireProcessTree: true), null, WaitMillisecondsMax, Timeout.Infinite);
        var errors = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return new FaultTrace(path, threadCount, process.ExitCode, lines, errors.Result, File.ReadLines(log).Count(l => l.EndsWith("(INJECTED)", StringComparison.Ordinal)));
    }

    private sealed class Tally
    {
        private readonly SortedDictionary<string, int> _states = new(StringComparer.Ordinal);

        public int Runs { get; private set; }

        public int Injected { get; private set; }

        public int Failures { get; private set; }

        public void Add(FaultTrace trace, string? wrong)
        {
            lock (_states)
            {
                Runs++;
                Injected += trace.InjectedCount > 0 ? 1 : 0;
                Failures += wrong is null ? 0 : 1;
                var state = trace.FirstError ?? (trace.InjectedCount > 0 ? "unnoticed" : "not reached");
                _states[state] = _states.GetValueOrDefault(state) + 1;
            }
        }

        public override string ToString() => $"{Injected} calls failed, {Failures} failures; first errors: {string.Join(", ", _states.Select(s => $"{s.Key} {s.Value}"))}";
    }
}
