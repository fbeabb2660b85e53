using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Rows to be put in order, with their keys. With a limit it cuts what it keeps to the limit again and again, and lets in only rows that may come before the last of it.</summary>
/// <remarks>Stable: of rows with equal keys those that came earlier stand first, and are kept. Used by one thread at a time.</remarks>
internal sealed class SortState : IDisposable
{
    private readonly SortPlan plan;
    private readonly StatementContext context;
    private readonly Evaluator[] keys;

    // Where each key lies in the store: an output column, or a column of its own after those.
    private readonly int[] keyColumns;
    private readonly Evaluator[] ownKeys;
    private readonly RowSorter sorter;
    private readonly Column[] sources;
    private readonly Selection candidates = new();
    private readonly Batch candidateBatch = new(0);
    private readonly SortEntry[] entries = new SortEntry[Batch.RowCountMax];
    private Column[]? views;
    private RowStore store;
    private RowStore? spare;

    public SortState(SortPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
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
        sorter = new RowSorter(plan.Keys, context);
        sources = new Column[plan.Output.Length + ownKeys.Length];
        store = NewStore();
    }

    /// <summary>How many of the first rows are wanted.</summary>
    public long RowCountMax { get; set; } = long.MaxValue;

    /// <summary>Rows whose first key has a greater prefix certainly come after all that are wanted; null while nothing is known.</summary>
    public ulong? Bound { get; set; }

    /// <summary>Rows kept.</summary>
    public int Count => store.Count;

    /// <summary>Takes in those rows of a batch that may be wanted.</summary>
    public void Add(Batch source)
    {
        context.Cancellation.ThrowIfCancellationRequested();
        Selection? rows;
        try
        {
            rows = Compute(source);
        }
        catch (EngramException e) when (BatchHalves.Help(e, source))
        {
            var (first, second) = BatchHalves.Of(source);
            Add(first);
            Add(second);
            return;
        }

        if (rows is not { Count: 0 })
        {
            Append(source.RowCount, rows);
        }
    }

    /// <summary>Fills <see cref="sources"/>.</summary>
    /// <returns>The rows that may be wanted.</returns>
    private Selection? Compute(Batch source)
    {
        var rows = source.Selection;
        if (Bound is { } bound && !Narrow(keys[0].Evaluate(source, rows), source, bound, ref rows))
        {
            return rows;
        }

        source.Columns.AsSpan(0, plan.Output.Length).CopyTo(sources);
        for (var i = 0; i < ownKeys.Length; i++)
        {
            sources[plan.Output.Length + i] = ownKeys[i].Evaluate(source, rows);
        }

        return rows;
    }

    /// <summary>Takes in what another state of the same plan has kept, of later rows.</summary>
    public void Add(SortState later)
    {
        views ??= [.. Enumerable.Range(0, sources.Length).Select(i => new Column(store.Column(i).Type))];
        for (var first = 0; first < later.Count; first += Batch.RowCountMax)
        {
            for (var i = 0; i < views.Length; i++)
            {
                ColumnSlice.Set(views[i], later.store.Column(i), first);
            }

            candidateBatch.RowCount = Math.Min(later.Count - first, Batch.RowCountMax);
            candidateBatch.Selection = null;
            Selection? rows = null;
            if (Bound is { } bound && !Narrow(views[keyColumns[0]], candidateBatch, bound, ref rows))
            {
                continue;
            }

            views.CopyTo(sources, 0);
            Append(candidateBatch.RowCount, rows);
        }
    }

    /// <summary>The order of the rows that are wanted, as places for <see cref="Gather"/>.</summary>
    public int[] Sort() => sorter.SortFirst([.. keyColumns.Select(store.Column)], store.Count, (int)Math.Min(RowCountMax, store.Count));

    /// <summary>Keeps the wanted rows alone, in their order: of equal rows the earlier ones come first then too.</summary>
    public void Cut()
    {
        var kept = Sort();
        spare ??= NewStore();
        spare.CopyFrom(store, kept);
        (store, spare) = (spare, store);
        spare.Clear();
        if (store.Count < RowCountMax)
        {
            return;
        }

        // The last row's prefix is the bound from now on.
        entries[0] = new SortEntry(store.Count - 1);
        sorter.SetPrefixes(store.Column(keyColumns[0]), entries.AsSpan(0, 1));
        Bound = entries[0].Prefix;
    }

    /// <summary>Fills buffers with the given rows; they point into the state.</summary>
    public void Gather(ReadOnlySpan<int> rows, ReadOnlySpan<ColumnBuffer> targets) => store.Gather(rows, targets);

    public void Clear()
    {
        store.Clear();
        Bound = null;
    }

    public void Dispose()
    {
        sorter.Dispose();
        store.Dispose();
        spare?.Dispose();
        foreach (var key in keys)
        {
            key.Dispose();
        }
    }

    private RowStore NewStore() => new(plan.Output.Select(o => o.Type).Concat(ownKeys.Select(k => k.Type)), context.Memory, "a sort");

    private void Append(int rowCount, Selection? rows)
    {
        candidateBatch.RowCount = rowCount;
        candidateBatch.Selection = rows;
        store.Append(sources, candidateBatch);
        if (store.Count - RowCountMax > Math.Max(RowCountMax, 2 * Batch.RowCountMax))
        {
            Cut();
        }
    }

    /// <summary>Leaves out the rows that certainly come after the last that is wanted.</summary>
    private bool Narrow(Column firstKey, Batch source, ulong bound, ref Selection? rows)
    {
        var count = source.SelectedCount;
        for (var i = 0; i < count; i++)
        {
            entries[i] = new SortEntry(source.RowAt(i));
        }

        sorter.SetPrefixes(firstKey, entries.AsSpan(0, count));
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
}
