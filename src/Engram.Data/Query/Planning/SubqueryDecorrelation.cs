using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Planning;

/// <summary>Turns subqueries that aggregate the rows which go with the outer row into one grouped query that is joined, so that they run once and not for each row.</summary>
/// <remarks>
/// <code>
/// SELECT a.x, (SELECT count(*) FROM b WHERE b.k = a.k AND b.v > 2) FROM a
///      |
///      v
/// SELECT a.x, coalesce(g.n, 0) FROM a LEFT JOIN (SELECT b.k, count(*) AS n FROM b WHERE b.v > 2 GROUP BY b.k) AS g ON g.k = a.k
/// </code>
/// <para>A group that is not there is one without rows: of that count is 0 and the other aggregates are NULL, and what is computed from them is computed above the join. A NULL in the
/// key of either side equals nothing in both forms.</para>
/// <para>Groups that no outer row asks for are computed too. So nothing is moved that could fail for one of them, nothing for fewer than <see cref="OuterRowsMin"/> outer
/// rows, and nothing that an outer row might have been spared, as behind a CASE; nothing below a LIMIT that would have to be computed for rows which it drops.</para>
/// </remarks>
internal sealed class SubqueryDecorrelation(StatementScope statement, Cardinality? cardinality)
{
    private const double OuterRowsMin = 8;

    // A subquery that is written once may stand in two places: its columns belong to the first join.
    private readonly HashSet<int> joined = [];

    public LogicalPlan Apply(LogicalPlan plan)
    {
        Recursion.Check();
        switch (plan)
        {
            case LogicalSort { Limit: not null, Input: LogicalProject project } p when project.Expressions.Any(HasScalar) && Lowering.CanPass(p, project):
                return Apply(project with { Input = Lowering.Below(p, project) });
            case LogicalLimit { Input: LogicalProject project } p when project.Expressions.Any(HasScalar):
                return Apply(project with { Input = p with { Input = project.Input } });
        }

        var applied = LogicalTree.WithInputs(plan, Apply);
        switch (applied)
        {
            case LogicalProject p when p.Expressions.Any(HasScalar):
                var input = p.Input;
                var expressions = Replace(p.Expressions, ref input);
                return p with { Input = input, Expressions = expressions };
            case LogicalFilter p when p.Conjuncts.Any(HasScalar):
                input = p.Input;
                var conjuncts = Replace(p.Conjuncts, ref input);
                return ReferenceEquals(input, p.Input) ? p
                    : new LogicalProject(new LogicalFilter(input, conjuncts), p.Columns, ImmutableArray.CreateRange(p.Columns, c => (BoundExpression)c.Reference));
            default:
                return applied;
        }
    }

    private static bool HasScalar(BoundExpression expression) => ExpressionTree.Any(expression, e => e is LogicalSubquery { Kind: SubqueryKind.Scalar });

    private ImmutableArray<BoundExpression> Replace(ImmutableArray<BoundExpression> expressions, ref LogicalPlan input)
    {
        var (plan, values) = (input, new Dictionary<LogicalSubquery, BoundExpression>(ReferenceEqualityComparer.Instance));
        var replaced = ExpressionTree.RewriteAll(expressions, e =>
        {
            // Others are not looked into: what stands in their plans belongs to these.
            if (e is not LogicalSubquery subquery || subquery.Kind != SubqueryKind.Scalar)
            {
                return e is LogicalSubquery ? e : null;
            }

            if (!values.TryGetValue(subquery, out var value))
            {
                values.Add(subquery, value = TryJoin(ref plan, subquery) ?? subquery);
            }

            return value;
        });
        input = plan;
        return replaced;
    }

    /// <summary>Joins the groups to the input, and gives what stands for the subquery; null when it has to stay.</summary>
    private BoundExpression? TryJoin(ref LogicalPlan input, LogicalSubquery subquery)
    {
        var (plan, value) = subquery.Plan is LogicalProject { Expressions: [var only] } project ? (project.Input, only) : (subquery.Plan, null);
        if (plan is not LogicalAggregate { Keys.IsEmpty: true } aggregate || !aggregate.Aggregates.All(IsGroupable)
            || aggregate.AggregateColumns.Any(c => joined.Contains(c.Id)) || (value is not null && !ExpressionTree.IsMovable(value)))
        {
            return null;
        }

        var outside = LogicalTree.ColumnIds(input);
        var (core, conjuncts) = (aggregate.Input, ImmutableArray<BoundExpression>.Empty);
        for (; core is LogicalFilter filter; core = filter.Input)
        {
            conjuncts = conjuncts.AddRange(filter.Conjuncts);
        }

        if (LogicalTree.FreeColumns(core).Overlaps(outside) || aggregate.Aggregates.SelectMany(LogicalTree.Expressions).Any(e => ExpressionTree.ColumnsOf(e).Overlaps(outside))
            || !IsHarmless(core) || Groups(core, conjuncts, outside) is not var (own, keys, on) || (cardinality is not null && cardinality.Rows(input) < OuterRowsMin))
        {
            return null;
        }

        joined.UnionWith(aggregate.AggregateColumns.Select(c => c.Id));
        var filtered = own.IsEmpty ? core : new LogicalFilter(core, own);
        var groups = new LogicalAggregate(
            Apply(filtered), [.. keys.Select(k => k.Column)], [.. keys.Select(k => k.Key)], aggregate.AggregateColumns, aggregate.Aggregates);
        input = new LogicalJoin(JoinKind.Left, input, groups, on);
        var results = new Dictionary<int, BoundExpression>();
        for (var i = 0; i < aggregate.Aggregates.Length; i++)
        {
            var column = aggregate.AggregateColumns[i];
            results[column.Id] = aggregate.Aggregates[i].Function.Name == "count"
                ? new BoundCoalesce(column.Type, [column.Reference, new BoundConstant(DataType.Int64, 0L)])
                : column.Reference;
        }

        return value is null ? results[subquery.Plan.Columns[0].Id] : ExpressionTree.Substitute(value, results);
    }

