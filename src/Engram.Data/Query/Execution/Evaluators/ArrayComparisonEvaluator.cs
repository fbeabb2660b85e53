using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Rows;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>Compares arrays element by element; NULL elements equal each other.</summary>
internal sealed class ArrayComparisonEvaluator(DataType element, ComparisonKind kind, Evaluator left, Evaluator right)
    : StrictEvaluator(DataType.Boolean, left, right)
{
    private readonly ArrayKeyComparer comparer = new(element);

    public override void Dispose()
    {
        base.Dispose();
        comparer.Dispose();
    }

    protected override void Run(Column[] columns, Selection? rows, ColumnBuffer result)
    {
        var count = rows?.Count ?? result.Count;
        var target = result.Column.Values<byte>(result.Count);
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            target[row] = !result.Column.IsNull(row)
                && Kernels.Compare.Test(comparer.Compare(columns[0].Get<Bytes>(row), columns[1].Get<Bytes>(row)), 0, kind) ? (byte)1 : (byte)0;
        }
    }
}
