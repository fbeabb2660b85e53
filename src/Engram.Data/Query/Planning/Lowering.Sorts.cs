using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>ORDER BY; above all ORDER BY distance LIMIT k, which becomes one operator.</summary>
internal sealed partial class Lowering
{
    /// <summary>An ORDER BY that <see cref="VectorTopKPlan"/> answers.</summary>
    private readonly record struct TopK(LogicalScan Scan, LogicalColumn Vector, VectorMetric Metric, BoundExpression Query, BoundCall Distance, bool IsDistance);

    private Lowered LowerSort(LogicalSort sort, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (TryTopK(sort) is { } topK)
        {
            return LowerTopK(sort, topK, required, slots);
        }

        if (optimizes && sort.Limit != null && sort.Input is LogicalProject project && CanPass(sort, project))
        {
            // Order and cut first, compute the projection for the rows that are left.
            return LowerProject(project with { Input = Below(sort, project) }, required, slots);
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

    private static bool CanPass(LogicalSort sort, LogicalProject project)
    {
        var read = new HashSet<int>();
        foreach (var key in sort.Keys)
        {
            ExpressionTree.CollectColumns(key.Expression, read);
        }

        return Enumerable.Range(0, project.Results.Length).All(i => !read.Contains(project.Results[i].Id) || ExpressionTree.IsMovable(project.Expressions[i]));
    }

    private static LogicalSort Below(LogicalSort sort, LogicalProject project)
    {
        var byColumn = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < project.Expressions.Length; i++)
        {
            byColumn[project.Results[i].Id] = project.Expressions[i];
        }

        return sort with { Input = project.Input, Keys = LogicalTree.Rewrite(sort.Keys, e => ExpressionTree.Substitute(e, byColumn)) };
    }

    private TopK? TryTopK(LogicalSort sort)
    {
        if (!optimizes || sort is not { Limit: not null, Input: LogicalScan scan, Keys: [{ NullsFirst: false } key] }
            || !VectorDistances.TryMatch(key.Expression, out var metric, out var call, out var isSimilarity)
            || isSimilarity != key.IsDescending)
        {
            return null;
        }

        var (vector, query) = (call.Arguments[0], call.Arguments[1]);
        if (!IsColumnOf(scan, vector))
        {
            (vector, query) = (query, vector);
        }

        if (!IsColumnOf(scan, vector) || !IsFreeOf(scan, query))
        {
            return null;
        }

        var column = scan.TableColumns.First(c => c.Id == ((BoundColumn)vector).Ordinal);
        return new TopK(scan, column, metric, query, call, call.Function.Name is not ("cosine_similarity" or "inner_product"));
    }

    private Lowered LowerTopK(LogicalSort sort, TopK topK, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var scan = topK.Scan;
        var filterIds = Union([], scan.Filters);
        var columns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => required.Contains(c.Id)));
        var filterColumns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => filterIds.Contains(c.Id)));
        var output = ImmutableArray.CreateRange(columns, c => c.ToPlanColumn());
        var ids = ImmutableArray.CreateRange(columns, c => c.Id);
        var hasDistance = distanceOutputs.TryGetValue(sort, out var distance) && required.Contains(distance.Id);
        if (hasDistance)
        {
            output = output.Add(distance!.ToPlanColumn());
            ids = ids.Add(distance.Id);
        }

        var filterMap = new Lowered(null!, ImmutableArray.CreateRange(filterColumns, c => c.Id)).Map();
        var plan = new VectorTopKPlan(
            output, scan.Table, ImmutableArray.CreateRange(columns, IdOf), IdOf(topK.Vector), topK.Metric, LowerExpression(topK.Query, [], slots),
            LowerCount(sort.Limit, slots)!, LowerCount(sort.Offset, slots))
        {
            OutputDistance = hasDistance,
            Filter = scan.Filters.IsEmpty ? null : LowerExpression(ExpressionTree.And(scan.Filters)!, filterMap, slots),
            FilterColumns = ImmutableArray.CreateRange(filterColumns, IdOf),
            Bounds = BoundsOf(scan, slots),
        };
        return new Lowered(plan, ids);
    }

    /// <summary>When a projection computes the distance that the fused operator below it has computed already, it reads it from there.</summary>
    private LogicalProject ShareDistance(LogicalProject project)
    {
        if (project.Input is not LogicalSort sort || TryTopK(sort) is not { IsDistance: true } topK || distanceOutputs.ContainsKey(sort)
            || !project.Expressions.Any(e => ExpressionTree.Any(e, x => ExpressionTree.AreSame(x, topK.Distance))))
        {
            return project;
        }

        var column = statement.NewColumn("distance", DataType.Double);
        distanceOutputs.Add(sort, column);
        return project with
        {
            Expressions = ExpressionTree.RewriteAll(project.Expressions, e => ExpressionTree.AreSame(e, topK.Distance) ? column.Reference : null),
        };
    }
}
