using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The left side of a join whose right side can be looked up: its first rows are read ahead, to see whether they are all.</summary>
/// <remarks>
/// When the left side ends within so many rows as are few beside the right table, the keys of these rows are left in the statement's context before the right side
/// begins. When it does not, nothing is lost but the copy of those rows. Either way the rows come out in their order, first those held, then the others.
/// </remarks>
internal sealed class JoinLeft(JoinPlan plan, Operator input, StatementContext context) : IDisposable
{
    private readonly JoinKeySource source = plan.KeySource!;
    private readonly RowStore held = new(plan.Left.Output.Select(o => o.Type), context.Memory, "the outer side of a join");
    private readonly KeyTable keys = new([.. plan.LeftKeys.Select(k => k.Type)], context.Memory, "the keys of a join");
    private readonly Evaluator[] evaluators = EvaluatorFactory.Create(plan.LeftKeys, context);
    private readonly Column[] keyColumns = new Column[plan.LeftKeys.Length];
    private readonly int[] numbers = new int[Batch.RowCountMax];
    private readonly Column[] views = [.. plan.Left.Output.Select(o => new Column(o.Type))];
    private readonly Batch batch = new(plan.Left.Output.Length);
    private readonly Selection keyed = new();
    private bool isEnded;
    private int next;

    /// <summary>Reads ahead, and offers the keys when these are all.</summary>
    public void Open()
    {
        context.JoinKeys.Remove(source.Number);
        var rowsMax = KeyedScanOperator.KeysMax(source, context);
        while (rowsMax > 0 && !isEnded && held.Count <= rowsMax)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (input.Next() is not { } read)
            {
                isEnded = true;
                break;
            }

            held.Append(read.Columns, read);
            AddKeys(read);
        }

        if (isEnded)
        {
            context.JoinKeys[source.Number] = keys;
        }
    }

    public Batch? Next()
    {
        var count = Math.Min(held.Count - next, Batch.RowCountMax);
        if (count == 0)
        {
            return isEnded ? null : input.Next();
        }

        for (var i = 0; i < views.Length; i++)
        {
            ColumnSlice.Set(views[i], held.Column(i), next);
            batch.Columns[i] = views[i];
        }

        batch.RowCount = count;
        next += count;
        return batch;
    }

    public void Reset()
    {
        context.JoinKeys.Remove(source.Number);
        held.Clear();
        keys.Clear();
        next = 0;
        isEnded = false;
    }

    public void Dispose()
    {
        context.JoinKeys.Remove(source.Number);
        held.Dispose();
        keys.Dispose();
        foreach (var evaluator in evaluators)
        {
            evaluator.Dispose();
        }
    }

    private void AddKeys(Batch read)
    {
        try
        {
            for (var k = 0; k < evaluators.Length; k++)
            {
                keyColumns[k] = evaluators[k].Evaluate(read, read.Selection);
            }
        }
        catch (EngramException e) when (BatchHalves.Help(e, read))
        {
            var (first, second) = BatchHalves.Of(read);
            AddKeys(first);
            AddKeys(second);
            return;
        }

        keyed.Count = 0;
        for (var i = 0; i < read.SelectedCount; i++)
        {
            var row = read.RowAt(i);
            var isKeyed = true;
            foreach (var column in keyColumns)
            {
                isKeyed &= !column.IsNull(row);
            }

            if (isKeyed)
            {
                keyed.Add(row);
            }
        }

        keys.FindOrAdd(keyColumns, read.RowCount, keyed, numbers);
    }
}
