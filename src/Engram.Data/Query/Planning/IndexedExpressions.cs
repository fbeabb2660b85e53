using System.Collections.Immutable;
using Engram.Data.Query.Binding;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>Reads the hidden columns that indexes over expressions have, in the place of these expressions.</summary>
/// <remarks>A hidden column holds what its expression gives for the row, so the two mean the same in what is asked of a scan's own rows: its filters, the keys of a sort right above it, and the conditions
/// of a join with it, which are asked before anything is filled with NULLs. Not above a join: on the side that an outer join fills the expression may give something, and the column NULL.</remarks>
internal static class IndexedExpressions
{
    public static LogicalPlan Apply(LogicalPlan plan, StatementScope statement)
        => plan is LogicalScan scan
            ? !scan.Filters.IsEmpty && Of(scan, statement) is { Count: > 0 } known ? scan with { Filters = ImmutableArray.CreateRange(scan.Filters, f => Replace(f, known)) } : scan
            : LogicalTree.WithInputs(plan, p => Apply(p, statement));

    /// <summary>The keys of a sort right above a scan.</summary>
    public static LogicalSort Apply(LogicalSort sort, StatementScope statement)
        => sort.Input is LogicalScan scan && Of(scan, statement) is { Count: > 0 } known
            ? sort with { Keys = LogicalTree.Rewrite(sort.Keys, e => Replace(e, known)) }
            : sort;

    /// <summary>The conditions of a join, in what they read of the right side: that is where a join looks keys up.</summary>
    public static LogicalJoin Apply(LogicalJoin join, StatementScope statement)
        => join.Conjuncts.Any(c => c is BoundCall { Function.Name: "=" } e && !e.Arguments.All(a => a is BoundColumn)) && OfRows(join.Right, statement) is { Count: > 0 } known
            ? join with { Conjuncts = ImmutableArray.CreateRange(join.Conjuncts, c => Replace(c, known)) }
            : join;

    /// <summary>Those of all scans whose rows come out of a plan as they are.</summary>
    private static List<(BoundExpression Expression, LogicalColumn Column)> OfRows(LogicalPlan plan, StatementScope statement) => plan switch
    {
        LogicalScan p => Of(p, statement),
        LogicalFilter p => OfRows(p.Input, statement),
        LogicalJoin { Kind: JoinKind.Inner } p => [.. OfRows(p.Left, statement), .. OfRows(p.Right, statement)],
        LogicalJoin { Kind: JoinKind.Left or JoinKind.Semi or JoinKind.Anti } p => OfRows(p.Left, statement),
        _ => [],
    };

    /// <summary>The expressions that a scan's table has hidden columns for; none when the scan does not know all its columns.</summary>
    public static List<(BoundExpression Expression, LogicalColumn Column)> Of(LogicalScan scan, StatementScope statement)
    {
        var known = new List<(BoundExpression, LogicalColumn)>();
        if (!scan.Table.Columns.Any(c => c.IsHidden))
        {
            return known;
        }

        var byColumn = scan.TableColumns.Where(c => c.Definition is not null).ToDictionary(c => c.Definition!.Id);
        if (!scan.Table.Columns.All(c => byColumn.ContainsKey(c.Id)))
        {
            return known;
        }

        var columns = ImmutableArray.CreateRange(scan.Table.Columns, c => byColumn[c.Id]);
        var stored = new StoredExpressions(statement);
        foreach (var column in columns.Where(c => c.Definition!.IsHidden))
        {
            var expression = stored.IndexKey(scan.Table, column.Definition!.ComputedSql!, columns);
            known.Add((expression, column));
            if (ConstantFolding.Fold(expression) is var folded && !ExpressionTree.AreSame(folded, expression))
            {
                known.Add((folded, column));
            }
        }

        return known;
    }

    /// <summary>An expression that reads the columns where it has what they hold.</summary>
    public static BoundExpression Replace(BoundExpression expression, List<(BoundExpression Expression, LogicalColumn Column)> known)
        => ExpressionTree.Rewrite(expression, e => e is BoundColumn or BoundConstant or ParameterReference ? null
            : known.FirstOrDefault(k => ExpressionTree.AreSame(k.Expression, e)).Column?.Reference);
}
