namespace Engram.Data.Query.Syntax;

/// <summary>Calls, the special forms that stand for calls, and windows.</summary>
internal sealed partial class Parser
{
    /// <summary>Parses what follows the name of a function.</summary>
    private ExpressionSyntax ParseCallAfter(int start, ObjectNameSyntax name)
    {
        ExpectOpen();
        if (AcceptOperator("*"))
        {
            ExpectClose();
            return ParseCallTail(start, new FunctionCallSyntax(SpanFrom(start), name, []) { IsStar = true });
        }

        var isDistinct = Accept(Keyword.Distinct);
        if (!isDistinct)
        {
            Accept(Keyword.All);
        }

        var arguments = new List<ExpressionSyntax>();
        var names = new List<IdentifierSyntax?>();
        if (isDistinct || !At(TokenKind.RightParenthesis))
        {
            do
            {
                if (At(Keyword.Variadic))
                {
                    throw Error.NotSupported("VARIADIC", current.Start + 1);
                }

                names.Add(ParseArgumentName(names));
                arguments.Add(ParseExpression());
            }
            while (Accept(TokenKind.Comma));
        }

        var orderBy = At(Keyword.Order) ? ParseOrderBy() : [];
        Expect(TokenKind.RightParenthesis, "\",\" or \")\"");
        if (AtString() && arguments.TrueForAll(a => a is IntegerLiteralSyntax) && arguments.Count > 0)
        {
            // Not a call after all: vector(3) '[1,2,3]'.
            var typeSpan = SpanFrom(start);
            lexer.Position = start;
            Advance();
            var type = ParseTypeName();
            System.Diagnostics.Debug.Assert(type.Span == typeSpan);
            return ParseLiteralOf(start, type);
        }

        return ParseCallTail(start, new FunctionCallSyntax(SpanFrom(start), name, arguments) { IsDistinct = isDistinct, OrderBy = orderBy, ArgumentNames = names.Exists(n => n is not null) ? names : [] });
    }

    /// <summary>The name in name => value and name := value; null for an argument that has its meaning by its place.</summary>
    private IdentifierSyntax? ParseArgumentName(List<IdentifierSyntax?> before)
    {
        if (IsName() && Peek() is { Kind: TokenKind.Operator, Operator: "=>" })
        {
            var name = TakeName();
            Advance();
            return name;
        }

        if (IsName() && Peek().Kind == TokenKind.Colon)
        {
            // The older way: name := value.
            var name = TakeName();
            Advance();
            return AcceptOperator("=") ? name : throw Unexpected("\":=\" or \"=>\" behind the name of an argument");
        }

        return before.Exists(n => n is not null) ? throw Error.SyntaxRule("an argument without a name cannot follow one with a name.", current.Start) : null;
    }

    /// <summary>WITHIN GROUP, FILTER and OVER.</summary>
    private FunctionCallSyntax ParseCallTail(int start, FunctionCallSyntax call)
    {
        if (At(Keyword.Within))
        {
            Advance();
            Expect(Keyword.Group);
            ExpectOpen();
            call = call with { WithinGroup = ParseOrderBy() };
            ExpectClose();
            call = call with { Span = SpanFrom(start) };
        }

        if (At(Keyword.Filter) && Peek().Kind == TokenKind.LeftParenthesis)
        {
            Advance();
            ExpectOpen();
            Expect(Keyword.Where);
            call = call with { Filter = ParseExpression() };
            ExpectClose();
            call = call with { Span = SpanFrom(start) };
        }

        if (At(Keyword.Over))
        {
            Advance();
            var windowStart = current.Start;
            var window = At(TokenKind.LeftParenthesis)
                ? ParseWindow()
                : new WindowSyntax(new TextSpan(windowStart, current.Length), ParseName("\"(\" or the name of a window")) { IsReference = true };
            call = call with { Over = window, Span = SpanFrom(start) };
        }

        return call;
    }

