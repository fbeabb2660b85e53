using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Windows;

/// <summary>The rows of one partition in their order, and which of them are equal in ORDER BY: peers. One instance shows one partition after the other.</summary>
internal sealed class WindowPartition
{
    private int[] order = [];
    private int start;

    public int Count { get; private set; }

    /// <summary>The rows of the store, in order: place i of the partition is row Rows[i].</summary>
    public ReadOnlySpan<int> Rows => order.AsSpan(start, Count);

    /// <summary>For each place that of its first peer.</summary>
    public int[] PeerStarts { get; private set; } = [];

    /// <summary>For each place that after its last peer.</summary>
    public int[] PeerEnds { get; private set; } = [];

    /// <summary>For each place the number of its group of peers, from 0.</summary>
    public int[] PeerGroups { get; private set; } = [];

    /// <summary>The first place of each group of peers.</summary>
    public List<int> GroupStarts { get; } = [];

    /// <summary>The arguments of the call that is being computed, by row of the store.</summary>
    public Column[] Arguments { get; set; } = [];

    /// <summary>The condition of FILTER, by row of the store; null without one.</summary>
    public Column? Filter { get; set; }

    /// <summary>The frames of the call that is being computed.</summary>
    public WindowFrames Frames { get; set; } = null!;

    /// <summary>What the window reserves memory from, and how much it has for all but the call that is being computed.</summary>
    public MemoryReservation? Memory { get; set; }

    public long HeldBytes { get; set; }

    /// <summary>Shows places first … first + count - 1 of an order.</summary>
    /// <param name="keys">The columns of ORDER BY; without any, all rows are peers.</param>
    public void Set(int[] orderOfAll, int first, int count, Column[] keys, KeyComparer[] comparers)
    {
        (order, start, Count) = (orderOfAll, first, count);
        if (PeerStarts.Length < count)
        {
            var length = Math.Max(count, PeerStarts.Length * 2);
            (PeerStarts, PeerEnds, PeerGroups) = (new int[length], new int[length], new int[length]);
        }

        GroupStarts.Clear();
        var rows = Rows;
        for (int from = 0, to; from < count; from = to)
        {
            to = from + 1;
            while (to < count && (keys.Length == 0 || AreEqual(keys, comparers, rows[from], rows[to])))
            {
                to++;
            }

            PeerStarts.AsSpan(from, to - from).Fill(from);
            PeerEnds.AsSpan(from, to - from).Fill(to);
            PeerGroups.AsSpan(from, to - from).Fill(GroupStarts.Count);
            GroupStarts.Add(from);
        }
    }

    public static bool AreEqual(Column[] keys, KeyComparer[] comparers, int a, int b)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            if (comparers[i].Compare(keys[i], a, keys[i], b) != 0)
            {
                return false;
            }
        }

        return true;
    }
}
