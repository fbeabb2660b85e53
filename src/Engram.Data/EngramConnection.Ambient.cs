using System.Data;
using Engram.Data.Engine;
using Transaction = System.Transactions.Transaction;

namespace Engram.Data;

/// <content>Taking part in a <c>TransactionScope</c>.</content>
public sealed partial class EngramConnection
{
    // What this connection does belongs to the scope's session; its own rests meanwhile.
    private AmbientSession? ambient;

    /// <summary>Makes the connection take part in a transaction of System.Transactions: what it does from now on commits or rolls back with it.</summary>
    /// <param name="transaction">Null to take part in none, which is possible when it takes part in none.</param>
    /// <remarks>
    /// Opening inside a <c>TransactionScope</c> does this by itself, unless the connection string says <c>Enlist=False</c>. All connections of one scope to one database work
    /// in one transaction here, also one after the other. Another resource in the same scope is an error when the scope completes: there is no commit in two phases.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The connection is closed, has a transaction of its own, or takes part in another one that has not ended.</exception>
    public override void EnlistTransaction(Transaction? transaction)
    {
        if (state != ConnectionState.Open)
        {
            throw Error.ConnectionNotOpen(nameof(EnlistTransaction));
        }

        Waiting.Result(EnlistAsync(transaction, isAsync: false));
    }

    private ValueTask EnlistInScopeAsync(bool isAsync)
        => settings.Enlist && Transaction.Current is { } current ? EnlistOpenedAsync(current, isAsync) : default;

    private async ValueTask EnlistOpenedAsync(Transaction scope, bool isAsync)
    {
        try
        {
            await EnlistAsync(scope, isAsync).ConfigureAwait(false);
        }
        catch
        {
            await CloseAsync(isAsync).ConfigureAwait(false);
            throw;
        }
    }

    private async ValueTask EnlistAsync(Transaction? scope, bool isAsync)
    {
        if (ambient is { IsEnded: false })
        {
            if (ambient.Scope.Equals(scope))
            {
                return;
            }

            throw Error.CannotEnlist("it takes part in another one that has not ended.");
        }

        ambient = null;
        if (scope is null)
        {
            return;
        }

        if (session!.Transaction is { IsEnded: false })
        {
            throw Error.CannotEnlist("a transaction that was begun on it is active. Commit it or roll it back first.");
        }

        var target = lease!.Database.Target;
        if (AmbientSession.Find(scope, target.Key) is { } joined)
        {
            ambient = joined;
            return;
        }

        // Of its own, so that the database stays open when this connection closes before the scope ends.
        var held = await DatabaseRegistry.OpenAsync(target, source?.Logger ?? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, isAsync, CancellationToken.None).ConfigureAwait(false);
        var isTaken = false;
        try
        {
            ambient = AmbientSession.Join(scope, target.Key, held, settings.Mode == EngramOpenMode.ReadOnly, settings.MaxParallelism, out isTaken);
        }
        finally
        {
            if (!isTaken)
            {
                await held.ReturnAsync(isAsync).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The session of the scope; the connection's own again once the scope has ended.</summary>
    private Session? AmbientOrOwn()
    {
        if (!ambient!.IsEnded)
        {
            return ambient.Session;
        }

        // Inside of a scope that was rolled back already, by its timeout, nothing may be written as if there were none.
        if (ambient.IsRolledBack && ambient.Scope is { } scope && IsCurrent(scope))
        {
            throw Error.AmbientTransactionEnded();
        }

        ambient.EndAborted();
        ambient = null;
        return session;
    }

    private static bool IsCurrent(Transaction scope)
    {
        try
        {
            return scope.Equals(Transaction.Current);
        }
        catch (InvalidOperationException)
        {
            // A scope that was completed and not yet disposed hides its transaction: it is not this one that is in use.
            return true;
        }
    }
}
