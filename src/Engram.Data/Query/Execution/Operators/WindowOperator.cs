using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Execution.Windows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Calls with OVER: keeps all rows, sorts them by partition and order, computes call after call over partition after partition, and gives the rows in that order.</summary>
internal sealed class WindowOperator : Operator
{
    private readonly WindowPlan plan;
    private readonly Operator input;
    private readonly StatementContext context;

    // Beyond the input's columns the store has one for each expression that is not one of them.
    private readonly List<Evaluator> computed = [];
    private readonly int[] partitionColumns;
    private readonly int[] orderColumns;
    private readonly int[][] argumentColumns;
    private readonly int[] filterColumns;
    private readonly KeyComparer[] comparers;
    private readonly RowSorter? sorter;
    private readonly RowStore store;
    private readonly MemoryReservation memory;
    private readonly WindowPartition partition = new();
    // The order, and what a partition keeps for its rows: peers and frames.
    private const int PlaceBytes = 6 * sizeof(int);

    private readonly ColumnBuffer[] output;
    private readonly ColumnBuffer[] results;
    private readonly Column[] views;
    private readonly Column[] sources;
    private readonly Batch batch;
    private int[]? order;
    private int next;

    public WindowOperator(WindowPlan plan, Operator input, StatementContext context)
    {
        (this.plan, this.input, this.context) = (plan, input, context);
        partitionColumns = [.. plan.PartitionBy.Select(Place)];
        orderColumns = [.. plan.OrderBy.Select(k => Place(k.Expression))];
        argumentColumns = [.. plan.Calls.Select(c => c.Arguments.Select(Place).ToArray())];
        filterColumns = [.. plan.Calls.Select(c => c.Filter is null ? -1 : Place(c.Filter))];
        SortKey[] keys = [.. plan.PartitionBy.Select(p => new SortKey(p, false, true)), .. plan.OrderBy];
        comparers = [.. keys.Select(k => KeyComparer.For(k.Expression.Type))];
        sorter = keys.Length == 0 ? null : new RowSorter(keys, context);
        var types = plan.Input.Output.Select(o => o.Type).Concat(computed.Select(c => c.Type)).ToArray();
        store = new RowStore(types, context.Memory, "a window");
        memory = new MemoryReservation(context.Memory, "a window");
        sources = new Column[types.Length];
        output = [.. plan.Input.Output.Select(o => new ColumnBuffer(o.Type))];
        results = [.. plan.Calls.Select(c => new ColumnBuffer(c.Type))];
        views = [.. results.Select(r => new Column(r.Type))];
        batch = new Batch(output.Length + results.Length);
    }

    public override Batch? Next()
    {
        order ??= Run();
        var count = Math.Min(order.Length - next, Batch.RowCountMax);
        if (count == 0)
        {
            return null;
        }

        store.Gather(order.AsSpan(next, count), output);
        for (var i = 0; i < output.Length; i++)
        {
            batch.Columns[i] = output[i].Column;
        }

        for (var i = 0; i < results.Length; i++)
        {
            ColumnSlice.Set(views[i], results[i].Column, next);
            batch.Columns[output.Length + i] = views[i];
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public override void Reset()
    {
        order = null;
        next = 0;
        store.Clear();
        foreach (var result in results)
        {
            result.Clear();
        }

        input.Reset();
    }

    public override void Dispose()
    {
        input.Dispose();
        sorter?.Dispose();
        store.Dispose();
        memory.Dispose();
        foreach (var evaluator in computed)
        {
            evaluator.Dispose();
        }

        foreach (var comparer in comparers)
        {
            comparer.Dispose();
        }

        foreach (var column in output.Concat(results))
        {
            column.Dispose();
        }
    }

    /// <summary>Where the store keeps the value of an expression.</summary>
    private int Place(BoundExpression expression)
    {
        if (expression is BoundColumn column)
        {
            return column.Ordinal;
        }

        computed.Add(EvaluatorFactory.Create(expression, context));
        return plan.Input.Output.Length + computed.Count - 1;
    }

    private int[] Run()
    {
        var rows = new Batch(0);
        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            Add(source, rows);
        }

        memory.Hold((long)store.Count * PlaceBytes);
        var sorted = sorter is null ? [.. Enumerable.Range(0, store.Count)] : sorter.Sort([.. partitionColumns.Concat(orderColumns).Select(store.Column)], store.Count);
        using var calls = new Calls(this);
        var partitionKeys = partitionColumns.Select(store.Column).ToArray();
        var orderKeys = orderColumns.Select(store.Column).ToArray();
        var orderComparers = comparers[partitionKeys.Length..];
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            end = partitionKeys.Length == 0 ? sorted.Length : start + 1;
            while (end < sorted.Length && WindowPartition.AreEqual(partitionKeys, comparers, sorted[start], sorted[end]))
            {
                end++;
            }

            partition.Set(sorted, start, end - start, orderKeys, orderComparers);
            calls.Compute(orderKeys);
            memory.Hold(((long)store.Count * PlaceBytes) + results.Sum(r => r.SizeBytes));
        }

        return sorted;
    }

    private void Add(Batch source, Batch rows)
    {
        source.Columns.AsSpan(0, output.Length).CopyTo(sources);
        try
        {
            for (var i = 0; i < computed.Count; i++)
            {
                sources[output.Length + i] = computed[i].Evaluate(source, source.Selection);
            }
        }
        catch (EngramException e) when (BatchHalves.Help(e, source))
        {
            var (first, second) = BatchHalves.Of(source);
            Add(first, rows);
            Add(second, rows);
            return;
        }

        (rows.RowCount, rows.Selection) = (source.RowCount, source.Selection);
        store.Append(sources, rows);
    }

    /// <summary>The calls of one run, with what they keep from partition to partition.</summary>
    private sealed class Calls : IDisposable
    {
        private readonly WindowOperator owner;
        private readonly WindowFunction[] functions;
        private readonly WindowFrames[] frames;
        private readonly Column[][] arguments;

        public Calls(WindowOperator owner)
        {
            this.owner = owner;
            var key = owner.plan.OrderBy is [var only] ? only : null;
            functions = [.. owner.plan.Calls.Select(c => c.Function.CreateWindow?.Invoke(c.Type) ?? new WindowAggregate(c, owner.context))];
            frames = [.. owner.plan.Calls.Select(c => new WindowFrames(c.Frame, key))];
            arguments = [.. owner.argumentColumns.Select(columns => columns.Select(owner.store.Column).ToArray())];
            foreach (var frame in frames)
            {
                frame.Begin(owner.context);
            }
        }

        public void Compute(Column[] orderKeys)
        {
            var partition = owner.partition;
            for (var i = 0; i < functions.Length; i++)
            {
                partition.Arguments = arguments[i];
                partition.Filter = owner.filterColumns[i] < 0 ? null : owner.store.Column(owner.filterColumns[i]);
                partition.Frames = frames[i];
                if (functions[i].ReadsFrames)
                {
                    frames[i].Compute(partition, orderKeys is [var key] ? key : null);
                }

                partition.Memory = owner.memory;
                partition.HeldBytes = ((long)owner.store.Count * PlaceBytes) + owner.results.Sum(r => r.SizeBytes) - owner.results[i].SizeBytes;
                functions[i].Compute(partition, owner.results[i]);
            }
        }

        public void Dispose()
        {
            foreach (var function in functions)
            {
                function.Dispose();
            }
        }
    }
}
