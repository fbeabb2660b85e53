using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Turns WHERE [NOT] EXISTS and WHERE x IN (query) into semi-joins and anti-joins, so that the query runs once and not for each row.</summary>
/// <remarks>
/// Done when what correlates the subquery are conditions of its WHERE, at least one of them an equality of a column outside with one inside, on which the
/// join can hash. NOT IN stays a subquery: with a NULL in its result it is never true, which no join says.
/// </remarks>
internal static class SubqueryUnnesting
{
    /// <summary>The join that stands for filtering <paramref name="input"/> by the condition; null when there is none.</summary>
    public static LogicalJoin? TryJoin(LogicalPlan input, BoundExpression condition)
    {
        var isNegated = false;
        if (condition is BoundNot { Operand: LogicalSubquery { Kind: SubqueryKind.Exists } inner })
        {
            (isNegated, condition) = (true, inner);
        }

        if (condition is not LogicalSubquery { Kind: SubqueryKind.Exists or SubqueryKind.In } subquery)
        {
            return null;
        }

        isNegated ^= subquery.IsNegated;
        if (isNegated && subquery.Kind == SubqueryKind.In)
        {
            return null;
        }

        var (core, conjuncts, values) = Peel(subquery.Plan);
        if (subquery.Kind == SubqueryKind.In)
        {
            if (values.Length != 1 || !ExpressionTree.IsMovable(values[0]) || !ExpressionTree.IsMovable(subquery.Left!))
            {
                return null;
            }

            conjuncts = conjuncts.Add(ExpressionBinder.AreEqual(subquery.Left!, values[0]));
        }

        var outside = LogicalTree.ColumnIds(input);
        if (LogicalTree.FreeColumns(core).Overlaps(outside))
        {
            return null;
        }

        var inside = LogicalTree.ColumnIds(core);
        var canHash = conjuncts.Any(c => c is BoundCall { Function.Name: "=", Arguments: [var a, var b] } && (Joins(a, b) || Joins(b, a)));
        return canHash ? new LogicalJoin(isNegated ? JoinKind.Anti : JoinKind.Semi, input, core, conjuncts) : null;

        bool Joins(BoundExpression a, BoundExpression b)
        {
            var (left, right) = (ExpressionTree.ColumnsOf(a), ExpressionTree.ColumnsOf(b));
            return left.Count > 0 && right.Count > 0 && !left.Overlaps(inside) && left.Overlaps(outside) && !right.Overlaps(outside) && right.Overlaps(inside);
        }
    }

    /// <summary>Takes off what does not matter to whether a row exists: projections, order, DISTINCT; and gathers the conditions of WHERE.</summary>
    private static (LogicalPlan Core, ImmutableArray<BoundExpression> Conjuncts, ImmutableArray<BoundExpression> Values) Peel(LogicalPlan plan)
    {
        var values = ImmutableArray.CreateRange(plan.Columns, c => (BoundExpression)c.Reference);
        ImmutableArray<BoundExpression> conjuncts = [];
        while (true)
        {
            switch (plan)
            {
                case LogicalProject project when project.Expressions.All(ExpressionTree.IsMovable):
                    var byColumn = new Dictionary<int, BoundExpression>();
                    for (var i = 0; i < project.Expressions.Length; i++)
                    {
                        byColumn[project.Results[i].Id] = project.Expressions[i];
                    }

                    values = ImmutableArray.CreateRange(values, v => ExpressionTree.Substitute(v, byColumn));
                    conjuncts = ImmutableArray.CreateRange(conjuncts, c => ExpressionTree.Substitute(c, byColumn));
                    plan = project.Input;
                    break;
                case LogicalFilter filter:
                    conjuncts = conjuncts.AddRange(filter.Conjuncts);
                    plan = filter.Input;
                    break;
                case LogicalDistinct distinct:
                    plan = distinct.Input;
                    break;
                case LogicalSort { Limit: null, Offset: null } sort:
                    plan = sort.Input;
                    break;
                default:
                    return (plan, conjuncts, values);
            }
        }
    }
}
