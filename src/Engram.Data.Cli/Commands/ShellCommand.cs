using System.CommandLine;
using System.Data;
using System.Diagnostics;
using System.Globalization;
using Engram.Data.Cli.Output;
using RadLine;
using Spectre.Console;

namespace Engram.Data.Cli.Commands;

/// <summary><c>engram shell</c>: statements one after the other, ended by a semicolon, with a history; lines that begin with a dot are the shell's own.</summary>
internal static class ShellCommand
{
    public static Command Create()
    {
        var database = Commanding.DatabaseArgument();
        var create = new Option<bool>("--create") { Description = "Create the database when it is not there." };
        var readOnly = new Option<bool>("--read-only") { Description = "Open the database to read only, beside a process that has it open." };
        var command = new Command("shell", "Type statements and see their results.") { database, create, readOnly };
        command.Run(async (given, cancellationToken) =>
        {
            var path = given.GetValue(database)!;
            await using var connection = Open(path, given.GetValue(create), given.GetValue(readOnly));
            var shell = new Shell(connection, Console.Out);
            return Console.IsInputRedirected ? await shell.RunAsync(Lines(), cancellationToken) : await RunInteractivelyAsync(shell, path, cancellationToken);
        });
        return command;
    }

    /// <summary>To write if that is possible, else to read beside the process that writes.</summary>
    private static EngramConnection Open(string path, bool mayCreate, bool isReadOnly)
    {
        if (isReadOnly)
        {
            return Databases.OpenForReading(path);
        }

        try
        {
            return Databases.Open(path, mayCreate ? EngramOpenMode.ReadWriteCreate : EngramOpenMode.ReadWrite, timeout: 1);
        }
        catch (EngramException e) when (e.SqlState == "55P03")
        {
            Console.Error.WriteLine($"Opened to read only, as it is at this moment: {e.Message}");
            return Databases.OpenForReading(path);
        }
    }

    private static async IAsyncEnumerable<string> Lines()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            yield return line;
        }
    }

    private static async Task<int> RunInteractivelyAsync(Shell shell, string path, CancellationToken cancellationToken)
    {
        AnsiConsole.MarkupLineInterpolated($"[bold]{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}[/] is open. Statements end with a semicolon; [bold].help[/] lists the shell's own commands, [bold].quit[/] leaves.");
        var editor = new LineEditor { MultiLine = false, Prompt = new ContinuationPrompt(shell) };
        while (!shell.IsOver)
        {
            if (await editor.ReadLine(cancellationToken) is not { } line)
            {
                break;
            }

            await shell.TakeAsync(line, cancellationToken);
        }

        return ExitCodes.Done;
    }

    private sealed class ContinuationPrompt(Shell shell) : ILineEditorPrompt
    {
        public (Markup Markup, int Margin) GetPrompt(ILineEditorState state, int line) => (new Markup(shell.IsInStatement ? "   ...>" : "[bold]engram>[/]"), 1);
    }
}
