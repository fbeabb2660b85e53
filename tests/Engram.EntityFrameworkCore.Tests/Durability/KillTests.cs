using System.Diagnostics;
using System.Globalization;
using Engram.CrashWriter;
using Engram.Data;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Durability;

/// <summary>
/// A process writes from four threads and is killed, without warning and at a random moment; then the database is opened again. What SaveChanges had
/// returned for is there, whole; what it had not returned for is there whole or not at all; and the database goes on.
/// </summary>
/// <remarks>ENGRAM_KILL_ROUNDS sets the number of rounds (20 by default), ENGRAM_KILL_SEED the moments.</remarks>
public sealed class KillTests
{
    private const int ThreadCount = 4;
    private const int WaitMillisecondsMax = 60_000;

    private static int Rounds => ReadNumber("ENGRAM_KILL_ROUNDS", 20);

    [Fact]
    public void What_was_acknowledged_survives_and_nothing_is_half_there()
    {
        using var database = new TestDatabase();
        var random = new Random(ReadNumber("ENGRAM_KILL_SEED", Environment.TickCount));
        var acknowledged = new Dictionary<long, int>();
        for (var round = 1; round <= Rounds; round++)
        {
            WriteUntilKilled(database.ConnectionString, round, random.Next(1, 200), random.Next(0, 12), acknowledged);
            Check(database.ConnectionString, acknowledged);
            WriteOne(database.ConnectionString, round, acknowledged);
        }
    }

    /// <summary>Kills the writer some time after some acknowledgements, and collects all that it had printed.</summary>
    private static void WriteUntilKilled(string connectionString, int round, int acknowledgementCount, int delayMilliseconds, Dictionary<long, int> acknowledged)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(Experience).Assembly.Location, connectionString, ThreadCount.ToString(CultureInfo.InvariantCulture), round.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var killer = new Timer(_ => process.Kill());
        using (killer)
        {
            killer.Change(WaitMillisecondsMax, Timeout.Infinite);
            for (var count = 1; process.StandardOutput.ReadLine() is { } line; count++)
            {
                var parts = line.Split(' ');
                if (parts.Length == 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var revision))
                {
                    var key = long.Parse(parts[0], CultureInfo.InvariantCulture);
                    acknowledged[key] = Math.Max(revision, acknowledged.GetValueOrDefault(key));
                }

                if (count == acknowledgementCount)
                {
                    killer.Change(delayMilliseconds, Timeout.Infinite);
                }
            }
        }

        process.WaitForExit();
        Assert.True(process.ExitCode == 137, $"Round {round}: the writer ended by itself with code {process.ExitCode}. {error.Result}");
        Assert.True(acknowledged.Keys.Any(k => k >> 36 == round), $"Round {round}: the writer acknowledged nothing within a minute.");
    }

    private static void Check(string connectionString, Dictionary<long, int> acknowledged)
    {
        using var context = new ExperienceContext(connectionString);
        var found = context.Experiences.AsNoTracking().Include(e => e.Steps).AsSplitQuery().ToDictionary(e => e.Key);
        foreach (var experience in found.Values)
        {
            Assert.True(experience.FindFault() is null, $"Experience {experience.Key} at revision {experience.Revision}: {experience.FindFault()} is not what was written.");
        }

        foreach (var (key, revision) in acknowledged)
        {
            Assert.True(found.TryGetValue(key, out var experience), $"Experience {key} was acknowledged and is gone.");
            Assert.True(experience.Revision >= revision, $"Experience {key} was acknowledged at revision {revision} and is back at {experience.Revision}.");
        }

        // No step without its experience, and by a way of its own: the key's index agrees with the rows.
        Assert.Equal(found.Values.Sum(e => e.Steps.Count), context.Set<Step>().Count());
        var some = found.Keys.Order().ElementAt(found.Count / 2);
        Assert.Equal(found[some].Id, context.Experiences.Single(e => e.Key == some).Id);
    }

    private static void WriteOne(string connectionString, long key, Dictionary<long, int> acknowledged)
    {
        using (var context = new ExperienceContext(connectionString))
        {
            context.Add(Experience.Create(key));
            context.SaveChanges();
            acknowledged.Add(key, 0);
        }

        // The next writer is another process, which needs the database's lock.
        using var connection = new EngramConnection(connectionString);
        EngramConnection.ClearPool(connection);
    }

    private static int ReadNumber(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
