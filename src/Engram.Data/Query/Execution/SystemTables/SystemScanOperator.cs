using Engram.Data.Columns;
using Engram.Data.Query.Execution.Rows;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.SystemTables;

/// <summary>Reads a system table, which is filled when the first row is asked for.</summary>
internal sealed class SystemScanOperator(SystemScanPlan plan, StatementContext context) : Operator
{
    private readonly Column[] views = [.. plan.Table.Columns.Select(c => new Column(c.Type))];
    private readonly Batch output = new(plan.Table.Columns.Length);
    private SystemRows? rows;
    private int next;

    public override Batch? Next()
    {
        if (rows is null)
        {
            rows = new SystemRows(plan.Table, context);
            plan.Table.Fill(rows);
        }

        var count = Math.Min(rows.Count - next, Batch.RowCountMax);
        if (count <= 0)
        {
            return null;
        }

        for (var i = 0; i < views.Length; i++)
        {
            ColumnSlice.Set(views[i], rows.Column(i), next);
            output.Columns[i] = views[i];
        }

        output.RowCount = count;
        next += count;
        return output;
    }

    public override void Reset() => next = 0;

    public override void Dispose() => rows?.Dispose();
}
