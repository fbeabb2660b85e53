using System.Threading.Tasks.Sources;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Wal;

/// <summary>One who waits for a commit to be acknowledged: asynchronously, without allocating after the first times, or blocking a thread.</summary>
internal sealed class WalWaiter : IValueTaskSource
{
    private const int PoolSizeMax = 256;

    private static readonly Lock s_poolGate = new();
    private static readonly Stack<WalWaiter> s_pool = new();

    private readonly object _gate = new();

    // Continuations never run on the thread that releases: it may be the one that all other commits wait for.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private bool _isBlocking;
    private bool _isReleased;
    private Exception? _failure;

    public Lsn Lsn { get; private set; }

    public static WalWaiter Rent(Lsn lsn, bool isBlocking)
    {
        WalWaiter? waiter;
        lock (s_poolGate)
        {
            s_pool.TryPop(out waiter);
        }

        waiter ??= new WalWaiter();
        waiter.Lsn = lsn;
        waiter._isBlocking = isBlocking;
        return waiter;
    }

    public ValueTask AsValueTask() => new(this, _core.Version);

    /// <summary>Blocks until released; rethrows the failure.</summary>
    public void Block()
    {
        Exception? failure;
        lock (_gate)
        {
            while (!_isReleased)
            {
                Monitor.Wait(_gate);
            }

            failure = _failure;
        }

        Return();
        if (failure is not null)
        {
            throw failure;
        }
    }

    public void Release(Exception? failure)
    {
        if (_isBlocking)
        {
            lock (_gate)
            {
                _failure = failure;
                _isReleased = true;
                Monitor.Pulse(_gate);
            }
        }
        else if (failure is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(failure);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            Return();
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    private void Return()
    {
        _core.Reset();
        _isReleased = false;
        _failure = null;
        lock (s_poolGate)
        {
            if (s_pool.Count < PoolSizeMax)
            {
                s_pool.Push(this);
            }
        }
    }
}
