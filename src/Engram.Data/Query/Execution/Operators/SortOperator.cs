using Engram.Data.Columns;
using Engram.Data.Query.Execution.Parallel;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>ORDER BY. With a limit that is small for the table, on several threads where the input is large and can be split: see <see cref="SortJob"/>.</summary>
internal sealed class SortOperator : Operator
{
    // Each thread keeps so many rows, and each morsel gives so many to be merged.
    private const int SplitLimitMax = 10_000;

    private readonly SortPlan plan;
    private readonly StatementContext context;
    private readonly SortState state;
    private readonly ColumnBuffer[] output;
    private readonly Batch batch;
    private Operator? input;
    private int[]? order;
    private int next;

    public SortOperator(SortPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        state = new SortState(plan, context);
        output = [.. plan.Output.Select(o => new ColumnBuffer(o.Type))];
        batch = new Batch(output.Length);
    }

    public override Batch? Next()
    {
        order ??= Run();
        var count = Math.Min(order.Length - next, Batch.RowCountMax);
        if (count == 0)
        {
            return null;
        }

        state.Gather(order.AsSpan(next, count), output);
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
        state.Clear();
        input?.Reset();
    }

    public override void Dispose()
    {
        input?.Dispose();
        state.Dispose();
        foreach (var column in output)
        {
            column.Dispose();
        }
    }

    private int[] Run()
    {
        var limit = LimitOperator.Read(plan.Limit, isOffset: false, context) ?? long.MaxValue;
        var offset = LimitOperator.Read(plan.Offset, isOffset: true, context) ?? 0;
        state.RowCountMax = limit > long.MaxValue - offset ? long.MaxValue : limit + offset;
        if (state.RowCountMax == 0)
        {
            return [];
        }

        if (!TryRunSplit())
        {
            input ??= OperatorFactory.Create(plan.Input, context);
            while (input.Next() is { } source)
            {
                state.Add(source);
            }
        }

        var sorted = state.Sort();
        return offset == 0 ? sorted : sorted.AsSpan((int)Math.Min(offset, sorted.Length)).ToArray();
    }

    private bool TryRunSplit()
    {
        if (input is not null || state.RowCountMax > SplitLimitMax || !SplitInput.CanSplit(plan.Input, context)
            || !plan.Keys.All(k => SplitInput.IsRepeatable(k.Expression)))
        {
            return false;
        }

        using var split = SplitInput.TryOpen(plan.Input, context);
        if (split is null)
        {
            return false;
        }

        using var job = new SortJob(plan, split, state, context);
        job.Run(0, split.MorselCount);
        return true;
    }
}
