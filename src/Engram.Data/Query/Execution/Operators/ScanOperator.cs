using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Reads a table block by block. Each conjunct of the filter loads its own columns for the rows that reached it, the rest is loaded for rows that pass.</summary>
internal sealed class ScanOperator : Operator, IScanMeasure
{
    private readonly ScanPlan plan;
    private readonly StatementContext context;
    private readonly Filter? filter;
    private readonly Filter.Load load;
    private readonly Batch batch;
    private readonly bool[] isLoaded;
    private readonly ImmutableArray<int> allOrdinals;
    private TableScan? scan;
    private bool isEnded;

    // Whether it reads morsels of a scan that is shared: then who runs it says which, before each Reset.
    private readonly bool isSplit;

    public ScanOperator(ScanPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        filter = plan.Filter is null ? null : Filter.Create(plan.Filter, context);
        load = LoadColumns;
        batch = new Batch(plan.Columns.Length);
        isLoaded = new bool[plan.Columns.Length];
        allOrdinals = [.. Enumerable.Range(0, plan.Columns.Length)];
        if (context.Split is { } split && ReferenceEquals(split.Plan, plan))
        {
            (scan, isSplit) = (split.Scan, true);
        }
    }

    public long BlocksTotal { get; private set; }

    public long BlocksSkipped { get; private set; }

    public long BytesRead { get; private set; }

    /// <summary>Starts a scan; null when a bound is NULL, so that no row can satisfy the filter.</summary>
    public static TableScan? Open(
        Storage.Catalog.TableDefinition table, ImmutableArray<ColumnId> columns,
        ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> bounds, StatementContext context)
    {
        var evaluators = bounds.Select(b => EvaluatorFactory.Create(b.Value, context)).ToArray();
        try
        {
            var unit = new Batch(0) { RowCount = 1 };
            var zones = new ZoneBound[bounds.Length];
            for (var i = 0; i < zones.Length; i++)
            {
                var value = evaluators[i].Evaluate(unit, null);
                if (value.IsNull(0))
                {
                    return null;
                }

                zones[i] = new ZoneBound(bounds[i].Column, bounds[i].Comparison, Keep(value));
            }

            return context.Snapshot.Scan(table.Id, columns.AsSpan(), zones);
        }
        finally
        {
            foreach (var evaluator in evaluators)
            {
                evaluator.Dispose();
            }
        }
    }

    public override Batch? Next()
    {
        if (scan is null && !isEnded)
        {
            scan = Open(plan.Table, plan.Columns, plan.Bounds, context);
            isEnded = scan is null;
        }

        while (!isEnded)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (!scan!.NextBlock())
            {
                isEnded = true;
                break;
            }

            isLoaded.AsSpan().Clear();
            batch.RowCount = scan.RowCount;
            batch.Selection = filter is null ? scan.Visible : filter.Apply(batch, scan.Visible, load);
            if (batch.Selection is not { Count: 0 })
            {
                LoadColumns(allOrdinals, batch.Selection);
                return batch;
            }
        }

        return null;
    }

    public override void Reset()
    {
        if (!isSplit)
        {
            Close();
        }

        isEnded = false;
    }

    public override void Dispose()
    {
        Close();
        filter?.Dispose();
    }

    /// <summary>The evaluator that computed a bound does not outlive this call, the scan does: a copy with its own memory.</summary>
    private static Column Keep(Column value)
    {
        var copy = new ColumnBuffer(value.Type, 1);
        copy.AppendFrom(value, 0);
        return copy.Column;
    }

    private void LoadColumns(ImmutableArray<int> ordinals, Selection? rows)
    {
        foreach (var ordinal in ordinals)
        {
            // What is loaded already was loaded for these rows and more.
            if (!isLoaded[ordinal])
            {
                batch.Columns[ordinal] = scan!.Load(ordinal, rows);
                isLoaded[ordinal] = true;
            }
        }
    }

    private void Close()
    {
        if (scan is not null)
        {
            BlocksTotal += scan.BlocksTotal;
            BlocksSkipped += scan.BlocksSkipped;
            BytesRead += scan.BytesRead;
            scan.Dispose();
            scan = null;
        }
    }
}
