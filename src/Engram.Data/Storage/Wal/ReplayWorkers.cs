using System.Runtime.ExceptionServices;

namespace Engram.Data.Storage.Wal;

/// <summary>Something that another thread may do while the log is replayed.</summary>
internal abstract class ReplayTask
{
    private ExceptionDispatchInfo? failure;

    /// <summary>Under the gate of the workers.</summary>
    public bool IsDone { get; set; }

    public void RunAndKeepFailure()
    {
        try
        {
            Run();
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    public bool HasFailed => failure is not null;

    public void ThrowIfFailed() => failure?.Throw();

    /// <summary>Called instead of running when replay was given up.</summary>
    public virtual void Abandon()
    {
    }

    /// <summary>Called once, by any thread.</summary>
    protected abstract void Run();
}

/// <summary>The threads that help the opening thread to replay the log.</summary>
/// <remarks>
/// <para><b>The problem.</b> A gigabyte of log is read, checked, and moved into memory that the system must hand out page by page. One core does that in
/// more than a second; yet commits must be applied in order, and what a crash or rot did must be judged in order.</para>
/// <code>
///   readers (2)        opening thread                                       workers
///   ───────────        ──────────────────────────────────────────────       ───────────────────
///   pieces of    ──►   follow headers, cut the chain into runs        ──►   checksums of a run
///   files, ahead       apply the commits of the oldest checked run    ──►   copies of its vectors
/// </code>
/// <para><b>What stays in order.</b> All decisions and all changes of state are the opening thread's: where the chain goes, what is damage, which
/// row comes where. Others only read bytes that nobody writes, compute checksums, and fill memory that nobody reads before
/// <see cref="Finish"/>. So the outcome, errors included, is that of one thread: an error that a reader meets is thrown when, and only if, the opening
/// thread comes to that place.</para>
/// <para><b>Waiting.</b> Whoever waits for a task does tasks meanwhile. With one thread a task is done where it is posted, and no thread is started.</para>
/// <para><b>Memory.</b> Files lie in memory as a whole, two of them mostly: reading is at most <see cref="ReplayOptions.ReadAheadSizeBytesMax"/> ahead, tasks
/// that wait are few, and a file's memory is used again when the chain has left the file and the copies from it are made.</para>
/// </remarks>
internal sealed class ReplayWorkers : IDisposable
{
    private readonly Queue<ReplayTask> queue = new();
    private readonly List<Thread> threads = [];
    private int running;
    private bool isStopping;
    private ReplayTask? failed;

    public ReplayWorkers(ReplayOptions options)
    {
        Options = options;
        Copies = new BulkCopies(this);
    }

    public ReplayOptions Options { get; }

    /// <summary>Copies that the applier of commits hands over.</summary>
    public BulkCopies Copies { get; }

    /// <summary>Whether other threads help.</summary>
    public bool IsParallel { get; private set; }

    /// <summary>Guards tasks, and the pieces of files that are read ahead; pulsed when one of them is done.</summary>
    public object Gate { get; } = new();

    /// <summary>Starts threads when the log is long enough for them.</summary>
    public void Start(long logSizeBytes)
    {
        IsParallel = Options.ThreadsMax > 1 && logSizeBytes >= Options.ParallelSizeBytesMin;
        for (var i = 1; IsParallel && i < Options.ThreadsMax; i++)
        {
            threads.Add(StartThread(Work));
        }
    }

    internal static Thread StartThread(ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true, Name = "Engram recovery" };
        thread.Start();
        return thread;
    }

    public void Post(ReplayTask task)
    {
        if (!IsParallel)
        {
            task.RunAndKeepFailure();
            SetDone(task);
            return;
        }

        lock (Gate)
        {
            queue.Enqueue(task);
            Monitor.PulseAll(Gate);
            while (queue.Count > Options.QueuedTasksMax)
            {
                RunOneOrWait();
            }
        }
    }

    /// <summary>Lets those look again who wait for the opening thread to come forward.</summary>
    public void Pulse()
    {
        if (IsParallel)
        {
            lock (Gate)
            {
                Monitor.PulseAll(Gate);
            }
        }
    }

    /// <summary>Waits for a task, and does others meanwhile.</summary>
    public void Wait(ReplayTask task)
    {
        lock (Gate)
        {
            while (!task.IsDone)
            {
                RunOneOrWait();
            }
        }

        task.ThrowIfFailed();
    }

    /// <summary>Waits until every task is done.</summary>
    public void Finish()
    {
        Copies.Flush();
        lock (Gate)
        {
            while (queue.Count > 0 || running > 0)
            {
                RunOneOrWait();
            }
        }

        failed?.ThrowIfFailed();
    }

    /// <summary>Does a task if there is one, else waits until something happens. Under the gate, which it leaves meanwhile.</summary>
    public void RunOneOrWait()
    {
        if (queue.TryDequeue(out var task))
        {
            RunOutsideOfGate(task);
        }
        else
        {
            Monitor.Wait(Gate);
        }
    }

    /// <summary>Ends the threads. Tasks that nobody began are not done any more.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            isStopping = true;
            Monitor.PulseAll(Gate);
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        threads.Clear();
        Copies.Abandon();
        while (queue.TryDequeue(out var task))
        {
            task.Abandon();
        }
    }

    private void Work()
    {
        lock (Gate)
        {
            while (!isStopping)
            {
                RunOneOrWait();
            }
        }
    }

    private void RunOutsideOfGate(ReplayTask task)
    {
        running++;
        Monitor.Exit(Gate);
        try
        {
            task.RunAndKeepFailure();
        }
        finally
        {
            Monitor.Enter(Gate);
            running--;
            SetDone(task);
            Monitor.PulseAll(Gate);
        }
    }

    private void SetDone(ReplayTask task)
    {
        task.IsDone = true;
        failed ??= task.HasFailed ? task : null;
    }
}
