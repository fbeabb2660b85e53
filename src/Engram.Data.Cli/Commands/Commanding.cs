using System.CommandLine;
using Engram.Data.Cli.Output;

namespace Engram.Data.Cli.Commands;

/// <summary>What all commands have in common: the database's argument, how they end, and how they say that something failed.</summary>
internal static class Commanding
{
    public static Argument<string> DatabaseArgument() => new("database") { Description = "The database's directory." };

    public static Option<bool> JsonOption() => new("--json") { Description = "Print the result as JSON." };

    /// <summary>Runs a command: errors go to the error stream with their code, and decide what the process ends with.</summary>
    public static void Run(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
        => command.SetAction(async (given, cancellationToken) =>
        {
            try
            {
                return await action(given, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync("Cancelled.");
                return ExitCodes.Failed;
            }
            catch (Exception e) when (e is EngramException or IOException or UnauthorizedAccessException or FormatException or ArgumentException)
            {
                await Console.Error.WriteLineAsync(ErrorText.Of(e));
                return ExitCodes.Of(e);
            }
        });
}
