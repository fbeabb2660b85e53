using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>WITH RECURSIVE: gives the rows of the anchor, then runs the step again and again over the rows that were added last, until it adds none.</summary>
/// <remarks>
/// Only the rows of two steps are kept, and, when they are distinct, each row once: memory is that of the largest step. A query that never ends is ended by its
/// timeout or by cancellation, which is asked for at each batch.
/// </remarks>
internal sealed class RecursiveOperator : Operator
{
    private readonly RecursivePlan plan;
    private readonly StatementContext context;
    private readonly Operator anchor;
    private readonly Operator step;
    private readonly FirstRows? seen;
    private readonly Batch batch;
    private RowStore working;
    private RowStore added;
    private bool isInStep;
    private bool isEnded;

    public RecursiveOperator(RecursivePlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        var types = plan.Output.Select(o => o.Type).ToArray();
        working = new RowStore(types, context.Memory, "a recursive query");
        added = new RowStore(types, context.Memory, "a recursive query");
        seen = plan.IsDistinct ? new FirstRows(types, context.Memory, "the rows of a recursive query") : null;
        batch = new Batch(types.Length);
        anchor = OperatorFactory.Create(plan.Anchor, context);
        context.WorkingTables[plan.WorkingTable] = working;
        step = OperatorFactory.Create(plan.Step, context);
    }

    public override Batch? Next()
    {
        while (!isEnded)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if ((isInStep ? step : anchor).Next() is not { } source)
            {
                BeginStep();
                continue;
            }

            source.Columns.AsSpan(0, batch.Columns.Length).CopyTo(batch.Columns);
            (batch.RowCount, batch.Selection) = (source.RowCount, source.Selection);
            if (seen is not null)
            {
                batch.Selection = seen.Of(batch.Columns, source.RowCount, source.Selection);
            }

            if (batch.SelectedCount > 0)
            {
                added.Append(batch.Columns, batch);
                return batch;
            }
        }

        return null;
    }

    public override void Reset()
    {
        anchor.Reset();
        seen?.Clear();
        working.Clear();
        added.Clear();
        (isInStep, isEnded) = (false, false);
    }

    public override void Dispose()
    {
        anchor.Dispose();
        step.Dispose();
        seen?.Dispose();
        working.Dispose();
        added.Dispose();
    }

    private void BeginStep()
    {
        (working, added) = (added, working);
        added.Clear();
        isInStep = true;
        isEnded = working.Count == 0;
        if (!isEnded)
        {
            context.WorkingTables[plan.WorkingTable] = working;
            step.Reset();
        }
    }
}

/// <summary>The rows that the last step of a recursive query added, in place.</summary>
internal sealed class WorkingTableOperator(WorkingTablePlan plan, StatementContext context) : Operator
{
    private readonly Column[] views = [.. plan.Output.Select(o => new Column(o.Type))];
    private readonly Batch batch = new(plan.Output.Length);
    private int next;

    public override Batch? Next()
    {
        var rows = context.WorkingTables[plan.Number];
        var count = Math.Min(rows.Count - next, Batch.RowCountMax);
        if (count <= 0)
        {
            return null;
        }

        for (var i = 0; i < views.Length; i++)
        {
            ColumnSlice.Set(views[i], rows.Column(i), next);
            batch.Columns[i] = views[i];
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public override void Reset() => next = 0;

    public override void Dispose()
    {
    }
}
