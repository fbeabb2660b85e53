using System.CommandLine;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram compact</c>: gives the room of deleted rows back and merges small segments.</summary>
internal static class CompactCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var command = new Command("compact", "Give the room of deleted rows back to the disk, and merge small segments.") { database };
        command.Run(async (given, cancellationToken) =>
        {
            var path = given.GetValue(database)!;
            await using var connection = Databases.OpenForWriting(path);
            var before = SizeOf(path);
            await Progress.RunAsync("Compacting", async step =>
            {
                await connection.CompactAsync(new Progress<EngramCompactionProgress>(p => step(p.RowsDone, p.RowsTotal)), cancellationToken);
                return 0;
            });
            // Files that were replaced are deleted when nobody reads them: at the latest now.
            await connection.CloseAsync();
            Console.WriteLine($"Compacted: {Databases.Bytes(before)} before, {Databases.Bytes(SizeOf(path))} now.");
            return ExitCodes.Done;
        });
        return command;
    }

    public static long SizeOf(string path) => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
}
