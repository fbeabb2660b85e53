using Spectre.Console;

namespace Engram.Data.Cli.Commands;

/// <summary>Shows how far something long is, on the error stream and only where a person sees it.</summary>
internal static class Progress
{
    /// <param name="what">What goes on.</param>
    /// <param name="work">Is given what to call with how much is done, of how much.</param>
    public static async Task<T> RunAsync<T>(string what, Func<Action<double, double>, Task<T>> work)
    {
        if (Console.IsErrorRedirected)
        {
            return await work((_, _) => { });
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return await console.Progress().AutoClear(true).StartAsync(async context =>
        {
            var task = context.AddTask(what, maxValue: 1);
            return await work((done, total) => task.Value = total > 0 ? done / total : 0);
        });
    }
}
