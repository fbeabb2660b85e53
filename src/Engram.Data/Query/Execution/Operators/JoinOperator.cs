using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Joins by a hash table over the right input; without keys every right row is a candidate for every left one.</summary>
/// <remarks>
/// <para>The right input is read into memory first, unless the left one turns out to have no rows. Then left rows come in their order, and each is paired with its candidates in the order of
/// the right input; a left row without any is paired with −1. Pairs are made a batch at a time, the residual judges them, and what is given
/// out follows from the kind of the join. A pair that is the last of its left row is marked, so that a row whose candidates all failed is known at
/// its place in the order, even when its candidates spread over several batches.</para>
/// <para>A NULL in a key matches nothing.</para>
/// <para>When the right side can be looked up by key, the left side is read ahead first: see <see cref="JoinLeft"/>.</para>
/// </remarks>
internal sealed class JoinOperator : Operator
{
    private const int NoRow = -1;

    private readonly JoinPlan plan;
    private readonly StatementContext context;
    private readonly Operator left;
    private readonly JoinTable right;
    private readonly JoinLeft? ahead;
    private readonly int leftCount;
    private readonly Evaluator? residual;
    private readonly int[] residualColumns;
    private readonly ColumnBuffer[] output;
    private readonly Batch batch;
    private readonly Batch pairBatch;

    // The pairs of one round, and then, in the same places, what of them is given out.
    private readonly int[] leftRows = new int[Batch.RowCountMax];
    private readonly int[] rightRows = new int[Batch.RowCountMax];
    private readonly bool[] isLast = new bool[Batch.RowCountMax];
    private readonly Selection candidates = new();
    private Batch? leftBatch;

    // Parts of the left side's last batch that are still to be looked up; the next one on top.
    private Stack<Batch>? parts;
    private int leftAt;

    // The candidate of the current left row that comes next; NoRow when the row has not been begun.
    private int candidate = NoRow;
    private bool isMatched;
    private bool isBuilt;
    private bool isLeftEnded;
    private int unmatchedNext;

    // What the residual says of pairs that had to be judged in parts; NULL is no pass, as FALSE is none.
    private ColumnBuffer? judged;

    public JoinOperator(JoinPlan plan, Operator left, Operator right, StatementContext context)
        : this(plan, left, new JoinTable(plan, right, context), context)
    {
        ahead = plan.KeySource is null ? null : new JoinLeft(plan, left, context);
    }

    public JoinOperator(JoinPlan plan, Operator left, JoinTable right, StatementContext context)
    {
        (this.plan, this.left, this.right, this.context) = (plan, left, right, context);
        leftCount = plan.Left.Output.Length;
        residual = plan.Residual is null ? null : EvaluatorFactory.Create(plan.Residual, context);
        residualColumns = plan.Residual is null ? [] : [.. PlanWalker.ColumnsOf(plan.Residual)];
        output = [.. plan.Left.Output.Concat(plan.Right.Output).Select(o => new ColumnBuffer(o.Type))];
        batch = new Batch(plan.Output.Length);
        pairBatch = new Batch(output.Length);
    }

    /// <summary>Whether one candidate settles a left row.</summary>
    private bool GivesOnce => residual is null && plan.Kind is (JoinKind.Semi or JoinKind.Anti);

    private bool KeepsLeft => plan.Kind is JoinKind.Left or JoinKind.Full or JoinKind.Anti;

    private bool KeepsRight => plan.Kind is JoinKind.Right or JoinKind.Full;

    public override Batch? Next()
    {
        if (!isBuilt)
        {
            ahead?.Open();
            isBuilt = true;
            if (!KeepsRight && !TryNextLeft())
            {
                // Nothing to pair: the right side is not read at all.
                isLeftEnded = true;
                return null;
            }

            right.Build(KeepsRight);
            if (leftBatch is not null)
            {
                Probe();
            }
        }

        while (!isLeftEnded && !(right.Count == 0 && !KeepsLeft))
        {
            // Each round: one left batch may have any number of pairs.
            context.Cancellation.ThrowIfCancellationRequested();
            if (leftBatch is null)
            {
                if (!TryNextLeft())
                {
                    isLeftEnded = true;
                    break;
                }

                Probe();
            }

            var count = Judge(MakePairs());
            if (leftAt == leftBatch!.SelectedCount && count == 0)
            {
                leftBatch = null;
                continue;
            }

            if (count > 0)
            {
                return Give(count, leftBatch);
            }
        }

        return KeepsRight ? GiveUnmatched() : null;
    }

    public override void Reset()
    {
        left.Reset();
        right.Reset();
        ahead?.Reset();
        isBuilt = false;
        isLeftEnded = false;
        leftBatch = null;
        parts?.Clear();
        leftAt = 0;
        candidate = NoRow;
        // Whoever reads it may have stopped in the midst of a left row's candidates.
        isMatched = false;
        unmatchedNext = 0;
    }

    public override void Dispose()
    {
        left.Dispose();
        right.Dispose();
        ahead?.Dispose();
        residual?.Dispose();
        judged?.Dispose();
        foreach (var column in output)
        {
            column.Dispose();
        }
    }

    private bool TryNextLeft()
    {
        leftBatch = parts is { Count: > 0 } ? parts.Pop() : ahead is null ? left.Next() : ahead.Next();
        leftAt = 0;
        return leftBatch is not null;
    }

