using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Transactions;

public sealed class WriteTransactionTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private readonly Store store = Store.Open(new MemoryDirectory(), new StoreOptions(), NullLogger.Instance);

    public Task InitializeAsync() => EpisodeTable.CreateAsync(store);

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task Keys_are_checked_at_the_end_of_the_statement_so_they_may_move_up_by_one()
    {
        var ids = await InsertAsync(Row(1), Row(2), Row(3));
        using var transaction = await BeginAsync();
        transaction.BeginStatement().Dispose();
        for (var i = 0; i < 3; i++)
        {
            EpisodeTable.Update(transaction, ids.First + i, 0, i + 2L);
        }

        transaction.EndStatement();
        await transaction.CommitAsync();

        using var snapshot = store.OpenSnapshot();
        Assert.Equal([2, 3, 4], EpisodeTable.Read(snapshot).Select(r => r.Row.Id));
        Assert.Null(EpisodeTable.Find(snapshot, 1));
        Assert.NotNull(EpisodeTable.Find(snapshot, 4));
    }

    [Fact]
    public async Task A_duplicate_key_undoes_its_statement_alone()
    {
        await InsertAsync(Row(1));
        using var transaction = await BeginAsync();
        transaction.BeginStatement().Dispose();
        EpisodeTable.Insert(transaction, Row(2));
        transaction.EndStatement();
        transaction.BeginStatement().Dispose();
        EpisodeTable.Insert(transaction, Row(3), Row(1));
        var error = Assert.Throws<EngramException>(transaction.EndStatement);
        Assert.Equal("23505", error.SqlState);
        Assert.Contains("(Id)=(1)", error.Message, StringComparison.Ordinal);
        await transaction.CommitAsync();

        using var snapshot = store.OpenSnapshot();
        Assert.Equal([1, 2], EpisodeTable.Read(snapshot).Select(r => r.Row.Id));
    }

    [Fact]
    public async Task A_null_in_a_not_null_column_is_refused()
    {
        var ids = await InsertAsync(Row(1));
        using var transaction = await BeginAsync();
        transaction.BeginStatement().Dispose();
        var error = Assert.Throws<EngramException>(() => EpisodeTable.Update(transaction, ids.First, 2, null));
        Assert.Equal("23502", error.SqlState);
        Assert.Contains("Episode.Confidence", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_transaction_fails_on_a_row_changed_since_and_on_no_other()
    {
        var ids = await InsertAsync(Row(1), Row(2));
        using var before = store.OpenSnapshot();
        await RunAsync(t => EpisodeTable.Update(t, ids.First, 2, 0.9f));

        using var transaction = await store.BeginWriteAsync(s_patience, before.Lsn, default);
        using (var view = transaction.BeginStatement())
        {
            Assert.Equal(0.5f, EpisodeTable.Find(view, 1)!.Value.Row.Confidence);
            Assert.Equal(1, EpisodeTable.Update(transaction, ids.First + 1, 2, 0.1f));
            var error = Assert.Throws<EngramException>(() => EpisodeTable.Update(transaction, ids.First, 2, 0.2f));
            Assert.Equal("40001", error.SqlState);
            Assert.True(error.IsTransient);
        }
    }

    [Fact]
    public async Task A_snapshot_transaction_sees_its_own_rows_behind_those_that_others_committed_since()
    {
        await InsertAsync(Row(1));
        using var before = store.OpenSnapshot();
        await InsertAsync(Row(2), Row(3));

        using var transaction = await store.BeginWriteAsync(s_patience, before.Lsn, default);
        transaction.BeginStatement().Dispose();
        EpisodeTable.Insert(transaction, Row(4), Row(5));
        transaction.EndStatement();
        using (var view = transaction.BeginStatement())
        {
            EpisodeTable.Insert(transaction, Row(6));
            Assert.Equal([1, 4, 5], EpisodeTable.Read(view).Select(r => r.Row.Id));
            Assert.Null(EpisodeTable.Find(view, 2));
            Assert.NotNull(EpisodeTable.Find(view, 5));
            Assert.Null(EpisodeTable.Find(view, 6));
            EpisodeTable.Insert(transaction, Row(3));
        }

        // Keys are held against what is there, seen or not.
        Assert.Equal("23505", Assert.Throws<EngramException>(transaction.EndStatement).SqlState);
        await transaction.CommitAsync();
        using var after = store.OpenSnapshot();
        Assert.Equal([1, 2, 3, 4, 5], EpisodeTable.Read(after).Select(r => r.Row.Id));
    }

    [Fact]
    public async Task Writers_queue_in_order_and_give_up_after_their_time()
    {
        using var first = await BeginAsync();
        var second = store.BeginWriteAsync(s_patience, null, default).AsTask();
        var error = await Assert.ThrowsAsync<EngramException>(async () => await store.BeginWriteAsync(TimeSpan.FromMilliseconds(20), null, default));
        Assert.Equal("55P03", error.SqlState);
        using var cancelled = new CancellationTokenSource();
        var third = store.BeginWriteAsync(s_patience, null, cancelled.Token).AsTask();
        var fourth = store.BeginWriteAsync(s_patience, null, default).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        Assert.False(second.IsCompleted);

        first.Rollback();
        var held = await second;
        Assert.False(fourth.IsCompleted);
        held.Rollback();
        (await fourth).Rollback();
    }

    [Fact]
    public async Task A_rolled_back_table_leaves_nothing_and_its_id_can_be_used_again()
    {
        var other = EpisodeTable.Definition with { Id = new TableId(2), Name = "Other", Indexes = [] };
        using (var transaction = await BeginAsync())
        {
            transaction.BeginStatement().Dispose();
            transaction.PutTable(other);
            transaction.EndStatement();
            transaction.Rollback();
        }

        using (var snapshot = store.OpenSnapshot())
        {
            Assert.Null(snapshot.Catalog.Find("public", "Other"));
        }

        await RunAsync(t => t.PutTable(other with { Columns = [new ColumnDefinition(new ColumnId(1), "A", DataType.Int32)] }));
        using var after = store.OpenSnapshot();
        Assert.Single(after.Catalog.Find("public", "Other")!.Columns);
        Assert.Equal(0, after.EstimateRowCount(new TableId(2)));
    }

    [Fact]
    public async Task A_table_that_was_created_and_dropped_in_a_rolled_back_transaction_leaves_nothing()
    {
        var other = EpisodeTable.Definition with
        {
            Id = new TableId(2), Name = "Other", Indexes = [],
            Columns = [EpisodeTable.Definition.Columns[0] with { Identity = IdentityKind.ByDefault }],
        };
        using (var transaction = await BeginAsync())
        {
            transaction.BeginStatement().Dispose();
            transaction.PutTable(other);
            Assert.Equal(1, transaction.NextIdentity(other.Id, new ColumnId(1), 100));
            transaction.DropTable(other.Id);
            transaction.EndStatement();
            transaction.Rollback();
        }

        using var next = await BeginAsync();
        next.BeginStatement().Dispose();
        next.PutTable(other);
        Assert.Equal(1, next.NextIdentity(other.Id, new ColumnId(1), 1));
    }

    [Fact]
    public async Task An_index_id_that_comes_again_after_a_rollback_finds_rows_of_segments_by_its_new_columns()
    {
        await InsertAsync(Row(1) with { Name = "a", Confidence = 0.25f }, Row(2) with { Name = "b" });
        await store.CheckpointAsync(default);
        static TableDefinition With(int column) => EpisodeTable.Definition with
        {
            Indexes = [.. EpisodeTable.Definition.Indexes, new IndexDefinition(new IndexId(3), "U", [new IndexColumn(new ColumnId(column))]) { IsUnique = true }],
        };
        using (var transaction = await BeginAsync())
        {
            transaction.BeginStatement().Dispose();
            transaction.PutTable(With(column: 2));
            transaction.Rollback();
        }

        await RunAsync(t => t.PutTable(With(column: 3)));
        using var snapshot = store.OpenSnapshot();
        using var key = ClrValue.Constant(DataType.Single, 0.25f);
        var found = new List<long>();
        snapshot.Probe(EpisodeTable.Id, new IndexId(3), [key.Column], 0, found);
        Assert.Equal([1], found);
    }

    [Fact]
    public async Task A_checkpoint_that_is_asked_for_while_the_store_closes_does_nothing()
    {
        using var other = new MemoryDirectory();
        var closing = Store.Open(other.Share(), new StoreOptions(), NullLogger.Instance);
        await EpisodeTable.CreateAsync(closing);
        var held = await closing.BeginWriteAsync(s_patience, null, default);
        var running = closing.CheckpointAsync(default).AsTask();
        var waiting = closing.CheckpointAsync(default).AsTask();
        var closed = closing.DisposeAsync().AsTask();
        held.Rollback();
        await closed;
        // Either came before the closing and was waited for, or is told of it.
        foreach (var checkpoint in new[] { running, waiting })
        {
            try
            {
                await checkpoint;
            }
            catch (EngramException e)
            {
                Assert.Equal(SqlStates.ConnectionDoesNotExist, e.SqlState);
            }
        }
    }

    [Fact]
    public async Task An_older_snapshot_keeps_its_schema_and_the_rows_of_a_dropped_table()
    {
        await InsertAsync(Row(1));
        using var before = store.OpenSnapshot();
        await RunAsync(t => t.DropTable(EpisodeTable.Id));
        await store.CheckpointAsync(default);

        using var after = store.OpenSnapshot();
        Assert.Empty(after.Catalog.Tables);
        Assert.Single(EpisodeTable.Read(before));
    }

    [Fact]
    public async Task A_unique_index_is_refused_over_duplicates_and_found_through_afterwards()
    {
        await InsertAsync(Row(1) with { Name = "a" }, Row(2) with { Name = "a" }, Row(3) with { Name = "b" });
        var unique = EpisodeTable.Definition with
        {
            Indexes = [.. EpisodeTable.Definition.Indexes, new IndexDefinition(new IndexId(3), "U", [new IndexColumn(new ColumnId(2))]) { IsUnique = true }],
        };
        using (var transaction = await BeginAsync())
        {
            transaction.BeginStatement().Dispose();
            Assert.Equal("23505", Assert.Throws<EngramException>(() => transaction.PutTable(unique)).SqlState);
        }

        await RunAsync(t => t.Delete(EpisodeTable.Id, [1]));
        await RunAsync(t => t.PutTable(unique));
        using var snapshot = store.OpenSnapshot();
        using var key = ClrValue.Constant(DataType.Text, "a");
        var found = new List<long>();
        snapshot.Probe(EpisodeTable.Id, new IndexId(3), [key.Column], 0, found);
        Assert.Equal([2], found);
    }

    [Fact]
    public async Task Identities_go_on_beyond_explicit_values_and_after_a_rollback()
    {
        var table = EpisodeTable.Definition with
        {
            Id = new TableId(2), Name = "Numbered", Indexes = [],
            Columns = [EpisodeTable.Definition.Columns[0] with { Identity = IdentityKind.ByDefault }],
        };
        await RunAsync(t => t.PutTable(table));
        using (var transaction = await BeginAsync())
        {
            transaction.BeginStatement().Dispose();
            Assert.Equal(1, transaction.NextIdentity(table.Id, new ColumnId(1), 3));
            transaction.Rollback();
        }

        using var next = await BeginAsync();
        next.BeginStatement().Dispose();
        Assert.Equal(4, next.NextIdentity(table.Id, new ColumnId(1), 1));
        next.AdvanceIdentity(table.Id, new ColumnId(1), 100);
        next.AdvanceIdentity(table.Id, new ColumnId(1), 50);
        Assert.Equal(101, next.NextIdentity(table.Id, new ColumnId(1), 1));
    }

    [Fact]
    public async Task A_finished_transaction_takes_no_more_writes()
    {
        var transaction = await BeginAsync();
        transaction.BeginStatement().Dispose();
        EpisodeTable.Insert(transaction, Row(1));
        transaction.EndStatement();
        await transaction.CommitAsync();
        Assert.Equal("25P01", Assert.Throws<EngramException>(() => EpisodeTable.Insert(transaction, Row(2))).SqlState);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_transaction_of_more_than_a_commit_may_be_is_refused_and_the_database_goes_on(bool isAtCommit)
    {
        using var directory = new MemoryDirectory();
        var options = new StoreOptions { CommitSizeBytesMax = 2000 };
        await using (var small = Store.Open(directory.Share(), options, NullLogger.Instance))
        {
            await EpisodeTable.CreateAsync(small);
            using (var large = await small.BeginWriteAsync(s_patience, null, default))
            {
                large.BeginStatement().Dispose();
                EpisodeTable.Insert(large, [.. Enumerable.Range(10, 200).Select(i => Row(i))]);
                if (isAtCommit)
                {
                    large.EndStatement();
                    Assert.Equal("54000", (await Assert.ThrowsAsync<EngramException>(async () => await large.CommitAsync())).SqlState);
                }
                else
                {
                    Assert.Equal("54000", Assert.Throws<EngramException>(() => EpisodeTable.Insert(large, Row(1000))).SqlState);
                    large.RollbackStatement();
                    large.BeginStatement().Dispose();
                    EpisodeTable.Insert(large, Row(1));
                    large.EndStatement();
                    await large.CommitAsync();
                }
            }

            using var next = await small.BeginWriteAsync(s_patience, null, default);
            next.BeginStatement().Dispose();
            EpisodeTable.Insert(next, Row(2));
            next.EndStatement();
            await next.CommitAsync();
            Check(small);
        }

        await using var again = Store.Open(directory.Share(), options, NullLogger.Instance);
        Check(again);

        void Check(Store store)
        {
            using var snapshot = store.OpenSnapshot();
            Assert.Equal(isAtCommit ? [2L] : [1, 2], EpisodeTable.Read(snapshot).Select(r => r.Row.Id));
        }
    }

    [Fact]
    public async Task Narrow_updates_log_tens_of_bytes()
    {
        var ids = await InsertAsync(Row(1));
        using var buffer = ClrValue.Constant(DataType.Single, 0.75f);
        var batch = new Batch(1) { RowCount = 1 };
        batch.Columns[0] = buffer.Column;
        var writer = new ByteWriter();
        RedoRecord.WriteUpdate(writer, EpisodeTable.Definition, [ids.First], [new ColumnId(3)], batch, null);
        Assert.InRange(writer.Length, 1, 128);
    }

    private static EpisodeRow Row(long id) => new(id, $"row {id}", 0.5f, DateTimeOffset.UnixEpoch.AddSeconds(id), [1, 2, 3, 4]);

    private ValueTask<Transaction> BeginAsync() => store.BeginWriteAsync(s_patience, null, default);

    private async Task<RowIdRange> InsertAsync(params EpisodeRow[] rows)
    {
        var range = default(RowIdRange);
        await RunAsync(t => range = EpisodeTable.Insert(t, rows));
        return range;
    }

    private async Task RunAsync(Action<Transaction> statement)
    {
        using var transaction = await BeginAsync();
        transaction.BeginStatement().Dispose();
        statement(transaction);
        transaction.EndStatement();
        await transaction.CommitAsync();
    }
}
