using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>IN over a short list, or over one that changes from row to row: an OR of equalities in which the operand is evaluated once.</summary>
internal sealed class InListEvaluator(Evaluator operand, HeldEvaluator held, LogicalEvaluator isAny, bool isNegated) : ResultEvaluator(DataType.Boolean)
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        held.Hold(operand.Evaluate(batch, rows));
        var found = isAny.Evaluate(batch, rows);
        if (!isNegated)
        {
            return found;
        }

        var result = Begin(batch.RowCount);
        NullBits.Add(result, found);
        var target = result.Column.Values<byte>(result.Count);
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (byte)(1 - (found.Get<byte>(i) & 1));
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
        isAny.Dispose();
    }
}

/// <summary>The right side of an IN: distinct values, and whether NULL was among them.</summary>
internal sealed class ValueSet(DataType type, MemoryBudget? budget = null) : IDisposable
{
    private readonly KeyTable table = new([type], budget, "the values of IN");
    private readonly Column[] key = new Column[1];
    private readonly int[] numbers = new int[Batch.RowCountMax];
    private readonly Selection notNull = new();

    public bool HasNull { get; private set; }

    public bool IsEmpty => table.Count == 0 && !HasNull;

    public void Add(Column values, int rowCount, Selection? rows)
    {
        notNull.Count = 0;
        var count = rows?.Count ?? rowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (values.IsNull(row))
            {
                HasNull = true;
            }
            else
            {
                notNull.Add(row);
            }
        }

        key[0] = values;
        table.FindOrAdd(key, rowCount, notNull, numbers);
    }

    /// <summary>Writes the value of IN for each row wanted; the target has the batch's rows.</summary>
    public void Test(Column values, int rowCount, Selection? rows, bool isNegated, ColumnBuffer target)
    {
        key[0] = values;
        table.Find(key, rowCount, rows, numbers);
        var result = target.Column.Values<byte>(target.Count);
        var count = rows?.Count ?? rowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            result[row] = numbers[i] >= 0 != isNegated ? (byte)1 : (byte)0;
            if (!IsEmpty && (values.IsNull(row) || (numbers[i] < 0 && HasNull)))
            {
                NullBits.Set(target, row);
            }
        }
    }

    public void Clear()
    {
        table.Clear();
        HasNull = false;
    }

    public void Dispose() => table.Dispose();
}

internal sealed class InSetEvaluator(Evaluator operand, ValueSet set, bool isNegated) : ResultEvaluator(DataType.Boolean)
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var values = operand.Evaluate(batch, rows);
        var result = Begin(batch.RowCount, values.IsConstant);
        set.Test(values, result.Count, values.IsConstant ? null : rows, isNegated, result);
        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
        set.Dispose();
    }
}
