using Engram.Data.Columns;
using Engram.Data.Kernels;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>concat(…): NULLs count as empty. With a separator (concat_ws) NULLs are left out, and a NULL separator gives NULL.</summary>
internal sealed unsafe class ConcatEvaluator(DataType type, Evaluator? separator, Evaluator[] arguments) : ResultEvaluator(type)
{
    private readonly Column[] columns = new Column[arguments.Length];

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var between = separator?.Evaluate(batch, rows);
        for (var i = 0; i < arguments.Length; i++)
        {
            columns[i] = arguments[i].Evaluate(batch, rows);
        }

        var result = Begin(batch.RowCount);
        if (between is not null && !between.IsConstant)
        {
            NullBits.Add(result, between);
        }
        else if (between is not null && IsNullConstant(between))
        {
            return Null();
        }

        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            result.Column.Pointer<Bytes>()[row] = result.Column.IsNull(row) ? default : Join(row, between?.Get<Bytes>(row) ?? default, result);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        separator?.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    private Bytes Join(int row, Bytes between, ColumnBuffer result)
    {
        var size = 0L;
        var parts = 0;
        foreach (var column in columns)
        {
            if (!column.IsNull(row))
            {
                size += column.Get<Bytes>(row).Length + (parts++ > 0 ? between.Length : 0);
            }
        }

        var target = TextSize.Allocate(size, result, out var pointer);
        var (written, isFirst) = (0, true);
        foreach (var column in columns)
        {
            if (column.IsNull(row))
            {
                continue;
            }

            if (!isFirst)
            {
                between.Span.CopyTo(target[written..]);
                written += between.Length;
            }

            isFirst = false;
            var part = column.Get<Bytes>(row);
            part.Span.CopyTo(target[written..]);
            written += part.Length;
        }

        return new Bytes(pointer, target.Length);
    }
}

/// <summary>greatest and least: NULL arguments are left out; NULL only when all are.</summary>
internal sealed class ExtremeEvaluator : ResultEvaluator
{
    private readonly Evaluator[] arguments;
    private readonly HeldEvaluator candidate;
    private readonly HeldEvaluator best;
    private readonly Evaluator isBetter;
    private readonly Selection taken = new();

    public ExtremeEvaluator(DataType type, Evaluator[] arguments, bool isGreatest)
        : base(type)
    {
        this.arguments = arguments;
        candidate = new HeldEvaluator(type);
        best = new HeldEvaluator(type);
        isBetter = Comparisons.Create(type, isGreatest ? ComparisonKind.Greater : ComparisonKind.Less, candidate, best);
    }

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var first = arguments[0].Evaluate(batch, rows);
        var result = Begin(batch.RowCount);
        RowCopy.Scatter(first, rows, result);
        best.Hold(result.Column);
        for (var i = 1; i < arguments.Length; i++)
        {
            var column = arguments[i].Evaluate(batch, rows);
            candidate.Hold(column);
            Take(isBetter.Evaluate(batch, rows), column, result, rows);
            RowCopy.Scatter(column, taken, result);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        isBetter.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    /// <summary>Selects the rows where the candidate is better than what is there, or where nothing is; those are no longer NULL.</summary>
    private unsafe void Take(Column better, Column column, ColumnBuffer result, Selection? rows)
    {
        taken.Count = 0;
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            var isEmpty = result.Column.IsNull(row);
            if (column.IsNull(row) || (!isEmpty && better.Get<byte>(row) == 0))
            {
                continue;
            }

            taken.Add(row);
            if (isEmpty)
            {
                result.Column.Nulls[row >> 6] &= ~(1UL << row);
            }
        }
    }
}

/// <summary>nullif(a, b): NULL where they are equal, else a.</summary>
internal sealed class NullIfEvaluator : ResultEvaluator
{
    private readonly Evaluator left;
    private readonly HeldEvaluator held;
    private readonly Evaluator equal;

    public NullIfEvaluator(DataType type, Evaluator left, Evaluator right)
        : base(type)
    {
        this.left = left;
        held = new HeldEvaluator(left.Type);
        equal = Comparisons.Create(left.Type, ComparisonKind.Equal, held, right);
    }

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var column = left.Evaluate(batch, rows);
        held.Hold(column);
        var equality = equal.Evaluate(batch, rows);
        var result = Begin(batch.RowCount);
        RowCopy.Scatter(column, rows, result);
        var count = rows?.Count ?? result.Count;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (!equality.IsNull(row) && equality.Get<byte>(row) != 0)
            {
                NullBits.Set(result, row);
                if (Type.IsByReference)
                {
                    result.Column.Values<Bytes>(result.Count)[row] = default;
                }
            }
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        left.Dispose();
        equal.Dispose();
    }
}

/// <summary>A function without arguments that gives another value for each row.</summary>
internal interface ISource<T>
    where T : unmanaged
{
    static abstract T Next();
}

internal readonly struct RandomDouble : ISource<double>
{
    public static double Next() => Random.Shared.NextDouble();
}

internal readonly struct RandomUuid : ISource<Guid>
{
    public static Guid Next() => Guid.NewGuid();
}

internal readonly struct OrderedUuid : ISource<Guid>
{
    public static Guid Next() => Guid.CreateVersion7();
}

internal sealed class SourceEvaluator<T, TSource>(DataType type) : ResultEvaluator(type)
    where T : unmanaged
    where TSource : struct, ISource<T>
{
    public override Column Evaluate(Batch batch, Selection? rows)
    {
        var result = Begin(batch.RowCount);
        foreach (ref var value in result.Column.Values<T>(result.Count))
        {
            value = TSource.Next();
        }

        return result.Column;
    }
}
