namespace Engram.Data.Query.Syntax;

/// <summary>A whole query: common tables, a body, and what applies to its result.</summary>
internal sealed record QuerySyntax(TextSpan Span, WithSyntax? With, QueryBodySyntax Body) : SyntaxNode(Span)
{
    public IReadOnlyList<OrderItemSyntax> OrderBy { get; init; } = [];

    /// <summary>LIMIT or FETCH FIRST; null for none and for LIMIT ALL.</summary>
    public ExpressionSyntax? Limit { get; init; }

    public ExpressionSyntax? Offset { get; init; }

    /// <summary>FETCH FIRST … WITH TIES.</summary>
    public bool WithTies { get; init; }

    /// <summary>FOR UPDATE, FOR SHARE and the like; null without.</summary>
    public LockingSyntax? Locking { get; init; }

    /// <summary>LIMIT k WITH APPROXIMATE [(ef)]: an approximate vector index may answer.</summary>
    public bool IsApproximate { get; init; }

    /// <summary>The search breadth of WITH APPROXIMATE (ef); null when not given.</summary>
    public ExpressionSyntax? ApproximateBreadth { get; init; }

    /// <summary>Whether the query is its body and nothing else.</summary>
    public bool IsBare => With == null && OrderBy.Count == 0 && Limit == null && Offset == null && !IsApproximate;
}

/// <summary>What FOR UPDATE does when another writes.</summary>
internal enum LockWait
{
    Wait,
    /// <summary>NOWAIT: an error.</summary>
    Fail,
    /// <summary>SKIP LOCKED: no rows.</summary>
    Skip,
}

/// <summary>FOR [NO KEY] UPDATE, FOR [KEY] SHARE [OF tables] [NOWAIT | SKIP LOCKED].</summary>
internal sealed record LockingSyntax(TextSpan Span, IReadOnlyList<ObjectNameSyntax> Tables, LockWait Wait) : SyntaxNode(Span);

internal sealed record WithSyntax(TextSpan Span, bool IsRecursive, IReadOnlyList<CommonTableSyntax> Tables) : SyntaxNode(Span);

/// <summary>One common table. The statement is a query, or INSERT, UPDATE, DELETE with RETURNING.</summary>
internal sealed record CommonTableSyntax(
    TextSpan Span, IdentifierSyntax Name, IReadOnlyList<IdentifierSyntax> Columns, bool? IsMaterialized, StatementSyntax Statement) : SyntaxNode(Span)
{
    public SearchSyntax? Search { get; init; }

    public CycleSyntax? Cycle { get; init; }
}

/// <summary>SEARCH DEPTH | BREADTH FIRST BY columns SET column.</summary>
internal sealed record SearchSyntax(TextSpan Span, bool IsBreadthFirst, IReadOnlyList<IdentifierSyntax> By, IdentifierSyntax Sequence) : SyntaxNode(Span);

/// <summary>CYCLE columns SET column [TO value DEFAULT value] USING column.</summary>
internal sealed record CycleSyntax(
    TextSpan Span, IReadOnlyList<IdentifierSyntax> Columns, IdentifierSyntax Mark, ExpressionSyntax? MarkValue, ExpressionSyntax? MarkDefault, IdentifierSyntax Path) : SyntaxNode(Span);

internal abstract record QueryBodySyntax(TextSpan Span) : SyntaxNode(Span);

internal sealed record SelectSyntax(TextSpan Span, IReadOnlyList<SelectItemSyntax> Items) : QueryBodySyntax(Span)
{
    public bool IsDistinct { get; init; }

    /// <summary>DISTINCT ON (…).</summary>
    public IReadOnlyList<ExpressionSyntax> DistinctOn { get; init; } = [];

    /// <summary>INTO: the table that the rows become; only of the outermost query of a statement.</summary>
    public SelectIntoSyntax? Into { get; init; }

    /// <summary>Tables separated by commas.</summary>
    public IReadOnlyList<TableSyntax> From { get; init; } = [];

    public ExpressionSyntax? Where { get; init; }

    public IReadOnlyList<ExpressionSyntax> GroupBy { get; init; } = [];

    /// <summary>Whether GROUP BY was written at all: GROUP BY () has no items.</summary>
    public bool HasGroupBy { get; init; }

    /// <summary>GROUP BY DISTINCT: equal grouping sets count once.</summary>
    public bool IsGroupByDistinct { get; init; }

    public ExpressionSyntax? Having { get; init; }

    public IReadOnlyList<NamedWindowSyntax> Windows { get; init; } = [];
}

/// <summary>INTO [TEMPORARY] [TABLE] name.</summary>
internal sealed record SelectIntoSyntax(TextSpan Span, ObjectNameSyntax Name, bool IsTemporary) : SyntaxNode(Span);

internal enum GroupingSetsKind
{
    Sets,
    Rollup,
    Cube,
}

/// <summary>GROUPING SETS, ROLLUP or CUBE in GROUP BY; a <see cref="RowSyntax"/> among the items is several keys at once, one without items none.</summary>
internal sealed record GroupingSetsSyntax(TextSpan Span, GroupingSetsKind Kind, IReadOnlyList<ExpressionSyntax> Items) : ExpressionSyntax(Span);

