using System.Text.Json;
using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Segments;
using Engram.Data.Tests.Storage.Simulation;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Each kind of damage: a strict opening refuses it and changes nothing, a salvage saves what can be saved, reports the rest, and throws nothing away.</summary>
public sealed class SalvageTests
{
    private const int SegmentRows = 6000;

    [Fact]
    public async Task An_undamaged_database_opens_as_ever()
    {
        var sample = await Sample.CreateAsync();
        var names = sample.Disk.Files.Where(n => !n.StartsWith("wal/", StringComparison.Ordinal)).ToList();
        var directory = sample.Start();
        await using var store = Open(directory, RecoveryMode.Salvage);
        Assert.Empty(store.Recovery.Salvaged);
        Assert.Empty(store.Recovery.QuarantinedFiles);
        Assert.Equal(3, store.Recovery.Transactions);
        Assert.Equal(sample.Rows, Read(store));
        Assert.Equal(names, directory.Freeze().Files.Where(n => !n.StartsWith("wal/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_damaged_group_cuts_the_log_there()
    {
        var sample = await Sample.CreateAsync();
        sample.Flip(sample.LogFile, sample.GroupOffsets[1] + 100);
        var (store, items, directory) = await SalvageAsync(sample);
        await using var _ = store;

        var lost = Assert.Single(items, i => i.Kind == SalvageKind.LostCommits);
        Assert.Equal(sample.LogFile, lost.File);
        Assert.Equal((sample.LogLsn + 1, sample.LogLsn + 2), (lost.FirstLsn!.Value.Value, lost.LastLsn!.Value.Value));
        // The last group is whole, so what it did is known.
        var changes = Assert.Single(items, i => i.Kind == SalvageKind.LostChanges);
        Assert.Equal(("Episode", 1L), (changes.Table, changes.RowCount));
        Assert.Equal(sample.RowsAfterFirstGroup, Read(store));
        Assert.Contains(store.Recovery.QuarantinedFiles, n => n.EndsWith("-" + sample.LogFile.Replace('/', '-'), StringComparison.Ordinal));
        await GoesOnAsync(directory, store, sample);
    }

    [Fact]
    public async Task A_log_file_that_is_missing_or_has_a_bad_header_or_is_short_loses_what_was_in_it()
    {
        foreach (var damage in new Action<Sample>[]
        {
            s => s.Remove(s.LogFile), s => s.Flip(s.LogFile, 10), s => s.Cut(s.LogFile, s.GroupOffsets[0]),
        })
        {
            var sample = await Sample.CreateAsync();
            damage(sample);
            var (store, items, directory) = await SalvageAsync(sample);
            await using var _ = store;
            var lost = Assert.Single(items, i => i.Kind == SalvageKind.LostCommits);
            Assert.Equal(sample.LogLsn, lost.FirstLsn!.Value.Value);
            Assert.Equal(sample.RowsAtCheckpoint, Read(store));
            await GoesOnAsync(directory, store, sample);
        }
    }

    [Fact]
    public async Task What_is_left_of_a_log_file_that_was_cut_short_is_kept()
    {
        var sample = await Sample.CreateAsync();
        sample.Cut(sample.LogFile, sample.GroupOffsets[1]);
        var (store, items, directory) = await SalvageAsync(sample);
        await using var _ = store;
        Assert.Equal(sample.LogLsn + 1, Assert.Single(items, i => i.Kind == SalvageKind.LostCommits).FirstLsn!.Value.Value);
        Assert.Equal(sample.RowsAfterFirstGroup, Read(store));
        await GoesOnAsync(directory, store, sample);
    }

    [Fact]
    public async Task A_segment_that_is_missing_or_short_or_has_a_damaged_footer_leaves_the_database()
    {
        foreach (var damage in new Action<Sample>[]
        {
            s => s.Remove(s.Segment), s => s.Cut(s.Segment, s.Disk[s.Segment].Length - 1), s => s.Flip(s.Segment, s.Disk[s.Segment].Length - 100),
        })
        {
            var sample = await Sample.CreateAsync();
            damage(sample);
            var before = sample.Disk.Files.Contains(sample.Segment) ? sample.Bytes(sample.Segment) : null;
            var (store, items, directory) = await SalvageAsync(sample);
            await using var _ = store;
            var lost = Assert.Single(items, i => i.Kind == SalvageKind.LostSegment);
            Assert.Equal((sample.Segment, "Episode", 1L, (long)SegmentRows, (long)SegmentRows), (lost.File, lost.Table, lost.RowIdFirst, lost.RowIdLast, lost.RowCount));
            Assert.Equal(sample.Rows.Where(r => r.Key > SegmentRows), Read(store));
            if (before is not null)
            {
                Assert.Equal(before, directory.ReadFile(store.Recovery.QuarantinedFiles.Single(n => n.EndsWith(".seg", StringComparison.Ordinal))));
            }

            // The log had changed a row that is lost.
            Assert.Single(items, i => i.Kind == SalvageKind.SkippedChanges);
            await GoesOnAsync(directory, store, sample);
        }
    }

    [Fact]
    public async Task A_damaged_page_takes_the_rows_of_its_blocks_and_leaves_the_others()
    {
        var sample = await Sample.CreateAsync();
        sample.Flip(sample.Segment, sample.OffsetOf(columnOrdinal: 3, block: 1));
        var (store, items, directory) = await SalvageAsync(sample);
        await using var _ = store;
        var lost = items.Where(i => i.Kind == SalvageKind.LostRows).ToList();
        Assert.NotEmpty(lost);
        Assert.Contains(lost, l => l.Columns.Contains("Confidence") && l.RowIdFirst <= 2049 && l.RowIdLast >= 4096);
        bool IsLost(long rowId) => lost.Any(l => rowId >= l.RowIdFirst && rowId <= l.RowIdLast);
        Assert.Equal(sample.Rows.Where(r => !IsLost(r.Key)), Read(store));
        Assert.Equal(sample.RowsAtCheckpoint.Keys.Count(IsLost), lost.Sum(l => l.RowCount));
        Assert.NotEmpty(Read(store));
        await GoesOnAsync(directory, store, sample);
    }

    [Fact]
    public async Task A_lost_overlay_brings_rows_back_as_they_were_written_and_says_so()
    {
        foreach (var damage in new Action<Sample>[] { s => s.Remove(s.Overlay), s => s.Flip(s.Overlay, 40) })
        {
            var sample = await Sample.CreateAsync();
            damage(sample);
            var (store, items, directory) = await SalvageAsync(sample);
            await using var _ = store;
            var lost = Assert.Single(items, i => i.Kind == SalvageKind.LostVersions);
            Assert.Equal((sample.Overlay, "Episode", 1L, (long)SegmentRows), (lost.File, lost.Table, lost.RowIdFirst, lost.RowIdLast));

            // Row 100 was deleted and its key given to a later row: the later one stays, the other one's values are in the report.
            var duplicate = Assert.Single(items, i => i.Kind == SalvageKind.RemovedDuplicate);
            Assert.Equal(100, duplicate.RowIdFirst);
            Assert.Contains(duplicate.Values, v => v is { Column: "Id", Value: "100" });
            var found = Read(store);
            Assert.False(found.ContainsKey(100));
            Assert.Equal(sample.RowsAsWritten[1], found[1]);
            Assert.Equal(sample.Rows.Where(r => r.Key > SegmentRows), found.Where(r => r.Key > SegmentRows));
            await GoesOnAsync(directory, store, sample);
        }
    }

    [Fact]
    public async Task A_damaged_CURRENT_or_manifest_gives_way_to_the_newest_manifest_that_is_whole()
    {
        foreach (var damage in new Action<Sample>[]
        {
            s => s.Remove(CurrentFile.Name), s => s.Cut(CurrentFile.Name, 0), s => { s.Flip(CurrentFile.Name, 20); s.Flip(CurrentFile.Name, 4096 + 20); },
        })
        {
            var sample = await Sample.CreateAsync();
            damage(sample);
            var (store, items, directory) = await SalvageAsync(sample);
            await using var _ = store;
            Assert.Equal(CurrentFile.Name, Assert.Single(items).File);
            Assert.Equal(SalvageKind.ReplacedManifest, items[0].Kind);
            Assert.Equal(sample.Rows, Read(store));
            await GoesOnAsync(directory, store, sample);
        }
    }

    [Fact]
    public async Task Without_any_manifest_nothing_can_be_saved()
    {
        var sample = await Sample.CreateAsync();
        var manifest = sample.Disk.Files.Single(n => n.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal));
        sample.Flip(manifest, 100);
        var error = Assert.Throws<EngramException>(() => Open(sample.Start(), RecoveryMode.Salvage));
        Assert.Equal("XX001", error.SqlState);
        Assert.Contains("Nothing can be salvaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_and_segments_without_CURRENT_and_manifest_are_not_built_over()
    {
        var sample = await Sample.CreateAsync();
        sample.Remove(CurrentFile.Name);
        sample.Remove(sample.Disk.Files.Single(n => n.StartsWith(Manifest.NamePrefix, StringComparison.Ordinal)));
        foreach (var recovery in new[] { RecoveryMode.Strict, RecoveryMode.Salvage })
        {
            var directory = sample.Start();
            Assert.Equal("EG001", Assert.Throws<EngramException>(() => Open(directory, recovery)).SqlState);
            Assert.Equal(sample.Bytes(sample.Segment), directory.ReadFile(sample.Segment));
        }
    }

    [Fact]
    public async Task The_report_is_there_as_text_and_as_JSON()
    {
        var sample = await Sample.CreateAsync();
        sample.Remove(sample.Segment);
        var (store, items, directory) = await SalvageAsync(sample);
        await using var _ = store;
        var name = store.Recovery.QuarantinedFiles.Single(n => n.EndsWith("-report.txt", StringComparison.Ordinal));
        var text = System.Text.Encoding.UTF8.GetString(directory.ReadFile(name));
        Assert.All(items, i => Assert.Contains(i.What, text, StringComparison.Ordinal));
        using var json = JsonDocument.Parse(directory.ReadFile(name.Replace(".txt", ".json", StringComparison.Ordinal)));
        Assert.Equal(items.Count, json.RootElement.GetProperty("items").GetArrayLength());
        Assert.Equal("LostSegment", json.RootElement.GetProperty("items")[0].GetProperty("kind").GetString());
    }

    internal static Store Open(SimulatedDirectory directory, RecoveryMode recovery = RecoveryMode.Strict)
        => Store.Open(directory, SimulatedRun.SmallFiles with { Recovery = recovery }, NullLogger.Instance);

    internal static SortedDictionary<long, EpisodeRow> Read(Store store)
    {
        using var snapshot = store.OpenSnapshot();
        return new SortedDictionary<long, EpisodeRow>(EpisodeTable.Read(snapshot).ToDictionary(r => r.RowId, r => r.Row));
    }

    private static async Task<(Store Store, IReadOnlyList<SalvagedItem> Items, SimulatedDirectory Directory)> SalvageAsync(Sample sample)
    {
        // Strict refuses, and leaves every byte where it was.
        var strict = sample.Start();
        var before = strict.Freeze();
        var wasRefused = false;
        try
        {
            await using var store = Open(strict);
            // Pages are read when somebody asks for them.
            Read(store);
        }
        catch (EngramException e)
        {
            wasRefused = true;
            Assert.Contains(e.SqlState, new[] { "XX001", "EG001" });
            Assert.Contains("Recovery=Salvage", e.Message, StringComparison.Ordinal);
        }

        Assert.True(wasRefused);
        foreach (var name in before.Files.Where(n => !n.StartsWith("wal/", StringComparison.Ordinal)))
        {
            Assert.Equal(Sample.BytesOf(before[name]), strict.ReadFile(name));
        }

        var directory = sample.Start();
        var opened = Open(directory, RecoveryMode.Salvage);
        Assert.NotEmpty(opened.Recovery.Salvaged);
        return (opened, opened.Recovery.Salvaged, directory);
    }

    /// <summary>The database takes another commit, opens strictly, and is not salvaged again.</summary>
    private static async Task GoesOnAsync(SimulatedDirectory directory, Store store, Sample sample)
    {
        var rows = Read(store);
        foreach (var (rowId, row) in rows.Take(20).Concat(rows.TakeLast(20)))
        {
            using var snapshot = store.OpenSnapshot();
            Assert.Equal((rowId, row), EpisodeTable.Find(snapshot, row.Id));
        }

        var added = EpisodeRow.Random(new Random(5), 1_000_000);
        await Sample.ChangeAsync(store, t =>
        {
            var range = EpisodeTable.Insert(t, added);
            Assert.True(range.First > sample.Rows.Keys.Max(), "A row id was given twice.");
            rows.Add(range.First, added);
        });
        await store.DisposeAsync();
        foreach (var recovery in new[] { RecoveryMode.Strict, RecoveryMode.Salvage, RecoveryMode.Strict })
        {
            var next = directory.Reboot(SurvivalMode.Dropped, 3);
            directory = next;
            await using var again = Open(next, recovery);
            Assert.Empty(again.Recovery.Salvaged);
            Assert.Equal(rows, Read(again));
            if (recovery == RecoveryMode.Salvage)
            {
                await again.CheckpointAsync(default);
            }
        }
    }
}
