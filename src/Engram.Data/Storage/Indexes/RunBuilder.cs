using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Storage.Files;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Indexes;

/// <summary>Makes a run from a segment: reads the key's columns of all rows and sorts. O(n log n), with all keys in memory meanwhile.</summary>
/// <remarks>The same segment and shape give the same run, byte for byte: a repair relies on it.</remarks>
internal static unsafe class RunBuilder
{
    /// <param name="segment">Whose rows.</param>
    /// <param name="shape">Of the index.</param>
    /// <param name="conditions">Makes the condition of a partial index; null for entries of all rows.</param>
    public static (RunHead Head, NativeBlock Memory) Build(Segment segment, KeyShape shape, IndexConditionFactory? conditions = null)
    {
        using var condition = shape.Filter?.MakeCondition(conditions);
        var positions = new int[segment.RowCount];
        var ends = new long[segment.RowCount];
        using var bytes = new NativeBytes();
        var count = ReadKeys(segment, shape, condition, bytes, ends, positions);
        Array.Resize(ref positions, count);
        var ranks = segment.MakeRanks();
        var keys = new KeyTable(bytes, ends, ranks);
        var common = keys.FindCommon(positions);
        var prefixes = new ulong[count];
        var isExact = true;
        for (var i = 0; i < count; i++)
        {
            var key = keys[positions[i]];
            prefixes[i] = KeyBuffer.PrefixOf(key, common.Length);
            isExact &= key.Length - common.Length <= sizeof(ulong);
        }

        Array.Sort(prefixes, positions);
        SortTies(prefixes, positions, isExact && ranks is null ? null : keys);
        return Lay(shape, condition is not null, common, prefixes, positions);
    }

    /// <summary>Keys of the rows that the condition is about; those of others are empty.</summary>
    /// <returns>How many positions there are.</returns>
    private static int ReadKeys(Segment segment, KeyShape shape, IndexCondition? condition, NativeBytes bytes, long[] ends, int[] positions)
    {
        using var reader = new SegmentKeyReader(segment, shape);
        using var tested = condition is null ? null : new SegmentKeyReader(segment, shape.Filter!.ColumnsOf(condition));
        var count = 0;
        for (var block = 0; block < segment.BlockCount; block++)
        {
            var first = block * Batch.RowCountMax;
            var rows = segment.RowsInBlock(block);
            tested?.Load(block, null);
            var chosen = condition?.Select(tested!.Values, rows, null);
            if (chosen is not { Count: 0 })
            {
                reader.Load(block, chosen);
            }

            var next = 0;
            for (var row = 0; row < rows; row++)
            {
                if (chosen is null || (next < chosen.Count && chosen.Rows[next] == row))
                {
                    next++;
                    bytes.Append(reader.Encode(row));
                    positions[count++] = first + row;
                }

                ends[first + row] = bytes.Length;
            }
        }

        return count;
    }

    /// <summary>Entries of one prefix by key, and those of one key by row id.</summary>
    /// <param name="keys">Null when the prefix is the whole key, and positions are in the order of row ids.</param>
    private static void SortTies(ulong[] prefixes, int[] positions, KeyTable? keys)
    {
        for (int first = 0, end; first < prefixes.Length; first = end)
        {
            end = first + 1;
            while (end < prefixes.Length && prefixes[end] == prefixes[first])
            {
                end++;
            }

            var ties = positions.AsSpan(first, end - first);
            if (ties.Length == 1)
            {
                continue;
            }

            if (keys is null)
            {
                ties.Sort();
            }
            else
            {
                ties.Sort(keys);
            }
        }
    }

    private static (RunHead Head, NativeBlock Memory) Lay(KeyShape shape, bool isFiltered, byte[] common, ulong[] prefixes, int[] positions)
    {
        var pageCount = RunHead.PageCountOf(prefixes.Length);
        var head = new RunHead(shape, prefixes.Length, common, new ulong[pageCount], new uint[pageCount]) { IsFiltered = isFiltered };
        var memory = new NativeBlock((long)prefixes.Length * SegmentRun.EntrySizeBytes);
        for (var page = 0; page < pageCount; page++)
        {
            var first = page * SegmentRun.PageRowCount;
            var rows = head.RowsOfPage(page);
            var start = memory.Pointer + ((long)page * SegmentRun.PageSizeBytes);
            prefixes.AsSpan(first, rows).CopyTo(new Span<ulong>(start, rows));
            positions.AsSpan(first, rows).CopyTo(new Span<int>(start + (rows * sizeof(ulong)), rows));
            head.FirstPrefixes[page] = prefixes[first];
            head.Checksums[page] = Crc32C.Compute(new ReadOnlySpan<byte>(start, rows * SegmentRun.EntrySizeBytes));
        }

        return (head, memory);
    }

    /// <summary>All keys of the segment, by position, while they are sorted.</summary>
    /// <param name="ranks">The place of each position's row among the row ids; null when that is the position.</param>
    private sealed class KeyTable(NativeBytes bytes, long[] ends, int[]? ranks) : IComparer<int>
    {
        public ReadOnlySpan<byte> this[int position]
        {
            get
            {
                var start = position == 0 ? 0 : ends[position - 1];
                return bytes.Slice(start, (int)(ends[position] - start));
            }
        }

        /// <summary>What the keys of these positions begin with.</summary>
        public byte[] FindCommon(ReadOnlySpan<int> positions)
        {
            if (positions.IsEmpty)
            {
                return [];
            }

            var first = this[positions[0]];
            var length = first.Length;
            for (var i = 1; i < positions.Length && length > 0; i++)
            {
                length = first[..length].CommonPrefixLength(this[positions[i]]);
            }

            return first[..length].ToArray();
        }

        public int Compare(int a, int b)
        {
            var order = this[a].SequenceCompareTo(this[b]);
            return order != 0 ? order : ranks is null ? a.CompareTo(b) : ranks[a].CompareTo(ranks[b]);
        }
    }
}
