namespace Engram.Data.Query.Syntax;

/// <summary>Operators by PostgreSQL's precedence.</summary>
internal sealed partial class Parser
{
    /// <summary>From loose to tight. An operand is parsed with the least level that it may contain.</summary>
    private static class Level
    {
        public const int Or = 1;
        public const int And = 2;
        public const int Not = 3;
        public const int Is = 4;
        public const int Comparison = 5;
        public const int Matching = 6;
        public const int Other = 7;
        public const int Additive = 8;
        public const int Multiplicative = 9;
        public const int Power = 10;
        public const int At = 11;
        public const int Collate = 12;
        public const int Unary = 13;
    }

    private ExpressionSyntax ParseExpression() => ParseOperators(Level.Or);

    /// <summary>Parses an operand and every operator of at least <paramref name="level"/> that follows it.</summary>
    private ExpressionSyntax ParseOperators(int level)
    {
        var outer = Enter();
        var start = current.Start;
        var result = ParseOperatorsAfter(start, ParsePrefix(), level);
        Leave(outer);
        return result;
    }

    private ExpressionSyntax ParseOperatorsAfter(int start, ExpressionSyntax left, int level)
    {
        var previousLevel = 0;
        while (true)
        {
            var found = LevelOfCurrent();
            if (found == 0 || found < level)
            {
                return left;
            }

            if (found == previousLevel && found is Level.Comparison or Level.Matching && found == previousLevel)
            {
                throw Error.SyntaxRule("comparisons do not chain. Put parentheses around the first one, or join two with AND.", current.Start);
            }

            previousLevel = found;
            left = ParseOperator(start, left, found);
            Grow();
        }
    }

    /// <summary>The level of the operator that the current token starts; 0 when it starts none.</summary>
    private int LevelOfCurrent()
    {
        if (current.Kind == TokenKind.Operator)
        {
            return current.Operator switch
            {
                "=" or "<>" or "<" or "<=" or ">" or ">=" => Level.Comparison,
                "+" or "-" => Level.Additive,
                "*" or "/" or "%" => Level.Multiplicative,
                "^" => Level.Power,
                "=>" => 0,
                _ => Level.Other,
            };
        }

        if (current.Kind != TokenKind.Word)
        {
            return 0;
        }

        return current.Keyword switch
        {
            Keyword.Or => Level.Or,
            Keyword.And => Level.And,
            Keyword.Is or Keyword.Isnull or Keyword.Notnull => Level.Is,
            // SUBSTRING has a SIMILAR of its own, without TO.
            Keyword.Similar when Peek() is not { Kind: TokenKind.Word, Keyword: Keyword.To } => 0,
            Keyword.Between or Keyword.In or Keyword.Like or Keyword.Ilike or Keyword.Similar or Keyword.Overlaps => Level.Matching,
            Keyword.Not when Peek() is { Kind: TokenKind.Word } next
                && next.Keyword is Keyword.Between or Keyword.In or Keyword.Like or Keyword.Ilike or Keyword.Similar => Level.Matching,
            Keyword.At when Peek() is { Kind: TokenKind.Word, Keyword: Keyword.Time or Keyword.Local } => Level.At,
            Keyword.Collate => Level.Collate,
            _ => 0,
        };
    }

    private ExpressionSyntax ParseOperator(int start, ExpressionSyntax left, int level)
    {
        switch (level)
        {
            case Level.Or: return ParseLogical(start, left, Keyword.Or, Level.And);
            case Level.And: return ParseLogical(start, left, Keyword.And, Level.Not);
            case Level.Is: return ParseIs(start, left);
            case Level.Matching: return ParseMatching(start, left);
            case Level.At: return ParseAtTimeZone(start, left);
            case Level.Collate:
                var collate = current.Start;
                Advance();
                var collation = ParseObjectName("the name of a collation");
                return new CollateSyntax(SpanFrom(start), left, collation) { OperatorPosition = collate };
        }

        var (symbol, at) = (current.Operator!, current.Start);
        Advance();
        if (At(Keyword.Any) || At(Keyword.Some) || At(Keyword.All))
        {
            return ParseQuantified(start, left, symbol, at);
        }

        // All of them associate to the left, even the power.
        var right = ParseOperators(level + 1);
        return symbol is "~~" or "!~~" or "~~*" or "!~~*"
            ? new LikeSyntax(SpanFrom(start), symbol.EndsWith('*') ? LikeKind.ILike : LikeKind.Like, left, right, null, symbol[0] == '!') { OperatorPosition = at }
            : new BinarySyntax(SpanFrom(start), symbol, left, right) { OperatorPosition = at };
    }

