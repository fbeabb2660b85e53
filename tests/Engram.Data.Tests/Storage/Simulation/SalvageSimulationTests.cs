using Engram.Data.Storage;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Maintenance;
using Xunit.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>Random damage to random files, and crashes inside a salvage.</summary>
public sealed class SalvageSimulationTests(ITestOutputHelper output)
{
    private const int DamageCount = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5, true)]
    [InlineData(6, true)]
    public async Task Surviving_rows_are_as_they_were_and_the_report_covers_the_others(int seed, bool isClustered = false)
    {
        var random = new Random(seed);
        var run = new SimulatedRun(seed);
        await run.OpenAsync();
        await run.CommitAsync(w =>
        {
            w.CreateTable(1);
            w.Insert(1, 30);
            w.CreateTable(2);
            w.Insert(2, 10);
        });
        await WorkAsync(run, random);
        if (isClustered)
        {
            await run.CommitAsync(w => { w.Cluster(1); w.Insert(1, 400); });
            await run.CheckpointAsync();
            await run.CompactAsync();
            await WorkAsync(run, random);
        }

        if (seed % 2 == 0)
        {
            await run.CloseAsync();
        }

        var disk = run.Directory.Freeze();
        var mark = run.History.Mark;
        await run.DisposeAsync();
        var salvaged = 0;
        for (var i = 0; i < DamageCount; i++)
        {
            var image = disk.Copy();
            var damages = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Spoil(image, random)).ToList();
            var (wrong, items) = await new SalvageCheck(mark, (seed * 1000) + i).RunAsync(image);
            salvaged += items > 0 ? 1 : 0;
            Assert.True(wrong is null, $"seed {seed}, image {i}: {string.Join(", ", damages)}: {wrong}");
        }

        output.WriteLine($"seed {seed}: {salvaged} of {DamageCount} images were salvaged");
        Assert.True(salvaged > DamageCount / 4);
    }

    [Theory]
    [InlineData("segment")]
    [InlineData("overlay")]
    [InlineData("log")]
    [InlineData("CURRENT")]
    [InlineData("CURRENT and segment and log")]
    public async Task A_crash_anywhere_in_a_salvage_leaves_the_damage_or_the_result(string kind)
    {
        var sample = await Sample.CreateAsync(2400);
        if (kind.Contains("segment", StringComparison.Ordinal))
        {
            sample.Flip(sample.Segment, 100_000);
        }

        if (kind.Contains("overlay", StringComparison.Ordinal))
        {
            sample.Remove(sample.Overlay);
        }

        if (kind.Contains("log", StringComparison.Ordinal))
        {
            sample.Flip(sample.LogFile, sample.GroupOffsets[1] + 100);
        }

        if (kind.Contains("CURRENT", StringComparison.Ordinal))
        {
            sample.Remove("CURRENT");
        }

        var directory = sample.Start();
        var points = new List<(IoPoint Point, SimulatedDisk Disk)>();
        directory.AtPoint = (point, disk) => points.Add((point, disk.Freeze()));
        SortedDictionary<long, Transactions.EpisodeRow> expected;
        string items;
        await using (var store = SalvageTests.Open(directory, RecoveryMode.Salvage))
        {
            directory.AtPoint = null;
            expected = SalvageTests.Read(store);
            items = Describe(store);
        }

        var (refused, finished) = (0, 0);
        foreach (var (point, disk) in points)
        {
            foreach (var mode in new[] { SurvivalMode.Kept, SurvivalMode.Dropped, SurvivalMode.Mixed })
            {
                var image = disk.Crash(mode, point.Number);
                var where = $"{kind}, after {point} of {points.Count}, {mode}";
                if (await TryReadAsync(image.Fork(), RecoveryMode.Strict) is { } strict)
                {
                    finished++;
                    Assert.True(expected.SequenceEqual(strict), where);
                }
                else
                {
                    refused++;
                }

                // Salvaged again, it tells the same; finished, there is nothing to tell any more, and the report is there.
                await using var again = SalvageTests.Open(new SimulatedDirectory(image, 4), RecoveryMode.Salvage);
                Assert.True(expected.SequenceEqual(SalvageTests.Read(again)), where);
                Assert.True(Describe(again) == items || (again.Recovery.Salvaged.Count == 0 && image.Files.Any(f => f.EndsWith("-report.txt", StringComparison.Ordinal))), where);
            }
        }

        output.WriteLine($"{kind}: {points.Count} points, {refused} images as before, {finished} finished");
        Assert.True(refused > 0 && finished > 0);
    }

    [Fact]
    public async Task A_call_that_fails_in_a_salvage_ends_it_and_the_next_one_finishes()
    {
        var sample = await Sample.CreateAsync(2400);
        sample.Flip(sample.Segment, 100_000);
        sample.Flip(sample.LogFile, sample.GroupOffsets[1] + 100);
        SortedDictionary<long, Transactions.EpisodeRow> expected;
        await using (var store = SalvageTests.Open(sample.Start(), RecoveryMode.Salvage))
        {
            expected = SalvageTests.Read(store);
        }

        var failures = 0;
        foreach (var point in new[] { FaultPoint.Create, FaultPoint.Write, FaultPoint.Sync, FaultPoint.DirectorySync, FaultPoint.Rename, FaultPoint.Delete, FaultPoint.Read })
        {
            var isReached = true;
            for (var nth = 1; isReached; nth++)
            {
                var directory = sample.Start();
                directory.Faults.Fail(point, nth, point == FaultPoint.Write ? DiskFaults.NoSpace : 5);
                try
                {
                    await using var store = SalvageTests.Open(directory, RecoveryMode.Salvage);
                    Assert.True(expected.SequenceEqual(SalvageTests.Read(store)), $"{point} {nth}");
                    isReached = false;
                }
                catch (EngramException e) when (e.SqlState is SqlStates.IoError or SqlStates.DiskFull)
                {
                    failures++;
                }

                if (isReached)
                {
                    await using var again = SalvageTests.Open(directory.Reboot(SurvivalMode.Mixed, nth), RecoveryMode.Salvage);
                    Assert.True(expected.SequenceEqual(SalvageTests.Read(again)), $"{point} {nth}");
                }
            }
        }

        output.WriteLine($"{failures} calls failed");
    }

    private static string Describe(Store store) => string.Join("\n", store.Recovery.Salvaged.Select(i => $"{i.Kind} {i.File} {i.What}"));

    private static async Task<SortedDictionary<long, Transactions.EpisodeRow>?> TryReadAsync(SimulatedDisk image, RecoveryMode recovery)
    {
        try
        {
            await using var store = SalvageTests.Open(new SimulatedDirectory(image, 4), recovery);
            return SalvageTests.Read(store);
        }
        catch (EngramException e) when (recovery == RecoveryMode.Strict && e.SqlState is "XX001" or "EG001")
        {
            return null;
        }
    }

    /// <summary>A few commits, checkpoints and reopenings.</summary>
    private static async Task WorkAsync(SimulatedRun run, Random random)
    {
        for (var step = 0; step < 14; step++)
        {
            switch (random.Next(6))
            {
                case 0:
                    await run.CheckpointAsync();
                    break;
                case 1 when step > 5:
                    await run.CloseAsync();
                    await run.OpenAsync();
                    break;
                default:
                    await run.CommitAsync(w =>
                    {
                        var table = random.Next(1, 3);
                        w.Insert(table, random.Next(1, 20));
                        w.Update(table, random.Next(5));
                        w.Delete(table, random.Next(4));
                    });
                    break;
            }
        }
    }

    private static string Spoil(SimulatedDisk disk, Random random)
    {
        var files = disk.Files.Where(f => f != "LOCK" && disk[f].Length > 0).ToList();
        var file = files[random.Next(files.Count)];
        var length = disk[file].Length;
        switch (random.Next(8))
        {
            // That the newest file of the log is missing cannot be noticed.
            case 0 when file != files.LastOrDefault(f => f.EndsWith(".wal", StringComparison.Ordinal)):
                disk.Names.Delete(file);
                disk.Names.Sync(SimulatedNames.DirectoryOf(file));
                return $"'{file}' deleted";
            case 1:
                var cut = Damage.Cut(file, random.NextInt64(length));
                cut.Apply(disk);
                return cut.ToString();
            default:
                var offset = random.NextInt64(length);
                Span<byte> one = stackalloc byte[1];
                for (var tries = 0; tries < 30 && disk[file].Read(offset, one) == 1 && one[0] == 0; tries++)
                {
                    offset = random.NextInt64(length);
                }

                var flip = Damage.Flip(file, offset, (byte)(1 << random.Next(8)));
                flip.Apply(disk);
                return flip.ToString();
        }
    }
}
