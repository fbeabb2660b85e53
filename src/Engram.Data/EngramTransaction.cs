using System.Data;
using System.Data.Common;
using Engram.Data.Engine;

namespace Engram.Data;

/// <summary>A transaction: what its connection does until <see cref="Commit"/> happens as a whole or not at all.</summary>
/// <remarks>
/// It takes the write lock with its first write, not before, and holds it until it ends: one transaction writes at a time, others wait in order for up
/// to their command timeout. A statement that fails is undone alone; the transaction goes on. Disposing one that was not committed rolls it back.
/// </remarks>
public sealed class EngramTransaction : DbTransaction
{
    private readonly EngramConnection connection;
    private readonly SessionTransaction inner;
    private bool isDisposed;

    internal EngramTransaction(EngramConnection connection, SessionTransaction inner)
    {
        this.connection = connection;
        this.inner = inner;
    }

    /// <summary>The connection; null once the transaction has ended.</summary>
    public new EngramConnection? Connection => inner.IsEnded ? null : connection;

    /// <summary>What it sees of others: ReadCommitted, Snapshot or Serializable.</summary>
    public override IsolationLevel IsolationLevel => inner.Isolation switch
    {
        Isolation.ReadCommitted => IsolationLevel.ReadCommitted,
        Isolation.Snapshot => IsolationLevel.Snapshot,
        _ => IsolationLevel.Serializable,
    };

    /// <inheritdoc/>
    public override bool SupportsSavepoints => true;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection => Connection;

    internal bool IsActiveOn(EngramConnection other) => !inner.IsEnded && ReferenceEquals(connection, other);

    /// <summary>Makes the transaction's changes lasting. Returns when they are as durable as the connection string's <c>Durability</c> asks.</summary>
    /// <exception cref="EngramException">53100: no room, rolled back. 08007: the sync failed; whether it is on the disk is not known until the database is reopened.</exception>
    public override void Commit() => Waiting.Result(CommitAsync(isAsync: false));

    /// <summary>The same as <see cref="Commit"/>, without holding a thread. Once it waits for the disk it cannot be cancelled.</summary>
    public override Task CommitAsync(CancellationToken cancellationToken = default)
        => cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : CommitAsync(isAsync: true).AsTask();

    /// <summary>Undoes everything that the transaction did.</summary>
    public override void Rollback()
    {
        ThrowIfEnded();
        connection.Session.Rollback(inner);
    }

    /// <inheritdoc/>
    public override Task RollbackAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        Rollback();
        return Task.CompletedTask;
    }

    /// <summary>Marks a point that <see cref="Rollback(string)"/> returns to. A name that is used again hides the earlier one.</summary>
    public override void Save(string savepointName)
    {
        ThrowIfEnded();
        ArgumentException.ThrowIfNullOrEmpty(savepointName);
        inner.CreateSavepoint(savepointName);
    }

    /// <summary>Undoes everything since a savepoint, which stays.</summary>
    /// <exception cref="EngramException">3B001: there is none of this name.</exception>
    public override void Rollback(string savepointName)
    {
        ThrowIfEnded();
        ArgumentException.ThrowIfNullOrEmpty(savepointName);
        inner.RollbackToSavepoint(savepointName);
    }

    /// <summary>Forgets a savepoint and those after it, and keeps what was done since.</summary>
    /// <exception cref="EngramException">3B001: there is none of this name.</exception>
    public override void Release(string savepointName)
    {
        ThrowIfEnded();
        ArgumentException.ThrowIfNullOrEmpty(savepointName);
        inner.ReleaseSavepoint(savepointName);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !inner.IsEnded)
        {
            Rollback();
        }

        isDisposed = true;
        base.Dispose(disposing);
    }

    private async ValueTask CommitAsync(bool isAsync)
    {
        ThrowIfEnded();
        await connection.Session.CommitAsync(inner, isAsync).ConfigureAwait(false);
    }

    private void ThrowIfEnded()
    {
        if (inner.IsEnded)
        {
            throw isDisposed ? Error.TransactionDisposed() : Error.TransactionEnded();
        }
    }
}
