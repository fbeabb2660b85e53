using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

internal sealed class FilterOperator(FilterPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly Filter filter = Filter.Create(plan.Predicate, context);
    private readonly Batch batch = new(plan.Output.Length);

    public override Batch? Next()
    {
        while (input.Next() is { } source)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            batch.Selection = filter.Apply(source, source.Selection);
            if (batch.Selection is not { Count: 0 })
            {
                source.Columns.CopyTo(batch.Columns, 0);
                batch.RowCount = source.RowCount;
                return batch;
            }
        }

        return null;
    }

    public override void Reset() => input.Reset();

    public override void Rest() => input.Rest();

    public override void Dispose()
    {
        input.Dispose();
        filter.Dispose();
    }
}
