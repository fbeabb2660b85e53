using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>ORDER BY. With a limit it cuts what it has kept to the limit again and again, and lets in only rows that may come before the last of it.</summary>
internal sealed class SortOperator : Operator
{
    private readonly SortPlan plan;
    private readonly Operator input;
    private readonly StatementContext context;
    private readonly Evaluator[] keys;

    // Where each key lies in the store: an output column, or a column of its own after those.
    private readonly int[] keyColumns;
    private readonly Evaluator[] ownKeys;
    private readonly RowSorter sorter;
    private readonly Column[] sources;
    private readonly ColumnBuffer[] output;
    private readonly Batch batch;
    private readonly Selection candidates = new();
    private readonly Batch candidateBatch = new(0);
    private readonly SortEntry[] entries = new SortEntry[Batch.RowCountMax];
    private RowStore store;
    private RowStore? spare;
    private long rowCountMax;
    private ulong? worst;
    private int[]? order;
    private int next;

    public SortOperator(SortPlan plan, Operator input, StatementContext context)
    {
        (this.plan, this.input, this.context) = (plan, input, context);
        keys = [.. plan.Keys.Select(k => EvaluatorFactory.Create(k.Expression, context))];
        var own = new List<Evaluator>();
        keyColumns = new int[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keyColumns[i] = keys[i] is ColumnEvaluator column ? column.Ordinal : plan.Output.Length + own.Count;
            if (keys[i] is not ColumnEvaluator)
            {
                own.Add(keys[i]);
            }
        }

        ownKeys = [.. own];
        sorter = new RowSorter(plan.Keys);
        sources = new Column[plan.Output.Length + ownKeys.Length];
        output = [.. plan.Output.Select(o => new ColumnBuffer(o.Type))];
        batch = new Batch(output.Length);
        store = NewStore();
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

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public override void Reset()
    {
        order = null;
        next = 0;
        store.Clear();
        input.Reset();
    }

    public override void Dispose()
    {
        input.Dispose();
        sorter.Dispose();
        store.Dispose();
        spare?.Dispose();
        foreach (var key in keys)
        {
            key.Dispose();
        }

        foreach (var column in output)
        {
            column.Dispose();
        }
    }

    private RowStore NewStore() => new(plan.Output.Select(o => o.Type).Concat(ownKeys.Select(k => k.Type)), context.Memory, "a sort");

    private int[] Run()
    {
        var limit = LimitOperator.Read(plan.Limit, isOffset: false, context) ?? long.MaxValue;
        var offset = LimitOperator.Read(plan.Offset, isOffset: true, context) ?? 0;
        rowCountMax = limit > long.MaxValue - offset ? long.MaxValue : limit + offset;
        worst = null;
        if (rowCountMax == 0)
        {
            return [];
        }

        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            Keep(source);
            if (store.Count - rowCountMax > Math.Max(rowCountMax, 2 * Batch.RowCountMax))
            {
                Cut();
            }
        }

        var sorted = SortFirst();
        return offset == 0 ? sorted : sorted.AsSpan((int)Math.Min(offset, sorted.Length)).ToArray();
    }

    private void Keep(Batch source)
    {
        var rows = source.Selection;
        if (worst is { } bound && !Narrow(source, bound, ref rows))
        {
            return;
        }

        source.Columns.AsSpan(0, plan.Output.Length).CopyTo(sources);
        for (var i = 0; i < ownKeys.Length; i++)
        {
            sources[plan.Output.Length + i] = ownKeys[i].Evaluate(source, rows);
        }

        candidateBatch.RowCount = source.RowCount;
        candidateBatch.Selection = rows;
        store.Append(sources, candidateBatch);
    }

    /// <summary>Leaves out the rows that certainly come after the last that is kept.</summary>
    private bool Narrow(Batch source, ulong bound, ref Selection? rows)
    {
        var count = source.SelectedCount;
        for (var i = 0; i < count; i++)
        {
            entries[i] = new SortEntry(source.RowAt(i));
        }

        sorter.SetPrefixes(keys[0].Evaluate(source, rows), entries.AsSpan(0, count));
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            candidates.Buffer[kept] = (ushort)entries[i].Row;
            kept += entries[i].Prefix <= bound ? 1 : 0;
        }

        candidates.Count = kept;
        rows = candidates;
        return kept > 0;
    }

    /// <summary>The rows that are kept, in order.</summary>
    private int[] SortFirst() => sorter.SortFirst([.. keyColumns.Select(store.Column)], store.Count, (int)Math.Min(rowCountMax, store.Count));

    /// <summary>Keeps the first rows of those in the store, in their order: of equal rows the earlier ones come first then too.</summary>
    private void Cut()
    {
        var kept = SortFirst();
        spare ??= NewStore();
        spare.CopyFrom(store, kept);
        (store, spare) = (spare, store);
        spare.Clear();

        // The last row's prefix is the bound from now on.
        entries[0] = new SortEntry(store.Count - 1);
        sorter.SetPrefixes(store.Column(keyColumns[0]), entries.AsSpan(0, 1));
        worst = entries[0].Prefix;
    }
}
