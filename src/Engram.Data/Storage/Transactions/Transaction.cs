using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Transactions;

/// <summary>A range of consecutive row ids, as given to the rows of one inserted batch in order.</summary>
internal readonly record struct RowIdRange(long First, int Count);

/// <summary>Door 2, writing: the one write transaction, from its first write to its commit or rollback.</summary>
/// <remarks>
/// <para>It holds the write lock from <c>Store.BeginWriteAsync</c> on. Work is done in statements: <see cref="BeginStatement"/>, any writes,
/// then <see cref="EndStatement"/>, which checks keys, or <see cref="RollbackStatement"/>, which undoes that statement alone. A snapshot from
/// <see cref="BeginStatement"/> sees everything committed up to the appended horizon, plus the writes of earlier statements of
/// this transaction, never those of its own statement.</para>
/// <para>Used by one thread at a time. Disposing a transaction that was not committed rolls it back.</para>
/// </remarks>
internal abstract class Transaction : RowTarget, IAsyncDisposable, IDisposable
{
    /// <summary>Where <see cref="Catalog"/> looks up names without a schema; default for the public one.</summary>
    public System.Collections.Immutable.ImmutableArray<string> SearchPath { get; set; }

    /// <summary>Looked at while keys of many rows are checked; set for each statement. A commit looks at none.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>The schema with this transaction's changes.</summary>
    public abstract DatabaseCatalog Catalog { get; }

    /// <summary>Begins the next statement and gives the view that it reads; dispose the view when its readers are done.</summary>
    public abstract Snapshot BeginStatement();

    /// <summary>A view of all that this transaction has done so far, for a reader that may stay open while later statements write.</summary>
    public abstract Snapshot OpenSnapshot();

    /// <summary>Whether statements see an earlier moment than the one that keys are checked against: at snapshot isolation, when others have committed since.</summary>
    public virtual bool ReadsEarlierMoment => false;

    /// <summary>Whether another transaction changed or deleted a row since the moment that statements see: changing it would be refused.</summary>
    public virtual bool HasChangedSinceSnapshot(TableId table, long rowId) => false;

    /// <summary>As <see cref="OpenSnapshot"/>, but with everything that others committed: what foreign keys are checked against at every isolation.</summary>
    public virtual Snapshot OpenLatestSnapshot() => OpenSnapshot();

    /// <summary>Checks NOT NULL and unique keys of what the statement wrote; on a violation the statement is rolled back and the error thrown.</summary>
    public abstract void EndStatement();

    /// <summary>Undoes what the statement wrote, as if it had not begun.</summary>
    public abstract void RollbackStatement();

    /// <summary>Makes the rows of a complete load part of its table, as if the running statement had inserted them.</summary>
    /// <exception cref="EngramException">40001: the table was altered since the load began.</exception>
    public abstract void Attach(BulkLoad load);

    /// <summary>Deletes visible rows by row id; ids that are not visible (deleted twice by one statement) are ignored.</summary>
    /// <returns>How many rows were deleted.</returns>
    public abstract int Delete(TableId table, ReadOnlySpan<long> rowIds);

    /// <summary>Gives columns of visible rows new values; columns that are not named keep theirs and are not copied.</summary>
    /// <param name="columns">Which columns, each once.</param>
    /// <param name="values">One column for each of <paramref name="columns"/>; row i belongs to the i-th row id (selection not allowed).</param>
    public abstract int Update(TableId table, ReadOnlySpan<long> rowIds, ReadOnlySpan<ColumnId> columns, Batch values);

    /// <summary>Changes the schema: creates or replaces a table definition. A new index is filled from the rows that are there.</summary>
    public abstract void PutTable(TableDefinition table);

    /// <summary>The definition of a table that is about to be changed, with ids for new columns that no column ever had.</summary>
    public abstract TableDefinition BeginChange(TableId table);

    /// <summary>Takes values of one column for all visible rows, which have none in it yet: it is new in this transaction's definition of the table, and indexes of it come
    /// afterwards.</summary>
    public abstract ColumnFill BeginFill(TableId table, ColumnId column);

    /// <summary>The number that an identity column would give next.</summary>
    public abstract long PeekIdentity(TableId table, ColumnId column);

    public abstract void DropTable(TableId table);

    /// <summary>Creates or replaces a view or a sequence.</summary>
    public virtual void PutObject(SchemaObject thing) => throw Error.Internal("this transaction keeps no views and sequences");

    public virtual void DropObject(ObjectId id) => throw Error.Internal("this transaction keeps no views and sequences");

    public abstract void PutSchema(string schema);

    public abstract void DropSchema(string schema);

    /// <summary>Marks a point to return to. Savepoints nest; a name may be used again and then hides the earlier one.</summary>
    public abstract void CreateSavepoint(string name);

    /// <summary>Undoes everything since the savepoint, which stays. 3B001 when there is none of that name.</summary>
    public abstract void RollbackToSavepoint(string name);

    public abstract void ReleaseSavepoint(string name);

    /// <summary>Appends the transaction to the log, releases the write lock, and completes when the commit is as durable as configured.</summary>
    /// <returns>The commit's place, or the appended horizon it read when it wrote nothing.</returns>
    /// <remarks>Before it is queued a failure (disk full) leaves the transaction rolled back. Once queued it can neither be cancelled nor
    /// time out; when the sync fails it throws 08007, the outcome being unknown until the database is reopened.</remarks>
    public abstract ValueTask<Lsn> CommitAsync();

    /// <summary>As <see cref="CommitAsync"/>, blocking the calling thread, with no need for another one.</summary>
    public abstract Lsn Commit();

    public abstract void Rollback();

    public abstract void Dispose();

    public abstract ValueTask DisposeAsync();
}
