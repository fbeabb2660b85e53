using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Maintenance;

/// <summary>Runs checkpoints and compactions, one at a time, when somebody asks or when <see cref="MaintenanceRules"/> say so.</summary>
/// <remarks>
/// <para>In the background on a thread of its own, which ends when there is nothing to do: it holds the write lock for moments, and must not then queue for a
/// thread of the pool. The log's size is looked at whenever a writer lets go of the lock, the rest by a timer.</para>
/// <para>A job that fails changes nothing and is logged; a checkpoint is tried again when the log has grown further, a compaction of that table after the
/// interval. A compaction that nothing forces yields to statements: it rests before each block while they take more than half of the time.</para>
/// </remarks>
internal sealed class MaintenanceJobs : IDisposable
{
    private static readonly TimeSpan TickMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RestTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MemoryRetryTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PaceTime = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryStore store;
    private readonly WalWriter wal;
    private readonly PublishedFiles files;
    private readonly Checkpointer checkpointer;
    private readonly Compactor compactor;
    private readonly SemaphoreSlim running = new(1, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly ForegroundLoad.Meter meter;
    private readonly HashSet<TableId> failing = [];
    private readonly ITimer? timer;
    private ForegroundLoad.Meter? pacing;
    private double load;
    private Task background = Task.CompletedTask;
    private bool isBackgroundDone = true;
    private long retrySizeBytes;
    private long checkpointedAt;
    private long compactedAt;
    private CompactionPlan? plan;
    private bool isDerivedWanted;

    public MaintenanceJobs(DirectoryStore store, WalWriter wal, PublishedManifest published)
    {
        this.store = store;
        this.wal = wal;
        files = new PublishedFiles(store.Directory, wal, store.Logger, published, () => store.Loads.Names);
        checkpointer = new Checkpointer(store, wal, files);
        compactor = new Compactor(store, wal, files) { Pace = Rest };
        meter = store.Load.StartMeter();
        checkpointedAt = compactedAt = Clock.GetTimestamp();
        if (Interval != Timeout.InfiniteTimeSpan)
        {
            var tick = Interval / 4 < TickMax ? Interval / 4 : TickMax;
            tick = tick < TimeSpan.FromMilliseconds(100) ? TimeSpan.FromMilliseconds(100) : tick;
            timer = Clock.CreateTimer(static jobs => ((MaintenanceJobs)jobs!).Tick(), this, tick, tick);
        }
    }

    /// <summary>The manifest that counts now.</summary>
    public PublishedManifest Published => files.Published;

    /// <summary>Whether <see cref="Stop"/> would not have to wait.</summary>
    public bool IsIdle => Volatile.Read(ref isBackgroundDone) && running.CurrentCount > 0;

    private TimeProvider Clock => store.Directory.Clock;

    private TimeSpan Interval => store.Options.MaintenanceInterval;

    /// <summary>Starts a job in the background when the log has grown enough and none is running. Called by every writer, so it is quick.</summary>
    public void ConsiderStarting()
    {
        if (Volatile.Read(ref isBackgroundDone) && running.CurrentCount > 0 && (wal.SizeBytes >= CheckpointSizeBytes || IsMemoryShort() || IsDeltaLarge()))
        {
            Start();
        }
    }

    /// <summary>Starts a checkpoint in the background when it would give memory back and none is running.</summary>
    public void RelieveMemory()
    {
        if (Volatile.Read(ref isBackgroundDone) && running.CurrentCount > 0 && IsMemoryShort())
        {
            Start();
        }
    }

    /// <summary>Has codes and graphs written to files, in the background, that were made in memory. Called by whoever made them.</summary>
    public void WriteDerived()
    {
        Volatile.Write(ref isDerivedWanted, true);
        if (Volatile.Read(ref isBackgroundDone))
        {
            Start();
        }
    }

    /// <summary>Whether new rows take half of the memory, and a checkpoint would give at least a quarter of the limit back. Not again at once after one failed.</summary>
    private bool IsMemoryShort()
        => WritePressure.IsHigh(store.Memory) && store.Root.DeltaSizeBytes >= store.Memory.LimitBytes / 4
            && (Volatile.Read(ref retrySizeBytes) == 0 || SinceOf(ref checkpointedAt) >= MemoryRetryTime);

    /// <summary>Whether new rows have their own size that forces a checkpoint. The sum over all tables is made only when it can be so large.</summary>
    private bool IsDeltaLarge()
        => MaintenanceRules.IsDeltaLarge(store.Memory.DeltaBytes, store.Options.CheckpointDeltaSizeBytes)
            && MaintenanceRules.IsDeltaLarge(DeltaSizeBytes(), store.Options.CheckpointDeltaSizeBytes);

    /// <summary>Memory of new rows; 0 for a while after a checkpoint failed.</summary>
    private long DeltaSizeBytes()
        => Volatile.Read(ref retrySizeBytes) == 0 || SinceOf(ref checkpointedAt) >= MemoryRetryTime ? store.Root.DeltaSizeBytes : 0;

    /// <summary>Makes a checkpoint on the calling thread.</summary>
    public void Checkpoint(CancellationToken cancellationToken) => Run(Checkpoint, wal, cancellationToken);

    /// <summary>Makes a checkpoint and compacts everything that can be made smaller or faster, on the calling thread.</summary>
    /// <param name="tables">Only these; null for all.</param>
    /// <param name="progress">Told about each group of segments that is done.</param>
    public void Compact(IReadOnlySet<TableId>? tables, Action<CompactionState>? progress, CancellationToken cancellationToken)
    {
        Checkpoint(cancellationToken);
        var groups = new Queue<CompactionGroup>();
        Run((into, _) => compactor.FindAll(tables).ForEach(into.Enqueue), groups, cancellationToken);
        var state = new CompactionState(0, groups.Sum(g => (long)g.RowCount));
        progress?.Invoke(state);
        // Between two groups others get their turn; what they change is compacted another time, so that this ends.
        while (groups.TryDequeue(out var group))
        {
            Run(CompactIfThere, group, cancellationToken);
            state = state with { RowsDone = state.RowsDone + group.RowCount };
            progress?.Invoke(state);
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

        timer?.Dispose();
        last.Wait();
        // A job that somebody asked for is waited for, too.
        running.Wait();
        running.Release();
    }

    public void Dispose()
    {
        timer?.Dispose();
        running.Dispose();
        stopping.Dispose();
    }

    /// <summary>The log size that forces a checkpoint: larger for a while when the last attempt failed, for each one begins a log file.</summary>
    private long CheckpointSizeBytes => Math.Max(store.Options.CheckpointWalSizeBytes, Volatile.Read(ref retrySizeBytes));

    private void Tick()
    {
        Volatile.Write(ref load, meter.Read());
        store.WarnOfOldSnapshots();
        var isCheckpointDue = SinceOf(ref checkpointedAt) >= Interval && wal.SizeBytes >= MaintenanceRules.WorthwhileSizeBytes(CheckpointSizeBytes);
        if ((isCheckpointDue || SinceOf(ref compactedAt) >= Interval) && Volatile.Read(ref isBackgroundDone) && running.CurrentCount > 0 && !wal.IsPoisoned)
        {
            Start();
        }
    }

    private void Start()
    {
        lock (gate)
        {
            if (isBackgroundDone && !stopping.IsCancellationRequested)
            {
                isBackgroundDone = false;
                background = Task.Factory.StartNew(RunInBackground, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        }
    }

    private TimeSpan SinceOf(ref long timestamp) => Clock.GetElapsedTime(Volatile.Read(ref timestamp));

    private void Checkpoint(WalWriter log, CancellationToken cancellationToken)
    {
        checkpointer.Run(cancellationToken);
        Volatile.Write(ref checkpointedAt, Clock.GetTimestamp());
        Volatile.Write(ref retrySizeBytes, 0);
    }

    private void CompactIfThere(CompactionGroup group, CancellationToken cancellationToken)
    {
        if (compactor.IsThere(group))
        {
            compactor.Run(group, cancellationToken);
        }
    }

    /// <summary>As <see cref="CompactIfThere"/>, letting statements go first. Only inside a job: others set the pace of their own.</summary>
    private void CompactPaced(CompactionGroup group, CancellationToken cancellationToken)
    {
        pacing = store.Load.StartMeter();
        try
        {
            CompactIfThere(group, cancellationToken);
        }
        finally
        {
            pacing = null;
        }
    }

    /// <summary>Runs a job when no other does.</summary>
    private void Run<T>(Action<T, CancellationToken> job, T argument, CancellationToken cancellationToken)
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

            job(argument, cancellationToken);
        }
        finally
        {
            running.Release();
        }
    }

    /// <summary>Works until the rules want nothing more, or until something fails.</summary>
    private void RunInBackground()
    {
        var work = MaintenanceWork.None;
        var isFinished = false;
        try
        {
            if (failing.Count > 0 && SinceOf(ref compactedAt) >= Interval)
            {
                failing.Clear();
                plan = null;
            }

            while (true)
            {
                var state = Look();
                work = MaintenanceRules.Next(state);
                if (work == MaintenanceWork.None && Interlocked.Exchange(ref isDerivedWanted, false))
                {
                    Run(WriteDerived, wal, stopping.Token);
                    continue;
                }

                if (work == MaintenanceWork.None)
                {
                    isFinished = true;
                    break;
                }

                if (work == MaintenanceWork.Checkpoint)
                {
                    Run(Checkpoint, wal, stopping.Token);
                }
                else
                {
                    Run(MaintenanceRules.IsCompactionForced(state) ? CompactIfThere : CompactPaced, plan!.Group!, stopping.Token);
                }
            }

            if (plan is { Group: null } && SinceOf(ref compactedAt) >= Interval)
            {
                // All is done. When load stopped it, it goes on as soon as that is over.
                Volatile.Write(ref compactedAt, Clock.GetTimestamp());
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            store.Logger.LogDebug("Maintenance of {Path} was stopped because the database is closing", store.Directory.Path);
        }
        catch (Exception e) when (work == MaintenanceWork.Compaction)
        {
            // Nothing has changed. Other tables need not wait for this one.
            failing.Add(plan!.Group!.Table);
            plan = null;
            Volatile.Write(ref compactedAt, Clock.GetTimestamp());
            store.Logger.LogError(e, "A compaction of {Path} failed; it will be tried again", store.Directory.Path);
        }
        catch (Exception e)
        {
            // Nothing is lost: the log still has everything. Not at the next commit again, for each attempt begins a log file.
            Volatile.Write(ref retrySizeBytes, wal.SizeBytes + (store.Options.CheckpointWalSizeBytes / 4));
            Volatile.Write(ref checkpointedAt, Clock.GetTimestamp());
            store.Logger.LogError(e, "The checkpoint of {Path} failed; the log keeps growing until one succeeds", store.Directory.Path);
        }
        finally
        {
            Volatile.Write(ref isBackgroundDone, true);
            if (isFinished && Volatile.Read(ref isDerivedWanted))
            {
                // Asked for between the last look and now.
                Start();
            }
        }
    }

    /// <summary>Writes those codes and graphs of the newest segments that are in memory only. They are derived: what cannot be written is logged, and stays in memory.</summary>
    private void WriteDerived(WalWriter log, CancellationToken cancellationToken)
    {
        var root = store.LeaseRoot();
        try
        {
            var catalog = root.Catalogs[^1].Catalog;
            if (root.Tables.Keys.Any(id => !IsPublished(catalog, id)))
            {
                // Files of an index that no manifest knows are nobody's at the next opening.
                Checkpoint(log, cancellationToken);
            }

            foreach (var (id, version) in root.Tables)
            {
                foreach (var extent in catalog.Tables.TryGetValue(id, out var table) ? version.Segments : [])
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    SegmentFlush.WriteCodes(extent, table!, isNew: false);
                }
            }
        }
        finally
        {
            root.Release();
        }
    }

    /// <summary>Whether the manifest knows the vector indexes that a table has.</summary>
    private bool IsPublished(DatabaseCatalog catalog, TableId id)
        => !catalog.Tables.TryGetValue(id, out var table) || table.VectorIndexes.IsEmpty
            || (files.Manifest.Catalog.Tables.TryGetValue(id, out var known) && table.VectorIndexes.All(i => known.VectorIndexes.Any(k => k.Id == i.Id)));

    private MaintenanceState Look()
    {
        // What can be compacted changes with the manifest only.
        if (Interval != Timeout.InfiniteTimeSpan && plan?.Generation != files.Manifest.Generation)
        {
            plan = compactor.Plan(failing);
        }

        return new MaintenanceState
        {
            Interval = Interval,
            Load = Volatile.Read(ref load),
            WalSizeBytes = wal.SizeBytes,
            IsMemoryShort = IsMemoryShort(),
            CheckpointSizeBytes = CheckpointSizeBytes,
            DeltaSizeBytes = DeltaSizeBytes(),
            CheckpointDeltaSizeBytes = store.Options.CheckpointDeltaSizeBytes,
            SinceCheckpoint = SinceOf(ref checkpointedAt),
            SinceCompaction = SinceOf(ref compactedAt),
            CompactableCount = plan?.Group?.Segments.Length ?? 0,
            DeletedSizeBytes = plan?.DeletedSizeBytes ?? 0,
            SegmentSizeBytes = plan?.SegmentSizeBytes ?? 0,
        };
    }

    /// <summary>Lets statements go first, unless the log or the memory asks for the next job.</summary>
    private void Rest(CancellationToken cancellationToken)
    {
        if (pacing is null || pacing.Elapsed < PaceTime)
        {
            return;
        }

        Volatile.Write(ref load, pacing.Read());
        if (load >= MaintenanceRules.LoadMax && wal.SizeBytes < CheckpointSizeBytes && !IsMemoryShort() && !IsDeltaLarge())
        {
            cancellationToken.WaitHandle.WaitOne(RestTime);
        }
    }
}

/// <summary>How far a compaction of everything has come.</summary>
internal readonly record struct CompactionState(long RowsDone, long RowsTotal);
