using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Planning;

/// <summary>Moves conditions to where they cost the least: as close to the scans as their meaning allows.</summary>
/// <remarks>
/// <para>A condition that reads one side of a join goes to that side, one that reads both becomes a condition of the join; through a projection
/// it goes with the expressions in the place of their columns; through a grouping when it reads keys alone. What stops it: LIMIT, the side of an
/// outer join that is filled with NULLs, subqueries and volatile functions where they would be computed more often.</para>
/// <para>On the way, WHERE conditions that refuse NULLs turn LEFT JOIN into an inner one, and EXISTS and IN become semi-joins
/// (see <see cref="SubqueryUnnesting"/>).</para>
/// </remarks>
internal static class PredicatePushdown
{
    public static LogicalPlan Apply(LogicalPlan plan) => Push(plan, []);

    private static LogicalPlan Push(LogicalPlan plan, ImmutableArray<BoundExpression> conjuncts)
    {
        Recursion.Check();
        conjuncts = conjuncts.RemoveAll(c => c is BoundConstant { Value: true });
        if (conjuncts.Any(c => c is BoundConstant { Value: null or false }))
        {
            return new LogicalValues(plan.Columns, []);
        }

        switch (plan)
        {
            case LogicalFilter p:
                return PushFilter(p, conjuncts);
            case LogicalScan p:
                return p with { Filters = p.Filters.AddRange(conjuncts) };
            case LogicalProject p:
                return PushThroughProject(p, conjuncts);
            case LogicalAggregate p:
                return PushThroughAggregate(p, conjuncts);
            case LogicalRecursive p:
                return Above(p with { Anchor = Push(p.Anchor, []), Step = Push(p.Step, []) }, conjuncts);
            case LogicalWindow p:
                // Whole partitions may fall away below; single rows of one may not.
                var partitions = p.PartitionBy.OfType<BoundColumn>().Select(c => c.Ordinal).ToHashSet();
                var own = LogicalTree.ColumnIds(p);
                var (below, above) = Split(conjuncts, c => ExpressionTree.IsMovable(c) && ExpressionTree.ColumnsOf(c).All(id => partitions.Contains(id) || !own.Contains(id)));
                return Above(p with { Input = Push(p.Input, below) }, above);
            case LogicalDistinct p:
                return new LogicalDistinct(Push(p.Input, conjuncts));
            case LogicalSort { Limit: null, Offset: null } p:
                return p with { Input = Push(p.Input, conjuncts) };
            case LogicalJoin p:
                return PushIntoJoin(p, conjuncts);
            case LogicalUnionAll p:
                return PushIntoUnion(p, conjuncts);
            case LogicalSort p:
                return Above(p with { Input = Push(p.Input, []) }, conjuncts);
            case LogicalLimit p:
                return Above(p with { Input = Push(p.Input, []) }, conjuncts);
            default:
                return Above(plan, conjuncts);
        }
    }

    private static LogicalPlan Above(LogicalPlan plan, ImmutableArray<BoundExpression> conjuncts)
        => conjuncts.IsEmpty ? plan : new LogicalFilter(plan, conjuncts);

    private static LogicalPlan PushFilter(LogicalFilter filter, ImmutableArray<BoundExpression> conjuncts)
    {
        var input = filter.Input;
        var kept = conjuncts.ToBuilder();
        foreach (var conjunct in filter.Conjuncts)
        {
            if (SubqueryUnnesting.TryJoin(input, conjunct) is { } join)
            {
                input = join;
            }
            else
            {
                kept.Add(conjunct);
            }
        }

        return Push(input, kept.ToImmutable());
    }

    private static LogicalPlan PushThroughProject(LogicalProject project, ImmutableArray<BoundExpression> conjuncts)
    {
        var byColumn = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < project.Expressions.Length; i++)
        {
            byColumn[project.Results[i].Id] = project.Expressions[i];
        }

