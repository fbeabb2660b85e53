using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.SystemTables;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Planning;

/// <summary>One column of a plan's output.</summary>
/// <param name="Table">The table that it comes from unchanged, for GetColumnSchema and for messages; null when it is computed.</param>
internal sealed record PlanColumn(string Name, DataType Type, TableDefinition? Table = null, ColumnDefinition? Column = null, bool IsNullable = true);

/// <summary>Door 4: what a statement will do, as one tree. Bound, optimised, immutable, cached by the statement's text.</summary>
/// <remarks>Expressions of a node are over the columns of its input (of left, then right, for joins), by ordinal.</remarks>
internal abstract record Plan(ImmutableArray<PlanColumn> Output)
{
    /// <summary>How many rows the planner expects to come out, in a plan that EXPLAIN shows; null in others.</summary>
    public double? RowsExpected { get; init; }
}

/// <summary>Reads a table. <see cref="Filter"/> is over <see cref="Columns"/>; only rows that pass come out, all columns of them.</summary>
/// <remarks>Execution loads the filter's columns first and the others for surviving rows only. Columns may contain <see cref="ColumnId.RowId"/>.</remarks>
internal sealed record ScanPlan(ImmutableArray<PlanColumn> Output, TableDefinition Table, ImmutableArray<ColumnId> Columns) : Plan(Output)
{
    public BoundExpression? Filter { get; init; }

    /// <summary>Implied by the filter: column op value, the value being free of columns. For zone maps.</summary>
    public ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> Bounds { get; init; } = [];
}

/// <summary>Reads the rows whose index key equals each of the keys (an OR of rows), then filters. Duplicate keys give a row once.</summary>
internal sealed record IndexProbePlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, IndexDefinition Index, ImmutableArray<ImmutableArray<BoundExpression>> Keys,
    ImmutableArray<ColumnId> Columns) : Plan(Output)
{
    public BoundExpression? Filter { get; init; }
}

/// <summary>What a column of an index may be equal to: one of some values, NULL when there are none.</summary>
/// <param name="IsArray">Whether the one expression gives an array of the values.</param>
internal sealed record IndexKeyValues(ImmutableArray<BoundExpression> Values, bool IsArray)
{
    public bool IsSingle => Values.Length <= 1 && !IsArray;
}

/// <summary>An end of a range. The value may be of a wider type than the column.</summary>
internal sealed record IndexBound(BoundExpression Value, bool IsInclusive);

/// <summary>What texts begin with: the value itself, or what stands in a LIKE pattern before the first wildcard.</summary>
internal sealed record IndexStart(BoundExpression Value, bool IsPattern);

/// <summary>The rows that a sort above wants: the first limit + offset of them by so many parts of the index's key, and all that are equal to the last of these.</summary>
internal sealed record IndexOrder(int Parts, bool IsDescending, BoundExpression Limit, BoundExpression? Offset);

/// <summary>Reads the rows of a range of an index, in the order of their row ids, as a scan would give them; or runs <see cref="Otherwise"/>, when
/// that is cheaper: known when the values are, by counting the range's entries.</summary>
/// <remarks>All conditions stand in <see cref="Filter"/> too and are tested again. Neither way changes what comes out, except that with
/// <see cref="Order"/> rows may be missing that the sort above would drop.</remarks>
internal sealed record IndexScanPlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, IndexDefinition Index, ImmutableArray<ColumnId> Columns, Plan Otherwise) : Plan(Output)
{
    public BoundExpression? Filter { get; init; }

    /// <summary>For the first columns of the index. At most one of them has several values.</summary>
    public ImmutableArray<IndexKeyValues> Equal { get; init; } = [];

    /// <summary>For the column after these.</summary>
    public IndexBound? From { get; init; }

    public IndexBound? To { get; init; }

    public IndexStart? Start { get; init; }

    /// <summary>Whether it is not NULL; so also when it has a bound.</summary>
    public bool IsNotNull { get; init; }

    public IndexOrder? Order { get; init; }
}

/// <summary>Reads the rows of a table that have one of the keys of a join's other side, in the order of their row ids, as a scan would give them; or runs
/// <see cref="Otherwise"/>, when there are no keys or too many. Rows without any of the keys may come out too.</summary>
/// <param name="Source">Which join's keys: <see cref="JoinKeySource.Number"/>.</param>
/// <param name="Keys">For each of the first columns of the index, which of the join's keys it is.</param>
internal sealed record KeyedScanPlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, IndexDefinition Index, ImmutableArray<ColumnId> Columns, Plan Otherwise, int Source,
    ImmutableArray<int> Keys) : Plan(Output)
{
    public BoundExpression? Filter { get; init; }
}

