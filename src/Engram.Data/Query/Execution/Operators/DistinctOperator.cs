using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The first row of each distinct one.</summary>
internal sealed class DistinctOperator(DistinctPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly KeyTable seen = new([.. plan.Output.Select(o => o.Type)]);
    private readonly Batch batch = new(plan.Output.Length);
    private readonly Selection first = new();
    private readonly int[] numbers = new int[Batch.RowCountMax];
    private readonly bool[] isGiven = new bool[Batch.RowCountMax];

    public override Batch? Next()
    {
        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            var known = seen.Count;
            seen.FindOrAdd(source.Columns, source.RowCount, source.Selection, numbers);
            if (seen.Count == known)
            {
                continue;
            }

            first.Count = 0;
            isGiven.AsSpan().Clear();
            for (var i = 0; i < source.SelectedCount; i++)
            {
                if (numbers[i] >= known && !isGiven[numbers[i] - known])
                {
                    isGiven[numbers[i] - known] = true;
                    first.Add(source.RowAt(i));
                }
            }

            source.Columns.CopyTo(batch.Columns, 0);
            batch.RowCount = source.RowCount;
            batch.Selection = first;
            return batch;
        }

        return null;
    }

    public override void Reset()
    {
        seen.Clear();
        input.Reset();
    }

    public override void Dispose()
    {
        input.Dispose();
        seen.Dispose();
    }
}
