using System.Collections;
using System.Collections.Immutable;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>Walking, rewriting and comparing bound expressions.</summary>
internal static class ExpressionTree
{
    /// <summary>The operands, in the order in which they are written. A subquery's plan is not among them.</summary>
    public static IEnumerable<BoundExpression> Children(BoundExpression expression) => expression switch
    {
        BoundCall e => e.Arguments,
        BoundCast e => [e.Operand],
        BoundLogical e => e.Operands,
        BoundNot e => [e.Operand],
        BoundIsNull e => [e.Operand],
        BoundIsDistinct e => [e.Left, e.Right],
        BoundCase e => e.Branches.SelectMany(b => new[] { b.Condition, b.Result }).Append(e.Otherwise),
        BoundCoalesce e => e.Operands,
        BoundInList e => e.Items.Prepend(e.Operand),
        GroupingCall e => e.Arguments,
        LogicalSubquery { Left: { } left } => [left],
        _ => [],
    };

    /// <summary>
    /// Rebuilds an expression from the top: where <paramref name="replace"/> gives something, that stands in the place of the node and is not
    /// looked into; else the node's operands are rewritten. The plans of subqueries are rewritten too.
    /// </summary>
    public static BoundExpression Rewrite(BoundExpression expression, Func<BoundExpression, BoundExpression?> replace)
    {
        Recursion.Check();
        if (replace(expression) is { } replacement)
        {
            return replacement;
        }

        // Rows of literals are many, and have nothing below.
        return IsLeaf(expression) ? expression : RewriteOperands(expression, replace);
    }

    private static BoundExpression RewriteOperands(BoundExpression expression, Func<BoundExpression, BoundExpression?> replace)
    {
        BoundExpression Again(BoundExpression e) => Rewrite(e, replace);
        ImmutableArray<BoundExpression> All(ImmutableArray<BoundExpression> list) => RewriteAll(list, replace);
        return expression switch
        {
            BoundCall e => e with { Arguments = All(e.Arguments) },
            BoundCast e => e with { Operand = Again(e.Operand) },
            BoundLogical e => e with { Operands = All(e.Operands) },
            BoundNot e => e with { Operand = Again(e.Operand) },
            BoundIsNull e => e with { Operand = Again(e.Operand) },
            BoundIsDistinct e => e with { Left = Again(e.Left), Right = Again(e.Right) },
            BoundCase e => e with
            {
                Branches = [.. e.Branches.Select(b => (Again(b.Condition), Again(b.Result)))],
                Otherwise = Again(e.Otherwise),
            },
            BoundCoalesce e => e with { Operands = All(e.Operands) },
            BoundInList e => e with { Operand = Again(e.Operand), Items = All(e.Items) },
            LogicalSubquery e => e with { Left = e.Left == null ? null : Again(e.Left), Plan = LogicalTree.RewriteExpressions(e.Plan, Again) },
            _ => expression,
        };
    }

    public static ImmutableArray<BoundExpression> RewriteAll(ImmutableArray<BoundExpression> expressions, Func<BoundExpression, BoundExpression?> replace)
        => RewriteEach(expressions, replace, Rewrite);

    /// <summary>The same list, when every expression stays the same.</summary>
    public static ImmutableArray<BoundExpression> RewriteEach(ImmutableArray<BoundExpression> expressions, Func<BoundExpression, BoundExpression> rewrite)
        => RewriteEach(expressions, rewrite, static (e, rewrite) => rewrite(e));

    private static ImmutableArray<BoundExpression> RewriteEach<TState>(
        ImmutableArray<BoundExpression> expressions, TState state, Func<BoundExpression, TState, BoundExpression> rewrite)
    {
        for (var i = 0; i < expressions.Length; i++)
        {
            var first = rewrite(expressions[i], state);
            if (ReferenceEquals(first, expressions[i]))
            {
                continue;
            }

            var rewritten = expressions.ToBuilder();
            rewritten[i] = first;
            for (var rest = i + 1; rest < expressions.Length; rest++)
            {
                rewritten[rest] = rewrite(expressions[rest], state);
            }

            return rewritten.MoveToImmutable();
        }

        return expressions;
    }

    /// <summary>Puts expressions in the place of the columns that stand for them.</summary>
    public static BoundExpression Substitute(BoundExpression expression, IReadOnlyDictionary<int, BoundExpression> byColumn)
        => Rewrite(expression, e => e is BoundColumn column && byColumn.TryGetValue(column.Ordinal, out var replacement) ? replacement : null);

