using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Segments;
using Engram.Data.Tests.Storage.Segments;
using Engram.Data.Tests.Storage.Simulation;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Damage planted under an open database is found and named, in each kind of file; where nothing is wrong nothing is found.</summary>
public sealed class VerificationTests
{
    [Fact]
    public async Task A_whole_database_has_no_problems()
    {
        var sample = await Sample.CreateAsync();
        await using var store = SalvageTests.Open(sample.Start());
        await Sample.ChangeAsync(store, t => EpisodeTable.Insert(t, EpisodeRow.Random(new Random(1), 50_000)));
        var progress = new List<VerificationProgress>();
        var result = await store.VerifyAsync(new VerificationOptions(long.MaxValue, progress.Add), default);
        Assert.Empty(result.Problems);
        Assert.Equal(sample.Rows.Count + 1, result.Rows);
        Assert.Equal(result.Files, progress.Count);
        Assert.All(progress, p => Assert.Equal(result.Files, p.FilesTotal));
        Assert.True(result.Pages > 2 && result.Bytes > sample.Disk[sample.Segment].Length);
    }

    [Fact]
    public async Task Two_rows_with_one_key_of_a_partial_index_are_found_if_both_belong_to_it()
    {
        using var files = new MemoryDirectory();
        var belongs = false;
        var options = new StoreOptions { IndexConditions = (_, _) => new MinimumCondition(0.5f, () => belongs) };
        await using var store = Store.Open(files.Share(), options, NullLogger.Instance);
        await Sample.ChangeAsync(store, t => t.PutTable(EpisodeTable.Definition with
        {
            Indexes = EpisodeTable.Definition.Indexes.Add(new IndexDefinition(new IndexId(3), "Episode_Sure", [new IndexColumn(new ColumnId(2))]) { IsUnique = true, FilterSql = "Confidence >= 0.5" }),
        }));
        // While nothing seems to belong to the index, nothing is refused.
        float[] confidences = [0.1f, 0.2f, 0.6f, 0.7f, 0.3f];
        await Sample.ChangeAsync(store, t => EpisodeTable.Insert(
            t, [.. confidences.Select((c, i) => EpisodeRow.Random(new Random(i), i + 1) with { Name = i == 4 ? "other" : "same", Confidence = c })]));
        Assert.Empty((await VerifyAsync(store)).Problems);
        belongs = true;
        var problem = Assert.Single((await VerifyAsync(store)).Problems);
        Assert.Equal((3, 4), (problem.RowIdFirst, problem.RowIdLast));
        Assert.Contains("'Episode_Sure'", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damage_of_each_kind_of_file_is_found_and_named()
    {
        var kinds = new (string Name, Action<DataDirectory, Sample> Plant, Func<Sample, string> File)[]
        {
            ("CURRENT", (d, _) => d.FlipBit(CurrentFile.Name, 20 * 8), _ => CurrentFile.Name),
            ("manifest", (d, _) => d.FlipBit("MANIFEST-00000003", 100 * 8), _ => "MANIFEST-00000003"),
            ("manifest missing", (d, _) => d.Delete("MANIFEST-00000003"), _ => "MANIFEST-00000003"),
            ("segment header", (d, s) => d.FlipBit(s.Segment, 20 * 8), s => s.Segment),
            ("segment page", (d, s) => d.FlipBit(s.Segment, 70_000 * 8), s => s.Segment),
            ("segment footer", (d, s) => d.FlipBit(s.Segment, (s.Disk[s.Segment].Length - 50) * 8), s => s.Segment),
            ("segment length", (d, s) => Cut(d, s.Segment), s => s.Segment),
            ("segment missing", (d, s) => d.Delete(s.Segment), s => s.Segment),
            ("overlay", (d, s) => d.FlipBit(s.Overlay, 40 * 8), s => s.Overlay),
            ("overlay missing", (d, s) => d.Delete(s.Overlay), s => s.Overlay),
            ("log group", (d, s) => d.FlipBit(s.LogFile, (s.GroupOffsets[1] + 100) * 8), s => s.LogFile),
            ("log header", (d, s) => d.FlipBit(s.LogFile, 10 * 8), s => s.LogFile),
            ("log missing", (d, s) => d.Delete(s.LogFile), _ => "wal"),
        };
        foreach (var (name, plant, file) in kinds)
        {
            var sample = await Sample.CreateAsync();
            var directory = sample.Start();
            await using var store = SalvageTests.Open(directory);
            plant(directory, sample);
            var result = await VerifyAsync(store);
            Assert.True(result.Problems.Count > 0, name);
            Assert.True(result.Problems.All(p => p.File == file(sample) || p.What.Contains(file(sample), StringComparison.Ordinal)), $"{name}: {string.Join(" | ", result.Problems)}");
            if (name.StartsWith("segment", StringComparison.Ordinal))
            {
                Assert.All(result.Problems, p => Assert.Equal("Episode", p.Table));
                Assert.All(result.Problems, p => Assert.True(p.RowIdFirst >= 1 && p.RowIdLast <= 6000 && p.RowIdFirst <= p.RowIdLast, $"{name}: {p}"));
            }

            if (name == "segment page")
            {
                Assert.All(result.Problems, p => Assert.NotEmpty(p.Columns));
            }
        }
    }

    [Fact]
    public async Task Reads_that_fail_are_problems()
    {
        var sample = await Sample.CreateAsync();
        var directory = sample.Start();
        await using var store = SalvageTests.Open(directory);
        directory.Faults.Fail(Faults.FaultPoint.Read, 3, 5, nameContains: sample.Segment);
        var result = await VerifyAsync(store);
        Assert.NotEmpty(result.Problems);
        Assert.All(result.Problems, p => Assert.Equal(sample.Segment, p.File));
        Assert.Empty((await VerifyAsync(store)).Problems);
    }

    [Fact]
    public async Task Rows_that_break_what_the_schema_promises_are_found()
    {
        // The manifest is written anew with a schema that its rows do not keep to.
        var sample = await Sample.CreateAsync();
        var directory = sample.Start();
        var current = CurrentFile.Read(directory);
        var manifest = ManifestFile.Read(directory, current.Generation, current.ManifestChecksum);
        var table = EpisodeTable.Definition;
        var promising = table with
        {
            Columns = [table.Columns[0], table.Columns[1] with { IsNotNull = true }, .. table.Columns.Skip(2)],
            Indexes = [table.Indexes[0], table.Indexes[1] with { IsUnique = true }],
            ForeignKeys = [new ForeignKeyDefinition("Episode_Self", [new ColumnId(3)], table.Id, [new ColumnId(3)]), new ForeignKeyDefinition("Episode_Other", [new ColumnId(2)], new TableId(2), [new ColumnId(2)])],
        };
        var other = new TableDefinition(new TableId(2), "public", "Other", table.Columns) { ColumnIdNext = 6 };
        var next = manifest with { Generation = manifest.Generation + 1, Catalog = manifest.Catalog.With(promising).With(other) };
        var checksum = ManifestFile.Write(directory, next);
        CurrentFile.Publish(directory, current, next.Generation, checksum);

        await using var store = SalvageTests.Open(directory);
        var problems = (await VerifyAsync(store)).Problems;
        Assert.Contains(problems, p => p.What.Contains("NULL in column 'Name'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.What.Contains("'Episode_Name'", StringComparison.Ordinal) && p.RowIdFirst < p.RowIdLast);
        Assert.Contains(problems, p => p.What.Contains("'Episode_Other'", StringComparison.Ordinal));
        Assert.DoesNotContain(problems, p => p.What.Contains("'Episode_Self'", StringComparison.Ordinal) || p.What.Contains("'Episode_pkey'", StringComparison.Ordinal));
        Assert.All(problems, p => Assert.Equal("Episode", p.Table));
        var names = sample.Rows.Values.Where(r => r.Name is not null).GroupBy(r => r.Name).Sum(g => g.Count() - 1);
        Assert.Equal(names, problems.Count(p => p.What.Contains("both have the key", StringComparison.Ordinal)));
    }

    [Fact]
    public void Blocks_that_differ_from_their_descriptions_are_found()
    {
        using var directory = new MemoryDirectory();
        directory.CreateSubdirectory("segments");
        var random = new Random(4);
        using var sample = SegmentSample.Of(random, 3000, 0.2, DataType.Int64, DataType.Text, DataType.Double);
        var info = sample.Write(directory, "segments/a.seg", random);
        Assert.Empty(Check(directory, info));

        // The entries of blocks stand behind the header of the footer and those of the columns.
        var footerLength = (int)BitConverter.ToUInt64(directory.ReadFile(info.Name).AsSpan((int)info.FileLength - 16, 8));
        var entriesAt = (int)info.FileLength - 16 - footerLength + FooterHeader.Size + (4 * ColumnEntry.Size);
        foreach (var (ordinal, field) in new[] { (0, 32), (0, 48), (1, 32), (1, 48), (1, 12), (2, 12), (3, 33), (3, 12) })
        {
            var bytes = directory.ReadFile(info.Name);
            bytes[entriesAt + (((ordinal * 2) + 1) * BlockEntry.Size) + field] ^= 1;
            var footer = bytes.AsSpan(bytes.Length - 16 - footerLength);
            var root = Crc32C.Compute(footer[..^4]);
            MemoryMarshal.Write(footer[^4..], in root);
            var copy = $"segments/{ordinal}-{field}.seg";
            directory.WriteFile(copy, bytes);
            Assert.True(Check(directory, info with { Name = copy, RootChecksum = root }).Count > 0, copy);
        }
    }

    [Fact]
    public async Task Writers_and_checkpoints_go_on_beside_it()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files, SimulatedRun.SmallFiles, NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            var random = new Random(1);
            for (var id = 1; !stop.IsCancellationRequested; id++)
            {
                await Sample.ChangeAsync(store, t =>
                {
                    var rowId = EpisodeTable.Insert(t, EpisodeRow.Random(random, id)).First;
                    if (rowId > 10)
                    {
                        EpisodeTable.Update(t, rowId - 10, 0, (long)-id);
                        t.Delete(EpisodeTable.Id, [rowId - 5]);
                    }
                });
                if (id % 10 == 0)
                {
                    await store.CheckpointAsync(default);
                }
            }

            return 0;
        });
        for (var i = 0; i < 50; i++)
        {
            Assert.Empty((await VerifyAsync(store)).Problems);
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task It_reads_no_faster_than_it_may_and_ends_when_it_is_cancelled()
    {
        var clock = new ManualClock();
        var pace = new VerificationPace(clock, 1000);
        pace.Add(2000);
        var waiting = pace.WaitAsync(default).AsTask();
        clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        await waiting;
        Assert.True(pace.WaitAsync(default).AsTask().IsCompleted);

        var sample = await Sample.CreateAsync();
        await using var store = SalvageTests.Open(sample.Start());
        using var stop = new CancellationTokenSource();
        // The clock stands still, so that this would never end.
        var verifying = store.VerifyAsync(new VerificationOptions(1, null), stop.Token);
        Assert.False(verifying.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => verifying);
    }

    private static Task<VerificationResult> VerifyAsync(Store store) => store.VerifyAsync(new VerificationOptions(long.MaxValue, null), default);

    private static void Cut(DataDirectory directory, string name)
    {
        using var file = directory.Open(name, writable: true);
        file.SetLength(file.Length - 1);
    }

    private static List<string> Check(DataDirectory directory, SegmentInfo info)
    {
        using var segment = Segment.Open(directory, info);
        var found = new List<string>();
        for (var ordinal = 0; ordinal < segment.ColumnCount; ordinal++)
        {
            using var scratch = new ColumnBuffer(segment.TypeOf(ordinal), Batch.RowCountMax);
            for (var block = 0; block < segment.BlockCount; block++)
            {
                if (segment.CheckBlock(ordinal, block, new Column(segment.TypeOf(ordinal)), scratch) is { } wrong)
                {
                    found.Add(wrong);
                }
            }
        }

        return found;
    }

    /// <summary>Rows of at least some confidence, once it is asked in earnest.</summary>
    private sealed class MinimumCondition(float least, Func<bool> isAsked) : IndexCondition
    {
        public override ImmutableArray<ColumnId> Columns => [new ColumnId(3)];

        public override bool Holds(ReadOnlySpan<Column> values, int row) => isAsked() && values[0].Get<float>(row) >= least;

        public override void Dispose()
        {
        }
    }
}
