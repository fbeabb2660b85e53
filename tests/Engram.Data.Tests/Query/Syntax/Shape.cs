using Engram.Data.Query.Syntax;

namespace Engram.Data.Tests.Query.Syntax;

/// <summary>Writes a tree as nested lists, so that a test can state the whole shape on one line.</summary>
internal static class Shape
{
    public static string OfExpression(string sql) => Of(Parser.ParseExpression(sql));

    public static string OfQuery(string sql) => Of(((SelectStatementSyntax)Parser.ParseScript(sql).Single()).Query);

    public static string Of(ExpressionSyntax? expression) => expression switch
    {
        null => "-",
        NullLiteralSyntax => "null",
        BooleanLiteralSyntax e => e.Value ? "true" : "false",
        IntegerLiteralSyntax e => e.Value.ToString(),
        NumberLiteralSyntax e => e.Text,
        StringLiteralSyntax e => $"'{e.Value}'",
        BitLiteralSyntax e => $"b'{e.Bits}'",
        TypedLiteralSyntax e => $"{Of(e.Type)}'{e.Value}{(e.IntervalUnit is { } unit ? " " + unit.ToString().ToLowerInvariant() : "")}'",
        DefaultSyntax => "default",
        ParameterSyntax e => e.Ordinal > 0 ? $"${e.Ordinal}" : $"@{e.Name}",
        ColumnReferenceSyntax e => e.Table == null ? e.Column.ToString() : $"{e.Table}.{e.Column}",
        StarSyntax e => e.Table == null ? "*" : $"{e.Table}.*",
        UnarySyntax e => $"({e.Operator} {Of(e.Operand)})",
        BinarySyntax e => $"({e.Operator} {Of(e.Left)} {Of(e.Right)})",
        LogicalSyntax e => $"({(e.IsAnd ? "and" : "or")} {All(e.Operands)})",
        NotSyntax e => $"(not {Of(e.Operand)})",
        IsSyntax e => $"(is{Not(e.IsNegated)}-{e.Test.ToString().ToLowerInvariant()} {Of(e.Operand)})",
        IsDistinctFromSyntax e => $"({(e.IsNegated ? "same" : "distinct")} {Of(e.Left)} {Of(e.Right)})",
        LikeSyntax e => $"({e.Kind.ToString().ToLowerInvariant()}{Not(e.IsNegated)} {Of(e.Operand)} {Of(e.Pattern)}{(e.Escape == null ? "" : " escape " + Of(e.Escape))})",
        BetweenSyntax e => $"(between{Not(e.IsNegated)}{(e.IsSymmetric ? "-symmetric" : "")} {Of(e.Operand)} {Of(e.Low)} {Of(e.High)})",
        InListSyntax e => $"(in{Not(e.IsNegated)} {Of(e.Operand)} [{All(e.Items)}])",
        InSubquerySyntax e => $"(in{Not(e.IsNegated)} {Of(e.Operand)} {Of(e.Query)})",
        QuantifiedSyntax e => $"({e.Operator} {(e.IsAll ? "all" : "any")} {Of(e.Left)} {(e.Query != null ? Of(e.Query) : Of(e.Array))})",
        ExistsSyntax e => $"(exists {Of(e.Query)})",
        ScalarSubquerySyntax e => $"(scalar {Of(e.Query)})",
        RowSyntax e => $"(row {All(e.Items)})",
        ArraySyntax e => $"[{All(e.Items)}]",
        ArraySubquerySyntax e => $"(array {Of(e.Query)})",
        SubscriptSyntax e => e.IsSlice ? $"(slice {Of(e.Operand)} {Of(e.Lower)} {Of(e.Upper)})" : $"(at {Of(e.Operand)} {Of(e.Index)})",
        CastSyntax e => $"(cast {Of(e.Operand)} {Of(e.Type)})",
        CollateSyntax e => $"(collate {Of(e.Operand)} {e.Collation})",
        AtTimeZoneSyntax e => $"(zone {Of(e.Operand)} {Of(e.Zone)})",
        CaseSyntax e => $"(case {Of(e.Operand)} {string.Join(" ", e.Whens.Select(w => $"{Of(w.Condition)}:{Of(w.Result)}"))} else {Of(e.Else)})",
        FunctionCallSyntax e => Of(e),
        _ => throw new InvalidOperationException(expression.GetType().Name),
    };

    public static string Of(TypeNameSyntax type)
        => type.Name.Replace(' ', '_') + (type.Modifiers.Count == 0 ? "" : $"({string.Join(",", type.Modifiers)})") + string.Concat(Enumerable.Repeat("[]", type.ArrayDimensions));

    public static string Of(QuerySyntax query)
    {
        var parts = new List<string>();
        if (query.With != null)
        {
            var tables = query.With.Tables.Select(t => $"{t.Name}({string.Join(",", t.Columns)})={(t.Statement is SelectStatementSyntax s ? Of(s.Query) : t.Statement.GetType().Name)}");
            parts.Add($"with{(query.With.IsRecursive ? "-recursive" : "")} {string.Join(" ", tables)}");
        }

        parts.Add(Of(query.Body));
        Add(parts, "order", query.OrderBy.Select(Of));
        if (query.Limit != null)
        {
            parts.Add($"limit {Of(query.Limit)}{(query.WithTies ? " ties" : "")}{(query.IsApproximate ? " approximate " + Of(query.ApproximateBreadth) : "")}");
        }

        if (query.Offset != null)
        {
            parts.Add("offset " + Of(query.Offset));
        }

        return $"{{{string.Join(" ", parts)}}}";
    }

