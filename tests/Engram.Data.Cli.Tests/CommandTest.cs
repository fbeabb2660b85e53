namespace Engram.Data.Cli.Tests;

/// <summary>Runs commands as the process would, in a folder of their own. The console is the process's: tests of this collection run one after the other.</summary>
[Collection("console")]
public abstract class CommandTest : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "engram-cli-" + Guid.NewGuid().ToString("N"));

    protected CommandTest() => Directory.CreateDirectory(folder);

    protected string Database => PathOf("test.engram");

    protected string PathOf(string name) => Path.Combine(folder, name);

    protected string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    /// <summary>A database with some rows.</summary>
    protected void CreateNotes(int rows = 3)
    {
        using var connection = new EngramConnection($"Data Source={Database};Keep Alive=0");
        connection.Open();
        using var command = new EngramCommand("CREATE TABLE notes (id bigint PRIMARY KEY, text text NOT NULL, confidence real, at timestamptz, embedding vector(3))", connection);
        command.ExecuteNonQuery();
        using var copy = new EngramBulkCopy(connection, "notes");
        copy.WriteToServer(Enumerable.Range(1, rows).Select(i => new object?[]
        {
            (long)i, $"note {i}", i % 3 == 0 ? null : i / 4f, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddSeconds(i), new float[] { i, 0.5f, -1 },
        }));
    }

    /// <returns>What the process would end with, and what it would have printed.</returns>
    protected static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => await RunWithInputAsync("", arguments);

    protected static async Task<(int Code, string Output, string Error)> RunWithInputAsync(string input, params string[] arguments)
    {
        var (oldIn, oldOut, oldError) = (Console.In, Console.Out, Console.Error);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Console.SetIn(new StringReader(input));
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            var code = await CommandLine.RunAsync(arguments);
            return (code, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
        }
        finally
        {
            Console.SetIn(oldIn);
            Console.SetOut(oldOut);
            Console.SetError(oldError);
        }
    }

    public void Dispose()
    {
        EngramConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
