using System.Data.Common;
using Engram.Data;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace Engram.EntityFrameworkCore.Update;

/// <summary>Finds the row that made an INSERT of many rows fail, so that the exception names its entry and not all of them.</summary>
/// <remarks>
/// The statement has changed nothing. Its rows are inserted again one by one, in the same transaction up to a savepoint, or else in one of their own, until
/// one fails with the statement's own message; then all of it is rolled back. A row that fails in another way is left out and not named: a statement looks
/// at its rows index by index, so that what it has told need not be about the first of them that does not fit. This costs something only where a statement
/// has failed. Numbers that identities and sequences give meanwhile are lost, as with every statement that fails.
/// </remarks>
internal sealed class FailedInsert(IRelationalConnection connection, EngramException failure)
{
    private const string Savepoint = "engram failed insert";

    /// <summary>Whether an error can be that of one row: a value or a constraint.</summary>
    public bool IsOfOneRow => IsOfRow(failure);

    /// <summary>The place of the row among the commands; null when none of them fails as the statement did, or it cannot be tried.</summary>
    /// <param name="commands">An INSERT of one row each.</param>
    public async ValueTask<int?> FindAsync(IReadOnlyList<IRelationalCommand> commands, IReadOnlyList<RelationalCommandParameterObject> parameters, bool isAsync, CancellationToken cancellationToken)
    {
        if (connection is ITransactionEnlistmentManager { EnlistedTransaction: not null } or ITransactionEnlistmentManager { CurrentAmbientTransaction: not null })
        {
            return null;
        }

        try
        {
            return connection.CurrentTransaction?.GetDbTransaction() is { } current
                ? await TryUpToSavepointAsync(current, commands, parameters, isAsync, cancellationToken).ConfigureAwait(false)
                : await TryInOwnTransactionAsync(commands, parameters, isAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EngramException or OperationCanceledException or InvalidOperationException)
        {
            // It cannot be tried, because of the state that the database or the connection is in, or there is no time. What failed before is what is told.
            return null;
        }
    }

    private static bool IsOfRow(EngramException e)
        => e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal);

    private async ValueTask<int?> TryUpToSavepointAsync(
        DbTransaction transaction, IReadOnlyList<IRelationalCommand> commands, IReadOnlyList<RelationalCommandParameterObject> parameters, bool isAsync,
        CancellationToken cancellationToken)
    {
        if (isAsync)
        {
            await transaction.SaveAsync(Savepoint, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            transaction.Save(Savepoint);
        }

        try
        {
            return await FirstToFailAsync(transaction, commands, parameters, isAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            transaction.Rollback(Savepoint);
            transaction.Release(Savepoint);
        }
    }

    private async ValueTask<int?> TryInOwnTransactionAsync(
        IReadOnlyList<IRelationalCommand> commands, IReadOnlyList<RelationalCommandParameterObject> parameters, bool isAsync, CancellationToken cancellationToken)
    {
        var transaction = isAsync
            ? await connection.DbConnection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false)
            : connection.DbConnection.BeginTransaction();
        try
        {
            return await FirstToFailAsync(transaction, commands, parameters, isAsync, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            transaction.Rollback();
            transaction.Dispose();
        }
    }

    private async ValueTask<int?> FirstToFailAsync(
        DbTransaction transaction, IReadOnlyList<IRelationalCommand> commands, IReadOnlyList<RelationalCommandParameterObject> parameters, bool isAsync,
        CancellationToken cancellationToken)
    {
        for (var i = 0; i < commands.Count; i++)
        {
            using var command = commands[i].CreateDbCommand(parameters[i], Guid.NewGuid(), DbCommandMethod.ExecuteNonQuery);
            command.Transaction = transaction;
            try
            {
                _ = isAsync ? await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) : command.ExecuteNonQuery();
            }
            catch (EngramException e) when (IsOfRow(e))
            {
                if (e.SqlState == failure.SqlState && e.Message == failure.Message)
                {
                    return i;
                }
            }
        }

        return null;
    }
}
