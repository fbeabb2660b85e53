using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The groups of an aggregation with what their aggregates came to: groups have dense numbers, in order of first appearance, which is also the order of the output.</summary>
/// <remarks>NULLs are one group. Without keys there is exactly one group, and no table. Used by one thread at a time.</remarks>
internal sealed class AggregateState : IDisposable
{
    private readonly Evaluator[] keys;
    private readonly Column[] keyColumns;
    private readonly KeyTable? table;
    private readonly int[] groupIds;
    private readonly AggregateInput[] aggregates;
    private readonly ColumnBuffer[] results;
    private readonly Column[] views;
    private readonly Batch batch;
    private int next;

    public AggregateState(AggregatePlan plan, StatementContext context)
    {
        keys = EvaluatorFactory.Create(plan.Keys, context);
        keyColumns = new Column[keys.Length];
        table = keys.Length == 0 ? null : new KeyTable([.. keys.Select(k => k.Type)], context.Memory, "the groups of an aggregation");
        groupIds = table is null ? [0] : new int[Batch.RowCountMax];
        aggregates = [.. plan.Aggregates.Select(a => new AggregateInput(a, context))];
        results = [.. plan.Aggregates.Select(a => new ColumnBuffer(a.Type))];
        views = [.. keys.Select(k => new Column(k.Type))];
        batch = new Batch(keys.Length + aggregates.Length);
    }

    public int GroupCount => table?.Count ?? 1;

    /// <summary>Rows that were added since the last <see cref="Clear"/>, those of others that were merged not counted.</summary>
    public long RowCount { get; private set; }

    /// <summary>Whether states over parts of the rows can be merged.</summary>
    public bool CanMerge => Array.TrueForAll(aggregates, a => a.CanMerge);

    public void Add(Batch source)
    {
        try
        {
            Compute(source);
        }
        catch (EngramException e) when (BatchHalves.Help(e, source))
        {
            var (first, second) = BatchHalves.Of(source);
            Add(first);
            Add(second);
            return;
        }

        RowCount += source.SelectedCount;
        ReadOnlySpan<int> ids = default;
        if (table is not null)
        {
            table.FindOrAdd(keyColumns, source.RowCount, source.Selection, groupIds);
            ids = groupIds.AsSpan(0, source.SelectedCount);
        }

        foreach (var aggregate in aggregates)
        {
            aggregate.Add(source, ids, GroupCount);
        }
    }

    /// <summary>Everything that is computed from a batch, before any of it counts.</summary>
    private void Compute(Batch source)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            keyColumns[i] = keys[i].Evaluate(source, source.Selection);
        }

        foreach (var aggregate in aggregates)
        {
            aggregate.Compute(source);
        }
    }

    /// <summary>Takes in what another state of the same plan saw, which are later rows.</summary>
    public void Merge(AggregateState later)
    {
        var total = later.GroupCount;
        for (var first = 0; first < total; first += Batch.RowCountMax)
        {
            var count = Math.Min(total - first, Batch.RowCountMax);
            if (table is not null)
            {
                for (var i = 0; i < keys.Length; i++)
                {
                    ColumnSlice.Set(views[i], later.table!.Key(i), first);
                }

                table.FindOrAdd(views, count, null, groupIds);
            }

            for (var i = 0; i < aggregates.Length; i++)
            {
                aggregates[i].Merge(later.aggregates[i], first, groupIds.AsSpan(0, count), GroupCount);
            }
        }
    }

    /// <summary>Called once after the last row.</summary>
    public void Finish()
    {
        foreach (var aggregate in aggregates)
        {
            aggregate.Finish(GroupCount);
        }
    }

    /// <summary>After <see cref="Finish"/>: the next groups, their keys and then their results; null at the end.</summary>
    public Batch? Next()
    {
        var count = Math.Min(GroupCount - next, Batch.RowCountMax);
        if (count == 0)
        {
            return null;
        }

        for (var i = 0; i < keys.Length; i++)
        {
            ColumnSlice.Set(views[i], table!.Key(i), next);
            batch.Columns[i] = views[i];
        }

        for (var i = 0; i < aggregates.Length; i++)
        {
            results[i].Clear();
            aggregates[i].AppendResults(next, count, results[i]);
            batch.Columns[keys.Length + i] = results[i].Column;
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public void Clear()
    {
        next = 0;
        RowCount = 0;
        table?.Clear();
        foreach (var aggregate in aggregates)
        {
            aggregate.Reset();
        }
    }

    public void Dispose()
    {
        table?.Dispose();
        foreach (var key in keys)
        {
            key.Dispose();
        }

        foreach (var aggregate in aggregates)
        {
            aggregate.Dispose();
        }

        foreach (var result in results)
        {
            result.Dispose();
        }
    }
}
