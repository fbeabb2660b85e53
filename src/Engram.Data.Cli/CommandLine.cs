using System.CommandLine;
using Engram.Data.Cli.Commands;

namespace Engram.Data.Cli;

/// <summary>All commands, and what the process ends with.</summary>
internal static class CommandLine
{
    /// <summary>The grammar of the command line.</summary>
    public static RootCommand Create()
        => new("Looks into databases of Engram.Data, and takes care of them. A database is a directory.")
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

    public static async Task<int> RunAsync(string[] arguments)
    {
        var root = Create();
        var parsed = root.Parse(arguments);
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = Console.Out, Error = Console.Error };
        var code = await parsed.InvokeAsync(invocation);
        // Help that was asked for is no mistake.
        return parsed.Errors.Count > 0 && code != 0 ? ExitCodes.Usage : code;
    }
}
