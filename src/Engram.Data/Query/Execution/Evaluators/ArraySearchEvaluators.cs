using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A function that compares elements of arrays: by the order of their type, NULL being equal to NULL.</summary>
/// <param name="type">Of the result.</param>
/// <param name="element">The type of the elements.</param>
/// <param name="arguments">The evaluators of the arguments.</param>
/// <param name="looseFrom">From which argument on NULLs are values; those before make the result NULL.</param>
internal abstract class ArraySearchEvaluator<TOut>(DataType type, DataType element, Evaluator[] arguments, int looseFrom) : ResultEvaluator(type)
    where TOut : unmanaged
{
    private readonly Column[] columns = new Column[arguments.Length];

    protected KeyComparer Comparer { get; } = KeyComparer.For(element);

    /// <summary>The elements of the array that is looked into.</summary>
    protected ColumnBuffer Elements { get; } = new(element);

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
        rows = isConstant ? null : rows;
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<TOut>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (HasNull(row) || !Search(columns, row, result, out target[row]))
            {
                target[row] = default;
                NullBits.Set(result, row);
            }
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        Comparer.Dispose();
        Elements.Dispose();
        foreach (var argument in arguments)
        {
            argument.Dispose();
        }
    }

    protected abstract bool Search(Column[] columns, int row, ColumnBuffer memory, out TOut result);

    private bool HasNull(int row)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            if (i < looseFrom && columns[i].IsNull(row))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>array_position(array, x [, start]): 1-based, NULL when it is not there.</summary>
internal sealed class ArrayPositionEvaluator(DataType element, Evaluator[] arguments) : ArraySearchEvaluator<int>(DataType.Int32, element, arguments, looseFrom: 1)
{
    protected override bool Search(Column[] columns, int row, ColumnBuffer memory, out int result)
    {
        ArrayValue.Unpack(columns[0].Get<Bytes>(row), Elements);
        var start = columns.Length < 3 ? 1 : columns[2].IsNull(row) ? throw Error.InvalidArgument("array_position", "the place to start at is NULL.") : columns[2].Get<int>(row);
        for (result = Math.Max(start, 1); result <= Elements.Count; result++)
        {
            if (Comparer.Compare(Elements.Column, result - 1, columns[1], row) == 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>width_bucket(x, bounds): the number of lower bounds, which ascend, that are not above x.</summary>
internal sealed class WidthBucketOfEvaluator(DataType element, Evaluator[] arguments) : ArraySearchEvaluator<int>(DataType.Int32, element, arguments, looseFrom: 2)
{
    protected override bool Search(Column[] columns, int row, ColumnBuffer memory, out int result)
    {
        ArrayValue.Unpack(columns[1].Get<Bytes>(row), Elements);
        for (var i = 0; i < Elements.Count; i++)
        {
            if (Elements.Column.IsNull(i))
            {
                throw Error.BoundNull();
            }
        }

        var (low, high) = (0, Elements.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Comparer.Compare(Elements.Column, middle, columns[0], row) <= 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        result = low;
        return true;
    }
}

/// <summary>array_positions(array, x).</summary>
internal sealed class ArrayPositionsEvaluator(DataType element, Evaluator[] arguments) : ArraySearchEvaluator<Bytes>(DataType.ArrayOf(TypeKind.Int32), element, arguments, looseFrom: 1)
{
    private readonly ColumnBuffer place = new(DataType.Int32, 1);
    private ArrayWriter writer;

    protected override bool Search(Column[] columns, int row, ColumnBuffer memory, out Bytes result)
    {
        ArrayValue.Unpack(columns[0].Get<Bytes>(row), Elements);
        writer.Begin();
        for (var i = 0; i < Elements.Count; i++)
        {
            if (Comparer.Compare(Elements.Column, i, columns[1], row) == 0)
            {
                place.Clear();
                place.Append(i + 1);
                writer.Add(place.Column, 0);
            }
        }

        result = writer.End(memory);
        return true;
    }

    public override void Dispose()
    {
        base.Dispose();
        place.Dispose();
    }
}

/// <summary>array_remove(array, x), and with a third argument array_replace(array, x, y).</summary>
internal sealed class ArrayReplaceEvaluator(DataType type, Evaluator[] arguments) : ArraySearchEvaluator<Bytes>(type, type.ElementType, arguments, looseFrom: 1)
{
    private ArrayWriter writer;

    protected override bool Search(Column[] columns, int row, ColumnBuffer memory, out Bytes result)
    {
        var array = columns[0].Get<Bytes>(row);
        ArrayValue.Unpack(array, Elements);
        writer.Begin();
        var walk = new ArrayWalk(array.Span, Type.Element);
        for (var i = 0; walk.Next(); i++)
        {
            if (Comparer.Compare(Elements.Column, i, columns[1], row) != 0)
            {
                writer.AddWhole(walk.Whole);
            }
            else if (columns.Length > 2)
            {
                writer.Add(columns[2], row);
            }
        }

        result = writer.End(memory);
        return true;
    }
}

internal enum ArrayRelation
{
    /// <summary>a &amp;&amp; b: an element of one is one of the other.</summary>
    Overlaps,
    /// <summary>a @> b: every element of b is one of a.</summary>
    Contains,
    IsContained,
}

/// <summary>&amp;&amp;, @> and &lt;@ of arrays. NULL elements are equal to nothing, as in PostgreSQL.</summary>
internal sealed class ArrayRelationEvaluator(ArrayRelation relation, DataType element, Evaluator[] arguments)
    : ArraySearchEvaluator<byte>(DataType.Boolean, element, arguments, looseFrom: 2)
{
    private readonly ColumnBuffer others = new(element);

    protected override bool Search(Column[] columns, int row, ColumnBuffer memory, out byte result)
    {
        var (whole, part) = relation == ArrayRelation.IsContained ? (columns[1], columns[0]) : (columns[0], columns[1]);
        ArrayValue.Unpack(whole.Get<Bytes>(row), Elements);
        ArrayValue.Unpack(part.Get<Bytes>(row), others);
        var wantsAll = relation != ArrayRelation.Overlaps;
        result = wantsAll ? (byte)1 : (byte)0;
        for (var i = 0; i < others.Count; i++)
        {
            if (Has(i) != wantsAll)
            {
                result = wantsAll ? (byte)0 : (byte)1;
                break;
            }
        }

        return true;
    }

    public override void Dispose()
    {
        base.Dispose();
        others.Dispose();
    }

    private bool Has(int other)
    {
        if (others.Column.IsNull(other))
        {
            return false;
        }

        for (var i = 0; i < Elements.Count; i++)
        {
            if (!Elements.Column.IsNull(i) && Comparer.Compare(Elements.Column, i, others.Column, other) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
