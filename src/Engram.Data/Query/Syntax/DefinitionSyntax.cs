using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Syntax;

/// <summary>ON COMMIT of a temporary table.</summary>
internal enum CommitAction
{
    Preserve,
    DeleteRows,
    Drop,
}

internal sealed record CreateTableSyntax(TextSpan Span, ObjectNameSyntax Name, bool IfNotExists, bool IsTemporary) : StatementSyntax(Span)
{
    public IReadOnlyList<ColumnDefinitionSyntax> Columns { get; init; } = [];

    public IReadOnlyList<ConstraintSyntax> Constraints { get; init; } = [];

    /// <summary>CREATE TABLE … AS query; column names, when given, are in <see cref="AsColumns"/>.</summary>
    public QuerySyntax? As { get; init; }

    public IReadOnlyList<IdentifierSyntax> AsColumns { get; init; } = [];

    /// <summary>ON COMMIT; null when it was not written.</summary>
    public CommitAction? OnCommit { get; init; }

    /// <summary>WITH NO DATA: the columns alone.</summary>
    public bool HasNoData { get; init; }

    /// <summary>WITH (name = value, …).</summary>
    public IReadOnlyList<StorageOptionSyntax> Options { get; init; } = [];
}

internal sealed record ColumnDefinitionSyntax(TextSpan Span, IdentifierSyntax Name, TypeNameSyntax Type, IReadOnlyList<ConstraintSyntax> Constraints)
    : SyntaxNode(Span)
{
    public ObjectNameSyntax? Collation { get; init; }
}

/// <summary>A constraint of a column or of a table; a column's own carry no list of columns.</summary>
internal abstract record ConstraintSyntax(TextSpan Span, IdentifierSyntax? Name) : SyntaxNode(Span);

internal sealed record NullabilitySyntax(TextSpan Span, IdentifierSyntax? Name, bool IsNullable) : ConstraintSyntax(Span, Name);

internal sealed record DefaultConstraintSyntax(TextSpan Span, IdentifierSyntax? Name, ExpressionSyntax Value) : ConstraintSyntax(Span, Name);

internal sealed record PrimaryKeySyntax(TextSpan Span, IdentifierSyntax? Name, IReadOnlyList<IdentifierSyntax> Columns) : ConstraintSyntax(Span, Name);

internal sealed record UniqueSyntax(TextSpan Span, IdentifierSyntax? Name, IReadOnlyList<IdentifierSyntax> Columns, bool NullsNotDistinct)
    : ConstraintSyntax(Span, Name);

internal sealed record CheckSyntax(TextSpan Span, IdentifierSyntax? Name, ExpressionSyntax Condition) : ConstraintSyntax(Span, Name);

/// <summary>REFERENCES; with FOREIGN KEY (<see cref="Columns"/>) before it when it belongs to the table.</summary>
internal sealed record ForeignKeySyntax(TextSpan Span, IdentifierSyntax? Name, IReadOnlyList<IdentifierSyntax> Columns, ObjectNameSyntax Table)
    : ConstraintSyntax(Span, Name)
{
    /// <summary>Empty when not written: the other table's primary key.</summary>
    public IReadOnlyList<IdentifierSyntax> ReferencedColumns { get; init; } = [];

    public ReferentialAction OnDelete { get; init; }

    public ReferentialAction OnUpdate { get; init; }

    public bool IsDeferred { get; init; }
}

/// <summary>GENERATED ALWAYS | BY DEFAULT AS IDENTITY.</summary>
internal sealed record IdentitySyntax(TextSpan Span, IdentifierSyntax? Name, bool IsAlways, SequenceOptionsSyntax Options) : ConstraintSyntax(Span, Name);

/// <summary>GENERATED ALWAYS AS (expression) STORED | VIRTUAL.</summary>
internal sealed record ComputedSyntax(TextSpan Span, IdentifierSyntax? Name, ExpressionSyntax Expression, bool IsStored) : ConstraintSyntax(Span, Name);

/// <summary>Options of a sequence; what was not written is null.</summary>
internal sealed record SequenceOptionsSyntax(TextSpan Span) : SyntaxNode(Span)
{
    public TypeNameSyntax? Type { get; init; }

    public long? Start { get; init; }

    public long? Increment { get; init; }

    public long? Min { get; init; }

    public long? Max { get; init; }

    /// <summary>NO MINVALUE or NO MAXVALUE was written: back to the type's bounds.</summary>
    public bool NoMin { get; init; }

    public bool NoMax { get; init; }

    public bool? IsCycle { get; init; }

    public long? Cache { get; init; }

    public bool IsRestart { get; init; }

    public long? RestartWith { get; init; }

    /// <summary>OWNED BY; without a table for NONE.</summary>
    public ColumnReferenceSyntax? OwnedBy { get; init; }
}

internal sealed record IndexKeySyntax(TextSpan Span, ExpressionSyntax Expression, bool IsDescending, bool? NullsFirst) : SyntaxNode(Span)
{
    public ObjectNameSyntax? OperatorClass { get; init; }

    public ObjectNameSyntax? Collation { get; init; }
}

/// <summary>A storage parameter of a table or an index.</summary>
internal sealed record StorageOptionSyntax(TextSpan Span, string Name, string? Value) : SyntaxNode(Span);

internal sealed record CreateIndexSyntax(TextSpan Span, IdentifierSyntax? Name, ObjectNameSyntax Table, IReadOnlyList<IndexKeySyntax> Keys) : StatementSyntax(Span)
{
    public bool IsUnique { get; init; }

    public bool IfNotExists { get; init; }

    public IdentifierSyntax? Method { get; init; }

