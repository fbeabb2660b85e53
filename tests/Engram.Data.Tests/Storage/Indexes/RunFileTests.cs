using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Indexes;

/// <summary>Runs in files: found again, and made anew when they are missing, damaged or another's. Nothing of that keeps a database from answering.</summary>
public sealed class RunFileTests : IDisposable
{
    private const int RowCount = 12_000;

    private readonly TemporaryDirectory directory = new();
    private readonly List<(LogLevel Level, string Text)> events = [];

    public RunFileTests()
    {
        using var store = Open();
        Write(store, t => t.PutTable(PairTable.Definition));
        for (var first = 0; first < RowCount; first += 2000)
        {
            Write(store, t => PairTable.Insert(t, [.. Enumerable.Range(first, 2000).Select(i => new PairRow(0, (i * 7919L) % RowCount, i / 2, i, 1, $"text {i % 50}"))]));
        }

        store.Checkpoint(CancellationToken.None);
    }

    private string Folder => Path.Combine(directory.Path, RunFile.Subdirectory);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_checkpoint_writes_a_file_for_each_index_and_opening_finds_it()
    {
        Assert.Equal(PairTable.Definition.Indexes.Length, Directory.GetFiles(Folder).Length);
        Check(expected: null);
    }

    [Fact]
    public void Missing_files_are_made_anew_and_written_by_the_next_checkpoint()
    {
        Array.ForEach(Directory.GetFiles(Folder), File.Delete);
        Check("There is no index file");
        using (var store = Open())
        {
            Write(store, t => PairTable.Insert(t, new PairRow(0, 900_000, 900_000, 0, 1, null), new PairRow(0, 900_001, 900_000, 0, 1, null)));
            store.Checkpoint(CancellationToken.None);
        }

        Assert.Equal(2 * PairTable.Definition.Indexes.Length, Directory.GetFiles(Folder).Length);
        Check(expected: null);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(40)]
    [InlineData(200)]
    [InlineData(5_000)]
    [InlineData(70_000)]
    [InlineData(-1)]
    public void A_damaged_byte_is_noticed_and_repaired(int at)
    {
        foreach (var file in Directory.GetFiles(Folder))
        {
            var bytes = File.ReadAllBytes(file);
            bytes[at < 0 ? bytes.Length + at : at] ^= 0x40;
            File.WriteAllBytes(file, bytes);
        }

        // Bytes that only fill up the head have no meaning.
        Check(at == 200 ? "" : "made anew");
    }

    [Fact]
    public void Files_that_were_cut_short_or_changed_places_are_noticed()
    {
        var files = Directory.GetFiles(Folder);
        var (first, second) = (File.ReadAllBytes(files[0]), File.ReadAllBytes(files[1]));
        File.WriteAllBytes(files[0], second);
        File.WriteAllBytes(files[1], first);
        Check("belongs to another");
        File.WriteAllBytes(files[0], first[..^5]);
        File.WriteAllBytes(files[1], []);
        Check("is damaged");
    }

