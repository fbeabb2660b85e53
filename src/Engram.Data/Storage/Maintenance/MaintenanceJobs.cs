using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Runs checkpoints and compactions, one at a time, when somebody asks or when it is time.</summary>
/// <remarks>In the background on a thread of their own: they hold the write lock for moments, and must not then queue for a thread of the pool.</remarks>
internal sealed class MaintenanceJobs : IDisposable
{
    private readonly DirectoryStore store;
    private readonly WalWriter wal;
    private readonly PublishedFiles files;
    private readonly Checkpointer checkpointer;
    private readonly Compactor compactor;
    private readonly SemaphoreSlim running = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private Task background = Task.CompletedTask;
    private bool isBackgroundDone = true;
    private long retrySizeBytes;

    public MaintenanceJobs(DirectoryStore store, WalWriter wal, PublishedManifest published)
    {
        this.store = store;
        this.wal = wal;
        files = new PublishedFiles(store.Directory, wal, store.Logger, published);
        checkpointer = new Checkpointer(store, wal, files);
        compactor = new Compactor(store, wal, files);
    }

    /// <summary>The manifest that counts now.</summary>
    public PublishedManifest Published => files.Published;

    /// <summary>Whether <see cref="Stop"/> would not have to wait.</summary>
    public bool IsIdle => Volatile.Read(ref isBackgroundDone) && running.CurrentCount > 0;

    /// <summary>Starts a job in the background when the log has grown enough and none is running.</summary>
    public void ConsiderStarting()
    {
        if (!Volatile.Read(ref isBackgroundDone) || running.CurrentCount == 0
            || wal.SizeBytes < Math.Max(store.Options.CheckpointWalSizeBytes, Volatile.Read(ref retrySizeBytes)))
        {
            return;
        }

        lock (gate)
        {
            if (isBackgroundDone && !stopping.IsCancellationRequested)
            {
                isBackgroundDone = false;
                background = Task.Factory.StartNew(RunInBackground, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Makes a checkpoint on the calling thread.</summary>
    public void Checkpoint(CancellationToken cancellationToken) => Run(checkpointer.Run, cancellationToken);

    /// <summary>Makes a checkpoint and compacts everything that can be made smaller or faster, on the calling thread.</summary>
    /// <param name="progress">Told about each group of segments that is done.</param>
    public void Compact(Action<CompactionState>? progress, CancellationToken cancellationToken)
    {
        Run(checkpointer.Run, cancellationToken);
        var total = 0L;
        var done = 0L;
        // Between two groups others get their turn; what they change is compacted another time, so that this ends.
        var groups = new Queue<CompactionGroup>();
        Run(_ =>
        {
            foreach (var group in compactor.FindAll())
            {
                groups.Enqueue(group);
                total += group.RowCount;
            }
        }, cancellationToken);
        progress?.Invoke(new CompactionState(0, total));
        while (groups.TryDequeue(out var group))
        {
            Run(ct =>
            {
                if (compactor.IsThere(group))
                {
                    compactor.Run(group, ct);
                }
            }, cancellationToken);
            done += group.RowCount;
            progress?.Invoke(new CompactionState(done, total));
        }
    }

    /// <summary>Ends the job that runs, and waits for it; none begins any more.</summary>
    public void Stop()
    {
        Task last;
        lock (gate)
        {
            stopping.Cancel();
            last = background;
        }

        last.Wait();
        // A job that somebody asked for is waited for, too.
        running.Wait();
        running.Release();
    }

    public void Dispose()
    {
        running.Dispose();
        stopping.Dispose();
    }

    private void Run(Action<CancellationToken> job, CancellationToken cancellationToken)
    {
        running.Wait(cancellationToken);
        try
        {
            if (stopping.IsCancellationRequested)
            {
                // It waited while the store was closed; from here on nobody waits for it.
                cancellationToken.ThrowIfCancellationRequested();
                throw Error.DatabaseClosed(store.Directory.Path);
            }

            job(cancellationToken);
        }
        finally
        {
            running.Release();
        }
    }

    private void RunInBackground()
    {
        try
        {
            Run(checkpointer.Run, stopping.Token);
            Volatile.Write(ref retrySizeBytes, 0);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            store.Logger.LogDebug("The checkpoint of {Path} was stopped because the database is closing", store.Directory.Path);
        }
        catch (Exception e)
        {
            // Nothing is lost: the log still has everything. Not at the next commit again, for each attempt begins a log file.
            Volatile.Write(ref retrySizeBytes, wal.SizeBytes + (store.Options.CheckpointWalSizeBytes / 4));
            store.Logger.LogError(e, "The checkpoint of {Path} failed; the log keeps growing until one succeeds", store.Directory.Path);
        }
        finally
        {
            Volatile.Write(ref isBackgroundDone, true);
        }
    }
}

/// <summary>How far a compaction of everything has come.</summary>
internal readonly record struct CompactionState(long RowsDone, long RowsTotal);
