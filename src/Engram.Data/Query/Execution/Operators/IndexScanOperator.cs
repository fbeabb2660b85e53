using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Reads the rows of a range of an index when they are few, else runs the plan that it stands before.</summary>
/// <remarks>
/// <para>A scan tests a packed number in a tenth of a nanosecond to one, a text in a few, and skips whole blocks by zone maps; a row found by an index in a segment costs
/// one to three microseconds. So the index must win by touching little: the range's entries are counted first, from a few comparisons, and more than one in
/// <see cref="RowsPerEntry"/> rows of the table are left to the scan.</para>
/// <para>With an order only the first rows by the index are wanted. They are read in the index's order and tested until there are enough, then given by
/// row id, for the sort above. When too few of many pass, it gives up and the plan below runs, having lost a small part of what that costs.</para>
/// </remarks>
internal sealed class IndexScanOperator(IndexScanPlan plan, StatementContext context) : Operator, IIndexMeasure
{
    private const int RowsPerEntry = 4096;
    private const int EntriesMin = 64;
    private const int OrderedReadMin = 16;

    /// <summary>With all rows found but those that are equal to the last, giving up comes later.</summary>
    private const int TiesFactor = 4;

    private readonly Filter? filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
    private readonly Batch batch = new(plan.Columns.Length);
    private readonly List<long> rowIds = [];
    private RowFetch? fetch;
    private Operator? otherwise;
    private bool isDecided;
    private bool isFiltered;
    private int next;

    public bool IsIndexUsed { get; private set; }

    public long EntriesRead { get; private set; }

    public long RowsExamined { get; private set; }

    public override Batch? Next()
    {
        if (!isDecided)
        {
            isDecided = true;
            IsIndexUsed = plan.Order is null ? TryRange() : TryOrder();
        }

        return IsIndexUsed ? NextFound() : (otherwise ??= OperatorFactory.Create(plan.Otherwise, context)).Next();
    }

    public override void Reset()
    {
        otherwise?.Reset();
        isDecided = false;
    }

    public override void Dispose()
    {
        otherwise?.Dispose();
        fetch?.Dispose();
        filter?.Dispose();
    }

    private long EntriesMax => Math.Max(EntriesMin, context.Snapshot.EstimateRowCount(plan.Table.Id) / RowsPerEntry);

    private bool TryRange()
    {
        using var ranges = IndexRanges.Open(plan, context, EntriesMax);
        if (ranges is null)
        {
            return false;
        }

        Begin(isFilteredAlready: false);
        foreach (var range in ranges.Ranges)
        {
            range.AddCandidates(rowIds);
            EntriesRead += range.EntriesRead;
        }

        SortDistinct(rowIds);
        return true;
    }

    private bool TryOrder()
    {
        var order = plan.Order!;
        var entriesMax = EntriesMax;
        var limit = LimitOperator.Read(order.Limit, isOffset: false, context) ?? long.MaxValue;
        var offset = LimitOperator.Read(order.Offset, isOffset: true, context) ?? 0;
        if (limit > entriesMax || offset > entriesMax - limit)
        {
            return false;
        }

        using var ranges = IndexRanges.Open(plan, context, long.MaxValue);
        if (ranges is null or { Ranges.Count: > 1 })
        {
            return false;
        }

        Begin(isFilteredAlready: true);
        return limit == 0 || ranges.Ranges.Count == 0 || ReadOrdered(ranges.Ranges[0], order, limit + offset, entriesMax);
    }

    private void Begin(bool isFilteredAlready)
    {
        rowIds.Clear();
        next = 0;
        isFiltered = isFilteredAlready;
    }

    /// <summary>Collects the first rows that pass, and all that are equal to the last of them; false when that takes too long.</summary>
    private bool ReadOrdered(IndexRange range, IndexOrder order, long wanted, long entriesMax)
    {
        var room = new long[Batch.RowCountMax];
        var size = (int)Math.Clamp(wanted, OrderedReadMin, room.Length);
        range.Start(order.IsDescending);
        while (true)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var hasEnough = rowIds.Count >= wanted;
            if (range.EntriesRead > (hasEnough ? entriesMax * TiesFactor : entriesMax))
            {
                EntriesRead += range.EntriesRead;
                return false;
            }

            var count = hasEnough ? range.ReadTies(room.AsSpan(0, size), order.Parts) : range.Read(room.AsSpan(0, size));
            if (count == 0)
            {
                break;
            }

            AddPassing(room.AsSpan(0, count));
            size = Math.Min(size * 4, room.Length);
        }

        EntriesRead += range.EntriesRead;
        rowIds.Sort();
        return true;
    }

    private void AddPassing(ReadOnlySpan<long> found)
    {
        if (filter is null || found.IsEmpty)
        {
            rowIds.AddRange(found);
            return;
        }

        var rows = Fetch(found);
        var passing = filter.Apply(rows, rows.Selection);
        // All of the row ids are visible, so row i of the batch is the i-th.
        if (passing is null)
        {
            rowIds.AddRange(found);
            return;
        }

        foreach (var row in passing.Rows)
        {
            rowIds.Add(found[row]);
        }
    }

    private Batch? NextFound()
    {
        while (next < rowIds.Count)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(rowIds.Count - next, Batch.RowCountMax);
            var rows = Fetch(CollectionsMarshal.AsSpan(rowIds).Slice(next, count));
            next += count;
            if (rows.RowCount == 0)
            {
                continue;
            }

            rows.Selection = filter is null || isFiltered ? null : filter.Apply(rows, null);
            if (rows.Selection is not { Count: 0 })
            {
                return rows;
            }
        }

        return null;
    }

    private Batch Fetch(ReadOnlySpan<long> ids)
    {
        fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
        var found = fetch.Fetch(ids);
        RowsExamined += found.RowCount;
        batch.RowCount = found.RowCount;
        batch.Selection = null;
        found.Columns.CopyTo(batch.Columns, 0);
        return batch;
    }

    /// <summary>Row ids in their order, each once.</summary>
    internal static void SortDistinct(List<long> ids)
    {
        ids.Sort();
        var kept = 0;
        for (var i = 0; i < ids.Count; i++)
        {
            if (i == 0 || ids[i] != ids[i - 1])
            {
                ids[kept++] = ids[i];
            }
        }

        ids.RemoveRange(kept, ids.Count - kept);
    }
}
