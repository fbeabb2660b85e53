using System.Diagnostics;
using Engram.Data.Columns;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Wal;

/// <content>The lead: who has it, what its holder does, and what becomes of those who wait.</content>
internal sealed partial class WalWriter
{
    // The leader's.
    private WalFile _writeFile;
    private uint _checksum;
    private long _writtenGroup;
    private long _writtenLsn;
    private long _syncedGroup;
    private long _syncedLsn;
    private long _syncCount;
    private long _writtenSizeBytes;
    private long _writtenPayloadSizeBytes;
    private readonly List<WalWaiter> _released = [];

    /// <summary>The largest of the last groups, fading.</summary>
    private int _recentCommits;

    /// <summary>How long a sync takes, in ticks: a moving average.</summary>
    private long _syncTime;

    // Under the gate.
    private bool _isLed;
    private bool _isHandedOver;
    private int _candidates;
    private bool _isBackgroundDozing;
    private bool _isStopping;
    private long _firstUnsyncedTimestamp;
    private volatile bool _isGathering;

    /// <summary>Writes and syncs everything appended so far, in every mode. Blocks.</summary>
    /// <exception cref="EngramException">08007 when a write or sync failed, now or before.</exception>
    public void Sync()
    {
        var target = Appended.Value;
        LeadFor(() =>
        {
            // Not until the queue is empty: under load it never is.
            while (_durable < target && TryWriteNext())
            {
            }

            SyncWritten();
        });
    }

    /// <summary>Writes everything appended and then an empty group that vouches for it. Does nothing when that was done already. Blocks.</summary>
    /// <exception cref="EngramException">08007 when a write or sync failed, now or before.</exception>
    public void Seal() => LeadFor(WriteSeal);

    /// <summary>Seals the log and closes it. An error in that is logged, not thrown: call <see cref="Seal"/> before to see it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        try
        {
            if (!IsPoisoned)
            {
                Seal();
            }
        }
        catch (EngramException e)
        {
            _logger.LogError(e, "The log of {Directory} could not be sealed; the next opening recovers it.", _directory.Path);
        }