    public IReadOnlyList<IdentifierSyntax> Include { get; init; } = [];

    public bool NullsNotDistinct { get; init; }

    public IReadOnlyList<StorageOptionSyntax> Options { get; init; } = [];

    public ExpressionSyntax? Where { get; init; }
}

internal enum ObjectKind
{
    Table,
    Index,
    View,
    Sequence,
    Schema,
    Column,
    Constraint,
}

internal sealed record DropSyntax(TextSpan Span, ObjectKind Kind, IReadOnlyList<ObjectNameSyntax> Names, bool IfExists, bool IsCascade) : StatementSyntax(Span);

/// <summary>ALTER INDEX | SEQUENCE | VIEW | SCHEMA … RENAME TO.</summary>
internal sealed record RenameSyntax(TextSpan Span, ObjectKind Kind, ObjectNameSyntax Name, IdentifierSyntax NewName, bool IfExists) : StatementSyntax(Span);

/// <summary>ALTER SEQUENCE | VIEW … SET SCHEMA.</summary>
internal sealed record SetSchemaSyntax(TextSpan Span, ObjectKind Kind, ObjectNameSyntax Name, IdentifierSyntax Schema, bool IfExists) : StatementSyntax(Span);

internal sealed record CreateSequenceSyntax(TextSpan Span, ObjectNameSyntax Name, bool IfNotExists, SequenceOptionsSyntax Options) : StatementSyntax(Span);

internal sealed record AlterSequenceSyntax(TextSpan Span, ObjectNameSyntax Name, bool IfExists, SequenceOptionsSyntax Options) : StatementSyntax(Span);

internal sealed record CreateViewSyntax(TextSpan Span, ObjectNameSyntax Name, bool OrReplace, IReadOnlyList<IdentifierSyntax> Columns, QuerySyntax Query)
    : StatementSyntax(Span)
{
    public ViewCheck CheckOption { get; init; }
}

internal sealed record CreateSchemaSyntax(TextSpan Span, IdentifierSyntax Name, bool IfNotExists) : StatementSyntax(Span);

/// <summary>COMMENT ON. For a column or a constraint, <see cref="Member"/> is its name and <see cref="Name"/> its table's.</summary>
internal sealed record CommentSyntax(TextSpan Span, ObjectKind Kind, ObjectNameSyntax Name, IdentifierSyntax? Member, string? Text) : StatementSyntax(Span);

internal sealed record AlterTableSyntax(TextSpan Span, ObjectNameSyntax Name, bool IfExists, IReadOnlyList<AlterTableActionSyntax> Actions) : StatementSyntax(Span);

internal abstract record AlterTableActionSyntax(TextSpan Span) : SyntaxNode(Span);

internal sealed record AddColumnSyntax(TextSpan Span, ColumnDefinitionSyntax Column, bool IfNotExists) : AlterTableActionSyntax(Span);

internal sealed record DropColumnSyntax(TextSpan Span, IdentifierSyntax Column, bool IfExists, bool IsCascade) : AlterTableActionSyntax(Span);

internal sealed record AlterColumnTypeSyntax(TextSpan Span, IdentifierSyntax Column, TypeNameSyntax Type, ObjectNameSyntax? Collation, ExpressionSyntax? Using)
    : AlterTableActionSyntax(Span);

internal sealed record AlterColumnNullabilitySyntax(TextSpan Span, IdentifierSyntax Column, bool IsNullable) : AlterTableActionSyntax(Span);

/// <summary>SET DEFAULT, or DROP DEFAULT when <see cref="Value"/> is null.</summary>
internal sealed record AlterColumnDefaultSyntax(TextSpan Span, IdentifierSyntax Column, ExpressionSyntax? Value) : AlterTableActionSyntax(Span);

internal enum IdentityChange
{
    Add,
    Set,
    Drop,
}

/// <summary>ADD GENERATED … AS IDENTITY, SET GENERATED … / SET options / RESTART, DROP IDENTITY [IF EXISTS].</summary>
internal sealed record AlterColumnIdentitySyntax(
    TextSpan Span, IdentifierSyntax Column, IdentityChange Change, bool? IsAlways, SequenceOptionsSyntax? Options, bool IfExists) : AlterTableActionSyntax(Span);

/// <summary>DROP EXPRESSION [IF EXISTS]: a computed column becomes a plain one.</summary>
internal sealed record DropExpressionSyntax(TextSpan Span, IdentifierSyntax Column, bool IfExists) : AlterTableActionSyntax(Span);

internal sealed record AddConstraintSyntax(TextSpan Span, ConstraintSyntax Constraint) : AlterTableActionSyntax(Span);

internal sealed record DropConstraintSyntax(TextSpan Span, IdentifierSyntax Name, bool IfExists, bool IsCascade) : AlterTableActionSyntax(Span);

internal sealed record RenameColumnSyntax(TextSpan Span, IdentifierSyntax Column, IdentifierSyntax NewName) : AlterTableActionSyntax(Span);

internal sealed record RenameConstraintSyntax(TextSpan Span, IdentifierSyntax Name, IdentifierSyntax NewName) : AlterTableActionSyntax(Span);

internal sealed record RenameTableSyntax(TextSpan Span, IdentifierSyntax NewName) : AlterTableActionSyntax(Span);

/// <summary>SET (name = value, …), or RESET (name, …), whose values are null.</summary>
internal sealed record SetTableOptionsSyntax(TextSpan Span, IReadOnlyList<StorageOptionSyntax> Options, bool IsReset) : AlterTableActionSyntax(Span);

internal sealed record SetTableSchemaSyntax(TextSpan Span, IdentifierSyntax Schema) : AlterTableActionSyntax(Span);