    private WindowSyntax ParseWindow()
    {
        var outer = Enter();
        var start = current.Start;
        ExpectOpen();
        IdentifierSyntax? baseName = null;
        if (IsName() && !At(Keyword.Partition) && !At(Keyword.Range) && !At(Keyword.Rows) && !At(Keyword.Groups))
        {
            baseName = TakeName();
        }

        List<ExpressionSyntax> partitionBy = [];
        if (Accept(Keyword.Partition))
        {
            Expect(Keyword.By);
            partitionBy = ParseExpressions();
        }

        var orderBy = At(Keyword.Order) ? ParseOrderBy() : [];
        var frame = current.Keyword switch
        {
            Keyword.Rows => ParseFrame(FrameUnit.Rows),
            Keyword.Range => ParseFrame(FrameUnit.Range),
            Keyword.Groups => ParseFrame(FrameUnit.Groups),
            _ => null,
        };
        ExpectClose();
        Leave(outer);
        return new WindowSyntax(SpanFrom(start), baseName) { PartitionBy = partitionBy, OrderBy = orderBy, Frame = frame };
    }

    private FrameSyntax ParseFrame(FrameUnit unit)
    {
        var start = current.Start;
        Advance();
        FrameBoundSyntax first, last;
        if (Accept(Keyword.Between))
        {
            first = ParseFrameBound();
            Expect(Keyword.And);
            last = ParseFrameBound();
        }
        else
        {
            first = ParseFrameBound();
            last = new FrameBoundSyntax(first.Span, FrameBoundKind.CurrentRow, null);
        }

        if (first.Kind == FrameBoundKind.UnboundedFollowing || last.Kind == FrameBoundKind.UnboundedPreceding || first.Kind > last.Kind)
        {
            throw Error.SyntaxRule("a window's frame cannot start after its end.", start);
        }

        var exclusion = FrameExclusion.NoOthers;
        if (Accept(Keyword.Exclude))
        {
            exclusion = current.Keyword switch
            {
                Keyword.Current => FrameExclusion.CurrentRow,
                Keyword.Group => FrameExclusion.Group,
                Keyword.Ties => FrameExclusion.Ties,
                Keyword.No => FrameExclusion.NoOthers,
                _ => throw Unexpected("CURRENT ROW, GROUP, TIES or NO OTHERS"),
            };
            Advance();
            if (exclusion == FrameExclusion.CurrentRow)
            {
                Expect(Keyword.Row);
            }
            else if (exclusion == FrameExclusion.NoOthers)
            {
                Expect(Keyword.Others);
            }
        }

        return new FrameSyntax(SpanFrom(start), unit, first, last, exclusion);
    }

    private FrameBoundSyntax ParseFrameBound()
    {
        var start = current.Start;
        if (Accept(Keyword.Current, Keyword.Row))
        {
            return new FrameBoundSyntax(SpanFrom(start), FrameBoundKind.CurrentRow, null);
        }

        var distance = Accept(Keyword.Unbounded) ? null : ParseExpression();
        if (!At(Keyword.Preceding) && !At(Keyword.Following))
        {
            throw Unexpected("PRECEDING or FOLLOWING");
        }

        var isPreceding = At(Keyword.Preceding);
        Advance();
        var kind = (distance == null, isPreceding) switch
        {
            (true, true) => FrameBoundKind.UnboundedPreceding,
            (true, false) => FrameBoundKind.UnboundedFollowing,
            (false, true) => FrameBoundKind.Preceding,
            _ => FrameBoundKind.Following,
        };
        return new FrameBoundSyntax(SpanFrom(start), kind, distance);
    }

    /// <summary>The calls that have words between their arguments, or no parentheses at all; null when the current word starts none.</summary>
    private FunctionCallSyntax? ParseSpecialCall()
    {
        var start = current.Start;
        var word = current.Keyword;
        switch (word)
        {
            case Keyword.CurrentTimestamp or Keyword.CurrentTime or Keyword.Localtime or Keyword.Localtimestamp:
                return ParseCurrentTime(start);
            case Keyword.CurrentDate or Keyword.CurrentUser or Keyword.SessionUser or Keyword.SystemUser or Keyword.User or Keyword.CurrentRole or Keyword.CurrentCatalog:
            case Keyword.CurrentSchema when Peek().Kind != TokenKind.LeftParenthesis:
                var name = TakeName();
                return new FunctionCallSyntax(name.Span, new ObjectNameSyntax(name.Span, null, name), []);
        }

        if (word is not (Keyword.Extract or Keyword.Substring or Keyword.Position or Keyword.Trim or Keyword.Overlay or Keyword.Coalesce
            or Keyword.Nullif or Keyword.Greatest or Keyword.Least or Keyword.Grouping or Keyword.MergeAction or Keyword.Normalize) || Peek().Kind != TokenKind.LeftParenthesis)
        {
            return null;
        }

        var function = TakeName();
        ExpectOpen();
        var arguments = word switch
        {
            Keyword.Extract => ParseExtract(),
            Keyword.Substring => ParseSubstring(),
            Keyword.Position => ParsePosition(),
            Keyword.Trim => ParseTrim(ref function),
            Keyword.Overlay => ParseOverlay(),
            Keyword.MergeAction => [],
            _ => ParseExpressions(),
        };
        ExpectClose();
        return new FunctionCallSyntax(SpanFrom(start), new ObjectNameSyntax(function.Span, null, function), arguments);
    }

