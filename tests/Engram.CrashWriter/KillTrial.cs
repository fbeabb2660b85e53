using System.Diagnostics;
using System.Globalization;
using Engram.Data;
using Microsoft.EntityFrameworkCore;

namespace Engram.CrashWriter;

/// <summary>
/// A process writes from four threads and is killed, without warning and at a random moment; then the database is opened again. What SaveChanges had
/// returned for is there, whole; what it had not returned for is there whole or not at all; and the database goes on.
/// </summary>
/// <remarks>
/// Every second writer syncs its commits, the others only write them: a kill takes neither, since what was written stays in the system's cache.
/// One kill in four strikes while the writer opens the database, which recovers what the kill before left. What each check asks:
/// <list type="bullet">
/// <item>every entity that is there is whole, steps included: all its columns follow from its key and revision;</item>
/// <item>every acknowledged entity is there, at the acknowledged revision or a later one;</item>
/// <item>of each thread's commits a prefix is there: no number is missing before one that is there;</item>
/// <item>a transaction that inserts one entity and revises another did both or neither;</item>
/// <item>no step is without its entity, and a key found through its index is that of the row.</item>
/// </list>
/// </remarks>
public sealed class KillTrial(string connectionString, int seed)
{
    private const int ThreadCount = 4;
    private const int WaitMillisecondsMax = 60_000;

    private static readonly EngramDurability[] s_modes = [EngramDurability.Full, EngramDurability.Full, EngramDurability.Interval, EngramDurability.None];

    private readonly Random _random = new(seed);
    private readonly Dictionary<long, int> _acknowledged = [];

    /// <summary>Kills so far, and those of them that struck before the database was open.</summary>
    public int Kills { get; private set; }

    public int KillsWhileOpening { get; private set; }

    public int AcknowledgedCount => _acknowledged.Count;

    /// <summary>Lets a writer live for a while, kills it, and checks what it left. Rounds are numbered from 1.</summary>
    /// <exception cref="InvalidOperationException">Something was lost, or is half there.</exception>
    public void RunRound(int round)
    {
        var isOpeningHit = round > 1 && _random.Next(4) == 0;
        var acknowledgementCount = isOpeningHit ? 0 : _random.Next(1, 200);
        WriteUntilKilled(round, acknowledgementCount, isOpeningHit ? _random.Next(0, 60) : _random.Next(0, 12));
        if (isOpeningHit && _random.Next(2) == 0)
        {
            // The next writer finds what the kill in the opening left, not what this process mended.
            return;
        }

        Check();
        WriteOne(round);
    }

    /// <summary>Checks the database as it is.</summary>
    /// <exception cref="InvalidOperationException">Something was lost, or is half there.</exception>
    public void Check()
    {
        using var context = new ExperienceContext(connectionString);
        var found = context.Experiences.AsNoTracking().Include(e => e.Steps).AsSplitQuery().ToDictionary(e => e.Key);
        foreach (var experience in found.Values)
        {
            Require(experience.FindFault() is null, $"Experience {experience.Key} at revision {experience.Revision}: {experience.FindFault()} is not what was written.");
            Require(
                experience.Revision == (IsRevised(experience.Key) && found.ContainsKey(experience.Key + 3) ? 1 : 0),
                $"Experience {experience.Key} is at revision {experience.Revision}: half a transaction is there.");
        }

        foreach (var (key, revision) in _acknowledged)
        {
            Require(found.TryGetValue(key, out var experience), $"Experience {key} was acknowledged and is gone.");
            Require(experience!.Revision >= revision, $"Experience {key} was acknowledged at revision {revision} and is back at {experience.Revision}.");
        }

        foreach (var thread in found.Keys.GroupBy(k => k >> 32))
        {
            Require(thread.Count() == (int)thread.Max(), $"Of {(int)thread.Max()} commits of writer {thread.Key} only {thread.Count()} are there.");
        }

        Require(found.Values.Sum(e => e.Steps.Count) == context.Set<Step>().Count(), "There are steps without their experience.");
        if (found.Count > 0)
        {
            var some = found.Keys.Order().ElementAt(found.Count / 2);
            Require(found[some].Id == context.Experiences.Single(e => e.Key == some).Id, $"The index leads from key {some} to another row.");
        }
    }

    private static bool IsRevised(long key) => key >> 32 != 0 && (int)key % 5 == 2;

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }

    /// <summary>Kills the writer some time after some acknowledgements, or with none after it began to open, and collects all that it had printed.</summary>
    private void WriteUntilKilled(int round, int acknowledgementCount, int delayMilliseconds)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(Experience).Assembly.Location, $"{connectionString};Durability={s_modes[round % s_modes.Length]}", ThreadCount.ToString(CultureInfo.InvariantCulture), round.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var isOpen = false;
        var count = 0;
        using (var killer = new Timer(_ => process.Kill()))
        {
            killer.Change(WaitMillisecondsMax, Timeout.Infinite);
            while (process.StandardOutput.ReadLine() is { } line)
            {
                isOpen |= line == "open";
                var parts = line.Split(' ');
                if (parts.Length == 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var revision))
                {
                    var key = long.Parse(parts[0], CultureInfo.InvariantCulture);
                    _acknowledged[key] = Math.Max(revision, _acknowledged.GetValueOrDefault(key));
                    count++;
                }

                if (count == acknowledgementCount && (count > 0 || line == "opening"))
                {
                    killer.Change(delayMilliseconds, Timeout.Infinite);
                }
            }
        }

        process.WaitForExit();
        Require(process.ExitCode == 137, $"Round {round}: the writer ended by itself with code {process.ExitCode}. {error.Result}");
        Require(count > 0 || acknowledgementCount == 0, $"Round {round}: the writer acknowledged nothing within a minute.");
        Kills++;
        KillsWhileOpening += isOpen ? 0 : 1;
    }

    private void WriteOne(long key)
    {
        using (var context = new ExperienceContext(connectionString))
        {
            for (var next = _acknowledged.Keys.Where(k => k >> 32 == 0).DefaultIfEmpty(0).Max() + 1; next <= key; next++)
            {
                context.Add(Experience.Create(next));
            }

            context.SaveChanges();
            foreach (var entry in context.ChangeTracker.Entries<Experience>())
            {
                _acknowledged.Add(entry.Entity.Key, 0);
            }
        }

        // The next writer is another process, which needs the database's lock.
        using var connection = new EngramConnection(connectionString);
        EngramConnection.ClearPool(connection);
    }
}
