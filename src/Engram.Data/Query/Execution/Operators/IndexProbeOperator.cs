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
    private RowFetch? fetch;
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
            fetch ??= context.Snapshot.OpenFetch(plan.Table.Id, plan.Columns.AsSpan());
            var found = fetch.Fetch(CollectionsMarshal.AsSpan(rowIds).Slice(next, count));
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

    public override void Dispose()
    {
        fetch?.Dispose();
        filter?.Dispose();
        foreach (var buffer in narrowed)
        {
            buffer?.Dispose();
        }

        foreach (var key in keys)
        {
            foreach (var part in key)
            {
                part.Dispose();
            }
        }
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
        var unit = new Batch(0) { RowCount = 1 };
        foreach (var key in keys)
        {
            var columns = new Column[key.Length];
            var isPossible = true;
            for (var i = 0; i < key.Length && isPossible; i++)
            {
                columns[i] = key[i].Evaluate(unit, null);
                isPossible = columns[i].Type.Kind == shape.TypeOf(i).Kind || TryNarrow(i, ref columns[i]);
            }

            if (isPossible)
            {
                context.Snapshot.Probe(plan.Table.Id, plan.Index.Id, columns, 0, rowIds);
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
