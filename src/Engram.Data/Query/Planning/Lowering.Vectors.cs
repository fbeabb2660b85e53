using Engram.Data.Storage.Graphs;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>ORDER BY distance LIMIT k and WHERE distance &lt; x, which become one operator that reads codes.</summary>
internal sealed partial class Lowering
{
    /// <summary>A distance between a column of a scan and something free of it.</summary>
    private readonly record struct VectorTarget(LogicalScan Scan, LogicalColumn Vector, VectorMetric Metric, BoundExpression Query);

    /// <summary>An ORDER BY that <see cref="VectorTopKPlan"/> answers.</summary>
    private readonly record struct TopK(VectorTarget Target, BoundCall Distance, ScoreForm Form);

    private TopK? TryTopK(LogicalSort sort)
    {
        if (!optimizes || sort is not { Limit: not null, Input: LogicalScan scan, Keys: [{ NullsFirst: false } key, ..] }
            || !VectorDistances.TryMatch(key.Expression, out var metric, out var call, out bool isSimilarity) || isSimilarity != key.IsDescending
            || TryTarget(scan, metric, call) is not { } target)
        {
            return null;
        }

        // Which rows tie depends on how the score was rounded; a single key has ties in order of row id whatever it is.
        return VectorDistances.TryMatchForm(key.Expression, out _, out _, out ScoreForm form) || sort.Keys.Length == 1 ? new TopK(target, call, form) : null;
    }

    private static VectorTarget? TryTarget(LogicalScan scan, VectorMetric metric, BoundCall call)
    {
        var (vector, query) = (call.Arguments[0], call.Arguments[1]);
        if (!IsColumnOf(scan, Stored(vector)))
        {
            (vector, query) = (query, vector);
        }

        return IsColumnOf(scan, Stored(vector)) && IsFreeOf(scan, query)
            ? new VectorTarget(scan, scan.TableColumns.First(c => c.Id == ((BoundColumn)Stored(vector)).Ordinal), metric, query) : null;
    }

    /// <summary>A halfvec is searched where it lies: the search widens it.</summary>
    private static BoundExpression Stored(BoundExpression vector)
        => vector is BoundCast { Type: { Kind: TypeKind.Vector, Size: 0 }, Operand: BoundColumn { Type.Kind: TypeKind.HalfVector } column } ? column : vector;

    private Lowered LowerTopK(LogicalSort sort, TopK topK, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        distanceOutputs.TryGetValue(sort, out var distance);
        var lowered = LowerSearch(topK.Target, distance is not null && required.Contains(distance.Id) ? distance : null, required, slots);
        return lowered with
        {
            Plan = (VectorTopKPlan)lowered.Plan with { Limit = LowerCount(sort.Limit, slots)!, Offset = LowerCount(sort.Offset, slots), Order = SearchOrder.Distance, Graph = GraphOf(sort, topK.Target, slots) },
        };
    }

    /// <summary>The index that may answer, when the query allows for it and there is one of this metric.</summary>
    private GraphSearch? GraphOf(LogicalSort sort, VectorTarget target, Dictionary<int, BoundExpression> slots)
    {
        GraphMetric? metric = target.Metric switch
        {
            VectorMetric.Cosine => GraphMetric.Cosine,
            VectorMetric.L2 => GraphMetric.L2,
            VectorMetric.InnerProduct => GraphMetric.InnerProduct,
            _ => null,
        };
        var table = target.Scan.Table;
        return sort.Breadth is null || metric is null ? null
            : table.VectorIndexes.FirstOrDefault(i => GraphShapes.Of(table, i) is { } shape && shape.Metric == metric && shape.Column == IdOf(target.Vector)) is { } index
            ? new GraphSearch(index, LowerCount(sort.Breadth, slots)!) : null;
    }

    /// <summary>Several keys: the search gives the nearest with all that tie with the last of them, and a sort decides among these.</summary>
    private Lowered LowerTopKWithTies(LogicalSort sort, TopK topK, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var input = LowerTopK(sort, topK, Union(required, sort.Keys.Select(k => k.Expression)), slots);
        var search = (VectorTopKPlan)input.Plan with { Order = SearchOrder.WithTies, Form = topK.Form, Graph = null };
        var map = input.Map();
        var keys = LogicalTree.Rewrite(sort.Keys, e => LowerExpression(e, map, slots));
        return input with { Plan = new SortPlan(search, keys) { Limit = search.Limit, Offset = search.Offset } };
    }