    private LogicalSyntax ParseLogical(int start, ExpressionSyntax first, Keyword word, int operandLevel)
    {
        var operands = new List<ExpressionSyntax> { first };
        while (Accept(word))
        {
            operands.Add(ParseOperators(operandLevel));
        }

        return new LogicalSyntax(SpanFrom(start), word == Keyword.And, operands);
    }

    private ExpressionSyntax ParseIs(int start, ExpressionSyntax left)
    {
        if (Accept(Keyword.Isnull))
        {
            return new IsSyntax(SpanFrom(start), left, TruthTest.Null, false);
        }

        if (Accept(Keyword.Notnull))
        {
            return new IsSyntax(SpanFrom(start), left, TruthTest.Null, true);
        }

        var at = current.Start;
        Advance();
        var isNegated = Accept(Keyword.Not);
        if (Accept(Keyword.Distinct))
        {
            Expect(Keyword.From);
            var right = ParseOperators(Level.Comparison);
            return new IsDistinctFromSyntax(SpanFrom(start), left, right, isNegated) { OperatorPosition = at };
        }

        var test = current.Keyword switch
        {
            Keyword.Null => TruthTest.Null,
            Keyword.True => TruthTest.True,
            Keyword.False => TruthTest.False,
            Keyword.Unknown => TruthTest.Unknown,
            _ => throw Unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM after IS"),
        };
        Advance();
        return new IsSyntax(SpanFrom(start), left, test, isNegated);
    }

    /// <summary>(start, end) OVERLAPS (start, end): a call of overlaps with all four.</summary>
    private FunctionCallSyntax ParseOverlaps(int start, ExpressionSyntax left)
    {
        var word = TakeName();
        var right = ParseOperators(Level.Other);
        if (left is not RowSyntax { Items: [var from, var to] } || right is not RowSyntax { Items: [var otherFrom, var otherTo] })
        {
            throw Error.SyntaxRule("OVERLAPS compares two periods, each of two moments or of a moment and a length: (a, b) OVERLAPS (c, d).", start);
        }

        return new FunctionCallSyntax(SpanFrom(start), new ObjectNameSyntax(word.Span, null, word), [from, to, otherFrom, otherTo]);
    }

    private ExpressionSyntax ParseMatching(int start, ExpressionSyntax left)
    {
        if (At(Keyword.Overlaps))
        {
            return ParseOverlaps(start, left);
        }

        var at = current.Start;
        var isNegated = Accept(Keyword.Not);
        if (Accept(Keyword.Between))
        {
            var isSymmetric = Accept(Keyword.Symmetric);
            if (!isSymmetric)
            {
                Accept(Keyword.Asymmetric);
            }

            var low = ParseOperators(Level.Other);
            Expect(Keyword.And);
            var high = ParseOperators(Level.Other);
            return new BetweenSyntax(SpanFrom(start), left, low, high, isSymmetric, isNegated) { OperatorPosition = at };
        }

        if (Accept(Keyword.In))
        {
            return ParseIn(start, left, isNegated, at);
        }

        var kind = current.Keyword == Keyword.Ilike ? LikeKind.ILike : current.Keyword == Keyword.Like ? LikeKind.Like : LikeKind.SimilarTo;
        Advance();
        if (kind == LikeKind.SimilarTo)
        {
            Expect(Keyword.To);
        }
        else if (At(Keyword.Any) || At(Keyword.Some) || At(Keyword.All))
        {
            var symbol = (kind, isNegated) switch
            {
                (LikeKind.Like, false) => "~~",
                (LikeKind.Like, true) => "!~~",
                (_, false) => "~~*",
                _ => "!~~*",
            };
            return ParseQuantified(start, left, symbol, at);
        }

        var pattern = ParseOperators(Level.Other);
        var escape = Accept(Keyword.Escape) ? ParseOperators(Level.Other) : null;
        return new LikeSyntax(SpanFrom(start), kind, left, pattern, escape, isNegated) { OperatorPosition = at };
    }

