using System.Diagnostics;
using System.Globalization;
using Engram.CrashWriter;
using Engram.Data;

namespace Engram.Simulation;

/// <summary>Kills a writing process again and again, over one database, and checks after each kill what it left.</summary>
internal static class KillCommand
{
    public static int Run(string[] arguments, TextWriter output)
    {
        var kills = Arguments.Number(arguments, 0, 100);
        var seed = Arguments.Number(arguments, 1, Environment.TickCount & 0xFFFFFF);
        var started = Stopwatch.StartNew();
        using var scratch = new ScratchDirectory("kill");
        var connectionString = $"Data Source={scratch.Path}/kill.engram";
        var trial = new KillTrial(connectionString, seed);
        output.WriteLine($"seed {seed}");
        var failures = 0;
        try
        {
            for (var round = 1; round <= kills; round++)
            {
                trial.RunRound(round);
                if (round % 10 == 0)
                {
                    output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{round} kills, {trial.AcknowledgedCount} commits acknowledged, {started.Elapsed.TotalSeconds:N0} s"));
                }
            }

            trial.Check();
        }
        catch (Exception e) when (e is InvalidOperationException or EngramException)
        {
            failures++;
            scratch.IsKept = true;
            output.WriteLine($"After {trial.Kills} kills, seed {seed}: {e}");
            output.WriteLine($"The database is kept: {connectionString}");
        }

        using (var connection = new EngramConnection(connectionString))
        {
            EngramConnection.ClearPool(connection);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{trial.Kills} kills ({trial.KillsWhileOpening} while opening), {trial.AcknowledgedCount} commits acknowledged, {failures} failures, {started.Elapsed.TotalSeconds:N1} s"));
        return failures == 0 ? 0 : 1;
    }
}
