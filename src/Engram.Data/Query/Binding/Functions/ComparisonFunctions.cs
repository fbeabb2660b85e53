using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>=, &lt;&gt;, &lt;, &lt;=, &gt; and &gt;= of two values of one type.</summary>
internal static class ComparisonFunctions
{
    private static readonly (string Symbol, ComparisonKind Kind, string Summary)[] Operators =
    [
        ("=", ComparisonKind.Equal, "Equal."),
        ("<>", ComparisonKind.NotEqual, "Not equal."),
        ("<", ComparisonKind.Less, "Less."),
        ("<=", ComparisonKind.LessOrEqual, "Less or equal."),
        (">", ComparisonKind.Greater, "Greater."),
        (">=", ComparisonKind.GreaterOrEqual, "Greater or equal."),
    ];

    public static IEnumerable<FunctionOverload> All
        => from type in Enum.GetValues<TypeKind>()
           where Comparisons.IsEquatable(type)
           from op in Operators
           where Comparisons.IsOrdered(type) || op.Kind is ComparisonKind.Equal or ComparisonKind.NotEqual
           select Scalar.Of(
               op.Symbol, [type, type], DataType.Boolean,
               (_, arguments, _) => Comparisons.Create(arguments[0].Type, op.Kind, arguments[0], arguments[1]), op.Summary);
}