    /// <summary>A scan with a condition that no distance is greater than something: codes tell for most rows that theirs is.</summary>
    private Lowered? TryRange(LogicalScan scan, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (!optimizes)
        {
            return null;
        }

        foreach (var filter in scan.Filters)
        {
            if (TryCondition(scan, filter, out var target, out var condition)
                && (condition.Form == ScoreForm.Distance) == (condition.Comparison is ComparisonKind.Less or ComparisonKind.LessOrEqual))
            {
                return LowerSearch(target, null, required, slots);
            }
        }

        return null;
    }

    /// <summary>All rows that satisfy the scan's filters, by row id; conditions on the same distance are left to the search.</summary>
    private Lowered LowerSearch(VectorTarget target, LogicalColumn? distance, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var scan = target.Scan;
        var conditions = ImmutableArray.CreateBuilder<ScoreCondition>();
        var filters = new List<BoundExpression>();
        foreach (var filter in scan.Filters)
        {
            if (TryCondition(scan, filter, out var other, out var condition) && other.Metric == target.Metric && other.Vector.Id == target.Vector.Id
                && ExpressionTree.AreSame(other.Query, target.Query))
            {
                conditions.Add(condition with { Value = LowerExpression(condition.Value, [], slots) });
            }
            else
            {
                filters.Add(filter);
            }
        }

        var filterIds = Union([], filters);
        var columns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => required.Contains(c.Id)));
        var filterColumns = ImmutableArray.CreateRange(scan.TableColumns.Where(c => filterIds.Contains(c.Id)));
        var output = ImmutableArray.CreateRange(columns, c => c.ToPlanColumn());
        var ids = ImmutableArray.CreateRange(columns, c => c.Id);
        if (distance is not null)
        {
            output = output.Add(distance.ToPlanColumn());
            ids = ids.Add(distance.Id);
        }

        var filterMap = new Lowered(null!, ImmutableArray.CreateRange(filterColumns, c => c.Id)).Map();
        var plan = new VectorTopKPlan(
            output, scan.Table, ImmutableArray.CreateRange(columns, IdOf), IdOf(target.Vector), target.Metric, LowerExpression(target.Query, [], slots),
            new BoundConstant(DataType.Int64, null), null)
        {
            OutputDistance = distance is not null,
            Filter = filters.Count == 0 ? null : LowerExpression(ExpressionTree.And(filters)!, filterMap, slots),
            FilterColumns = ImmutableArray.CreateRange(filterColumns, IdOf),
            Bounds = BoundsOf(scan, slots),
            Conditions = conditions.ToImmutable(),
            Order = SearchOrder.RowId,
        };
        return new Lowered(plan, ids);
    }

    /// <summary>Reads a filter as a comparison of a distance, or of a similarity, with something free of the scan.</summary>
    private static bool TryCondition(LogicalScan scan, BoundExpression filter, out VectorTarget target, out ScoreCondition condition)
    {
        (target, condition) = (default, null!);
        if (filter is not BoundCall { Function: { Name: "<" or "<=" or ">" or ">=" } function, Arguments: [{ Type.Kind: TypeKind.Double } a, { Type.Kind: TypeKind.Double } b] })
        {
            return false;
        }

        var isMirrored = !VectorDistances.IsDistance(a);
        if (isMirrored)
        {
            (a, b) = (b, a);
        }

        if (!VectorDistances.TryMatchForm(a, out var metric, out var call, out ScoreForm form) || TryTarget(scan, metric, call) is not { } found || !IsFreeOf(scan, b))
        {
            return false;
        }

        var comparison = (function.Name, isMirrored) switch
        {
            ("<", false) or (">", true) => ComparisonKind.Less,
            ("<=", false) or (">=", true) => ComparisonKind.LessOrEqual,
            (">", false) or ("<", true) => ComparisonKind.Greater,
            _ => ComparisonKind.GreaterOrEqual,
        };
        (target, condition) = (found, new ScoreCondition(form, comparison, b));
        return true;
    }

    /// <summary>When a projection computes the distance that the fused operator below it has computed already, it reads it from there.</summary>
    private LogicalProject ShareDistance(LogicalProject project)
    {
        if (project.Input is not LogicalSort sort || TryTopK(sort) is not { } topK || topK.Distance.Function.Name is "cosine_similarity" or "inner_product"
            || distanceOutputs.ContainsKey(sort) || !project.Expressions.Any(e => ExpressionTree.Any(e, x => ExpressionTree.AreSame(x, topK.Distance))))
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
