using System.CommandLine;
using System.Text.Json;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram backup</c>: a checked copy of one committed state, also of a database that another process writes.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var target = new Argument<string>("target") { Description = "A directory that is not there yet, or is empty." };
        var json = Commanding.JsonOption();
        var command = new Command("backup", "Copy a database while it may be in use. Every byte is checked on the way.") { database, target, json };
        command.Run(async (given, cancellationToken) =>
        {
            await using var connection = Databases.OpenForReading(given.GetValue(database)!);
            var folder = given.GetValue(target)!;
            await Progress.RunAsync("Copying", async step =>
            {
                await connection.BackupDatabaseAsync(
                    folder,
                    new Progress<EngramBackupProgress>(p => step(p.BytesDone, p.BytesTotal)),
                    cancellationToken);
                return 0;
            });
            var size = Databases.SizeOf(folder);
            Console.WriteLine(given.GetValue(json)
                ? JsonSerializer.Serialize(new BackupDone(folder, size), CliJson.Default.BackupDone)
                : $"Copied to '{folder}', {Databases.Bytes(size)}.");
            return ExitCodes.Done;
        });
        return command;
    }
}
