using System.Globalization;
using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Explaining;

/// <summary>A plan as indented lines: a line for each node, below it its conditions, then its inputs.</summary>
internal sealed class PlanPrinter(IReadOnlyDictionary<Plan, OperatorMeasure>? measures)
{
    private readonly List<string> lines = [];

    /// <param name="plan">What to print.</param>
    /// <param name="measures">What each node did when it ran; null when it did not.</param>
    public static IReadOnlyList<string> Print(Plan plan, IReadOnlyDictionary<Plan, OperatorMeasure>? measures)
    {
        var printer = new PlanPrinter(measures);
        printer.Add(plan, 0);
        return printer.lines;
    }

    private void Add(Plan plan, int depth)
    {
        var expected = plan.RowsExpected is { } rows ? "expected=" + Math.Round(rows).ToString(CultureInfo.InvariantCulture) : null;
        AddLine(depth, Title(plan) + (measures is null ? expected is null ? "" : $"  ({expected})"
            : measures.GetValueOrDefault(plan) is { } measure ? $"  ({(expected is null ? "" : expected + " ")}{measure})"
            : "  (not run)"));
        foreach (var (label, text) in Details(plan))
        {
            AddLine(depth + 1, $"{label}: {text}");
        }

        foreach (var subquery in PlanWalker.Expressions(plan).SelectMany(Subqueries))
        {
            AddLine(depth + 1, subquery.Outer.IsEmpty ? "subplan, run once" : $"subplan, run for each row with {ExpressionPrinter.List(subquery.Outer.Select(o => o.Value))}");
            Add(subquery.Plan, depth + 2);
        }

        if (plan is KeyedScanPlan)
        {
            AddLine(depth + 1, "or, when the keys of the join's left side are more than a small part of the table:");
        }
        else if (plan is IndexScanPlan)
        {
            AddLine(depth + 1, "or, when that is more than a small part of the table:");
        }

        foreach (var input in PlanWalker.Inputs(plan))
        {
            Add(input, depth + 1);
        }
    }

    private static string Title(Plan plan) => plan switch
    {
        ScanPlan p => $"Scan on {Name(p.Table)}",
        IndexProbePlan p => $"Index probe of {ExpressionPrinter.Name(p.Index.Name)} on {Name(p.Table)}",
        IndexScanPlan p => $"Index scan of {ExpressionPrinter.Name(p.Index.Name)} on {Name(p.Table)}",
        KeyedScanPlan p => $"Index join lookup of {ExpressionPrinter.Name(p.Index.Name)} on {Name(p.Table)}",
        VectorTopKPlan p => $"{(p.Order == SearchOrder.RowId ? "Vector range" : "Vector top-k")} on {Name(p.Table)}",
        FilterPlan => "Filter",
        ProjectPlan => "Project",
        AggregatePlan p => p.Keys.IsEmpty ? "Aggregate" : "Hash aggregate",
        DistinctPlan => "Distinct",
        SortPlan p => p.Limit is null ? "Sort" : "Top-n sort",
        LimitPlan => "Limit",
        JoinPlan p => $"{(p.LeftKeys.IsEmpty ? "Nested-loop" : p.KeySource is null ? "Hash" : "Index or hash")} {p.Kind.ToString().ToLowerInvariant()} join",
        ApplyPlan p => $"Apply ({p.Kind.ToString().ToLowerInvariant()})",
        ValuesPlan p => $"Values ({p.Rows.Length.ToString(CultureInfo.InvariantCulture)} rows)",
        RecursivePlan p => p.IsDistinct ? "Recursive union" : "Recursive union all",
        WorkingTablePlan => "Rows of the step before, or of RETURNING",
        ChangesPlan => "Changes in WITH, then the statement",
        WindowPlan => "Window",
        TableFunctionPlan p => $"Rows of {string.Join(", ", p.Calls.Select(c => ExpressionPrinter.Name(c.Function.Name)))}",
        SystemScanPlan p => $"Scan on {(p.Table.Schema is { } schema ? schema + "." : "")}{p.Table.Name}",
        UnionAllPlan => "Union all",
        InsertPlan p => $"Insert into {Name(p.Table)}",
        UpdatePlan p => $"Update {Name(p.Table)}",
        DeletePlan p => $"Delete from {Name(p.Table)}",
        MergePlan p => $"Merge into {Name(p.Table)}",
        PushedPlan => "Rows of the join",
        _ => plan.GetType().Name.Replace("Plan", "", StringComparison.Ordinal),
    };

