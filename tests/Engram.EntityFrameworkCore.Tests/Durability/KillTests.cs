using System.Globalization;
using Engram.CrashWriter;
using Engram.EntityFrameworkCore.Tests.Model;
using Xunit.Abstractions;

namespace Engram.EntityFrameworkCore.Tests.Durability;

/// <summary>Real kills of a real process; <c>tests/Engram.Simulation -- kill</c> does more of them.</summary>
/// <remarks>ENGRAM_KILL_ROUNDS sets the number of rounds (10 by default), ENGRAM_KILL_SEED the moments.</remarks>
public sealed class KillTests(ITestOutputHelper output)
{
    [Fact]
    public void What_was_acknowledged_survives_and_nothing_is_half_there()
    {
        using var database = new TestDatabase();
        var seed = ReadNumber("ENGRAM_KILL_SEED", Environment.TickCount);
        var trial = new KillTrial(database.ConnectionString, seed);
        var rounds = ReadNumber("ENGRAM_KILL_ROUNDS", 10);
        output.WriteLine($"ENGRAM_KILL_SEED={seed}");
        for (var round = 1; round <= rounds; round++)
        {
            trial.RunRound(round);
        }

        trial.Check();
        output.WriteLine($"{trial.Kills} kills, {trial.KillsWhileOpening} of them while opening, {trial.AcknowledgedCount} acknowledged");
        Assert.Equal(rounds, trial.Kills);
    }

    private static int ReadNumber(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
