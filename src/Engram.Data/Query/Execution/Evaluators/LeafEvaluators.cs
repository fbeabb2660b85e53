using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>An evaluator that computes nothing and cannot fail: a column, or one value for all rows.</summary>
internal abstract class LeafEvaluator(DataType type) : Evaluator(type);

/// <summary>A column of the batch, without a copy.</summary>
internal sealed class ColumnEvaluator(DataType type, int ordinal) : LeafEvaluator(type)
{
    public int Ordinal => ordinal;

    public override Column Evaluate(Batch batch, Selection? rows) => batch.Columns[ordinal];
}

internal sealed class ConstantEvaluator(DataType type, object? value) : LeafEvaluator(type)
{
    private readonly ColumnBuffer buffer = ClrValue.Constant(type, value);

    public override Column Evaluate(Batch batch, Selection? rows) => buffer.Column;

    public override void Dispose()
    {
        base.Dispose();
        buffer.Dispose();
    }
}

/// <summary>A value that belongs to the running statement: a parameter, or a slot that an outer operator sets.</summary>
internal sealed class ValueEvaluator(DataType type, Column value, bool isStable) : LeafEvaluator(type)
{
    /// <summary>Whether it stays the same while the statement runs.</summary>
    public bool IsStable => isStable;

    public override Column Evaluate(Batch batch, Selection? rows) => value;
}

/// <summary>A value as it is, under another type that lies in memory alike.</summary>
internal sealed class RelabelledEvaluator(DataType type, Evaluator operand) : Evaluator(type)
{
    public override Column Evaluate(Batch batch, Selection? rows) => operand.Evaluate(batch, rows);

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
    }
}
