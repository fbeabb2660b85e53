using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>ORDER BY, with or without LIMIT.</summary>
internal sealed partial class Lowering
{
    private Lowered LowerSort(LogicalSort sort, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (TryTopK(sort) is { } topK)
        {
            return sort.Keys.Length == 1 ? LowerTopK(sort, topK, required, slots) : LowerTopKWithTies(sort, topK, required, slots);
        }

        if (optimizes && sort.Limit != null && sort.Input is LogicalProject project && CanPass(sort, project))
        {
            // Order and cut first, compute the projection for the rows that are left.
            return LowerProject(project with { Input = Below(sort, project) }, required, slots);
        }

        if (optimizes)
        {
            sort = IndexedExpressions.Apply(sort, statement);
        }

        var input = Lower(sort.Input, Union(required, sort.Keys.Select(k => k.Expression)), slots);
        var map = input.Map();
        var keys = LogicalTree.Rewrite(sort.Keys, e => LowerExpression(e, map, slots));
        if (sort.Input is LogicalScan scan)
        {
            input = input with { Plan = WithOrder(sort, scan, input.Plan, slots) };
        }

        return input with { Plan = new SortPlan(input.Plan, keys) { Limit = LowerCount(sort.Limit, slots), Offset = LowerCount(sort.Offset, slots) } };
    }

    /// <summary>Whether a sort may stand below a projection.</summary>
    internal static bool CanPass(LogicalSort sort, LogicalProject project)
    {
        var read = new HashSet<int>();
        foreach (var key in sort.Keys)
        {
            ExpressionTree.CollectColumns(key.Expression, read);
        }

        return Enumerable.Range(0, project.Results.Length).All(i => !read.Contains(project.Results[i].Id) || ExpressionTree.IsMovable(project.Expressions[i]));
    }

    /// <summary>The sort over the projection's input.</summary>
    internal static LogicalSort Below(LogicalSort sort, LogicalProject project)
    {
        var byColumn = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < project.Expressions.Length; i++)
        {
            byColumn[project.Results[i].Id] = project.Expressions[i];
        }

        return sort with { Input = project.Input, Keys = LogicalTree.Rewrite(sort.Keys, e => ExpressionTree.Substitute(e, byColumn)) };
    }
}
