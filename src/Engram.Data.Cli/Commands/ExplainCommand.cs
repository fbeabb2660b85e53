using System.CommandLine;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram explain</c>: the plan of a statement; with <c>--analyze</c> also what it did.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var sql = new Argument<string?>("sql") { Description = "One statement. '-' or nothing: read it from the input.", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<FileInfo?>("--file", "-f") { Description = "Read the statement from a file." };
        var analyze = new Option<bool>("--analyze", "-a") { Description = "Run it, and tell rows and times. A statement that writes needs --write, and writes." };
        var write = new Option<bool>("--write", "-w") { Description = "Open the database to write." };
        var json = Commanding.JsonOption();
        var command = new Command("explain", "Show how a statement is carried out.") { database, sql, file, analyze, write, json };
        command.Run(async (given, cancellationToken) =>
        {
            var text = (given.GetValue(analyze) ? "EXPLAIN ANALYZE " : "EXPLAIN ") + await QueryCommand.ReadTextAsync(given.GetValue(sql), given.GetValue(file), cancellationToken);
            var path = given.GetValue(database)!;
            await using var connection = given.GetValue(write) ? Databases.OpenForWriting(path) : Databases.OpenForReading(path);
            if (given.GetValue(json))
            {
                return await QueryCommand.RunAsync(connection, text, [], OutputMode.Json, Console.Out, cancellationToken);
            }

            await using var explain = new EngramCommand(text, connection);
            await using var reader = await explain.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                Console.WriteLine(reader.GetString(0));
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
