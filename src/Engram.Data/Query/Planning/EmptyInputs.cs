using System.Collections.Immutable;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Planning;

/// <summary>Takes out what gives no row because one of its inputs gives none, as after a condition that is never true.</summary>
internal static class EmptyInputs
{
    public static LogicalPlan Apply(LogicalPlan plan)
    {
        Recursion.Check();
        var applied = LogicalTree.WithInputs(plan, Apply);
        return applied switch
        {
            LogicalFilter p when IsEmpty(p.Input) => Empty(plan),
            LogicalProject p when IsEmpty(p.Input) => Empty(plan),
            LogicalSort p when IsEmpty(p.Input) && p.Limit is null && p.Offset is null => Empty(plan),
            LogicalDistinct p when IsEmpty(p.Input) => Empty(plan),
            LogicalWindow p when IsEmpty(p.Input) => Empty(plan),
            LogicalAggregate { Keys.IsEmpty: false } p when IsEmpty(p.Input) => Empty(plan),
            LogicalJoin { Kind: JoinKind.Inner or JoinKind.Semi } p when IsEmpty(p.Left) || IsEmpty(p.Right) => Empty(plan),
            LogicalJoin { Kind: JoinKind.Left or JoinKind.Anti } p when IsEmpty(p.Left) => Empty(plan),
            LogicalJoin { Kind: JoinKind.Anti } p when IsEmpty(p.Right) => p.Left,
            LogicalJoin { Kind: JoinKind.Right } p when IsEmpty(p.Right) => Empty(plan),
            LogicalJoin { Kind: JoinKind.Full } p when IsEmpty(p.Left) && IsEmpty(p.Right) => Empty(plan),
            LogicalUnionAll p when p.Inputs.All(IsEmpty) => Empty(plan),
            LogicalUnionAll p when p.Inputs.Any(IsEmpty) => p with { Inputs = ImmutableArray.CreateRange(p.Inputs.Where(i => !IsEmpty(i))) },
            _ => applied,
        };
    }

    private static bool IsEmpty(LogicalPlan plan) => plan is LogicalValues { Rows.IsEmpty: true };

    private static LogicalValues Empty(LogicalPlan plan) => new(plan.Columns, []);
}
