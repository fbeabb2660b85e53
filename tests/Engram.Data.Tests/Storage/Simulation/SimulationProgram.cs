using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The long simulation, as a command: <c>tests/Engram.Simulation</c> calls it.</summary>
public static class SimulationProgram
{
    private const string Usage = """
        Checks that nothing acknowledged is lost and nothing damaged is served. Each command ends with a tally, and with 1 when something went wrong.
        dotnet run -c Release --project tests/Engram.Simulation -- COMMAND

        On the simulated disk:
          crash [images, default 50000] [first seed, default 1] [number of one workload]    crashes databases at every I/O point
          damage [seed, default 1]                         flips every byte of small closed databases, and cuts their files to every length
          rot [images, default 20000] [seed, default 1]    flips a bit anywhere in databases that were left at any point of any workload
          err [seed, default 1]                            loses and misdirects every write
          ENGRAM_SEED=n crash                              replays one crash, by the number that its failure printed

        On the real kernel:
          kill [kills, default 100] [seed]                 kills a process that writes, and checks what it left
          full [empty directory, default: mounts two]      fills a small file system; needs root to mount one
          syscalls [calls, default 50]                     lets the n-th system call of a process that writes fail; needs strace

        Against a dictionary:
          model [seconds, default 60] [seed, default 1]    long random sequences of statements, definitions, savepoints, checkpoints, compactions, reopenings

        Concurrent transactions:
          isolation [seconds, default 60] [seed, default 1]    records what they see, and checks it against what their levels allow
        """;

    private const int FailuresShown = 20;
    private const int RotImagesOfRun = 200;
    private const int RotImageCount = 20_000;

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
            case "rot":
                return await RotAsync(
                    numbers.ElementAtOrDefault(0) is var rotten and > 0 ? rotten : RotImageCount, numbers.ElementAtOrDefault(1) is var rotSeed and > 0 ? rotSeed : 1, output);
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
            var (replayed, found) = await CrashSimulation.RunAsync(only.RunSeed, only.Workload, only.Variant + 1, seed => seed == only);
            found.ForEach(output.WriteLine);
            output.WriteLine(replayed == 0 ? "No crash has this seed." : $"{replayed} crash image: {found.Count} failures");
            return replayed > 0 && found.Count == 0 ? 0 : 1;
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
                var (count, found) = await CrashSimulation.RunAsync(runSeed, workload, CrashSeed.ModeCount, _ => true);
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

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Seeds from {firstSeed}: {images:N0} crash images in {started.Elapsed.TotalSeconds:N1} s, {images / started.Elapsed.TotalSeconds:N0}/s: {failures.Count} failures"));
        return failures.IsEmpty ? 0 : 1;
    }

    private static async Task<int> DamageAsync(int seed, TextWriter output)
    {
        var (failures, images) = (0, 0L);
        var begun = Stopwatch.StartNew();
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
                images += 2 * length;
                var summary = string.Join(", ", outcomes.Select((count, outcome) => $"{(DamageOutcome)outcome} {count}"));
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database.Name}: {file}, {length} bytes: {summary}; {started.Elapsed.TotalSeconds:N1} s"));
            }
        }

        return Tally($"Seed {seed}: {images:N0} damages", failures, begun, output);
    }

    private static async Task<int> RotAsync(int imagesWanted, int seed, TextWriter output)
    {
        var begun = Stopwatch.StartNew();
        var (images, failures) = (0, 0);
        for (var runSeed = seed; images < imagesWanted; runSeed++)
        {
            var outcomes = new SortedDictionary<DamageOutcome, int>();
            for (var workload = 0; workload < Workloads.All.Count; workload++)
            {
                var found = await CrashSimulation.RunRottenAsync(runSeed, workload, RotImagesOfRun, outcomes);
                found.Take(FailuresShown).ToList().ForEach(output.WriteLine);
                failures += found.Count;
                images += RotImagesOfRun;
            }

            output.WriteLine($"seed {runSeed}: {string.Join(", ", outcomes.Select(o => $"{o.Key} {o.Value}"))}");
        }

        return Tally($"Seeds from {seed}: {images:N0} flipped bits", failures, begun, output);
    }

    private static int Tally(FormattableString what, int failures, Stopwatch begun, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{FormattableString.Invariant(what)} in {begun.Elapsed.TotalSeconds:N1} s: {failures} failures"));
        return failures == 0 ? 0 : 1;
    }

    private static async Task<int> ErrAsync(int seed, TextWriter output)
    {
        var begun = Stopwatch.StartNew();
        var (total, all) = (0, 0);
        foreach (var name in new[] { "inserts", "updates and deletes", "schema", "bulk load", "checkpoints", "cascades" })
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
                all += images;
            }
        }

        return Tally($"Seed {seed}: {all:N0} images of disks that erred", total, begun, output);
    }
}
