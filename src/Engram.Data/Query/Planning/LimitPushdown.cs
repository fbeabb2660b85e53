using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Planning;

/// <summary>Moves LIMIT into the inputs of UNION ALL: no more rows of one input come out than are asked for of all. So each may end early, or read an index in order.</summary>
/// <remarks>The limit above stays. Sorts are stable and inputs come in their order, so ties end as they would without.</remarks>
internal static class LimitPushdown
{
    public static LogicalPlan Apply(LogicalPlan plan)
    {
        Recursion.Check();
        var moved = plan switch
        {
            LogicalLimit { Limit: { } limit, Input: LogicalUnionAll union } p when CountOf(limit, p.Offset) is { } count
                => p with { Input = Into(union, (input, _) => new LogicalLimit(input, count, null)) },
            LogicalSort { Limit: { } limit, Breadth: null, Input: LogicalUnionAll union } p
                when CountOf(limit, p.Offset) is { } count && p.Keys.All(k => ExpressionTree.IsMovable(k.Expression))
                => p with { Input = Into(union, (input, byColumn) => new LogicalSort(input, LogicalTree.Rewrite(p.Keys, e => ExpressionTree.Substitute(e, byColumn)), count, null)) },
            _ => plan,
        };
        return LogicalTree.WithInputs(moved, Apply);
    }

    private static LogicalUnionAll Into(LogicalUnionAll union, Func<LogicalPlan, Dictionary<int, BoundExpression>, LogicalPlan> limit)
        => union with
        {
            Inputs = ImmutableArray.CreateRange(union.Inputs, input =>
            {
                var byColumn = new Dictionary<int, BoundExpression>();
                for (var i = 0; i < union.Results.Length; i++)
                {
                    byColumn[union.Results[i].Id] = input.Columns[i].Reference;
                }

                return limit(input, byColumn);
            }),
        };

    /// <summary>Limit and offset together; null when that is not known.</summary>
    private static BoundExpression? CountOf(BoundExpression limit, BoundExpression? offset) => (limit, offset) switch
    {
        (BoundConstant { Value: null }, _) => null,
        (BoundConstant or ParameterReference, null or BoundConstant { Value: null }) => limit,
        (BoundConstant { Value: long count and >= 0 }, BoundConstant { Value: long skipped and >= 0 }) when count <= long.MaxValue - skipped => new BoundConstant(DataType.Int64, count + skipped),
        _ => null,
    };
}
