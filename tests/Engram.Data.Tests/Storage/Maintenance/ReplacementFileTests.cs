using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Versions;
using Engram.Data.Tests.Storage.Faults;
using Engram.Data.Tests.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Maintenance;

/// <summary>Columns of segments that are written anew into files of their own.</summary>
public sealed class ReplacementFileTests
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(120);
    private static readonly StoreOptions s_options = new() { FoldedPatchCountMin = 3, MaintenanceInterval = Timeout.InfiniteTimeSpan };

    [Theory]
    [InlineData(50, 1000, false, false)]
    [InlineData(51, 1000, false, true)]
    [InlineData(500, 1000, true, false)]
    [InlineData(501, 1000, true, true)]
    public void A_narrow_column_is_folded_from_a_twentieth_on_and_a_wide_one_from_half(int patches, int rows, bool isWide, bool isFolded)
        => Assert.Equal(isFolded, ReplacementFile.IsWorthwhile(isWide ? DataType.Vector(4) : DataType.Single, patches, rows));

    [Fact]
    public async Task Updating_a_narrow_column_of_all_rows_never_rewrites_the_embeddings()
    {
        const int dimensions = 768;
        const int rows = 4000;
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), s_options, NullLogger.Instance);
        var table = new TableDefinition(new TableId(1), "public", "Wide",
            [new(new ColumnId(1), "Confidence", DataType.Single), new(new ColumnId(2), "Embedding", DataType.Vector(dimensions))]) { ColumnIdNext = 3 };
        var random = new Random(5);
        await ChangeAsync(store, t => t.PutTable(table));
        await ChangeAsync(store, t =>
        {
            using var confidence = new ColumnBuffer(DataType.Single);
            using var embedding = new ColumnBuffer(DataType.Vector(dimensions));
            for (var done = 0; done < rows; done += 1000)
            {
                confidence.Clear();
                embedding.Clear();
                for (var i = 0; i < 1000; i++)
                {
                    ClrValue.Append(confidence, 0.5f);
                    ClrValue.Append(embedding, Enumerable.Range(0, dimensions).Select(_ => random.NextSingle()).ToArray());
                }

                var batch = new Batch(2) { RowCount = 1000 };
                (batch.Columns[0], batch.Columns[1]) = (confidence.Column, embedding.Column);
                t.Insert(table.Id, batch);
            }
        });
        await store.CheckpointAsync(default);
        var segment = Assert.Single(files.List("segments"));
        Assert.True(SizeBytes(files) > rows * dimensions * sizeof(float));

        long written = 0;
        for (var round = 1; round <= 5; round++)
        {
            await ChangeAsync(store, t =>
            {
                using var values = new ColumnBuffer(DataType.Single);
                for (var first = 1; first <= rows; first += 1000)
                {
                    values.Clear();
                    for (var i = 0; i < 1000; i++)
                    {
                        ClrValue.Append(values, (float)(round * 10_000) + first + i);
                    }

                    var batch = new Batch(1) { RowCount = 1000 };
                    batch.Columns[0] = values.Column;
                    t.Update(table.Id, [.. Enumerable.Range(first, 1000).Select(i => (long)i)], [new ColumnId(1)], batch);
                }
            });
            await store.CheckpointAsync(default);
            // Not even when everything is compacted.
            await store.CompactAsync(null, null, default);
            Assert.Contains(segment, files.List("segments"));
            written += SizeBytes(files, except: segment);
            Assert.Equal(2, files.List("segments").Count);
        }

        Assert.True(written < 5 * rows * 16, $"{written} bytes were written for 5 × {rows} values of 4 bytes");
        using var snapshot = store.OpenSnapshot();
        using var scan = snapshot.Scan(table.Id, [ColumnId.RowId, new ColumnId(1), new ColumnId(2)], []);
        while (scan.NextBlock())
        {
            var (ids, values, embeddings) = (scan.Load(0, null), scan.Load(1, null), scan.Load(2, null));
            for (var i = 0; i < scan.RowCount; i++)
            {
                Assert.Equal(50_000f + ids.Get<long>(i), values.Get<float>(i));
                Assert.Equal(dimensions * sizeof(float), embeddings.Get<Bytes>(i).Length);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Folded_values_are_read_found_by_key_and_changed_again(int seed)
    {
        using var files = new MemoryDirectory();
        var random = new Random(seed);
        using var model = new EpisodeModel(random);
        var directory = new FaultyDirectory(files.Share());
        var store = Store.Open(directory, s_options, NullLogger.Instance);
        try
        {
            await EpisodeTable.CreateAsync(store);
            await model.InsertAsync(store, 40);
            await store.CheckpointAsync(default);
            var folded = 0;
            var isWithin = false;
            for (var round = 0; round < 12; round++)
            {
                await model.ChangeAsync(store);
                model.Hold(store);
                directory.BeforeSync = name =>
                {
                    if (!isWithin && name.EndsWith(".column", StringComparison.Ordinal))
                    {
                        // Others change the very values that are being folded.
                        isWithin = true;
                        model.Hold(store);
                        model.ChangeAsync(store).GetAwaiter().GetResult();
                        model.Hold(store);
                        isWithin = false;
                        folded++;
                    }
                };
                await store.CheckpointAsync(default);
                model.Check(store);
                Assert.Empty((await store.VerifyAsync(new VerificationOptions(long.MaxValue, null), default)).Problems);
                await model.ChangeAsync(store);
                model.Check(store);
                if (round % 3 == 1)
                {
                    model.ReleaseSnapshots();
                    await store.DisposeAsync();
                    directory = new FaultyDirectory(files.Share());
                    store = Store.Open(directory, s_options, NullLogger.Instance);
                    model.Check(store);
                }

                if (round % 5 == 4)
                {
                    directory.BeforeSync = null;
                    await store.CompactAsync(null, null, default);
                    model.Check(store);
                }
            }

            Assert.True(folded > 5, $"{folded} columns were folded");
        }
        finally
        {
            model.ReleaseSnapshots();
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_segment_closes_its_file_when_the_last_that_shares_it_is_done()
    {
        using var files = new MemoryDirectory();
        await using var store = Store.Open(files.Share(), s_options, NullLogger.Instance);
        await EpisodeTable.CreateAsync(store);
        using var model = new EpisodeModel(new Random(3));
        await model.InsertAsync(store, 100);
        await store.CheckpointAsync(default);
        var old = store.OpenSnapshot();
        await UpdateAllAsync(store, 0.25f);
        await store.CheckpointAsync(default);
        var middle = store.OpenSnapshot();
        await UpdateAllAsync(store, 0.75f);
        await store.CheckpointAsync(default);
        var segment = Assert.Single(((DirectoryStore)store).Root.Tables[EpisodeTable.Id].Segments).Segment;
        Assert.Single(segment.Info.Replacements);
        Assert.True(segment.ReplacedSizeBytes > 0);
        Assert.All(EpisodeTable.Read(middle), r => Assert.Equal(0.25f, r.Row.Confidence));
        old.Dispose();
        Assert.All(EpisodeTable.Read(middle), r => Assert.Equal(0.25f, r.Row.Confidence));
        middle.Dispose();
        using var last = store.OpenSnapshot();
        Assert.All(EpisodeTable.Read(last), r => Assert.Equal(0.75f, r.Row.Confidence));
    }

    private static Task UpdateAllAsync(Store store, float confidence) => ChangeAsync(store, t =>
    {
        using var view = t.OpenSnapshot();
        foreach (var (rowId, _) in EpisodeTable.Read(view))
        {
            EpisodeTable.Update(t, rowId, 2, confidence);
        }
    });

    private static async Task ChangeAsync(Store store, Action<Transaction> change)
    {
        using var transaction = await store.BeginWriteAsync(s_wait, null, default);
        transaction.BeginStatement().Dispose();
        change(transaction);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private static long SizeBytes(MemoryDirectory files, string? except = null)
    {
        long size = 0;
        foreach (var name in files.List("segments").Where(n => n != except))
        {
            using var file = files.Open($"segments/{name}", writable: false);
            size += file.Length;
        }

        return size;
    }
}