    private ExpressionSyntax ParseIn(int start, ExpressionSyntax left, bool isNegated, int at)
    {
        if (!At(TokenKind.LeftParenthesis))
        {
            throw Unexpected("\"(\" with a list or a query after IN");
        }

        // IN ((SELECT …)) may be a query or a list of one scalar query; both mean the same but for the number of rows, and PostgreSQL says query.
        var inside = ParseParenthesized();
        return inside.Query != null
            ? new InSubquerySyntax(SpanFrom(start), left, inside.Query, isNegated) { OperatorPosition = at }
            : new InListSyntax(SpanFrom(start), left, inside.Items, isNegated) { OperatorPosition = at };
    }

    private AtTimeZoneSyntax ParseAtTimeZone(int start, ExpressionSyntax left)
    {
        Advance();
        if (At(Keyword.Local))
        {
            throw Error.NotSupported("AT LOCAL (a database has no time zone of its own; name one with AT TIME ZONE)", current.Start + 1);
        }

        Expect(Keyword.Time, Keyword.Zone);
        var zone = ParseOperators(Level.Collate);
        return new AtTimeZoneSyntax(SpanFrom(start), left, zone);
    }

    private QuantifiedSyntax ParseQuantified(int start, ExpressionSyntax left, string symbol, int at)
    {
        var isAll = At(Keyword.All);
        Advance();
        if (!At(TokenKind.LeftParenthesis))
        {
            throw Unexpected("\"(\" with an array or a query");
        }

        var inside = ParseParenthesized();
        if (inside.Query == null && inside.Items.Count != 1)
        {
            throw Error.SyntaxRule("ANY, SOME and ALL take one array or one query. For a list of values use IN (…) or ANY (ARRAY[…]).", start);
        }

        return new QuantifiedSyntax(SpanFrom(start), left, symbol, isAll, inside.Query == null ? inside.Items[0] : null, inside.Query) { OperatorPosition = at };
    }

    private ExpressionSyntax ParsePrefix()
    {
        var start = current.Start;
        Recursion.Check(start);
        if (current.Kind == TokenKind.Operator)
        {
            var symbol = current.Operator!;
            var level = symbol switch
            {
                "-" or "+" => Level.Unary,
                "~" or "@" or "|/" or "||/" => Level.Other + 1,
                _ => 0,
            };
            if (level != 0)
            {
                Advance();
                var operand = ParseOperators(level);
                return new UnarySyntax(SpanFrom(start), symbol, operand);
            }
        }
        else if (At(Keyword.Not))
        {
            Advance();
            var operand = ParseOperators(Level.Not);
            return new NotSyntax(SpanFrom(start), operand);
        }

        return ParsePostfix(start, ParsePrimary());
    }

    /// <summary>Casts and subscripts: what binds closest to its left.</summary>
    private ExpressionSyntax ParsePostfix(int start, ExpressionSyntax operand)
    {
        while (true)
        {
            if (At(TokenKind.DoubleColon))
            {
                var at = current.Start;
                Advance();
                var type = ParseTypeName();
                operand = new CastSyntax(SpanFrom(start), operand, type) { OperatorPosition = at };
            }
            else if (At(TokenKind.LeftBracket))
            {
                operand = ParseSubscript(start, operand);
            }
            else if (At(TokenKind.Dot) && operand is not ColumnReferenceSyntax)
            {
                throw Error.NotSupported("A field of a composite value", current.Start + 1);
            }
            else
            {
                return operand;
            }

            Grow();
        }
    }

    private SubscriptSyntax ParseSubscript(int start, ExpressionSyntax operand)
    {
        Advance();
        var lower = At(TokenKind.Colon) ? null : ParseExpression();
        SplitParameterAfterColon(lower != null);
        if (!Accept(TokenKind.Colon))
        {
            Expect(TokenKind.RightBracket, "\"]\"");
            return new SubscriptSyntax(SpanFrom(start), operand, lower, null, false);
        }

        var upper = At(TokenKind.RightBracket) ? null : ParseExpression();
        Expect(TokenKind.RightBracket, "\"]\"");
        return new SubscriptSyntax(SpanFrom(start), operand, lower, upper, true);
    }

    /// <summary>In <c>a[1:n]</c> the lexer sees a parameter :n; after a complete bound it can only be a colon and a name.</summary>
    private void SplitParameterAfterColon(bool isAfterBound)
    {
        if (isAfterBound && current.Kind == TokenKind.Parameter && text[current.Start] == ':')
        {
            lexer.Position = current.Start + 1;
            current = new Token(TokenKind.Colon, current.Start, current.Start + 1);
        }
    }
}
