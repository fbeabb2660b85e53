using System.Globalization;
using Level = Engram.Data.Engine.Isolation;

namespace Engram.Data.Tests.Storage.Isolation;

/// <summary>A list that transactions append to and read.</summary>
/// <param name="IsPredicate">Its values are rows that a condition selects, so that appending is an insert and misses of it are phantoms. Otherwise
/// they are one value of one row, so that appending is an update.</param>
internal readonly record struct ListKey(bool IsPredicate, int Number)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsPredicate ? "rows" : "item")} {Number}");
}

internal enum Outcome
{
    Committed,
    Aborted,
}

/// <summary>One statement: what it asked and what it was told.</summary>
internal sealed class RecordedStatement(long invoked)
{
    /// <summary>Ticks of the history's clock before it was sent and after it was answered.</summary>
    public long Invoked { get; } = invoked;

    public long Completed { get; set; }

    /// <summary>A value that no other statement appends.</summary>
    public (ListKey Key, long Value)? Append { get; set; }

    /// <summary>Whole lists, all read by this one statement; with the append when the statement returned its result.</summary>
    public List<(ListKey Key, long[] Values)> Reads { get; } = [];

    /// <summary>Whether it failed, or a rollback to a savepoint took it back, at which tick; else 0.</summary>
    public long Undone { get; set; }
}

internal sealed class RecordedTransaction(int number, Level level)
{
    public int Number { get; } = number;

    public Level Level { get; } = level;

    public List<RecordedStatement> Statements { get; } = [];

    public Outcome Outcome { get; set; }

    /// <summary>The tick after its end was answered.</summary>
    public long Ended { get; set; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"T{Number} ({Level})");
}

/// <summary>All that concurrent sessions did and saw. Thread-safe to add to.</summary>
internal sealed class History
{
    private readonly Lock gate = new();
    private readonly List<RecordedTransaction> transactions = [];
    private long clock;
    private long value;

    public IReadOnlyList<RecordedTransaction> Transactions => transactions;

    /// <summary>The next tick; ticks of different threads are ordered as they were taken.</summary>
    public long Tick() => Interlocked.Increment(ref clock);

    public long NextValue() => Interlocked.Increment(ref value);

    public RecordedTransaction Begin(Level level)
    {
        lock (gate)
        {
            var begun = new RecordedTransaction(transactions.Count + 1, level);
            transactions.Add(begun);
            return begun;
        }
    }
}
