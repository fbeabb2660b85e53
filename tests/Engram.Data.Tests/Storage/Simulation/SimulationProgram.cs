using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The long simulation, as a command: <c>tests/Engram.Simulation</c> calls it.</summary>
public static class SimulationProgram
{
    private const string Usage = """
        Crashes simulated databases at every I/O point (crash), damages closed ones at every byte (damage), loses and misdirects every write (err),
        and says what went wrong.

          dotnet run -c Release --project tests/Engram.Simulation -- crash [images, default 50000] [first seed, default 1] [number of one workload]
          dotnet run -c Release --project tests/Engram.Simulation -- damage [seed, default 1]
          dotnet run -c Release --project tests/Engram.Simulation -- err [seed, default 1]
          ENGRAM_SEED=n dotnet run -c Release --project tests/Engram.Simulation -- crash     replays one crash
        """;

    private const int FailuresShown = 20;
    private const int VariantCount = 12;

    /// <summary>Runs the command.</summary>
    /// <returns>0 when nothing went wrong, 1 when something did, 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var numbers = args.Skip(1).Select(a => int.TryParse(a, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : -1).ToList();
        if (numbers.Contains(-1))
        {
            output.WriteLine(Usage);
            return 2;
        }

        switch (args.FirstOrDefault())
        {
            case "crash":
                return await CrashAsync(
                    numbers.ElementAtOrDefault(0) is var images and > 0 ? images : 50_000,
                    numbers.ElementAtOrDefault(1) is var first and > 0 ? first : 1,
                    numbers.Count > 2 ? [numbers[2]] : [.. Enumerable.Range(0, Workloads.All.Count)],
                    output);
            case "damage":
                return await DamageAsync(numbers.ElementAtOrDefault(0) is var seed and > 0 ? seed : 1, output);
            case "err":
                return await ErrAsync(numbers.ElementAtOrDefault(0) is var errSeed and > 0 ? errSeed : 1, output);
            default:
                output.WriteLine(Usage);
                return 2;
        }
    }

    private static async Task<int> CrashAsync(int imagesWanted, int firstSeed, int[] workloads, TextWriter output)
    {
        if (CrashSimulation.SeedToReplay is { } only)
        {
            var (_, found) = await CrashSimulation.RunAsync(only.RunSeed, only.Workload, VariantCount, seed => seed == only);
            found.ForEach(output.WriteLine);
            output.WriteLine($"{found.Count} failures");
            return found.Count == 0 ? 0 : 1;
        }

        var started = Stopwatch.StartNew();
        var failures = new ConcurrentQueue<CrashFailure>();
        var images = 0;
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref images) < imagesWanted)
            {
                var number = Interlocked.Increment(ref next);
                var (runSeed, workload) = (firstSeed + (number / workloads.Length), workloads[number % workloads.Length]);
                var (count, found) = await CrashSimulation.RunAsync(runSeed, workload, VariantCount, _ => true);
                var total = Interlocked.Add(ref images, count);
                found.ForEach(failures.Enqueue);
                lock (output)
                {
                    output.WriteLine($"{total,9:N0} images, {total / started.Elapsed.TotalSeconds,7:N0}/s: seed {runSeed}, {Workloads.All[workload]}: {count} images, {found.Count} failures");
                }
            }
        })));
        foreach (var failure in failures.Take(FailuresShown))
        {
            output.WriteLine(failure);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{images:N0} crash images in {started.Elapsed.TotalSeconds:N1} s, {images / started.Elapsed.TotalSeconds:N0}/s: {failures.Count} failures"));
        return failures.IsEmpty ? 0 : 1;
    }

    private static async Task<int> DamageAsync(int seed, TextWriter output)
    {
        var failures = 0;
        foreach (var database in await DamageCheck.CreateAsync(seed))
        {
            foreach (var (file, length) in database.Files.Where(f => f.Length > 0))
            {
                var started = Stopwatch.StartNew();
                var outcomes = new int[Enum.GetValues<DamageOutcome>().Length];
                var flips = Enumerable.Range(0, (int)length).Select(i => Damage.Flip(file, i, (byte)(1 << ((i + seed) % 8))));
                var cuts = Enumerable.Range(0, (int)length).Select(i => Damage.Cut(file, i));
                await Parallel.ForEachAsync(flips.Concat(cuts), async (damage, _) =>
                {
                    try
                    {
                        Interlocked.Increment(ref outcomes[(int)await database.RunAsync(damage)]);
                    }
                    catch (InvalidOperationException e)
                    {
                        if (Interlocked.Increment(ref failures) <= FailuresShown)
                        {
                            output.WriteLine(e.Message);
                        }
                    }
                });
                var summary = string.Join(", ", outcomes.Select((count, outcome) => $"{(DamageOutcome)outcome} {count}"));
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database.Name}: {file}, {length} bytes: {summary}; {started.Elapsed.TotalSeconds:N1} s"));
            }
        }

        output.WriteLine($"{failures} failures");
        return failures == 0 ? 0 : 1;
    }

    private static async Task<int> ErrAsync(int seed, TextWriter output)
    {
        var total = 0;
        foreach (var name in new[] { "inserts", "updates and deletes", "schema", "bulk load", "checkpoints" })
        {
            foreach (var isLost in new[] { true, false })
            {
                var (images, writes) = (0, 0);
                var failures = new List<CrashFailure>();
                for (var nth = 1; ; nth++)
                {
                    var (count, found) = await CrashSimulation.RunErringAsync(seed, Workloads.NumberOf(name), "", nth, isLost);
                    if (count == 0)
                    {
                        break;
                    }

                    writes++;
                    images += count;
                    failures.AddRange(found);
                }

                failures.Take(FailuresShown).ToList().ForEach(output.WriteLine);
                output.WriteLine($"{name}: each of {writes} writes {(isLost ? "lost" : "misdirected")}, {images} images: {failures.Count} failures");
                total += failures.Count;
            }
        }

        return total == 0 ? 0 : 1;
    }
}