internal sealed record SelectItemSyntax(TextSpan Span, ExpressionSyntax Expression, IdentifierSyntax? Alias) : SyntaxNode(Span);

internal sealed record ValuesSyntax(TextSpan Span, IReadOnlyList<ExpressionSyntax[]> Rows) : QueryBodySyntax(Span);

internal enum SetOperator
{
    Union,
    Intersect,
    Except,
}

internal sealed record SetOperationSyntax(TextSpan Span, SetOperator Operator, bool IsAll, QueryBodySyntax Left, QueryBodySyntax Right) : QueryBodySyntax(Span);

/// <summary>A query in parentheses as an operand of a set operation, with an ORDER BY, a LIMIT or a WITH of its own.</summary>
internal sealed record NestedQuerySyntax(TextSpan Span, QuerySyntax Query) : QueryBodySyntax(Span);

/// <param name="Span">Where it stands.</param>
/// <param name="Expression">What to order by; a plain integer is the position of an output column.</param>
/// <param name="IsDescending">DESC.</param>
/// <param name="NullsFirst">NULLS FIRST or LAST; null when not written.</param>
internal sealed record OrderItemSyntax(TextSpan Span, ExpressionSyntax Expression, bool IsDescending, bool? NullsFirst) : SyntaxNode(Span);

internal sealed record TableAliasSyntax(TextSpan Span, IdentifierSyntax Name, IReadOnlyList<IdentifierSyntax> Columns) : SyntaxNode(Span);

/// <summary>The columns of a function that returns records, with their types: <c>AS t (a integer, b text)</c>.</summary>
internal sealed record ColumnDefinitionListSyntax(TextSpan Span, IReadOnlyList<(IdentifierSyntax Name, TypeNameSyntax Type)> Columns) : SyntaxNode(Span);

internal abstract record TableSyntax(TextSpan Span) : SyntaxNode(Span);

internal sealed record TableNameSyntax(TextSpan Span, ObjectNameSyntax Name, TableAliasSyntax? Alias) : TableSyntax(Span)
{
    public SampleSyntax? Sample { get; init; }
}

/// <summary>TABLESAMPLE BERNOULLI | SYSTEM (per cent) [REPEATABLE (seed)].</summary>
internal sealed record SampleSyntax(TextSpan Span, bool IsSystem, ExpressionSyntax Percent, ExpressionSyntax? Seed) : SyntaxNode(Span);

internal sealed record DerivedTableSyntax(TextSpan Span, QuerySyntax Query, TableAliasSyntax? Alias, bool IsLateral) : TableSyntax(Span);

/// <summary>One function of a FROM clause, with its column definitions where it has some.</summary>
internal sealed record TableFunctionCallSyntax(TextSpan Span, FunctionCallSyntax Call, ColumnDefinitionListSyntax? Definitions) : SyntaxNode(Span);

/// <summary>A function in FROM; several with ROWS FROM (…), whose rows stand side by side.</summary>
internal sealed record TableFunctionSyntax(
    TextSpan Span, IReadOnlyList<TableFunctionCallSyntax> Functions, bool WithOrdinality, TableAliasSyntax? Alias, bool IsLateral) : TableSyntax(Span);

internal enum JoinSyntaxKind
{
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

internal sealed record JoinSyntax(TextSpan Span, JoinSyntaxKind Kind, TableSyntax Left, TableSyntax Right) : TableSyntax(Span)
{
    public ExpressionSyntax? On { get; init; }

    public IReadOnlyList<IdentifierSyntax> Using { get; init; } = [];

    public bool IsNatural { get; init; }
}

internal enum FrameUnit
{
    Rows,
    Range,
    Groups,
}

internal enum FrameBoundKind
{
    UnboundedPreceding,
    Preceding,
    CurrentRow,
    Following,
    UnboundedFollowing,
}

internal enum FrameExclusion
{
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

internal sealed record FrameBoundSyntax(TextSpan Span, FrameBoundKind Kind, ExpressionSyntax? Distance) : SyntaxNode(Span);

internal sealed record FrameSyntax(TextSpan Span, FrameUnit Unit, FrameBoundSyntax Start, FrameBoundSyntax End, FrameExclusion Exclusion) : SyntaxNode(Span);

/// <summary>What stands after OVER: a bare name, or a specification that may start with a name.</summary>
internal sealed record WindowSyntax(TextSpan Span, IdentifierSyntax? BaseName) : SyntaxNode(Span)
{
    /// <summary>OVER name, without parentheses.</summary>
    public bool IsReference { get; init; }

    public IReadOnlyList<ExpressionSyntax> PartitionBy { get; init; } = [];

    public IReadOnlyList<OrderItemSyntax> OrderBy { get; init; } = [];

    public FrameSyntax? Frame { get; init; }
}

internal sealed record NamedWindowSyntax(TextSpan Span, IdentifierSyntax Name, WindowSyntax Window) : SyntaxNode(Span);
