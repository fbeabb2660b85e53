using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Transactions;

/// <summary>The write transaction: changes go straight to the delta, out of everybody's sight, and to a redo payload beside it.</summary>
/// <remarks>
/// <para><b>Picture.</b> Rows, ends and patches are written where they will stay, stamped with minus the statement's number; the undo log
/// remembers each. The payload collects redo records. <see cref="CommitAsync"/> rewrites the stamps to the LSN that the commit is about to get,
/// appends the payload to the log, gives the write lock away and waits for the sync. Nobody sees the LSN before the sync, so nobody
/// sees the rewrite half done.</para>
/// <para><b>Invariants.</b> Exactly one instance is active. Stamps of one chunk ascend. The payload up to a mark, replayed, gives exactly what the
/// undo log up to the same mark has done.</para>
/// <para><b>Crash.</b> Before the append: the log knows nothing, the memory is gone. Between append and sync: the commit is either whole in the log
/// or cut as a torn tail; it was not acknowledged. After the sync: it is recovered.</para>
/// </remarks>
internal sealed partial class WriteTransaction : Transaction
{
    private readonly DirectoryStore store;
    private readonly long appended;
    private readonly long? asOf;
    private readonly UndoLog undo = new();
    private readonly ByteChunks payload;
    private readonly Dictionary<TableId, RowChanges> changes = [];
    private readonly Dictionary<TableId, List<RowIdRange>> touched = [];
    private readonly List<Savepoint> savepoints = [];
    private readonly List<TableId> created = [];
    private readonly HashSet<TableId> written = [];
    private readonly DatabaseCatalog catalogBefore;
    private DatabaseCatalog catalog;
    private Savepoint statementStart;
    private readonly MemoryReservation memory;
    private readonly long deltaBytesBefore;
    private long statement;
    private bool isFinished;

    public WriteTransaction(DirectoryStore store, Lsn? asOf)
    {
        this.store = store;
        payload = store.TakeRedo();
        memory = new MemoryReservation(store.Memory, "the log records of a transaction");
        deltaBytesBefore = store.Memory.DeltaBytes;
        this.asOf = asOf?.Value;
        appended = store.Appended.Value;
        catalogBefore = catalog = store.LatestCatalog;
        statementStart = Mark("");
    }

    public override DatabaseCatalog Catalog => catalog.Along(SearchPath);

    /// <summary>For one record.</summary>
    private ByteWriter Redo => payload.Writer;

    private ReadHorizon Horizon(long statementLimit) => new(asOf ?? appended, statementLimit, HasGap: asOf < appended);

    public override Snapshot BeginStatement()
    {
        CheckActive();
        statement++;
        ForgetTouched();
        statementStart = Mark("");
        return store.OpenOwnSnapshot(Horizon(statement), catalog);
    }

    public override Snapshot OpenSnapshot()
    {
        CheckActive();
        return store.OpenOwnSnapshot(Horizon(statement + 1), catalog);
    }

    public override bool ReadsEarlierMoment => asOf < appended;

    public override bool HasChangedSinceSnapshot(TableId table, long rowId) => asOf is { } lsn && ChangesOf(table).HasChangedSince(rowId, lsn);

    public override Snapshot OpenLatestSnapshot()
    {
        CheckActive();
        return store.OpenOwnSnapshot(new ReadHorizon(appended, statement + 1), catalog);
    }

    public override void EndStatement()
    {
        CheckActive();
        try
        {
            CheckUniqueKeys();
            CheckAttachedKeys();
        }
        catch
        {
            RollbackStatement();
            throw;
        }
    }

    public override void RollbackStatement()
    {
        CheckActive();
        RollbackTo(statementStart);
        ForgetTouched();
    }

    public override RowIdRange Insert(TableId table, Batch rows)
    {
        CheckActive();
        var definition = catalog.Get(table);
        var count = rows.SelectedCount;
        if (count == 0)
        {
            return default;
        }

        for (var i = 0; i < definition.Columns.Length; i++)
        {
            CheckColumn(definition, definition.Columns[i], rows.Columns[i], rows);
        }

        var counters = store.CountersOf(table);
        var range = new RowIdRange(counters.TakeRowIds(count), count);
        ChangesOf(table).Insert(rows, range.First, -statement);
        written.Add(table);
        RedoRecord.WriteInsert(Redo, definition, range.First, rows);
        CheckMemory();
        Touch(table, range);
        return range;
    }

    public override int Delete(TableId table, ReadOnlySpan<long> rowIds)
    {
        CheckActive();
        var rows = ChangesOf(table);
        var deleted = new List<long>(rowIds.Length);
        foreach (var rowId in rowIds)
        {
            CheckUnchanged(rows, rowId);
            if (rows.Delete(rowId, -statement))
            {
                deleted.Add(rowId);
            }
        }

        if (deleted.Count > 0)
        {
            written.Add(table);
            RedoRecord.WriteDelete(Redo, table, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(deleted));
            CheckMemory();
        }

        return deleted.Count;
    }

