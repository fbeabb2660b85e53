namespace Engram.Data.Query.Syntax;

/// <summary>Anything that yields a value. The span gives the text, for expressions that the catalog keeps.</summary>
internal abstract record ExpressionSyntax(TextSpan Span) : SyntaxNode(Span)
{
    /// <summary>Where the operator stands, or the text of a literal behind its type; -1 where the expression begins with it.</summary>
    public int OperatorPosition { get; init; } = -1;

    /// <summary>What errors about the operation itself point at.</summary>
    public int ErrorPosition => OperatorPosition >= 0 ? OperatorPosition : Position;
}

internal sealed record NullLiteralSyntax(TextSpan Span) : ExpressionSyntax(Span);

internal sealed record BooleanLiteralSyntax(TextSpan Span, bool Value) : ExpressionSyntax(Span);

/// <summary>A whole number that fits 64 bits. Never negative: a sign is a <see cref="UnarySyntax"/>.</summary>
internal sealed record IntegerLiteralSyntax(TextSpan Span, long Value) : ExpressionSyntax(Span);

/// <summary>A number with a point, an exponent, or more digits than 64 bits hold. <see cref="Text"/> has no separators.</summary>
internal sealed record NumberLiteralSyntax(TextSpan Span, string Text) : ExpressionSyntax(Span);

internal sealed record StringLiteralSyntax(TextSpan Span, string Value) : ExpressionSyntax(Span);

/// <summary><c>B'0101'</c>; hexadecimal digits of <c>X'1F'</c> are already written out. Digits 0 and 1 only.</summary>
internal sealed record BitLiteralSyntax(TextSpan Span, string Bits) : ExpressionSyntax(Span);

/// <summary><c>REAL '0.7'</c>, <c>INTERVAL '1 day'</c>: a constant of a named type.</summary>
internal sealed record TypedLiteralSyntax(TextSpan Span, TypeNameSyntax Type, string Value) : ExpressionSyntax(Span)
{
    /// <summary>Of an interval with fields behind it, the last of them; null without.</summary>
    public Keyword? IntervalUnit { get; init; }

    public bool IsMinuteToSecond { get; init; }

    /// <summary>The digits behind the point that seconds are rounded to; null without.</summary>
    public int? SecondDigits { get; init; }
}

/// <summary>The word DEFAULT in place of a value, in VALUES of INSERT and in SET of UPDATE.</summary>
internal sealed record DefaultSyntax(TextSpan Span) : ExpressionSyntax(Span);

/// <summary><c>@name</c>, <c>:name</c> or <c>$1</c>.</summary>
/// <param name="Span">Where it stands.</param>
/// <param name="Name">Without the prefix; the digits for <c>$1</c>.</param>
/// <param name="Ordinal">1-based number of <c>$1</c>; 0 when the parameter is named.</param>
internal sealed record ParameterSyntax(TextSpan Span, string Name, int Ordinal) : ExpressionSyntax(Span);

/// <summary><c>column</c>, <c>table.column</c> or <c>schema.table.column</c>.</summary>
internal sealed record ColumnReferenceSyntax(TextSpan Span, ObjectNameSyntax? Table, IdentifierSyntax Column) : ExpressionSyntax(Span);

/// <summary><c>*</c> or <c>table.*</c>, in a select list, in RETURNING and in <c>count(*)</c>.</summary>
internal sealed record StarSyntax(TextSpan Span, ObjectNameSyntax? Table) : ExpressionSyntax(Span);

/// <summary>A prefix operator: <c>-</c>, <c>+</c>, <c>~</c>, <c>@</c>, <c>|/</c>.</summary>
internal sealed record UnarySyntax(TextSpan Span, string Operator, ExpressionSyntax Operand) : ExpressionSyntax(Span);

/// <summary>An operator between two operands, all that have no node of their own. <c>!=</c> is given as <c>&lt;&gt;</c>.</summary>
internal sealed record BinarySyntax(TextSpan Span, string Operator, ExpressionSyntax Left, ExpressionSyntax Right) : ExpressionSyntax(Span);

/// <summary>Operands joined by AND, or by OR: a chain of any length is one node, so that it costs no depth.</summary>
internal sealed record LogicalSyntax(TextSpan Span, bool IsAnd, IReadOnlyList<ExpressionSyntax> Operands) : ExpressionSyntax(Span);

internal sealed record NotSyntax(TextSpan Span, ExpressionSyntax Operand) : ExpressionSyntax(Span);

internal enum TruthTest
{
    Null,
    True,
    False,
    Unknown,
}

/// <summary><c>x IS [NOT] NULL | TRUE | FALSE | UNKNOWN</c>.</summary>
internal sealed record IsSyntax(TextSpan Span, ExpressionSyntax Operand, TruthTest Test, bool IsNegated) : ExpressionSyntax(Span);

internal sealed record IsDistinctFromSyntax(TextSpan Span, ExpressionSyntax Left, ExpressionSyntax Right, bool IsNegated) : ExpressionSyntax(Span);

