using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Takes projections out of the way that compute VIRTUAL columns right above a table's scan.</summary>
/// <remarks>The binder puts one above each scan of such a table, before it knows whether anything names these columns. Where nothing does it is left out; where ORDER BY stands right above, the
/// order is found first: so rows are found by indexes, vectors by their codes, and joins see the table itself. Ids belong to one column in the whole statement, so whether one is read is easily told.</remarks>
internal static class TableReads
{
    /// <param name="plan">A whole query, as it was bound.</param>
    /// <param name="read">The ids that are read above it.</param>
    public static LogicalPlan Prune(LogicalPlan plan, IEnumerable<int> read)
    {
        if (!HasAny(plan))
        {
            return plan;
        }

        var ids = new HashSet<int>(read);
        Collect(plan, ids);
        return Prune(plan, ids);
    }

    /// <summary>After conditions have gone to the scans: orders go below the projections.</summary>
    public static LogicalPlan Lift(LogicalPlan plan)
    {
        plan = LogicalTree.WithInputs(plan, Lift);
        if (plan is not LogicalSort { Input: LogicalProject { IsTableRead: true, Input: LogicalScan scan } project } sort)
        {
            return plan;
        }

        var byColumn = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < project.Results.Length; i++)
        {
            byColumn[project.Results[i].Id] = project.Expressions[i];
        }

        return project with { Input = sort with { Input = scan, Keys = LogicalTree.Rewrite(sort.Keys, e => ExpressionTree.Substitute(e, byColumn)) } };
    }

    private static bool HasAny(LogicalPlan plan)
        => plan is LogicalProject { IsTableRead: true } || LogicalTree.Inputs(plan).Any(HasAny)
            || LogicalTree.Expressions(plan).Any(e => ExpressionTree.Any(e, x => x is LogicalSubquery s && HasAny(s.Plan)));

    private static void Collect(LogicalPlan plan, HashSet<int> ids)
    {
        foreach (var expression in LogicalTree.Expressions(plan))
        {
            ExpressionTree.CollectColumns(expression, ids);
            _ = ExpressionTree.Any(expression, e =>
            {
                if (e is LogicalSubquery subquery)
                {
                    ids.UnionWith(subquery.Plan.Columns.Select(c => c.Id));
                    Collect(subquery.Plan, ids);
                }

                return false;
            });
        }

        foreach (var input in LogicalTree.Inputs(plan))
        {
            // Read by their places, or all at once.
            if (plan is LogicalUnionAll or LogicalRecursive or LogicalDistinct)
            {
                ids.UnionWith(input.Columns.Select(c => c.Id));
            }

            Collect(input, ids);
        }
    }

    private static LogicalPlan Prune(LogicalPlan plan, HashSet<int> ids)
    {
        if (plan is LogicalProject { IsTableRead: true } read && !read.Results.Skip(read.Input.Columns.Length).Any(c => ids.Contains(c.Id)))
        {
            return Prune(read.Input, ids);
        }

        plan = LogicalTree.WithInputs(plan, p => Prune(p, ids));
        return LogicalTree.Expressions(plan).Any(e => ExpressionTree.Any(e, x => x is LogicalSubquery))
            ? LogicalTree.RewriteExpressions(plan, e => ExpressionTree.Rewrite(e, x => x is LogicalSubquery s ? s with { Left = s.Left is null ? null : InSubqueries(s.Left, ids), Plan = Prune(s.Plan, ids) } : null))
            : plan;
    }

    private static BoundExpression InSubqueries(BoundExpression expression, HashSet<int> ids)
        => ExpressionTree.Rewrite(expression, x => x is LogicalSubquery s ? s with { Left = s.Left is null ? null : InSubqueries(s.Left, ids), Plan = Prune(s.Plan, ids) } : null);
}
