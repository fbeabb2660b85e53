using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Windows;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions that stand before OVER alone. Every aggregate may stand there too.</summary>
internal static class WindowFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        Of("row_number", [], DataType.Int64, _ => new RowNumber(), "The number of the row in its partition, from 1."),
        Of("rank", [], DataType.Int64, _ => new Rank(), "The number of the first of the rows that are equal in ORDER BY."),
        Of("dense_rank", [], DataType.Int64, _ => new DenseRank(), "The number of the group of rows that are equal in ORDER BY."),
        Of("percent_rank", [], DataType.Double, _ => new PercentRank(), "(rank - 1) / (rows - 1); 0 for a single row."),
        Of("cume_dist", [], DataType.Double, _ => new CumulativeDistribution(), "The part of the rows that come before the row or are equal to it."),
        Of("ntile", [TypeKind.Int32], DataType.Int32, _ => new Ntile(), "The number of the row's part when the partition is cut into so many, as equal as can be."),
        .. Neighbour("lag", isLater: false, "before"),
        .. Neighbour("lead", isLater: true, "after"),
        OfFrame("first_value", [TypeKind.Unknown], _ => new FirstValue(), "The value of the first row of the frame."),
        OfFrame("last_value", [TypeKind.Unknown], _ => new LastValue(), "The value of the last row of the frame."),
        OfFrame("nth_value", [TypeKind.Unknown, TypeKind.Int32], _ => new NthValue(), "The value of the n-th row of the frame, from 1; NULL when there is none."),
    ];

    private static FunctionOverload Of(string name, TypeKind[] parameters, DataType result, Func<DataType, WindowFunction> create, string summary)
        => new(name, FunctionKind.Window, [.. parameters], _ => result) { CreateWindow = create, Summary = summary };

    private static FunctionOverload OfFrame(string name, TypeKind[] parameters, Func<DataType, WindowFunction> create, string summary)
        => new(name, FunctionKind.Window, [.. parameters], types => types[0]) { CreateWindow = create, Summary = summary };

    private static FunctionOverload[] Neighbour(string name, bool isLater, string where) =>
    [
        OfFrame(name, [TypeKind.Unknown], _ => new Neighbour(isLater), $"The value of the row {where} this one."),
        OfFrame(name, [TypeKind.Unknown, TypeKind.Int32], _ => new Neighbour(isLater), $"The value of the row so many {where} this one."),
        OfFrame(name, [TypeKind.Unknown, TypeKind.Int32, TypeKind.Unknown], _ => new Neighbour(isLater), $"The value of the row so many {where} this one, else the third argument."),
    ];
}
