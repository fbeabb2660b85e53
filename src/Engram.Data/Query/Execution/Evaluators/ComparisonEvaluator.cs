using System.Numerics;
using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A condition that can answer for a whole batch with a bitmap.</summary>
internal interface IBitmapCondition
{
    /// <summary>Whether it cannot fail, whatever the rows hold: its operands are columns and constants. Then it may run before other conditions, on all rows.</summary>
    bool IsTotal { get; }

    /// <summary>Sets bit i when the condition is TRUE for row i of the batch. Bits of rows that are not wanted may be anything.</summary>
    void Test(Batch batch, Selection? rows, Span<ulong> bitmap);
}

/// <summary>A comparison of fixed-width numbers (dates and times are numbers too) by the kernels.</summary>
internal sealed unsafe class ComparisonEvaluator<T>(ComparisonKind kind, Evaluator left, Evaluator right)
    : StrictEvaluator(DataType.Boolean, left, right), IBitmapCondition
    where T : unmanaged, INumber<T>
{
    public bool IsTotal => left is LeafEvaluator && right is LeafEvaluator;

    public void Test(Batch batch, Selection? rows, Span<ulong> bitmap)
    {
        var (a, b) = (left.Evaluate(batch, rows), right.Evaluate(batch, rows));
        var words = bitmap[..Bits.WordCount(batch.RowCount)];
        if (IsNullConstant(a) || IsNullConstant(b))
        {
            words.Clear();
            return;
        }

        Compare(a, b, batch.RowCount, words);
        DropNulls(a, words);
        DropNulls(b, words);
    }

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        Span<ulong> bitmap = stackalloc ulong[Batch.NullWordCount];
        Compare(columns[0], columns[1], result.Count, bitmap);
        var target = result.Column.Pointer<byte>();
        for (var i = 0; i < result.Count; i++)
        {
            target[i] = (byte)(bitmap[i >> 6] >> i & 1);
        }
    }

    private static void DropNulls(Column column, Span<ulong> bitmap)
    {
        if (column.Nulls != null && !column.IsConstant)
        {
            Bits.AndNot(bitmap, new ReadOnlySpan<ulong>(column.Nulls, bitmap.Length));
        }
    }

    private void Compare(Column a, Column b, int count, Span<ulong> bitmap)
    {
        if (a.IsConstant && b.IsConstant)
        {
            if (Kernels.Compare.Test(a.Get<T>(0), b.Get<T>(0), kind))
            {
                Bits.Fill(bitmap, count);
            }
            else
            {
                bitmap.Clear();
            }
        }
        else if (b.IsConstant)
        {
            Kernels.Compare.WithConstant(a.Values<T>(count), b.Get<T>(0), kind, bitmap);
        }
        else if (a.IsConstant)
        {
            Kernels.Compare.WithConstant(b.Values<T>(count), a.Get<T>(0), Comparisons.Mirror(kind), bitmap);
        }
        else
        {
            Kernels.Compare.Columns<T>(a.Values<T>(count), b.Values<T>(count), kind, bitmap);
        }
    }
}
