using System.Diagnostics;
using Engram.Data.Storage.Transactions;
using Engram.Data.Tests.Storage.Simulation;

namespace Engram.Data.Tests.Storage.Transactions;

/// <summary>The writers' queue: exclusion, order, waiting with and without a thread, and nobody left asleep beside a free lock.</summary>
public sealed class WriteLockTests
{
    private static readonly TimeSpan Forever = Timeout.InfiniteTimeSpan;

    private readonly WriteLock writeLock = new();
    private readonly ManualClock clock = new();

    [Fact]
    public async Task A_free_lock_is_taken_at_once()
    {
        await writeLock.AcquireAsync(TimeSpan.Zero, clock, default);
        writeLock.Release();
        writeLock.Acquire(TimeSpan.Zero, clock, default);
        Assert.Equal(0, writeLock.WaiterCount);
        writeLock.Release();
    }

    [Fact]
    public async Task A_release_lets_the_first_of_the_queue_in()
    {
        writeLock.Acquire(Forever, clock, default);
        var first = writeLock.AcquireAsync(Forever, clock, default).AsTask();
        var second = writeLock.AcquireAsync(Forever, clock, default).AsTask();
        Assert.Equal(2, writeLock.WaiterCount);

        writeLock.Release();
        await first;
        Assert.False(second.IsCompleted);
        Assert.Equal(1, writeLock.WaiterCount);

        writeLock.Release();
        await second;
        writeLock.Release();
    }

    [Fact]
    public async Task One_who_has_waited_long_is_not_overtaken()
    {
        writeLock.Acquire(Forever, clock, default);
        var waiting = writeLock.AcquireAsync(Forever, clock, default).AsTask();
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < WriteLock.OvertakenMax)
        {
            Thread.Yield();
        }

        // Handed over, not freed: whoever comes now finds it held, whether the waiter has woken or not.
        writeLock.Release();
        var late = writeLock.AcquireAsync(Forever, clock, default).AsTask();
        Assert.False(late.IsCompleted);
        await waiting;
        Assert.False(late.IsCompleted);

        writeLock.Release();
        await late;
        writeLock.Release();
    }

    [Fact]
    public async Task Time_runs_out_by_the_given_clock()
    {
        writeLock.Acquire(Forever, clock, default);
        var waiting = writeLock.AcquireAsync(TimeSpan.FromSeconds(5), clock, default).AsTask();
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(waiting.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("55P03", (await Assert.ThrowsAsync<EngramException>(() => waiting)).SqlState);
        Assert.Equal("55P03", Assert.Throws<EngramException>(() => writeLock.Acquire(TimeSpan.Zero, clock, default)).SqlState);
        Assert.Equal(0, writeLock.WaiterCount);
        writeLock.Release();
        writeLock.Acquire(TimeSpan.Zero, clock, default);
        writeLock.Release();
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_queue()
    {
        writeLock.Acquire(Forever, clock, default);
        using var cancelled = new CancellationTokenSource();
        var first = writeLock.AcquireAsync(Forever, clock, cancelled.Token).AsTask();
        var second = Task.Factory.StartNew(() => writeLock.Acquire(Forever, clock, cancelled.Token), TaskCreationOptions.LongRunning);
        var third = writeLock.AcquireAsync(Forever, clock, default).AsTask();
        SpinWait.SpinUntil(() => writeLock.WaiterCount == 3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(1, writeLock.WaiterCount);
        writeLock.Release();
        await third;
        writeLock.Release();
        Assert.Throws<OperationCanceledException>(() => writeLock.Acquire(Forever, clock, cancelled.Token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Many_of_every_kind_exclude_each_other_and_all_come_through(int seed)
    {
        const int Rounds = 2000;
        var (inside, entered, gaveUp) = (0, 0, 0);
        var workers = Enumerable.Range(0, 8).Select(i => Task.Factory.StartNew(
            async () =>
            {
                var random = new Random((seed * 100) + i);
                for (var round = 0; round < Rounds; round++)
                {
                    using var limit = new CancellationTokenSource();
                    var mayEnd = random.Next(4) == 0;
                    try
                    {
                        if (mayEnd)
                        {
                            limit.CancelAfter(TimeSpan.FromMicroseconds(random.Next(300)));
                        }

                        if (i % 2 == 0)
                        {
                            writeLock.Acquire(Forever, TimeProvider.System, limit.Token);
                        }
                        else
                        {
                            await writeLock.AcquireAsync(Forever, TimeProvider.System, limit.Token);
                        }
                    }
                    catch (OperationCanceledException) when (mayEnd)
                    {
                        Interlocked.Increment(ref gaveUp);
                        continue;
                    }

                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    Thread.SpinWait(random.Next(200));
                    Interlocked.Increment(ref entered);
                    Interlocked.Decrement(ref inside);
                    writeLock.Release();
                }
            },
            TaskCreationOptions.LongRunning).Unwrap()).ToArray();
        await Task.WhenAll(workers);

        Assert.Equal(8 * Rounds, entered + gaveUp);
        Assert.Equal(0, writeLock.WaiterCount);
        await writeLock.AcquireAsync(TimeSpan.Zero, TimeProvider.System, default);
    }

    [Fact]
    public async Task A_blocked_caller_needs_no_thread_of_the_pool()
    {
        // Every thread that the pool has or will make for a while is blocked; the callers below get the lock all the same.
        using var open = new ManualResetEventSlim();
        ThreadPool.GetMinThreads(out var count, out _);
        var blockers = Enumerable.Range(0, count + 4).Select(_ => Task.Run(open.Wait)).ToArray();
        writeLock.Acquire(Forever, clock, default);
        var waiting = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            writeLock.Acquire(Forever, clock, default);
            writeLock.Release();
        })).ToArray();
        Array.ForEach(waiting, t => t.Start());
        SpinWait.SpinUntil(() => writeLock.WaiterCount == 3);
        writeLock.Release();
        Array.ForEach(waiting, t => t.Join());
        open.Set();
        await Task.WhenAll(blockers);
    }
}
