using System.Globalization;

namespace Engram.Data.Query.Syntax;

/// <summary>Constants, names, parentheses and CASE: the operands of operators.</summary>
internal sealed partial class Parser
{
    /// <summary>What a pair of parentheses held: a query, or one or more values.</summary>
    private readonly record struct Parenthesized(QuerySyntax? Query, List<ExpressionSyntax> Items);

    private ExpressionSyntax ParsePrimary()
    {
        switch (current.Kind)
        {
            case TokenKind.Integer or TokenKind.Number:
                return ParseNumber();
            case TokenKind.String or TokenKind.EscapeString or TokenKind.DollarString:
                var start = current.Start;
                var value = ParseString("a string");
                return new StringLiteralSyntax(SpanFrom(start), value);
            case TokenKind.BitString or TokenKind.HexString:
                var bits = new BitLiteralSyntax(new TextSpan(current.Start, current.Length), LiteralDecoder.Bits(text, current));
                Advance();
                return bits;
            case TokenKind.Parameter:
                return ParseParameter();
            case TokenKind.LeftParenthesis:
                return ParseParenthesizedValue();
            case TokenKind.QuotedName:
                return ParseNameOrCall();
            case TokenKind.Word:
                return ParseWord();
            case TokenKind.Operator when AtOperator("*"):
                throw Unexpected("a value (\"*\" stands alone in a select list, or in count(*))");
            default:
                throw Unexpected("a value");
        }
    }

    private ExpressionSyntax ParseNumber()
    {
        var token = current;
        var span = new TextSpan(token.Start, token.Length);
        Advance();
        if (token.Kind == TokenKind.Number)
        {
            return new NumberLiteralSyntax(span, span.Of(text).Replace("_", "", StringComparison.Ordinal));
        }

        var (value, digits) = LiteralDecoder.Integer(text, token);
        return value is { } number ? new IntegerLiteralSyntax(span, number) : new NumberLiteralSyntax(span, digits);
    }

    private ParameterSyntax ParseParameter()
    {
        var span = new TextSpan(current.Start, current.Length);
        var name = text.Substring(span.Start + 1, span.Length - 1);
        var ordinal = 0;
        if (text[span.Start] == '$' && (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out ordinal) || ordinal is < 1 or > 65_535))
        {
            throw Unexpected("a parameter from $1 to $65535");
        }

