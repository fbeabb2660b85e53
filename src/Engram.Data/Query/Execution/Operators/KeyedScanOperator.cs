using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Reads the rows of a table that have one of the keys of a join's other side, by an index, when these are few; else runs the plan that it stands before.</summary>
/// <remarks>
/// The join has read its left side before it asks for the first row here, and has put the keys into <see cref="StatementContext.JoinKeys"/> if there are few of them.
/// Whether they have few rows is counted here, before any is read. An entry of an index may be of a row that has another key by now: the join tests the keys of what comes out.
/// </remarks>
internal sealed class KeyedScanOperator(KeyedScanPlan plan, StatementContext context) : Operator, IIndexMeasure
{
    // A scan reads so many rows in the time in which an index gives one, roughly.
    private const int RowsPerEntry = 64;
    private const int EntriesMin = 64;

    private readonly Filter? filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
    private readonly KeyShape shape = KeyShape.Of(plan.Table, plan.Index);
    private readonly Batch batch = new(plan.Columns.Length);
    private readonly List<long> rowIds = [];
    private RowFetch? fetch;
    private Operator? otherwise;
    private bool isDecided;
    private int next;

    public bool IsIndexUsed { get; private set; }

    public long EntriesRead { get; private set; }

    public long RowsExamined { get; private set; }

    /// <summary>How many keys are few, in a table.</summary>
    public static long KeysMax(JoinKeySource source, StatementContext context)
        => context.RowsPerJoinKey == 0 ? int.MaxValue : context.Snapshot.EstimateRowCount(source.Table.Id) / context.RowsPerJoinKey;

    public override Batch? Next()
    {
        if (!isDecided)
        {
            isDecided = true;
            IsIndexUsed = context.JoinKeys.TryGetValue(plan.Source, out var keys) && TryFind(keys);
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

    private bool TryFind(KeyTable keys)
    {
        rowIds.Clear();
        next = 0;
        using var finder = new KeyFinder(plan, shape, context.Snapshot);
        var entriesMax = context.RowsPerJoinKey == 0 ? long.MaxValue : Math.Max(EntriesMin, context.Snapshot.EstimateRowCount(plan.Table.Id) / RowsPerEntry);
        for (var i = 0; i < keys.Count; i++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            finder.Find(keys, i, rowIds, entriesMax - rowIds.Count);
            if (rowIds.Count > entriesMax || finder.HasTooMany)
            {
                return false;
            }
        }

        EntriesRead += rowIds.Count;
        IndexScanOperator.SortDistinct(rowIds);
        return true;
    }

    private Batch? NextFound()
    {
        while (next < rowIds.Count)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
            var count = Math.Min(rowIds.Count - next, Batch.RowCountMax);
            var found = fetch.Fetch(CollectionsMarshal.AsSpan(rowIds).Slice(next, count));
            next += count;
            RowsExamined += found.SelectedCount;
            if (found.SelectedCount == 0)
            {
                continue;
            }

            batch.RowCount = found.RowCount;
            found.Columns.CopyTo(batch.Columns, 0);
            batch.Selection = filter is null ? found.Selection : filter.Apply(batch, found.Selection);
            if (batch.Selection is not { Count: 0 })
            {
                return batch;
            }
        }

        return null;
    }

    /// <summary>Finds the rows of one key after the other: by lookup when the key is the whole of a unique one, else by the range of its entries.</summary>
    private sealed class KeyFinder(KeyedScanPlan plan, KeyShape shape, Snapshot snapshot) : IDisposable
    {
        private readonly ColumnBuffer[] parts = [.. Enumerable.Range(0, plan.Keys.Length).Select(i => new ColumnBuffer(shape.TypeOf(i), 1))];
        private readonly Column[] values = new Column[plan.Keys.Length];
        private readonly KeyLookup? lookup = plan.Index.IsUnique && plan.Keys.Length == plan.Index.Columns.Length ? snapshot.OpenLookup(plan.Table.Id, plan.Index.Id) : null;

        public bool HasTooMany { get; private set; }

        public void Find(KeyTable keys, int number, List<long> found, long entriesMax)
        {
            for (var i = 0; i < parts.Length; i++)
            {
                parts[i].Clear();
                if (KeyNarrowing.Append(keys.Key(plan.Keys[i]), number, parts[i]) != KeyFit.Exact)
                {
                    return;
                }

                values[i] = parts[i].Column;
            }

            if (lookup is not null)
            {
                lookup.Find(values, 0, found);
                return;
            }

            using var range = snapshot.OpenRange(plan.Table.Id, plan.Index.Id, new IndexBounds(values));
            HasTooMany = range.EntryCount > entriesMax;
            if (!HasTooMany)
            {
                range.AddCandidates(found);
            }
        }

        public void Dispose()
        {
            lookup?.Dispose();
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }
}
