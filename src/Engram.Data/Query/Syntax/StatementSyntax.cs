namespace Engram.Data.Query.Syntax;

/// <summary>One statement of a script. The span covers its text without the semicolon.</summary>
internal abstract record StatementSyntax(TextSpan Span) : SyntaxNode(Span);

/// <summary>SELECT, VALUES, TABLE, or a set operation over them.</summary>
internal sealed record SelectStatementSyntax(TextSpan Span, QuerySyntax Query) : StatementSyntax(Span)
{
    /// <summary>The first FOR UPDATE or FOR SHARE in it or in a query within it; null without.</summary>
    public LockingSyntax? Locking { get; init; }
}

internal sealed record InsertSyntax(TextSpan Span, WithSyntax? With, ObjectNameSyntax Table, IdentifierSyntax? Alias) : StatementSyntax(Span)
{
    /// <summary>Empty when no list of columns was written.</summary>
    public IReadOnlyList<IdentifierSyntax> Columns { get; init; } = [];

    /// <summary>VALUES or SELECT; null for DEFAULT VALUES.</summary>
    public QuerySyntax? Source { get; init; }

    /// <summary>OVERRIDING SYSTEM VALUE (true) or USER VALUE (false).</summary>
    public bool? OverridingSystemValue { get; init; }

    public OnConflictSyntax? OnConflict { get; init; }

    public IReadOnlyList<SelectItemSyntax> Returning { get; init; } = [];
}

/// <summary>ON CONFLICT [(columns) [WHERE] | ON CONSTRAINT name] DO NOTHING | DO UPDATE SET … [WHERE]; no assignments means DO NOTHING.</summary>
internal sealed record OnConflictSyntax(TextSpan Span) : SyntaxNode(Span)
{
    public IReadOnlyList<IndexKeySyntax> Target { get; init; } = [];

    public ExpressionSyntax? TargetWhere { get; init; }

    public IdentifierSyntax? Constraint { get; init; }

    public IReadOnlyList<AssignmentSyntax> Assignments { get; init; } = [];

    public ExpressionSyntax? Where { get; init; }
}

/// <summary><c>column = value</c>, or <c>(a, b) = row or query</c> when there are several columns.</summary>
internal sealed record AssignmentSyntax(TextSpan Span, IReadOnlyList<IdentifierSyntax> Columns, ExpressionSyntax Value) : SyntaxNode(Span)
{
    /// <summary>Whether the columns stood in parentheses, so that the value is a row.</summary>
    public bool IsRow { get; init; }
}

internal sealed record UpdateSyntax(TextSpan Span, WithSyntax? With, ObjectNameSyntax Table, IdentifierSyntax? Alias, IReadOnlyList<AssignmentSyntax> Assignments)
    : StatementSyntax(Span)
{
    public IReadOnlyList<TableSyntax> From { get; init; } = [];

    public ExpressionSyntax? Where { get; init; }

    public IReadOnlyList<SelectItemSyntax> Returning { get; init; } = [];
}

internal sealed record DeleteSyntax(TextSpan Span, WithSyntax? With, ObjectNameSyntax Table, IdentifierSyntax? Alias) : StatementSyntax(Span)
{
    public IReadOnlyList<TableSyntax> Using { get; init; } = [];

    public ExpressionSyntax? Where { get; init; }

    public IReadOnlyList<SelectItemSyntax> Returning { get; init; } = [];
}

/// <summary>MERGE INTO table USING source ON condition, and what to do with the rows.</summary>
internal sealed record MergeSyntax(
    TextSpan Span, WithSyntax? With, ObjectNameSyntax Table, IdentifierSyntax? Alias, TableSyntax Source, ExpressionSyntax On, IReadOnlyList<MergeWhenSyntax> Whens)
    : StatementSyntax(Span)
{
    public IReadOnlyList<SelectItemSyntax> Returning { get; init; } = [];
}

/// <summary>Which rows of the join a WHEN is for.</summary>
internal enum MergeMatch
{
    Matched,
    NotMatchedByTarget,
    NotMatchedBySource,
}

internal enum MergeAction
{
    DoNothing,
    Update,
    Delete,
    Insert,
}

/// <summary>WHEN [NOT] MATCHED [BY SOURCE | BY TARGET] [AND condition] THEN action.</summary>
internal sealed record MergeWhenSyntax(TextSpan Span, MergeMatch Match, ExpressionSyntax? Condition, MergeAction Action) : SyntaxNode(Span)
{
    /// <summary>Of UPDATE.</summary>
    public IReadOnlyList<AssignmentSyntax> Assignments { get; init; } = [];

