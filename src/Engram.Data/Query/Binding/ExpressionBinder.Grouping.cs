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
}
