using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A function of any number of arguments, or one that may answer NULL: it reads its arguments from their columns.</summary>
/// <remarks>For functions whose work on one value outweighs finding it; arithmetic has <see cref="IBinaryFunction{TA, TB, TOut}"/>.</remarks>
internal interface IRowFunction<TOut>
    where TOut : unmanaged
{
    /// <param name="arguments">None of them NULL in this row when the function is strict.</param>
    /// <param name="row">Which row to read.</param>
    /// <param name="memory">Where results of variable length are allocated.</param>
    /// <param name="result">The answer; anything where it is NULL.</param>
    /// <returns>False for NULL.</returns>
    bool Invoke(Column[] arguments, int row, ColumnBuffer memory, out TOut result);
}

/// <summary>NULL in, NULL out; and NULL where the function says so.</summary>
internal sealed unsafe class RowEvaluator<TOut, TFunction>(DataType type, Evaluator[] arguments, TFunction function = default) : StrictEvaluator(type, arguments)
    where TOut : unmanaged
    where TFunction : struct, IRowFunction<TOut>
{
    private TFunction function = function;

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var target = (TOut*)result.Column.Data;
        var count = rows?.Count ?? result.Count;
        var size = 0L;
        var first = columns.Length > 0 && columns[0].Type.IsByReference ? columns[0] : null;
        for (var i = 0; i < count; i++)
        {
            var row = rows is null ? i : rows.Rows[i];
            if (result.Column.IsNull(row))
            {
                target[row] = default;
                continue;
            }

            if (!function.Invoke(columns, row, result, out target[row]))
            {
                target[row] = default;
                NullBits.Set(result, row);
            }

            Count(ref size, LengthOf(target[row]) + (first is null ? 0 : LengthOf(first.Get<Bytes>(row))));
        }
    }
}

/// <summary>A function that looks at NULLs itself.</summary>
internal sealed unsafe class LooseRowEvaluator<TOut, TFunction>(DataType type, Evaluator[] arguments, TFunction function = default) : ResultEvaluator(type)
    where TOut : unmanaged
    where TFunction : struct, IRowFunction<TOut>
{
    private readonly Column[] columns = new Column[arguments.Length];
    private TFunction function = function;

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
            isConstant &= columns[i].IsConstant;
        }

        var result = Begin(batch.RowCount, isConstant);
        Run(isConstant ? null : rows, result);
        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    private void Run(Selection? rows, ColumnBuffer result)
    {
        var target = (TOut*)result.Column.Data;
        var count = rows?.Count ?? result.Count;
        try
        {
            for (var i = 0; i < count; i++)
            {
                var row = rows is null ? i : rows.Rows[i];
                if (!function.Invoke(columns, row, result, out target[row]))
                {
                    target[row] = default;
                    NullBits.Set(result, row);
                }
            }
        }
        catch (OverflowException)
        {
            throw Error.NumericOutOfRange(Type.ToString());
        }
    }
}
