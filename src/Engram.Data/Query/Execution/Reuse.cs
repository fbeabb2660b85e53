using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution;

/// <summary>Which plans keep their operators from one execution to the next.</summary>
/// <remarks>
/// Making operators costs a point query more than running them, in time and in memory. But what an evaluator was made from (parameters, the time, the snapshot) may be anywhere in it: a set of
/// constants, a compiled pattern, a value of now(). So only plans that consist of what is listed here are kept: lookups of keys, with columns, parameters, constants and comparisons around them, which look at
/// their parameters anew for each batch.
/// </remarks>
internal static class Reuse
{
    public static bool IsPossible(Plan plan) => plan switch
    {
        IndexProbePlan probe => probe.Keys.All(k => k.All(IsSimple)) && (probe.Filter is null || IsSimple(probe.Filter)),
        ProjectPlan project => project.Expressions.All(IsSimple) && IsPossible(project.Input),
        FilterPlan filter => IsSimple(filter.Predicate) && IsPossible(filter.Input),
        LimitPlan limit => IsPossible(limit.Input) && (limit.Limit is null || IsSimple(limit.Limit)) && (limit.Offset is null || IsSimple(limit.Offset)),
        _ => false,
    };

    private static bool IsSimple(BoundExpression expression) => expression switch
    {
        BoundColumn or BoundConstant or BoundParameter => true,
        BoundCall call => call.Function.Name is "=" or "<>" or "<" or "<=" or ">" or ">=" && call.Arguments.All(IsSimple),
        BoundLogical logical => logical.Operands.All(IsSimple),
        BoundNot not => IsSimple(not.Operand),
        BoundIsNull isNull => IsSimple(isNull.Operand),
        BoundCast cast => IsNumber(cast.Type) && IsNumber(cast.Operand.Type) && IsSimple(cast.Operand),
        _ => false,
    };

    private static bool IsNumber(Columns.DataType type) => type.Kind is >= Columns.TypeKind.Int8 and <= Columns.TypeKind.Decimal;
}
