using System.Runtime.InteropServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>An evaluator that writes its result into a column of its own, which it reuses for every batch.</summary>
internal abstract unsafe class ResultEvaluator(DataType type) : Evaluator(type)
{
    // Below it no limit is worth keeping to: what is small for a program is a batch of texts.
    private const long ComputedSizeBytesLimitMin = 16L * 1024 * 1024;

    private ColumnBuffer? result;

    /// <summary>The statement that it computes for; null where nobody can cancel one.</summary>
    public StatementContext? Statement { get; set; }

    /// <summary>Whether there is nothing to compute: the result may then hold anything.</summary>
    protected static bool IsNothing(Batch batch, Selection? rows) => rows is { Count: 0 } || batch.RowCount == 0;

    protected static bool IsNullConstant(Column column) => column.IsConstant && column.IsNull(0);

    /// <summary>The result, emptied and with room for the batch's rows; one row when it is the same for all of them.</summary>
    protected ColumnBuffer Begin(int rowCount, bool isConstant = false)
    {
        // Here too, not only between batches: an expression may have tens of thousands of parts, each of which comes by here.
        Statement?.Cancellation.ThrowIfCancellationRequested();
        var count = isConstant ? 1 : rowCount;
        result ??= new ColumnBuffer(Type, count);
        result.Clear();
        result.Reserve(count);
        result.SetCount(count);
        result.Column.IsConstant = isConstant;
        if (Statement is { } statement)
        {
            result.Cancellation = statement.Cancellation;
            result.ComputedSizeBytesLimit = statement.Memory is { } memory ? Math.Clamp(memory.LimitBytes, ComputedSizeBytesLimitMin, ColumnBuffer.ComputedSizeBytesMax) : ColumnBuffer.ComputedSizeBytesMax;
        }

        return result;
    }

    /// <summary>NULL for every row.</summary>
    protected Column Null()
    {
        var buffer = Begin(1, isConstant: true);
        NativeMemory.Clear(buffer.Column.Data, (nuint)Type.PhysicalSize);
        if (Type.HasOffsets)
        {
            buffer.Column.Offsets[0] = 0;
        }

        buffer.ClearNulls()[0] = 1;
        return buffer.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        result?.Dispose();
    }
}
