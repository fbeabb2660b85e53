using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Execution;

namespace Engram.Data.Query.Binding;

internal enum FunctionKind
{
    Scalar,
    Aggregate,
    Window,
    Table,
}

/// <summary>Whether equal arguments give equal results: what may be folded, and what must run for each row.</summary>
internal enum Volatility
{
    Immutable,
    /// <summary>Constant within a statement: now().</summary>
    Stable,
    Volatile,
}

/// <summary>One function or operator for one list of parameter types, with the factory of what computes it.</summary>
/// <remarks>
/// Operators are functions named by their symbol ("+", "=", "&lt;=&gt;"); unary ones have one parameter. Parameter types ignore modifiers (any
/// varchar is text). <see cref="ResultType"/> computes the result's type with modifiers from those of the arguments. Overloads live in
/// <c>FunctionRegistry</c>, one file a topic, and <c>docs/sql.md</c> is generated from it.
/// </remarks>
internal sealed record FunctionOverload(
    string Name, FunctionKind Kind, ImmutableArray<TypeKind> ParameterTypes, Func<ImmutableArray<DataType>, DataType> ResultType)
{
    /// <summary>Any number of further arguments of the last parameter's type.</summary>
    public bool IsVariadic { get; init; }

    /// <summary>What parameters of kind <see cref="TypeKind.Array"/> are arrays of; Unknown for anything.</summary>
    public TypeKind ArrayElement { get; init; }

    /// <summary>NULL in, NULL out, without evaluating.</summary>
    public bool IsStrict { get; init; } = true;

    public Volatility Volatility { get; init; } = Volatility.Immutable;

    /// <summary>One line for the functions table in docs/sql.md.</summary>
    public string Summary { get; init; } = "";

    /// <summary>For <see cref="FunctionKind.Scalar"/>: makes the evaluator over the evaluators of the arguments.</summary>
    public Func<DataType, ImmutableArray<Evaluator>, StatementContext, Evaluator>? CreateEvaluator { get; init; }

    /// <summary>For <see cref="FunctionKind.Aggregate"/>: makes the state of all groups of one aggregate.</summary>
    public Func<DataType, ImmutableArray<DataType>, Aggregator>? CreateAggregator { get; init; }

    /// <summary>For <see cref="FunctionKind.Window"/>: makes what computes one call with OVER.</summary>
    public Func<DataType, Execution.Windows.WindowFunction>? CreateWindow { get; init; }

    /// <summary>For <see cref="FunctionKind.Table"/>: makes what computes the rows of one call.</summary>
    public Func<TableFunctionCall, StatementContext, TableFunction>? CreateTable { get; init; }

    /// <summary>For <see cref="FunctionKind.Table"/>: the columns of its rows, by the types of the arguments. Null for one column of <see cref="ResultType"/>, which
    /// has the name that the table is given, else that of the function.</summary>
    public Func<ImmutableArray<DataType>, ImmutableArray<TableFunctionColumn>>? Columns { get; init; }

    /// <summary>For <see cref="FunctionKind.Table"/>: returns records, whose columns the query must say: <c>AS t (a integer, b text)</c>.</summary>
    public bool TakesColumnDefinitions { get; init; }
}

/// <summary>A column of what a table function returns.</summary>
internal readonly record struct TableFunctionColumn(string Name, DataType Type);

/// <summary>One call of a table function; every argument already has exactly the parameter's type.</summary>
internal sealed record TableFunctionCall(FunctionOverload Function, ImmutableArray<BoundExpression> Arguments, ImmutableArray<TableFunctionColumn> Columns);

