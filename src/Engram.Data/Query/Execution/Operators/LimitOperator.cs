using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>LIMIT and OFFSET.</summary>
internal sealed class LimitOperator(LimitPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly Batch batch = new(plan.Output.Length);
    private readonly Selection selection = new();
    private bool isStarted;
    private long toSkip;
    private long toGive;

    /// <summary>The value of a LIMIT or OFFSET; null when it is NULL or not there.</summary>
    public static long? Read(BoundExpression? expression, bool isOffset, StatementContext context)
    {
        if (expression is null)
        {
            return null;
        }

        if (expression is BoundConstant { Value: long or int } constant)
        {
            var known = constant.Value is long wide ? wide : (int)constant.Value;
            return known >= 0 ? known : throw (isOffset ? Error.NegativeOffset(known) : Error.NegativeLimit(known));
        }

        using var evaluator = EvaluatorFactory.Create(expression, context);
        var value = ClrValue.Read(evaluator.Evaluate(new Batch(0) { RowCount = 1 }, null), 0);
        if (value is null)
        {
            return null;
        }

        var count = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return count >= 0 ? count : throw (isOffset ? Error.NegativeOffset(count) : Error.NegativeLimit(count));
    }

    public override Batch? Next()
    {
        if (!isStarted)
        {
            isStarted = true;
            toGive = Read(plan.Limit, isOffset: false, context) ?? long.MaxValue;
            toSkip = Read(plan.Offset, isOffset: true, context) ?? 0;
            input.Expect(toGive > long.MaxValue - toSkip ? long.MaxValue : toGive + toSkip);
        }

        while (toGive > 0 && input.Next() is { } source)
        {
            var count = source.SelectedCount;
            if (toSkip >= count)
            {
                toSkip -= count;
                continue;
            }

            var first = (int)toSkip;
            var taken = (int)Math.Min(count - first, toGive);
            toSkip = 0;
            toGive -= taken;
            if (taken == count)
            {
                return source;
            }

            for (var i = 0; i < taken; i++)
            {
                selection.Buffer[i] = (ushort)source.RowAt(first + i);
            }

            selection.Count = taken;
            source.Columns.CopyTo(batch.Columns, 0);
            batch.RowCount = source.RowCount;
            batch.Selection = selection;
            return batch;
        }

        return null;
    }

    public override void Reset()
    {
        isStarted = false;
        input.Reset();
    }

    public override void Rest()
    {
        isStarted = false;
        input.Rest();
    }

    public override void Dispose() => input.Dispose();
}
