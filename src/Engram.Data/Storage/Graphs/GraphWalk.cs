using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
/// <para><b>Two ways to keep what was found.</b> Without a condition what a walk goes on from is found as well: one sorted array holds both, as short as it is broad, with a mark on the rows that the walk has gone
/// on from. Moving some hundred bytes costs less than the mispredicted branches of two heaps. With a condition rows to go on from may not be found, and a very broad array would be long to move: these take two heaps.</para>
/// <para><b>Memory.</b> Rows lie all over the codes, so that nearly every one is a wait for memory. They are asked for some ahead of being compared.</para>
/// </remarks>
internal sealed unsafe class GraphWalk
{
    /// <summary>Rows that are asked for before they are compared.</summary>
    private const int Ahead = 8;

    /// <summary>The greatest breadth that is kept in a sorted array.</summary>
    private const int SortedBreadthMax = 512;

    /// <summary>Set in a key of the sorted array when the walk has gone on from the row. It stands below the row, which it moves up by one bit, so that it does not change the order.</summary>
    private const ulong Left = 1;

    private const ulong DistanceMask = 0xFFFF_FFFF_0000_0000;

    private readonly KeyHeap open = new();
    private readonly KeyHeap found = new();
    private ulong[] seen = [];

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

    /// <summary>The distance that a key was made of.</summary>
    public static float DistanceOf(ulong key)
    {
        var bits = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((bits & 0x8000_0000u) != 0 ? bits ^ 0x8000_0000u : ~bits);
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
        if (accepted == null && breadth <= SortedBreadthMax && comparisonsMax == long.MaxValue)
        {
            RunSorted(graph, codes, target, level, from, breadth);
            return true;
        }

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
        Reserve(Count);
        for (var i = Count - 1; i >= 0; i--)
        {
            Keys[i] = ~found.Pop();
        }

        return true;
    }

    /// <summary>The same without a condition, in one sorted array.</summary>
    private void RunSorted(GraphLayout graph, CodeRows codes, in GraphTarget target, int level, int from, int breadth)
    {
        var fresh = stackalloc int[GraphLayout.LinksCountMax];
        Reserve(breadth);
        BeginSeen(graph.RowCount);
        See(from);
        Keys[0] = MarkableOf(KeyOf(Distance(graph, codes, target, from), from));
        Count = 1;
        for (var at = 0; at < Count;)
        {
            if ((Keys[at] & Left) != 0)
            {
                at++;
                continue;
            }

            var next = RowOf(Keys[at]) >>> 1;
            Keys[at++] |= Left;
            var count = TakeUnseen(graph.Links(next, level), fresh);
            for (var i = 0; i < Math.Min(count, Ahead); i++)
            {
                Prefetch(graph, codes, fresh[i]);
            }

            PrefetchLinks(graph, level, at);
            for (var i = 0; i < count; i++)
            {
                if (i + Ahead < count)
                {
                    Prefetch(graph, codes, fresh[i + Ahead]);
                }

                var place = Insert(MarkableOf(KeyOf(Distance(graph, codes, target, fresh[i]), fresh[i])), breadth);
                if (place >= 0 && place < at)
                {
                    // Likely to be gone on from next, where nothing nearer comes.
                    at = place;
                    CodePairs.Prefetch(graph.Links(fresh[i], level), graph.LinksMax(level) * sizeof(int));
                }
            }

            Compared += count;
        }

        for (var i = 0; i < Count; i++)
        {
            Keys[i] = (Keys[i] & DistanceMask) | ((uint)Keys[i] >> 1);
        }
    }

    /// <summary>Asks for the links of the nearest row that the walk has not gone on from.</summary>
    private void PrefetchLinks(GraphLayout graph, int level, int at)
    {
        while (at < Count && (Keys[at] & Left) != 0)
        {
            at++;
        }

        if (at < Count)
        {
            CodePairs.Prefetch(graph.Links(RowOf(Keys[at]) >>> 1, level), graph.LinksMax(level) * sizeof(int));
        }
    }

    /// <summary>A key with room for <see cref="Left"/>. Numbers of rows leave a bit free.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MarkableOf(ulong key) => (key & DistanceMask) | ((uint)key << 1);

    /// <summary>Puts a key in its place; the farthest makes room for it.</summary>
    /// <returns>The place; −1 when there is none.</returns>
    private int Insert(ulong key, int breadth)
    {
        if (Count == breadth && key >= Keys[Count - 1])
        {
            return -1;
        }

        // Where it belongs is a matter of chance: no branch depends on it.
        ref var first = ref MemoryMarshal.GetArrayDataReference(Keys);
        var (place, length) = (0, Count);
        while (length > 1)
        {
            var half = length >> 1;
            place += Unsafe.Add(ref first, place + half - 1) < key ? half : 0;
            length -= half;
        }

        place += length == 1 && Unsafe.Add(ref first, place) < key ? 1 : 0;
        var moved = Math.Min(Count, breadth - 1) - place;
        Keys.AsSpan(place, moved).CopyTo(Keys.AsSpan(place + 1));
        Keys[place] = key;
        Count = Math.Min(Count + 1, breadth);
        return place;
    }

    private void Reserve(int count)
    {
        if (Keys.Length < count)
        {
            Keys = new ulong[Math.Max(count, 2 * Keys.Length)];
        }
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
        var words = (rows + 63) / 64;
        if (seen.Length < words)
        {
            seen = new ulong[words];
            return;
        }

        Array.Clear(seen, 0, words);
    }

    private bool See(int row)
    {
        ref var word = ref seen[row >> 6];
        var bit = 1UL << row;
        var isNew = (word & bit) == 0;
        word |= bit;
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
