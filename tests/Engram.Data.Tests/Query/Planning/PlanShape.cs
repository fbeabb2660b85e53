using System.Collections.Immutable;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Tests.Query.Planning;

/// <summary>Writes a plan as one line of nested nodes, so that a test can state the whole of it.</summary>
internal static class PlanShape
{
    public static string Of(Plan plan) => plan switch
    {
        ScanPlan p => $"scan({p.Table.Name}: {Columns(p.Output)}{Filter(p.Filter)}{Bounds(p.Bounds.Select(b => $"{b.Column} {b.Comparison} {Of(b.Value)}"))})",
        IndexProbePlan p => $"probe({p.Index.Name} [{string.Join("; ", p.Keys.Select(k => Of(k)))}]: {Columns(p.Output)}{Filter(p.Filter)})",
        IndexScanPlan p => $"index({p.Index.Name}{Keys(p)} else {Of(p.Otherwise)})",
        KeyedScanPlan p => $"keyed({p.Index.Name} {string.Join(" ", p.Keys)} else {Of(p.Otherwise)})",
        VectorTopKPlan p => $"topk({p.Table.Name}.{p.VectorColumn} {p.Metric} {Of(p.Query)}{(p.Order == SearchOrder.RowId ? "" : $" limit {Of(p.Limit)}")}{Optional(" offset ", p.Offset)}"
            + $"{(p.Order == SearchOrder.WithTies ? " ties" : "")}{string.Concat(p.Conditions.Select(c => $" within {c.Form} {c.Comparison} {Of(c.Value)}"))}: {Columns(p.Output)}"
            + $"{(p.OutputDistance ? " +distance" : "")}{Filter(p.Filter)}{Bounds(p.Bounds.Select(b => $"{b.Column} {b.Comparison} {Of(b.Value)}"))})",
        WindowPlan p => $"window({Of(p.Input)})",
        FilterPlan p => $"filter({Of(p.Predicate)} {Of(p.Input)})",
        ProjectPlan p => $"project({string.Join(", ", p.Expressions.Zip(p.Output).Select(e => $"{e.Second.Name}={Of(e.First)}"))} {Of(p.Input)})",
        AggregatePlan p => $"aggregate([{Of(p.Keys)}] [{string.Join(", ", p.Aggregates.Select(Of))}] {Of(p.Input)})",
        DistinctPlan p => $"distinct({Of(p.Input)})",
        SortPlan p => $"sort({string.Join(", ", p.Keys.Select(Of))}{Optional(" limit ", p.Limit)}{Optional(" offset ", p.Offset)} {Of(p.Input)})",
        LimitPlan p => $"limit({Optional("", p.Limit)}{Optional(" offset ", p.Offset)} {Of(p.Input)})",
        JoinPlan p => $"{p.Kind.ToString().ToLowerInvariant()}({string.Join(", ", p.LeftKeys.Zip(p.RightKeys).Select(k => $"{Of(k.First)}={Of(k.Second)}"))}"
            + $"{Optional(" where ", p.Residual)} {Of(p.Left)} {Of(p.Right)})",
        ApplyPlan p => $"apply-{p.Kind.ToString().ToLowerInvariant()}({Slots(p.Outer)} {Of(p.Left)} {Of(p.Right)})",
        ValuesPlan p => $"values({string.Join("; ", p.Rows.Select(r => Of(r)))})",
        UnionAllPlan p => $"union({string.Join(" ", p.Inputs.Select(Of))})",
        InsertPlan p => $"insert({p.Table.Name} {string.Join(", ", p.Columns.Select(Of))}{Checks(p.Checks)}{Returning(p.Returning)} {Of(p.Source)})",
        UpdatePlan p => $"update({p.Table.Name} {string.Join(", ", p.Set.Select(s => $"{s.Column}={Of(s.Value)}"))}{string.Concat(p.Computed.Select(c => $" then {c.Column}={Of(c.Value)}"))}{Checks(p.Checks)}{Returning(p.Returning)} {Of(p.Source)})",
        DeletePlan p => $"delete({p.Table.Name}{Returning(p.Returning)} {Of(p.Source)})",
        ExplainPlan p => $"explain({(p.IsAnalyze ? "analyze " : "")}{Of(p.Inner)})",
        DdlPlan p => $"ddl({p.Statement.GetType().Name})",
        SessionPlan p => $"session({p.Statement.GetType().Name})",
        _ => throw new InvalidOperationException(plan.GetType().Name),
    };

