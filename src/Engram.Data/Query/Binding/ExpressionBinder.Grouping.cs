using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Planning;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>What is said of groups beside plain aggregates.</summary>
internal sealed partial class ExpressionBinder
{
    private const int GroupingArgumentsMax = 31;

    /// <summary>grouping(a, b): one bit for each key, the first the highest, set where the row's grouping set leaves the key out.</summary>
    private GroupingCall BindGrouping(FunctionCallSyntax syntax)
    {
        if (Aggregates == null)
        {
            throw Error.AggregateNotAllowed(clause, syntax.Position);
        }

        if (syntax.Arguments.Count > GroupingArgumentsMax)
        {
            throw Error.TooManyGroupingArguments(GroupingArgumentsMax, syntax.Position);
        }

        Aggregates.HasGrouping = true;
        var inner = new ExpressionBinder(statement, scope, "the arguments of grouping");
        return new GroupingCall([.. syntax.Arguments.Select(inner.BindValue)], syntax.Position);
    }

    /// <summary>Whether a name is that of an aggregate that is written with WITHIN GROUP.</summary>
    private static bool IsOverOrder(string name) => name is "percentile_cont" or "percentile_disc" or "mode";

    /// <summary>Whether a name is that of a window function that, written with WITHIN GROUP, says where a row would stand that is not there.</summary>
    private static bool IsHypothetical(string name) => name is "rank" or "dense_rank" or "percent_rank" or "cume_dist";

    /// <summary><c>percentile_cont(f) WITHIN GROUP (ORDER BY x)</c>: an aggregate of x and f over rows that come in the order of x.</summary>
    private BoundExpression BindOverOrder(string name, FunctionCallSyntax syntax)
    {
        if (syntax.IsStar || syntax.IsDistinct || syntax.OrderBy.Count > 0)
        {
            throw Error.SyntaxRule("*, DISTINCT and ORDER BY do not stand in a call with WITHIN GROUP.", syntax.Position);
        }

        if (IsHypothetical(name))
        {
            return BindHypothetical(name, syntax);
        }

        if (!IsOverOrder(name))
        {
            throw Error.NotSupported($"{name} with WITHIN GROUP (it stands after percentile_cont, percentile_disc, mode, rank, dense_rank, percent_rank and cume_dist)", syntax.Position + 1);
        }

        if (syntax.WithinGroup.Count != 1)
        {
            throw Error.WrongKindOfFunction($"{name} is computed over an order: write {name}(…) WITHIN GROUP (ORDER BY value).", syntax.Position);
        }

        // Of several fractions: an array of what each gives.
        if (syntax.Arguments is [ArraySyntax { Items.Count: > 0 } fractions])
        {
            var each = fractions.Items.Select(f => (BindOverOrder(name, syntax with { Arguments = [f] }), f.Position));
            return Call("array", Unify([.. each], "ARRAY"), syntax.Position);
        }

        var inner = new ExpressionBinder(statement, scope, $"the arguments of {name}");
        var item = syntax.WithinGroup[0];
        var value = inner.BindValue(item.Expression);
        // A fraction is one value for all rows, so it cannot be read from them.
        var outside = new ExpressionBinder(statement, null, $"the fraction of {name}");
        var given = syntax.Arguments.Select(outside.Bind).ToList();
        if (given is [{ Type.Kind: TypeKind.Array }])
        {
            throw Error.NotSupported($"{name} of an array that is not written as ARRAY[…]", syntax.Position + 1);
        }

        var resolved = Resolve(name, FunctionKind.Aggregate, [value, .. given], syntax.Position, isOperator: false);
        var filter = syntax.Filter == null ? null : inner.BindCondition(syntax.Filter, "the condition of FILTER");
        return Collect(new BoundAggregate(resolved.Type, resolved.Function, resolved.Arguments, false, filter, [statement.SortKeyOf(value, item)]), syntax.Position);
    }

