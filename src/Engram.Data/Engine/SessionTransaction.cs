using Engram.Data.Columns;
using Engram.Data.Storage;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>What a transaction sees of others.</summary>
internal enum Isolation
{
    /// <summary>Each statement sees what was committed before it; from the first write on, what was committed before that, and its own.</summary>
    ReadCommitted,
    /// <summary>All statements see one moment; changing a row that another transaction changed since is 40001.</summary>
    Snapshot,
    /// <summary>The write lock is taken by the first statement, so that nothing changes but by this transaction.</summary>
    Serializable,
}

/// <summary>An explicit transaction of a session.</summary>
/// <remarks>
/// <para>It costs nothing until its first statement, and takes the write lock only with its first write: a transaction that reads never waits.</para>
/// <code>
///   begin ── reads: store.OpenSnapshot() each, or one for all ──┬── first write: BeginWriteAsync, then all through the writer ── commit
///                                                               └── commit: nothing to do
/// </code>
/// <para>Savepoints set before the first write are only remembered, and set in the writer when it begins: nothing was written before them.</para>
/// <para>Readers over the writer's own rows end with it, since the storage stamps those rows anew: before a commit what they have not read yet is
/// copied, and after a rollback they give an error, for the rows are gone.</para>
/// </remarks>
internal sealed class SessionTransaction(Store store, Isolation isolation, bool isReadOnly)
{
    private readonly List<string> savepoints = [];
    private readonly List<QueryReader> ownReaders = [];
    private SharedSnapshot? pinned;
    private WriterGuard? guard;

    public Isolation Isolation { get; private set; } = isolation;

    public bool IsReadOnly { get; private set; } = isReadOnly;

    /// <summary>SET TRANSACTION: another level, or reading alone, before anything has settled it.</summary>
    public void Change(Isolation? isolation, bool? isReadOnly)
    {
        if (guard is not null || pinned is not null)
        {
            throw Error.TransactionHasBegun();
        }

        Isolation = isolation ?? Isolation;
        IsReadOnly = isReadOnly ?? IsReadOnly;
    }

    /// <summary>Whether it was committed or rolled back.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Held by whoever uses the transaction, when others than its one thread may end it; null for those of <see cref="EngramTransaction"/>.</summary>
    public SemaphoreSlim? Gate { get; set; }

    /// <summary>Whether it is to be rolled back by the thread that reads its rows, since another thread must not take them from under it.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>Called when the last reader of an aborted transaction's rows is gone.</summary>
    public Action? Drained { get; set; }

    /// <summary>With the gate held, from any thread: nothing more runs in it.</summary>
    /// <returns>False when no reader is open, so that it can be rolled back at once.</returns>
    public bool TryAbortLater()
    {
        IsAborted = ownReaders.Count > 0;
        return IsAborted;
    }

    /// <summary>Takes the gate, if there is one, until the result is disposed.</summary>
    public async ValueTask<GateHold> HoldAsync(bool isAsync)
    {
        if (Gate is null)
        {
            return default;
        }

        if (isAsync)
        {
            await Gate.WaitAsync().ConfigureAwait(false);
        }
        else
        {
            Gate.Wait();
        }

        if (IsEnded || IsAborted)
        {
            Gate.Release();
            throw Error.AmbientTransactionEnded();
        }

        return new GateHold(Gate);
    }

    /// <summary>The write transaction; null before the first write.</summary>
    public Transaction? Writer => guard?.Writer;

    /// <summary>Takes the write lock at the first statement of a serializable transaction; else does nothing.</summary>
    public async ValueTask PrepareStatementAsync(Interrupt interrupt, bool isAsync)
    {
        if (Isolation == Isolation.Serializable && !IsReadOnly && guard is null)
        {
            await EnterWriteAsync("A serializable transaction", interrupt, isAsync).ConfigureAwait(false);
        }
    }

    /// <summary>The view that the next query reads; dispose it with its reader.</summary>
    public ReadView OpenView()
    {
        if (guard is not null)
        {
            return new ReadView(guard.Writer.OpenSnapshot(), null);
        }

        // A serializable transaction that only reads is a snapshot: it stands at one place in the order of commits.
        if (Isolation == Isolation.ReadCommitted)
        {
            return new ReadView(store.OpenSnapshot(), null);
        }

        var shared = Pin();
        shared.Retain();
        return new ReadView(shared.Snapshot, shared);
    }

