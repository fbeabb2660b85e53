using System.Diagnostics;
using Engram.CrashWriter;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Migrations;

/// <summary>Processes that migrate one database at the same time. What is asked holds whichever comes first.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TestDatabase database = new();
    private readonly List<Process> processes = [];

    public void Dispose()
    {
        foreach (var process in processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        database.Dispose();
    }

    [Fact]
    public void The_lock_of_migrations_dies_with_its_process_and_what_it_had_half_done_is_not_there()
    {
        var killed = Start("stop");
        Assert.Equal("halfway", ReadUntil(killed, "halfway"));
        var waiting = Start();
        Assert.Equal("migrating", ReadUntil(waiting, "migrating"));
        killed.Kill();
        Assert.Equal("migrated", ReadUntil(waiting, "migrated"));
        CheckMigratedOnce(waiting);
    }

    [Fact]
    public void Processes_that_start_together_apply_each_migration_once()
    {
        Process[] together = [Start(), Start()];
        Assert.All(together, p => Assert.Equal("migrated", ReadUntil(p, "migrated")));
        CheckMigratedOnce(together);
    }

    private void CheckMigratedOnce(params IEnumerable<Process> migrated)
    {
        foreach (var process in migrated)
        {
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        using var context = new NotebookContext(database.ConnectionString);
        Assert.Equal(["20240101000000_First", "20240102000000_Second"], context.Database.GetAppliedMigrations());
        Assert.Equal(["first", "second"], context.Database.SqlQueryRaw<string>("""SELECT text AS "Value" FROM page ORDER BY number""").ToList());
    }

    private Process Start(params string[] arguments)
    {
        // As long as the other takes, on whatever machine.
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(Migrating).Assembly.Location, "migrate", $"{database.ConnectionString};Default Timeout=0", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        processes.Add(process);
        return process;
    }

    /// <summary>The line; or all that the process wrote, when it ended without it.</summary>
    private static string ReadUntil(Process process, string line)
    {
        var lines = new List<string>();
        while (process.StandardOutput.ReadLine() is { } read)
        {
            if (read == line)
            {
                return read;
            }

            lines.Add(read);
        }

        return $"{string.Join('\n', lines)}\n{process.StandardError.ReadToEnd()}";
    }
}