    [Fact]
    public void A_file_of_another_segment_with_the_same_name_is_not_taken()
    {
        using var other = new TemporaryDirectory();
        using (var store = Store.Open(new DiskDirectory(other.Path), new StoreOptions(), NullLogger.Instance))
        {
            Write(store, t => t.PutTable(PairTable.Definition));
            Write(store, t => PairTable.Insert(t, [.. Enumerable.Range(0, 2000).Select(i => new PairRow(0, i, i / 2, i, 1, null))]));
            store.Checkpoint(CancellationToken.None);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(other.Path, RunFile.Subdirectory)))
        {
            File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)), overwrite: true);
        }

        Check("belongs to another");
    }

    [Fact]
    public void Files_of_an_index_that_was_dropped_go_and_those_of_a_new_one_come()
    {
        var index = new IndexDefinition(new IndexId(3), "Pair_Text", [new IndexColumn(new ColumnId(5), true)]);
        using var store = Open();
        Write(store, t => t.PutTable(PairTable.Definition with { Indexes = PairTable.Definition.Indexes.Add(index).RemoveAt(1) }));
        store.Checkpoint(CancellationToken.None);
        Assert.Equal([".i1.run", ".i3.run"], Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)[^7..]).Order());
        using var snapshot = store.OpenSnapshot();
        using var start = ClrValue.Constant(DataType.Text, "text 7");
        using var range = snapshot.OpenRange(PairTable.Id, index.Id, new IndexBounds([start.Column]));
        Assert.Equal(RowCount / 50, range.EntryCount);
    }

    [Fact]
    public async Task The_run_of_a_partial_index_has_the_rows_that_its_condition_is_about()
    {
        IndexDefinition few = new(new IndexId(3), "few", [new IndexColumn(new ColumnId(2))]) { FilterSql = "\"Balance\" % 100 = 7", FilterColumns = [new ColumnId(3)] };
        var none = few with { Id = new IndexId(4), Name = "none", FilterSql = "\"Balance\" < 0" };
        using (var store = Open())
        {
            Write(store, t => t.PutTable(PairTable.Definition with { Indexes = [.. PairTable.Definition.Indexes, few, none] }));
            store.Checkpoint(CancellationToken.None);
        }

        long SizeOf(int index) => Directory.GetFiles(Folder).Single(f => f.EndsWith($".i{index}.run", StringComparison.Ordinal)) is var file ? new FileInfo(file).Length : 0;
        Assert.InRange(SizeOf(3), RowCount / 100 * SegmentRun.EntrySizeBytes, (RowCount / 100 * SegmentRun.EntrySizeBytes) + 256);
        Assert.InRange(SizeOf(4), 1, 256);
        Check(expected: null);
        for (var round = 0; round < 2; round++)
        {
            events.Clear();
            using (var store = Open())
            {
                using var snapshot = store.OpenSnapshot();
                Assert.Equal(PairTable.Scan(snapshot).Where(r => r.Balance % 100 == 7).OrderBy(r => r.Pair).ThenBy(r => r.RowId).Select(r => r.RowId), ReadAll(snapshot, few.Id, isDescending: false));
                Assert.Empty(ReadAll(snapshot, none.Id, isDescending: true));
            }

            using (var store = Open())
            {
                var verified = await store.VerifyAsync(new VerificationOptions(long.MaxValue, null), CancellationToken.None);
                Assert.Equal(round, verified.Problems.Count(p => p.File.EndsWith(".i3.run", StringComparison.Ordinal)));
                Assert.Equal(round, verified.Problems.Count);
            }

            Assert.Equal(round, events.Count(e => e.Text.Contains("made anew", StringComparison.Ordinal)));
            Flip(Directory.GetFiles(Folder).Single(f => f.EndsWith(".i3.run", StringComparison.Ordinal)));
        }
    }

    private static void Flip(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 0x40;
        File.WriteAllBytes(file, bytes);
    }

    private Store Open() => Store.Open(
        new DiskDirectory(directory.Path), new StoreOptions { Durability = DurabilityMode.None, IndexConditions = StoredIndexCondition.Create }, new Recorder(events));

    private static void Write(Store store, Action<Transaction> change)
    {
        using var transaction = store.BeginWrite(TimeSpan.FromSeconds(120), null, CancellationToken.None);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        transaction.Commit();
    }

    /// <summary>Looks every key up and reads every index in order; then what the log says of it.</summary>
    private void Check(string? expected)
    {
        events.Clear();
        using (var store = Open())
        {
            using var snapshot = store.OpenSnapshot();
            var rows = PairTable.Scan(snapshot);
            Assert.Equal(RowCount, rows.Count(r => r.Id < RowCount));
            foreach (var row in rows.Where((_, i) => i % 97 == 0))
            {
                Assert.Equal([row], PairTable.Find(snapshot, PairTable.PrimaryKey, row.Id));
                Assert.Equal(rows.Where(r => r.Pair == row.Pair), PairTable.Find(snapshot, PairTable.PairIndex, row.Pair));
            }

            Assert.Equal(rows.OrderBy(r => r.Id).Select(r => r.RowId), ReadAll(snapshot, PairTable.PrimaryKey, isDescending: false));
            Assert.Equal(rows.OrderByDescending(r => r.Pair).ThenBy(r => r.RowId).Select(r => r.RowId), ReadAll(snapshot, PairTable.PairIndex, isDescending: true));
        }

        var about = events.Where(e => e.Text.Contains("ndex", StringComparison.Ordinal)).ToArray();
        if (expected is null)
        {
            Assert.Empty(about);
        }
        else if (expected.Length > 0)
        {
            Assert.Contains(about, e => e.Text.Contains(expected, StringComparison.Ordinal));
        }
    }

    private static List<long> ReadAll(Snapshot snapshot, IndexId index, bool isDescending)
    {
        using var range = snapshot.OpenRange(PairTable.Id, index, new IndexBounds([]));
        var found = new List<long>();
        var room = new long[512];
        range.Start(isDescending);
        for (var count = range.Read(room); count > 0; count = range.Read(room))
        {
            found.AddRange(room[..count]);
        }

        return found;
    }

    private sealed class Recorder(List<(LogLevel Level, string Text)> events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (events)
            {
                events.Add((logLevel, formatter(state, exception)));
            }
        }
    }
}
