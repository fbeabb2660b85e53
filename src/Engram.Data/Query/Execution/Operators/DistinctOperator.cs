using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The first row of each distinct one.</summary>
internal sealed class DistinctOperator(DistinctPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly FirstRows first = new([.. plan.Output.Select(o => o.Type)], context.Memory, "distinct rows");
    private readonly Batch batch = new(plan.Output.Length);

    public override Batch? Next()
    {
        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            batch.Selection = first.Of(source.Columns, source.RowCount, source.Selection);
            if (batch.Selection.Count > 0)
            {
                source.Columns.CopyTo(batch.Columns, 0);
                batch.RowCount = source.RowCount;
                return batch;
            }
        }

        return null;
    }

    public override void Reset()
    {
        first.Clear();
        input.Reset();
    }

    public override void Dispose()
    {
        input.Dispose();
        first.Dispose();
    }
}
