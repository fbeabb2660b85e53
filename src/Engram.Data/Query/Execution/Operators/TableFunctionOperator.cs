using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>Functions that return rows, side by side. Where one has no more rows than another, its columns are NULL.</summary>
internal sealed class TableFunctionOperator : Operator
{
    private readonly StatementContext context;
    private readonly Call[] calls;
    private readonly ColumnBuffer[] output;
    private readonly ColumnBuffer? ordinality;
    private readonly Batch batch;
    private readonly Batch unit = new(0) { RowCount = 1 };
    private bool isBegun;
    private long rowCount;

    public TableFunctionOperator(TableFunctionPlan plan, StatementContext context)
    {
        this.context = context;
        output = [.. plan.Output.Select(o => new ColumnBuffer(o.Type))];
        ordinality = plan.WithOrdinality ? output[^1] : null;
        batch = new Batch(output.Length);
        calls = new Call[plan.Calls.Length];
        var first = 0;
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i] = new Call(plan.Calls[i], first, context);
            first += plan.Calls[i].Columns.Length;
        }
    }

    public override Batch? Next()
    {
        context.Cancellation.ThrowIfCancellationRequested();
        if (!isBegun)
        {
            Begin();
        }

        foreach (var column in output)
        {
            column.Clear();
        }

        var count = 0;
        foreach (var call in calls)
        {
            count = Math.Max(count, call.Append(output, Batch.RowCountMax));
        }

        if (count == 0)
        {
            return null;
        }

        for (var i = 0; ordinality is not null && i < count; i++)
        {
            ordinality.Append(++rowCount);
        }

        for (var i = 0; i < output.Length; i++)
        {
            while (output[i].Count < count)
            {
                output[i].AppendNull();
            }

            batch.Columns[i] = output[i].Column;
        }

        batch.RowCount = count;
        return batch;
    }

    public override void Reset() => isBegun = false;

    public override void Dispose()
    {
        foreach (var call in calls)
        {
            call.Dispose();
        }

        foreach (var column in output)
        {
            column.Dispose();
        }
    }

    private void Begin()
    {
        isBegun = true;
        rowCount = 0;
        foreach (var call in calls)
        {
            call.Begin(unit);
        }
    }

    private sealed class Call(TableFunctionCall call, int firstColumn, StatementContext context) : IDisposable
    {
        private readonly Evaluator[] arguments = EvaluatorFactory.Create(call.Arguments, context);
        private readonly Column[] values = new Column[call.Arguments.Length];
        private readonly TableFunction function = Create(call, context);
        private bool isEnded;

        public void Begin(Batch unit)
        {
            isEnded = false;
            for (var i = 0; i < arguments.Length; i++)
            {
                values[i] = arguments[i].Evaluate(unit, null);
                isEnded |= call.Function.IsStrict && values[i].IsNull(0);
            }

            if (!isEnded)
            {
                function.Begin(values);
            }
        }

        public int Append(ColumnBuffer[] output, int countMax)
        {
            if (isEnded)
            {
                return 0;
            }

            var count = function.Append(output.AsSpan(firstColumn, call.Columns.Length), countMax);
            isEnded = count < countMax;
            return count;
        }

        public void Dispose()
        {
            function.Dispose();
            foreach (var argument in arguments)
            {
                argument.Dispose();
            }
        }

        private static TableFunction Create(TableFunctionCall call, StatementContext context)
            => (call.Function.CreateTable ?? throw Error.Internal($"{call.Function.Name} makes no rows"))(call, context);
    }
}
