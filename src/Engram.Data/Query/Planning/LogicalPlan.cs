using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Planning;

/// <summary>A column of a logical plan: one id in the whole statement, wherever the column travels.</summary>
/// <param name="Id">What a <see cref="BoundColumn"/> carries in place of an ordinal until the plan is lowered.</param>
internal sealed record LogicalColumn(int Id, string Name, DataType Type)
{
    /// <summary>The table that it comes from unchanged; null when it is computed.</summary>
    public TableDefinition? Table { get; init; }

    /// <summary>The column of that table; null for the row id.</summary>
    public ColumnDefinition? Definition { get; init; }

    public bool IsNullable { get; init; } = true;

    /// <summary>A distance between vectors, whatever it is called by now: after ORDER BY it puts NULL last.</summary>
    public bool IsDistance { get; init; }

    /// <summary>An expression that reads it.</summary>
    public BoundColumn Reference => new(Type, Id, Name);

    public PlanColumn ToPlanColumn() => new(Name, Type, Table, Definition, IsNullable);
}

/// <summary>What the binder makes of a query: relational operators over columns with ids instead of places.</summary>
/// <remarks>
/// Because every column has an id of its own, predicates move and columns fall away without renumbering anything, and a subquery is
/// correlated exactly when it reads an id that nothing inside it produces. <see cref="Lowering"/> turns ids into ordinals and free ids into
/// slots at the very end.
/// </remarks>
internal abstract record LogicalPlan
{
    public abstract ImmutableArray<LogicalColumn> Columns { get; }
}

/// <summary>A table. Filters hold for every row that comes out.</summary>
internal sealed record LogicalScan(TableDefinition Table, ImmutableArray<LogicalColumn> TableColumns) : LogicalPlan
{
    public ImmutableArray<BoundExpression> Filters { get; init; } = [];

    public override ImmutableArray<LogicalColumn> Columns => TableColumns;
}

/// <summary>A table that the system makes up.</summary>
internal sealed record LogicalSystemScan(SystemTable Table, ImmutableArray<LogicalColumn> TableColumns) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => TableColumns;
}

internal sealed record LogicalValues(ImmutableArray<LogicalColumn> RowColumns, ImmutableArray<ImmutableArray<BoundExpression>> Rows) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => RowColumns;
}

internal sealed record LogicalFilter(LogicalPlan Input, ImmutableArray<BoundExpression> Conjuncts) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Input.Columns;
}

internal sealed record LogicalProject(LogicalPlan Input, ImmutableArray<LogicalColumn> Results, ImmutableArray<BoundExpression> Expressions) : LogicalPlan
{
    /// <summary>Whether it stands above a table's scan, passes its columns on as they are, and computes VIRTUAL ones behind them.</summary>
    public bool IsTableRead { get; init; }

    public override ImmutableArray<LogicalColumn> Columns => Results;
}

/// <summary>Keys first, then aggregates; a key that is a plain column keeps that column's id.</summary>
internal sealed record LogicalAggregate(
    LogicalPlan Input, ImmutableArray<LogicalColumn> KeyColumns, ImmutableArray<BoundExpression> Keys, ImmutableArray<LogicalColumn> AggregateColumns,
    ImmutableArray<BoundAggregate> Aggregates) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => KeyColumns.AddRange(AggregateColumns);
}

internal sealed record LogicalDistinct(LogicalPlan Input) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Input.Columns;
}

internal sealed record LogicalSort(LogicalPlan Input, ImmutableArray<SortKey> Keys, BoundExpression? Limit, BoundExpression? Offset) : LogicalPlan
{
    /// <summary>WITH APPROXIMATE: how far a vector index may look; null when the order is to be exact.</summary>
    public BoundExpression? Breadth { get; init; }

    public override ImmutableArray<LogicalColumn> Columns => Input.Columns;
}

internal sealed record LogicalLimit(LogicalPlan Input, BoundExpression? Limit, BoundExpression? Offset) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Input.Columns;
}

/// <summary>A join on the conjunction of conditions over both sides; none make a cross join. The right side may read columns of the left: LATERAL.</summary>
internal sealed record LogicalJoin(JoinKind Kind, LogicalPlan Left, LogicalPlan Right, ImmutableArray<BoundExpression> Conjuncts) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Kind is JoinKind.Semi or JoinKind.Anti
        ? Left.Columns
        : Side(Left, JoinKind.Right).AddRange(Side(Right, JoinKind.Left));

    /// <summary>The columns of a side, which are NULL where an outer join found no partner for the other one.</summary>
    private ImmutableArray<LogicalColumn> Side(LogicalPlan side, JoinKind outer)
        => Kind == outer || Kind == JoinKind.Full ? ImmutableArray.CreateRange(side.Columns, c => c with { IsNullable = true }) : side.Columns;
}

/// <summary>WITH RECURSIVE: the rows of the anchor, then those of the step over the rows added last, until a step adds none. Distinct: rows that were there already are not added.</summary>
internal sealed record LogicalRecursive(ImmutableArray<LogicalColumn> Results, LogicalPlan Anchor, LogicalPlan Step, bool IsDistinct, int WorkingTable) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Results;
}

/// <summary>The rows that the last step of a recursive query added.</summary>
internal sealed record LogicalWorkingTable(ImmutableArray<LogicalColumn> Results, int Number) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Results;
}

/// <summary>Calls with OVER, all over the same partitions in the same order. Rows come out by these.</summary>
internal sealed record LogicalWindow(
    LogicalPlan Input, ImmutableArray<BoundExpression> PartitionBy, ImmutableArray<SortKey> OrderBy, ImmutableArray<LogicalColumn> Results,
    ImmutableArray<BoundWindowCall> Calls) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Input.Columns.AddRange(Results);
}

/// <summary>Functions that return rows, side by side; the row number comes last. Arguments may read columns from outside: LATERAL.</summary>
internal sealed record LogicalTableFunction(ImmutableArray<LogicalColumn> Results, ImmutableArray<TableFunctionCall> Calls, bool WithOrdinality) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Results;
}

/// <summary>Inputs one after the other; column i of the result is column i of each input.</summary>
internal sealed record LogicalUnionAll(ImmutableArray<LogicalColumn> Results, ImmutableArray<LogicalPlan> Inputs) : LogicalPlan
{
    public override ImmutableArray<LogicalColumn> Columns => Results;
}
