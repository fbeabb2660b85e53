using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Computes columns from those of its input; plain columns pass without a copy. What it makes of a batch may come out as several: see <see cref="BatchHalves"/>.</summary>
internal sealed class ProjectOperator(ProjectPlan plan, Operator input, StatementContext context) : Operator
{
    private readonly Evaluator[] evaluators = EvaluatorFactory.Create(plan.Expressions, context);
    private readonly Batch batch = new(plan.Expressions.Length);

    // Parts of the input's last batch that are still to be computed; the next one on top.
    private Stack<Batch>? parts;

    public override Batch? Next()
    {
        var source = parts is { Count: > 0 } ? parts.Pop() : input.Next();
        if (source is null)
        {
            return null;
        }

        while (!TryCompute(source))
        {
            var (first, second) = BatchHalves.Of(source);
            (parts ??= []).Push(second);
            source = first;
        }

        batch.RowCount = source.RowCount;
        batch.Selection = source.Selection;
        return batch;
    }

    public override void Expect(long rowCount) => input.Expect(rowCount);

    public override void Reset()
    {
        parts?.Clear();
        input.Reset();
    }

    public override void Rest()
    {
        parts?.Clear();
        input.Rest();
    }

    public override void Dispose()
    {
        input.Dispose();
        foreach (var evaluator in evaluators)
        {
            evaluator.Dispose();
        }
    }

    private bool TryCompute(Batch source)
    {
        try
        {
            for (var i = 0; i < evaluators.Length; i++)
            {
                batch.Columns[i] = evaluators[i].Evaluate(source, source.Selection);
            }

            return true;
        }
        catch (EngramException e) when (BatchHalves.Help(e, source))
        {
            return false;
        }
    }
}
