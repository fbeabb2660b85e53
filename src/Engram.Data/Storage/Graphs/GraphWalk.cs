using System.Runtime.CompilerServices;
using Engram.Data.Kernels;

namespace Engram.Data.Storage.Graphs;

/// <summary>What a walk goes towards: a row's codes, or a query's in the same form.</summary>
internal readonly unsafe struct GraphTarget(byte* codes, int sum, float factor, float offset)
{
    public byte* Codes => codes;

    /// <summary>Of its codes, as <see cref="CodePairs.Sum"/> gives it.</summary>
    public int Sum => sum;

    public float Factor => factor;

    public float Offset => offset;
}

/// <summary>Walks over a graph, and the memory that this takes: used by one thread at a time, for any graph.</summary>
/// <remarks>
/// <para><b>The problem.</b> Of n rows the nearest few to a target are wanted without looking at all of them. Each row is linked to some that are near it; a walk
/// goes from row to row, always on from the nearest that it has not gone on from, and ends when that is farther than the farthest of the <c>breadth</c> nearest found so far.
/// Higher levels hold fewer rows each, and bring it near in long steps.</para>
/// <para><b>What it promises.</b> Nothing about a single row: the nearest may be missed. What it gives are candidates, by what codes say; whoever asked scores them as
/// defined. With a condition (<c>accepted</c>) it walks over all rows and collects those that satisfy it; where these lie far from the target it may be told to give up.</para>
/// <para><b>Memory.</b> Rows lie all over the codes, so that nearly every one is a wait for memory. They are asked for some ahead of being compared.</para>
/// </remarks>
internal sealed unsafe class GraphWalk
{
    /// <summary>Rows that are asked for before they are compared.</summary>
    private const int Ahead = 8;

    private readonly KeyHeap open = new();
    private readonly KeyHeap found = new();
    private int[] seen = [];
    private int stamp;

    /// <summary>What was found, nearest first: distances in an order-preserving form above, rows below.</summary>
    public ulong[] Keys { get; private set; } = [];

    public int Count { get; private set; }

    /// <summary>Distances computed so far.</summary>
    public long Compared { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RowOf(ulong key) => (int)(uint)key;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphLayout graph, CodeRows codes, in GraphTarget target, int row)
    {
        var facts = graph.Facts + (2L * row);
        return facts[1] + target.Offset - (facts[0] * target.Factor * CodePairs.Dot(codes[row], target.Codes, codes.Stride, target.Sum));
    }

    /// <summary>Orders as distances do, then by row. NaN, of vectors beyond what float32 can square, comes last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong KeyOf(float distance, int row)
    {
        var bits = BitConverter.SingleToUInt32Bits(float.IsNaN(distance) ? float.PositiveInfinity : distance);
        bits ^= (uint)((int)bits >> 31) | 0x8000_0000u;
        return ((ulong)bits << 32) | (uint)row;
    }

    /// <summary>The row on a level that no neighbour is nearer than, coming from above.</summary>
    public int Descend(GraphLayout graph, CodeRows codes, in GraphTarget target, int toLevel)
    {
        var row = graph.Entry;
        var key = KeyOf(Distance(graph, codes, target, row), row);
        for (var level = graph.Top; level > toLevel; level--)
        {
            for (var isNearer = true; isNearer;)
            {
                isNearer = false;
                var links = graph.Links(row, level);
                for (var i = 1; i <= links[0]; i++)
                {
                    Compared++;
                    var other = KeyOf(Distance(graph, codes, target, links[i]), links[i]);
                    if (other < key)
                    {
                        key = other;
                        isNearer = true;
                    }
                }

                row = RowOf(key);
            }
        }

        return row;
    }

