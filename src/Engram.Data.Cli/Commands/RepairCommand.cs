using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram repair</c>: opens a damaged database, keeps what is whole and says what is lost.</summary>
internal static class RepairCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var backup = new Option<string?>("--backup") { Description = "Copy the directory there first." };
        var json = Commanding.JsonOption();
        var command = new Command("repair", "Save what can be saved of a damaged database; the rest goes to its folder quarantine. Ends with 3 when something is lost.") { database, backup, json };
        command.Run(async (given, _) =>
        {
            var path = given.GetValue(database)!;
            if (given.GetValue(backup) is { } copy)
            {
                CopyDirectory(path, copy);
            }

            await using var connection = Databases.Open(path, EngramOpenMode.ReadWrite, timeout: 5, EngramRecoveryMode.Salvage);
            var report = connection.LastRecovery!;
            if (given.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, CliJson.Default.EngramRecoveryReport));
            }
            else
            {
                foreach (var item in report.Salvaged)
                {
                    Console.WriteLine($"{item.Kind}: {(item.File.Length > 0 ? item.File + ": " : "")}{item.What}");
                }

                foreach (var file in report.QuarantinedFiles)
                {
                    Console.WriteLine($"In quarantine: {file}");
                }

                Console.WriteLine(report.Salvaged.Count == 0
                    ? "Nothing was damaged that opening looks at. 'engram verify' reads everything."
                    : string.Create(CultureInfo.InvariantCulture, $"Repaired, with {(report.Salvaged.Count == 1 ? "1 loss or change" : $"{report.Salvaged.Count} losses or changes")}, listed above and in the folder quarantine. docs/repair.md tells what can be done about each."));
            }

            return report.Salvaged.Count == 0 ? ExitCodes.Done : ExitCodes.Damaged;
        });
        return command;
    }

    /// <summary>Byte by byte, since a damaged database cannot be backed up by itself.</summary>
    private static void CopyDirectory(string from, string to)
    {
        if (Directory.Exists(to))
        {
            throw new IOException($"'{to}' is there already: name a folder that is not.");
        }

        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
