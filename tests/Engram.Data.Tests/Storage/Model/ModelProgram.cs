using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Model;

/// <summary>Long runs: one after the other, until the time is up or something is wrong.</summary>
public static class ModelProgram
{
    private const int StepCount = 3000;

    /// <summary>Runs for some seconds and writes a tally, or what is wrong with the seed that shows it.</summary>
    /// <param name="seconds">How long it begins new runs.</param>
    /// <param name="seed">Of the first run; each next one has the next.</param>
    /// <returns>0 when nothing is wrong.</returns>
    public static int Run(int seconds, int seed, TextWriter output)
    {
        var clock = Stopwatch.StartNew();
        var runs = 0;
        var done = new SortedDictionary<string, long>(StringComparer.Ordinal);
        for (; clock.Elapsed.TotalSeconds < seconds; runs++, seed++)
        {
            using var run = new ModelRun(seed);
            try
            {
                run.Run(StepCount);
            }
            catch (InvalidOperationException e)
            {
                output.WriteLine(e.Message);
                return 1;
            }

            foreach (var (kind, count) in run.Done)
            {
                done[kind] = done.GetValueOrDefault(kind) + count;
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs} runs of {StepCount} steps in {clock.Elapsed.TotalSeconds:0} s: the database showed what the dictionary held."));
        output.WriteLine(string.Join(", ", done.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key} {d.Value}"))));
        return 0;
    }
}
