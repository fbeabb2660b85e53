using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Indexes;

/// <summary>One index's entries for one segment, sorted by key as the segment stores it: eight bytes of the key and the position of the row.</summary>
/// <remarks>
/// <para>Keys are not stored again: the segment has them. What all keys begin with is kept once and left out, so eight bytes nearly always tell
/// two keys apart; where they do not, the key is read from the segment's columns. So an entry takes 12 bytes, and a point lookup in a million rows
/// touches a page or two of entries and one row.</para>
/// <para>Derived data: made anew from the columns whenever it is missing. Entries are hints, as in <see cref="HashIndex"/>: who finds one looks at the row as
/// its reader sees it. Rows with NULL in the key are here too, for ranges of other columns and for order. Immutable and thread-safe.</para>
/// </remarks>
internal sealed class SegmentRun
{
    private readonly KeyShape shape;
    private readonly byte[] common;
    private readonly ulong[] prefixes;
    private readonly int[] positions;

    private SegmentRun(KeyShape shape, byte[] common, bool isExact, ulong[] prefixes, int[] positions)
    {
        this.shape = shape;
        this.common = common;
        IsExact = isExact;
        this.prefixes = prefixes;
        this.positions = positions;
    }

    public int Count => positions.Length;

    /// <summary>Whether the eight bytes tell each key whole: then no key has to be read.</summary>
    public bool IsExact { get; }

    /// <summary>Whether this is a run of the index as it is defined now.</summary>
    public bool IsOf(KeyShape other) => shape.Equals(other);

    public int PositionAt(int entry) => positions[entry];

    public bool HaveSamePrefix(int a, int b) => prefixes[a] == prefixes[b];

    /// <summary>The first entry whose key is not less; <see cref="Count"/> when all are.</summary>
    /// <param name="key">A key, or the start of one, or what <see cref="KeyBuffer.MoveBeyond"/> made of one.</param>
    /// <param name="keys">Of this segment and shape.</param>
    public int LowerBound(ReadOnlySpan<byte> key, SegmentKeyReader keys)
    {
        var shared = Math.Min(common.Length, key.Length);
        var order = key[..shared].SequenceCompareTo(common.AsSpan(0, shared));
        if (order != 0 || key.Length <= common.Length)
        {
            return order > 0 ? Count : 0;
        }

        var prefix = KeyBuffer.PrefixOf(key, common.Length);
        var low = FindPrefix(prefix);
        if (key.Length - common.Length <= sizeof(ulong))
        {
            // An entry of this prefix begins with the key: no key is the beginning of another, so zeros never stand for missing bytes.
            return low;
        }

        var high = prefix == ulong.MaxValue ? Count : FindPrefix(prefix + 1);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (keys.Read(positions[middle]).SequenceCompareTo(key) < 0)
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

    /// <summary>The entries of a range: from the first, up to but not including the second.</summary>
    public (int First, int End) Find(KeyRange range, SegmentKeyReader keys)
    {
        var first = LowerBound(range.Low.Span, keys);
        return (first, range.HasHigh ? Math.Max(first, LowerBound(range.High.Span, keys)) : Count);
    }

    /// <summary>Reads the key's columns of a whole segment and sorts: O(n log n), with all keys in memory meanwhile.</summary>
    public static SegmentRun Build(Segment segment, KeyShape shape)
    {
        var rows = segment.RowCount;
        var ends = new long[rows];
        using var bytes = new NativeBytes();
        ReadKeys(segment, shape, bytes, ends);
        var keys = new KeyTable(bytes, ends);
        var common = keys.FindCommon();
        var prefixes = new ulong[rows];
        var positions = new int[rows];
        var isExact = true;
        for (var i = 0; i < rows; i++)
        {
            var key = keys[i];
            prefixes[i] = KeyBuffer.PrefixOf(key, common.Length);
            positions[i] = i;
            isExact &= key.Length - common.Length <= sizeof(ulong);
        }

        Array.Sort(prefixes, positions);
        for (int first = 0, end; first < rows; first = end)
        {
            end = first + 1;
            while (end < rows && prefixes[end] == prefixes[first])
            {
                end++;
            }

            if (end - first > 1)
            {
                // By key, and those of one key by position, which is the order of their row ids.
                var ties = positions.AsSpan(first, end - first);
                if (isExact)
                {
                    ties.Sort();
                }
                else
                {
                    ties.Sort(keys);
                }
            }
        }

        return new SegmentRun(shape, common, isExact, prefixes, positions);
    }

    private static void ReadKeys(Segment segment, KeyShape shape, NativeBytes bytes, long[] ends)
    {
        using var reader = new SegmentKeyReader(segment, shape);
        for (var block = 0; block < segment.BlockCount; block++)
        {
            reader.Load(block, null);
            var first = block * Batch.RowCountMax;
            for (var row = 0; row < segment.RowsInBlock(block); row++)
            {
                bytes.Append(reader.Encode(row));
                ends[first + row] = bytes.Length;
            }
        }
    }

    /// <summary>The first entry whose prefix is not less.</summary>
    private int FindPrefix(ulong prefix)
    {
        var low = 0;
        var high = prefixes.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (prefixes[middle] < prefix)
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

    /// <summary>All keys of the segment, by position, while they are sorted.</summary>
    private sealed class KeyTable(NativeBytes bytes, long[] ends) : IComparer<int>
    {
        public ReadOnlySpan<byte> this[int position]
        {
            get
            {
                var start = position == 0 ? 0 : ends[position - 1];
                return bytes.Slice(start, (int)(ends[position] - start));
            }
        }

        /// <summary>What all keys begin with.</summary>
        public byte[] FindCommon()
        {
            var first = this[0];
            var length = first.Length;
            for (var i = 1; i < ends.Length && length > 0; i++)
            {
                length = first[..length].CommonPrefixLength(this[i]);
            }

            return first[..length].ToArray();
        }

        public int Compare(int a, int b)
        {
            var order = this[a].SequenceCompareTo(this[b]);
            return order != 0 ? order : a.CompareTo(b);
        }
    }
}
