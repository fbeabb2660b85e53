using System.CommandLine;
using System.Text.Json;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram compact</c>: gives the room of deleted rows back and merges small segments.</summary>
internal static class CompactCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var json = Commanding.JsonOption();
        var command = new Command("compact", "Give the room of deleted rows back to the disk, and merge small segments.") { database, json };
        command.Run(async (given, cancellationToken) =>
        {
            var path = given.GetValue(database)!;
            await using var connection = Databases.OpenForWriting(path);
            var before = Databases.SizeOf(path);
            await Progress.RunAsync("Compacting", async step =>
            {
                await connection.CompactAsync(new Progress<EngramCompactionProgress>(p => step(p.RowsDone, p.RowsTotal)), cancellationToken);
                return 0;
            });
            // Files that were replaced are deleted when nobody reads them: at the latest now.
            await connection.CloseAsync();
            var after = Databases.SizeOf(path);
            Console.WriteLine(given.GetValue(json)
                ? JsonSerializer.Serialize(new CompactDone(before, after), CliJson.Default.CompactDone)
                : $"Compacted: {Databases.Bytes(before)} before, {Databases.Bytes(after)} now.");
            return ExitCodes.Done;
        });
        return command;
    }
}
