using Engram.Data.Columns;

namespace Engram.Data.Storage.Indexes;

/// <summary>The keys of the delta in order: entries as they are written, sorted when somebody asks.</summary>
/// <remarks>
/// <para><b>The problem.</b> Rows come by the hundred thousand and are seldom asked for in order before they move to a segment; a tree would make every
/// insert, and recovery, pay for that. So the writer only appends the bytes of the key, and the first reader that wants order sorts.</para>
/// <code>
///  entries   0 ......................... n         append-only, by the holder of the write lock
///  runs      [ sorted ][ sorted ][ s ]|  tail      a reader sorts the tail into a run, merges runs of like size, publishes the list
/// </code>
/// <para>Runs at least double from the newest to the oldest, so there are O(log n), and each entry is merged O(log n) times in all. Readers that sort at the same
/// time publish one after the other or not at all: each result is right. No reader waits, and the writer never sees any of it.</para>
/// <para>Entries are hints, as in <see cref="HashIndex"/>: an entry says that the row had this key once.</para>
/// </remarks>
internal sealed unsafe class KeyLog(Arena memory)
{
    private Table table = new(16);
    private Run[] runs = [];

    public int Count => Volatile.Read(ref table).Count;

    /// <summary>Called by the holder of the write lock only.</summary>
    public void Add(ReadOnlySpan<byte> key, long rowId)
    {
        var current = table;
        if (current.Count == current.RowIds.Length)
        {
            current = current.Grow();
            Volatile.Write(ref table, current);
        }

        // What fits into the prefix is not kept again.
        byte* bytes = null;
        if (key.Length > sizeof(ulong))
        {
            bytes = memory.Allocate(key.Length, 1);
            key.CopyTo(new Span<byte>(bytes, key.Length));
        }

        current.Add(KeyBuffer.PrefixOf(key, 0), bytes, key.Length, rowId);
    }

    /// <summary>The entries so far as sorted runs. Valid as long as the delta's memory.</summary>
    public View Sort()
    {
        var seen = Volatile.Read(ref runs);
        var current = Volatile.Read(ref table);
        var count = current.Count;
        var sorted = seen.Length == 0 ? 0 : seen[^1].First + seen[^1].Order.Length;
        if (sorted >= count)
        {
            return new View(current, seen);
        }

        var list = new List<Run>(seen) { SortTail(current, sorted, count) };
        while (list.Count > 1 && list[^1].Order.Length * 2 > list[^2].Order.Length)
        {
            list[^2] = Merge(current, list[^2], list[^1]);
            list.RemoveAt(list.Count - 1);
        }

        Run[] next = [.. list];
        // Another reader may have been faster, and perhaps sorted more: ours is good for us.
        Interlocked.CompareExchange(ref runs, next, seen);
        return new View(current, next);
    }

    private static Run SortTail(Table table, int first, int end)
    {
        var order = new int[end - first];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = first + i;
        }

        order.AsSpan().Sort(table);
        return new Run(first, order);
    }

    private static Run Merge(Table table, Run older, Run newer)
    {
        var order = new int[older.Order.Length + newer.Order.Length];
        var (a, b) = (0, 0);
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = b == newer.Order.Length || (a < older.Order.Length && table.Compare(older.Order[a], newer.Order[b]) <= 0)
                ? older.Order[a++]
                : newer.Order[b++];
        }

        return new Run(older.First, order);
    }

    /// <summary>Entries from <paramref name="First"/> on, in the order of key and row id.</summary>
    internal sealed record Run(int First, int[] Order);

    /// <summary>What one reader sees of the log.</summary>
    internal readonly struct View
    {
        private readonly Table table;
        private readonly Run[] runs;

        internal View(Table table, Run[] runs)
        {
            this.table = table;
            this.runs = runs;
        }

        public int RunCount => runs.Length;

        public long RowIdAt(int run, int entry) => table.RowIds[runs[run].Order[entry]];

        /// <summary>The key of an entry. One of up to eight bytes is put together in <paramref name="room"/>.</summary>
        public ReadOnlySpan<byte> KeyAt(int run, int entry, Span<byte> room) => table.KeyAt(runs[run].Order[entry], room);

        /// <summary>The entries of a run that lie in a range: from the first, up to but not including the second.</summary>
        public (int First, int End) Find(int run, KeyRange range)
        {
            var first = LowerBound(run, range.Low.Span, 0);
            return (first, range.HasHigh ? LowerBound(run, range.High.Span, first) : runs[run].Order.Length);
        }

        /// <summary>The first entry, not before <paramref name="low"/>, whose key is not less.</summary>
        public int LowerBound(int run, ReadOnlySpan<byte> key, int low)
        {
            Span<byte> room = stackalloc byte[sizeof(ulong)];
            var order = runs[run].Order;
            var high = order.Length;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (table.KeyAt(order[middle], room).SequenceCompareTo(key) < 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low;
        }
    }

    internal sealed class Table(int capacity) : IComparer<int>
    {
        public readonly long[] RowIds = new long[capacity];
        private readonly ulong[] prefixes = new ulong[capacity];
        private readonly nint[] keys = new nint[capacity];
        private readonly int[] lengths = new int[capacity];
        private int count;

        public int Count => Volatile.Read(ref count);

        public void Add(ulong prefix, byte* key, int length, long rowId)
        {
            prefixes[count] = prefix;
            keys[count] = (nint)key;
            lengths[count] = length;
            RowIds[count] = rowId;
            Volatile.Write(ref count, count + 1);
        }

        public Table Grow()
        {
            var larger = new Table(RowIds.Length * 2) { count = count };
            RowIds.CopyTo(larger.RowIds, 0);
            prefixes.CopyTo(larger.prefixes, 0);
            keys.CopyTo(larger.keys, 0);
            lengths.CopyTo(larger.lengths, 0);
            return larger;
        }

        public ReadOnlySpan<byte> KeyAt(int entry, Span<byte> room)
        {
            if (keys[entry] != 0)
            {
                return new ReadOnlySpan<byte>((byte*)keys[entry], lengths[entry]);
            }

            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(room, prefixes[entry]);
            return room[..lengths[entry]];
        }

        public int Compare(int a, int b)
        {
            var order = prefixes[a].CompareTo(prefixes[b]);
            if (order == 0 && (keys[a] != 0 || keys[b] != 0))
            {
                Span<byte> roomA = stackalloc byte[sizeof(ulong)];
                Span<byte> roomB = stackalloc byte[sizeof(ulong)];
                order = KeyAt(a, roomA).SequenceCompareTo(KeyAt(b, roomB));
            }
            else if (order == 0)
            {
                order = lengths[a].CompareTo(lengths[b]);
            }

            return order != 0 ? order : RowIds[a].CompareTo(RowIds[b]);
        }
    }
}