    /// <summary>Adds the ids of all columns that the expression reads, those that its subqueries read from outside included.</summary>
    public static void CollectColumns(BoundExpression expression, HashSet<int> ids)
    {
        Recursion.Check();
        switch (expression)
        {
            case BoundColumn column:
                ids.Add(column.Ordinal);
                return;
            case LogicalSubquery subquery:
                ids.UnionWith(LogicalTree.FreeColumns(subquery.Plan));
                break;
        }

        foreach (var child in Children(expression))
        {
            CollectColumns(child, ids);
        }
    }

    public static HashSet<int> ColumnsOf(BoundExpression expression)
    {
        var ids = new HashSet<int>();
        CollectColumns(expression, ids);
        return ids;
    }

    public static bool Any(BoundExpression expression, Func<BoundExpression, bool> predicate)
    {
        if (predicate(expression))
        {
            return true;
        }

        if (!IsLeaf(expression))
        {
            foreach (var child in Children(expression))
            {
                if (Any(child, predicate))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Whether it is a value that stands for itself, with no operand.</summary>
    public static bool IsLeaf(BoundExpression expression) => expression is BoundConstant or BoundColumn or ParameterReference or BoundParameter or BoundSlot;

    /// <summary>Whether the value may be computed anywhere, any number of times: no volatile function and no subquery.</summary>
    public static bool IsMovable(BoundExpression expression)
        => !Any(expression, e => e is LogicalSubquery or BoundSubquery || e is BoundCall { Function.Volatility: Volatility.Volatile });

    /// <summary>Whether two expressions compute the same from the same row: the same tree, subqueries being equal only to themselves.</summary>
    public static bool AreSame(BoundExpression? a, BoundExpression? b)
    {
        if (ReferenceEquals(a, b))
        {
            return true;
        }

        if (a == null || b == null || a.GetType() != b.GetType() || a.Type != b.Type)
        {
            return false;
        }

        var isSameNode = (a, b) switch
        {
            // Arrays and bytea are CLR arrays.
            (BoundConstant x, BoundConstant y) => StructuralComparisons.StructuralEqualityComparer.Equals(x.Value, y.Value),
            (BoundColumn x, BoundColumn y) => x.Ordinal == y.Ordinal,
            (ParameterReference x, ParameterReference y) => x.Name == y.Name,
            (BoundParameter x, BoundParameter y) => x.Index == y.Index,
            (BoundSlot x, BoundSlot y) => x.Slot == y.Slot,
            (BoundCall x, BoundCall y) => ReferenceEquals(x.Function, y.Function),
            (BoundCast x, BoundCast y) => x.IsExplicit == y.IsExplicit,
            (BoundLogical x, BoundLogical y) => x.IsAnd == y.IsAnd,
            (BoundIsNull x, BoundIsNull y) => x.IsNegated == y.IsNegated,
            (BoundIsDistinct x, BoundIsDistinct y) => x.IsNegated == y.IsNegated,
            (BoundInList x, BoundInList y) => x.IsNegated == y.IsNegated,
            (LogicalSubquery or BoundSubquery, _) => false,
            _ => true,
        };
        return isSameNode && Children(a).SequenceEqual(Children(b), SameComparer.Instance);
    }

    /// <summary>Splits nested ANDs into their operands.</summary>
    public static ImmutableArray<BoundExpression> Conjuncts(BoundExpression expression)
        => expression is BoundLogical { IsAnd: true } and ? [.. and.Operands.SelectMany(o => Conjuncts(o))] : [expression];

    public static BoundExpression? And(IReadOnlyList<BoundExpression> conjuncts) => conjuncts.Count switch
    {
        0 => null,
        1 => conjuncts[0],
        _ => new BoundLogical(true, [.. conjuncts]),
    };

    /// <summary><see cref="AreSame"/> as a comparer.</summary>
    public sealed class SameComparer : IEqualityComparer<BoundExpression>
    {
        public static readonly SameComparer Instance = new();

        public bool Equals(BoundExpression? a, BoundExpression? b) => AreSame(a, b);

        public int GetHashCode(BoundExpression expression) => HashCode.Combine(expression.GetType(), expression.Type);
    }
}
