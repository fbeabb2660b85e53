using Engram.Data.Columns;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Storage;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;
using Engram.Data.Storage.Wal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>A moment at which a run may be cut off: an I/O point, the disk then, and what must be found afterwards.</summary>
internal sealed record CrashPoint(IoPoint Point, SimulatedDisk Disk, HistoryMark Mark);

/// <summary>One run of a workload over one simulated disk, recorded so that it can be cut off anywhere afterwards.</summary>
/// <remarks>
/// The workload is run once, without a crash. At every I/O point the disk is frozen, which costs little, together with the commits up to then; each
/// frozen disk is then crashed in as many ways as wanted. All that the workload does is done by one thread, except
/// where it says otherwise, so that a seed gives the same run again.
/// </remarks>
internal sealed class SimulatedRun : IAsyncDisposable
{
    /// <summary>Small log files, so that a short run fills several; checkpoints only when the workload asks for them.</summary>
    public static readonly StoreOptions SmallFiles = new()
    {
        WalFileSizeBytesMin = 16 * 1024,
        WalFileSizeBytesMax = 64 * 1024,
        CheckpointWalSizeBytes = long.MaxValue,
        // A seed gives the same reads in the same order.
        Replay = new ReplayOptions { ThreadsMax = 1 },
        MaintenanceInterval = Timeout.InfiniteTimeSpan,
        // Short runs have few rows.
        FoldedPatchCountMin = 3,
        IndexConditions = StoredIndexCondition.Create,
    };

    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(30);

    private readonly List<CrashPoint> _points = [];
    private CommitHistory _history = new();
    private readonly Action<DiskFaults> _lies;
    private readonly StoreOptions _options;
    private Store? _store;
    private long _keyLast = 1L << 40;
    private int _written;

    /// <param name="lies">Sets how the disk lies, on each directory of the run.</param>
    public SimulatedRun(int seed, StoreOptions? options = null, Action<DiskFaults>? lies = null)
    {
        _options = options ?? SmallFiles;
        Random = new Random(seed);
        _lies = lies ?? (_ => { });
        Directory = Attach(new SimulatedDirectory(Random.Next()));
    }

    public Random Random { get; }

    public SimulatedDirectory Directory { get; private set; }

    public CommitHistory History => _history;

    public bool IsSyncedWhenIdle => _options.Durability != DurabilityMode.None;

    public Store Store => _store ?? throw new InvalidOperationException("The store is not open.");

    public IReadOnlyList<CrashPoint> Points => _points;

    public Task OpenAsync()
    {
        _store = Store.Open(Directory, _options, NullLogger.Instance);
        Settle();
        return Task.CompletedTask;
    }

    /// <summary>Opens if the disk lets it; the error's SQLSTATE, or null.</summary>
    public async Task<string?> TryOpenAsync()
    {
        try
        {
            await OpenAsync();
            return null;
        }
        catch (EngramException e)
        {
            if (_store is { } opened)
            {
                // It was the reading that failed.
                _store = null;
                await BuryAsync(opened);
            }

            return e.SqlState;
        }
    }

    public async Task CloseAsync()
    {
        await Store.DisposeAsync();
        _store = null;
        AcknowledgeWritten();
    }

    /// <summary>Copies the files of the closed database, as far as they are durable, and checks that the copy opens cleanly and shows everything.</summary>
    /// <param name="isRestored">Whether the run goes on with the copy.</param>
    public async Task BackUpAsync(bool isRestored)
    {
        if (_store is not null)
        {
            throw new InvalidOperationException("The database is open.");
        }

        var copy = Directory.Freeze().CopyDurable();
        await using (var store = Store.Open(new SimulatedDirectory(copy.Copy(), Random.Next()), _options with { IsReadOnly = Random.Next(2) == 0 }, NullLogger.Instance))
        {
            using var snapshot = store.OpenSnapshot();
            if (_history.Latest.Differs(SnapshotSummary.Read(snapshot)) is not null || store.Recovery.TornBytes > 0)
            {
                throw new InvalidOperationException($"The copy of the closed database shows {_history.Latest.Differs(SnapshotSummary.Read(snapshot)) ?? "everything"}; {store.Recovery.TornBytes} bytes are torn.");
            }
        }

        if (isRestored)
        {
            Directory = Attach(new SimulatedDirectory(copy, Random.Next()) { ManualClock = Directory.ManualClock });
        }
    }

