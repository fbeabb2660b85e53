using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The k nearest rows so far: a bounded heap over arrays that grow no further than there are rows, as LIMIT may be greater than the table.</summary>
internal sealed class NearestRows
{
    private double[] scores = [];
    private long[] ids = [];
    private int[] slots = [];

    public int Count { get; private set; }

    /// <summary>No row with a greater score can enter; +∞ while there are fewer than k.</summary>
    public double Worst(long k) => k <= 0 ? double.NegativeInfinity : Count < k ? double.PositiveInfinity : scores[0];

    public void Offer(ReadOnlySpan<double> newScores, ReadOnlySpan<long> newIds, long k)
    {
        var capacity = (int)Math.Min(k, Math.Min((long)Count + newScores.Length, Array.MaxLength));
        if (capacity > scores.Length)
        {
            capacity = (int)Math.Min(k, Math.Min(Math.Max(capacity, scores.Length * 2L), Array.MaxLength));
            Array.Resize(ref scores, capacity);
            Array.Resize(ref ids, capacity);
            Array.Resize(ref slots, capacity);
        }

        var heap = new TopKHeap(scores, ids, slots, Count);
        for (var i = 0; i < newScores.Length; i++)
        {
            if (newScores[i] <= heap.Worst)
            {
                heap.TryAdd(newScores[i], newIds[i]);
            }
        }

        Count = heap.Count;
    }

    /// <summary>Takes over what another one holds.</summary>
    public void Offer(NearestRows other, long k) => Offer(other.scores.AsSpan(0, other.Count), other.ids, k);

    public (double[] Scores, long[] Ids) Sorted()
    {
        new TopKHeap(scores, ids, slots, Count).SortAscending();
        return (scores[..Count], ids[..Count]);
    }

    public void Clear() => Count = 0;
}

/// <summary>All rows up to a score that may fall: the nearest with those that tie with the last of them.</summary>
internal sealed class TiedRows
{
    private const int PrunedCountMin = 4096;

    private readonly List<(double Score, long Id)> rows = [];
    private int pruneAt = PrunedCountMin;

    public void Offer(ReadOnlySpan<double> scores, ReadOnlySpan<long> ids, double limit)
    {
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] <= limit)
            {
                rows.Add((scores[i], ids[i]));
            }
        }

        if (rows.Count > pruneAt)
        {
            rows.RemoveAll(r => r.Score > limit);
            pruneAt = Math.Max(PrunedCountMin, rows.Count * 2);
        }
    }

    public void Offer(TiedRows other) => rows.AddRange(other.rows);

    /// <summary>Those up to a score, by row id.</summary>
    public (double[] Scores, long[] Ids) Sorted(double limit)
    {
        rows.RemoveAll(r => r.Score > limit);
        rows.Sort((a, b) => a.Id.CompareTo(b.Id));
        return ([.. rows.Select(r => r.Score)], [.. rows.Select(r => r.Id)]);
    }

    public void Clear() => rows.Clear();
}
