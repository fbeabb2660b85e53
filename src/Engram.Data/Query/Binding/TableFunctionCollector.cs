using System.Collections.Immutable;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Binding;

/// <summary>The functions of a select list that return rows: each row of the query becomes as many as the longest of them has.</summary>
internal sealed class TableFunctionCollector(StatementScope statement)
{
    private readonly List<TableFunctionCall> calls = [];
    private readonly List<LogicalColumn> columns = [];

    public bool IsEmpty => calls.Count == 0;

    /// <summary>What the calls read.</summary>
    public IEnumerable<BoundExpression> Expressions => calls.SelectMany(c => c.Arguments);

    /// <summary>Takes a call and returns the column that its rows will be in. Equal calls side by side have equal rows, so they are one.</summary>
    public BoundColumn Add(TableFunctionCall call, int position)
    {
        if (call.Columns.Length != 1)
        {
            throw Error.NotSupported($"{call.Function.Name} in a select list, since it returns several columns (put it into FROM)", position + 1);
        }

        if (call.Arguments.Any(Reads))
        {
            throw Error.NotSupported("A function that returns rows in the arguments of another (put the inner one into FROM)", position + 1);
        }

        var index = calls.FindIndex(c => ReferenceEquals(c.Function, call.Function) && c.Function.Volatility != Volatility.Volatile
            && c.Arguments.SequenceEqual(call.Arguments, ExpressionTree.SameComparer.Instance));
        if (index < 0)
        {
            index = calls.Count;
            calls.Add(call);
            columns.Add(statement.NewColumn(call.Function.Name, call.Columns[0].Type));
        }

        return columns[index].Reference;
    }

    /// <summary>Whether an expression reads what one of the functions returns.</summary>
    public bool Reads(BoundExpression expression)
    {
        var ids = ExpressionTree.ColumnsOf(expression);
        return columns.Exists(c => ids.Contains(c.Id));
    }

    /// <summary>The rows of a plan, each with those of the functions.</summary>
    /// <param name="rewrite">Makes arguments over the plan's columns.</param>
    public LogicalPlan Over(LogicalPlan plan, Func<BoundExpression, BoundExpression> rewrite)
    {
        var rows = new LogicalTableFunction([.. columns], [.. calls.Select(c => c with { Arguments = ImmutableArray.CreateRange(c.Arguments, rewrite) })], false);
        return plan is LogicalValues { RowColumns.IsEmpty: true, Rows.Length: 1 } ? rows : new LogicalJoin(JoinKind.Inner, plan, rows, []);
    }
}