    private static string Keys(IndexScanPlan p)
        => string.Concat(p.Equal.Select(e => e.Values.IsEmpty ? " null" : $" {(e.IsArray ? "any " : "")}={string.Join("|", e.Values.Select(Of))}"))
            + (p.From is { } from ? $" >{(from.IsInclusive ? "=" : "")}{Of(from.Value)}" : "")
            + (p.To is { } to ? $" <{(to.IsInclusive ? "=" : "")}{Of(to.Value)}" : "")
            + (p.Start is { } start ? $" {(start.IsPattern ? "like" : "starts")} {Of(start.Value)}" : "")
            + (p.Order is { } order ? $" {(order.IsDescending ? "last" : "first")} {Of(order.Limit)}{Optional("+", order.Offset)} by {order.Parts}" : "");

    public static string Of(BoundExpression expression) => expression switch
    {
        BoundConstant e => e.Value switch
        {
            null => "null",
            string s => $"'{s}'",
            bool b => b ? "true" : "false",
            Array a => $"[{string.Join(" ", a.Cast<object?>())}]",
            IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
            _ => e.Value.ToString()!,
        } + (e.Type.Kind is Data.Columns.TypeKind.Int32 or Data.Columns.TypeKind.Text or Data.Columns.TypeKind.Boolean ? "" : ":" + e.Type),
        BoundParameter e => $"${e.Index}:{e.Type}",
        BoundColumn e => $"{e.Name}#{e.Ordinal}",
        BoundSlot e => $"slot{e.Slot}",
        BoundCall e => $"{e.Function.Name}({Of(e.Arguments)})",
        BoundCast e => $"{Of(e.Operand)}::{e.Type}{(e.IsExplicit ? "!" : "")}",
        BoundLogical e => $"{(e.IsAnd ? "and" : "or")}({Of(e.Operands)})",
        BoundNot e => $"not({Of(e.Operand)})",
        BoundIsNull e => $"{(e.IsNegated ? "is-not-null" : "is-null")}({Of(e.Operand)})",
        BoundIsDistinct e => $"{(e.IsNegated ? "same" : "distinct")}({Of(e.Left)}, {Of(e.Right)})",
        BoundCase e => $"case({string.Join(", ", e.Branches.Select(b => $"{Of(b.Condition)}: {Of(b.Result)}"))} else {Of(e.Otherwise)})",
        BoundCoalesce e => $"coalesce({Of(e.Operands)})",
        BoundInList e => $"{(e.IsNegated ? "not-in" : "in")}({Of(e.Operand)} [{Of(e.Items)}])",
        BoundSubquery e => $"{(e.IsNegated ? "not-" : "")}{e.Kind.ToString().ToLowerInvariant()}-query({Optional("", e.Left)}{Slots(e.Outer)} {Of(e.Plan)})",
        _ => throw new InvalidOperationException(expression.GetType().Name),
    };

    private static string Of(IEnumerable<BoundExpression> expressions) => string.Join(", ", expressions.Select(Of));

    private static string Of(SortKey key) => Of(key.Expression) + (key.IsDescending ? " desc" : "") + (key.NullsFirst == key.IsDescending ? (key.NullsFirst ? " nulls-first" : " nulls-last") : "");

    private static string Of(BoundAggregate aggregate)
        => $"{aggregate.Function.Name}({(aggregate.IsDistinct ? "distinct " : "")}{Of(aggregate.Arguments)}{string.Concat(aggregate.OrderBy.Select(k => " by " + Of(k)))}{Optional(" filter ", aggregate.Filter)})";

    private static string Of(InsertColumn column) => column.Kind switch
    {
        InsertValue.Source => $"#{column.Ordinal}",
        InsertValue.Identity => "identity",
        _ => Of(column.Expression!),
    };

    private static string Columns(ImmutableArray<PlanColumn> columns) => string.Join(" ", columns.Select(c => c.Name));

    private static string Filter(BoundExpression? filter) => Optional(" where ", filter);

    private static string Optional(string word, BoundExpression? expression) => expression == null ? "" : word + Of(expression);

    private static string Bounds(IEnumerable<string> bounds) => bounds.Any() ? $" bounds {string.Join(", ", bounds)}" : "";

    private static string Slots(ImmutableArray<(BoundExpression Value, int Slot)> outer) => outer.IsEmpty ? "" : $"{{{string.Join(", ", outer.Select(o => $"slot{o.Slot}={Of(o.Value)}"))}}}";

    private static string Checks(ImmutableArray<BoundExpression> checks) => checks.IsEmpty ? "" : $" check {Of(checks)}";

    private static string Returning(ImmutableArray<BoundExpression> returning) => returning.IsEmpty ? "" : $" returning {Of(returning)}";
}
