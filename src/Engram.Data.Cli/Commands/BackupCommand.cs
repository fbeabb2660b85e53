using System.CommandLine;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram backup</c>: a checked copy of one committed state, also of a database that another process writes.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var target = new Argument<string>("target") { Description = "A directory that is not there yet, or is empty." };
        var command = new Command("backup", "Copy a database while it may be in use. Every byte is checked on the way.") { database, target };
        command.Run(async (given, cancellationToken) =>
        {
            await using var connection = Databases.OpenForReading(given.GetValue(database)!);
            var size = await Progress.RunAsync("Copying", async step =>
            {
                var bytes = 0L;
                await connection.BackupDatabaseAsync(
                    given.GetValue(target)!,
                    new Progress<EngramBackupProgress>(p =>
                    {
                        bytes = p.BytesTotal;
                        step(p.BytesDone, p.BytesTotal);
                    }),
                    cancellationToken);
                return bytes;
            });
            Console.WriteLine($"Copied to '{given.GetValue(target)}'{(size > 0 ? $", {Databases.Bytes(size)}" : "")}.");
            return ExitCodes.Done;
        });
        return command;
    }
}
