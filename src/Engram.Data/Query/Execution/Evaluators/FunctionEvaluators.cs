using System.Runtime.CompilerServices;
using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A function of one argument as a struct, so that the loop over a column is compiled for it and contains it.</summary>
internal interface IUnaryFunction<TA, TOut>
    where TA : unmanaged
    where TOut : unmanaged
{
    /// <summary>Whether it never fails, so that it may run on rows that nobody asked for and on the unspecified values under NULLs.</summary>
    static abstract bool IsTotal { get; }

    /// <param name="memory">Where results of variable length are allocated.</param>
    TOut Invoke(TA a, ColumnBuffer memory);
}

/// <inheritdoc cref="IUnaryFunction{TA, TOut}"/>
internal interface IBinaryFunction<TA, TB, TOut>
    where TA : unmanaged
    where TB : unmanaged
    where TOut : unmanaged
{
    static abstract bool IsTotal { get; }

    TOut Invoke(TA a, TB b, ColumnBuffer memory);
}

/// <inheritdoc cref="IUnaryFunction{TA, TOut}"/>
internal interface ITernaryFunction<TA, TB, TC, TOut>
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TOut : unmanaged
{
    TOut Invoke(TA a, TB b, TC c, ColumnBuffer memory);
}

/// <summary>What strict functions share: NULL in, NULL out; constants in, constant out; arithmetic faults become SQL errors.</summary>
/// <remarks>
/// A batch of long texts may take seconds. So functions of texts, bytes, json and arrays add up what they read and made, and look after so much of it whether the statement is cancelled.
/// Short values never come to that: whoever reads batches looks between them.
/// </remarks>
internal abstract unsafe class StrictEvaluator(DataType type, params Evaluator[] arguments) : ResultEvaluator(type)
{
    private const long BytesPerLook = 256 * 1024;

    private readonly Column[] columns = new Column[arguments.Length];

    /// <summary>Whether the result carries the offsets of the first argument (timestamptz).</summary>
    public bool KeepsOffsets { get; init; }

    /// <summary>Whether <see cref="Run"/> writes the offsets itself.</summary>
    protected virtual bool SetsOffsets => false;

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var isConstant = true;
        for (var i = 0; i < arguments.Length; i++)
        {
            columns[i] = arguments[i].Evaluate(batch, rows);
            if (IsNullConstant(columns[i]))
            {
                return Null();
            }

            isConstant &= columns[i].IsConstant;
        }

        var result = Begin(batch.RowCount, isConstant);
        rows = isConstant ? null : rows;
        foreach (var column in columns)
        {
            NullBits.Add(result, column);
        }

        try
        {
            Run(columns, rows, result);
        }
        catch (OverflowException)
        {
            throw Error.NumericOutOfRange(Type.ToString());
        }
        catch (DivideByZeroException)
        {
            throw Error.DivisionByZero();
        }

        if (KeepsOffsets)
        {
            CopyOffsets(columns[0], rows, result);
        }
        else if (Type.HasOffsets && !SetsOffsets)
        {
            new Span<short>(result.Column.Offsets, result.Count).Clear();
        }