    private static (string Label, string Text)[] Details(Plan plan)
    {
        switch (plan)
        {
            case ScanPlan p:
                return [.. Optional("filter", p.Filter), .. Zones(p.Table, p.Bounds), ("reads", Columns(p.Table, p.Columns))];
            case IndexProbePlan p:
                return [("keys", string.Join("; ", p.Keys.Take(4).Select(k => ExpressionPrinter.List(k))) + (p.Keys.Length > 4 ? $"; … {p.Keys.Length} in all" : "")), .. Optional("filter", p.Filter)];
            case IndexScanPlan p:
                return [.. KeysOf(p), .. OrderOf(p), .. Optional("filter", p.Filter)];
            case KeyedScanPlan p:
                return [("keys", string.Join(", ", p.Keys.Select((_, i) => ExpressionPrinter.Name(p.Table.FindColumn(p.Index.Columns[i].Column)!.Name))) + " from the left side of the join"), .. Optional("filter", p.Filter)];
            case VectorTopKPlan p:
                return
                [
                    ("nearest", $"{ExpressionPrinter.Name(p.Table.FindColumn(p.VectorColumn)!.Name)} to {ExpressionPrinter.Print(p.Query)} by {MetricName(p.Metric)}"),
                    .. p.Order == SearchOrder.RowId ? Array.Empty<(string, string)>()
                        : [("limit", ExpressionPrinter.Print(p.Limit) + (p.Offset is { } offset ? $" offset {ExpressionPrinter.Print(offset)}" : "") + (p.Order == SearchOrder.WithTies ? " and ties" : ""))],
                    .. p.Graph is null ? Array.Empty<(string, string)>() : [("approximate", $"{ExpressionPrinter.Name(p.Graph.Index.Name)} with breadth {(p.Graph.Breadth is BoundConstant { Value: null } ? "hnsw.ef_search" : ExpressionPrinter.Print(p.Graph.Breadth))}")],
                    .. p.Conditions.IsEmpty ? Array.Empty<(string, string)>() : [("within", string.Join(" AND ", p.Conditions.Select(Condition)))],
                    .. Optional("filter", p.Filter), .. Zones(p.Table, p.Bounds),
                ];
            case FilterPlan p: return Optional("filter", p.Predicate);
            case ProjectPlan p: return [("columns", ExpressionPrinter.List(p.Expressions))];
            case AggregatePlan p:
                return [.. p.Keys.IsEmpty ? Array.Empty<(string, string)>() : [("group by", ExpressionPrinter.List(p.Keys))], ("aggregates", string.Join(", ", p.Aggregates.Select(ExpressionPrinter.Print)))];
            case SortPlan p: return [("by", string.Join(", ", p.Keys.Select(ExpressionPrinter.Print))), .. Optional("limit", p.Limit), .. Optional("offset", p.Offset)];
            case WindowPlan p:
                return
                [
                    .. p.PartitionBy.IsEmpty ? Array.Empty<(string, string)>() : [("partition by", ExpressionPrinter.List(p.PartitionBy))],
                    .. p.OrderBy.IsEmpty ? Array.Empty<(string, string)>() : [("order by", string.Join(", ", p.OrderBy.Select(ExpressionPrinter.Print)))],
                    ("calls", string.Join(", ", p.Calls.Select(c => $"{c.Function.Name}({ExpressionPrinter.List(c.Arguments)})"))),
                ];
            case TableFunctionPlan p:
                return [.. p.Calls.Where(c => c.Arguments.Length > 0).Select(c => ("arguments", ExpressionPrinter.List(c.Arguments)))];
            case LimitPlan p: return [.. Optional("limit", p.Limit), .. Optional("offset", p.Offset)];
            case JoinPlan p:
                var keys = p.LeftKeys.Zip(p.RightKeys).Select(k => $"{ExpressionPrinter.Print(k.First)} = {ExpressionPrinter.Print(k.Second)}");
                return [.. p.LeftKeys.IsEmpty ? Array.Empty<(string, string)>() : [("on", string.Join(" AND ", keys))], .. Optional("and", p.Residual)];
            case InsertPlan { Conflict: { } conflict } p:
                return
                [
                    ("on conflict in", string.Join(", ", conflict.Indexes.Select(i => ExpressionPrinter.Name(i.Name)))),
                    .. conflict.Set.IsEmpty ? [("do", "nothing")] : SetOf(p.Table, conflict.Set.AddRange(conflict.Computed)), .. Optional("where", conflict.Condition),
                ];
            case MergePlan p:
                return [("action", ExpressionPrinter.Print(p.Choice))];
            case UpdatePlan p:
                return SetOf(p.Table, p.Set.AddRange(p.Computed));
            default: return [];
        }
    }