    /// <summary>Looks up the left batch, or as much of it as can be looked up at once: see <see cref="BatchHalves"/>.</summary>
    private void Probe()
    {
        while (true)
        {
            try
            {
                right.Probe(leftBatch!);
                return;
            }
            catch (EngramException e) when (BatchHalves.Help(e, leftBatch!))
            {
                (leftBatch, var second) = BatchHalves.Of(leftBatch!);
                (parts ??= []).Push(second);
            }
        }
    }

    /// <summary>Writes the next pairs of the left batch; none when all have been made.</summary>
    private int MakePairs()
    {
        var count = 0;
        var leftTotal = leftBatch!.SelectedCount;
        while (count < Batch.RowCountMax && leftAt < leftTotal)
        {
            if (candidate == NoRow)
            {
                candidate = right.First(leftAt);
            }

            leftRows[count] = leftBatch.RowAt(leftAt);
            rightRows[count] = candidate;
            candidate = candidate == NoRow || GivesOnce ? NoRow : right.After(candidate);
            isLast[count++] = candidate == NoRow;
            leftAt += candidate == NoRow ? 1 : 0;
        }

        return count;
    }

    /// <summary>Applies the residual and turns the pairs into rows to give out, in place: there are never more of these.</summary>
    private int Judge(int count)
    {
        var condition = residual is null || count == 0 ? null : EvaluateResidual(count);
        var given = 0;
        for (var i = 0; i < count; i++)
        {
            var (leftRow, rightRow, last) = (leftRows[i], rightRows[i], isLast[i]);
            var passes = rightRow != NoRow && (condition is null || (!condition.IsNull(i) && condition.Get<byte>(i) != 0));
            if (passes)
            {
                right.MarkMatched(rightRow);
            }

            var gives = plan.Kind switch
            {
                JoinKind.Semi => passes && !isMatched,
                JoinKind.Anti => last && !passes && !isMatched,
                _ => passes || (last && !isMatched && KeepsLeft),
            };
            isMatched |= passes;
            if (gives)
            {
                leftRows[given] = leftRow;
                rightRows[given++] = passes ? rightRow : NoRow;
            }

            if (last)
            {
                isMatched = false;
            }
        }

        return given;
    }

    private Column EvaluateResidual(int count)
    {
        // Pairs without a right row are not judged: the residual must not fail on them.
        candidates.Count = 0;
        for (var i = 0; i < count; i++)
        {
            if (rightRows[i] != NoRow)
            {
                candidates.Add(i);
            }
        }

        foreach (var ordinal in residualColumns)
        {
            Gather(ordinal, count, leftBatch!);
            pairBatch.Columns[ordinal] = output[ordinal].Column;
        }

        pairBatch.RowCount = count;
        pairBatch.Selection = candidates;
        try
        {
            return residual!.Evaluate(pairBatch, candidates);
        }
        catch (EngramException e) when (BatchHalves.Help(e, pairBatch))
        {
            judged ??= new ColumnBuffer(DataType.Boolean, Batch.RowCountMax);
            judged.Clear();
            judged.Reserve(count);
            judged.SetCount(count);
            var (first, second) = BatchHalves.Of(pairBatch);
            JudgePart(first, judged.Column);
            JudgePart(second, judged.Column);
            return judged.Column;
        }
    }

    private void JudgePart(Batch part, Column target)
    {
        Column condition;
        try
        {
            condition = residual!.Evaluate(part, part.Selection);
        }
        catch (EngramException e) when (BatchHalves.Help(e, part))
        {
            var (first, second) = BatchHalves.Of(part);
            JudgePart(first, target);
            JudgePart(second, target);
            return;
        }

        var values = target.Values<byte>(part.RowCount);
        foreach (var row in part.Selection!.Rows)
        {
            values[row] = condition.IsNull(row) || condition.Get<byte>(row) == 0 ? (byte)0 : (byte)1;
        }
    }

    private Batch Give(int count, Batch source)
    {
        for (var i = 0; i < batch.Columns.Length; i++)
        {
            Gather(i, count, source);
            batch.Columns[i] = output[i].Column;
        }

        batch.RowCount = count;
        return batch;
    }

    private void Gather(int ordinal, int count, Batch source)
    {
        if (ordinal < leftCount)
        {
            RowCopy.Gather(output[ordinal], source.Columns[ordinal], leftRows.AsSpan(0, count));
        }
        else
        {
            RowCopy.Gather(output[ordinal], right.Column(ordinal - leftCount), rightRows.AsSpan(0, count));
        }
    }

    /// <summary>RIGHT and FULL: the right rows that no left row matched, with NULLs on the left.</summary>
    private Batch? GiveUnmatched()
    {
        var count = right.Unmatched(ref unmatchedNext, rightRows);
        if (count == 0)
        {
            return null;
        }

        for (var i = 0; i < batch.Columns.Length; i++)
        {
            if (i < leftCount)
            {
                output[i].Clear();
                for (var row = 0; row < count; row++)
                {
                    output[i].AppendNull();
                }
            }
            else
            {
                RowCopy.Gather(output[i], right.Column(i - leftCount), rightRows.AsSpan(0, count));
            }

            batch.Columns[i] = output[i].Column;
        }

        batch.RowCount = count;
        return batch;
    }
}
