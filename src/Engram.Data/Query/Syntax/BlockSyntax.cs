namespace Engram.Data.Query.Syntax;

/// <summary>DO: statements under conditions, run as one statement.</summary>
internal sealed record DoSyntax(TextSpan Span, BlockSyntax Block) : StatementSyntax(Span);

/// <summary>What may stand in a block.</summary>
internal abstract record BlockStatementSyntax(TextSpan Span) : SyntaxNode(Span);

/// <summary>BEGIN … END.</summary>
internal sealed record BlockSyntax(TextSpan Span, IReadOnlyList<BlockStatementSyntax> Statements) : BlockStatementSyntax(Span);

/// <summary>A statement of SQL; the rows of a query (PERFORM) are not looked at.</summary>
internal sealed record BlockSqlSyntax(TextSpan Span, StatementSyntax Statement) : BlockStatementSyntax(Span);

/// <summary>IF … THEN … ELSIF … THEN … ELSE … END IF.</summary>
internal sealed record BlockIfSyntax(TextSpan Span, IReadOnlyList<BlockBranchSyntax> Branches, IReadOnlyList<BlockStatementSyntax> Otherwise) : BlockStatementSyntax(Span);

internal sealed record BlockBranchSyntax(TextSpan Span, ExpressionSyntax Condition, IReadOnlyList<BlockStatementSyntax> Statements) : SyntaxNode(Span);

/// <summary>RAISE. What is no EXCEPTION is not shown anywhere.</summary>
internal sealed record BlockRaiseSyntax(TextSpan Span, bool IsException, string Message, IReadOnlyList<ExpressionSyntax> Arguments, string? SqlState) : BlockStatementSyntax(Span);
