using System.Collections.Immutable;
using Engram.Data.Columns;

namespace Engram.Data.Storage.Segments;

/// <summary>Row ids by position, and positions by row id: nothing else knows in which order the rows stand.</summary>
/// <remarks>
/// <para>In a segment that is ordered by row id, the row ids themselves are searched. A clustered one has them twice: by position, and ascending with their positions beside them.</para>
/// <code>
///   position   0   1   2   3            rank       0   1   2   3
///   row id    17   4  90  23            row id     4  17  23  90        found by halving, as above
///                                       position   1   0   3   2
/// </code>
/// <para>The second pair is derived from the first. When a page of it is damaged, it is made anew in memory by whoever finds that, and kept as long as the segment is open.</para>
/// </remarks>
internal sealed unsafe partial class Segment
{
    private const int OrderColumnCount = 2;

    // Of the root, when the pair in the file cannot be read.
    private RepairedOrder? repaired;
    private Action<EngramException>? orderRepaired;

    /// <summary>In which order the rows stand.</summary>
    public RowOrder Order => header.Order;

    /// <summary>The order of files with values of one column for the same rows.</summary>
    public RowOrder OrderOfColumns => header.Order == RowOrder.Ascending ? RowOrder.Ascending : RowOrder.OfSegment;

    /// <summary>The columns that a compaction ordered the rows by; none when they stand by row id.</summary>
    public ImmutableArray<ColumnId> ClusteredBy
    {
        get
        {
            ReadOnlySpan<int> ids = header.ClusteredBy;
            var columns = ImmutableArray.CreateBuilder<ColumnId>(header.ClusteredByCount);
            foreach (var id in ids[..header.ClusteredByCount])
            {
                columns.Add(new ColumnId(id));
            }

            return columns.MoveToImmutable();
        }
    }

    /// <summary>Told when the order of the row ids had to be made anew.</summary>
    public Action<EngramException>? OrderRepaired
    {
        set => root.orderRepaired = value;
    }

    /// <summary>The row id of the row at a position, counted from 0.</summary>
    public long RowIdAt(int position)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)position, (uint)RowCount);
        return Int64At(0, position);
    }

    /// <summary>Where in the segment the row with this id stands, counted from 0; -1 when it is not here.</summary>
    public int FindRowPosition(long rowId)
    {
        if (rowId < header.RowIdMin || rowId > header.RowIdMax)
        {
            return -1;
        }

        return header.Order switch
        {
            RowOrder.Ascending => FindAscending(0, rowId),
            RowOrder.Clustered => FindClustered(rowId),
            _ => throw Error.Internal($"file {Info.Name} has rows of another file's order"),
        };
    }

    /// <summary>How many ids of the segment are less than each position's: what orders its rows by row id. Null when they stand so.</summary>
    public int[]? MakeRanks()
    {
        if (header.Order == RowOrder.Ascending)
        {
            return null;
        }

        var ranks = new int[RowCount];
        var positions = MakeOrder().Positions;
        for (var rank = 0; rank < positions.Length; rank++)
        {
            ranks[positions[rank]] = rank;
        }

        return ranks;
    }

    private int FindClustered(long rowId)
    {
        var order = Volatile.Read(ref root.repaired);
        if (order is null)
        {
            try
            {
                var rank = FindAscending(header.ColumnCount - OrderColumnCount, rowId);
                return rank < 0 ? -1 : PositionAt(rank);
            }
            catch (EngramException e) when (e.SqlState == SqlStates.DataCorrupted)
            {
                order = MakeOrder();
                if (Interlocked.CompareExchange(ref root.repaired, order, null) is null)
                {
                    root.orderRepaired?.Invoke(e);
                }
            }
        }

        var at = Array.BinarySearch(order.RowIds, rowId);
        return at < 0 ? -1 : order.Positions[at];
    }

    private RepairedOrder MakeOrder()
    {
        var ids = new long[RowCount];
        var positions = new int[RowCount];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = Int64At(0, i);
            positions[i] = i;
        }

        Array.Sort(ids, positions);
        return new RepairedOrder(ids, positions);
    }

    /// <summary>Where an id stands in a column of ids that ascend.</summary>
    private int FindAscending(int ordinal, long rowId)
    {
        var entries = Entries.Slice(ordinal * BlockCount, BlockCount);
        var low = 0;
        var high = BlockCount - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].Max.As<long>() < rowId)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        ref readonly var entry = ref entries[low];
        var first = entry.Min.As<long>();
        if (rowId < first)
        {
            return -1;
        }

        var start = low * Batch.RowCountMax;
        if (entry.Encoding is BlockEncoding.Sequential or BlockEncoding.Constant)
        {
            // The block's greatest is not less than the id, so the distance is one of its rows.
            return start + (int)(rowId - first);
        }

        var data = Touch(ordinal, low, entry.Offset, entry.Length);
        var rows = RowsInBlock(low);
        var (from, to) = (0, rows - 1);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (Int64In(data, in entry, rows, middle) < rowId)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return Int64In(data, in entry, rows, from) == rowId ? start + from : -1;
    }

    private long Int64At(int ordinal, int position)
    {
        var block = position / Batch.RowCountMax;
        ref readonly var entry = ref EntryOf(ordinal, block);
        return entry.Encoding is BlockEncoding.Sequential or BlockEncoding.Constant
            ? entry.Min.As<long>() + (position % Batch.RowCountMax)
            : Int64In(Touch(ordinal, block, entry.Offset, entry.Length), in entry, RowsInBlock(block), position % Batch.RowCountMax);
    }

    private int PositionAt(int rank)
    {
        var block = rank / Batch.RowCountMax;
        var ordinal = header.ColumnCount - 1;
        ref readonly var entry = ref EntryOf(ordinal, block);
        var position = entry.Encoding is BlockEncoding.Sequential or BlockEncoding.Constant
            ? entry.Min.As<int>() + (rank % Batch.RowCountMax)
            : Int32In(Touch(ordinal, block, entry.Offset, entry.Length), in entry, RowsInBlock(block), rank % Batch.RowCountMax);
        return (uint)position < (uint)RowCount
            ? position
            : throw Error.FileDamaged(directoryPath, Info.Name, $"the row of rank {rank} is said to stand at position {position} of {RowCount}");
    }

    private bool IsOrderSound() => header.Order switch
    {
        RowOrder.Ascending => header.ClusteredByCount == 0 && !Info.Columns.Contains(ColumnId.OrderedRowId),
        RowOrder.Clustered => header.ClusteredByCount <= ClusterColumns.CountMax && header.ColumnCount > OrderColumnCount
            && Info.Columns[^2] == ColumnId.OrderedRowId && Info.Columns[^1] == ColumnId.RowPosition
            && Columns[^2].Kind == TypeKind.Int64 && Columns[^1].Kind == TypeKind.Int32,
        RowOrder.OfSegment => header.ClusteredByCount == 0 && !Info.Columns.Contains(ColumnId.OrderedRowId),
        _ => false,
    };

    /// <summary>All row ids, ascending, with the positions of their rows.</summary>
    private sealed record RepairedOrder(long[] RowIds, int[] Positions);
}
