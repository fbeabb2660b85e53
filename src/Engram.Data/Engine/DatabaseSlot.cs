using Engram.Data.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Engine;

/// <summary>The place of one path in the <see cref="DatabaseRegistry"/>: open, warm or closed. Thread-safe.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "Slots live as long as the process; the semaphore is never asked for a wait handle.")]
internal sealed partial class DatabaseSlot(string key)
{
    private static readonly TimeSpan LockPollMax = TimeSpan.FromMilliseconds(100);

    /// <summary>Held while the database is opened or closed.</summary>
    private readonly SemaphoreSlim opening = new(1, 1);

    /// <summary>Guards the fields below; never held across a wait.</summary>
    private readonly Lock gate = new();

    private Database? database;
    private int leaseCount;
    private bool closesWithLastLease;
    private TimeSpan keepAlive;
    private long idleSince;
    private Timer? timer;
    private ILogger log = NullLogger.Instance;

    public bool IsOpen
    {
        get
        {
            lock (gate)
            {
                return database is not null;
            }
        }
    }

    /// <summary>Null when it is closed.</summary>
    public DatabaseFigures? ReadFigures()
    {
        Database? open;
        int leases;
        lock (gate)
        {
            open = database;
            leases = leaseCount;
        }

        if (open is null)
        {
            return null;
        }

        var (durable, syncs, written, size) = open.Store.LogFigures;
        return new DatabaseFigures(Path.GetFileName(open.Target.Path), leases, durable.Value, syncs, written, size, open.Store.Memory.UsedBytes);
    }

    public async ValueTask<DatabaseLease> LeaseAsync(DatabaseTarget target, ILogger logger, bool isAsync, CancellationToken cancellationToken)
    {
        if (TryJoin(target) is { } joined)
        {
            return joined;
        }

        await EnterAsync(isAsync, cancellationToken).ConfigureAwait(false);
        try
        {
            if (TryJoin(target) is { } other)
            {
                return other;
            }

            // Nobody uses it, and it does not fit: opened with other options, or its directory was deleted, or it is poisoned.
            await CloseCoreAsync(isAsync).ConfigureAwait(false);
            var opened = await OpenCoreAsync(target, logger, isAsync, cancellationToken).ConfigureAwait(false);
            lock (gate)
            {
                log = logger;
                database = opened;
                leaseCount = 1;
                closesWithLastLease = false;
                return new DatabaseLease(this, opened, target.KeepAlive, isFirst: true);
            }
        }
        finally
        {
            opening.Release();
        }
    }

