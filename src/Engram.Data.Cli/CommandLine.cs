using System.CommandLine;
using Engram.Data.Cli.Commands;

namespace Engram.Data.Cli;

/// <summary>All commands, and what the process ends with.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("Looks into databases of Engram.Data, and takes care of them. A database is a directory.")
        {
            ShellCommand.Create(),
            QueryCommand.Create(),
            ExplainCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            InfoCommand.Create(),
            WalCommand.Create(),
            VerifyCommand.Create(),
            RepairCommand.Create(),
            BackupCommand.Create(),
            CompactCommand.Create(),
        };
        var parsed = root.Parse(arguments);
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = Console.Out, Error = Console.Error };
        var code = await parsed.InvokeAsync(invocation);
        // Help that was asked for is no mistake.
        return parsed.Errors.Count > 0 && code != 0 ? ExitCodes.Usage : code;
    }
}
