using System.Globalization;

namespace Engram.Data;

/// <summary>Errors of transactions, keys and the writers' queue.</summary>
internal static partial class Error
{
    /// <param name="waited">How long this one was willing to wait.</param>
    /// <param name="heldFor">How long the holder has had it.</param>
    /// <param name="waiting">Others in the queue.</param>
    public static EngramException WriteLockTimeout(TimeSpan waited, TimeSpan heldFor, int waiting)
        => new(string.Create(CultureInfo.InvariantCulture, $"The write lock did not become free within {waited.TotalSeconds:0.###} s: another transaction of this process has held it for {heldFor.TotalSeconds:0.###} s{(waiting == 0 ? "" : waiting == 1 ? ", and one more is waiting for it" : $", and {waiting} more are waiting for it")}. Try again, shorten write transactions, or raise 'Default Timeout' or CommandTimeout."), SqlStates.LockNotAvailable);

    public static EngramException ReadOnlyDatabase(string path)
        => new($"The database '{path}' was opened with Mode=ReadOnly; nothing can be written through this connection.", SqlStates.ReadOnlyTransaction);

    public static EngramException NotNullViolation(string table, string column)
        => new($"Column '{table}.{column}' may not be NULL, and the statement gives it NULL or no value. Give it a value or a DEFAULT.", SqlStates.NotNullViolation);

    public static EngramException UniqueViolation(string index, string table, string key)
        => new($"A row of '{table}' with the key {key} exists already; '{index}' allows it once. The statement changed nothing.", SqlStates.UniqueViolation);

    public static EngramException UniqueIndexFails(string index, string table, string key)
        => new($"Unique index '{index}' cannot be created: '{table}' has several rows with the key {key}. Remove the duplicates first.", SqlStates.UniqueViolation);

    public static EngramException RowChangedSinceSnapshot(string table)
        => new($"A row of '{table}' that this transaction wants to change was changed by another transaction after this one's snapshot. Roll back and run the transaction again.", SqlStates.SerializationFailure);

    public static EngramException LockedAfterSnapshot()
        => new("Other transactions have committed since the snapshot of this one, so that rows which FOR UPDATE locks may not be what it reads. Roll back and run the transaction again, with the query that locks first.", SqlStates.SerializationFailure);

    public static EngramException TableChangedSinceSnapshot(string table)
        => new($"Table '{table}', whose definition this transaction wants to change, was changed by another transaction after this one's snapshot. Roll back and run the transaction again.", SqlStates.SerializationFailure);

    public static EngramException TableChangedSinceLoad(string table)
        => new($"Table '{table}' was altered, indexed or dropped by another transaction while rows were loaded into it. Run the load again.", SqlStates.SerializationFailure);

    /// <param name="what">What the memory is for.</param>
    public static EngramException MemoryLimitReached(string what, long neededBytes, long usedBytes, long limitBytes)
        => new(string.Create(CultureInfo.InvariantCulture, $"{neededBytes:N0} more bytes of memory for {what} do not fit: {usedBytes:N0} of the {limitBytes:N0} bytes of 'Memory Limit' are taken. Narrow the statement with WHERE or LIMIT, run fewer at a time, or raise 'Memory Limit'."), SqlStates.OutOfMemory);

    public static EngramException TransactionTooLarge(long ownBytes, long limitBytes)
        => new(string.Create(CultureInfo.InvariantCulture, $"A transaction has written rows that take {ownBytes:N0} bytes of memory; 'Memory Limit' is {limitBytes:N0} bytes. Its statement was undone. Load rows with EngramBulkCopy, which needs no memory for them, commit more often, or raise 'Memory Limit'."), SqlStates.OutOfMemory);

    public static EngramException MemoryNotGivenBack(TimeSpan waited, long usedBytes, long limitBytes)
        => new(string.Create(CultureInfo.InvariantCulture, $"New rows take {usedBytes:N0} bytes, all of 'Memory Limit' ({limitBytes:N0} bytes), and no checkpoint gave memory back within {waited.TotalSeconds:0.###} s. Close readers and transactions that have long been open, which keep it; look for failing checkpoints in the log; or raise 'Memory Limit'."), SqlStates.OutOfMemory);

    public static EngramException SchemaChangedSinceSnapshot()
        => new("The schema was changed by another transaction after this one's snapshot. Roll back and run the transaction again.", SqlStates.SerializationFailure);

    public static EngramException ReferenceAddedSinceSnapshot(string referencedTable, string key, string table, string constraint)
        => new($"The row of table '{referencedTable}' with {key} was given a referring row in table '{table}' (foreign key '{constraint}') by another transaction after this one's snapshot. Roll back and run the transaction again.", SqlStates.SerializationFailure);

    public static EngramException SnapshotTooOld()
        => new("The rows that this transaction's snapshot shows have been written to segments meanwhile, and it cannot write beside a newer state. Roll back and run the transaction again.", SqlStates.SerializationFailure);

    public static EngramException NoSuchSavepoint(string name)
        => new($"There is no savepoint '{name}' in this transaction. It may have been released, or undone by a rollback to an earlier one.", SqlStates.InvalidSavepoint);

    public static EngramException TransactionFinished()
        => new("The transaction has already been committed or rolled back.", SqlStates.NoActiveTransaction);

    public static EngramException DatabaseClosed(string path)
        => new($"The database '{path}' is being closed.", SqlStates.ConnectionDoesNotExist);

    public static EngramException RedoDamaged(long lsn, string what)
        => new($"The log's commit {lsn} passed its checksum but cannot be applied: {what}. The log or the segments it builds on are damaged; restore a backup.", SqlStates.DataCorrupted);

    public static EngramException AmbientTransactionEnded()
        => new("The TransactionScope (or System.Transactions transaction) that this connection takes part in has ended, by its timeout or by Dispose, and what was done in it was rolled back. Dispose the scope before you use the connection again.", SqlStates.TransactionAborted);

    public static EngramException TransactionOfScope()
        => new("COMMIT and ROLLBACK are not for a connection that takes part in a TransactionScope: call Complete on the scope, or dispose it without.", SqlStates.InvalidTransactionState);

    public static EngramException SeveralResources()
        => new("This TransactionScope has other resources than one database of Engram.Data, and cannot be committed as a whole: the commit would need two phases, and an embedded database cannot promise between them that it will reach the disk. Use one scope for each, or 'Enlist=False' in the connection string of those that need not take part.", SqlStates.FeatureNotSupported);

    public static InvalidOperationException CannotEnlist(string why)
        => new($"The connection cannot take part in the transaction: {why}");
}