internal enum LikeKind
{
    Like,
    ILike,
    SimilarTo,
}

internal sealed record LikeSyntax(TextSpan Span, LikeKind Kind, ExpressionSyntax Operand, ExpressionSyntax Pattern, ExpressionSyntax? Escape, bool IsNegated)
    : ExpressionSyntax(Span);

internal sealed record BetweenSyntax(TextSpan Span, ExpressionSyntax Operand, ExpressionSyntax Low, ExpressionSyntax High, bool IsSymmetric, bool IsNegated)
    : ExpressionSyntax(Span);

internal sealed record InListSyntax(TextSpan Span, ExpressionSyntax Operand, IReadOnlyList<ExpressionSyntax> Items, bool IsNegated) : ExpressionSyntax(Span);

internal sealed record InSubquerySyntax(TextSpan Span, ExpressionSyntax Operand, QuerySyntax Query, bool IsNegated) : ExpressionSyntax(Span);

/// <summary><c>x = ANY (…)</c>, <c>x &lt; ALL (…)</c>: exactly one of <see cref="Array"/> and <see cref="Query"/> is there.</summary>
internal sealed record QuantifiedSyntax(TextSpan Span, ExpressionSyntax Left, string Operator, bool IsAll, ExpressionSyntax? Array, QuerySyntax? Query)
    : ExpressionSyntax(Span);

internal sealed record ExistsSyntax(TextSpan Span, QuerySyntax Query) : ExpressionSyntax(Span);

/// <summary>A query in parentheses in place of a value.</summary>
internal sealed record ScalarSubquerySyntax(TextSpan Span, QuerySyntax Query) : ExpressionSyntax(Span);

/// <summary><c>(a, b)</c> or <c>ROW(a, b)</c>.</summary>
internal sealed record RowSyntax(TextSpan Span, IReadOnlyList<ExpressionSyntax> Items) : ExpressionSyntax(Span);

internal sealed record ArraySyntax(TextSpan Span, IReadOnlyList<ExpressionSyntax> Items) : ExpressionSyntax(Span);

internal sealed record ArraySubquerySyntax(TextSpan Span, QuerySyntax Query) : ExpressionSyntax(Span);

/// <summary><c>a[i]</c>; <c>a[i:j]</c> when <see cref="IsSlice"/>, and then either bound may be absent.</summary>
internal sealed record SubscriptSyntax(TextSpan Span, ExpressionSyntax Operand, ExpressionSyntax? Lower, ExpressionSyntax? Upper, bool IsSlice)
    : ExpressionSyntax(Span)
{
    /// <summary>The index of <c>a[i]</c>.</summary>
    public ExpressionSyntax Index => Lower!;
}

internal sealed record CastSyntax(TextSpan Span, ExpressionSyntax Operand, TypeNameSyntax Type) : ExpressionSyntax(Span);

internal sealed record CollateSyntax(TextSpan Span, ExpressionSyntax Operand, ObjectNameSyntax Collation) : ExpressionSyntax(Span);

internal sealed record AtTimeZoneSyntax(TextSpan Span, ExpressionSyntax Operand, ExpressionSyntax Zone) : ExpressionSyntax(Span);

internal sealed record WhenSyntax(TextSpan Span, ExpressionSyntax Condition, ExpressionSyntax Result) : SyntaxNode(Span);

/// <summary>CASE; with <see cref="Operand"/> each condition is a value to compare it to.</summary>
internal sealed record CaseSyntax(TextSpan Span, ExpressionSyntax? Operand, IReadOnlyList<WhenSyntax> Whens, ExpressionSyntax? Else) : ExpressionSyntax(Span);

/// <summary>A call, and every construct that PostgreSQL treats as one.</summary>
/// <remarks>
/// Special forms arrive as calls with their arguments in plain order: <c>extract('field', x)</c>, <c>substring(x, from, for)</c>,
/// <c>position(part, whole)</c>, <c>btrim | ltrim | rtrim(x, characters)</c>, <c>overlay(x, replacement, from, for)</c>, <c>coalesce</c>,
/// <c>nullif</c>, <c>greatest</c>, <c>least</c>, <c>current_timestamp</c>.
/// </remarks>
internal sealed record FunctionCallSyntax(TextSpan Span, ObjectNameSyntax Name, IReadOnlyList<ExpressionSyntax> Arguments) : ExpressionSyntax(Span)
{
    /// <summary><c>count(*)</c>.</summary>
    public bool IsStar { get; init; }

    /// <summary>The names of <c>f(name => value)</c>, null for arguments without one; empty where none has one.</summary>
    public IReadOnlyList<IdentifierSyntax?> ArgumentNames { get; init; } = [];

    public bool IsDistinct { get; init; }

    public IReadOnlyList<OrderItemSyntax> OrderBy { get; init; } = [];

    /// <summary>WITHIN GROUP (ORDER BY …).</summary>
    public IReadOnlyList<OrderItemSyntax> WithinGroup { get; init; } = [];

    public ExpressionSyntax? Filter { get; init; }

    public WindowSyntax? Over { get; init; }
}
