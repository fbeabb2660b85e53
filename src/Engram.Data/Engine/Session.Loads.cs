using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>Writes that are no statement of SQL.</summary>
internal sealed partial class Session
{
    /// <summary>Runs something as one statement: in the transaction that is active, else in one of its own.</summary>
    public async ValueTask WriteAsync(string name, Interrupt interrupt, bool isAsync, Action<Transaction> statement)
    {
        if (Transaction is { } transaction)
        {
            using var hold = await transaction.HoldAsync(isAsync).ConfigureAwait(false);
            RunStatement(await transaction.EnterWriteAsync(name, interrupt, isAsync).ConfigureAwait(false), statement);
            GC.KeepAlive(transaction);
            return;
        }

        if (isReadOnly)
        {
            throw Error.ReadOnlyConnection(name);
        }

        var writer = await interrupt.BeginWriteAsync(store, null, isAsync).ConfigureAwait(false);
        try
        {
            RunStatement(writer, statement);
            ActAtCommit(writer);
            _ = isAsync ? await writer.CommitAsync().ConfigureAwait(false) : writer.Commit();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private static void RunStatement(Transaction writer, Action<Transaction> statement)
    {
        writer.BeginStatement().Dispose();
        try
        {
            statement(writer);
        }
        catch
        {
            writer.RollbackStatement();
            throw;
        }

        // It undoes the statement itself when a key is violated.
        writer.EndStatement();
    }
}
