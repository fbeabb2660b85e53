using Engram.Data.Columns;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Tables;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Functions that return rows.</summary>
internal static class TableFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        new("unnest", FunctionKind.Table, [TypeKind.Array], types => new DataType(types[0].Element))
        {
            Summary = "The elements of an array as rows; of several arrays (in FROM) side by side.",
            CreateTable = (call, _) => new Unnest(call.Columns[0].Type),
        },
        new("generate_subscripts", FunctionKind.Table, [TypeKind.Array, TypeKind.Int32], _ => DataType.Int32)
        {
            Summary = "The places of an array's elements, from 1; the second argument is the dimension, 1.",
            CreateTable = (_, _) => new Subscripts(isBackwards: false),
        },
        Series(TypeKind.Int32, "Numbers from the first to the last, by 1.", (_, _) => new Series<int>(), withStep: false),
        Series(TypeKind.Int32, "Numbers from the first to the last, by a step.", (_, _) => new Series<int>()),
        Series(TypeKind.Int64, "Numbers from the first to the last, by 1.", (_, _) => new Series<long>(), withStep: false),
        Series(TypeKind.Int64, "Numbers from the first to the last, by a step.", (_, _) => new Series<long>()),
        Series(TypeKind.Decimal, "Numbers from the first to the last, by 1.", (_, _) => new Series<decimal>(), withStep: false),
        Series(TypeKind.Decimal, "Numbers from the first to the last, by a step.", (_, _) => new Series<decimal>()),
        TimeSeries(TypeKind.Timestamp),
        TimeSeries(TypeKind.TimestampTz),
    ];

    /// <summary>A function with named columns, of types that do not depend on the arguments.</summary>
    /// <param name="create">Makes what computes the rows of one call.</param>
    public static FunctionOverload Of(
        string name, TypeKind[] parameters, TableFunctionColumn[] columns, Func<TableFunctionCall, StatementContext, TableFunction> create, string summary)
        => new(name, FunctionKind.Table, [.. parameters], _ => columns[0].Type) { Columns = _ => [.. columns], CreateTable = create, Summary = summary };

    /// <summary>A function that returns records: the query says which columns they have.</summary>
    /// <param name="create">Makes what computes the rows of one call; the call has the columns.</param>
    public static FunctionOverload OfRecords(
        string name, TypeKind[] parameters, Func<TableFunctionCall, StatementContext, TableFunction> create, string summary)
        => new(name, FunctionKind.Table, [.. parameters], _ => DataType.Unknown) { TakesColumnDefinitions = true, CreateTable = create, Summary = summary };

    private static FunctionOverload Series(
        TypeKind kind, string summary, Func<TableFunctionCall, StatementContext, TableFunction> create, bool withStep = true)
        => new("generate_series", FunctionKind.Table, withStep ? [kind, kind, kind] : [kind, kind], _ => new DataType(kind)) { Summary = summary, CreateTable = create };

    private static FunctionOverload TimeSeries(TypeKind kind)
        => new("generate_series", FunctionKind.Table, [kind, kind, TypeKind.Interval], _ => new DataType(kind))
        {
            Summary = "Instants from the first to the last, by a step.",
            CreateTable = (_, _) => new TimeSeries(kind),
        };
}
