using Engram.Data.Columns;
using Engram.Data.Storage;
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
    public static readonly StoreOptions Options = new()
    {
        WalFileSizeBytesMin = 16 * 1024,
        WalFileSizeBytesMax = 64 * 1024,
        CheckpointWalSizeBytes = long.MaxValue,
    };

    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(30);

    private readonly List<CrashPoint> _points = [];
    private readonly CommitHistory _history = new();
    private readonly Action<DiskFaults> _lies;
    private Store? _store;
    private long _keyLast;

    /// <param name="lies">Sets how the disk lies, on each directory of the run.</param>
    public SimulatedRun(int seed, Action<DiskFaults>? lies = null)
    {
        Random = new Random(seed);
        _lies = lies ?? (_ => { });
        Directory = Attach(new SimulatedDirectory(Random.Next()));
    }

    public Random Random { get; }

    public SimulatedDirectory Directory { get; private set; }

    public CommitHistory History => _history;

    public Store Store => _store ?? throw new InvalidOperationException("The store is not open.");

    public IReadOnlyList<CrashPoint> Points => _points;

    public Task OpenAsync()
    {
        _store = Store.Open(Directory, Options, NullLogger.Instance);
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
        catch (EngramException e)
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

    /// <summary>Moves the rows into segments; the error's SQLSTATE, or null.</summary>
    public async Task<string?> CheckpointAsync()
    {
        try
        {
            await Store.CheckpointAsync(default);
            return null;
        }
        catch (EngramException e)
        {
            return e.SqlState;
        }
    }

    /// <summary>Lets time pass without work, after which the log is sealed.</summary>
    public void Idle()
    {
        var before = Directory.Points;
        Directory.ManualClock.Advance(TimeSpan.FromMilliseconds(60));
        // The log's own thread looks at the clock every now and then; a seal is a write and a sync.
        SpinWait.SpinUntil(() => Directory.Points >= before + 2, TimeSpan.FromSeconds(2));
    }

    /// <summary>Reads everything: what has been shown once may not be lost.</summary>
    public void Observe()
    {
        var mark = _history.Mark;
        using var snapshot = Store.OpenSnapshot();
        var found = SnapshotSummary.Read(snapshot);
        var commit = mark.Find(found);
        if (commit < 0)
        {
            throw new InvalidOperationException($"The open database shows a wrong state: {mark.Explain(found)}.");
        }

        _history.Acknowledge(commit);
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
            _history.Acknowledge(number);
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
        _history.CutAfter(_history.Mark.Find(SnapshotSummary.Read(snapshot)));
    }

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
