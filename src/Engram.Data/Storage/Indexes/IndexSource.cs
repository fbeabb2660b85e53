using Engram.Data.Storage.Versions;

namespace Engram.Data.Storage.Indexes;

/// <summary>The part of a range that lies in one sorted run, and a place in it: what <see cref="IndexCursor"/> merges.</summary>
/// <remarks>
/// Forwards, entries come as they lie. Backwards, keys come from the greatest on, but the entries of one key still in the order of row ids, as a
/// stable sort would leave them: so the beginning of each key's entries is looked for first, by a comparison with the neighbour, then by halving.
/// </remarks>
internal sealed class IndexSource
{
    private readonly SegmentExtent? extent;
    private readonly SegmentRun? run;
    private readonly SegmentKeyReader? keys;
    private readonly KeyLog.View log;
    private readonly int logRun;
    private readonly int first;
    private readonly int end;
    private readonly KeyBuffer other = new();
    private int next;
    private int groupEnd;
    private int rest;

    public IndexSource(SegmentExtent extent, SegmentRun run, SegmentKeyReader keys, KeyRange range)
    {
        (this.extent, this.run, this.keys) = (extent, run, keys);
        (first, end) = run.Find(range, keys);
    }

    public IndexSource(KeyLog.View log, int logRun, KeyRange range)
    {
        (this.log, this.logRun) = (log, logRun);
        (first, end) = log.Find(logRun, range);
    }

    public int Count => end - first;

    /// <summary>The segment that the entries are of; null when they are the delta's.</summary>
    public SegmentExtent? Extent => extent;

    /// <summary>The current entry, after <see cref="MoveNext"/>: its key as it was entered.</summary>
    public KeyBuffer Key { get; } = new();

    public long RowId { get; private set; }

    /// <summary>The row's position in the segment.</summary>
    public int Position { get; private set; }

    public long RowIdAt(int offset) => run is null ? log.RowIdAt(logRun, first + offset) : extent!.Segment.RowIdAt(run.PositionAt(first + offset));

    public void Start(bool isDescending)
    {
        (next, groupEnd, rest) = isDescending ? (end, end, end) : (first, end, end);
    }

    public bool MoveNext(bool isDescending)
    {
        if (isDescending && next == groupEnd)
        {
            groupEnd = rest;
            next = rest > first ? FindGroup(rest - 1) : rest;
            rest = next;
        }

        if (next >= groupEnd)
        {
            return false;
        }

        Read(next, Key);
        if (run is null)
        {
            RowId = log.RowIdAt(logRun, next);
        }
        else
        {
            Position = run.PositionAt(next);
            RowId = extent!.Segment.RowIdAt(Position);
        }

        next++;
        return true;
    }

    /// <summary>The first entry with the key of this one.</summary>
    private int FindGroup(int entry)
    {
        Read(entry, Key);
        if (entry == first)
        {
            return entry;
        }

        if (run is not null && !run.HaveSamePrefix(entry - 1, entry))
        {
            return entry;
        }

        Read(entry - 1, other);
        if (!other.Span.SequenceEqual(Key.Span))
        {
            return entry;
        }

        return run is null ? log.LowerBound(logRun, Key.Span, first) : Math.Max(first, run.LowerBound(Key.Span, keys!));
    }

    private void Read(int entry, KeyBuffer target)
    {
        Span<byte> room = stackalloc byte[sizeof(ulong)];
        target.Set(run is null ? log.KeyAt(logRun, entry, room) : keys!.Read(run.PositionAt(entry)));
    }
}
