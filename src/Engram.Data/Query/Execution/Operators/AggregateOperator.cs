using Engram.Data.Columns;
using Engram.Data.Query.Execution.Aggregators;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>GROUP BY by a hash table of keys: groups have dense numbers, in order of first appearance, which is also the order of the output.</summary>
/// <remarks>NULLs are one group. Without keys there is exactly one group, and no table.</remarks>
internal sealed class AggregateOperator : Operator
{
    private readonly AggregatePlan plan;
    private readonly Operator input;
    private readonly StatementContext context;
    private readonly Evaluator[] keys;
    private readonly Column[] keyColumns;
    private readonly KeyTable? table;
    private readonly int[] groupIds = new int[Batch.RowCountMax];
    private readonly AggregateInput[] aggregates;
    private readonly ColumnBuffer[] results;
    private readonly Column[] views;
    private readonly Batch batch;
    private bool isRun;
    private int groupCount;
    private int next;

    public AggregateOperator(AggregatePlan plan, Operator input, StatementContext context)
    {
        (this.plan, this.input, this.context) = (plan, input, context);
        keys = EvaluatorFactory.Create(plan.Keys, context);
        keyColumns = new Column[keys.Length];
        table = keys.Length == 0 ? null : new KeyTable([.. keys.Select(k => k.Type)], context.Memory, "the groups of an aggregation");
        aggregates = [.. plan.Aggregates.Select(a => new AggregateInput(a, context))];
        results = [.. plan.Aggregates.Select(a => new ColumnBuffer(a.Type))];
        views = [.. keys.Select(k => new Column(k.Type))];
        batch = new Batch(keys.Length + aggregates.Length);
    }

    public override Batch? Next()
    {
        if (!isRun)
        {
            Run();
            isRun = true;
        }

        var count = Math.Min(groupCount - next, Batch.RowCountMax);
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

    public override void Reset()
    {
        isRun = false;
        next = 0;
        table?.Clear();
        foreach (var aggregate in aggregates)
        {
            aggregate.Reset();
        }

        input.Reset();
    }

    public override void Dispose()
    {
        input.Dispose();
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

    private void Run()
    {
        groupCount = table is null ? 1 : 0;
        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<int> ids = default;
            if (table is not null)
            {
                for (var i = 0; i < keys.Length; i++)
                {
                    keyColumns[i] = keys[i].Evaluate(source, source.Selection);
                }

                table.FindOrAdd(keyColumns, source.RowCount, source.Selection, groupIds);
                groupCount = table.Count;
                ids = groupIds.AsSpan(0, source.SelectedCount);
            }

            foreach (var aggregate in aggregates)
            {
                aggregate.Add(source, ids, groupCount);
            }
        }

        foreach (var aggregate in aggregates)
        {
            aggregate.Finish(groupCount);
        }
    }
}