/// <summary>That a join gives the keys of its left side, when they are few, to a <see cref="KeyedScanPlan"/> on its right.</summary>
/// <param name="Number">Unique in the statement.</param>
/// <param name="Table">What is looked up in: how many are few depends on its size.</param>
internal sealed record JoinKeySource(int Number, TableDefinition Table);

/// <summary>The metric of a distance operator.</summary>
internal enum VectorMetric
{
    Cosine,
    L2,
    InnerProduct,
    L1,
}

/// <summary>What is made of a score before it is compared: a distance itself, or a similarity that falls as it rises.</summary>
internal enum ScoreForm
{
    /// <summary>The score as it is.</summary>
    Distance,
    /// <summary>1 − score: <c>cosine_similarity</c>, <c>1 - (a &lt;=&gt; b)</c>.</summary>
    OneMinus,
    /// <summary>−score: <c>inner_product</c>.</summary>
    Negated,
}

/// <summary>A condition on the score of every row that comes out; the value is free of columns. NULL lets no row through.</summary>
internal sealed record ScoreCondition(ScoreForm Form, ComparisonKind Comparison, BoundExpression Value);

/// <summary>A vector index that may answer a search approximately.</summary>
/// <param name="Breadth">How many candidates it keeps in view, at least as many as rows are wanted; NULL for as many as the session says.</param>
internal sealed record GraphSearch(IndexDefinition Index, BoundExpression Breadth)
{
    /// <summary>Where neither WITH APPROXIMATE nor the session says.</summary>
    public const long BreadthDefault = 100;

    public const long BreadthMax = 10_000;
}

/// <summary>In what order, and which, rows of a search come out.</summary>
internal enum SearchOrder
{
    /// <summary>The k nearest, nearest first, ties by row id; the offset is skipped.</summary>
    Distance,
    /// <summary>At least the k + offset nearest and all that tie with the last of them, by row id, for a sort above that breaks ties by other keys; nothing is skipped.</summary>
    WithTies,
    /// <summary>All that satisfy the conditions, by row id.</summary>
    RowId,
}

/// <summary>ORDER BY distance LIMIT k over one table, or WHERE distance &lt; x, fused: filter, score, bounded heap. NULL vectors come last.</summary>
/// <remarks>Output is Columns, then, when <see cref="OutputDistance"/>, the distance as double precision. It skips the offset itself: no LimitPlan
/// stands above it. A NULL limit means all rows.</remarks>
internal sealed record VectorTopKPlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, ImmutableArray<ColumnId> Columns, ColumnId VectorColumn, VectorMetric Metric,
    BoundExpression Query, BoundExpression Limit, BoundExpression? Offset) : Plan(Output)
{
    public bool OutputDistance { get; init; }

    /// <summary>Over <see cref="FilterColumns"/>.</summary>
    public BoundExpression? Filter { get; init; }

    public ImmutableArray<ColumnId> FilterColumns { get; init; } = [];

    public ImmutableArray<(ColumnId Column, ZoneComparison Comparison, BoundExpression Value)> Bounds { get; init; } = [];

    public ImmutableArray<ScoreCondition> Conditions { get; init; } = [];

    public SearchOrder Order { get; init; }

    /// <summary>WITH APPROXIMATE: the index that may answer, and how far it looks.</summary>
    public GraphSearch? Graph { get; init; }

    /// <summary>With <see cref="SearchOrder.WithTies"/>: what is sorted by.</summary>
    public ScoreForm Form { get; init; }
}

internal sealed record FilterPlan(Plan Input, BoundExpression Predicate) : Plan(Input.Output);

internal sealed record ProjectPlan(ImmutableArray<PlanColumn> Output, Plan Input, ImmutableArray<BoundExpression> Expressions) : Plan(Output);

/// <summary>GROUP BY. Output: the keys, then the aggregates. Without keys it gives exactly one row.</summary>
internal sealed record AggregatePlan(
    ImmutableArray<PlanColumn> Output, Plan Input, ImmutableArray<BoundExpression> Keys, ImmutableArray<BoundAggregate> Aggregates) : Plan(Output);

/// <summary>DISTINCT over all columns: the first row of each, in input order.</summary>
internal sealed record DistinctPlan(Plan Input) : Plan(Input.Output)
{
    /// <summary>Whether only some of the rows may be asked for: then they are given as they are found.</summary>
    public bool IsStreamed { get; init; }
}

/// <summary>ORDER BY, stable. With <see cref="Limit"/> only the first limit + offset rows are kept, in bounded memory.</summary>
/// <remarks>It skips the offset itself: no LimitPlan stands above it.</remarks>
internal sealed record SortPlan(Plan Input, ImmutableArray<SortKey> Keys) : Plan(Input.Output)
{
    public BoundExpression? Limit { get; init; }

