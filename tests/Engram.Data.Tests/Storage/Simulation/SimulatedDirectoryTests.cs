using System.Text;
using Engram.Data.Storage.Files;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Files;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The simulated directory does what door 1 promises.</summary>
public sealed class SimulatedContractTests : DirectoryTests
{
    private readonly SimulatedDirectory _directory = new();

    private protected override DataDirectory Target => _directory;

    public override void Dispose() => _directory.Dispose();
}

/// <summary>The simulated disk keeps what was synced, loses the rest in every way, and fails as it was told.</summary>
public sealed class SimulatedDirectoryTests
{
    private const int SeedCount = 60;

    private static readonly SurvivalMode[] s_modes = Enum.GetValues<SurvivalMode>();

    public static TheoryData<int> Modes => [.. s_modes.Select(m => (int)m)];

    [Theory]
    [MemberData(nameof(Modes))]
    public void What_was_synced_survives_every_crash(int mode)
    {
        for (var seed = 0; seed < SeedCount; seed++)
        {
            var directory = new SimulatedDirectory();
            directory.CreateSubdirectory("wal");
            directory.Sync("");
            using var file = directory.Create("wal/1");
            file.Write(0, Pattern(10_000, 1));
            file.SetLength(9_000);
            file.Sync();
            directory.Sync("wal");
            // A sector that is not written again is safe even next to one that is.
            file.Write(4096, Pattern(4096, 2));

            var after = directory.Reboot((SurvivalMode)mode, seed);
            using var survived = after.Open("wal/1", writable: false);
            Assert.Equal(9_000, survived.Length);
            var bytes = new byte[9_000];
            survived.Read(0, bytes);
            Assert.Equal(Pattern(10_000, 1)[..4096], bytes[..4096]);
            Assert.Equal(Pattern(10_000, 1)[8192..9000], bytes[8192..]);
        }
    }

    [Fact]
    public void Each_mode_leaves_what_it_is_named_for()
    {
        var old = Pattern(8192, 1);
        var written = Pattern(8192, 2);
        foreach (var mode in s_modes)
        {
            var found = new HashSet<string>();
            for (var seed = 0; seed < SeedCount; seed++)
            {
                var bytes = AfterCrash(mode, seed, old, written);
                for (var at = 0; at < bytes.Length; at += 512)
                {
                    var sector = bytes.AsSpan(at, 512);
                    found.Add(sector.SequenceEqual(written.AsSpan(at, 512)) ? "new" : sector.SequenceEqual(old.AsSpan(at, 512)) ? "old"
                        : sector.ContainsAnyExcept((byte)0) ? "noise" : "zeros");
                }
            }

            string[] expected = mode switch
            {
                SurvivalMode.Kept or SurvivalMode.Dropped or SurvivalMode.Torn => ["new", "old"],
                SurvivalMode.Zeroed => ["new", "old", "zeros"],
                SurvivalMode.Garbled => ["new", "noise", "old"],
                _ => ["new", "noise", "old", "zeros"],
            };
            Assert.Equal(expected, found.Order());
        }
    }

    [Fact]
    public void A_crash_may_tear_a_write_in_the_middle_and_in_any_order()
    {
        var prefixes = 0;
        var scattered = 0;
        for (var seed = 0; seed < SeedCount; seed++)
        {
            var bytes = AfterCrash(SurvivalMode.Torn, seed, new byte[8192], Pattern(8192, 2));
            var kept = Enumerable.Range(0, 16).Select(i => bytes.AsSpan(i * 512, 512).ContainsAnyExcept((byte)0)).ToList();
            var changes = kept.Zip(kept.Skip(1)).Count(p => p.First != p.Second);
            prefixes += changes == 1 && kept[0] ? 1 : 0;
            scattered += changes > 3 ? 1 : 0;
        }

        Assert.True(prefixes > 3 && scattered > 3, $"{prefixes} prefixes, {scattered} scattered");
    }