    private static (string, string)[] SetOf(TableDefinition table, ImmutableArray<(ColumnId Column, BoundExpression Value)> set)
        => [("set", string.Join(", ", set.Select(s => $"{ExpressionPrinter.Name(table.FindColumn(s.Column)!.Name)} = {ExpressionPrinter.Print(s.Value)}")))];

    private static (string, string)[] KeysOf(IndexScanPlan plan)
    {
        string NameOf(int part) => ExpressionPrinter.Name(plan.Table.FindColumn(plan.Index.Columns[part].Column)!.Name);
        var conditions = plan.Equal.Select((e, i) => NameOf(i) + (e.Values.IsEmpty ? " IS NULL"
            : e.IsArray ? $" = ANY ({ExpressionPrinter.Print(e.Values[0])})"
            : e.Values.Length == 1 ? $" = {ExpressionPrinter.Print(e.Values[0])}"
            : $" IN ({ExpressionPrinter.List(e.Values.Take(4))}{(e.Values.Length > 4 ? $", … {e.Values.Length} in all" : "")})")).ToList();
        void Add(string symbol, BoundExpression? value)
        {
            if (value is not null)
            {
                conditions.Add($"{NameOf(plan.Equal.Length)} {symbol} {ExpressionPrinter.Print(value)}");
            }
        }

        Add(plan.From is { IsInclusive: true } ? ">=" : ">", plan.From?.Value);
        Add(plan.To is { IsInclusive: true } ? "<=" : "<", plan.To?.Value);
        if (plan is { IsNotNull: true, From: null, To: null, Start: null })
        {
            conditions.Add($"{NameOf(plan.Equal.Length)} IS NOT NULL");
        }

        Add(plan.Start is { IsPattern: true } ? "LIKE" : "starts with", plan.Start?.Value);
        return conditions.Count == 0 ? [] : [("keys", string.Join(" AND ", conditions))];
    }

    private static (string, string)[] OrderOf(IndexScanPlan plan)
        => plan.Order is not { } order ? []
            : [("in order", $"{(order.IsDescending ? "backwards" : "forwards")}, the first {ExpressionPrinter.Print(order.Limit)}"
                + (order.Offset is null ? "" : $" after {ExpressionPrinter.Print(order.Offset)}"))];

    private static (string, string)[] Optional(string label, BoundExpression? expression)
        => expression is null ? [] : [(label, ExpressionPrinter.Print(expression))];

    private static (string, string)[] Zones(TableDefinition table, ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> bounds)
        => bounds.IsEmpty
            ? []
            : [("zone maps", string.Join(" AND ", bounds.Select(b => $"{ExpressionPrinter.Name(table.FindColumn(b.Column)!.Name)} {Symbol(b.Comparison)} {ExpressionPrinter.Print(b.Value)}")))];

    private static string Symbol(ZoneComparison comparison) => comparison switch
    {
        ZoneComparison.Equal => "=",
        ZoneComparison.Less => "<",
        ZoneComparison.LessOrEqual => "<=",
        ZoneComparison.Greater => ">",
        _ => ">=",
    };

    private static string Condition(ScoreCondition condition)
    {
        var form = condition.Form switch { ScoreForm.OneMinus => "1 - distance", ScoreForm.Negated => "-distance", _ => "distance" };
        var symbol = condition.Comparison switch { ComparisonKind.Less => "<", ComparisonKind.LessOrEqual => "<=", ComparisonKind.Greater => ">", _ => ">=" };
        return $"{form} {symbol} {ExpressionPrinter.Print(condition.Value)}";
    }

    private static string MetricName(VectorMetric metric) => metric switch
    {
        VectorMetric.Cosine => "cosine distance (<=>)",
        VectorMetric.L2 => "L2 distance (<->)",
        VectorMetric.InnerProduct => "negative inner product (<#>)",
        _ => "L1 distance (<+>)",
    };

    private static string Columns(TableDefinition table, ImmutableArray<ColumnId> columns)
        => columns.IsEmpty ? "no columns" : string.Join(", ", columns.Select(c => c == ColumnId.RowId ? "row id" : ExpressionPrinter.Name(table.FindColumn(c)!.Name)));

    private static string Name(TableDefinition table)
        => table.Schema == DatabaseCatalog.DefaultSchema ? ExpressionPrinter.Name(table.Name) : $"{ExpressionPrinter.Name(table.Schema)}.{ExpressionPrinter.Name(table.Name)}";

    private static IEnumerable<BoundSubquery> Subqueries(BoundExpression expression)
        => expression is BoundSubquery subquery ? [subquery] : PlanWalker.Children(expression).SelectMany(Subqueries);

    private void AddLine(int depth, string text) => lines.Add(new string(' ', depth * 2) + text);
}