    public BoundExpression? Offset { get; init; }
}

/// <summary>LIMIT and OFFSET; NULL means none; a negative count is 2201W or 2201X.</summary>
internal sealed record LimitPlan(Plan Input, BoundExpression? Limit, BoundExpression? Offset) : Plan(Input.Output);

internal enum JoinKind
{
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
}

/// <summary>Joins two inputs by equal keys and a residual condition. With no keys it is a nested loop over the residual.</summary>
/// <remarks>Output: the left columns, then the right ones (only the left ones for Semi and Anti). The residual is over left then right. Rows come in left order.</remarks>
internal sealed record JoinPlan(
    ImmutableArray<PlanColumn> Output, JoinKind Kind, Plan Left, Plan Right, ImmutableArray<BoundExpression> LeftKeys,
    ImmutableArray<BoundExpression> RightKeys, BoundExpression? Residual) : Plan(Output)
{
    /// <summary>Null when the right side is always read whole.</summary>
    public JoinKeySource? KeySource { get; init; }
}

/// <summary>LATERAL: runs the right plan once for each left row with that row's values in slots. Inner or Left.</summary>
internal sealed record ApplyPlan(
    ImmutableArray<PlanColumn> Output, JoinKind Kind, Plan Left, Plan Right, ImmutableArray<(BoundExpression Value, int Slot)> Outer) : Plan(Output);

/// <summary>Rows of expressions without input columns. No rows gives an empty result; one row of no columns is SELECT without FROM.</summary>
internal sealed record ValuesPlan(ImmutableArray<PlanColumn> Output, ImmutableArray<ImmutableArray<BoundExpression>> Rows) : Plan(Output);

/// <summary>WITH RECURSIVE: the rows of the anchor, then of the step over what was added last, until it adds none.</summary>
internal sealed record RecursivePlan(ImmutableArray<PlanColumn> Output, Plan Anchor, Plan Step, bool IsDistinct, int WorkingTable) : Plan(Output);

/// <summary>The rows that the last step of a recursive query added.</summary>
internal sealed record WorkingTablePlan(ImmutableArray<PlanColumn> Output, int Number) : Plan(Output);

/// <summary>Changes of data in WITH: each is carried out once, in their order, its rows of RETURNING kept as a working table; then the statement runs. All read what was there before.</summary>
internal sealed record ChangesPlan(ImmutableArray<PlanColumn> Output, ImmutableArray<(Plan Change, int WorkingTable)> Changes, Plan Main) : Plan(Output);

/// <summary>Calls with OVER. Output: the input's columns, then one for each call; sorted by the partitions, then by the order.</summary>
internal sealed record WindowPlan(
    ImmutableArray<PlanColumn> Output, Plan Input, ImmutableArray<BoundExpression> PartitionBy, ImmutableArray<SortKey> OrderBy, ImmutableArray<BoundWindowCall> Calls)
    : Plan(Output);

/// <summary>Functions that return rows, side by side: the shorter ones are filled up with NULLs. With ordinality the last column numbers the rows from 1.</summary>
internal sealed record TableFunctionPlan(ImmutableArray<PlanColumn> Output, ImmutableArray<TableFunctionCall> Calls, bool WithOrdinality) : Plan(Output);

/// <summary>Reads a table that the system makes up, all of its columns.</summary>
internal sealed record SystemScanPlan(ImmutableArray<PlanColumn> Output, SystemTable Table) : Plan(Output);

/// <summary>UNION ALL of inputs with the same column types.</summary>
internal sealed record UnionAllPlan(ImmutableArray<PlanColumn> Output, ImmutableArray<Plan> Inputs) : Plan(Output);

/// <summary>How one column of an inserted row gets its value.</summary>
internal enum InsertValue
{
    /// <summary>From the source, by ordinal.</summary>
    Source,
    /// <summary>From the column's identity.</summary>
    Identity,
    /// <summary>From <see cref="InsertColumn.Expression"/> over the row being inserted (defaults, computed columns, constants).</summary>
    Expression,
}

/// <param name="Ordinal">The source's column for <see cref="InsertValue.Source"/>; NULL there means generate, when the column is an identity.</param>
/// <param name="Expression">Over the table's columns in their order; computed columns come after those that they read.</param>
internal sealed record InsertColumn(InsertValue Kind, int Ordinal, BoundExpression? Expression);