    public override int Update(TableId table, ReadOnlySpan<long> rowIds, ReadOnlySpan<ColumnId> columns, Batch values)
    {
        CheckActive();
        if (values.Selection is not null || values.RowCount != rowIds.Length || columns.IsEmpty)
        {
            throw Error.Internal($"an update of {rowIds.Length} rows came with {values.RowCount} rows of values for {columns.Length} columns");
        }

        var definition = catalog.Get(table);
        for (var i = 0; i < columns.Length; i++)
        {
            CheckColumn(definition, definition.Columns[definition.IndexOf(columns[i])], values.Columns[i], values);
        }

        var rows = ChangesOf(table);
        var updated = new List<long>(rowIds.Length);
        var selection = new Selection();
        var changesKey = ChangesUniqueKey(definition, columns);
        for (var i = 0; i < rowIds.Length; i++)
        {
            CheckUnchanged(rows, rowIds[i]);
            if (rows.Update(rowIds[i], columns, values, i, -statement))
            {
                updated.Add(rowIds[i]);
                selection.Add(i);
                if (changesKey)
                {
                    Touch(table, new RowIdRange(rowIds[i], 1));
                }
            }
        }

        if (updated.Count > 0)
        {
            written.Add(table);
            RedoRecord.WriteUpdate(
                Redo, definition, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(updated), columns, values,
                updated.Count == rowIds.Length ? null : selection);
            CheckMemory();
        }

        return updated.Count;
    }

    public override long NextIdentity(TableId table, ColumnId column, int count)
    {
        var definition = Column(table, column);
        return store.CountersOf(table).TryTakeIdentity(definition, count, out var first)
            ? first
            : throw Error.IdentityExhausted(catalog.Get(table).ToString(), definition.Name, definition.Type.ToString());
    }

    public override void AdvanceIdentity(TableId table, ColumnId column, long used)
        => store.CountersOf(table).AdvanceIdentity(Column(table, column), used);

    public override void CreateSavepoint(string name)
    {
        CheckActive();
        savepoints.Add(Mark(name));
    }

    public override void RollbackToSavepoint(string name)
    {
        CheckActive();
        var at = FindSavepoint(name);
        RollbackTo(savepoints[at]);
        savepoints.RemoveRange(at + 1, savepoints.Count - at - 1);
        // Whatever statement is the newest, what it wrote is settled: gone, or from before the savepoint.
        statementStart = Mark("");
        ForgetTouched();
    }

    public override void ReleaseSavepoint(string name)
    {
        CheckActive();
        var at = FindSavepoint(name);
        savepoints.RemoveRange(at, savepoints.Count - at);
    }

    public override async ValueTask<Lsn> CommitAsync()
    {
        var lsn = Queue();
        await store.WaitDurableAsync(lsn).ConfigureAwait(false);
        return lsn;
    }

    public override Lsn Commit()
    {
        var lsn = Queue();
        store.WaitDurable(lsn);
        return lsn;
    }

    public override void Rollback()
    {
        CheckActive();
        undo.RollbackAll(appended);
        DetachColumns(0);
        Detach(0);
        store.ForgetTables(created);
        Finish();
        store.ReleaseWriteLock();
    }

    public override void Dispose()
    {
        if (!isFinished)
        {
            Rollback();
        }
    }

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The part of a commit that happens under the write lock, which it releases. Returns the commit that must be durable before this one is acknowledged.</summary>
    private Lsn Queue()
    {
        CheckActive();
        if (payload.Length > 0)
        {
            return Append();
        }

        // It may have read what is appended but not durable yet: it commits only when that is.
        Rollback();
        return new Lsn(appended);
    }

    private Lsn Append()
    {
        var lsn = new Lsn(appended).Next;
        try
        {
            store.Sequences.WriteTo(Redo, catalog);
        }
        catch
        {
            // More than a commit may be: nothing was stamped yet.
            store.Sequences.LogAgain();
            Rollback();
            throw;
        }

        undo.Commit(lsn.Value);
        store.PublishCatalog(catalogBefore, catalog, lsn);
        // Before the append: from then on the commit can become durable at any moment, and a backup that reads it must find the files.
        foreach (var (_, segment) in attached)
        {
            store.Loads.EnterLogged(segment.Segment.Info, lsn);
        }

        foreach (var segment in filled)
        {
            store.Loads.EnterLogged(segment.File, lsn);
        }

        try
        {
            store.AppendToLog(lsn, payload);
        }
        catch
        {
            // Not queued, nothing acknowledged: as if it had been rolled back. No sight of the LSN was possible.
            store.WithdrawCatalog(lsn);
            store.Sequences.LogAgain();
            Rollback();
            throw;
        }

        foreach (var table in written)
        {
            // Also when a statement that wrote it was undone: a needless conflict is rare and harmless.
            if (store.Counters.TryGetValue(table, out var counters))
            {
                counters.ChangedAt = lsn.Value;
            }
        }

        Finish();
        store.Appended = lsn;
        store.ReleaseWriteLock();
        return lsn;
    }