        return result.Column;
    }

    /// <summary>Computes the rows wanted (null: all of the result's) that are not NULL; the result's null mask is set already.</summary>
    protected abstract void Run(Column[] columns, Selection? rows, ColumnBuffer result);

    public override void Dispose()
    {
        base.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    /// <summary>How long a value is; 0 for those of one size, which the JIT knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static uint LengthOf<T>(T value)
        where T : unmanaged
        => typeof(T) == typeof(Bytes) ? (uint)Unsafe.As<T, Bytes>(ref value).Length : 0;

    /// <summary>Adds to what was read and made since the last look.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Count(ref long sizeBytes, uint more)
    {
        sizeBytes += more;
        if (sizeBytes > BytesPerLook)
        {
            Look(out sizeBytes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Look(out long sizeBytes)
    {
        sizeBytes = 0;
        Statement?.Cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>0 for a constant column, all ones for another: what a row is masked with to find its value.</summary>
    protected static nint MaskOf(Column column) => column.IsConstant ? 0 : -1;

    private void CopyOffsets(Column source, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            var offset = source.GetOffset(row);
            result.Column.Offsets[row] = offset;
            var local = result.Column.Get<long>(row) + (offset * TimeSpan.TicksPerMinute);
            if (!result.Column.IsNull(row) && (ulong)local > (ulong)DateTime.MaxValue.Ticks)
            {
                throw Error.DateTimeOutOfRange(Type.ToString());
            }
        }
    }
}

internal sealed unsafe class UnaryEvaluator<TA, TOut, TFunction>(DataType type, Evaluator a, TFunction function = default) : StrictEvaluator(type, a)
    where TA : unmanaged
    where TOut : unmanaged
    where TFunction : struct, IUnaryFunction<TA, TOut>
{
    private TFunction function = function;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var target = result.Column;
        if (rows is null && (target.Nulls == null || TFunction.IsTotal))
        {
            All((TA*)columns[0].Data, (TOut*)target.Data, result.Count, result);
        }
        else if (rows is null)
        {
            NotNull((TA*)columns[0].Data, (TOut*)target.Data, target.Nulls, result.Count, result);
        }
        else
        {
            Selected((TA*)columns[0].Data, (TOut*)target.Data, target.Nulls, rows.Rows, result);
        }
    }

    private void All(TA* a, TOut* target, int count, ColumnBuffer memory)
    {
        var size = 0L;
        for (var i = 0; i < count; i++)
        {
            target[i] = function.Invoke(a[i], memory);
            if (typeof(TA) == typeof(Bytes) || typeof(TOut) == typeof(Bytes))
            {
                Count(ref size, LengthOf(a[i]) + LengthOf(target[i]));
            }
        }
    }

    private void NotNull(TA* a, TOut* target, ulong* nulls, int count, ColumnBuffer memory)
    {
        var size = 0L;
        for (var i = 0; i < count; i++)
        {
            target[i] = NullBits.IsSet(nulls, i) ? default : function.Invoke(a[i], memory);
            if ((typeof(TA) == typeof(Bytes) || typeof(TOut) == typeof(Bytes)) && !NullBits.IsSet(nulls, i))
            {
                Count(ref size, LengthOf(a[i]) + LengthOf(target[i]));
            }
        }
    }

    private void Selected(TA* a, TOut* target, ulong* nulls, ReadOnlySpan<ushort> rows, ColumnBuffer memory)
    {
        var size = 0L;
        foreach (var row in rows)
        {
            if (nulls != null && NullBits.IsSet(nulls, row))
            {
                target[row] = default;
                continue;
            }

            target[row] = function.Invoke(a[row], memory);
            if (typeof(TA) == typeof(Bytes) || typeof(TOut) == typeof(Bytes))
            {
                Count(ref size, LengthOf(a[row]) + LengthOf(target[row]));
            }
        }
    }
}

internal sealed unsafe class BinaryEvaluator<TA, TB, TOut, TFunction>(DataType type, Evaluator a, Evaluator b, TFunction function = default)
    : StrictEvaluator(type, a, b)
    where TA : unmanaged
    where TB : unmanaged
    where TOut : unmanaged
    where TFunction : struct, IBinaryFunction<TA, TB, TOut>
{
    private TFunction function = function;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var (left, right) = (columns[0], columns[1]);
        var nulls = result.Column.Nulls;
        var target = (TOut*)result.Column.Data;
        if (TFunction.IsTotal && sizeof(TOut) == sizeof(byte) && TryOnDistinct(left, right, rows, result))
        {
            return;
        }

        if (rows is null && (nulls == null || TFunction.IsTotal))
        {
            All((TA*)left.Data, MaskOf(left), (TB*)right.Data, MaskOf(right), target, result.Count, result);
        }
        else if (rows is null)
        {
            NotNull((TA*)left.Data, MaskOf(left), (TB*)right.Data, MaskOf(right), target, nulls, result.Count, result);
        }
        else
        {
            Selected((TA*)left.Data, MaskOf(left), (TB*)right.Data, MaskOf(right), target, nulls, rows.Rows, result);
        }
    }

    /// <summary>Answers once for each distinct value of a column that knows them, where the other side is constant: names are compared with a name.</summary>
    private bool TryOnDistinct(Column left, Column right, Selection? rows, ColumnBuffer result)
    {
        var coded = right.IsConstant ? left : right;
        var count = rows?.Count ?? result.Count;
        if (coded.Codes == null || coded.IsConstant || left.IsConstant == right.IsConstant || 2 * coded.DistinctCount > count)
        {
            return false;
        }

        var answers = stackalloc byte[Batch.RowCountMax];
        var a = (TA*)(ReferenceEquals(coded, left) ? left.Distinct : left.Data);
        var b = (TB*)(ReferenceEquals(coded, left) ? right.Data : right.Distinct);
        All(a, MaskOf(left), b, MaskOf(right), (TOut*)answers, coded.DistinctCount, result);
        var codes = coded.Codes;
        var target = (byte*)result.Column.Data;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            target[row] = answers[codes[row]];
        }

        return true;
    }

    private void All(TA* a, nint maskA, TB* b, nint maskB, TOut* target, int count, ColumnBuffer memory)
    {
        var size = 0L;
        for (var i = 0; i < count; i++)
        {
            target[i] = function.Invoke(a[i & maskA], b[i & maskB], memory);
            if (typeof(TA) == typeof(Bytes) || typeof(TB) == typeof(Bytes) || typeof(TOut) == typeof(Bytes))
            {
                Count(ref size, LengthOf(a[i & maskA]) + LengthOf(b[i & maskB]) + LengthOf(target[i]));
            }
        }
    }

    private void NotNull(TA* a, nint maskA, TB* b, nint maskB, TOut* target, ulong* nulls, int count, ColumnBuffer memory)
    {
        var size = 0L;
        for (var i = 0; i < count; i++)
        {
            target[i] = NullBits.IsSet(nulls, i) ? default : function.Invoke(a[i & maskA], b[i & maskB], memory);
            if ((typeof(TA) == typeof(Bytes) || typeof(TB) == typeof(Bytes) || typeof(TOut) == typeof(Bytes)) && !NullBits.IsSet(nulls, i))
            {
                Count(ref size, LengthOf(a[i & maskA]) + LengthOf(b[i & maskB]) + LengthOf(target[i]));
            }
        }
    }

    private void Selected(TA* a, nint maskA, TB* b, nint maskB, TOut* target, ulong* nulls, ReadOnlySpan<ushort> rows, ColumnBuffer memory)
    {
        var size = 0L;
        foreach (var row in rows)
        {
            if (nulls != null && NullBits.IsSet(nulls, row))
            {
                target[row] = default;
                continue;
            }

            target[row] = function.Invoke(a[row & maskA], b[row & maskB], memory);
            if (typeof(TA) == typeof(Bytes) || typeof(TB) == typeof(Bytes) || typeof(TOut) == typeof(Bytes))
            {
                Count(ref size, LengthOf(a[row & maskA]) + LengthOf(b[row & maskB]) + LengthOf(target[row]));
            }
        }
    }
}

internal sealed unsafe class TernaryEvaluator<TA, TB, TC, TOut, TFunction>(DataType type, Evaluator a, Evaluator b, Evaluator c, TFunction function = default)
    : StrictEvaluator(type, a, b, c)
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TOut : unmanaged
    where TFunction : struct, ITernaryFunction<TA, TB, TC, TOut>
{
    private TFunction function = function;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var (a, b, c) = (columns[0], columns[1], columns[2]);
        var (maskA, maskB, maskC) = (MaskOf(a), MaskOf(b), MaskOf(c));
        var nulls = result.Column.Nulls;
        var target = (TOut*)result.Column.Data;
        var count = rows?.Count ?? result.Count;
        var size = 0L;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            if (nulls != null && NullBits.IsSet(nulls, row))
            {
                target[row] = default;
                continue;
            }

            target[row] = function.Invoke(a.Pointer<TA>()[row & maskA], b.Pointer<TB>()[row & maskB], c.Pointer<TC>()[row & maskC], result);
            if (typeof(TA) == typeof(Bytes) || typeof(TOut) == typeof(Bytes))
            {
                Count(ref size, LengthOf(a.Pointer<TA>()[row & maskA]) + LengthOf(target[row]));
            }
        }
    }
}
