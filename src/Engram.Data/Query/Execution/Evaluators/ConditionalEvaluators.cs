using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>CASE: each condition sees the rows that no branch took before it, each result only the rows that its condition took.</summary>
internal sealed class CaseEvaluator(DataType type, (Evaluator Condition, Evaluator Result)[] branches, Evaluator otherwise) : ResultEvaluator(type)
{
    private readonly Selection taken = new();
    private readonly Selection open = new();

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var result = Begin(batch.RowCount);
        var left = rows;
        foreach (var (condition, value) in branches)
        {
            Split(condition.Evaluate(batch, left), left, batch.RowCount);
            if (taken.Count > 0)
            {
                RowCopy.Scatter(value.Evaluate(batch, taken), taken, result);
            }

            left = open;
            if (open.Count == 0)
            {
                return result.Column;
            }
        }

        RowCopy.Scatter(otherwise.Evaluate(batch, left), left, result);
        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        otherwise.Dispose();
        foreach (var (condition, value) in branches)
        {
            condition.Dispose();
            value.Dispose();
        }
    }

    private void Split(Column condition, Selection? rows, int rowCount)
    {
        var count = rows?.Count ?? rowCount;
        var source = rows is null ? default : rows.Rows;
        var (takenCount, openCount) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var row = (ushort)(rows is null ? i : source[i]);
            if (!condition.IsNull(row) && condition.Get<byte>(row) != 0)
            {
                taken.Buffer[takenCount++] = row;
            }
            else
            {
                open.Buffer[openCount++] = row;
            }
        }

        taken.Count = takenCount;
        open.Count = openCount;
    }
}

internal sealed class CoalesceEvaluator(DataType type, Evaluator[] operands) : ResultEvaluator(type)
{
    private readonly Selection filled = new();
    private readonly Selection open = new();

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        ColumnBuffer? result = null;
        var left = rows;
        for (var i = 0; i < operands.Length; i++)
        {
            var column = operands[i].Evaluate(batch, left);
            var isComplete = HasNoNulls(column) || i == operands.Length - 1;
            if (result is null && isComplete)
            {
                return column;
            }

            result ??= Begin(batch.RowCount);
            if (isComplete)
            {
                RowCopy.Scatter(column, left, result);
                break;
            }

            Split(column, left, batch.RowCount);
            RowCopy.Scatter(column, filled, result);
            left = open;
            if (open.Count == 0)
            {
                break;
            }
        }

        return result!.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var operand in operands)
        {
            operand.Dispose();
        }
    }

    private static unsafe bool HasNoNulls(Column column) => column.Nulls == null;

    private void Split(Column column, Selection? rows, int rowCount)
    {
        var count = rows?.Count ?? rowCount;
        var source = rows is null ? default : rows.Rows;
        var (filledCount, openCount) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var row = (ushort)(rows is null ? i : source[i]);
            if (column.IsNull(row))
            {
                open.Buffer[openCount++] = row;
            }
            else
            {
                filled.Buffer[filledCount++] = row;
            }
        }

        filled.Count = filledCount;
        open.Count = openCount;
    }
}