    /// <summary>Finds rows near the target on one level.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="breadth">How many to find, and to keep in view.</param>
    /// <param name="accepted">A bit for each row that may be found; null for all.</param>
    /// <param name="comparisonsMax">After so many it gives up.</param>
    /// <returns>Whether it came to its end.</returns>
    public bool Run(GraphLayout graph, CodeRows codes, in GraphTarget target, int level, int from, int breadth, ulong* accepted, long comparisonsMax = long.MaxValue)
    {
        var fresh = stackalloc int[GraphLayout.LinksCountMax];
        var until = comparisonsMax > long.MaxValue - Compared ? long.MaxValue : Compared + comparisonsMax;
        BeginSeen(graph.RowCount);
        open.Clear();
        found.Clear();
        See(from);
        Add(KeyOf(Distance(graph, codes, target, from), from), breadth, accepted);
        while (open.Count > 0)
        {
            var next = open.Pop();
            // The found heap holds complements, so that its least is the farthest.
            if (found.Count >= breadth && next > ~found.Least)
            {
                break;
            }

            if (Compared > until)
            {
                return false;
            }

            if (open.Count > 0)
            {
                // Most likely the next one to go on from.
                CodePairs.Prefetch(graph.Links(RowOf(open.Least), level), graph.LinksMax(level) * sizeof(int));
            }

            var count = TakeUnseen(graph.Links(RowOf(next), level), fresh);
            for (var i = 0; i < Math.Min(count, Ahead); i++)
            {
                Prefetch(graph, codes, fresh[i]);
            }

            for (var i = 0; i < count; i++)
            {
                if (i + Ahead < count)
                {
                    Prefetch(graph, codes, fresh[i + Ahead]);
                }

                Add(KeyOf(Distance(graph, codes, target, fresh[i]), fresh[i]), breadth, accepted);
            }

            Compared += count;
        }

        Count = found.Count;
        if (Keys.Length < Count)
        {
            Keys = new ulong[Math.Max(Count, 2 * Keys.Length)];
        }

        for (var i = Count - 1; i >= 0; i--)
        {
            Keys[i] = ~found.Pop();
        }

        return true;
    }

    private static void Prefetch(GraphLayout graph, CodeRows codes, int row)
    {
        CodePairs.Prefetch(graph.Facts + (2L * row), 1);
        CodePairs.Prefetch(codes[row], codes.Stride);
    }

    private int TakeUnseen(int* links, int* fresh)
    {
        var count = 0;
        for (var i = 1; i <= links[0]; i++)
        {
            fresh[count] = links[i];
            count += See(links[i]) ? 1 : 0;
        }

        return count;
    }

    private void Add(ulong key, int breadth, ulong* accepted)
    {
        if (found.Count >= breadth && key > ~found.Least)
        {
            return;
        }

        open.Push(key);
        var row = RowOf(key);
        if (accepted != null && (accepted[row >> 6] >> (row & 63) & 1) == 0)
        {
            return;
        }

        if (found.Count >= breadth)
        {
            found.Pop();
        }

        found.Push(~key);
    }

    private void BeginSeen(int rows)
    {
        if (seen.Length < rows)
        {
            (seen, stamp) = (new int[rows], 0);
        }

        if (++stamp == int.MaxValue)
        {
            seen.AsSpan().Clear();
            stamp = 1;
        }
    }

    private bool See(int row)
    {
        var isNew = seen[row] != stamp;
        seen[row] = stamp;
        return isNew;
    }

    /// <summary>A binary heap with the least key on top.</summary>
    private sealed class KeyHeap
    {
        private ulong[] keys = new ulong[256];

        public int Count { get; private set; }

        public ulong Least => keys[0];

        public void Clear() => Count = 0;

        public void Push(ulong key)
        {
            if (Count == keys.Length)
            {
                Array.Resize(ref keys, 2 * Count);
            }

            var at = Count++;
            while (at > 0 && keys[(at - 1) / 2] > key)
            {
                keys[at] = keys[(at - 1) / 2];
                at = (at - 1) / 2;
            }

            keys[at] = key;
        }

        public ulong Pop()
        {
            var least = keys[0];
            var key = keys[--Count];
            var at = 0;
            while (true)
            {
                var child = (2 * at) + 1;
                if (child >= Count)
                {
                    break;
                }

                if (child + 1 < Count && keys[child + 1] < keys[child])
                {
                    child++;
                }

                if (keys[child] >= key)
                {
                    break;
                }

                keys[at] = keys[child];
                at = child;
            }

            keys[at] = key;
            return least;
        }
    }
}