    /// <summary>A transaction may fill the memory once more when it was free at its beginning, and no further.</summary>
    private void CheckMemory()
    {
        memory.Take(payload.Length);
        var ownBytes = store.Memory.DeltaBytes - deltaBytesBefore + payload.Length;
        if (ownBytes > store.Memory.LimitBytes)
        {
            throw Error.TransactionTooLarge(ownBytes, store.Memory.LimitBytes);
        }
    }

    private void Finish()
    {
        isFinished = true;
        ForgetFilled();
        memory.Dispose();
        foreach (var rows in changes.Values)
        {
            rows.Dispose();
        }

        changes.Clear();
        undo.Clear();
        store.GiveBackRedo(payload);
    }

    private Savepoint Mark(string name) => new(name, undo.Mark(), payload.Length, created.Count, attached.Count, filled.Count, catalog);

    private void RollbackTo(Savepoint mark)
    {
        undo.RollbackTo(mark.Undo);
        payload.Truncate(mark.Redo);
        DetachColumns(mark.Filled);
        Detach(mark.Attached);
        if (!ReferenceEquals(catalog, mark.Catalog))
        {
            // Not by the catalogs: a table may have been created and dropped again since.
            store.ForgetTables(created[mark.Created..]);
            created.RemoveRange(mark.Created, created.Count - mark.Created);
            catalog = mark.Catalog;
            ForgetChanges();
        }
    }

    private int FindSavepoint(string name)
    {
        var at = savepoints.FindLastIndex(s => s.Name == name);
        return at < 0 ? throw Error.NoSuchSavepoint(name) : at;
    }

    private RowChanges ChangesOf(TableId table)
    {
        var definition = catalog.Get(table);
        if (!changes.TryGetValue(table, out var rows) || !ReferenceEquals(rows.Table, definition))
        {
            rows?.Dispose();
            changes[table] = rows = new RowChanges(store.VersionOf(table), definition, undo, store.Options.IndexConditions);
        }

        return rows;
    }

    private void ForgetTouched()
    {
        touched.Clear();
        attachedFrom = attached.Count;
    }

    private void ForgetChanges()
    {
        foreach (var rows in changes.Values)
        {
            rows.Dispose();
        }

        changes.Clear();
    }

    private void Touch(TableId table, RowIdRange range)
    {
        if (!touched.TryGetValue(table, out var ranges))
        {
            touched.Add(table, ranges = []);
        }

        if (ranges.Count > 0 && ranges[^1].First + ranges[^1].Count == range.First && ranges[^1].Count < int.MaxValue - range.Count)
        {
            ranges[^1] = new RowIdRange(ranges[^1].First, ranges[^1].Count + range.Count);
            return;
        }

        ranges.Add(range);
    }

    private static bool ChangesUniqueKey(TableDefinition table, ReadOnlySpan<ColumnId> columns)
    {
        foreach (var index in table.Indexes)
        {
            if (index is { IsUnique: true, FilterSql: not null } && (index.FilterColumns.IsEmpty || columns.ContainsAny(index.FilterColumns.AsSpan())))
            {
                // The row may belong to it now, and did not before.
                return true;
            }

            foreach (var column in index.Columns)
            {
                if (index.IsUnique && columns.Contains(column.Column))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void CheckUnchanged(RowChanges rows, long rowId)
    {
        if (asOf is { } lsn && rows.HasChangedSince(rowId, lsn))
        {
            throw Error.RowChangedSinceSnapshot(rows.Table.ToString());
        }
    }

    public static void CheckColumn(TableDefinition table, ColumnDefinition column, Column values, Batch rows)
    {
        if (values.Type.Physical != column.Type.Physical)
        {
            throw Error.Internal($"column {table}.{column.Name} of type {column.Type} was given values of type {values.Type}");
        }

        if (column.IsStoredNotNull && HasNull(values, rows))
        {
            throw Error.NotNullViolation(table.ToString(), column.Name);
        }
    }

    private static unsafe bool HasNull(Column values, Batch rows)
    {
        if (values.Nulls == null)
        {
            return false;
        }

        for (var i = 0; i < rows.SelectedCount; i++)
        {
            if (values.IsNull(rows.RowAt(i)))
            {
                return true;
            }
        }

        return false;
    }

    private ColumnDefinition Column(TableId table, ColumnId column)
    {
        var definition = catalog.Get(table);
        return definition.Columns[definition.IndexOf(column)];
    }

    private void CheckActive()
    {
        if (isFinished)
        {
            throw Error.TransactionFinished();
        }
    }

    /// <summary>A point to return to: how long the logs and the list of created tables were, and the schema.</summary>
    private sealed record Savepoint(string Name, int Undo, long Redo, int Created, int Attached, int Filled, DatabaseCatalog Catalog);
}
