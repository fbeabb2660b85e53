using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram verify</c>: reads everything and compares it with its checksums and with itself.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var rate = new Option<int?>("--rate") { Description = "MiB a second at most, to leave the disk to others." };
        var json = Commanding.JsonOption();
        var command = new Command("verify", "Check every byte of a database. Ends with 3 when something is wrong.") { database, rate, json };
        command.Run(async (given, cancellationToken) =>
        {
            await using var connection = Databases.OpenForReading(given.GetValue(database)!);
            var report = await Progress.RunAsync("Verifying", async step => await connection.VerifyAsync(
                new EngramVerifyOptions
                {
                    BytesPerSecondMax = given.GetValue(rate) * 1024L * 1024,
                    Progress = new Progress<EngramVerifyProgress>(p => step(p.FilesDone, p.FilesTotal)),
                },
                cancellationToken));
            if (given.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, CliJson.Default.EngramVerifyReport));
            }
            else
            {
                foreach (var problem in report.Problems)
                {
                    Console.WriteLine($"{(problem.File.Length > 0 ? problem.File + ": " : "")}{problem.What}");
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(report.IsIntact ? "Intact" : report.Problems.Count == 1 ? "1 problem" : $"{report.Problems.Count} problems")}: {report.Files:N0} files, {Databases.Bytes(report.Bytes)} and {report.Rows:N0} rows in {report.Duration.TotalSeconds:0.0} s."));
            }

            return report.IsIntact ? ExitCodes.Done : ExitCodes.Damaged;
        });
        return command;
    }
}
