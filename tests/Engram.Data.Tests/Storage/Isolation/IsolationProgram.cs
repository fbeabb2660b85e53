using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Long runs: database after database, until the time is up or something is wrong.</summary>
public static class IsolationProgram
{
    /// <summary>Runs for some seconds and writes a tally, and what is wrong with the seed that shows it.</summary>
    /// <param name="seconds">How long it begins new rounds.</param>
    /// <param name="seed">Of the first round; each next one has the next.</param>
    /// <returns>0 when nothing is wrong.</returns>
    public static async Task<int> RunAsync(int seconds, int seed, TextWriter output)
    {
        var clock = Stopwatch.StartNew();
        var (rounds, committed, refused, statements) = (0, 0L, 0L, 0L);
        for (; clock.Elapsed.TotalSeconds < seconds; rounds++, seed++)
        {
            // One step at a time, which its seed replays; then threads in memory and on the disk, which it does not.
            using var directory = new TemporaryDirectory();
            var isStepwise = rounds % 3 != 2;
            var text = isStepwise || rounds % 2 == 0 ? string.Create(CultureInfo.InvariantCulture, $"Data Source=isolation-{seed};Mode=Memory") : $"Data Source={directory.Path}/db;Keep Alive=0";
            using var workload = new ListWorkload(text, seed);
            if (isStepwise)
            {
                await workload.RunStepsAsync(3 + (seed % 5), 2500);
            }
            else
            {
                await workload.RunThreadsAsync(4 + (seed % 9), 60);
            }

            var found = HistoryChecker.Check(workload.History);
            if (found.Count > 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seed {seed}, {(isStepwise ? "steps" : "threads")}: {found.Count} anomalies"));
                found.Take(20).ToList().ForEach(output.WriteLine);
                return 1;
            }

            committed += workload.Committed;
            refused += workload.Refused;
            statements += workload.History.Transactions.Sum(t => t.Statements.Count);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rounds} histories, {committed} transactions committed, {refused} refused with 40001, {statements} statements, in {clock.Elapsed.TotalSeconds:0} s: nothing that their levels forbid."));
        return 0;
    }
}