    private FunctionCallSyntax ParseCurrentTime(int start)
    {
        var name = TakeName();
        List<ExpressionSyntax> arguments = [];
        if (Accept(TokenKind.LeftParenthesis))
        {
            var valueStart = current.Start;
            var precision = ParseSignedInteger("a number of digits");
            arguments.Add(new IntegerLiteralSyntax(SpanFrom(valueStart), precision));
            ExpectClose();
        }

        return new FunctionCallSyntax(SpanFrom(start), new ObjectNameSyntax(name.Span, null, name), arguments);
    }

    private List<ExpressionSyntax> ParseExtract()
    {
        var start = current.Start;
        string field;
        if (AtString())
        {
            field = ParseString("a field");
        }
        else
        {
            var name = ParseLabel("a field such as year, month or epoch");
            field = name.IsQuoted ? name.Text : name.Text.ToLowerInvariant();
        }

        var literal = new StringLiteralSyntax(SpanFrom(start), field);
        Expect(Keyword.From);
        return [literal, ParseExpression()];
    }

    private List<ExpressionSyntax> ParseSubstring()
    {
        var arguments = ParseExpressions();
        if (arguments.Count != 1)
        {
            return arguments;
        }

        if (Accept(Keyword.Similar))
        {
            arguments.Add(ParseExpression());
            Expect(Keyword.Escape);
            arguments.Add(ParseExpression());
            return arguments;
        }

        ExpressionSyntax? from = null, length = null;
        while (from == null || length == null)
        {
            if (from == null && Accept(Keyword.From))
            {
                from = ParseExpression();
            }
            else if (length == null && Accept(Keyword.For))
            {
                length = ParseExpression();
            }
            else
            {
                break;
            }
        }

        if (from != null || length != null)
        {
            arguments.Add(from ?? new IntegerLiteralSyntax(length!.Span, 1));
        }

        if (length != null)
        {
            arguments.Add(length);
        }

        return arguments;
    }

    private List<ExpressionSyntax> ParsePosition()
    {
        var part = ParseOperators(Level.Other);
        Expect(Keyword.In);
        return [part, ParseOperators(Level.Other)];
    }

    private List<ExpressionSyntax> ParseTrim(ref IdentifierSyntax function)
    {
        var name = current.Keyword switch
        {
            Keyword.Leading => "ltrim",
            Keyword.Trailing => "rtrim",
            _ => "btrim",
        };
        function = function with { Text = name };
        var hasSide = At(Keyword.Leading) || At(Keyword.Trailing) || At(Keyword.Both);
        if (hasSide)
        {
            Advance();
        }

        if (Accept(Keyword.From))
        {
            return ParseExpressions();
        }

        var arguments = ParseExpressions();
        if (arguments.Count == 1 && Accept(Keyword.From))
        {
            // The characters stand first in this form and last in the call.
            var rest = ParseExpressions();
            rest.Add(arguments[0]);
            return rest;
        }

        return arguments;
    }

    private List<ExpressionSyntax> ParseOverlay()
    {
        var arguments = ParseExpressions();
        if (arguments.Count == 1 && Accept(Keyword.Placing))
        {
            arguments.Add(ParseExpression());
            Expect(Keyword.From);
            arguments.Add(ParseExpression());
            if (Accept(Keyword.For))
            {
                arguments.Add(ParseExpression());
            }
        }

        return arguments;
    }

    private List<ExpressionSyntax> ParseExpressions()
    {
        var expressions = new List<ExpressionSyntax>();
        do
        {
            expressions.Add(ParseExpression());
        }
        while (Accept(TokenKind.Comma));
        return expressions;
    }
}