    [Fact]
    public void Lengths_survive_without_data_and_data_never_without_length()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 4 * SeedCount; seed++)
        {
            var directory = new SimulatedDirectory();
            using var file = directory.Create("a");
            directory.Sync("");
            file.Write(0, Pattern(1024, 1));
            var after = directory.Reboot(SurvivalMode.Mixed, seed);
            using var survived = after.Open("a", writable: false);
            var bytes = new byte[survived.Length];
            survived.Read(0, bytes);
            outcomes.Add(bytes.Length == 0 ? "empty" : bytes.AsSpan().ContainsAnyExcept((byte)0) ? "data" : "zeros");
        }

        Assert.Equal(["data", "empty", "zeros"], outcomes.Order());
    }

    [Fact]
    public void Names_survive_one_by_one_until_their_directory_is_synced()
    {
        var outcomes = new HashSet<string>();
        for (var seed = 0; seed < 4 * SeedCount; seed++)
        {
            var directory = new SimulatedDirectory();
            Put(directory, "old", "old");
            Put(directory, "gone", "gone");
            directory.Sync("");
            Put(directory, "new", "new");
            directory.Rename("new", "old");
            directory.Delete("gone");
            var after = directory.Reboot(SurvivalMode.Kept, seed);
            outcomes.Add(string.Join(' ', after.List("").Select(n => $"{n}={Get(after, n)}")));
        }

        // The old file, or the new one in its place, or both when the renaming alone was lost; the deleted one or not.
        Assert.Equal(
            ["gone=gone new=new old=old", "gone=gone old=new", "gone=gone old=old", "new=new old=old", "old=new", "old=old"],
            outcomes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_subdirectory_that_was_not_synced_takes_its_files_along()
    {
        var directory = new SimulatedDirectory();
        directory.CreateSubdirectory("wal");
        Put(directory, "wal/1", "1");
        directory.Sync("wal");
        Assert.Empty(directory.Freeze().Crash(SurvivalMode.Dropped, PureSeed).Files);
        directory.Sync("");
        Assert.Equal(["wal/1"], directory.Freeze().Crash(SurvivalMode.Dropped, PureSeed).Files);
    }

    [Fact]
    public void Syncing_a_file_does_not_keep_its_name()
    {
        var directory = new SimulatedDirectory();
        Put(directory, "a", "a");
        Assert.Empty(directory.Freeze().Crash(SurvivalMode.Dropped, PureSeed).Files);
        Assert.Equal(["a"], directory.Freeze().Crash(SurvivalMode.Kept, PureSeed).Files);
    }

    [Fact]
    public void A_failed_sync_cannot_be_made_good_by_another()
    {
        var lost = 0;
        for (var seed = 0; seed < SeedCount; seed++)
        {
            var directory = new SimulatedDirectory(seed);
            using var file = directory.Create("a");
            directory.Sync("");
            file.Write(0, Pattern(512, 1));
            directory.Faults.Fail(FaultPoint.Sync, 1, DiskFaults.InputOutput);
            Assert.Equal("58030", Assert.Throws<EngramException>(file.Sync).SqlState);
            file.Sync();
            var seen = new byte[512];
            Assert.Equal(512, file.Read(0, seen));
            Assert.Equal(Pattern(512, 1), seen);
            // What is written after the failure is synced as ever.
            file.Write(1024, Pattern(512, 2));
            file.Sync();

            var after = directory.Reboot(SurvivalMode.Kept, seed);
            using var survived = after.Open("a", writable: false);
            var bytes = new byte[1536];
            Assert.Equal(1536, survived.Read(0, bytes));
            Assert.Equal(Pattern(512, 2), bytes[1024..]);
            lost += bytes.AsSpan(0, 512).ContainsAnyExcept((byte)0) ? 0 : 1;
        }

        Assert.InRange(lost, 1, SeedCount - 1);
    }

    [Fact]
    public void A_full_disk_takes_what_fits_and_goes_on_when_there_is_room()
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        directory.Faults.CapacityBytes = 8192;
        file.Write(0, Pattern(6000, 1));
        Assert.Equal("53100", Assert.Throws<EngramException>(() => file.Write(6000, Pattern(6000, 1))).SqlState);
        file.Write(100, Pattern(100, 1));
        Assert.Equal("53100", Assert.Throws<EngramException>(() => directory.Create("b")).SqlState);
        directory.Faults.Heal();
        file.Write(6000, Pattern(6000, 1));
        directory.Create("b").Dispose();
    }

    [Fact]
    public void A_failed_write_may_leave_some_of_its_sectors()
    {
        var lengths = new HashSet<long>();
        for (var seed = 0; seed < SeedCount; seed++)
        {
            var directory = new SimulatedDirectory(seed);
            using var file = directory.Create("a");
            directory.Faults.Fail(FaultPoint.Write, 1, DiskFaults.InputOutput);
            Assert.Throws<EngramException>(() => file.Write(0, Pattern(2048, 1)));
            lengths.Add(file.Length);
        }

        Assert.Equal([0, 512, 1024, 1536, 2048], lengths.Order());
    }

    [Fact]
    public void Lost_and_misdirected_writes_are_seen_in_place_until_the_crash()
    {
        foreach (var isLost in new[] { true, false })
        {
            var directory = new SimulatedDirectory();
            using var file = directory.Create("a");
            directory.Sync("");
            file.Write(0, new byte[12288]);
            file.Sync();
            directory.Faults.LostWrite = isLost ? 1 : 0;
            directory.Faults.MisdirectedWrite = isLost ? 0 : 1;
            file.Write(4096, Pattern(4096, 1));
            file.Sync();
            var seen = new byte[4096];
            file.Read(4096, seen);
            Assert.Equal(Pattern(4096, 1), seen);

            var after = directory.Reboot(SurvivalMode.Kept, 1);
            using var survived = after.Open("a", writable: false);
            var bytes = new byte[12288];
            survived.Read(0, bytes);
            Assert.Equal(isLost ? new byte[4096] : Pattern(4096, 1), bytes[..4096]);
            Assert.False(bytes.AsSpan(4096).ContainsAnyExcept((byte)0));
        }
    }

    [Fact]
    public void A_reboot_ends_handles_and_locks()
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        using var held = directory.TryLock("LOCK", out _);
        var after = directory.Reboot(SurvivalMode.Kept, PureSeed);
        Assert.Throws<EngramException>(() => file.Write(0, new byte[1]));
        Assert.Throws<EngramException>(() => directory.List(""));
        Assert.NotNull(after.TryLock("LOCK", out _));
    }

    [Fact]
    public void The_same_seed_gives_the_same_crash()
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        file.Write(0, Pattern(20_000, 3));
        var frozen = directory.Freeze();
        foreach (var mode in s_modes)
        {
            var first = frozen.Crash(mode, 17);
            var second = frozen.Crash(mode, 17);
            Assert.Equal(first.Files, second.Files);
            Assert.All(first.Files, name => Assert.Equal(first[name].ToArray(), second[name].ToArray()));
        }
    }

    [Fact]
    public void A_frozen_disk_does_not_change()
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        file.Write(0, Pattern(5000, 1));
        var frozen = directory.Freeze();
        file.Write(0, Pattern(5000, 2));
        file.Sync();
        directory.Delete("a");
        directory.Sync("");
        Assert.Equal(Pattern(5000, 1), frozen.Copy()["a"].ToArray());
        Assert.Empty(directory.Freeze().Copy().Files);
    }

    [Fact]
    public unsafe void A_mapped_range_is_noise_until_it_is_populated()
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        file.Write(0, Pattern(20_000, 1));
        using var map = file.Map(4096, 12_000);
        Assert.Equal(0xDB, *map.Pointer);
        map.Populate(4096, 1);
        Assert.Equal(0xDB, map.Pointer[4095]);
        Assert.Equal(Pattern(20_000, 1)[8192..12288], new ReadOnlySpan<byte>(map.Pointer + 4096, 4096).ToArray());
        directory.Faults.Fail(FaultPoint.Read, 1, DiskFaults.InputOutput);
        Assert.Equal("58030", Assert.Throws<EngramException>(() => map.Populate(0, 1)).SqlState);
    }

    [Fact]
    public void Points_are_numbered_and_shown_before_a_sync_and_after_a_change()
    {
        var directory = new SimulatedDirectory();
        var points = new List<string>();
        directory.AtPoint = (point, disk) => points.Add($"{point} {disk.Crash(SurvivalMode.Dropped, PureSeed).Files.Count()}{disk.Crash(SurvivalMode.Kept, PureSeed).Files.Count()}");
        using (var file = directory.Create("a"))
        {
            file.Write(0, "a"u8);
            file.Sync();
        }

        directory.Sync("");
        directory.Delete("a");
        Assert.Equal(["1 (Create 'a') 01", "2 (Write 'a') 01", "3 (Sync 'a') 01", "4 (DirectorySync '') 01", "5 (Delete 'a') 10"], points);
        Assert.Equal(5, directory.Points);
    }

    [Fact]
    public void Time_stands_still_until_it_is_moved()
    {
        var clock = new ManualClock();
        var fired = 0;
        using var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(0, fired);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, fired);
        Assert.Equal(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1), clock.GetElapsedTime(0));
    }

    /// <summary>A seed for which every write has the fate that the mode names, and all names are kept or all lost.</summary>
    private static int PureSeed { get; } = Enumerable.Range(1, 100).First(seed => new Random(seed).Next(3) == 0);

    private static byte[] AfterCrash(SurvivalMode mode, int seed, byte[] old, byte[] written)
    {
        var directory = new SimulatedDirectory();
        using var file = directory.Create("a");
        directory.Sync("");
        file.Write(0, old);
        file.Sync();
        file.Write(0, written);
        return directory.Freeze().Crash(mode, seed)["a"].ToArray();
    }

    private static byte[] Pattern(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Put(SimulatedDirectory directory, string name, string text)
    {
        using var file = directory.Create(name);
        file.Write(0, Encoding.ASCII.GetBytes(text));
        file.Sync();
    }

    private static string Get(SimulatedDirectory directory, string name)
    {
        using var file = directory.Open(name, writable: false);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        return Encoding.ASCII.GetString(bytes);
    }
}
