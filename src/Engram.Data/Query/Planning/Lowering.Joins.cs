using System.Collections.Immutable;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Planning;

/// <summary>Joins: hashed on what must be equal, or run again for each row where the right side reads the left one.</summary>
internal sealed partial class Lowering
{
    private Lowered LowerJoin(LogicalJoin join, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        var leftIds = LogicalTree.ColumnIds(join.Left);
        var fromLeft = LogicalTree.FreeColumns(join.Right);
        fromLeft.IntersectWith(leftIds);
        if (fromLeft.Count > 0)
        {
            return LowerApply(join, fromLeft, required, slots);
        }

        join = optimizes ? IndexedExpressions.Apply(join, statement) : join;
        var read = Union(required, join.Conjuncts);
        var left = Lower(join.Left, read, slots);
        var right = Lower(join.Right, read, slots);
        var (leftMap, rightMap) = (left.Map(), right.Map());
        var rightIds = LogicalTree.ColumnIds(join.Right);

        var leftKeys = ImmutableArray.CreateBuilder<BoundExpression>();
        var rightKeys = ImmutableArray.CreateBuilder<BoundExpression>();
        var residual = new List<BoundExpression>();
        foreach (var conjunct in join.Conjuncts)
        {
            if (optimizes && TryKey(conjunct, leftIds, rightIds, out var leftKey, out var rightKey))
            {
                leftKeys.Add(LowerExpression(leftKey, leftMap, slots));
                rightKeys.Add(LowerExpression(rightKey, rightMap, slots));
            }
            else
            {
                residual.Add(conjunct);
            }
        }

        var bothIds = left.Ids.AddRange(right.Ids);
        var isLeftOnly = join.Kind is JoinKind.Semi or JoinKind.Anti;
        var plan = new JoinPlan(
            OutputOf(join, isLeftOnly ? left.Ids : bothIds), join.Kind, left.Plan, right.Plan, leftKeys.ToImmutable(), rightKeys.ToImmutable(),
            residual.Count == 0 ? null : LowerExpression(ExpressionTree.And(residual)!, new Lowered(null!, bothIds).Map(), slots));
        return new Lowered(WithKeys(plan), isLeftOnly ? left.Ids : bothIds);
    }

    /// <summary>Output columns by id; a join of outer kind makes those of its other side nullable.</summary>
    private ImmutableArray<PlanColumn> OutputOf(LogicalJoin join, ImmutableArray<int> ids)
    {
        var columns = join.Columns.ToDictionary(c => c.Id);
        return ImmutableArray.CreateRange(ids, id => (columns.TryGetValue(id, out var column) ? column : statement.Column(id)).ToPlanColumn());
    }

    /// <summary>Reads a condition as an equality of something on the left with something on the right.</summary>
    private static bool TryKey(
        BoundExpression conjunct, HashSet<int> leftIds, HashSet<int> rightIds, out BoundExpression leftKey, out BoundExpression rightKey)
    {
        (leftKey, rightKey) = (null!, null!);
        if (conjunct is not BoundCall { Function.Name: "=", Arguments: [var a, var b] } || !ExpressionTree.IsMovable(a) || !ExpressionTree.IsMovable(b))
        {
            return false;
        }

        if (IsOver(a, rightIds, leftIds) && IsOver(b, leftIds, rightIds))
        {
            (a, b) = (b, a);
        }

        (leftKey, rightKey) = (a, b);
        return IsOver(a, leftIds, rightIds) && IsOver(b, rightIds, leftIds);
    }

    private static bool IsOver(BoundExpression expression, HashSet<int> own, HashSet<int> other)
    {
        var ids = ExpressionTree.ColumnsOf(expression);
        return ids.Overlaps(own) && !ids.Overlaps(other);
    }

    /// <summary>LATERAL. The conditions go into the right side: a left row without a match comes out once, with NULLs, when the join is outer.</summary>
    private Lowered LowerApply(LogicalJoin join, HashSet<int> fromLeft, HashSet<int> required, Dictionary<int, BoundExpression> slots)
    {
        if (join.Kind is not (JoinKind.Inner or JoinKind.Left))
        {
            throw Error.Internal($"a lateral join of kind {join.Kind}");
        }

        var rightPlan = join.Conjuncts.IsEmpty ? Order(join.Right) : Optimize(new LogicalFilter(join.Right, join.Conjuncts));
        fromLeft = LogicalTree.FreeColumns(rightPlan);
        fromLeft.IntersectWith(LogicalTree.ColumnIds(join.Left));
        var left = Lower(join.Left, [.. required, .. fromLeft], slots);
        var (inner, outer) = OpenSlots(fromLeft, left.Map(), slots);
        foreach (var (id, slot) in slots)
        {
            inner.TryAdd(id, slot);
        }

        var right = Lower(rightPlan, required, inner);
        var ids = left.Ids.AddRange(right.Ids);
        return new Lowered(new ApplyPlan(OutputOf(join, ids), join.Kind, left.Plan, right.Plan, outer), ids);
    }
}
