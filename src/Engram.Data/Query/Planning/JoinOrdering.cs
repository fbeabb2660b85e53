using System.Collections.Immutable;
using System.Numerics;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Planning;

/// <summary>Puts inner joins into the order that costs least.</summary>
/// <remarks>
/// <code>
/// ((a ⋈ b) ⋈ c) ⋈ d      relations a b c d, conditions a=b, b=c, c=d
///      |
///      v                  for each set of relations the cheapest way to join it, from small sets to all
/// (c ⋈ (b ⋈ a)) ⋈ d      left: streamed; right: hashed, or looked up when the left is small
/// </code>
/// <para>Only a group of inner joins is taken apart; a left, semi or lateral join in it is one relation, whatever lies in it being ordered for itself. Conditions go to
/// the lowest join that has all their columns, so the rows are the same in every order; their order is not, which SQL leaves open. So the order of the text stays
/// unless another is clearly cheaper: nothing moves in small tables.</para>
/// <para>Up to <see cref="ExhaustiveMax"/> relations every tree is considered, cross products only where nothing else joins; above, the cheapest two are joined, again and again.</para>
/// </remarks>
internal sealed class JoinOrdering(Cardinality cardinality)
{
    private const int ExhaustiveMax = 8;
    private const int RelationsMax = 60;

    // What a row costs: to be read by a scan, put into a hash table, looked up there, fetched by an index, given out.
    private const double ScanCost = 0.3;
    private const double BuildCost = 2;
    private const double ProbeCost = 1;
    private const double FetchCost = 60;
    private const double OutputCost = 1;

    /// <summary>Below this cost, and unless so much is won, the order of the text stays.</summary>
    private const double CostMin = 10_000;
    private const double GainMin = 0.8;

    private sealed record Tree(LogicalPlan Plan, ulong Set, double Rows, double Cost);

    private sealed record Condition(BoundExpression Expression, ulong Set, double Fraction);

    public LogicalPlan Apply(LogicalPlan plan)
    {
        Recursion.Check();
        return plan switch
        {
            LogicalFilter p => p with { Input = Apply(p.Input) },
            LogicalProject p => p with { Input = Apply(p.Input) },
            LogicalAggregate p => p with { Input = Apply(p.Input) },
            LogicalDistinct p => new LogicalDistinct(Apply(p.Input)),
            LogicalSort p => p with { Input = Apply(p.Input) },
            LogicalLimit p => p with { Input = Apply(p.Input) },
            LogicalWindow p => p with { Input = Apply(p.Input) },
            LogicalUnionAll p => p with { Inputs = ImmutableArray.CreateRange(p.Inputs, ApplyInPlace) },
            LogicalJoin { Kind: JoinKind.Inner } p when !IsLateral(p) => Order(p),
            LogicalJoin p => p with { Left = Apply(p.Left), Right = IsLateral(p) ? p.Right : Apply(p.Right) },
            _ => plan,
        };
    }

    /// <summary>As <see cref="Apply"/>, with the columns at their places.</summary>
    private LogicalPlan ApplyInPlace(LogicalPlan plan)
    {
        var applied = Apply(plan);
        return applied.Columns.Select(c => c.Id).SequenceEqual(plan.Columns.Select(c => c.Id)) ? applied
            : new LogicalProject(applied, plan.Columns, ImmutableArray.CreateRange(plan.Columns, c => (BoundExpression)c.Reference));
    }

    private static bool IsLateral(LogicalJoin join) => LogicalTree.FreeColumns(join.Right).Overlaps(LogicalTree.ColumnIds(join.Left));

    private LogicalPlan Order(LogicalJoin join)
    {
        var relations = new List<LogicalPlan>();
        var conjuncts = new List<BoundExpression>();
        var asWritten = Flatten(join, relations, conjuncts);
        if (relations.Count > RelationsMax || conjuncts.Any(c => ExpressionTree.Any(c, e => e is BoundCall { Function.Volatility: Volatility.Volatile })))
        {
            return asWritten;
        }

        var conditions = conjuncts.ConvertAll(c => new Condition(c, SetOf(c, relations), cardinality.Fraction(c, relations)));
        var leaves = relations.Select((r, i) => new Tree(r, 1UL << i, cardinality.Rows(r), CostOf(r))).ToList();
        var written = Rebuild(asWritten, leaves, conditions);
        if (written.Cost < CostMin)
        {
            return asWritten;
        }

        var best = relations.Count <= ExhaustiveMax ? Exhaustive(leaves, conditions) : Greedy(leaves, conditions);
        return best.Cost < written.Cost * GainMin ? best.Plan : asWritten;
    }

    /// <summary>Gathers the relations of a group of inner joins, each ordered for itself.</summary>
    /// <returns>The joins as they are, over these.</returns>
    private LogicalPlan Flatten(LogicalPlan plan, List<LogicalPlan> relations, List<BoundExpression> conjuncts)
    {
        Recursion.Check();
        if (plan is not LogicalJoin { Kind: JoinKind.Inner } join || IsLateral(join))
        {
            var relation = Apply(plan);
            relations.Add(relation);
            return relation;
        }

        var left = Flatten(join.Left, relations, conjuncts);
        var right = Flatten(join.Right, relations, conjuncts);
        conjuncts.AddRange(join.Conjuncts);
        return join with { Left = left, Right = right };
    }

    private static ulong SetOf(BoundExpression condition, List<LogicalPlan> relations)
    {
        var columns = ExpressionTree.ColumnsOf(condition);
        var set = 0UL;
        for (var i = 0; i < relations.Count; i++)
        {
            set |= columns.Overlaps(LogicalTree.ColumnIds(relations[i])) ? 1UL << i : 0;
        }

        return set;
    }

