using System.Globalization;
using Engram.Data.Storage;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>One crash: everything about it is in its number.</summary>
/// <param name="RunSeed">The seed of the workload's run, 0 to 99,999.</param>
/// <param name="Workload">Which of <see cref="Workloads.All"/>.</param>
/// <param name="Point">The I/O point, from 1.</param>
/// <param name="Variant">Which of the crashes there: the mode is this modulo the number of modes.</param>
internal readonly record struct CrashSeed(int RunSeed, int Workload, int Point, int Variant)
{
    private const long WorkloadCount = 100;
    private const long PointCount = 100_000;
    private const long VariantCount = 1_000;

    public static readonly int ModeCount = Enum.GetValues<SurvivalMode>().Length;

    public SurvivalMode Mode => (SurvivalMode)(Variant % ModeCount);

    /// <summary>One image in ten loses its power again while it is recovered.</summary>
    public bool CrashesInRecovery => ((RunSeed + Point + Variant) % 10) == 0;

    public long Value => (((((RunSeed * WorkloadCount) + Workload) * PointCount) + Point) * VariantCount) + Variant;

    public static CrashSeed Of(long value) => new(
        (int)(value / VariantCount / PointCount / WorkloadCount), (int)(value / VariantCount / PointCount % WorkloadCount), (int)(value / VariantCount % PointCount),
        (int)(value % VariantCount));

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A crash after which something was wrong.</summary>
/// <param name="Seed">Replays it; null when that needs more than a number.</param>
internal sealed record CrashFailure(CrashSeed? Seed, string Where, string What)
{
    public override string ToString() => Seed is { } seed ? $"{CrashSimulation.SeedVariable}={seed}: {Where}: {What}" : $"{Where}: {What}";
}

/// <summary>Runs workloads and crashes them at every I/O point, in every way.</summary>
internal static class CrashSimulation
{
    // At most so many writers of a workload share a sync.
    private const int CommitsInGroupMax = 6;

    public const string SeedVariable = "ENGRAM_SEED";

    /// <summary>The seed that is to be replayed alone, if the environment names one.</summary>
    public static CrashSeed? SeedToReplay
        => long.TryParse(Environment.GetEnvironmentVariable(SeedVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? CrashSeed.Of(seed) : null;

    /// <summary>Runs one workload, and crashes it at those of its points and variants that <paramref name="chosen"/> takes.</summary>
    /// <param name="lies">Sets how the disk of the run lies; after the crash it is honest.</param>
    /// <returns>How many crashes there were, and those that went wrong.</returns>
    public static async Task<(int Images, List<CrashFailure> Failures)> RunAsync(
        int runSeed, int workload, int variantCount, Func<CrashSeed, bool> chosen, Action<DiskFaults>? lies = null)
    {
        var failures = new List<CrashFailure>();
        var run = new SimulatedRun((runSeed * 100) + workload, Workloads.All[workload].Options, lies);
        await RunAsync(run, runSeed, workload, failures);
        var images = 0;
        foreach (var point in run.Points)
        {
            for (var variant = 0; variant < variantCount; variant++)
            {
                var seed = new CrashSeed(runSeed, workload, point.Point.Number, variant);
                if (!chosen(seed))
                {
                    continue;
                }

                images++;
                // Crashing mixes the same number in every time, so that a replay needs no state of other crashes.
                var mixed = (int)(((ulong)seed.Value * 0x9E3779B97F4A7C15UL) >> 33);
                var check = new CrashCheck(point.Mark, mixed, Workloads.All[workload].Options);
                if (await check.RunAsync(point.Disk.Crash(seed.Mode, mixed), seed.CrashesInRecovery) is { } wrong)
                {
                    failures.Add(new CrashFailure(seed, $"{Workloads.All[workload]}, at I/O point {point.Point} of {run.Points.Count}, {seed.Mode}", wrong));
                }
            }
        }

        return (images, failures);
    }

    /// <summary>Runs one workload on a disk that loses or misdirects one write which it confirms, and looks at what is left.</summary>
    /// <param name="nth">The write to a file whose name contains <paramref name="erringFile"/>.</param>
    /// <returns>How many crashes there were, and those after which something wrong was shown; no crashes when there is no such write.</returns>
    public static async Task<(int Images, List<CrashFailure> Failures)> RunErringAsync(int runSeed, int workload, string erringFile, int nth, bool isLost)
    {
        var failures = new List<CrashFailure>();
        DiskFaults? faults = null;
        var run = new SimulatedRun((runSeed * 100) + workload, Workloads.All[workload].Options, f =>
        {
            faults = f;
            f.ErringFile = erringFile;
            (f.LostWrite, f.MisdirectedWrite) = isLost ? (nth, 0) : (0, nth);
        });
        await using (run)
        {
            await Workloads.All[workload].Run(run);
        }

        if (faults is not { LostWrite: 0, MisdirectedWrite: 0 })
        {
            return (0, failures);
        }

        var images = 0;
        foreach (var point in run.Points.Skip(nth).Where((p, i) => i % 4 == 0).Append(run.Points[^1]))
        {
            images++;
            // A lost write of the newest group cannot be missed yet: nothing behind it speaks of it. Once the log is sealed, something does.
            var acknowledged = point == run.Points[^1] ? point.Mark.Acknowledged : Math.Max(0, point.Mark.Acknowledged - CommitsInGroupMax);
            var check = new CrashCheck(point.Mark with { Acknowledged = acknowledged }, nth, Workloads.All[workload].Options, isErring: true);
            if (await check.RunAsync(point.Disk.Crash(SurvivalMode.Kept, nth), crashesInRecovery: false) is { } wrong)
            {
                failures.Add(new CrashFailure(
                    null, $"{Workloads.All[workload]}, seed {runSeed}, {(isLost ? "lost" : "misdirected")} write {nth} of '{erringFile}', at I/O point {point.Point}", wrong));
            }
        }

        return (images, failures);
    }

    /// <summary>Runs one workload, and flips one bit of one file of what a program left at random points of it.</summary>
    /// <param name="outcomes">Counts what became of them.</param>
    public static async Task<List<CrashFailure>> RunRottenAsync(int runSeed, int workload, int images, SortedDictionary<DamageOutcome, int> outcomes)
    {
        var failures = new List<CrashFailure>();
        var run = new SimulatedRun((runSeed * 100) + workload, Workloads.All[workload].Options);
        await RunAsync(run, runSeed, workload, failures);
        var random = new Random((runSeed * 100) + workload);
        for (var image = 0; image < images; image++)
        {
            var point = image % 4 == 0 ? run.Points[^1] : run.Points[random.Next(run.Points.Count)];
            if (point.Disk.Files.Where(f => point.Disk[f].Length > 0).ToList() is not { Count: > 0 } files)
            {
                continue;
            }

            var file = files[random.Next(files.Count)];
            var offset = random.NextInt64(point.Disk[file].Length);
            for (var tries = 0; tries < 20 && image % 8 != 0 && point.Disk[file].ByteAt(offset) == 0; tries++)
            {
                // Zeros ahead of the log are dull.
                offset = random.NextInt64(point.Disk[file].Length);
            }

            // In the mode that syncs each group few commits share one.
            var inGroupMax = point == run.Points[^1] ? 0 : Workloads.All[workload].Options.Durability == DurabilityMode.Full ? CommitsInGroupMax : int.MaxValue;
            var check = new DamageCheck(Workloads.All[workload].Name, point, inGroupMax);
            try
            {
                var outcome = await check.RunAsync(Damage.Flip(file, offset, (byte)(1 << random.Next(8))));
                outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            }
            catch (InvalidOperationException e)
            {
                failures.Add(new CrashFailure(null, $"seed {runSeed}, {Workloads.All[workload]}, at I/O point {point.Point} of {run.Points.Count}", e.Message));
            }
        }

        return failures;
    }

    private static async Task RunAsync(SimulatedRun run, int runSeed, int workload, List<CrashFailure> failures)
    {
        try
        {
            await using (run)
            {
                await Workloads.All[workload].Run(run);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            failures.Add(new CrashFailure(new CrashSeed(runSeed, workload, 0, 0), $"{Workloads.All[workload]}, the run itself", e.ToString()));
        }
    }
}
