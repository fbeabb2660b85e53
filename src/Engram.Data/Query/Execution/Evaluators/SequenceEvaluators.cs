using Engram.Data.Columns;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>A function of the name of a sequence, evaluated row by row in their order, for the wanted rows alone: each takes a number.</summary>
internal abstract unsafe class SequenceEvaluator(Evaluator[] arguments, StatementContext context) : ResultEvaluator(DataType.Int64)
{
    private readonly Dictionary<string, SequenceDefinition> found = [];
    private readonly Column[] columns = new Column[arguments.Length];

    protected StatementContext Context => context;

    public sealed override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = arguments[i].Evaluate(batch, rows);
        }

        var result = Begin(batch.RowCount);
        var values = result.Column.Values<long>(batch.RowCount);
        values.Clear();
        ulong* nulls = null;
        for (var i = 0; i < (rows?.Count ?? batch.RowCount); i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (Array.Exists(columns, c => c.IsNull(row)))
            {
                nulls = nulls == null ? result.ClearNulls() : nulls;
                nulls[row >> 6] |= 1UL << (row & 63);
                continue;
            }

            values[row] = Invoke(columns, row);
        }

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

    protected abstract long Invoke(Column[] arguments, int row);

    protected SequenceDefinition Sequence(Column name, int row)
    {
        var text = name.Get<Bytes>(row).Text;
        if (!found.TryGetValue(text, out var sequence))
        {
            // A sequence that this very transaction created is in its own catalog.
            found.Add(text, sequence = SequenceUse.Find(context.Transaction?.Catalog ?? context.Snapshot.Catalog.Along(context.SearchPath), text));
        }

        return sequence;
    }
}

internal sealed class NextValueEvaluator(Evaluator[] arguments, StatementContext context) : SequenceEvaluator(arguments, context)
{
    protected override long Invoke(Column[] arguments, int row) => Context.Sequences.Next(Sequence(arguments[0], row), Context);
}

internal sealed class CurrentValueEvaluator(Evaluator[] arguments, StatementContext context) : SequenceEvaluator(arguments, context)
{
    protected override long Invoke(Column[] arguments, int row) => Context.Sequences.Current(Sequence(arguments[0], row));
}

internal sealed class LastValueEvaluator(StatementContext context) : SequenceEvaluator([], context)
{
    protected override long Invoke(Column[] arguments, int row) => Context.Sequences.Last();
}

internal sealed class SetValueEvaluator(Evaluator[] arguments, StatementContext context) : SequenceEvaluator(arguments, context)
{
    protected override long Invoke(Column[] arguments, int row)
    {
        var value = arguments[1].Get<long>(row);
        Context.Sequences.Set(Sequence(arguments[0], row), value, arguments.Length < 3 || arguments[2].Get<byte>(row) != 0, Context);
        return value;
    }
}