    /// <summary>Tells the conditions that choose the group of an outer row from those that hold inside; null when one does neither.</summary>
    private (ImmutableArray<BoundExpression> Own, List<(LogicalColumn Column, BoundExpression Key)> Keys, ImmutableArray<BoundExpression> On)? Groups(
        LogicalPlan core, ImmutableArray<BoundExpression> conjuncts, HashSet<int> outside)
    {
        var inside = LogicalTree.ColumnIds(core);
        var (own, on, keys) = (ImmutableArray.CreateBuilder<BoundExpression>(), ImmutableArray.CreateBuilder<BoundExpression>(), new List<(LogicalColumn Column, BoundExpression Key)>());
        foreach (var conjunct in conjuncts)
        {
            if (!ExpressionTree.ColumnsOf(conjunct).Overlaps(outside))
            {
                if (!CannotFail(conjunct))
                {
                    return null;
                }

                own.Add(conjunct);
                continue;
            }

            if (conjunct is not BoundCall { Function.Name: "=", Arguments: [var a, var b] } equality)
            {
                return null;
            }

            var isSwapped = ExpressionTree.ColumnsOf(a).Overlaps(outside);
            var (inner, outer) = isSwapped ? (b, a) : (a, b);
            var innerIds = ExpressionTree.ColumnsOf(inner);
            if (!innerIds.Overlaps(inside) || innerIds.Overlaps(outside) || ExpressionTree.ColumnsOf(outer).Overlaps(inside) || !CannotFail(inner) || !CannotFail(outer))
            {
                return null;
            }

            var at = keys.FindIndex(k => ExpressionTree.AreSame(k.Key, inner));
            if (at < 0)
            {
                at = keys.Count;
                keys.Add((inner is BoundColumn column ? core.Columns.First(c => c.Id == column.Ordinal) : statement.NewColumn("key", inner), inner));
            }

            BoundExpression key = keys[at].Column.Reference;
            on.Add(equality with { Arguments = isSwapped ? [outer, key] : [key, outer] });
        }

        return keys.Count == 0 ? null : (own.ToImmutable(), keys, on.ToImmutable());
    }

    /// <summary>Whether all of its rows can be computed where only some were asked for, and once where it was often: nothing in it fails or is volatile.</summary>
    private static bool IsHarmless(LogicalPlan plan)
        => plan is LogicalScan or LogicalSystemScan or LogicalValues or LogicalFilter or LogicalProject or LogicalDistinct or LogicalUnionAll or LogicalJoin
            && LogicalTree.Expressions(plan).All(CannotFail) && LogicalTree.Inputs(plan).All(IsHarmless);

    /// <summary>Aggregates that are NULL or 0 without rows, that no group can fail, and whose state is small.</summary>
    private static bool IsGroupable(BoundAggregate aggregate)
        => aggregate.Function.Name is "count" or "min" or "max" or "sum" or "avg" or "bool_and" or "bool_or" or "every" && !aggregate.IsDistinct
            && (aggregate.Function.Name is not ("sum" or "avg") || aggregate.Arguments.All(a => a.Type.IsInteger || a.Type.Kind is TypeKind.Single or TypeKind.Double))
            && !(aggregate.Function.Name == "sum" && aggregate.Type.Kind is TypeKind.Single)
            && LogicalTree.Expressions(aggregate).All(CannotFail);

    private static bool CannotFail(BoundExpression expression) => expression switch
    {
        BoundColumn or BoundConstant or ParameterReference => true,
        BoundCall { Function.Name: "=" or "<>" or "<" or "<=" or ">" or ">=", Function.Volatility: Volatility.Immutable } e => e.Arguments.All(CannotFail),
        BoundCast { Operand: var operand } e => TypeConversions.IsImplicit(operand.Type, e.Type) && operand.Type.IsInteger && e.Type.IsInteger && CannotFail(operand),
        BoundLogical or BoundNot or BoundIsNull or BoundIsDistinct or BoundInList => ExpressionTree.Children(expression).All(CannotFail),
        _ => false,
    };
}