    /// <summary>Goes on with another disk, whose database is as the mark says.</summary>
    public void Restore(SimulatedDisk disk, HistoryMark mark)
    {
        Directory = Attach(new SimulatedDirectory(disk, Random.Next()) { ManualClock = Directory.ManualClock });
        _history = new CommitHistory(mark);
        _written = mark.Acknowledged;
    }

    /// <summary>Ends the program without closing; the next one sees what the system's cache holds.</summary>
    public async Task KillAsync()
    {
        await LeaveAsync(Directory.Kill(Random.Next()));
    }

    /// <summary>Cuts the power, and goes on with what survived.</summary>
    public async Task CutPowerAsync()
    {
        await LeaveAsync(Directory.Reboot((SurvivalMode)Random.Next((int)SurvivalMode.Mixed + 1), Random.Next()));
        _written = _history.Mark.Acknowledged;
    }

    /// <summary>Commits one transaction. A failure says whether it may have happened: only 08007 leaves that open.</summary>
    /// <returns>The error's SQLSTATE, or null.</returns>
    public async Task<string?> CommitAsync(Action<WorkTransaction> work)
    {
        try
        {
            await using var transaction = await Store.BeginWriteAsync(s_wait, null, default);
            var both = new WorkTransaction(transaction, _history.Latest, Random, NextKey);
            work(both);
            return await FinishAsync(transaction.CommitAsync, both.State);
        }
        catch (EngramException e) when (e.SqlState != "XX000")
        {
            return e.SqlState;
        }
    }

    /// <summary>Several commits while the sync of the first is held back, so that the others share one group.</summary>
    public async Task CommitTogetherAsync(int count, Action<WorkTransaction> work)
    {
        using var reached = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        Directory.BeforeSync = name =>
        {
            if (name.EndsWith(".wal", StringComparison.Ordinal) && !go.IsSet)
            {
                reached.Release();
                go.Wait();
            }
        };
        var first = Task.Run(() => CommitAsync(work));
        await Task.WhenAny(first, reached.WaitAsync());
        var others = new List<Task<string?>>();
        for (var i = 1; i < count && !first.IsCompleted; i++)
        {
            // The write lock is free again although nothing is durable: each transaction builds on the last.
            others.Add(CommitAsync(work));
        }

        Observe();
        Directory.BeforeSync = null;
        go.Set();
        await first;
        await Task.WhenAll(others);
    }

    /// <summary>Runs a transaction that is taken back: nothing of it may ever be seen.</summary>
    public async Task RollBackAsync(Action<WorkTransaction> work)
    {
        await using var transaction = await Store.BeginWriteAsync(s_wait, null, default);
        work(new WorkTransaction(transaction, _history.Latest, Random, NextKey));
        transaction.Rollback();
    }

    /// <summary>Loads rows beside the transactions that <paramref name="meanwhile"/> commits, and attaches them in one of its own; the error's SQLSTATE, or null.</summary>
    /// <param name="also">What the attaching transaction does beside.</param>
    public async Task<string?> LoadAsync(int number, int count, Func<Task>? meanwhile = null, Action<WorkTransaction>? also = null)
    {
        try
        {
            using var load = Store.BeginLoad(Definition(number));
            var rows = new List<(long Key, RowState Row)>();
            for (var left = count; left > 0;)
            {
                rows.AddRange(Fill(load, Math.Min(left, Random.Next(1, Batch.RowCountMax + 1))));
                left = count - rows.Count;
                if (meanwhile is not null)
                {
                    await meanwhile();
                }
            }

            load.Complete();
            return await CommitAsync(w =>
            {
                w.Load(load, rows);
                also?.Invoke(w);
            });
        }
        catch (EngramException e) when (e.SqlState != "XX000")
        {
            return e.SqlState;
        }
    }

    private TableDefinition Definition(int number)
    {
        using var snapshot = Store.OpenSnapshot();
        return snapshot.Catalog.Get(new TableId(number));
    }

    private List<(long Key, RowState Row)> Fill(BulkLoad load, int count)
    {
        var first = load.NextIdentity(load.Table.Id, SimulatedTable.Key, count);
        var keys = Enumerable.Range(0, count).Select(i => first + i).ToArray();
        var buffers = SimulatedTable.RandomRows(load.Table, Random, keys, []);
        try
        {
            var range = load.Insert(load.Table.Id, SimulatedTable.BatchOf(buffers));
            return keys.Select((key, i) => (key, new RowState(range.First + i, [.. buffers.Select(b => SimulatedTable.HashOf(b.Column, i))]))).ToList();
        }
        finally
        {
            Array.ForEach(buffers, b => b.Dispose());
        }
    }

