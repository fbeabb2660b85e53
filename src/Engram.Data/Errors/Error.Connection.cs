using System.Data;
using System.Globalization;

namespace Engram.Data;

/// <summary>Connections, commands, readers and transactions: what ADO.NET asks of its callers.</summary>
internal static partial class Error
{
    public static InvalidOperationException ConnectionNotOpen(string member)
        => new($"{member} needs an open connection; this one is closed. Call Open first.");

    public static InvalidOperationException ConnectionNotClosed(string member)
        => new($"{member} needs a closed connection; this one is open. Call Close first.");

    public static InvalidOperationException NoDataSource()
        => new("The connection string names no database. Set Data Source to the database's directory, such as 'Data Source=memory.engram', or to ':memory:'.");

    public static ArgumentException SalvageReadOnly()
        => new("Recovery=Salvage moves damaged files and writes a report; it cannot be combined with Mode=ReadOnly. Use Mode=ReadWrite, or salvage a copy of the directory.");

    public static InvalidOperationException NoConnection(string member)
        => new($"{member} needs a connection; this command has none. Set Connection first.");

    public static InvalidOperationException NoDestinationTable()
        => new("DestinationTableName is empty. Set it to the table that the rows are copied to.");

    public static InvalidOperationException NoCommandText(string member)
        => new($"{member} needs a statement; CommandText is empty.");

    public static ArgumentException OnlyTextCommands(CommandType type)
        => new($"CommandType cannot be {type}: there are only text commands. Write the statement itself, such as SELECT * FROM the table.");

    public static InvalidOperationException ReaderIsOpen(string member)
        => new($"{member} is not possible while a reader of this command is open. Close it first.");

    public static InvalidOperationException WrongTransaction()
        => new("The command's transaction belongs to another connection, or has ended. Set Transaction to one of this connection, or to null.");

    public static InvalidOperationException TransactionEnded()
        => new("This transaction has been committed or rolled back; it cannot be used again.");

    public static ObjectDisposedException TransactionDisposed()
        => new("EngramTransaction", "This transaction was disposed; it cannot be used again.");

    /// <summary>What ADO.NET prescribes for BeginTransaction; SQL's BEGIN gives 25001.</summary>
    public static InvalidOperationException TransactionIsOpen()
        => new(TransactionIsActive().Message);

    public static EngramException TransactionIsActive()
        => new("A transaction is active on this connection already, and transactions do not nest. Commit it or roll it back first, or use a savepoint.", SqlStates.ActiveTransaction);

    public static EngramException NoTransaction(string statement)
        => new($"{statement} needs a transaction; none is active on this connection. Begin one first.", SqlStates.NoActiveTransaction);

    public static ArgumentException UnknownIsolationLevel(IsolationLevel level)
        => new($"The isolation level {level} is not known. Use ReadCommitted, Snapshot (= RepeatableRead) or Serializable.");

    public static EngramException ReadOnlyConnection(string statement)
        => new($"{statement} writes, and this connection or transaction only reads. Open it with Mode=ReadWrite, or begin a transaction that may write.", SqlStates.ReadOnlyTransaction);

    public static EngramException UnknownSavepoint(string name)
        => new($"There is no savepoint named '{name}' in this transaction.", SqlStates.InvalidSavepoint);

    public static EngramException ReaderInvalidated()
        => new("The rows that this reader was reading were undone by a rollback of its transaction. Read them before rolling back.", SqlStates.InvalidTransactionState);

    public static EngramException DatabaseNotFound(string path)
        => new($"There is no database at '{path}', and the connection's Mode does not allow to create one. Check Data Source, or use Mode=ReadWriteCreate.", SqlStates.DatabaseNotFound);

    public static EngramException OpenWithOtherOptions(string path, string keyword, string current, string asked)
        => new($"The database '{path}' is open in this process with {keyword}={current}; this connection asks for {keyword}={asked}. Use the same for all connections, or close the others first.", SqlStates.ObjectInUse);

    public static EngramException DatabaseOpenElsewhere(string path, int processId)
        => new(string.Create(CultureInfo.InvariantCulture, $"The database '{path}' is open in another process{(processId == 0 ? "" : $" (id {processId})")}, and one process at a time writes. End that process, wait for it, or open with Mode=ReadOnly."), SqlStates.LockNotAvailable);

    public static EngramException DatabaseInTransaction(string path)
        => new($"The database '{path}' cannot be deleted while a transaction is open on the connection. Commit it or roll it back first.", SqlStates.ObjectInUse);

    public static EngramException DatabaseInUse(string path, int connectionCount)
        => new(string.Create(CultureInfo.InvariantCulture, $"The database '{path}' cannot be deleted while {connectionCount} connection{(connectionCount == 1 ? "" : "s")} to it {(connectionCount == 1 ? "is" : "are")} open in this process. Close {(connectionCount == 1 ? "it" : "them")} first."), SqlStates.ObjectInUse);

    public static EngramException UnknownSetting(string name, IEnumerable<string> known)
        => new($"There is no setting '{name}'. Known are: {string.Join(", ", known)}.", SqlStates.UndefinedObject);

    public static EngramException SettingIsReadOnly(string name)
        => new($"The setting '{name}' can be shown, not set.", SqlStates.InvalidParameterValue);

    public static EngramException MaintenanceInTransaction(string statement)
        => new($"{statement} cannot run in a transaction that has written. Commit it first.", SqlStates.ActiveTransaction);

    public static EngramException InvalidSetting(string name, string value, string expected)
        => new($"The setting '{name}' cannot be '{value}'. It takes {expected}.", SqlStates.InvalidParameterValue);

    public static ArgumentException UnknownCollection(string name, IEnumerable<string> known)
        => new($"There is no schema collection '{name}'. Known are: {string.Join(", ", known)}.");

    public static ArgumentException TooManyRestrictions(string collection, int count, int countMax)
        => new(string.Create(CultureInfo.InvariantCulture, $"The schema collection '{collection}' takes {countMax} restrictions; {count} were given."));

    public static InvalidOperationException ReaderClosed(string member)
        => new($"{member} is not possible: the reader is closed.");

    public static InvalidOperationException NoResult()
        => new("There is no current result: the statements gave no rows, or NextResult has returned false.");

    public static InvalidOperationException NoRow()
        => new("There is no current row. Call Read first, and read values only while it returns true.");

    // DbDataReader and DbParameterCollection prescribe IndexOutOfRangeException.
#pragma warning disable CA2201
    public static IndexOutOfRangeException NoParameter(string name, IEnumerable<string> known)
        => new($"There is no parameter named '{name}'. Known are: {string.Join(", ", known)}.");

    public static IndexOutOfRangeException NoColumn(int ordinal, int count)
        => new(string.Create(CultureInfo.InvariantCulture, $"There is no column {ordinal}: the result has {count} columns, counted from 0."));

    public static IndexOutOfRangeException NoColumn(string name, IEnumerable<string> known)
        => new($"There is no column named '{name}'. The result has: {string.Join(", ", known)}.");
#pragma warning restore CA2201

    public static InvalidCastException NullColumn(string column)
        => new($"Column '{column}' is NULL in this row. Ask IsDBNull first, or use GetFieldValue with a nullable type.");

    public static InvalidCastException WrongGetter(string column, string type, string asked, string canonical)
        => new($"Column '{column}' is of type {type}, which cannot be read as {asked}. Use GetFieldValue<{canonical}>, or cast the column in the query.");

    public static InvalidCastException ValueDoesNotFit(string column, string type, string shown, string asked)
        => new($"Column '{column}' of type {type} holds {shown} in this row, which does not fit {asked}. Use a wider type.");
}