/// <summary>INSERT. <see cref="Columns"/> has one entry for each column of the table. Without RETURNING the output is empty.</summary>
/// <param name="Returning">Over the table's columns in their order. Rows come in the source's order.</param>
internal sealed record InsertPlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, Plan Source, ImmutableArray<InsertColumn> Columns, ImmutableArray<BoundExpression> Checks,
    ImmutableArray<BoundExpression> Returning) : Plan(Output)
{
    /// <summary>The names of <see cref="Checks"/>.</summary>
    public ImmutableArray<string> CheckNames { get; init; } = [];

    /// <summary>ON CONFLICT; null for an error.</summary>
    public ConflictPlan? Conflict { get; init; }

    /// <summary>Whether the statement names a view of <see cref="Table"/>.</summary>
    public bool IsThroughView { get; init; }
}

/// <summary>What INSERT does with a row whose key is there already in one of these indexes: nothing, or changes the row that is there.</summary>
/// <param name="Set">Over the row id, the table's columns of the row that is there, and those of the proposed row; empty for DO NOTHING.</param>
/// <param name="Condition">Over the same columns; null for always.</param>
internal sealed record ConflictPlan(
    ImmutableArray<IndexDefinition> Indexes, ImmutableArray<(ColumnId Column, BoundExpression Value)> Set, BoundExpression? Condition)
{
    /// <summary>Computed columns that change with what is set, in their order: over the table's columns with the new values.</summary>
    public ImmutableArray<(ColumnId Column, BoundExpression Value)> Computed { get; init; } = [];
}

/// <summary>UPDATE. The source gives the row id first, then all columns of the table as they are, then anything that the expressions need.</summary>
/// <param name="Set">Which columns, each with its expression over the source.</param>
/// <param name="Checks">Over the table's columns with the new values.</param>
/// <param name="Returning">Over the table's columns with the new values.</param>
internal sealed record UpdatePlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, Plan Source, ImmutableArray<(ColumnId Column, BoundExpression Value)> Set,
    ImmutableArray<BoundExpression> Checks, ImmutableArray<BoundExpression> Returning) : Plan(Output)
{
    /// <summary>The names of <see cref="Checks"/>.</summary>
    public ImmutableArray<string> CheckNames { get; init; } = [];

    /// <summary>Computed columns that change with what is set, in their order: over the table's columns with the new values.</summary>
    public ImmutableArray<(ColumnId Column, BoundExpression Value)> Computed { get; init; } = [];

    /// <summary>Ordinals of the source that <see cref="Returning"/> reads behind the table's columns.</summary>
    public ImmutableArray<int> ReturnedOthers { get; init; } = [];
}

/// <summary>DELETE. The source gives the row id first, then all columns of the table.</summary>
/// <param name="Returning">Over the table's columns of the deleted rows.</param>
internal sealed record DeletePlan(ImmutableArray<PlanColumn> Output, TableDefinition Table, Plan Source, ImmutableArray<BoundExpression> Returning) : Plan(Output)
{
    /// <summary>Ordinals of the source that <see cref="Returning"/> reads behind the table's columns.</summary>
    public ImmutableArray<int> ReturnedOthers { get; init; } = [];
}

/// <summary>MERGE. The source gives the row id of the target first, NULL where it has no row, then the target's columns, then anything that the actions read.</summary>
/// <param name="Table">The target.</param>
/// <param name="Choice">Over the source: which action a row is for, -1 for none.</param>
/// <param name="Actions">Insert, update and delete plans over a <see cref="PushedPlan"/> of the source's rows; null to do nothing.</param>
/// <param name="Returning">Over the table's columns, the others that it reads, and the name of the action.</param>
internal sealed record MergePlan(
    ImmutableArray<PlanColumn> Output, TableDefinition Table, Plan Source, BoundExpression Choice, ImmutableArray<Plan?> Actions, ImmutableArray<BoundExpression> Returning) : Plan(Output)
{
    /// <summary>Ordinals of the source that <see cref="Returning"/> reads behind the table's columns.</summary>
    public ImmutableArray<int> ReturnedOthers { get; init; } = [];
}

/// <summary>Rows that the operator above hands down itself.</summary>
internal sealed record PushedPlan(ImmutableArray<PlanColumn> Output) : Plan(Output);

/// <summary>A change of the schema, made from its syntax when it runs, inside the write transaction.</summary>
/// <param name="Text">The text that the spans of the statement refer to: the catalog keeps defaults and checks as they were written.</param>
internal sealed record DdlPlan(StatementSyntax Statement, string Text) : Plan([]);

/// <summary>EXPLAIN: the inner plan as text, one line a row. With ANALYZE it runs first.</summary>
internal sealed record ExplainPlan(ImmutableArray<PlanColumn> Output, Plan Inner, bool IsAnalyze) : Plan(Output);

/// <summary>BEGIN, COMMIT, SAVEPOINT, SET, CHECKPOINT …: carried out by the session.</summary>
internal sealed record SessionPlan(StatementSyntax Statement) : Plan([]);
