using Level = Engram.Data.Engine.Isolation;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>Concurrent transactions of all levels over a few lists, by threads, or one step at a time in an order that a seed gives.</summary>
internal sealed class ListWorkload : IDisposable
{
    private readonly string connectionString;
    private readonly Random random;
    private readonly History history = new();
    private readonly List<ListSession> sessions = [];
    private readonly EngramConnection owner;
    private readonly Func<Random, Level?> chooseLevel;

    /// <param name="chooseLevel">The level of the next transaction; null: one statement without one. By default all of them.</param>
    public ListWorkload(string connectionString, int seed, Func<Random, Level?>? chooseLevel = null)
    {
        this.connectionString = connectionString;
        random = new Random(seed);
        this.chooseLevel = chooseLevel ?? (r => r.Next(7) switch { 0 => null, 1 or 2 => Level.ReadCommitted, 3 or 4 => Level.Snapshot, _ => Level.Serializable });
        owner = new EngramConnection(connectionString);
        owner.Open();
        ListSession.CreateTables(owner);
    }

    public History History => history;

    public int Refused => sessions.Sum(s => s.Refused);

    public int Committed => sessions.Sum(s => s.Committed);

    public void Dispose()
    {
        sessions.ForEach(s => s.Dispose());
        owner.Dispose();
    }

    /// <summary>Every session on a thread, half of them by synchronous calls, with checkpoints and compactions meanwhile.</summary>
    public async Task RunThreadsAsync(int sessionCount, int transactionCount)
    {
        var tasks = new List<Task>();
        for (var i = 0; i < sessionCount; i++)
        {
            var (seed, isAsync) = (random.Next(), i % 2 == 0);
            var session = Open(isAsync);
            tasks.Add(Task.Factory.StartNew(async () =>
            {
                var own = new Random(seed);
                for (var t = 0; t < transactionCount; t++)
                {
                    var level = chooseLevel(own);
                    session.Begin(level);
                    var left = level is null ? 1 : own.Next(1, 6);
                    while (session.IsActive)
                    {
                        await session.StepAsync(Choose(own, session, level, left--));
                        if (own.Next(4) == 0)
                        {
                            await Task.Yield();
                        }
                    }
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap());
        }

        var working = Task.WhenAll(tasks);
        while (!working.IsCompleted)
        {
            Maintain(random.Next(2) == 0);
            await Task.Yield();
        }

        await working;
        await FinishAsync();
    }

    /// <summary>One step of one session at a time. Whoever waits for the write lock stays where he is until it is his turn: the queue is in order.</summary>
    public async Task RunStepsAsync(int sessionCount, int stepCount)
    {
        for (var i = 0; i < sessionCount; i++)
        {
            Open(isAsync: true);
        }

        var left = new int[sessionCount];
        var waiting = new Queue<(ListSession Session, Task Step)>();
        var levels = new Level?[sessionCount];
        ListSession? holder = null;
        for (var step = 0; step < stepCount || waiting.Count > 0 || sessions.Any(s => s.IsActive); step++)
        {
            var chosen = random.Next(sessionCount);
            var session = sessions[chosen];
            if (waiting.Any(w => w.Session == session))
            {
                continue;
            }

            if (!session.IsActive)
            {
                if (step >= stepCount)
                {
                    continue;
                }

                levels[chosen] = chooseLevel(random);
                session.Begin(levels[chosen]);
                left[chosen] = levels[chosen] is null ? 1 : random.Next(1, 6);
            }

            var next = Choose(random, session, levels[chosen], left[chosen]--);
            var needsLock = next.IsWrite || (session.Level == Level.Serializable && next.Kind < StepKind.Savepoint);
            var running = session.StepAsync(next);
            if (needsLock && holder is not null && holder != session)
            {
                if (running.IsCompleted)
                {
                    await running;
                    throw new InvalidOperationException("A session wrote while another one held the write lock.");
                }

                waiting.Enqueue((session, running));
                continue;
            }

            await running;
            if (session.HoldsWriteLock)
            {
                holder = session;
            }
            else if (holder == session)
            {
                holder = null;
            }

            while (holder is null && waiting.TryDequeue(out var first))
            {
                await first.Step;
                holder = first.Session.HoldsWriteLock ? first.Session : null;
            }

            if (holder is null && random.Next(20) == 0)
            {
                Maintain(random.Next(3) == 0);
            }
        }

        await FinishAsync();
    }

    private async Task FinishAsync()
    {
        using var last = new ListSession(Connect(), history, isAsync: true);
        await last.ReadAllAsync();
    }

    private void Maintain(bool isCompaction)
    {
        var store = owner.Session.Database.Store;
        if (isCompaction)
        {
            store.Compact(null, null, default);
        }
        else
        {
            store.Checkpoint(default);
        }
    }

    private ListSession Open(bool isAsync)
    {
        var session = new ListSession(Connect(), history, isAsync);
        sessions.Add(session);
        return session;
    }

    private EngramConnection Connect()
    {
        var connection = new EngramConnection(connectionString);
        connection.Open();
        return connection;
    }

    private static Step Choose(Random random, ListSession session, Level? level, int left)
    {
        if (left <= 0)
        {
            return new Step(random.Next(7) == 0 ? StepKind.Rollback : StepKind.Commit, 0);
        }

        var key = random.Next(ListSession.KeyCount);
        if (level is Level.Snapshot or Level.Serializable && session.Knows(key) && random.Next(2) == 0)
        {
            return new Step(StepKind.OverwriteItem, key);
        }

        return random.Next(level is null ? 14 : 17) switch
        {
            0 or 1 or 2 => new Step(StepKind.ReadItem, key),
            3 => new Step(StepKind.ReadItems, key),
            4 or 5 => new Step(StepKind.ReadRows, key),
            6 => new Step(StepKind.ReadAll, key),
            7 or 8 or 9 => new Step(StepKind.AppendItem, key),
            10 => new Step(StepKind.AppendItemReturning, key),
            11 or 12 or 13 => new Step(StepKind.AppendRow, key),
            14 or 15 => new Step(StepKind.Savepoint, key),
            _ => new Step(StepKind.RollbackToSavepoint, key),
        };
    }
}
