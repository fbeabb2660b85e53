using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Windows;

/// <summary>An aggregate with OVER.</summary>
/// <remarks>
/// <para>Three ways, the first that fits:</para>
/// <code>
/// every frame is the whole partition     one group, one result
/// frames begin where the partition does  one group that grows, a result whenever it has
/// any frames                             a tree over blocks of rows; each row's result is merged of O(log n) nodes and a few rows
/// </code>
/// <para>Nodes of the tree and results of rows are groups of one aggregator. An aggregate whose states cannot be merged (those that keep all values, as array_agg) takes the frame's rows one by
/// one: its results are as long as the frames anyway.</para>
/// </remarks>
internal sealed class WindowAggregate : WindowFunction
{
    private const int BlockLength = 16;
    private const int RowCountPerLook = 64;

    private readonly StatementContext context;
    private readonly Aggregator state;
    private readonly ColumnBuffer one;
    private readonly ColumnBuffer[] arguments;
    private readonly Column[] columns;
    private readonly Batch batch = new(0);
    private readonly int[] pairRows = new int[Batch.RowCountMax];
    private readonly int[] pairGroups = new int[Batch.RowCountMax];
    private int pairCount;
    private int groupCount;

    public WindowAggregate(BoundWindowCall call, StatementContext context)
    {
        this.context = context;
        var create = call.Function.CreateAggregator ?? throw Error.Internal($"{call.Function.Name} has no aggregator");
        state = create(call.Type, [.. call.Arguments.Select(a => a.Type)]);
        one = new ColumnBuffer(call.Type, 1);
        arguments = [.. call.Arguments.Select(a => new ColumnBuffer(a.Type))];
        columns = new Column[arguments.Length];
    }

    public override bool ReadsFrames => true;

    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        var starts = partition.Frames.Starts.AsSpan(0, partition.Count);
        var ends = partition.Frames.Ends.AsSpan(0, partition.Count);
        if (!partition.Frames.HasExclusion && !starts.ContainsAnyExcept(0))
        {
            ComputeGrowing(partition, ends, result);
        }
        else
        {
            ComputeAny(partition, result);
        }
    }

    public override void Dispose()
    {
        state.Dispose();
        one.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }

        base.Dispose();
    }

    /// <summary>The whole partition at once is the case where the first frame has it all.</summary>
    private void ComputeGrowing(WindowPartition partition, ReadOnlySpan<int> ends, ColumnBuffer result)
    {
        var group = NewGroups(1);
        var added = -1;
        for (var i = 0; i < ends.Length; i++)
        {
            if (ends[i] != added)
            {
                for (added = Math.Max(added, 0); added < ends[i]; added++)
                {
                    Add(partition, added, group);
                }

                Flush(partition);
                one.Clear();
                state.AppendResults(group, 1, one);
            }

            result.AppendFrom(one.Column, 0);
            if (i % RowCountPerLook == 0)
            {
                // Arrays of growing frames are long together: as the square of the rows.
                context.Cancellation.ThrowIfCancellationRequested();
                Reserve(partition, result);
            }
        }
    }

    private void ComputeAny(WindowPartition partition, ColumnBuffer result)
    {
        var count = partition.Count;
        var mergeable = state as MergeableAggregator;
        var (tree, leafCount) = mergeable is null || IsShort(partition) ? (0, 0) : MakeTree(partition, mergeable);
        var results = NewGroups(count);
        for (var i = 0; i < count; i++)
        {
            var parts = partition.Frames.Parts(i);
            for (var p = 0; p < parts.Count; p++)
            {
                var (start, end) = parts[p];
                var (firstBlock, lastBlock) = ((start + BlockLength - 1) / BlockLength, end / BlockLength);
                if (leafCount == 0 || firstBlock >= lastBlock)
                {
                    AddRange(partition, start, end, results + i);
                    continue;
                }

                AddRange(partition, start, firstBlock * BlockLength, results + i);
                AddRange(partition, lastBlock * BlockLength, end, results + i);
                MergeBlocks(mergeable!, tree, leafCount, firstBlock, lastBlock, results + i);
            }
        }

        Flush(partition);
        for (var first = 0; first < count; first += RowCountPerLook)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            state.AppendResults(results + first, Math.Min(RowCountPerLook, count - first), result);
            Reserve(partition, result);
        }
    }

    /// <summary>Whether the frames together are so short that a tree is not worth it.</summary>
    private static bool IsShort(WindowPartition partition)
    {
        var sum = 0L;
        for (var i = 0; i < partition.Count; i++)
        {
            sum += partition.Frames.Ends[i] - partition.Frames.Starts[i];
        }

        return sum <= 4L * BlockLength * partition.Count;
    }

    /// <summary>Node n of the tree is group tree + n; its halves are 2n and 2n + 1, and leaf b is leafCount + b, which has the rows of block b.</summary>
    private (int Tree, int LeafCount) MakeTree(WindowPartition partition, MergeableAggregator mergeable)
    {
        var blockCount = (partition.Count + BlockLength - 1) / BlockLength;
        var leafCount = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)blockCount);
        var tree = NewGroups(2 * leafCount);
        for (var row = 0; row < partition.Count; row++)
        {
            Add(partition, row, tree + leafCount + (row / BlockLength));
        }

        Flush(partition);
        Span<int> target = stackalloc int[1];
        for (var node = leafCount - 1; node > 0; node--)
        {
            target[0] = tree + node;
            mergeable.Merge(state, tree + (2 * node), target);
            mergeable.Merge(state, tree + (2 * node) + 1, target);
        }

        return (tree, leafCount);
    }

    private void MergeBlocks(MergeableAggregator mergeable, int tree, int leafCount, int first, int last, int group)
    {
        Span<int> target = [group];
        for (var (low, high) = (first + leafCount, last + leafCount); low < high; low /= 2, high /= 2)
        {
            if ((low & 1) != 0)
            {
                mergeable.Merge(state, tree + low++, target);
            }

            if ((high & 1) != 0)
            {
                mergeable.Merge(state, tree + --high, target);
            }
        }
    }

    private int NewGroups(int count)
    {
        var first = groupCount;
        groupCount = checked(groupCount + count);
        state.EnsureGroups(groupCount);
        return first;
    }

    private void AddRange(WindowPartition partition, int start, int end, int group)
    {
        for (; start < end; start++)
        {
            Add(partition, start, group);
        }
    }

    private void Add(WindowPartition partition, int place, int group)
    {
        var row = partition.Rows[place];
        if (partition.Filter is { } filter && (filter.IsNull(row) || filter.Get<byte>(row) == 0))
        {
            return;
        }

        pairRows[pairCount] = row;
        pairGroups[pairCount++] = group;
        if (pairCount == pairRows.Length)
        {
            Flush(partition);
        }
    }

    private void Flush(WindowPartition partition)
    {
        if (pairCount == 0)
        {
            return;
        }

        context.Cancellation.ThrowIfCancellationRequested();
        for (var i = 0; i < arguments.Length; i++)
        {
            RowCopy.Gather(arguments[i], partition.Arguments[i], pairRows.AsSpan(0, pairCount));
            columns[i] = arguments[i].Column;
        }

        batch.RowCount = pairCount;
        state.Add(columns, batch, null, pairGroups.AsSpan(0, pairCount));
        pairCount = 0;
        Reserve(partition, null);
    }

    /// <summary>Holds what the groups keep, and the results so far.</summary>
    private void Reserve(WindowPartition partition, ColumnBuffer? result)
        => partition.Memory?.Hold(partition.HeldBytes + state.SizeBytes + (result?.SizeBytes ?? 0));
}
