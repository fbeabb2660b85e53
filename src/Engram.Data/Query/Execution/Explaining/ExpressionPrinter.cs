using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;

namespace Engram.Data.Query.Execution.Explaining;

/// <summary>Writes bound expressions much as they would be written in SQL, for EXPLAIN.</summary>
internal static class ExpressionPrinter
{
    private const int ArrayItemsShown = 4;

    public static string Print(BoundExpression expression) => expression switch
    {
        BoundConstant e => Literal(e.Value),
        BoundParameter e => $"${e.Index + 1}",
        BoundColumn e => Name(e.Name),
        BoundSlot e => $"outer.{e.Slot}",
        BoundCall { Function.Name: var name, Arguments: [var left, var right] } when !IsWord(name) => $"({Print(left)} {name} {Print(right)})",
        BoundCall { Function.Name: var name, Arguments: [var operand] } when !IsWord(name) => $"({name}{Print(operand)})",
        BoundCall e => $"{e.Function.Name}({List(e.Arguments)})",
        BoundCast e => $"{Print(e.Operand)}::{e.Type}",
        BoundLogical e => $"({string.Join(e.IsAnd ? " AND " : " OR ", e.Operands.Select(Print))})",
        BoundNot e => $"NOT {Print(e.Operand)}",
        BoundIsNull e => $"({Print(e.Operand)} IS {(e.IsNegated ? "NOT " : "")}NULL)",
        BoundIsDistinct e => $"({Print(e.Left)} IS {(e.IsNegated ? "NOT " : "")}DISTINCT FROM {Print(e.Right)})",
        BoundCase e => $"CASE {string.Join(" ", e.Branches.Select(b => $"WHEN {Print(b.Condition)} THEN {Print(b.Result)}"))} ELSE {Print(e.Otherwise)} END",
        BoundCoalesce e => $"coalesce({List(e.Operands)})",
        BoundInList e => $"({Print(e.Operand)} {(e.IsNegated ? "NOT " : "")}IN ({Items(e)}))",
        BoundSubquery { Kind: SubqueryKind.In } e => $"({Print(e.Left!)} {(e.IsNegated ? "NOT " : "")}IN (subplan))",
        BoundSubquery e => $"{(e.IsNegated ? "NOT " : "")}{e.Kind.ToString().ToUpperInvariant()}(subplan)",
        _ => throw Error.Internal($"no text for {expression.GetType().Name}"),
    };

    public static string List(IEnumerable<BoundExpression> expressions) => string.Join(", ", expressions.Select(Print));

    public static string Print(Binding.SortKey key)
        => $"{Print(key.Expression)}{(key.IsDescending ? " DESC" : "")}{(key.NullsFirst == key.IsDescending ? key.NullsFirst ? " NULLS FIRST" : " NULLS LAST" : "")}";

    public static string Print(BoundAggregate aggregate)
        => $"{aggregate.Function.Name}({(aggregate.IsDistinct ? "DISTINCT " : "")}{(aggregate.Arguments.IsEmpty ? "*" : List(aggregate.Arguments))})"
            + (aggregate.Filter is { } filter ? $" FILTER (WHERE {Print(filter)})" : "");

    public static string Name(string name) => name.All(c => c is >= 'a' and <= 'z' or '_' or >= '0' and <= '9') && name.Length > 0 ? name : $"\"{name}\"";

    private static string Items(BoundInList list)
        => list.Items.Length <= ArrayItemsShown ? List(list.Items) : $"{List(list.Items.Take(ArrayItemsShown))}, … {list.Items.Length} in all";

    private static bool IsWord(string name) => char.IsLetter(name[0]) || name[0] == '_';

    private static string Literal(object? value) => value switch
    {
        bool b => b ? "TRUE" : "FALSE",
        string or null or Array => ClrValue.Describe(value),
        DateTime or DateTimeOffset => $"'{((IFormattable)value).ToString("O", CultureInfo.InvariantCulture)}'",
        _ => ClrValue.Describe(value),
    };
}