        Advance();
        return new ParameterSyntax(span, name, ordinal);
    }

    private ExpressionSyntax ParseParenthesizedValue()
    {
        var start = current.Start;
        var inside = ParseParenthesized();
        if (inside.Query != null)
        {
            return new ScalarSubquerySyntax(SpanFrom(start), inside.Query);
        }

        return inside.Items.Count == 1 ? inside.Items[0] : new RowSyntax(SpanFrom(start), inside.Items);
    }

    /// <summary>
    /// Parses a pair of parentheses. Only at the far end of <c>((SELECT 1) …</c> does it show whether the outer pair holds a query (UNION or
    /// its own closing follows) or a value (an operator follows), so the inner pair is parsed first and its outcome carried on from.
    /// </summary>
    private Parenthesized ParseParenthesized()
    {
        var outer = Enter();
        var open = current.Start;
        ExpectOpen();
        if (AtQuery())
        {
            var query = ParseQuery();
            ExpectClose();
            Leave(outer);
            return new Parenthesized(query, []);
        }

        List<ExpressionSyntax> items = [];
        if (At(TokenKind.LeftParenthesis))
        {
            var start = current.Start;
            var inner = ParseParenthesized();
            if (inner.Query != null && (At(TokenKind.RightParenthesis) || AtQueryTail()))
            {
                var query = At(TokenKind.RightParenthesis) ? inner.Query : ParseQueryAfter(start, inner.Query);
                ExpectClose();
                Leave(outer);
                return new Parenthesized(query, []);
            }

            ExpressionSyntax first = inner.Query != null ? new ScalarSubquerySyntax(SpanFrom(start), inner.Query)
                : inner.Items.Count == 1 ? inner.Items[0] : new RowSyntax(SpanFrom(start), inner.Items);
            items.Add(ParseOperatorsAfter(start, ParsePostfix(start, first), Level.Or));
        }
        else
        {
            items.Add(ParseExpression());
        }

        while (Accept(TokenKind.Comma))
        {
            items.Add(ParseExpression());
        }

        if (!At(TokenKind.RightParenthesis))
        {
            throw Unexpected($"\",\" or \")\" for the parenthesis at position {open + 1}");
        }

        Advance();
        Leave(outer);
        return new Parenthesized(null, items);
    }

    private ExpressionSyntax ParseWord()
    {
        var start = current.Start;
        switch (current.Keyword)
        {
            case Keyword.None:
                return ParseNameOrCall();
            case Keyword.Null:
                Advance();
                return new NullLiteralSyntax(SpanFrom(start));
            case Keyword.True or Keyword.False:
                var value = At(Keyword.True);
                Advance();
                return new BooleanLiteralSyntax(SpanFrom(start), value);
            case Keyword.Default:
                Advance();
                return new DefaultSyntax(SpanFrom(start));
            case Keyword.Case:
                return ParseCase();
            case Keyword.Exists:
                Advance();
                var query = ParseSubquery();
                return new ExistsSyntax(SpanFrom(start), query);
            case Keyword.Array:
                return ParseArray();
            case Keyword.Row when Peek().Kind == TokenKind.LeftParenthesis:
                Advance();
                var items = ParseArguments();
                return new RowSyntax(SpanFrom(start), items);
            case Keyword.Cast:
                return ParseCast();
        }

        return ParseSpecialCall() ?? ParseTypedLiteral() ?? ParseNameOrCall();
    }

    /// <summary>A name, a name with a table before it, a call, or a constant with its type before it.</summary>
    private ExpressionSyntax ParseNameOrCall()
    {
        var start = current.Start;
        var next = Peek().Kind;
        var isFunction = current.Kind == TokenKind.QuotedName || Keywords.CanBeFunction(current.Keyword);
        if (isFunction && next == TokenKind.LeftParenthesis)
        {
            var name = TakeName();
            return ParseCallAfter(start, new ObjectNameSyntax(name.Span, null, name));
        }

        if (isFunction && next is TokenKind.String or TokenKind.EscapeString or TokenKind.DollarString && current.Kind is TokenKind.Word or TokenKind.QuotedName)
        {
            return ParseTypedLiteral() ?? throw Unexpected("a value");
        }

        var first = ParseName("a value");
        if (!At(TokenKind.Dot))
        {
            return new ColumnReferenceSyntax(first.Span, null, first);
        }

        return ParseAfterDot(start, first);
    }

    private ExpressionSyntax ParseAfterDot(int start, IdentifierSyntax first)
    {
        Expect(TokenKind.Dot, "\".\"");
        if (AcceptOperator("*"))
        {
            return new StarSyntax(SpanFrom(start), new ObjectNameSyntax(first.Span, null, first));
        }

        var second = ParseLabel("the name of a column");
        if (At(TokenKind.LeftParenthesis))
        {
            return ParseCallAfter(start, new ObjectNameSyntax(SpanFrom(start), first, second));
        }

        if (!At(TokenKind.Dot))
        {
            return new ColumnReferenceSyntax(SpanFrom(start), new ObjectNameSyntax(first.Span, null, first), second);
        }

        var table = new ObjectNameSyntax(SpanFrom(start), first, second);
        Advance();
        if (AcceptOperator("*"))
        {
            return new StarSyntax(SpanFrom(start), table);
        }

        var third = ParseLabel("the name of a column");
        if (At(TokenKind.Dot))
        {
            throw Error.NotSupported("A name with a database before its schema", current.Start + 1);
        }

        return new ColumnReferenceSyntax(SpanFrom(start), table, third);
    }

    private CaseSyntax ParseCase()
    {
        var start = current.Start;
        Advance();
        var operand = At(Keyword.When) ? null : ParseExpression();
        var whens = new List<WhenSyntax>();
        while (At(Keyword.When))
        {
            var whenStart = current.Start;
            Advance();
            var condition = ParseExpression();
            Expect(Keyword.Then);
            var result = ParseExpression();
            whens.Add(new WhenSyntax(SpanFrom(whenStart), condition, result));
        }

        if (whens.Count == 0)
        {
            throw Unexpected("WHEN");
        }

        var otherwise = Accept(Keyword.Else) ? ParseExpression() : null;
        Expect(Keyword.End);
        return new CaseSyntax(SpanFrom(start), operand, whens, otherwise);
    }

    private ExpressionSyntax ParseArray()
    {
        var start = current.Start;
        Advance();
        if (At(TokenKind.LeftParenthesis))
        {
            var query = ParseSubquery();
            return new ArraySubquerySyntax(SpanFrom(start), query);
        }

        Expect(TokenKind.LeftBracket, "\"[\" or a query in parentheses after ARRAY");
        var items = new List<ExpressionSyntax>();
        if (!At(TokenKind.RightBracket))
        {
            do
            {
                items.Add(ParseExpression());
            }
            while (Accept(TokenKind.Comma));
        }

        Expect(TokenKind.RightBracket, "\",\" or \"]\"");
        return new ArraySyntax(SpanFrom(start), items);
    }

    private CastSyntax ParseCast()
    {
        var start = current.Start;
        Advance();
        ExpectOpen();
        var operand = ParseExpression();
        Expect(Keyword.As);
        var type = ParseTypeName();
        ExpectClose();
        return new CastSyntax(SpanFrom(start), operand, type);
    }

    /// <summary>A query in parentheses where nothing else may stand.</summary>
    private QuerySyntax ParseSubquery()
    {
        if (!At(TokenKind.LeftParenthesis))
        {
            throw Unexpected("\"(\" and a query");
        }

        var start = current.Start;
        return ParseParenthesized().Query ?? throw Error.SyntaxRule("these parentheses must hold a query.", start);
    }

    /// <summary>Expressions in parentheses, perhaps none.</summary>
    private List<ExpressionSyntax> ParseArguments()
    {
        ExpectOpen();
        var arguments = new List<ExpressionSyntax>();
        if (!At(TokenKind.RightParenthesis))
        {
            do
            {
                arguments.Add(ParseExpression());
            }
            while (Accept(TokenKind.Comma));
        }

        ExpectClose();
        return arguments;
    }
}
