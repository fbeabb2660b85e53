using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Three-valued AND or OR. An operand sees only the rows that those before it have not decided, so it cannot fail on the others.</summary>
internal sealed unsafe class LogicalEvaluator(bool isAnd, Evaluator[] operands) : ResultEvaluator(DataType.Boolean)
{
    // FALSE decides an AND, TRUE an OR.
    private readonly byte decisive = isAnd ? (byte)0 : (byte)1;
    private readonly Selection narrowed = new();

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var result = Begin(batch.RowCount);
        result.Column.Values<byte>(result.Count).Fill((byte)(1 - decisive));
        var open = rows;
        for (var i = 0; i < operands.Length && open is not { Count: 0 }; i++)
        {
            var column = operands[i].Evaluate(batch, open);
            if (column.Nulls == null && column.IsConstant)
            {
                if (column.Get<byte>(0) == decisive)
                {
                    Decide(result, open);
                    break;
                }

                continue;
            }

            open = Narrow(result, column, open);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var operand in operands)
        {
            operand.Dispose();
        }
    }

    private void Decide(ColumnBuffer result, Selection? open)
    {
        var target = result.Column.Pointer<byte>();
        var nulls = result.Column.Nulls;
        var count = open?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = open?.Rows[i] ?? i;
            target[row] = decisive;
            if (nulls != null)
            {
                nulls[row >> 6] &= ~(1UL << row);
            }
        }
    }

    private Selection Narrow(ColumnBuffer result, Column column, Selection? open)
    {
        var target = result.Column.Pointer<byte>();
        var nulls = column.Nulls != null ? NullBits.Of(result) : result.Column.Nulls;
        var count = open?.Count ?? result.Count;
        var rows = open is null ? default : open.Rows;
        var kept = narrowed.Buffer;
        var keptCount = 0;
        for (var i = 0; i < count; i++)
        {
            var row = open is null ? i : rows[i];
            if (column.IsNull(row))
            {
                nulls[row >> 6] |= 1UL << row;
            }
            else if (column.Get<byte>(row) == decisive)
            {
                target[row] = decisive;
                if (nulls != null)
                {
                    nulls[row >> 6] &= ~(1UL << row);
                }

                continue;
            }

            // Never ahead of what is read, so narrowing in place is safe.
            kept[keptCount++] = (ushort)row;
        }

        narrowed.Count = keptCount;
        return narrowed;
    }
}

internal readonly struct LogicalNot : IUnaryFunction<byte, byte>
{
    public static bool IsTotal => true;

    public byte Invoke(byte a, ColumnBuffer memory) => (byte)(1 - (a & 1));
}

internal sealed unsafe class IsNullEvaluator(Evaluator operand, bool isNegated) : ResultEvaluator(DataType.Boolean)
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var column = operand.Evaluate(batch, rows);
        var result = Begin(batch.RowCount, column.IsConstant);
        var target = result.Column.Values<byte>(result.Count);
        if (column.Nulls == null)
        {
            target.Fill(isNegated ? (byte)1 : (byte)0);
            return result.Column;
        }

        var flip = isNegated ? 1UL : 0;
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (byte)((column.Nulls[i >> 6] >> i & 1) ^ flip);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
    }
}

/// <summary>Stands for a column that its owner has evaluated already, as an operand of another evaluator.</summary>
internal sealed class HeldEvaluator(DataType type) : LeafEvaluator(type)
{
    private Column? held;

    public void Hold(Column column) => held = column;

    public override Column Evaluate(Batch batch, Selection? rows) => held!;
}

/// <summary>IS [NOT] DISTINCT FROM: equality in which NULL is a value like others.</summary>
internal sealed class IsDistinctEvaluator : ResultEvaluator
{
    private readonly Evaluator left;
    private readonly Evaluator right;
    private readonly HeldEvaluator leftHeld;
    private readonly HeldEvaluator rightHeld;
    private readonly Evaluator equal;
    private readonly bool isNegated;

    public IsDistinctEvaluator(Evaluator left, Evaluator right, bool isNegated)
        : base(DataType.Boolean)
    {
        (this.left, this.right, this.isNegated) = (left, right, isNegated);
        leftHeld = new HeldEvaluator(left.Type);
        rightHeld = new HeldEvaluator(right.Type);
        equal = Comparisons.Create(left.Type, Kernels.ComparisonKind.Equal, leftHeld, rightHeld);
    }

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var (a, b) = (left.Evaluate(batch, rows), right.Evaluate(batch, rows));
        leftHeld.Hold(a);
        rightHeld.Hold(b);
        var equality = equal.Evaluate(batch, rows);
        var result = Begin(batch.RowCount);
        var target = result.Column.Values<byte>(result.Count);
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            var (isNullA, isNullB) = (a.IsNull(row), b.IsNull(row));
            var isDistinct = isNullA || isNullB ? isNullA != isNullB : equality.Get<byte>(row) == 0;
            target[row] = isDistinct != isNegated ? (byte)1 : (byte)0;
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        left.Dispose();
        right.Dispose();
        equal.Dispose();
    }
}
