using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Aggregators;

/// <summary>An aggregate whose state is a struct that takes one value after the other.</summary>
/// <typeparam name="TValue">The argument's physical type.</typeparam>
/// <typeparam name="TState">The state of a group; its default is the empty group.</typeparam>
internal interface IFold<TValue, TState>
    where TValue : unmanaged
    where TState : struct
{
    static abstract void Add(ref TState state, TValue value);

    /// <summary>Adds what another state took in, of values that came later: exactly as if they had been added here one by one.</summary>
    static abstract void Merge(ref TState state, in TState later);

    /// <summary>Appends the result of a group, NULL when it is empty.</summary>
    static abstract void Append(in TState state, ColumnBuffer target);
}

/// <summary>One loop for all of them; NULLs do not count.</summary>
internal sealed unsafe class FoldAggregator<TValue, TState, TFold> : MergeableAggregator
    where TValue : unmanaged
    where TState : struct
    where TFold : struct, IFold<TValue, TState>
{
    private TState[] states = [];

    public override void EnsureGroups(int groupCount)
    {
        if (groupCount > states.Length)
        {
            Array.Resize(ref states, Math.Max(groupCount, states.Length * 2));
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        try
        {
            if (groupIds.IsEmpty)
            {
                AddToOne(arguments[0], batch.RowCount, rows);
            }
            else
            {
                AddToGroups(arguments[0], rows, groupIds);
            }
        }
        catch (OverflowException)
        {
            throw Error.NumericOutOfRange(arguments[0].Type.ToString());
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        try
        {
            for (var i = first; i < first + count; i++)
            {
                TFold.Append(in states[i], target);
            }
        }
        catch (OverflowException)
        {
            throw Error.NumericOutOfRange(target.Type.ToString());
        }
    }

    public override void Merge(Aggregator later, int first, ReadOnlySpan<int> groups)
    {
        var other = ((FoldAggregator<TValue, TState, TFold>)later).states;
        for (var i = 0; i < groups.Length; i++)
        {
            TFold.Merge(ref states[groups[i]], in other[first + i]);
        }
    }

    public override void Clear() => Array.Clear(states);

    private void AddToOne(Column column, int rowCount, Selection? rows)
    {
        // A copy, so that the loop keeps it in registers.
        var state = states[0];
        var values = column.Pointer<TValue>();
        if (rows is null && column.Nulls == null && !column.IsConstant)
        {
            for (var i = 0; i < rowCount; i++)
            {
                TFold.Add(ref state, values[i]);
            }
        }
        else if (rows is null)
        {
            for (var i = 0; i < rowCount; i++)
            {
                if (!column.IsNull(i))
                {
                    TFold.Add(ref state, values[column.At(i)]);
                }
            }
        }
        else
        {
            foreach (var row in rows.Rows)
            {
                if (!column.IsNull(row))
                {
                    TFold.Add(ref state, values[column.At(row)]);
                }
            }
        }

        states[0] = state;
    }

    private void AddToGroups(Column column, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var values = column.Pointer<TValue>();
        var selected = rows is null ? default : rows.Rows;
        for (var i = 0; i < groupIds.Length; i++)
        {
            var row = rows is null ? i : selected[i];
            if (!column.IsNull(row))
            {
                TFold.Add(ref states[groupIds[i]], values[column.At(row)]);
            }
        }
    }
}