    public async ValueTask ReturnAsync(TimeSpan keepAliveAsked, bool isAsync)
    {
        Database? warm = null;
        lock (gate)
        {
            if (--leaseCount > 0)
            {
                return;
            }

            keepAlive = keepAliveAsked;
            idleSince = Environment.TickCount64;
            if (keepAlive > TimeSpan.Zero && !closesWithLastLease)
            {
                timer ??= new Timer(static s => ((DatabaseSlot)s!).CloseAfterKeepAlive(isForced: false), this, Timeout.Infinite, Timeout.Infinite);
                timer.Change(keepAlive, Timeout.InfiniteTimeSpan);
                // Under the gate, so that whoever joins next resumes after this and not before.
                warm = database;
                warm?.Pause();
            }
        }

        if (warm is not null)
        {
            warm.AwaitQuiet();
            return;
        }

        await EnterAsync(isAsync, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await CloseCoreAsync(isAsync).ConfigureAwait(false);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>Takes back the lease of a connection that was collected without having been closed. There is nobody to throw to.</summary>
    public void ReturnForgotten(TimeSpan keepAliveAsked)
    {
        LogForgotten(log, key);
        try
        {
            Waiting.Result(ReturnAsync(keepAliveAsked, isAsync: false));
        }
        catch (Exception e)
        {
            LogCloseFailed(log, e, key);
        }
    }

    /// <summary>Closes the database unless it is in use; then it closes with its last lease.</summary>
    public int CloseIdle()
    {
        opening.Wait();
        try
        {
            lock (gate)
            {
                closesWithLastLease = leaseCount > 0;
                if (leaseCount > 0)
                {
                    return leaseCount;
                }
            }

            Waiting.Result(CloseCoreAsync(isAsync: false));
            return 0;
        }
        finally
        {
            opening.Release();
        }
    }

    public void CheckOnlyConnection(DatabaseTarget target)
    {
        lock (gate)
        {
            if (leaseCount > 1)
            {
                throw Error.DatabaseInUse(target.Path, leaseCount);
            }
        }
    }

    public bool Delete(DatabaseTarget target)
    {
        opening.Wait();
        try
        {
            lock (gate)
            {
                if (leaseCount > 0)
                {
                    throw Error.DatabaseInUse(target.Path, leaseCount);
                }
            }

            Waiting.Result(CloseCoreAsync(isAsync: false));
            return !target.IsMemory && Database.Delete(target);
        }
        finally
        {
            opening.Release();
        }
    }

    /// <summary>On the timer's thread, or at the end of the process: there is nobody to throw to, so that a failure is logged.</summary>
    public void CloseAfterKeepAlive(bool isForced)
    {
        if (!opening.Wait(TimeSpan.Zero))
        {
            // Somebody opens or closes it at this moment, and sees to what comes next.
            return;
        }

        try
        {
            lock (gate)
            {
                var left = keepAlive - TimeSpan.FromMilliseconds(Environment.TickCount64 - idleSince);
                if (database is null || leaseCount > 0)
                {
                    return;
                }

                if (!isForced && left > TimeSpan.FromMilliseconds(20))
                {
                    timer?.Change(left, Timeout.InfiniteTimeSpan);
                    return;
                }
            }

            Waiting.Result(CloseCoreAsync(isAsync: false));
        }
        catch (Exception e)
        {
            LogCloseFailed(log, e, key);
        }
        finally
        {
            opening.Release();
        }
    }

    private DatabaseLease? TryJoin(DatabaseTarget target)
    {
        lock (gate)
        {
            if (database is null)
            {
                return null;
            }

            var current = database.Target;
            var isLocked = current.IsReadOnly && !target.IsReadOnly;
            var differs = isLocked || (!target.IsReadOnly && current.Durability != target.Durability);
            if (leaseCount == 0)
            {
                // What is damaged may not have been read yet, so that a salvage looks at everything anew.
                if (differs || (target.Recovery == RecoveryMode.Salvage && current.Recovery == RecoveryMode.Strict) || !database.CanBeJoined())
                {
                    return null;
                }
            }
            else if (differs)
            {
                throw isLocked
                    ? Error.OpenWithOtherOptions(current.Path, "Mode", "ReadOnly", "ReadWrite")
                    : Error.OpenWithOtherOptions(current.Path, "Durability", current.Durability.ToString(), target.Durability.ToString());
            }

            leaseCount++;
            database.Resume();
            return new DatabaseLease(this, database, target.KeepAlive, isFirst: false);
        }
    }

    private static async ValueTask<Database> OpenCoreAsync(DatabaseTarget target, ILogger logger, bool isAsync, CancellationToken cancellationToken)
    {
        var start = Environment.TickCount64;
        var pause = TimeSpan.FromMilliseconds(1);
        while (true)
        {
            try
            {
                // Recovery reads and syncs files; an asynchronous caller, such as a user interface, does not wait for that in its own thread.
                return isAsync
                    ? await Task.Run(() => Database.Open(target, logger, cancellationToken), cancellationToken).ConfigureAwait(false)
                    : Database.Open(target, logger, cancellationToken);
            }
            catch (EngramException e) when (e.SqlState == SqlStates.LockNotAvailable)
            {
                var waited = TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
                if (target.LockTimeout != Timeout.InfiniteTimeSpan && waited >= target.LockTimeout)
                {
                    throw Error.StillLocked(e, waited);
                }

                // Another process has it. Its lock tells nobody when it goes, so ask again, less and less often.
                LogWaitingForLock(logger, target.Path);
            }

            if (isAsync)
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                Thread.Sleep(pause);
            }

            pause = pause * 2 < LockPollMax ? pause * 2 : LockPollMax;
        }
    }

    /// <summary>With <c>opening</c> held: closes the database if there is one and nobody uses it.</summary>
    private async ValueTask CloseCoreAsync(bool isAsync)
    {
        Database? closing;
        lock (gate)
        {
            if (leaseCount > 0)
            {
                return;
            }

            closing = database;
            closing?.Resume();
            database = null;
            timer?.Dispose();
            timer = null;
        }

        if (closing is not null)
        {
            if (closing.Target.IsPrivate)
            {
                DatabaseRegistry.Forget(key);
            }

            await Waiting.For(closing.DisposeAsync(), isAsync).ConfigureAwait(false);
        }
    }

    private async ValueTask EnterAsync(bool isAsync, CancellationToken cancellationToken)
    {
        if (isAsync)
        {
            await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            opening.Wait(cancellationToken);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Closing the database '{Path}' failed.")]
    private static partial void LogCloseFailed(ILogger logger, Exception exception, string path);

    [LoggerMessage(3, LogLevel.Warning, "A connection or data source of '{Path}' was collected without having been disposed. What it left uncommitted is rolled back.")]
    private static partial void LogForgotten(ILogger logger, string path);

    [LoggerMessage(2, LogLevel.Debug, "The database '{Path}' is locked by another process; waiting.")]
    private static partial void LogWaitingForLock(ILogger logger, string path);
}
