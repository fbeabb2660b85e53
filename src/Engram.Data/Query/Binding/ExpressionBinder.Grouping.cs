using System.Collections.Immutable;
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

    /// <summary><c>percentile_cont(f) WITHIN GROUP (ORDER BY x)</c>: an aggregate of x and f over rows that come in the order of x.</summary>
    private BoundColumn BindOverOrder(string name, FunctionCallSyntax syntax)
    {
        if (!IsOverOrder(name))
        {
            throw Error.NotSupported($"{name} with WITHIN GROUP (it stands after percentile_cont, percentile_disc and mode)", syntax.Position + 1);
        }

        if (syntax.WithinGroup.Count != 1)
        {
            throw Error.WrongKindOfFunction($"{name} is computed over an order: write {name}(…) WITHIN GROUP (ORDER BY value).", syntax.Position);
        }

        if (syntax.IsStar || syntax.IsDistinct || syntax.OrderBy.Count > 0)
        {
            throw Error.SyntaxRule("*, DISTINCT and ORDER BY do not stand in a call with WITHIN GROUP.", syntax.Position);
        }

        var inner = new ExpressionBinder(statement, scope, $"the arguments of {name}");
        var item = syntax.WithinGroup[0];
        var value = inner.BindValue(item.Expression);
        // A fraction is one value for all rows, so it cannot be read from them.
        var outside = new ExpressionBinder(statement, null, $"the fraction of {name}");
        var resolved = Resolve(name, FunctionKind.Aggregate, [value, .. syntax.Arguments.Select(outside.Bind)], syntax.Position, isOperator: false);
        var filter = syntax.Filter == null ? null : inner.BindCondition(syntax.Filter, "the condition of FILTER");
        return Collect(new BoundAggregate(resolved.Type, resolved.Function, resolved.Arguments, false, filter, [statement.SortKeyOf(value, item)]), syntax.Position);
    }
}
