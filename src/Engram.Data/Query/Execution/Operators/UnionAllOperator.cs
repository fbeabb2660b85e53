using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>The rows of one input after the other.</summary>
internal sealed class UnionAllOperator(Operator[] inputs) : Operator
{
    private int current;

    public override Batch? Next()
    {
        for (; current < inputs.Length; current++)
        {
            if (inputs[current].Next() is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    public override void Reset()
    {
        current = 0;
        foreach (var input in inputs)
        {
            input.Reset();
        }
    }

    public override void Dispose()
    {
        foreach (var input in inputs)
        {
            input.Dispose();
        }
    }
}
