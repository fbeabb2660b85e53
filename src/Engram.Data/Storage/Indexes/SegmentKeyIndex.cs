using Engram.Data.Columns;
using Engram.Data.Storage.Segments;

namespace Engram.Data.Storage.Indexes;

/// <summary>Keys of one segment as it stores them: hashes in order, each with the position of its row.</summary>
/// <remarks>
/// Derived data: built in memory from the segment's columns by the first probe, in O(n log n), and kept while the segment is open. Candidates are
/// hints, as in <see cref="HashIndex"/>: the probe compares the key of the row as its reader sees it. Immutable.
/// </remarks>
internal sealed class SegmentKeyIndex
{
    private readonly ColumnId[] columns;
    private readonly ulong[] hashes;
    private readonly int[] positions;

    private SegmentKeyIndex(ReadOnlySpan<ColumnId> columns, ulong[] hashes, int[] positions)
    {
        this.columns = columns.ToArray();
        this.hashes = hashes;
        this.positions = positions;
    }

    public static SegmentKeyIndex Build(Segment segment, ReadOnlySpan<ColumnId> columns)
    {
        var ordinals = new int[columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            if (!segment.TryFindColumn(columns[i], out ordinals[i]))
            {
                // The column is younger than the segment: all its keys are NULL here.
                return new SegmentKeyIndex(columns, [], []);
            }
        }

        var hashes = new ulong[segment.Info.RowCount];
        var positions = new int[segment.Info.RowCount];
        var count = 0;
        var views = new Column[columns.Length];
        var scratch = new ColumnBuffer[columns.Length];
        try
        {
            for (var i = 0; i < columns.Length; i++)
            {
                views[i] = new Column(DataType.Unknown);
                scratch[i] = new ColumnBuffer(segment.TypeOf(ordinals[i]), Batch.RowCountMax);
            }

            for (var block = 0; block < segment.BlockCount; block++)
            {
                for (var i = 0; i < columns.Length; i++)
                {
                    segment.Load(ordinals[i], block, null, views[i], scratch[i]);
                }

                var rows = segment.RowsInBlock(block);
                for (var row = 0; row < rows; row++)
                {
                    if (KeyValue.TryHash(views, row, out var hash))
                    {
                        hashes[count] = hash;
                        positions[count++] = (block * Batch.RowCountMax) + row;
                    }
                }
            }
        }
        finally
        {
            foreach (var buffer in scratch)
            {
                buffer?.Dispose();
            }
        }

        Array.Resize(ref hashes, count);
        Array.Resize(ref positions, count);
        Array.Sort(hashes, positions);
        return new SegmentKeyIndex(columns, hashes, positions);
    }

    /// <summary>Whether the keys are made of these columns. An index id whose creation was rolled back may come again with others.</summary>
    public bool IsOver(ReadOnlySpan<ColumnId> other) => other.SequenceEqual(columns);

    /// <summary>Appends the positions of all rows whose stored key has this hash.</summary>
    public void Find(ulong hash, List<int> found)
    {
        var low = 0;
        var high = hashes.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (hashes[middle] < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        for (; low < hashes.Length && hashes[low] == hash; low++)
        {
            found.Add(positions[low]);
        }
    }
}