        lock (_gate)
        {
            _isStopping = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
        AbandonPrepared();
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    /// <summary>Takes the lead and works until <paramref name="lsn"/> is acknowledged (then null), or joins those who wait for the leader.</summary>
    private WalWaiter? EnterWait(Lsn lsn, bool isBlocking)
    {
        lock (_gate)
        {
            if (_durable >= lsn.Value)
            {
                return null;
            }

            if (_failure is { } failure)
            {
                throw Error.CommitOutcomeUnknown(lsn.Value, failure);
            }

            if (lsn.Value > _appended)
            {
                throw Error.Internal($"commit {lsn} is waited for, but the log ends at {_appended}");
            }

            // Among many an asynchronous caller leaves the lead to the log's thread; alone it saves the hand-over.
            var isLeft = !isBlocking && IsCommitExpected();
            if (_isLed || _candidates > 0 || isLeft)
            {
                var waiter = WalWaiter.Rent(lsn, isBlocking);
                _waiters.Add(waiter);
                if (!_isLed && _candidates == 0)
                {
                    _isLed = _isHandedOver = true;
                    Monitor.PulseAll(_gate);
                }

                return waiter;
            }

            _isLed = true;
        }

        try
        {
            while (_durable < lsn.Value && TryWriteNext())
            {
            }
        }
        catch (Exception e)
        {
            Poison(e);
        }

        Resign();
        lock (_gate)
        {
            return _durable >= lsn.Value ? null : throw Error.CommitOutcomeUnknown(lsn.Value, _failure!);
        }
    }

    /// <summary>Runs an action as the leader, after whoever leads now.</summary>
    private void LeadFor(Action action)
    {
        lock (_gate)
        {
            _candidates++;
            while (_isLed)
            {
                Monitor.Wait(_gate);
            }

            _candidates--;
            if (_failure is { } failure)
            {
                throw Error.CommitOutcomeUnknown(_appended, failure);
            }

            _isLed = true;
        }

        try
        {
            action();
        }
        catch (Exception e)
        {
            Poison(e);
        }

        Resign();
        lock (_gate)
        {
            if (_failure is { } failure)
            {
                throw Error.CommitOutcomeUnknown(_appended, failure);
            }
        }
    }

    /// <summary>Gives up the lead: to one who asked for it, else to the background thread when somebody waits for what is queued, else to
    /// whoever comes first.</summary>
    private void Resign()
    {
        lock (_gate)
        {
            if (_candidates == 0 && _waiters.Count > 0 && _failure is null)
            {
                _isHandedOver = true;
                Monitor.PulseAll(_gate);
                return;
            }

            // Those who wait are not forgotten: whoever asked for the lead resigns in turn, and until then nobody else takes it.
            _isLed = false;
            if (_candidates > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void WriteQueue()
    {
        while (TryWriteNext())
        {
        }
    }

    /// <summary>Tells a leader who gathers that the write lock was released: perhaps nothing more is to come.</summary>
    public void EndGathering()
    {
        if (_isGathering && !IsCommitExpected())
        {
            lock (_gate)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits a moment for commits that are on their way, for they cost nothing more in this group, and a sync of their own in the
    /// next. Nobody waits here who is alone. Under the gate; the leader's.</summary>
    private void Gather()
    {
        if (_options.Durability != DurabilityMode.Full || !HasOpenGroupFirst())
        {
            return;
        }

        var since = Stopwatch.GetTimestamp();
        if (!IsCommitExpected())
        {
            GatherReturning(since);
            return;
        }

        _isGathering = true;
        Interlocked.MemoryBarrier();
        while (HasOpenGroupFirst() && IsCommitExpected() && Stopwatch.GetElapsedTime(since) < s_gatheringMax)
        {
            Monitor.Wait(_gate, s_gatheringMax);
        }

        _isGathering = false;
        GatherReturning(since);
    }

    /// <summary>Among many, half of those whom the last groups released are worth waiting for, no longer than a few syncs: they are on their way to the write
    /// lock, or queue for a thread. Yields the processor to them. Under the gate; the leader's.</summary>
    private void GatherReturning(long since)
    {
        if (_recentCommits < CommitsWorthGathering)
        {
            return;
        }

        var limit = Math.Min(4 * _syncTime, s_gatheringMax.Ticks);
        while (HasOpenGroupFirst() && _open!.CommitCount < _recentCommits / 2 && Stopwatch.GetElapsedTime(since).Ticks < limit)
        {
            Monitor.Exit(_gate);
            Thread.Yield();
            Monitor.Enter(_gate);
        }
    }

    private bool HasOpenGroupFirst() => _failure is null && _queue.TryPeek(out var first) && first == _open;

    /// <summary>Writes the oldest queued group and acknowledges it; false when none is queued. The leader's.</summary>
    private bool TryWriteNext()
    {
        WalGroup? group;
        lock (_gate)
        {
            Gather();
            if (_failure is not null || !_queue.TryDequeue(out group))
            {
                return false;
            }

            if (group == _open)
            {
                _open = null;
            }
        }

        Write(group);
        lock (_gate)
        {
            group.File.QueuedGroups--;
        }

        if (group.CommitCount > 0)
        {
            Acknowledge(group.LastLsn);
        }

        group.Free();
        return true;
    }

    private void Write(WalGroup group)
    {
        if (group.File != _writeFile)
        {
            // Whoever reads a group in the new file may take it that the old one is whole.
            SyncWritten();
            _writeFile = group.File;
        }

        _recentCommits = Math.Max(group.CommitCount, _recentCommits * 3 / 4);
        var size = group.Write(_checksum, _syncedGroup, new Lsn(_syncedLsn), out var checksum);
        Volatile.Write(ref _writtenSizeBytes, _writtenSizeBytes + size);
        Volatile.Write(ref _writtenPayloadSizeBytes, _writtenPayloadSizeBytes + group.PayloadLength);
        _checksum = checksum;
        if (_writtenGroup == _syncedGroup)
        {
            Volatile.Write(ref _firstUnsyncedTimestamp, _clock.GetTimestamp());
        }

        Volatile.Write(ref _writtenGroup, group.Number);
        _writtenLsn = Math.Max(_writtenLsn, group.LastLsn.Value);
        if (_options.Durability == DurabilityMode.Full || group.IsSeal)
        {
            SyncWritten();
        }
    }

    private void SyncWritten()
    {
        if (_syncedGroup < _writtenGroup)
        {
            var since = Stopwatch.GetTimestamp();
            _writeFile.Sync();
            _syncTime += (Stopwatch.GetElapsedTime(since).Ticks - _syncTime) / 8;
            Volatile.Write(ref _syncCount, _syncCount + 1);
            _syncedLsn = _writtenLsn;
            Volatile.Write(ref _syncedGroup, _writtenGroup);
        }
    }

    /// <summary>Publishes the new horizon, then lets those go who waited for it.</summary>
    private void Acknowledge(Lsn lsn)
    {
        DurableAdvanced?.Invoke(lsn);
        lock (_gate)
        {
            Volatile.Write(ref _durable, lsn.Value);
            var kept = 0;
            for (var i = 0; i < _waiters.Count; i++)
            {
                if (_waiters[i].Lsn <= lsn)
                {
                    _released.Add(_waiters[i]);
                }
                else
                {
                    _waiters[kept++] = _waiters[i];
                }
            }

            _waiters.RemoveRange(kept, _waiters.Count - kept);
        }

        foreach (var waiter in _released)
        {
            waiter.Release(null);
        }

        _released.Clear();
    }

    /// <summary>The leader's: nothing can come between the look at the queue and the seal's place in it except under the gate.</summary>
    private void WriteSeal()
    {
        while (true)
        {
            WriteQueue();
            lock (_gate)
            {
                if (_isSealed || _isSwitching)
                {
                    return;
                }

                if (_queue.Count == 0)
                {
                    Enqueue(new WalGroup(_appendFile, _appendFile.NextOffset, _nextGroup, new Lsn(_appended + 1), isSeal: true), WalFormat.BlockSizeBytes);
                    _isSealed = true;
                    break;
                }
            }
        }

        // The groups that the seal vouches for must be synced before it is written, not with it.
        SyncWritten();
        WriteQueue();
    }

    /// <summary>From here on nothing is written and nothing is acknowledged.</summary>
    public void Poison(Exception cause)
    {
        List<WalWaiter> waiters;
        lock (_gate)
        {
            _failure ??= cause;
            waiters = [.. _waiters];
            _waiters.Clear();
            _open = null;
            Monitor.PulseAll(_gate);
        }

        _logger.LogCritical(cause, "Writing the log of {Directory} failed at commit {Durable}; nothing more is written until the database is reopened.", _directory.Path, _durable);
        foreach (var waiter in waiters)
        {
            waiter.Release(Error.CommitOutcomeUnknown(waiter.Lsn.Value, cause));
        }
    }

    private void RunBackground()
    {
        lock (_gate)
        {
            while (!_isStopping || _isHandedOver)
            {
                var work = NextBackgroundWork(out var timeout);
                if (work is null)
                {
                    _isBackgroundDozing = timeout == Timeout.InfiniteTimeSpan;
                    Monitor.Wait(_gate, _isBackgroundDozing ? Timeout.Infinite : (int)Math.Ceiling(timeout.TotalMilliseconds));
                    _isBackgroundDozing = false;
                    continue;
                }

                _isHandedOver = false;
                _isLed = true;
                Monitor.Exit(_gate);
                try
                {
                    work();
                }
                catch (Exception e)
                {
                    Poison(e);
                }
                finally
                {
                    Monitor.Enter(_gate);
                }

                Resign();
            }
        }
    }

    /// <summary>What there is to do for the background thread as leader, or how long it may sleep. Under the gate.</summary>
    private Action? NextBackgroundWork(out TimeSpan timeout)
    {
        timeout = Timeout.InfiniteTimeSpan;
        if (_isHandedOver)
        {
            return WriteQueue;
        }

        if (_failure is not null || _isLed || _candidates > 0 || _isClosed)
        {
            // A leader who leaves unfinished work behind wakes this thread only if somebody waits, so look again soon.
            timeout = _failure is null && !_isClosed ? s_idleBeforeSeal : timeout;
            return null;
        }

        var isInterval = _options.Durability == DurabilityMode.Interval;
        if (isInterval && Volatile.Read(ref _syncedGroup) < Volatile.Read(ref _writtenGroup))
        {
            var rest = _options.SyncInterval - _clock.GetElapsedTime(Volatile.Read(ref _firstUnsyncedTimestamp));
            if (rest <= TimeSpan.Zero)
            {
                return SyncWritten;
            }

            timeout = rest;
        }

        if (!_isSealed && (_queue.Count > 0 || _options.Durability != DurabilityMode.None))
        {
            var rest = s_idleBeforeSeal - _clock.GetElapsedTime(_lastAppendTimestamp);
            if (rest <= TimeSpan.Zero && !_isSwitching)
            {
                return _options.Durability == DurabilityMode.None ? WriteQueue : WriteSeal;
            }

            rest = rest <= TimeSpan.Zero ? s_idleBeforeSeal : rest;
            timeout = timeout == Timeout.InfiniteTimeSpan || rest < timeout ? rest : timeout;
        }

        return null;
    }

    /// <summary>The first append after a pause: the background thread must look at the clock again from now on. Under the gate.</summary>
    private void WakeDozingBackground()
    {
        if (_isBackgroundDozing)
        {
            _isBackgroundDozing = false;
            Monitor.PulseAll(_gate);
        }
    }
}