    /// <summary>Of INSERT; empty when no list was written.</summary>
    public IReadOnlyList<IdentifierSyntax> Columns { get; init; } = [];

    /// <summary>Of INSERT; null for DEFAULT VALUES.</summary>
    public IReadOnlyList<ExpressionSyntax>? Values { get; init; }

    /// <summary>Of INSERT: OVERRIDING SYSTEM VALUE (true) or USER VALUE (false).</summary>
    public bool? OverridingSystemValue { get; init; }
}

internal sealed record TruncateSyntax(TextSpan Span, IReadOnlyList<ObjectNameSyntax> Tables, bool RestartIdentity, bool IsCascade) : StatementSyntax(Span);

internal enum TransactionIsolation
{
    ReadCommitted,
    Snapshot,
    Serializable,
}

/// <summary>BEGIN or START TRANSACTION; what was not written is null.</summary>
internal sealed record BeginSyntax(TextSpan Span, TransactionIsolation? Isolation, bool? IsReadOnly) : StatementSyntax(Span);

/// <summary>SET TRANSACTION, and SET SESSION CHARACTERISTICS AS TRANSACTION when <see cref="IsSession"/>.</summary>
internal sealed record SetTransactionSyntax(TextSpan Span, TransactionIsolation? Isolation, bool? IsReadOnly, bool IsSession) : StatementSyntax(Span);

/// <summary>LOCK TABLE.</summary>
/// <param name="Span">Where it stands.</param>
/// <param name="Tables">Which must be there.</param>
/// <param name="IsForReading">A mode that keeps nobody from writing.</param>
/// <param name="IsNoWait">Not to wait for another writer.</param>
internal sealed record LockTableSyntax(TextSpan Span, IReadOnlyList<ObjectNameSyntax> Tables, bool IsForReading, bool IsNoWait) : StatementSyntax(Span);

internal sealed record CommitSyntax(TextSpan Span) : StatementSyntax(Span);

internal sealed record RollbackSyntax(TextSpan Span) : StatementSyntax(Span);

internal sealed record SavepointSyntax(TextSpan Span, IdentifierSyntax Name) : StatementSyntax(Span);

internal sealed record RollbackToSavepointSyntax(TextSpan Span, IdentifierSyntax Name) : StatementSyntax(Span);

internal sealed record ReleaseSavepointSyntax(TextSpan Span, IdentifierSyntax Name) : StatementSyntax(Span);

internal sealed record ExplainSyntax(TextSpan Span, StatementSyntax Statement, bool IsAnalyze) : StatementSyntax(Span);

/// <summary>SET name = value, …; no values means DEFAULT (and RESET).</summary>
/// <param name="Span">Where it stands.</param>
/// <param name="Name">Parts joined by points; a name without quotes is in lower case.</param>
/// <param name="Values">Words, strings and numbers as text.</param>
/// <param name="IsLocal">SET LOCAL: until the end of the transaction.</param>
internal sealed record SetSyntax(TextSpan Span, string Name, IReadOnlyList<string> Values, bool IsLocal) : StatementSyntax(Span);

internal sealed record ShowSyntax(TextSpan Span, string Name) : StatementSyntax(Span);

/// <summary>PREPARE.</summary>
/// <param name="Types">Of $1, $2 and so on; fewer than there are parameters when they follow from the statement.</param>
internal sealed record PrepareSyntax(TextSpan Span, IdentifierSyntax Name, IReadOnlyList<TypeNameSyntax> Types, StatementSyntax Statement) : StatementSyntax(Span);

internal sealed record ExecuteSyntax(TextSpan Span, IdentifierSyntax Name, IReadOnlyList<ExpressionSyntax> Arguments) : StatementSyntax(Span);

/// <summary>DEALLOCATE; no name means all.</summary>
internal sealed record DeallocateSyntax(TextSpan Span, IdentifierSyntax? Name) : StatementSyntax(Span);

internal sealed record CheckpointSyntax(TextSpan Span) : StatementSyntax(Span);

internal sealed record VacuumSyntax(TextSpan Span, IReadOnlyList<ObjectNameSyntax> Tables, bool IsFull) : StatementSyntax(Span);

internal sealed record AnalyzeSyntax(TextSpan Span, IReadOnlyList<ObjectNameSyntax> Tables) : StatementSyntax(Span);
