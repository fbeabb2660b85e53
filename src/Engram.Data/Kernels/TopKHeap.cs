namespace Engram.Data.Kernels;

/// <summary>Keeps the k entries of smallest score, equal scores in favour of the smaller id, over memory of the caller's.</summary>
/// <remarks>
/// <para>A binary heap with the worst entry on top: place i is no better than places 2i + 1 and 2i + 2. k is the length of the spans.</para>
/// <para>Each entry owns a slot, a number in [0, k) that stays its own until the entry is pushed out: the caller keeps whatever belongs to an
/// entry in arrays of k, indexed by slot, and nothing of that moves when the heap does. A NaN score never enters.</para>
/// <para>To go on with the same spans later (the next batch), make another heap over them with <c>count</c> = <see cref="Count"/>.</para>
/// </remarks>
internal ref struct TopKHeap
{
    private readonly Span<double> scores;
    private readonly Span<long> ids;
    private readonly Span<int> slots;

    /// <summary>A heap of scores.Length entries at most, of which the first <paramref name="count"/> are there already, as an earlier heap left them.</summary>
    public TopKHeap(Span<double> scores, Span<long> ids, Span<int> slots, int count = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Length, scores.Length, nameof(ids));
        ArgumentOutOfRangeException.ThrowIfNotEqual(slots.Length, scores.Length, nameof(slots));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, scores.Length);
        this.scores = scores;
        this.ids = ids;
        this.slots = slots;
        Count = count;
    }

    /// <summary>Entries held, 0 to k.</summary>
    public int Count { get; private set; }

    /// <summary>No entry of a greater score can enter: the k-th score, or +∞ while there are fewer than k. An equal one still may, by its id.</summary>
    public readonly double Worst => scores.Length == 0 ? double.NegativeInfinity : Count < scores.Length ? double.PositiveInfinity : scores[0];

    /// <summary>The scores held: in heap order, or ascending after <see cref="SortAscending"/>. Likewise <see cref="Ids"/> and <see cref="Slots"/>.</summary>
    public readonly ReadOnlySpan<double> Scores => scores[..Count];

    public readonly ReadOnlySpan<long> Ids => ids[..Count];

    public readonly ReadOnlySpan<int> Slots => slots[..Count];

    /// <summary>Whether an entry would enter.</summary>
    public readonly bool Accepts(double score, long id)
        => Count < scores.Length ? !double.IsNaN(score) : scores.Length > 0 && IsWorse(scores[0], ids[0], score, id);

    public bool TryAdd(double score, long id) => TryAdd(score, id, out _);

    /// <summary>Takes the entry in, pushing out the worst when full; false when it is no better than that one.</summary>
    /// <param name="score">Smaller is better; NaN is refused.</param>
    /// <param name="id">Decides between equal scores; the smaller is better.</param>
    /// <param name="slot">Where the caller is to keep what belongs to the entry (in place of the one pushed out); -1 when refused.</param>
    public bool TryAdd(double score, long id, out int slot)
    {
        slot = -1;
        if (!Accepts(score, id))
        {
            return false;
        }

        if (Count < scores.Length)
        {
            slot = Count;
            SiftUp(Count++, score, id, slot);
        }
        else
        {
            slot = slots[0];
            SiftDown(0, Count, score, id, slot);
        }

        return true;
    }

    /// <summary>Orders the entries from best to worst. It is no heap afterwards: read it, add nothing.</summary>
    public readonly void SortAscending()
    {
        for (var last = Count - 1; last > 0; last--)
        {
            var (score, id, slot) = (scores[last], ids[last], slots[last]);
            Set(last, scores[0], ids[0], slots[0]);
            SiftDown(0, last, score, id, slot);
        }
    }

    private readonly void SiftUp(int at, double score, long id, int slot)
    {
        while (at > 0)
        {
            var parent = (at - 1) / 2;
            if (!IsWorse(score, id, scores[parent], ids[parent]))
            {
                break;
            }

            Set(at, scores[parent], ids[parent], slots[parent]);
            at = parent;
        }

        Set(at, score, id, slot);
    }

    private readonly void SiftDown(int at, int count, double score, long id, int slot)
    {
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= count)
            {
                break;
            }

            if (child + 1 < count && IsWorse(scores[child + 1], ids[child + 1], scores[child], ids[child]))
            {
                child++;
            }

            if (!IsWorse(scores[child], ids[child], score, id))
            {
                break;
            }

            Set(at, scores[child], ids[child], slots[child]);
            at = child;
        }

        Set(at, score, id, slot);
    }

    private readonly void Set(int at, double score, long id, int slot)
    {
        scores[at] = score;
        ids[at] = id;
        slots[at] = slot;
    }

    private static bool IsWorse(double score, long id, double thanScore, long thanId)
        => score > thanScore || (score == thanScore && id > thanId);
}
