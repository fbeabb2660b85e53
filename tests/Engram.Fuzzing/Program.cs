using System.Globalization;

namespace Engram.Fuzzing;

/// <summary>Gives the database texts that nobody would write, and expects rows or an error of ours for each.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Length < 2)
        {
            Console.Error.WriteLine("""
                Engram.Fuzzing <first seed> <inputs> [show]      show: every error, with its input
                Each input is made from its seed, so that what is found can be run again. When the process crashes, the last seed is in fuzzing-last-seed
                in the folder for temporary files.
                """);
            return 2;
        }

        var first = int.Parse(args[0], CultureInfo.InvariantCulture);
        var count = int.Parse(args[1], CultureInfo.InvariantCulture);
        using var run = new FuzzRun(Corpus.Read(AppContext.BaseDirectory), Path.Combine(Path.GetTempPath(), "fuzzing-last-seed")) { Shown = args is [_, _, "show"] ? Console.WriteLine : null };
        var reported = 0;
        for (var seed = first; seed < first + count; seed++)
        {
            run.Run(seed);
            for (; reported < run.Findings.Count; reported++)
            {
                Console.WriteLine(run.Findings[reported] + "\n");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} inputs, {run.Succeeded} succeeded, {run.Findings.Count} findings; {Environment.WorkingSet >> 20} MiB; errors: {string.Join(", ", run.Errors.Select(e => $"{e.Key} {e.Value}"))}"));
        return run.Findings.Count == 0 ? 0 : 1;
    }
}
