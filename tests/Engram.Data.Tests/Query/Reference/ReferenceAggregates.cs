using Engram.Data.Columns;

namespace Engram.Data.Tests.Query.Reference;

/// <summary>Aggregate functions over the values of a group.</summary>
internal static class ReferenceAggregates
{
    /// <param name="rows">The arguments of each row.</param>
    public static object? Value(string name, DataType type, List<object?[]> rows)
    {
        if (name == "count")
        {
            return rows.LongCount(r => r.Length == 0 || r[0] is not null);
        }

        if (name == "array_agg")
        {
            return rows.Count == 0 ? null : rows.Select(r => r[0]).ToArray();
        }

        if (name == "string_agg")
        {
            var texts = rows.Where(r => r[0] is not null).ToList();
            return texts.Count == 0 ? null : string.Concat(texts.Select((r, i) => (i == 0 ? "" : (string?)r[1] ?? "") + (string)r[0]!));
        }

        var values = rows.Select(r => r[0]).OfType<object>().ToList();
        if (values.Count == 0)
        {
            return null;
        }

        return name switch
        {
            "min" => values.Aggregate((a, b) => ReferenceValues.Compare(b, a) < 0 ? b : a),
            "max" => values.Aggregate((a, b) => ReferenceValues.Compare(b, a) > 0 ? b : a),
            "sum" => Sum(values, type.Kind),
            "avg" when type.Kind == TypeKind.Decimal => Sum(values, TypeKind.Decimal) is decimal sum ? sum / values.Count : null,
            "avg" when type.Kind == TypeKind.Double => values.Sum(Convert.ToDouble) / values.Count,
            "bool_and" or "every" => values.All(v => (bool)v),
            "bool_or" => values.Any(v => (bool)v),
            _ => throw new NotInReferenceException("aggregate " + name),
        };
    }

    private static object Sum(List<object> values, TypeKind kind) => kind switch
    {
        TypeKind.Int64 => values.Aggregate(0L, (a, b) => checked(a + Convert.ToInt64(b))),
        TypeKind.Decimal => values.Aggregate(0m, (a, b) => a + Convert.ToDecimal(b)),
        TypeKind.Double => values.Sum(Convert.ToDouble),
        TypeKind.Single => (float)values.Sum(Convert.ToDouble),
        TypeKind.Interval => new TimeSpan(values.Sum(v => ((TimeSpan)v).Ticks)),
        _ => throw new NotInReferenceException("sum of " + kind),
    };
}
