using Engram.Data.Columns;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Explaining;

/// <summary>EXPLAIN: the plan as rows of text. With ANALYZE the plan runs to its end first, effects included, and its rows are thrown away.</summary>
internal sealed class ExplainOperator : Operator
{
    private readonly ExplainPlan plan;
    private readonly StatementContext context;
    private readonly ColumnBuffer text = new(DataType.Text);
    private readonly Batch batch = new(1);
    private IReadOnlyList<string>? lines;
    private int next;

    public ExplainOperator(ExplainPlan plan, StatementContext context)
    {
        (this.plan, this.context) = (plan, context);
        batch.Columns[0] = text.Column;
    }

    public override Batch? Next()
    {
        lines ??= PlanPrinter.Print(plan.Inner, plan.IsAnalyze ? Run() : null);
        text.Clear();
        for (; next < lines.Count && text.Count < Batch.RowCountMax; next++)
        {
            text.AppendText(lines[next]);
        }

        batch.RowCount = text.Count;
        return text.Count == 0 ? null : batch;
    }

    public override void Reset()
    {
        lines = null;
        next = 0;
    }

    public override void Dispose() => text.Dispose();

    private Dictionary<Plan, OperatorMeasure> Run()
    {
        var measures = new Dictionary<Plan, OperatorMeasure>(ReferenceEqualityComparer.Instance);
        var previous = context.Measures;
        context.Measures = measures;
        try
        {
            using var root = OperatorFactory.Create(plan.Inner, context);
            while (root.Next() is not null)
            {
                context.Cancellation.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            context.Measures = previous;
        }

        return measures;
    }
}
