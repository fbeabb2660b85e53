using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Maintenance;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Transactions;

public sealed class BulkLoadTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private readonly string path = Path.Combine(Path.GetTempPath(), $"engram-load-{Guid.NewGuid():N}");
    private Store store = null!;

    public Task InitializeAsync()
    {
        store = Open();
        return EpisodeTable.CreateAsync(store);
    }

    public async Task DisposeAsync()
    {
        await store.DisposeAsync();
        Directory.Delete(path, recursive: true);
    }

    [Fact]
    public async Task Loaded_rows_show_with_their_commit_and_survive_reopening_before_and_after_a_checkpoint()
    {
        var rows = Rows(1, 5000);
        using (var load = Begin())
        {
            Fill(load, rows);
            load.Complete();
            using (var before = store.OpenSnapshot())
            {
                Assert.Empty(EpisodeTable.Read(before));
                await AttachAsync(load);
                Assert.Empty(EpisodeTable.Read(before));
                Assert.Null(EpisodeTable.Find(before, 7));
            }
        }

        CheckRows(rows);
        await ReopenAsync();
        CheckRows(rows);
        Assert.Equal(5000, store.Recovery.Rows);
        await store.CheckpointAsync(default);
        CheckRows(rows);
        await ReopenAsync();
        CheckRows(rows);
        Assert.Equal(0, store.Recovery.Rows);
        Assert.Single(SegmentFiles());
    }

    [Fact]
    public async Task Rows_committed_meanwhile_stay_in_order_and_checkpoints_do_not_write_across_a_load()
    {
        var (first, meanwhile, second, last) = (Rows(1, 300), Rows(1000, 50), Rows(2000, 2500), Rows(9000, 20));
        await InsertAsync(first);
        using (var load = Begin())
        {
            Fill(load, second[..100]);
            await InsertAsync(meanwhile);
            // Rows before and after the load's range are written while the load goes on.
            await store.CheckpointAsync(default);
            await store.CompactAsync(null, null, default);
            Fill(load, second[100..]);
            load.Complete();
            await AttachAsync(load);
        }

        await store.CompactAsync(null, null, default);

        List<EpisodeRow> all = [.. first, .. second, .. meanwhile];
        CheckRows(all);
        await UpdateAsync(2100, 0.125f);
        await InsertAsync(last);
        all = [.. all.Select(r => r.Id == 2100 ? r with { Confidence = 0.125f } : r), .. last];
        CheckRows(all);
        await store.CheckpointAsync(default);
        CheckRows(all);
        Assert.Empty((await store.VerifyAsync(new VerificationOptions(1L << 40, null), default)).Problems);
        await ReopenAsync();
        CheckRows(all);
        using var snapshot = store.OpenSnapshot();
        Assert.Equal(EpisodeTable.Read(snapshot).Select(r => r.RowId).Order(), EpisodeTable.Read(snapshot).Select(r => r.RowId));
    }

    [Fact]
    public async Task A_checkpoint_between_the_freeze_and_the_naming_leaves_what_was_attached_meanwhile()
    {
        await InsertAsync(Rows(1, 100));
        using var load = Begin();
        Fill(load, Rows(500, 100));
        load.Complete();
        await AttachAsync(load);
        await UpdateAsync(550, 0.25f);
        await store.CheckpointAsync(default);
        await UpdateAsync(551, 0.5f);
        await ReopenAsync();
        using var snapshot = store.OpenSnapshot();
        Assert.Equal(200, EpisodeTable.Read(snapshot).Count);
        Assert.Equal(0.25f, EpisodeTable.Find(snapshot, 550)!.Value.Row.Confidence);
        Assert.Equal(0.5f, EpisodeTable.Find(snapshot, 551)!.Value.Row.Confidence);
    }

    [Fact]
    public async Task Changes_before_and_after_the_attachment_are_recovered_from_one_log()
    {
        await InsertAsync(Rows(1, 10));
        await UpdateAsync(3, 0.125f);
        using (var load = Begin())
        {
            Fill(load, Rows(100, 3000));
            load.Complete();
            await AttachAsync(load);
        }

        await UpdateAsync(5, 0.25f);
        await UpdateAsync(2000, 0.5f);
        await ReopenAsync();
        using var snapshot = store.OpenSnapshot();
        Assert.Equal(3010, EpisodeTable.Read(snapshot).Count);
        Assert.Equal([0.125f, 0.25f, 0.5f], new long[] { 3, 5, 2000 }.Select(id => EpisodeTable.Find(snapshot, id)!.Value.Row.Confidence));
    }

    [Fact]
    public async Task A_load_is_undone_with_its_statement_its_savepoint_and_its_transaction()
    {
        await InsertAsync(Rows(1, 10));
        using (var load = Begin())
        {
            Fill(load, Rows(100, 10));
            load.Complete();
            using var transaction = await store.BeginWriteAsync(s_patience, null, default);
            transaction.CreateSavepoint("s");
            transaction.BeginStatement().Dispose();
            transaction.Attach(load);
            transaction.EndStatement();
            using (var inside = transaction.OpenSnapshot())
            {
                Assert.Equal(20, EpisodeTable.Read(inside).Count);
            }

            transaction.RollbackToSavepoint("s");
            using (var inside = transaction.OpenSnapshot())
            {
                Assert.Equal(10, EpisodeTable.Read(inside).Count);
                Assert.Null(EpisodeTable.Find(inside, 105));
            }

            transaction.BeginStatement().Dispose();
            EpisodeTable.Insert(transaction, Rows(100, 1));
            transaction.EndStatement();
            await transaction.CommitAsync();
        }

        Assert.Empty(SegmentFiles());
        using (var load = Begin())
        {
            Fill(load, Rows(200, 10));
            load.Complete();
            using var transaction = await store.BeginWriteAsync(s_patience, null, default);
            transaction.BeginStatement().Dispose();
            transaction.Attach(load);
            transaction.EndStatement();
            transaction.Rollback();
        }

        Assert.Empty(SegmentFiles());
        CheckRows([.. Rows(1, 10), .. Rows(100, 1)]);
        await ReopenAsync();
        CheckRows([.. Rows(1, 10), .. Rows(100, 1)]);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(5, true)]
    [InlineData(1050, false)]
    public async Task A_key_that_is_there_already_refuses_the_load(long key, bool isInSegment)
    {
        await InsertAsync(Rows(1, 10));
        if (isInSegment)
        {
            await store.CheckpointAsync(default);
        }

        using var load = Begin();
        Fill(load, Rows(1000, 100));
        Fill(load, [Row(key)]);
        if (key >= 1000)
        {
            // Within the load: noticed before the lock.
            Assert.Equal("23505", Assert.Throws<EngramException>(load.Complete).SqlState);
            return;
        }

        load.Complete();
        using (var transaction = await store.BeginWriteAsync(s_patience, null, default))
        {
            transaction.BeginStatement().Dispose();
            transaction.Attach(load);
            var error = Assert.Throws<EngramException>(transaction.EndStatement);
            Assert.Equal("23505", error.SqlState);
            Assert.Contains("(Id)=(5)", error.Message, StringComparison.Ordinal);
            await transaction.CommitAsync();
        }

        load.Dispose();
        CheckRows(Rows(1, 10));
        Assert.Equal(isInSegment ? 1 : 0, SegmentFiles().Count);
    }

    [Fact]
    public async Task A_key_that_an_update_gave_to_an_older_row_refuses_the_load()
    {
        await InsertAsync(Rows(1, 10));
        await store.CheckpointAsync(default);
        using (var transaction = await store.BeginWriteAsync(s_patience, null, default))
        {
            using var view = transaction.BeginStatement();
            EpisodeTable.Update(transaction, EpisodeTable.Find(view, 3)!.Value.RowId, 0, 1005L);
            transaction.EndStatement();
            await transaction.CommitAsync();
        }

        using var load = Begin();
        Fill(load, Rows(1000, 100));
        load.Complete();
        using var second = await store.BeginWriteAsync(s_patience, null, default);
        second.BeginStatement().Dispose();
        second.Attach(load);
        Assert.Equal("23505", Assert.Throws<EngramException>(second.EndStatement).SqlState);
    }

    [Fact]
    public async Task Files_of_a_load_that_runs_survive_a_checkpoint_and_go_when_it_is_given_up()
    {
        await InsertAsync(Rows(1, 10));
        using (var load = Begin())
        {
            Fill(load, Rows(1000, 10));
            await store.CheckpointAsync(default);
            Assert.Equal(2, SegmentFiles().Count);
        }

        Assert.Single(SegmentFiles());
    }

    [Fact]
    public async Task A_file_that_the_log_names_stays_until_a_checkpoint_even_when_its_table_is_gone()
    {
        using (var load = Begin())
        {
            Fill(load, Rows(1, 3000));
            load.Complete();
            await AttachAsync(load);
        }

        using (var transaction = await store.BeginWriteAsync(s_patience, null, default))
        {
            transaction.BeginStatement().Dispose();
            transaction.DropTable(EpisodeTable.Id);
            transaction.EndStatement();
            await transaction.CommitAsync();
        }

        // Each recovery reads the same log.
        await ReopenAsync();
        await ReopenAsync();
        Assert.Single(SegmentFiles());
        await store.CheckpointAsync(default);
        Assert.Empty(SegmentFiles());
        await ReopenAsync();
    }

    [Fact]
    public async Task A_backup_has_the_rows_that_only_the_log_attaches()
    {
        var rows = Rows(1, 3000);
        await InsertAsync(Rows(5000, 10));
        await store.CheckpointAsync(default);
        using (var load = Begin())
        {
            Fill(load, rows);
            load.Complete();
            await AttachAsync(load);
        }

        using var running = Begin();
        Fill(running, Rows(9000, 10));
        var copy = Directory.CreateDirectory(path + "-copy").FullName;
        try
        {
            Backup.Run((DirectoryStore)store, new DiskDirectory(copy), null, default);
            await using var restored = Store.Open(new DiskDirectory(copy), new StoreOptions(), NullLogger.Instance);
            using var snapshot = restored.OpenSnapshot();
            Assert.Equal([.. rows, .. Rows(5000, 10)], EpisodeTable.Read(snapshot).Select(r => r.Row).OrderBy(r => r.Id));
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public async Task An_altered_table_refuses_the_load_and_null_is_refused_where_it_may_not_be()
    {
        using var load = Begin();
        var batch = new Batch(5) { RowCount = 1 };
        var buffers = EpisodeTable.Definition.Columns.Select(c => ClrValue.Constant(c.Type, null)).ToList();
        buffers.ForEach(b => batch.Columns[buffers.IndexOf(b)] = b.Column);
        Assert.Equal("23502", Assert.Throws<EngramException>(() => load.Insert(EpisodeTable.Id, batch)).SqlState);
        buffers.ForEach(b => b.Dispose());

        Fill(load, Rows(1, 10));
        load.Complete();
        using var transaction = await store.BeginWriteAsync(s_patience, null, default);
        transaction.BeginStatement().Dispose();
        transaction.PutTable(EpisodeTable.Definition with { Name = "Memory" });
        transaction.EndStatement();
        transaction.BeginStatement().Dispose();
        Assert.Equal("40001", Assert.Throws<EngramException>(() => transaction.Attach(load)).SqlState);
        transaction.RollbackStatement();
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task A_load_that_nobody_attached_is_deleted_by_the_next_opening()
    {
        var load = Begin();
        Fill(load, Rows(1, 3000));
        load.Complete();
        foreach (var segment in load.Segments)
        {
            segment.Release();
        }

        await ReopenAsync();
        Assert.Empty(SegmentFiles());
        CheckRows([]);
    }

    [Fact]
    public async Task A_damaged_segment_that_only_the_log_names_is_reported_and_salvaged()
    {
        await InsertAsync(Rows(1, 10));
        using (var load = Begin())
        {
            Fill(load, Rows(1000, 20_000));
            load.Complete();
            await AttachAsync(load);
        }

        await UpdateAsync(1001, 0.75f);
        await store.DisposeAsync();
        var file = SegmentFiles().Single();
        using (var stream = new FileStream(file, FileMode.Open))
        {
            stream.Position = stream.Length * 3 / 4;
            var b = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(b ^ 1));
        }

        store = Store.Open(new DiskDirectory(path), new StoreOptions { Recovery = RecoveryMode.Salvage }, NullLogger.Instance);
        using (var snapshot = store.OpenSnapshot())
        {
            var left = EpisodeTable.Read(snapshot).Count;
            Assert.InRange(left, 10 + 1, 10 + 19_999);
        }

        Assert.Contains(store.Recovery.Salvaged, i => i.Kind == SalvageKind.LostRows);
        Assert.Contains(store.Recovery.QuarantinedFiles, f => f.EndsWith(".seg", StringComparison.Ordinal));
        await ReopenAsync();
        Assert.Empty((await store.VerifyAsync(new VerificationOptions(1L << 40, null), default)).Problems);
    }

    private Store Open() => Store.Open(new DiskDirectory(path), new StoreOptions(), NullLogger.Instance);

    private async Task ReopenAsync()
    {
        await store.DisposeAsync();
        store = Open();
    }

    private List<string> SegmentFiles()
        => Directory.Exists(Path.Combine(path, "segments")) ? [.. Directory.GetFiles(Path.Combine(path, "segments"), "*.seg")] : [];

    private BulkLoad Begin()
    {
        using var snapshot = store.OpenSnapshot();
        return store.BeginLoad(snapshot.Catalog.Get(EpisodeTable.Id));
    }

    private static EpisodeRow Row(long id) => EpisodeRow.Random(new Random((int)id), id);

    private static List<EpisodeRow> Rows(long first, int count) => [.. Enumerable.Range(0, count).Select(i => Row(first + i))];

    private static void Fill(BulkLoad load, IReadOnlyList<EpisodeRow> rows)
    {
        foreach (var part in rows.Chunk(Batch.RowCountMax))
        {
            EpisodeTable.Insert(load, part);
        }
    }

    private async Task AttachAsync(BulkLoad load)
    {
        using var transaction = await store.BeginWriteAsync(s_patience, null, default);
        transaction.BeginStatement().Dispose();
        transaction.Attach(load);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private async Task InsertAsync(IReadOnlyList<EpisodeRow> rows)
    {
        using var transaction = await store.BeginWriteAsync(s_patience, null, default);
        transaction.BeginStatement().Dispose();
        EpisodeTable.Insert(transaction, rows);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private async Task UpdateAsync(long id, float confidence)
    {
        using var transaction = await store.BeginWriteAsync(s_patience, null, default);
        using var view = transaction.BeginStatement();
        EpisodeTable.Update(transaction, EpisodeTable.Find(view, id)!.Value.RowId, 2, confidence);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }

    private void CheckRows(IReadOnlyList<EpisodeRow> expected)
    {
        using var snapshot = store.OpenSnapshot();
        Assert.Equal(expected.OrderBy(r => r.Id), EpisodeTable.Read(snapshot).Select(r => r.Row).OrderBy(r => r.Id));
        foreach (var row in expected.Where((_, i) => i % 97 == 0))
        {
            Assert.Equal(row, EpisodeTable.Find(snapshot, row.Id)?.Row);
        }
    }
}