    /// <summary>Moves the rows into segments; the error's SQLSTATE, or null.</summary>
    public Task<string?> CheckpointAsync() => MaintainAsync(() => Store.CheckpointAsync(default));

    /// <summary>Merges and rewrites segments; the error's SQLSTATE, or null.</summary>
    public Task<string?> CompactAsync() => MaintainAsync(() => Store.CompactAsync(null, null, default));

    private async Task<string?> MaintainAsync(Func<ValueTask> maintain)
    {
        try
        {
            // What is committed meanwhile need not be in it.
            var written = _written;
            await maintain();
            _history.Acknowledge(written);
            return null;
        }
        catch (EngramException e) when (e.SqlState != "XX000")
        {
            return e.SqlState;
        }
    }

    /// <summary>Lets time pass without work, after which the log is sealed, and in mode Interval synced before.</summary>
    public void Idle()
    {
        // A seal is a write and a sync.
        var (time, points) = _options.Durability == DurabilityMode.Full ? (TimeSpan.FromMilliseconds(60), 2) : (_options.SyncInterval, 3);
        var before = Directory.Points;
        Directory.ManualClock.Advance(time);
        // The log's own thread looks at the clock every now and then.
        if (!SpinWait.SpinUntil(() => Directory.Points >= before + points, s_wait))
        {
            throw new InvalidOperationException($"The idle log was left alone: {Directory.Points - before} I/O points instead of {points}.");
        }

        AcknowledgeWritten();
    }

    /// <summary>Reads everything: what has been shown once may not be lost.</summary>
    public void Observe()
    {
        var (mark, written) = (_history.Mark, _written);
        using var snapshot = Store.OpenSnapshot();
        var found = SnapshotSummary.Read(snapshot);
        var commit = mark.Find(found);
        if (commit < 0)
        {
            throw new InvalidOperationException($"The open database shows a wrong state: {mark.Explain(found)}.");
        }

        if (_options.Durability == DurabilityMode.Full)
        {
            _history.Acknowledge(mark.FindEarliest(found, 0));
        }
        else if (commit < written)
        {
            throw new InvalidOperationException($"Commit {written} returned, but the open database shows the state after commit {commit}.");
        }
    }

    /// <summary>Closes the store if it is open, and adds the end of the run as the last point.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await CloseAsync();
        }

        _points.Add(new CrashPoint(new IoPoint(_points.Count + 1, default, "the end"), Directory.Freeze(), _history.Mark));
    }

    private async Task<string?> FinishAsync(Func<ValueTask<Lsn>> commit, DatabaseState state)
    {
        var number = _history.Queue(state);
        try
        {
            await commit();
            _written = Math.Max(_written, number);
            if (_options.Durability == DurabilityMode.Full)
            {
                _history.Acknowledge(number);
            }

            return null;
        }
        catch (EngramException e)
        {
            if (e.SqlState != "08007")
            {
                _history.CutAfter(number - 1);
            }

            return e.SqlState;
        }
    }

    private long NextKey() => ++_keyLast;

    private SimulatedDirectory Attach(SimulatedDirectory directory)
    {
        _lies(directory.Faults);
        directory.AtPoint = (point, disk) => _points.Add(new CrashPoint(point with { Number = _points.Count + 1 }, disk.Freeze(), _history.Mark));
        return directory;
    }

    /// <summary>After an opening: which of the commits whose outcome was unknown are there.</summary>
    private void Settle()
    {
        Observe();
        using var snapshot = Store.OpenSnapshot();
        var found = SnapshotSummary.Read(snapshot);
        var commit = _history.Mark.Find(found);
        if (commit < _written)
        {
            throw new InvalidOperationException($"Commit {_written} was written before the program ended, but the next one sees the state after commit {commit}.");
        }

        _history.CutAfter(commit, _history.Mark.EarliestLike(found, _written));
        _written = commit;
        // Recovery has written anew what it showed.
        _history.Acknowledge(commit);
    }

    /// <summary>What was written is durable now, in whichever mode.</summary>
    private void AcknowledgeWritten() => _history.Acknowledge(_written);

    private async Task LeaveAsync(SimulatedDirectory next)
    {
        if (_store is { } dead)
        {
            _store = null;
            await BuryAsync(dead);
        }

        Directory = Attach(next);
    }

    /// <summary>Frees what a store holds whose directory is gone; its errors are those of a dead disk.</summary>
    private static async Task BuryAsync(Store store)
    {
        try
        {
            await store.DisposeAsync();
        }
        catch (EngramException e) when (e.SqlState is "58030" or "08007" or "EG003")
        {
            return;
        }
    }
}
