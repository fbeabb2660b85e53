using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Indexes;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Looks keys up in an index and reads the rows found, in order of row id, each once.</summary>
internal sealed class IndexProbeOperator(IndexProbePlan plan, StatementContext context) : Operator
{
    private readonly Evaluator[][] keys = CreateKeys(plan, context);
    private readonly KeyShape shape = KeyShape.Of(plan.Table, plan.Index);
    private readonly ColumnBuffer?[] narrowed = new ColumnBuffer?[plan.Index.Columns.Length];
    private readonly Filter? filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
    private readonly Batch batch = new(plan.Columns.Length);
    private readonly List<long> rowIds = [];
    private readonly Batch unit = new(0) { RowCount = 1 };
    private readonly Column[] key = new Column[plan.Index.Columns.Length];
    private KeyLookup? lookup;
    private RowFetch? fetch;

    // Made for an earlier execution, to be turned to the snapshot of the next.
    private bool isLookupResting;
    private bool isFetchResting;
    private bool isProbed;
    private int next;

    public override Batch? Next()
    {
        if (!isProbed)
        {
            Probe();
        }

        while (next < rowIds.Count)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(rowIds.Count - next, Batch.RowCountMax);
            var found = Fetch().Fetch(CollectionsMarshal.AsSpan(rowIds).Slice(next, count));
            next += count;
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

    public override void Reset()
    {
        isProbed = false;
        next = 0;
    }

    public override void Rest()
    {
        Reset();
        lookup?.Rest();
        isLookupResting = true;
        isFetchResting = true;
        if (fetch is { } large && !large.TryRest())
        {
            large.Dispose();
            fetch = null;
        }
    }

    public override void Dispose()
    {
        lookup?.Dispose();
        fetch?.Dispose();
        filter?.Dispose();
        foreach (var buffer in narrowed)
        {
            buffer?.Dispose();
        }

        foreach (var parts in keys)
        {
            foreach (var part in parts)
            {
                part.Dispose();
            }
        }
    }

    private RowFetch Fetch()
    {
        if (isFetchResting && fetch is { } resting && !resting.TryRebind(context.Snapshot))
        {
            resting.Dispose();
            fetch = null;
        }

        isFetchResting = false;
        return fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
    }

    private KeyLookup Lookup()
    {
        if (isLookupResting && lookup is { } resting && !resting.TryRebind(context.Snapshot))
        {
            resting.Dispose();
            lookup = null;
        }

        isLookupResting = false;
        return lookup ??= context.Snapshot.OpenLookup(plan.Table.Id, plan.Index.Id);
    }

    private static Evaluator[][] CreateKeys(IndexProbePlan plan, StatementContext context)
    {
        var created = new Evaluator[plan.Keys.Length][];
        for (var i = 0; i < created.Length; i++)
        {
            created[i] = EvaluatorFactory.Create(plan.Keys[i], context);
        }

        return created;
    }

    private void Probe()
    {
        rowIds.Clear();
        next = 0;
        isProbed = true;
        foreach (var parts in keys)
        {
            var isPossible = true;
            for (var i = 0; i < parts.Length && isPossible; i++)
            {
                key[i] = parts[i].Evaluate(unit, null);
                isPossible = key[i].Type.Kind == shape.TypeOf(i).Kind || TryNarrow(i, ref key[i]);
            }

            if (isPossible)
            {
                Lookup().Find(key, 0, rowIds);
            }
        }

        if (keys.Length > 1)
        {
            SortDistinct(rowIds);
        }
    }

    /// <summary>False when no value of the column's type is equal.</summary>
    private bool TryNarrow(int part, ref Column value)
    {
        var buffer = narrowed[part] ??= new ColumnBuffer(shape.TypeOf(part), 1);
        buffer.Clear();
        var fit = KeyNarrowing.Append(value, 0, buffer);
        value = buffer.Column;
        return fit == KeyFit.Exact;
    }

    private static void SortDistinct(List<long> ids)
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
