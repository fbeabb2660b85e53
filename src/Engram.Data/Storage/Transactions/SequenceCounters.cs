using System.Collections.Concurrent;
using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Storage.Transactions;

/// <summary>The counters of all sequences of an open database. Thread-safe: numbers are taken without the write lock.</summary>
/// <remarks>
/// <para><b>Problem.</b> nextval is not undone by a rollback and waits for nobody; yet no number that reached a committed row may come again after a crash.</para>
/// <para><b>Way.</b> A number in a row needs a commit after it was taken. So every commit, whoever's it is, first writes to its payload how far those
/// sequences are that are further than the log says, and says some numbers more, so that the next takings cost nothing:</para>
/// <code>
/// nextval ──► 41 42 43 … 73   in memory, under the counter's own lock
///                │         └── 74: not covered: the next commit logs "at 106"
///                └── commit logged "at 73" (32 ahead)
/// </code>
/// <para>A statement that takes a number that is not covered, outside of a write transaction, makes such a commit itself when the write lock is free;
/// when it is not, its holder's commit does it. Closing the database writes how far the sequences really are.</para>
/// <para><b>Crash.</b> Up to 32 numbers of a sequence are skipped. A number that was only shown, while another transaction held the write lock, and that no
/// commit followed, may come again.</para>
/// </remarks>
internal sealed class SequenceCounters
{
    private readonly ConcurrentDictionary<ObjectId, SequenceCounter> counters = [];
    private int isDirty;

    public SequenceCounters(DatabaseCatalog catalog)
    {
        foreach (var sequence in catalog.Sequences)
        {
            counters[sequence.Counter] = new SequenceCounter(
                this, catalog.SequenceValues.GetValueOrDefault(sequence.Counter, new SequenceValue(sequence.First, false)));
        }
    }

    /// <summary>Makes a commit of its own if nobody writes just now.</summary>
    public required Action TryLog { get; init; }

    public SequenceCounter Of(SequenceDefinition sequence)
        => counters.TryGetValue(sequence.Counter, out var counter) ? counter : throw Error.Internal($"sequence {sequence} has no counter");

    /// <summary>Begins to count anew: a counter's id is given again when a rollback has taken back the sequence that had it.</summary>
    public void Create(SequenceDefinition sequence)
        => counters[sequence.Counter] = new SequenceCounter(this, new SequenceValue(sequence.First, false));

    public void SetDirty() => Volatile.Write(ref isDirty, 1);

    /// <summary>Writes the records of the sequences that need one. Under the write lock.</summary>
    /// <param name="isClosing">To write how far they really are, so that a clean end skips no numbers.</param>
    public void WriteTo(ByteWriter redo, DatabaseCatalog catalog, bool isClosing = false)
    {
        if (!isClosing && Interlocked.Exchange(ref isDirty, 0) == 0)
        {
            return;
        }

        foreach (var sequence in catalog.Sequences)
        {
            if (counters.TryGetValue(sequence.Counter, out var counter) && counter.TryLog(sequence, isClosing, out var value))
            {
                RedoRecord.WriteSequenceValue(redo, sequence.Counter, value);
            }
        }
    }

    /// <summary>The commit that was to log them has failed: the next one does.</summary>
    public void LogAgain()
    {
        foreach (var counter in counters.Values)
        {
            counter.LogAgain();
        }
    }

    /// <summary>What the log says of the sequences of a catalog: for a manifest, in place of the log before it.</summary>
    public IEnumerable<KeyValuePair<ObjectId, SequenceValue>> Logged(DatabaseCatalog catalog)
    {
        foreach (var sequence in catalog.Sequences)
        {
            if (counters.TryGetValue(sequence.Counter, out var counter))
            {
                yield return new(sequence.Counter, counter.Logged);
            }
        }
    }
}

/// <summary>How far one sequence is. Thread-safe.</summary>
internal sealed class SequenceCounter(SequenceCounters owner, SequenceValue value)
{
    /// <summary>How many numbers a record of the log covers beyond the one that was given.</summary>
    private const int AheadCount = 32;

    private readonly Lock gate = new();
    private SequenceValue current = value;
    private SequenceValue logged = value;
    private int coveredCount;
    private SequenceDefinition? coveredBy;
    private bool isDirty;

    /// <summary>The last number given, or the one that comes first.</summary>
    public SequenceValue Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>What the log, or the manifest, says.</summary>
    public SequenceValue Logged
    {
        get
        {
            lock (gate)
            {
                return logged;
            }
        }
    }

    /// <summary>Takes the next number.</summary>
    /// <param name="isCovered">Whether a crash can no longer bring it again, once what is in the log's queue is durable.</param>
    /// <exception cref="EngramException">2200H: there is none left.</exception>
    public long Take(SequenceDefinition definition, out bool isCovered)
    {
        lock (gate)
        {
            if (!TryNext(definition, current, out var next, out var wraps))
            {
                throw Error.SequenceExhausted(definition.ToString(), definition.Increment > 0 ? definition.Max : definition.Min);
            }

            current = next;
            // The record was written for this increment and these bounds.
            isCovered = !wraps && coveredCount > 0 && !isDirty && ReferenceEquals(coveredBy, definition);
            if (isCovered)
            {
                coveredCount--;
            }
            else
            {
                MarkDirty();
            }

            return next.Last;
        }
    }

    public void Set(SequenceValue value)
    {
        lock (gate)
        {
            current = value;
            MarkDirty();
        }
    }

    /// <summary>What a record of the log is to say; false when none is needed.</summary>
    public bool TryLog(SequenceDefinition definition, bool isClosing, out SequenceValue value)
    {
        lock (gate)
        {
            if (isClosing ? logged == current : !isDirty)
            {
                value = default;
                return false;
            }

            value = current;
            coveredCount = 0;
            coveredBy = definition;
            while (!isClosing && current.IsCalled && coveredCount < AheadCount && TryNext(definition, value, out var next, out var wraps) && !wraps)
            {
                value = next;
                coveredCount++;
            }

            logged = value;
            isDirty = false;
            return true;
        }
    }

    public void LogAgain()
    {
        lock (gate)
        {
            MarkDirty();
        }
    }

    private void MarkDirty()
    {
        isDirty = true;
        coveredCount = 0;
        owner.SetDirty();
    }

    private static bool TryNext(SequenceDefinition definition, SequenceValue from, out SequenceValue next, out bool wraps)
    {
        wraps = false;
        var last = (Int128)from.Last + (from.IsCalled ? definition.Increment : 0);
        if (last > definition.Max || last < definition.Min)
        {
            wraps = true;
            last = definition.Increment > 0 ? definition.Min : definition.Max;
            if (!definition.IsCycle)
            {
                next = from;
                return false;
            }
        }

        next = new SequenceValue((long)last, true);
        return true;
    }
}
