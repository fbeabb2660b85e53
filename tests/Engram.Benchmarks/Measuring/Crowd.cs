using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Engram.Benchmarks.Measuring;

/// <summary>Threads, or tasks that share the pool's, that repeat work of their own for a while; only what starts after the warm-up is counted.</summary>
internal sealed class Crowd(TimeSpan warmUp, TimeSpan duration) : IDisposable
{
    private readonly List<Member> members = [];
    private volatile int phase;

    /// <summary>The time that was measured, after <see cref="Run"/>.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>How often a thread had to wait for a monitor of the process while it was measured.</summary>
    public long LockContentions { get; private set; }

    /// <summary>Adds one who works.</summary>
    /// <param name="work">Gets the number of the call; called again and again until the time is over.</param>
    /// <param name="isTask">Whether it lets others run after each call, on the threads of the pool, instead of having a thread of its own.</param>
    public LatencyLog Add(Action<int> work, bool isTask = false)
    {
        var member = new Member(this, work, isTask);
        members.Add(member);
        return member.Log;
    }

    /// <summary>Runs all threads: through the warm-up, the measured time, and whatever they have begun then.</summary>
    /// <param name="during">Runs on this thread instead of waiting for the duration; the time is over when it returns.</param>
    public void Run(Action? during = null)
    {
        members.ForEach(m => m.Start());
        Thread.Sleep(warmUp);
        var contentions = Monitor.LockContentionCount;
        var start = Stopwatch.GetTimestamp();
        if (phase == 0)
        {
            phase = 1;
        }

        try
        {
            if (during is not null)
            {
                during();
            }
            else
            {
                Thread.Sleep(duration);
            }
        }
        finally
        {
            phase = 2;
            Elapsed = Stopwatch.GetElapsedTime(start);
            LockContentions = Monitor.LockContentionCount - contentions;
        }

        if (members.ConvertAll(m => m.End()).Find(e => e is not null) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        phase = 2;
        members.ForEach(m => m.End());
    }

    private sealed class Member(Crowd crowd, Action<int> work, bool isTask)
    {
        private Task running = Task.CompletedTask;

        public LatencyLog Log { get; } = new();

        public void Start()
            => running = isTask ? Task.Run(RepeatAsync) : Task.Factory.StartNew(Repeat, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        /// <summary>Waits for the end; gives what it failed of.</summary>
        public Exception? End()
        {
            ((IAsyncResult)running).AsyncWaitHandle.WaitOne();
            return running.Exception?.InnerException;
        }

        private void Repeat()
        {
            for (var number = 0; crowd.phase < 2; number++)
            {
                Once(number);
            }
        }

        private async Task RepeatAsync()
        {
            for (var number = 0; crowd.phase < 2; number++)
            {
                Once(number);
                await Task.Yield();
            }
        }

        private void Once(int number)
        {
            var isMeasured = crowd.phase == 1;
            var before = Stopwatch.GetTimestamp();
            try
            {
                work(number);
            }
            catch
            {
                // When one fails all stop.
                crowd.phase = 2;
                throw;
            }

            if (isMeasured && crowd.phase == 1)
            {
                Log.Add(Stopwatch.GetTimestamp() - before);
            }
        }
    }
}