    /// <summary>What it costs to read a relation.</summary>
    private double CostOf(LogicalPlan plan) => plan is LogicalScan scan ? cardinality.RowsOf(scan.Table) * ScanCost
        : LogicalTree.Inputs(plan).Sum(CostOf) + cardinality.Rows(plan);

    private Tree Rebuild(LogicalPlan plan, List<Tree> leaves, List<Condition> conditions)
        => leaves.Find(l => ReferenceEquals(l.Plan, plan)) ?? Join(Rebuild(((LogicalJoin)plan).Left, leaves, conditions), Rebuild(((LogicalJoin)plan).Right, leaves, conditions), conditions);

    private Tree Exhaustive(List<Tree> leaves, List<Condition> conditions)
    {
        var best = new Tree?[1 << leaves.Count];
        foreach (var leaf in leaves)
        {
            best[leaf.Set] = leaf;
        }

        for (var set = 1; set < best.Length; set++)
        {
            if (BitOperations.PopCount((uint)set) < 2)
            {
                continue;
            }

            // First only joins by a condition; where there are none, cross products.
            for (var pass = 0; pass < 2 && best[set] is null; pass++)
            {
                for (var left = (set - 1) & set; left > 0; left = (left - 1) & set)
                {
                    var right = set & ~left;
                    if ((pass == 0 && !conditions.Exists(c => IsBetween(c, (ulong)left, (ulong)right))) || best[left] is not { } a || best[right] is not { } b)
                    {
                        continue;
                    }

                    if (best[set] is not { } known || CostOfJoin(a, b, conditions).Cost < known.Cost)
                    {
                        best[set] = Join(a, b, conditions);
                    }
                }
            }
        }

        return best[^1]!;
    }

    private Tree Greedy(List<Tree> leaves, List<Condition> conditions)
    {
        var trees = new List<Tree>(leaves);
        while (trees.Count > 1)
        {
            Tree? best = null;
            var isBestJoined = false;
            foreach (var left in trees)
            {
                foreach (var right in trees.Where(t => !ReferenceEquals(t, left)))
                {
                    var isJoined = conditions.Exists(c => IsBetween(c, left.Set, right.Set));
                    if (best is null || (isJoined && !isBestJoined) || (isJoined == isBestJoined && CostOfJoin(left, right, conditions).Cost < best.Cost))
                    {
                        (best, isBestJoined) = (Join(left, right, conditions), isJoined);
                    }
                }
            }

            trees.RemoveAll(t => (t.Set & best!.Set) != 0);
            trees.Add(best!);
        }

        return trees[0];
    }

    private static bool IsBetween(Condition condition, ulong left, ulong right)
        => (condition.Set & left) != 0 && (condition.Set & right) != 0 && (condition.Set & ~(left | right)) == 0;

    private Tree Join(Tree left, Tree right, List<Condition> conditions)
    {
        var (rows, cost) = CostOfJoin(left, right, conditions);
        var own = conditions.Where(c => IsOwn(c, left.Set, right.Set)).Select(c => c.Expression);
        return new Tree(new LogicalJoin(JoinKind.Inner, left.Plan, right.Plan, [.. own]), left.Set | right.Set, rows, cost);
    }

    /// <summary>Whether this is the lowest join that has all columns of the condition. One without columns stands at every join of two relations, which does no harm.</summary>
    private static bool IsOwn(Condition condition, ulong left, ulong right)
        => (condition.Set & ~(left | right)) == 0 && ((condition.Set & ~left) != 0 || condition.Set == 0) && ((condition.Set & ~right) != 0 || condition.Set == 0);

    private (double Rows, double Cost) CostOfJoin(Tree left, Tree right, List<Condition> conditions)
    {
        var rows = left.Rows * right.Rows;
        var hasKey = false;
        foreach (var condition in conditions)
        {
            if (IsOwn(condition, left.Set, right.Set))
            {
                rows *= condition.Fraction;
                hasKey |= condition.Expression is BoundCall { Function.Name: "=" };
            }
        }

        rows = Math.Max(1, rows);
        var build = right.Cost + (right.Rows * BuildCost);
        var probe = hasKey ? left.Rows * ProbeCost : left.Rows * right.Rows * ProbeCost;
        if (hasKey && right.Plan is LogicalScan scan && HasIndexOn(scan, left.Set, right.Set, conditions))
        {
            // Rows are fetched before the scan's own filters test them.
            var fetched = rows * cardinality.RowsOf(scan.Table) / right.Rows;
            build = Math.Min(build, (left.Rows + fetched) * FetchCost);
        }

        return (rows, left.Cost + build + probe + (rows * OutputCost));
    }

    private static bool HasIndexOn(LogicalScan scan, ulong left, ulong right, List<Condition> conditions)
        => conditions.Exists(c => IsBetween(c, left, right) && c.Expression is BoundCall { Function.Name: "=", Arguments: [var a, var b] } && (Begins(scan, a) || Begins(scan, b)));

    private static bool Begins(LogicalScan scan, BoundExpression expression)
    {
        expression = expression is BoundCast cast ? cast.Operand : expression;
        return expression is BoundColumn column && scan.TableColumns.FirstOrDefault(c => c.Id == column.Ordinal)?.Definition is { } definition
            && scan.Table.Indexes.Any(i => i.FilterSql is null && i.Method is (null or "btree" or "hash") && i.Columns[0].Column == definition.Id);
    }
}
