using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Computes columns from those of its input; plain columns pass without a copy.</summary>
internal sealed class ProjectOperator(ProjectPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly Evaluator[] evaluators = EvaluatorFactory.Create(plan.Expressions, context);
    private readonly Batch batch = new(plan.Expressions.Length);

    public override Batch? Next()
    {
        if (input.Next() is not { } source)
        {
            return null;
        }

        for (var i = 0; i < evaluators.Length; i++)
        {
            batch.Columns[i] = evaluators[i].Evaluate(source, source.Selection);
        }

        batch.RowCount = source.RowCount;
        batch.Selection = source.Selection;
        return batch;
    }

    public override void Reset() => input.Reset();

    public override void Rest() => input.Rest();

    public override void Dispose()
    {
        input.Dispose();
        foreach (var evaluator in evaluators)
        {
            evaluator.Dispose();
        }
    }
}
