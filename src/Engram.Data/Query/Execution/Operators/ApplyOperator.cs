using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>LATERAL: runs the right plan for each left row with its values in slots, and gathers what comes out into whole batches.</summary>
internal sealed class ApplyOperator : Operator
{
    private readonly ApplyPlan plan;
    private readonly Operator left;
    private readonly Operator right;
    private readonly StatementContext context;
    private readonly (Evaluator Value, ColumnBuffer Slot)[] outer;
    private readonly Column[] outerColumns;
    private readonly ColumnBuffer[] output;
    private readonly VectorAnswers? answers;
    private readonly Batch batch;
    private readonly int leftCount;
    private Batch? leftBatch;
    private int leftAt;

    // The right batch that did not fit whole, and how far it was copied.
    private Batch? pending;
    private int pendingAt;
    private bool isBegun;
    private bool hasRight;

    // What a LIMIT above still wants: the right side does not run for rows that nobody reads.
    private long wanted = long.MaxValue;

    // Whether the last row of the output is of the current left row: then its values need not be copied again. They may be long, and the right rows many.
    private bool isLeftCopied;

    public ApplyOperator(ApplyPlan plan, Operator left, StatementContext context)
    {
        (this.plan, this.left, this.context) = (plan, left, context);
        // Slots first: the right side's evaluators look at them from the start.
        outer = [.. plan.Outer.Select(o => (EvaluatorFactory.Create(o.Value, context), context.Slot(o.Slot, o.Value.Type)))];
        outerColumns = new Column[outer.Length];
        answers = VectorAnswers.TryCreate(plan, context);
        var outside = context.Answers;
        context.Answers = answers;
        right = OperatorFactory.Create(plan.Right, context);
        context.Answers = outside;
        leftCount = plan.Left.Output.Length;
        output = [.. plan.Output.Select(o => new ColumnBuffer(o.Type))];
        batch = new Batch(output.Length);
    }

    public override Batch? Next()
    {
        foreach (var column in output)
        {
            column.Clear();
        }

        isLeftCopied = false;
        var count = 0;
        var enough = Math.Clamp(wanted, 1, Batch.RowCountMax);
        while (count < enough)
        {
            if (leftBatch is null && !NextLeft())
            {
                break;
            }

            count = Append(count, out var isFull);
            if (isFull)
            {
                break;
            }
        }

        if (count == 0)
        {
            return null;
        }

        for (var i = 0; i < output.Length; i++)
        {
            batch.Columns[i] = output[i].Column;
        }

        batch.RowCount = count;
        wanted -= Math.Min(count, wanted);
        return batch;
    }

    public override void Expect(long rowCount)
    {
        wanted = rowCount;
        if (plan.Kind == JoinKind.Left)
        {
            // Each of its rows gives one at least.
            left.Expect(rowCount);
        }
    }

    public override void Reset()
    {
        left.Reset();
        answers?.Reset();
        wanted = long.MaxValue;
        leftBatch = null;
        pending = null;
        pendingAt = 0;
        isBegun = false;
    }

    public override void Dispose()
    {
        left.Dispose();
        right.Dispose();
        answers?.Dispose();
        foreach (var (value, _) in outer)
        {
            value.Dispose();
        }

        foreach (var column in output)
        {
            column.Dispose();
        }
    }

    private bool NextLeft()
    {
        context.Cancellation.ThrowIfCancellationRequested();
        leftBatch = left.Next();
        leftAt = 0;
        if (leftBatch is null)
        {
            return false;
        }

        // Numbers of rows are those of a batch.
        answers?.Begin(0);

        for (var i = 0; i < outer.Length; i++)
        {
            outerColumns[i] = outer[i].Value.Evaluate(leftBatch, leftBatch.Selection);
        }

        return true;
    }

    /// <summary>Copies rows of the current left row until it has no more or the output is full.</summary>
    private int Append(int count, out bool isFull)
    {
        isFull = false;
        var row = leftBatch!.RowAt(leftAt);
        if (!isBegun)
        {
            LookAhead();
            SetSlots(row);
            right.Reset();
            isBegun = true;
            hasRight = false;
        }

        while (pending is not null || (pending = right.Next()) is not null)
        {
            hasRight = true;
            for (; pendingAt < pending.SelectedCount; pendingAt++)
            {
                if (count == Batch.RowCountMax)
                {
                    isFull = true;
                    return count;
                }

                AppendRow(row, pending, pending.RowAt(pendingAt));
                count++;
            }

            pending = null;
            pendingAt = 0;
        }

        if (!hasRight && plan.Kind == JoinKind.Left)
        {
            AppendRow(row, null, 0);
            count++;
        }

        isBegun = false;
        isLeftCopied = false;
        if (++leftAt == leftBatch.SelectedCount)
        {
            leftBatch = null;
        }

        return count;
    }

    private void SetSlots(int row)
    {
        for (var i = 0; i < outer.Length; i++)
        {
            StatementContext.SetSlot(outer[i].Slot, outerColumns[i], row);
        }
    }

    /// <summary>Lets the right side know for what it will be asked next, where that helps it.</summary>
    private void LookAhead()
    {
        if (answers is null)
        {
            return;
        }

        if (!answers.Covers(leftAt))
        {
            answers.Begin(leftAt);
            for (var at = leftAt; at < leftBatch!.SelectedCount && answers.IsOpen; at++)
            {
                SetSlots(leftBatch.RowAt(at));
                if (!answers.TryAdd())
                {
                    break;
                }
            }
        }

        answers.MoveTo(leftAt);
    }

    private void AppendRow(int leftRow, Batch? source, int rightRow)
    {
        for (var i = 0; i < output.Length; i++)
        {
            if (i < leftCount && isLeftCopied)
            {
                output[i].AppendLast();
            }
            else if (i < leftCount)
            {
                output[i].AppendFrom(leftBatch!.Columns[i], leftRow);
            }
            else if (source is null)
            {
                output[i].AppendNull();
            }
            else
            {
                output[i].AppendFrom(source.Columns[i - leftCount], rightRow);
            }
        }

        isLeftCopied = true;
    }
}
