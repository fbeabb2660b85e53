using System.Collections.Concurrent;
using System.Transactions;

namespace Engram.Data.Engine;

/// <summary>A session that takes part in a <see cref="System.Transactions.Transaction"/>: commits and rolls back with it.</summary>
/// <remarks>
/// <para>The problem: an application opens a <c>TransactionScope</c>, and inside of it connections come and go (EF Core opens one for every operation). What they do
/// must be one transaction here. There is one writer at a time, so that two connections of one scope could not both write: they share one session instead.</para>
/// <code>
///   scope ──────────────────────────────────────────────── Complete, Dispose
///     connection A: Open ─ joins ─ INSERT ─ Close               │
///       connection B:     Open ─ joins ─ SELECT (sees A's row) ─ Close
///   AmbientSession: lease + session, its transaction ─────────── commit or rollback, both given back
/// </code>
/// <para>Invariants: one for each scope and database. It holds a lease of its own, so that the database stays open until the scope ends. The scope may end on another
/// thread (its timeout does), while a statement runs: whoever uses the transaction holds its gate, and the end waits for the gate without holding a thread. While readers are open it only forbids what would follow:
/// rows that a getter may be reading are given back by the thread that reads them, with its last reader or its next step.</para>
/// <para>A scope with a second resource asks for two-phase commit. What was prepared here could still fail to reach the disk, so that would be a promise we cannot
/// keep: the scope is rolled back with an error that says so.</para>
/// </remarks>
internal sealed class AmbientSession : ISinglePhaseNotification
{
    private static readonly ConcurrentDictionary<(Transaction Scope, string Database), AmbientSession> Sessions = new();

    private static readonly Lock Joining = new();

    private readonly (Transaction Scope, string Database) key;
    private readonly SessionTransaction transaction;
    private readonly DatabaseLease lease;
    private volatile bool isEnded;

    private AmbientSession((Transaction Scope, string Database) key, DatabaseLease lease, Session session, SessionTransaction transaction)
    {
        this.key = key;
        this.lease = lease;
        this.transaction = transaction;
        Session = session;
    }

    public Session Session { get; }

    public Transaction Scope => key.Scope;

    /// <summary>Whether the scope was committed or rolled back. The session must not be used any more then.</summary>
    public bool IsEnded => isEnded;

    public bool IsRolledBack { get; private set; }

    /// <summary>The session of a scope and a database; null when no connection has joined yet.</summary>
    public static AmbientSession? Find(Transaction scope, string database) => Sessions.TryGetValue((scope, database), out var found) ? found : null;

    /// <summary>The session of a scope: that of whoever was first, or one that begins now and takes over the lease. Two threads that join at once must not begin two.</summary>
    /// <param name="isLeaseTaken">Whether the lease is the session's now; else it is still the caller's to return.</param>
    public static AmbientSession Join(Transaction scope, string database, DatabaseLease lease, bool isReadOnly, int maxParallelism, out bool isLeaseTaken)
    {
        // Nothing in here waits: a transaction takes the write lock with its first statement that needs it, and the framework calls back for a scope's end only.
        lock (Joining)
        {
            isLeaseTaken = false;
            if (Find(scope, database) is { } joined)
            {
                return joined;
            }

            var begun = Begin(scope, database, lease, isReadOnly, maxParallelism);
            isLeaseTaken = true;
            return begun;
        }
    }

    private static AmbientSession Begin(Transaction scope, string database, DatabaseLease lease, bool isReadOnly, int maxParallelism)
    {
        var key = (scope.Clone(), database);
        var session = new Session(lease.Database, isReadOnly, maxParallelism);
        var begun = session.Begin(ToIsolation(scope.IsolationLevel));
        begun.Gate = new SemaphoreSlim(1, 1);
        var ambient = new AmbientSession(key, lease, session, begun);
        begun.Drained = ambient.EndAborted;
        Sessions[key] = ambient;
        try
        {
            scope.EnlistVolatile(ambient, EnlistmentOptions.None);
            return ambient;
        }
        catch
        {
            Sessions.TryRemove(key, out _);
            session.Dispose();
            throw;
        }
    }

    /// <summary>This is the only resource: commit.</summary>
    public void SinglePhaseCommit(SinglePhaseEnlistment singlePhaseEnlistment)
    {
        try
        {
            transaction.Gate!.Wait();
            if (transaction.IsEnded)
            {
                throw Error.AmbientTransactionEnded();
            }

            Waiting.Result(Session.CommitAsync(transaction, isAsync: false));
        }
        catch (EngramException e) when (e.SqlState == SqlStates.TransactionResolutionUnknown)
        {
            End(isRolledBack: false);
            singlePhaseEnlistment.InDoubt(e);
            return;
        }
        catch (Exception e)
        {
            End(isRolledBack: true);
            singlePhaseEnlistment.Aborted(e);
            return;
        }

        End(isRolledBack: false);
        singlePhaseEnlistment.Committed();
    }

    /// <summary>There is another resource in the scope.</summary>
    public void Prepare(PreparingEnlistment preparingEnlistment)
    {
        transaction.Gate!.Wait();
        End(isRolledBack: true);
        preparingEnlistment.ForceRollback(Error.SeveralResources());
    }

    /// <summary>The scope was not completed, or its time ran out: then this is another thread than the one that works with the connection.</summary>
    public void Rollback(Enlistment enlistment) => _ = RollbackAsync(enlistment);

    /// <summary>Never asked for, since nothing is ever prepared.</summary>
    public void Commit(Enlistment enlistment) => throw Error.Internal("a commit in two phases");

    /// <summary>Never asked for, since nothing is ever prepared.</summary>
    public void InDoubt(Enlistment enlistment) => throw Error.Internal("a commit in two phases");

    private async Task RollbackAsync(Enlistment enlistment)
    {
        await transaction.Gate!.WaitAsync().ConfigureAwait(false);
        if (transaction.TryAbortLater())
        {
            // Its rows stay where they are for as long as somebody may be reading one this very moment.
            IsRolledBack = true;
            isEnded = true;
            Sessions.TryRemove(key, out _);
            transaction.Gate.Release();
        }
        else
        {
            End(isRolledBack: true);
        }

        enlistment.Done();
    }

    /// <summary>Does what a rollback from another thread left to the one that works with the connections.</summary>
    public void EndAborted()
    {
        if (transaction is { IsAborted: true, IsEnded: false })
        {
            transaction.Gate!.Wait();
            End(isRolledBack: true);
        }
    }

    /// <summary>With the gate held, which is never opened again: a statement that waits there must look whether the transaction has ended.</summary>
    private void End(bool isRolledBack)
    {
        IsRolledBack = isRolledBack;
        isEnded = true;
        Sessions.TryRemove(key, out _);
        try
        {
            // Rolls back what was not committed.
            Session.Dispose();
        }
        finally
        {
            transaction.Gate!.Release();
            Waiting.Result(lease.ReturnAsync(isAsync: false));
        }
    }

    private static Isolation ToIsolation(IsolationLevel level) => level switch
    {
        IsolationLevel.Unspecified or IsolationLevel.ReadUncommitted or IsolationLevel.ReadCommitted => Isolation.ReadCommitted,
        IsolationLevel.RepeatableRead or IsolationLevel.Snapshot => Isolation.Snapshot,
        _ => Isolation.Serializable,
    };
}
