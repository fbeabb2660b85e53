using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>What stands before one aggregate: its arguments, FILTER, DISTINCT and ORDER BY, in this order of work.</summary>
internal sealed class AggregateInput : IDisposable
{
    private readonly BoundAggregate aggregate;
    private readonly Evaluator[] arguments;
    private readonly Column[] columns;
    private readonly Filter? filter;
    private readonly FirstRows? distinct;
    private readonly Column[] distinctKey;
    private readonly ColumnBuffer groupColumn = new(DataType.Int32);
    private readonly int[] narrowedIds = new int[Batch.RowCountMax];
    private readonly Evaluator[] orderKeys;
    private readonly Column[] orderColumns;
    private readonly RowSorter? sorter;
    private readonly RowStore? rows;
    private readonly Batch part = new(0);
    private readonly MemoryBudget? budget;
    private Aggregator state;

    // The rows of the last batch that pass the filter.
    private Selection? filtered;

    // Made when values are kept: most aggregates keep none.
    private MemoryReservation? memory;

    public AggregateInput(BoundAggregate aggregate, StatementContext context)
    {
        (this.aggregate, budget) = (aggregate, context.Memory);
        arguments = EvaluatorFactory.Create(aggregate.Arguments, context);
        columns = new Column[arguments.Length];
        filter = aggregate.Filter is null ? null : Filter.Create(aggregate.Filter, context);
        var types = arguments.Select(a => a.Type).Prepend(DataType.Int32);
        distinct = aggregate.IsDistinct ? new FirstRows([.. types], context.Memory, "an aggregate of distinct values") : null;
        distinctKey = new Column[arguments.Length + 1];
        orderKeys = [.. aggregate.OrderBy.Select(k => EvaluatorFactory.Create(k.Expression, context))];
        orderColumns = new Column[orderKeys.Length];
        sorter = orderKeys.Length == 0 ? null : new RowSorter(aggregate.OrderBy, context);
        rows = orderKeys.Length == 0 ? null : new RowStore(types.Concat(orderKeys.Select(k => k.Type)), context.Memory, "an ordered aggregate");
        state = NewState();
    }

    /// <summary>Computes what <see cref="Add"/> takes of the same batch.</summary>
    public void Compute(Batch batch)
    {
        filtered = filter is null ? batch.Selection : filter.Apply(batch, batch.Selection);
        if (filtered is { Count: 0 })
        {
            return;
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            columns[i] = arguments[i].Evaluate(batch, filtered);
        }

        for (var i = 0; i < orderKeys.Length; i++)
        {
            orderColumns[i] = orderKeys[i].Evaluate(batch, filtered);
        }
    }

    /// <param name="batch">The one that was given to <see cref="Compute"/> last.</param>
    /// <param name="groupIds">One for each selected row; empty when there is only group 0.</param>
    /// <param name="groupCount">Groups there are by now.</param>
    public void Add(Batch batch, ReadOnlySpan<int> groupIds, int groupCount)
    {
        state.EnsureGroups(groupCount);
        var selection = filter is null ? batch.Selection : Narrow(batch.Selection, filtered, ref groupIds);
        if (selection is { Count: 0 })
        {
            return;
        }

        if (distinct is not null || rows is not null)
        {
            SetGroupColumn(batch.RowCount, selection, groupIds);
        }

        if (distinct is not null)
        {
            distinctKey[0] = groupColumn.Column;
            columns.CopyTo(distinctKey, 1);
            selection = Narrow(selection, distinct.Of(distinctKey, batch.RowCount, selection), ref groupIds);
        }

        if (rows is not null)
        {
            Keep(batch, selection);
        }
        else if (selection is not { Count: 0 })
        {
            state.Add(columns, batch, selection, groupIds);
            Reserve();
        }
    }