    public static string Of(QueryBodySyntax body)
    {
        switch (body)
        {
            case ValuesSyntax values:
                return $"values {string.Join(" ", values.Rows.Select(r => $"({All(r)})"))}";
            case SetOperationSyntax set:
                return $"({set.Operator.ToString().ToLowerInvariant()}{(set.IsAll ? "-all" : "")} {Of(set.Left)} {Of(set.Right)})";
            case NestedQuerySyntax nested:
                return Of(nested.Query);
        }

        var select = (SelectSyntax)body;
        var parts = new List<string> { "select" };
        if (select.IsDistinct)
        {
            parts.Add(select.DistinctOn.Count > 0 ? $"distinct-on({All(select.DistinctOn)})" : "distinct");
        }

        parts.Add(string.Join(", ", select.Items.Select(i => Of(i.Expression) + (i.Alias == null ? "" : " as " + i.Alias))));
        Add(parts, "from", select.From.Select(Of));
        if (select.Where != null)
        {
            parts.Add("where " + Of(select.Where));
        }

        if (select.HasGroupBy)
        {
            parts.Add($"group [{All(select.GroupBy)}]");
        }

        if (select.Having != null)
        {
            parts.Add("having " + Of(select.Having));
        }

        Add(parts, "window", select.Windows.Select(w => $"{w.Name}={Of(w.Window)}"));
        return string.Join(" ", parts);
    }

    public static string Of(TableSyntax table) => table switch
    {
        TableNameSyntax t => t.Name + Of(t.Alias),
        DerivedTableSyntax t => (t.IsLateral ? "lateral " : "") + Of(t.Query) + Of(t.Alias),
        TableFunctionSyntax t => (t.IsLateral ? "lateral " : "") + string.Join(" rows-beside ", t.Functions.Select(f => Of(f.Call))) + (t.WithOrdinality ? " ordinality" : "") + Of(t.Alias),
        JoinSyntax t => $"({(t.IsNatural ? "natural-" : "")}{t.Kind.ToString().ToLowerInvariant()} {Of(t.Left)} {Of(t.Right)}"
            + (t.On == null ? "" : " on " + Of(t.On)) + (t.Using.Count == 0 ? "" : $" using({string.Join(",", t.Using)})") + ")",
        _ => throw new InvalidOperationException(table.GetType().Name),
    };

    public static string Of(OrderItemSyntax item)
        => Of(item.Expression) + (item.IsDescending ? " desc" : "") + (item.NullsFirst switch { true => " nulls-first", false => " nulls-last", _ => "" });

    private static string Of(TableAliasSyntax? alias)
        => alias == null ? "" : $" {alias.Name}{(alias.Columns.Count == 0 ? "" : $"({string.Join(",", alias.Columns)})")}";

    private static string Of(FunctionCallSyntax call)
    {
        var parts = new List<string> { call.Name.ToString() };
        parts.AddRange(call.IsStar ? ["*"] : call.IsDistinct ? ["distinct"] : []);
        parts.AddRange(call.Arguments.Select(Of));
        Add(parts, "order", call.OrderBy.Select(Of));
        Add(parts, "within", call.WithinGroup.Select(Of));
        if (call.Filter != null)
        {
            parts.Add("filter " + Of(call.Filter));
        }

        if (call.Over != null)
        {
            parts.Add("over " + Of(call.Over));
        }

        return $"({string.Join(" ", parts)})";
    }

    private static string Of(WindowSyntax window)
    {
        var parts = new List<string>();
        if (window.BaseName != null)
        {
            parts.Add(window.BaseName.ToString());
        }

        Add(parts, "partition", window.PartitionBy.Select(Of));
        Add(parts, "order", window.OrderBy.Select(Of));
        if (window.Frame is { } frame)
        {
            parts.Add($"{frame.Unit} {Of(frame.Start)}..{Of(frame.End)}{(frame.Exclusion == FrameExclusion.NoOthers ? "" : " exclude " + frame.Exclusion)}");
        }

        return window.IsReference ? window.BaseName!.ToString() : $"<{string.Join(" ", parts)}>";
    }

    private static string Of(FrameBoundSyntax bound) => bound.Kind + (bound.Distance == null ? "" : $"({Of(bound.Distance)})");

    private static string All(IEnumerable<ExpressionSyntax> expressions) => string.Join(" ", expressions.Select(Of));

    private static void Add(List<string> parts, string word, IEnumerable<string> items)
    {
        var list = items.ToList();
        if (list.Count > 0)
        {
            parts.Add($"{word} {string.Join(", ", list)}");
        }
    }

    private static string Not(bool isNegated) => isNegated ? "-not" : "";
}