        var (below, above) = Split(conjuncts, c => ExpressionTree.ColumnsOf(c).All(id => !byColumn.TryGetValue(id, out var e) || ExpressionTree.IsMovable(e)));
        var input = Push(project.Input, ImmutableArray.CreateRange(below, c => ExpressionTree.Substitute(c, byColumn)));
        return Above(project with { Input = input }, above);
    }

    private static LogicalPlan PushThroughAggregate(LogicalAggregate aggregate, ImmutableArray<BoundExpression> conjuncts)
    {
        var byColumn = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < aggregate.Keys.Length; i++)
        {
            byColumn[aggregate.KeyColumns[i].Id] = aggregate.Keys[i];
        }

        // Without keys there is a row even when nothing passes below. And columns from outside may go anywhere.
        var results = aggregate.AggregateColumns.Select(c => c.Id).ToHashSet();
        var (below, above) = Split(conjuncts, c => byColumn.Count > 0 && !ExpressionTree.ColumnsOf(c).Overlaps(results)
            && ExpressionTree.ColumnsOf(c).All(id => !byColumn.TryGetValue(id, out var e) || ExpressionTree.IsMovable(e)));
        var input = Push(aggregate.Input, ImmutableArray.CreateRange(below, c => ExpressionTree.Substitute(c, byColumn)));
        return Above(aggregate with { Input = input }, above);
    }

    private static LogicalPlan PushIntoUnion(LogicalUnionAll union, ImmutableArray<BoundExpression> conjuncts)
    {
        var (below, above) = Split(conjuncts, ExpressionTree.IsMovable);
        var inputs = ImmutableArray.CreateRange(union.Inputs, input =>
        {
            var byColumn = new Dictionary<int, BoundExpression>();
            for (var i = 0; i < union.Results.Length; i++)
            {
                byColumn[union.Results[i].Id] = input.Columns[i].Reference;
            }

            return Push(input, ImmutableArray.CreateRange(below, c => ExpressionTree.Substitute(c, byColumn)));
        });
        return Above(union with { Inputs = inputs }, above);
    }

    /// <param name="conjuncts">From above the join (WHERE), as opposed to its own (ON).</param>
    private static LogicalPlan PushIntoJoin(LogicalJoin join, ImmutableArray<BoundExpression> conjuncts)
    {
        var left = LogicalTree.ColumnIds(join.Left);
        var right = LogicalTree.ColumnIds(join.Right);
        if (join.Kind == JoinKind.Left && conjuncts.Any(c => RefusesNulls(c, right)))
        {
            join = join with { Kind = JoinKind.Inner };
        }

        switch (join.Kind)
        {
            case JoinKind.Inner:
                var all = join.Conjuncts.AddRange(conjuncts);
                var (toLeft, others) = Split(all, c => !ReadsAny(c, right));
                var (toRight, both) = Split(others, c => !ReadsAny(c, left));
                return join with { Left = Push(join.Left, toLeft), Right = Push(join.Right, toRight), Conjuncts = both };
            case JoinKind.Left or JoinKind.Semi or JoinKind.Anti:
                // Rows of the left that fail ON still come out of a left or anti join, so only what is above it may restrict them.
                var (leftOnly, above) = Split(conjuncts, c => !ReadsAny(c, right));
                var (rightOnly, on) = Split(join.Conjuncts, c => !ReadsAny(c, left));
                if (join.Kind == JoinKind.Semi)
                {
                    (var leftOn, on) = Split(on, c => !ReadsAny(c, right));
                    leftOnly = leftOnly.AddRange(leftOn);
                }

                return Above(join with { Left = Push(join.Left, leftOnly), Right = Push(join.Right, rightOnly), Conjuncts = on }, above);
            default:
                return Above(join with { Left = Push(join.Left, []), Right = Push(join.Right, []) }, conjuncts);
        }
    }

    private static bool ReadsAny(BoundExpression expression, HashSet<int> ids) => ExpressionTree.ColumnsOf(expression).Overlaps(ids);

    /// <summary>Whether the condition is never true when all of these columns are NULL. False when in doubt.</summary>
    private static bool RefusesNulls(BoundExpression condition, HashSet<int> ids) => condition switch
    {
        BoundIsNull { IsNegated: true } e => IsNullWith(e.Operand, ids),
        BoundInList { IsNegated: false } e => IsNullWith(e.Operand, ids),
        BoundLogical { IsAnd: false } e => e.Operands.All(o => RefusesNulls(o, ids)),
        BoundLogical e => e.Operands.Any(o => RefusesNulls(o, ids)),
        BoundCall e => IsNullWith(e, ids),
        BoundColumn e => ids.Contains(e.Ordinal),
        BoundNot e => IsNullWith(e.Operand, ids),
        _ => false,
    };

    /// <summary>Whether the value is NULL when all of these columns are.</summary>
    private static bool IsNullWith(BoundExpression expression, HashSet<int> ids) => expression switch
    {
        BoundColumn e => ids.Contains(e.Ordinal),
        BoundCall { Function.IsStrict: true } e => e.Arguments.Any(a => IsNullWith(a, ids)),
        BoundCast e => IsNullWith(e.Operand, ids),
        _ => false,
    };

    private static (ImmutableArray<BoundExpression> Yes, ImmutableArray<BoundExpression> No) Split(
        ImmutableArray<BoundExpression> conjuncts, Func<BoundExpression, bool> predicate)
    {
        var yes = ImmutableArray.CreateBuilder<BoundExpression>();
        var no = ImmutableArray.CreateBuilder<BoundExpression>();
        foreach (var conjunct in conjuncts)
        {
            (predicate(conjunct) ? yes : no).Add(conjunct);
        }

        return (yes.ToImmutable(), no.ToImmutable());
    }
}
