using System.Buffers.Binary;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Evaluators;

internal readonly struct Cardinality : IUnaryFunction<Bytes, int>
{
    public static bool IsTotal => false;

    public int Invoke(Bytes a, ColumnBuffer memory) => BinaryPrimitives.ReadInt32LittleEndian(a.Span);
}

/// <summary>x = ANY (array): the array becomes a set, once for a constant, else for each row.</summary>
internal sealed class AnyEqualEvaluator(Evaluator operand, Evaluator array) : ResultEvaluator(DataType.Boolean)
{
    private readonly ValueSet set = new(operand.Type);
    private readonly ColumnBuffer elements = new(new DataType(array.Type.Element));
    private readonly Column view = new(new DataType(array.Type.Element));
    private readonly ColumnBuffer one = new(operand.Type, 1);
    private readonly ColumnBuffer answer = new(DataType.Boolean, 1);
    private bool isFilled;

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var arrays = array.Evaluate(batch, rows);
        var values = operand.Evaluate(batch, rows);
        if (!arrays.IsConstant)
        {
            return EvaluateEach(batch, rows, values, arrays);
        }

        if (arrays.IsNull(0))
        {
            return Null();
        }

        // A slot of an outer query may hold another array by now; a literal or a parameter cannot.
        if (!isFilled || array is not ValueEvaluator { IsStable: true } and not ConstantEvaluator)
        {
            Fill(arrays.Get<Bytes>(0));
            isFilled = true;
        }

        var result = Begin(batch.RowCount, values.IsConstant);
        set.Test(values, result.Count, values.IsConstant ? null : rows, isNegated: false, result);
        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
        array.Dispose();
        set.Dispose();
        elements.Dispose();
        one.Dispose();
        answer.Dispose();
    }

    private Column EvaluateEach(Batch batch, Selection? rows, Column values, Column arrays)
    {
        // Appended in order, so rows that nobody wants become NULL.
        var result = Begin(batch.RowCount);
        result.SetCount(0);
        var next = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            var isWanted = rows is null || (next < rows.Count && rows.Rows[next] == row);
            next += isWanted ? 1 : 0;
            if (!isWanted || arrays.IsNull(row))
            {
                result.AppendNull();
                continue;
            }

            Fill(arrays.Get<Bytes>(row));
            one.Clear();
            one.AppendFrom(values, row);
            answer.Clear();
            answer.Append((byte)0);
            set.Test(one.Column, 1, null, isNegated: false, answer);
            result.AppendFrom(answer.Column, 0);
        }

        return result.Column;
    }

    private void Fill(Bytes value)
    {
        set.Clear();
        ArrayValue.Unpack(value, elements);
        for (var start = 0; start < elements.Count; start += Batch.RowCountMax)
        {
            ColumnSlice.Set(view, elements.Column, start);
            set.Add(view, Math.Min(elements.Count - start, Batch.RowCountMax), null);
        }
    }
}

/// <summary>a[i]: places count from 1; NULL when there is no such place.</summary>
internal sealed class ArrayElementEvaluator(DataType type, Evaluator array, Evaluator place) : ResultEvaluator(type)
{
    private readonly ColumnBuffer elements = new(new DataType(array.Type.Element));

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var (arrays, places) = (array.Evaluate(batch, rows), place.Evaluate(batch, rows));
        // Appended in order, so rows that nobody wants become NULL.
        var result = Begin(batch.RowCount);
        result.SetCount(0);
        var next = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            var isWanted = rows is null || (next < rows.Count && rows.Rows[next] == row);
            next += isWanted ? 1 : 0;
            if (!isWanted || arrays.IsNull(row) || places.IsNull(row))
            {
                result.AppendNull();
                continue;
            }

            ArrayValue.Unpack(arrays.Get<Bytes>(row), elements);
            var at = places.Get<int>(row) - 1L;
            if (at >= 0 && at < elements.Count)
            {
                result.AppendFrom(elements.Column, (int)at);
            }
            else
            {
                result.AppendNull();
            }
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        array.Dispose();
        place.Dispose();
        elements.Dispose();
    }
}

/// <summary>ARRAY[a, b, …].</summary>
internal sealed class ArrayMakingEvaluator(DataType type, Evaluator[] items) : ResultEvaluator(type)
{
    private readonly ColumnBuffer elements = new(new DataType(type.Element));
    private readonly Column[] columns = new Column[items.Length];

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        for (var i = 0; i < items.Length; i++)
        {
            columns[i] = items[i].Evaluate(batch, rows);
        }

        var result = Begin(batch.RowCount);
        result.SetCount(0);
        var next = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (rows is not null && (next == rows.Count || rows.Rows[next] != row))
            {
                result.AppendNull();
                continue;
            }

            next++;
            elements.Clear();
            foreach (var column in columns)
            {
                elements.AppendFrom(column, row);
            }

            ArrayValue.AppendElements(result, elements.Column, elements.Count);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        elements.Dispose();
        foreach (var item in items)
        {
            item.Dispose();
        }
    }
}
