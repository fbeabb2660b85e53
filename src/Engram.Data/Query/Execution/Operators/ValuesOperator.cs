using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Rows of expressions. Built column by column: literals and parameters are appended directly, and where a whole column has one cast it is one evaluator.</summary>
internal sealed class ValuesOperator(ValuesPlan plan, StatementContext context) : Operator
{
    private readonly Batch batch = new(plan.Output.Length);
    private readonly Batch unit = new(0) { RowCount = 1 };
    private ColumnBuffer[]? buffers;
    private Evaluator[]? single;
    private int next;

    public override Batch? Next()
    {
        if (next >= plan.Rows.Length)
        {
            return null;
        }

        if (plan.Rows.Length == 1)
        {
            FillSingle();
        }
        else
        {
            FillMany();
        }

        return batch;
    }

    public override void Reset() => next = 0;

    public override void Dispose()
    {
        foreach (var evaluator in single ?? [])
        {
            evaluator.Dispose();
        }

        foreach (var buffer in buffers ?? [])
        {
            buffer.Dispose();
        }
    }

    private void FillSingle()
    {
        single ??= EvaluatorFactory.Create(plan.Rows[0], context);
        for (var c = 0; c < single.Length; c++)
        {
            batch.Columns[c] = single[c].Evaluate(unit, null);
        }

        batch.RowCount = 1;
        next = 1;
    }

    private void FillMany()
    {
        var count = Math.Min(plan.Rows.Length - next, Batch.RowCountMax);
        buffers ??= [.. plan.Output.Select(o => new ColumnBuffer(o.Type, count))];
        for (var c = 0; c < buffers.Length; c++)
        {
            buffers[c].Clear();
            FillColumn(c, count, buffers[c]);
            batch.Columns[c] = buffers[c].Column;
        }

        batch.RowCount = count;
        next += count;
    }

    private void FillColumn(int c, int count, ColumnBuffer target)
    {
        if (plan.Rows[next][c] is BoundCast first && Enumerable.Range(next, count).All(r => HasSameCast(first, plan.Rows[r][c])))
        {
            using var operands = new ColumnBuffer(first.Operand.Type, count);
            for (var r = next; r < next + count; r++)
            {
                AppendLeaf(((BoundCast)plan.Rows[r][c]).Operand, operands);
            }

            var held = new HeldEvaluator(first.Operand.Type);
            held.Hold(operands.Column);
            using var cast = CastFactory.Create(first.Type, held, first.Target);
            var whole = new Batch(0) { RowCount = count };
            RowCopy.Append(target, cast.Evaluate(whole, null), whole);
            return;
        }

        for (var r = next; r < next + count; r++)
        {
            var expression = plan.Rows[r][c];
            if (IsLeaf(expression))
            {
                AppendLeaf(expression, target);
                continue;
            }

            using var evaluator = EvaluatorFactory.Create(expression, context);
            target.AppendFrom(evaluator.Evaluate(unit, null), 0);
        }
    }

    private static bool HasSameCast(BoundCast first, BoundExpression other)
        => other is BoundCast cast && cast.Type == first.Type && cast.Target == first.Target && cast.Operand.Type == first.Operand.Type && IsLeaf(cast.Operand);

    private static bool IsLeaf(BoundExpression expression) => expression is BoundConstant or BoundParameter or BoundSlot;

    private void AppendLeaf(BoundExpression leaf, ColumnBuffer target)
    {
        switch (leaf)
        {
            case BoundConstant constant:
                ClrValue.Append(target, constant.Value);
                break;
            case BoundParameter parameter:
                target.AppendFrom(context.Parameters.Columns[parameter.Index], 0);
                break;
            case BoundSlot slot:
                target.AppendFrom(context.Slot(slot.Slot, slot.Type).Column, 0);
                break;
        }
    }
}