    /// <summary>Called once after the last row.</summary>
    public void Finish(int groupCount)
    {
        state.EnsureGroups(groupCount);
        if (rows is null || rows.Count == 0)
        {
            return;
        }

        var order = sorter!.Sort([.. Enumerable.Range(1 + arguments.Length, orderKeys.Length).Select(rows.Column)], rows.Count);
        var buffers = arguments.Select(a => a.Type).Prepend(DataType.Int32).Select(t => new ColumnBuffer(t)).ToArray();
        for (var start = 0; start < order.Length; start += Batch.RowCountMax)
        {
            var count = Math.Min(order.Length - start, Batch.RowCountMax);
            rows.Gather(order.AsSpan(start, count), buffers);
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = buffers[i + 1].Column;
            }

            part.RowCount = count;
            part.Selection = null;
            state.Add(columns, part, null, buffers[0].Column.Values<int>(count));
            Reserve();
        }

        foreach (var buffer in buffers)
        {
            buffer.Dispose();
        }
    }

    /// <summary>Whether what two inputs took in can be put together: the state can, and rows need not be seen in one place.</summary>
    public bool CanMerge => state is MergeableAggregator && distinct is null && rows is null;

    /// <summary>Takes in groups of another input of the same aggregate, which saw later rows.</summary>
    public void Merge(AggregateInput later, int first, ReadOnlySpan<int> groups, int groupCount)
    {
        state.EnsureGroups(groupCount);
        ((MergeableAggregator)state).Merge(later.state, first, groups);
        Reserve();
    }

    public void AppendResults(int first, int count, ColumnBuffer target) => state.AppendResults(first, count, target);

    public void Reset()
    {
        if (state is MergeableAggregator mergeable)
        {
            mergeable.Clear();
        }
        else
        {
            state.Dispose();
            state = NewState();
        }

        distinct?.Clear();
        rows?.Clear();
        memory?.Dispose();
        memory = null;
    }

    public void Dispose()
    {
        state.Dispose();
        memory?.Dispose();
        filter?.Dispose();
        distinct?.Dispose();
        groupColumn.Dispose();
        sorter?.Dispose();
        rows?.Dispose();
        foreach (var evaluator in arguments.Concat(orderKeys))
        {
            evaluator.Dispose();
        }
    }

    /// <summary>Holds what the state keeps by now.</summary>
    private void Reserve()
    {
        if (state.SizeBytes is > MemoryBudget.StepBytes and var sizeBytes && budget is not null)
        {
            (memory ??= new MemoryReservation(budget, "the values that an aggregate keeps")).Hold(sizeBytes);
        }
    }

    private Aggregator NewState()
    {
        var create = aggregate.Function.CreateAggregator ?? throw Error.Internal($"{aggregate.Function.Name} has no aggregator");
        return create(aggregate.Type, [.. arguments.Select(a => a.Type)]);
    }

    /// <summary>Keeps the group ids of the rows that are left; those are a part of the rows that there were, in the same order.</summary>
    private Selection? Narrow(Selection? before, Selection? after, ref ReadOnlySpan<int> groupIds)
    {
        if (after is null || groupIds.IsEmpty)
        {
            return after;
        }

        var from = 0;
        for (var i = 0; i < after.Count; i++, from++)
        {
            while ((before?.Rows[from] ?? from) != after.Rows[i])
            {
                from++;
            }

            narrowedIds[i] = groupIds[from];
        }

        groupIds = narrowedIds.AsSpan(0, after.Count);
        return after;
    }

    private void SetGroupColumn(int rowCount, Selection? selection, ReadOnlySpan<int> groupIds)
    {
        groupColumn.Clear();
        groupColumn.Reserve(rowCount);
        groupColumn.SetCount(rowCount);
        var target = groupColumn.Column.Values<int>(rowCount);
        target.Clear();
        for (var i = 0; i < groupIds.Length; i++)
        {
            target[selection?.Rows[i] ?? i] = groupIds[i];
        }
    }

    private void Keep(Batch batch, Selection? selection)
    {
        var sources = new Column[1 + columns.Length + orderKeys.Length];
        sources[0] = groupColumn.Column;
        columns.CopyTo(sources, 1);
        orderColumns.CopyTo(sources, 1 + columns.Length);

        part.RowCount = batch.RowCount;
        part.Selection = selection;
        rows!.Append(sources, part);
    }
}