    /// <summary><c>rank(3) WITHIN GROUP (ORDER BY x)</c>: where a row with these values would stand in the order, counted from the rows that come before it.</summary>
    private BoundExpression BindHypothetical(string name, FunctionCallSyntax syntax)
    {
        if (syntax.Arguments.Count != syntax.WithinGroup.Count)
        {
            throw Error.UndefinedFunction($"{name} of {syntax.Arguments.Count} values WITHIN GROUP of {syntax.WithinGroup.Count} keys", null, syntax.Position);
        }

        if (name == "dense_rank" && syntax.WithinGroup.Count > 1)
        {
            throw Error.NotSupported("dense_rank WITHIN GROUP of several keys", syntax.Position + 1);
        }

        var inner = new ExpressionBinder(statement, scope, $"the arguments of {name}");
        var outside = new ExpressionBinder(statement, null, $"the arguments of {name}");
        var filter = syntax.Filter == null ? null : inner.BindCondition(syntax.Filter, "the condition of FILTER");
        var keys = syntax.WithinGroup.Zip(syntax.Arguments, (item, argument) =>
        {
            var both = Unify([(inner.Bind(item.Expression), item.Position), (outside.Bind(argument), argument.Position)], name);
            return (Key: statement.SortKeyOf(both[0], item), Given: both[1]);
        }).ToArray();

        // From the last key on: a row comes before when it does by a key and is equal in all before that.
        BoundExpression before = new BoundConstant(DataType.Boolean, name == "cume_dist");
        foreach (var (key, given) in keys.Reverse())
        {
            var (value, first) = (key.Expression, new BoundConstant(DataType.Boolean, key.NullsFirst));
            var last = new BoundConstant(DataType.Boolean, !key.NullsFirst);
            before = new BoundCase(
                DataType.Boolean,
                [
                    // What stands before is there once: as often as it stood here, the tree would double with each key.
                    (new BoundLogical(false, [new BoundLogical(true, [new BoundIsNull(value, false), new BoundIsNull(given, false)]), AreEqual(value, given, syntax.Position)]), before),
                    (new BoundIsNull(value, false), first),
                    (new BoundIsNull(given, false), last),
                    (Operate(key.IsDescending ? ">" : "<", value, given), new BoundConstant(DataType.Boolean, true)),
                ],
                new BoundConstant(DataType.Boolean, false));
        }

        var one = new BoundConstant(DataType.Int64, 1L);
        BoundExpression Count(BoundExpression? condition, BoundExpression? distinct)
        {
            var all = ExpressionTree.And([.. new[] { filter, condition }.OfType<BoundExpression>()]);
            var resolved = Resolve("count", FunctionKind.Aggregate, distinct is null ? [] : [distinct], syntax.Position, isOperator: false);
            return Collect(new BoundAggregate(resolved.Type, resolved.Function, resolved.Arguments, distinct is not null, all, []), syntax.Position);
        }

        switch (name)
        {
            case "rank":
                return Operate("+", Count(before, null), one);
            case "dense_rank":
                // count(DISTINCT) leaves NULLs out, which are one group more where they come before.
                var value = keys[0].Key.Expression;
                var nulls = Count(new BoundLogical(true, [before, new BoundIsNull(value, false)]), null);
                BoundExpression group = new BoundCase(DataType.Int64, [(Operate(">", nulls, new BoundConstant(DataType.Int64, 0L)), one)], new BoundConstant(DataType.Int64, 0L));
                return Operate("+", Operate("+", Count(before, value), group), one);
            default:
                var (part, whole) = (Count(before, null), Count(null, null));
                var isPercent = name == "percent_rank";
                BoundExpression Number(BoundExpression count) => Coercion.Convert(isPercent ? count : Operate("+", count, one), DataType.Double, true);
                var fraction = Operate("/", Number(part), Number(whole));
                return isPercent ? new BoundCase(DataType.Double, [(AreEqual(whole, new BoundConstant(DataType.Int64, 0L)), new BoundConstant(DataType.Double, 0.0))], fraction) : fraction;
        }
    }
}