    /// <summary>The write transaction, begun if need be: waits for the write lock.</summary>
    public async ValueTask<Transaction> EnterWriteAsync(string statement, Interrupt interrupt, bool isAsync)
    {
        if (guard is not null)
        {
            return guard.Writer;
        }

        if (IsReadOnly)
        {
            throw Error.ReadOnlyConnection(statement);
        }

        Lsn? asOf = Isolation == Isolation.Snapshot ? Pin().Snapshot.Lsn : null;
        var begun = await interrupt.BeginWriteAsync(store, asOf, isAsync).ConfigureAwait(false);
        try
        {
            foreach (var name in savepoints)
            {
                begun.CreateSavepoint(name);
            }
        }
        catch
        {
            begun.Dispose();
            throw;
        }

        guard = new WriterGuard(begun);
        return begun;
    }

    /// <summary>Remembers a reader of the writer's rows until it is disposed.</summary>
    public void Attach(QueryReader reader)
    {
        if (guard is not null || Gate is not null)
        {
            ownReaders.Add(reader);
        }
    }

    public void Detach(QueryReader reader)
    {
        if (ownReaders.Remove(reader) && IsAborted && ownReaders.Count == 0)
        {
            Drained?.Invoke();
        }
    }

    public void CreateSavepoint(string name)
    {
        guard?.Writer.CreateSavepoint(name);
        savepoints.Add(name);
    }

    public void RollbackToSavepoint(string name)
    {
        var index = FindSavepoint(name);
        if (guard is not null)
        {
            InvalidateReaders();
            guard.Writer.RollbackToSavepoint(name);
        }

        savepoints.RemoveRange(index + 1, savepoints.Count - index - 1);
    }

    public void ReleaseSavepoint(string name)
    {
        var index = FindSavepoint(name);
        guard?.Writer.ReleaseSavepoint(name);
        savepoints.RemoveRange(index, savepoints.Count - index);
    }

    /// <summary>Ends the transaction; completes when its writes are as durable as configured.</summary>
    public async ValueTask CommitAsync(bool isAsync)
    {
        foreach (var reader in ownReaders)
        {
            reader.Buffer();
        }

        ownReaders.Clear();
        IsEnded = true;
        ReleasePinned();
        if (guard?.Release() is { } committing)
        {
            guard = null;
            await using var _ = committing.ConfigureAwait(false);
            if (isAsync)
            {
                await committing.CommitAsync().ConfigureAwait(false);
            }
            else
            {
                committing.Commit();
            }
        }
    }

    /// <summary>Undoes everything. Nothing happens when it has ended.</summary>
    public void Rollback()
    {
        if (IsEnded)
        {
            return;
        }

        IsEnded = true;
        InvalidateReaders();
        ReleasePinned();
        if (guard?.Release() is { } undone)
        {
            guard = null;
            undone.Rollback();
            undone.Dispose();
        }
    }

    /// <summary>The moment that all statements of this transaction see.</summary>
    private SharedSnapshot Pin() => pinned ??= new SharedSnapshot(store.OpenSnapshot());

    private int FindSavepoint(string name)
        => savepoints.LastIndexOf(name) is >= 0 and var index ? index : throw Error.UnknownSavepoint(name);

    private void InvalidateReaders()
    {
        foreach (var reader in ownReaders)
        {
            reader.Invalidate();
        }

        ownReaders.Clear();
    }

    private void ReleasePinned()
    {
        pinned?.Release();
        pinned = null;
    }
}

/// <summary>The right to use a transaction that another thread may end.</summary>
internal readonly struct GateHold(SemaphoreSlim? gate) : IDisposable
{
    public void Dispose() => gate?.Release();
}

/// <summary>A snapshot that several readers of one transaction read; freed with the last of them. Used by one thread at a time.</summary>
internal sealed class SharedSnapshot(Snapshot snapshot)
{
    private int count = 1;

    public Snapshot Snapshot { get; } = snapshot;

    public void Retain() => count++;

    public void Release()
    {
        if (--count == 0)
        {
            Snapshot.Dispose();
        }
    }
}

/// <summary>A snapshot for one reader, and how to let go of it.</summary>
internal readonly struct ReadView(Snapshot snapshot, SharedSnapshot? shared)
{
    public Snapshot Snapshot { get; } = snapshot;

    public void Release()
    {
        if (shared is not null)
        {
            shared.Release();
        }
        else
        {
            Snapshot?.Dispose();
        }
    }
}
